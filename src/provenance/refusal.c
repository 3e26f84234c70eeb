#include "provenance/refusal.h"

#include <stddef.h>

enum { FIRST_EXIT_STATUS = 20 };

static const char *const NAMES[CS_REFUSAL_COUNT] = {"none",    "proof",   "authority", "expired",  "denied",    "quota",
                                                    "purpose", "dataset", "schema",    "manifest", "signature", "initial",
                                                    "seed",    "draws",   "chain",     "compute",  "export",    "ring",
                                                    "version", "unknown", "policy"};

cs_status cs_refuse(cs_refusal kind, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const cs_status status = cs_vfail_kind(CS_REJECT, (int)kind, format, arguments);
    va_end(arguments);
    return status;
}

cs_refusal cs_refusal_last(void) {
    const int kind = cs_error_kind();
    return kind > 0 && kind < CS_REFUSAL_COUNT ? (cs_refusal)kind : CS_REFUSAL_NONE;
}

const char *cs_refusal_name(cs_refusal kind) {
    return (size_t)kind < CS_REFUSAL_COUNT ? NAMES[kind] : "unknown kind";
}

int cs_refusal_exit_status(cs_status status) {
    const cs_refusal kind = cs_refusal_last();
    return status == CS_REJECT && kind != CS_REFUSAL_NONE ? FIRST_EXIT_STATUS + (int)kind : (int)status;
}
