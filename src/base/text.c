#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

void cs_text_append(cs_buffer *out, const char *format, ...) {
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    const size_t size = length > 0 ? (size_t)length : 0, before = out->size;
    if (size < sizeof line) {
        cs_buffer_append(out, line, size);
    } else if (cs_buffer_resize(out, before + size + 1) == CS_OK) {
        va_start(arguments, format);
        vsnprintf((char *)out->data + before, size + 1, format, arguments);
        va_end(arguments);
        out->size--;
    }
}

const char *cs_text_bytes(char text[32], double bytes) {
    if (bytes < 0x1p10)
        snprintf(text, 32, "%.0f bytes", bytes);
    else if (bytes < 0x1p20)
        snprintf(text, 32, "%.1f KiB", bytes / 0x1p10);
    else if (bytes < 0x1p30)
        snprintf(text, 32, "%.1f MiB", bytes / 0x1p20);
    else
        snprintf(text, 32, "%.2f GiB", bytes / 0x1p30);
    return text;
}
