/* What a dataset may be used for: terms that a program can check (docs/formats.md). Local. */
#ifndef CS_PROVENANCE_LICENCE_H
#define CS_PROVENANCE_LICENCE_H

#include "provenance/date.h"
#include "provenance/refusal.h"

enum {
    CS_LICENCE_VERSION = 1,
    CS_LICENCE_NAME_BYTES = 128,
    CS_LICENCE_MAX_PURPOSES = 16,
    CS_PURPOSE_BYTES = 64,
    CS_ATTRIBUTION_BYTES = 512,
    CS_LICENCE_FILE_BYTES = 64 << 10
};

/** No quota. */
#define CS_NO_QUOTA UINT64_MAX
/** Largest quota: exact in every JSON reader. */
#define CS_MAX_QUOTA (((uint64_t)1 << 53) - 1)

typedef struct cs_licence {
    char name[CS_LICENCE_NAME_BYTES + 1];
    size_t n_purposes; /* 0: any purpose ("*") */
    char purposes[CS_LICENCE_MAX_PURPOSES][CS_PURPOSE_BYTES + 1];
    bool deny;                                  /* no use at all */
    uint64_t per_epoch, total;                  /* most draws of records in one pass and in one run, or CS_NO_QUOTA */
    char expires[CS_DATE_SIZE];                 /* the last day; "" if it does not */
    char attribution[CS_ATTRIBUTION_BYTES + 1]; /* text that whoever releases the model must show; "" if none */
} cs_licence;

/** 1..64 bytes of a-z, 0-9 and '-'. */
bool cs_purpose_is_valid(const char *text);

/** All fields known; version, name and purposes required, the others as if without limits when absent. CS_ERR_INPUT,
 * CS_REJECT (VERSION, UNKNOWN). */
cs_status cs_licence_from_json(cs_licence *out, const cs_json *v);
cs_status cs_licence_load(cs_licence *out, const char *path);

/** Every field. New; NULL without memory. */
json_t *cs_licence_to_json(const cs_licence *l);

/** May anything be done with the data on `date`? CS_REJECT: DENIED, EXPIRED. */
cs_status cs_licence_check(const cs_licence *l, const char *date);

/** CS_REJECT (PURPOSE) if the licence does not permit it. */
cs_status cs_licence_check_purpose(const cs_licence *l, const char *purpose);

/** Most draws in one pass, and all draws of the run. CS_REJECT (QUOTA) if one of them is above its quota. */
cs_status cs_licence_check_draws(const cs_licence *l, uint64_t per_epoch, uint64_t total);

#endif
