/* Owned strings. Local. */
#ifndef CS_BASE_STRINGS_H
#define CS_BASE_STRINGS_H

#include <stddef.h>

#include "base/error.h"

/** A new copy; NULL without memory (recorded). cs_free. */
char *cs_string_copy(const char *text);

/** A new string, as printf; NULL without memory (recorded). cs_free. */
char *cs_string_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** *out = text, a string just made by one of these functions: CS_ERR_MEMORY if it is NULL. */
cs_status cs_string_own(char **out, char *text);

/** `text` with every occurrence of `what` replaced; NULL without memory (recorded). cs_free. `what` is not empty. */
char *cs_string_replace(const char *text, const char *what, const char *with);

/** Bytes, 1 to 4, of the UTF-8 character at `text`, a string that is not empty. 0: it is not UTF-8, or a control character,
 * or one that is not seen itself but changes how the text around it reads, as marks of direction do. */
size_t cs_string_shown(const char *text);

#endif
