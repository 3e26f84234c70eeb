/* Failures: a status that travels by return value, and one text per thread that says what, where and what to do. */
#ifndef CS_BASE_ERROR_H
#define CS_BASE_ERROR_H

#include "consort/status.h"

/** Records the formatted text (cut at 1023 bytes) and returns `status`. Never prints. */
cs_status cs_fail(cs_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

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
