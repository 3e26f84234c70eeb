/* Failures: a status that travels by return value, and one text per thread that says what, where and what to do. */
#ifndef CS_BASE_ERROR_H
#define CS_BASE_ERROR_H

#include "consort/status.h"

#include <stdarg.h>

/** Records the formatted text (cut at 1023 bytes) and returns `status`. Never prints. */
cs_status cs_fail(cs_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** As cs_fail, with a kind (0: none) that cs_error_kind() tells until the next failure is recorded. A prefix leaves it. */
cs_status cs_fail_kind(cs_status status, int kind, const char *format, ...) __attribute__((format(printf, 3, 4)));
cs_status cs_vfail_kind(cs_status status, int kind, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/** The kind of this thread's last failure; 0 if it has none. */
int cs_error_kind(void);

/** Puts "prefix: " before the recorded text and returns `status` (nothing if it is CS_OK). */
cs_status cs_fail_prefix(cs_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

void cs_error_clear(void);

/** Returns from the caller on the first failure. Only where no collective can be skipped by it. */
#define CS_TRY(call)                                                                                                        \
    do {                                                                                                                    \
        const cs_status cs_try_status_ = (call);                                                                            \
        if (cs_try_status_ != CS_OK)                                                                                        \
            return cs_try_status_;                                                                                          \
    } while (0)

/** As CS_TRY, but jumps to the function's one exit label `out` with the status in `status`. */
#define CS_TRY_OUT(call)                                                                                                    \
    do {                                                                                                                    \
        status = (call);                                                                                                    \
        if (status != CS_OK)                                                                                                \
            goto out;                                                                                                       \
    } while (0)

#endif
