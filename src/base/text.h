/* Text for people. Local. */
#ifndef CS_BASE_TEXT_H
#define CS_BASE_TEXT_H

#include "base/buffer.h"

/** Appends as printf does, without the final NUL. Lack of memory is sticky in the buffer. */
void cs_text_append(cs_buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** "12.3 KiB", "1.20 GiB", in text[32], which is returned. */
const char *cs_text_bytes(char text[32], double bytes);

#endif
