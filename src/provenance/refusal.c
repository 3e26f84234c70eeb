#include "provenance/refusal.h"

#include <stddef.h>
#include <stdio.h>

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

const char *cs_refusal_status_name(char text[32], cs_status status) {
    const cs_refusal kind = cs_refusal_last();
    if (status == CS_REJECT && kind != CS_REFUSAL_NONE)
        snprintf(text, 32, "refused (%s)", cs_refusal_name(kind));
    else
        snprintf(text, 32, "%s", cs_status_name(status));
    return text;
}

int cs_refusal_exit_status(cs_status status) {
    const cs_refusal kind = cs_refusal_last();
    return status == CS_REJECT && kind != CS_REFUSAL_NONE ? FIRST_EXIT_STATUS + (int)kind : (int)status;
}
