#include "base/strings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

char *cs_string_copy(const char *text) {
    const size_t size = strlen(text) + 1;
    char *out = CS_NEW(char, size);
    if (out != NULL)
        memcpy(out, text, size);
    return out;
}

char *cs_string_format(const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = vsnprintf(NULL, 0, format, arguments);
    char *out = length < 0 ? NULL : CS_NEW(char, (size_t)length + 1);
    if (out != NULL)
        vsnprintf(out, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return out;
}

cs_status cs_string_own(char **out, char *text) {
    *out = text;
    return text == NULL ? CS_ERR_MEMORY : CS_OK;
}

char *cs_string_replace(const char *text, const char *what, const char *with) {
    size_t hits = 0;
    for (const char *p = text; (p = strstr(p, what)) != NULL; p += strlen(what))
        hits++;
    char *out = CS_NEW(char, strlen(text) + hits * strlen(with) + 1), *to = out;
    if (out == NULL)
        return NULL;
    for (const char *hit; (hit = strstr(text, what)) != NULL; text = hit + strlen(what)) {
        memcpy(to, text, (size_t)(hit - text));
        to += hit - text;
        memcpy(to, with, strlen(with));
        to += strlen(with);
    }
    memcpy(to, text, strlen(text));
    return out;
}
