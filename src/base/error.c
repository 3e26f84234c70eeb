#include "base/error.h"

#include <stdio.h>
#include <string.h>

#include "base/strings.h"

enum { TEXT_SIZE = 1024 };

static _Thread_local char error_text[TEXT_SIZE];
static _Thread_local int error_kind;

const char *cs_status_name(cs_status status) {
    switch (status) {
    case CS_OK:
        return "ok";
    case CS_REJECT:
        return "rejected";
    case CS_ERR_USAGE:
        return "usage error";
    case CS_ERR_INPUT:
        return "input error";
    case CS_ERR_IO:
        return "file error";
    case CS_ERR_MEMORY:
        return "out of memory";
    case CS_ERR_RANGE:
        return "range exceeded";
    case CS_ERR_RANK:
        return "rank failure";
    case CS_ERR_ABORT:
        return "aborted";
    case CS_ERR_INTERNAL:
        return "internal error";
    case CS_ERR_STOPPED:
        return "stopped";
    }
    return "unknown status";
}

const char *cs_error_text(void) {
    return error_text;
}

int cs_error_kind(void) {
    return error_kind;
}

void cs_error_clear(void) {
    error_text[0] = '\0';
    error_kind = 0;
}

/* Texts of strangers get into messages: nothing in them may act on a terminal, or be no UTF-8 where JSON wants it. */
static void make_plain(char *text) {
    for (size_t shown; *text != '\0'; text += shown) {
        shown = cs_string_shown(text);
        if (shown == 0) {
            *text = '?';
            shown = 1;
        }
    }
}

/* The arguments may point into the text that is being replaced, so the new one is made beside it. */
static void store(const char *format, va_list arguments, const char *tail) {
    char fresh[TEXT_SIZE];
    int length = vsnprintf(fresh, sizeof fresh, format, arguments);
    if (length < 0)
        length = snprintf(fresh, sizeof fresh, "(unprintable message)");
    if (tail != NULL && length < TEXT_SIZE)
        snprintf(fresh + length, sizeof fresh - (size_t)length, ": %s", tail);
    make_plain(fresh);
    memcpy(error_text, fresh, sizeof fresh);
}

cs_status cs_fail(cs_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    store(format, arguments, NULL);
    va_end(arguments);
    error_kind = 0;
    return status;
}

cs_status cs_vfail_kind(cs_status status, int kind, const char *format, va_list arguments) {
    store(format, arguments, NULL);
    error_kind = kind;
    return status;
}

cs_status cs_fail_kind(cs_status status, int kind, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)cs_vfail_kind(status, kind, format, arguments);
    va_end(arguments);
    return status;
}

cs_status cs_fail_prefix(cs_status status, const char *format, ...) {
    if (status == CS_OK)
        return status;
    va_list arguments;
    va_start(arguments, format);
    store(format, arguments, error_text);
    va_end(arguments);
    return status;
}
