#include "base/strings.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
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

/* C0, C1 (some terminals obey them) and what changes the order or the look of text without being seen: soft hyphen, Arabic
 * letter mark, zero-width space, marks, embeddings, overrides and isolates of directions, line and paragraph separators,
 * invisible operators, byte order mark, annotations, non-characters, tags. Joiners stay: scripts are written with them. */
static bool is_unseen(uint32_t c) {
    static const uint32_t RANGES[][2] = {{0, 0x1f},        {0x7f, 0x9f},       {0xad, 0xad},     {0x61c, 0x61c},
                                         {0x180e, 0x180e}, {0x200b, 0x200b},   {0x200e, 0x200f}, {0x2028, 0x202e},
                                         {0x2060, 0x206f}, {0xfeff, 0xfeff},   {0xfff9, 0xfffb}, {0xfffe, 0xffff},
                                         {0xd800, 0xdfff}, {0xe0000, 0xe007f}, {0x110000, ~0u}};
    for (size_t k = 0; k < sizeof RANGES / sizeof *RANGES; k++)
        if (c >= RANGES[k][0] && c <= RANGES[k][1])
            return true;
    return false;
}

size_t cs_string_shown(const char *text) {
    static const uint32_t LEAST[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char first = (unsigned char)text[0];
    const size_t n = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
    uint32_t c = n <= 1 ? first : first & (0x7fu >> n);
    for (size_t k = 1; k < n; k++) {
        const unsigned char next = (unsigned char)text[k];
        if ((next & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (next & 0x3f);
    }
    return n == 0 || c < LEAST[n] || is_unseen(c) ? 0 : n;
}
