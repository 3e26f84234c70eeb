#include "attest/checkpoint.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "consort/version.h"

enum { VERSION_BYTES = 32, DIGESTS = 6, NUMBERS = 8 + CS_CHECKPOINT_COUNTERS };

_Static_assert(sizeof CONSORT_VERSION <= VERSION_BYTES, "the version fits its field");

static cs_status write_numbers(const cs_writer *out, const uint64_t *numbers, size_t n) {
    for (size_t k = 0; k < n; k++) {
        uint8_t bytes[8];
        cs_store_u64(bytes, numbers[k]);
        CS_TRY(cs_write(out, bytes, sizeof bytes));
    }
    return CS_OK;
}

cs_status cs_checkpoint_write_head(const cs_writer *out, const cs_checkpoint_head *h) {
    const uint8_t *const digests[DIGESTS] = {h->run, h->state, h->job, h->seed, h->draws, h->after};
    const uint64_t numbers[8] = {h->rank,    h->ranks, h->sequence,        h->segments,
                                 h->segment, h->done,  (uint64_t)h->stage, h->contributions};
    uint8_t version[VERSION_BYTES] = {0};
    memcpy(version, CONSORT_VERSION, sizeof CONSORT_VERSION);
    CS_TRY(cs_write(out, version, sizeof version));
    for (size_t k = 0; k < DIGESTS; k++)
        CS_TRY(cs_write(out, digests[k], 32));
    CS_TRY(write_numbers(out, numbers, 8));
    CS_TRY(write_numbers(out, h->counters, CS_CHECKPOINT_COUNTERS));
    CS_TRY(cs_write(out, h->members, 32 * h->ranks));
    return cs_write(out, h->contribution, 32 * h->ranks);
}

static cs_status check_version(const cs_reader *in) {
    uint8_t version[VERSION_BYTES], mine[VERSION_BYTES] = {0};
    memcpy(mine, CONSORT_VERSION, sizeof CONSORT_VERSION);
    CS_TRY(cs_read(in, version, sizeof version));
    if (memcmp(version, mine, sizeof mine) != 0)
        return cs_fail(CS_ERR_INPUT, "written by version %.31s of the program; this is version %s: resume with the former",
                       (const char *)version, CONSORT_VERSION);
    return CS_OK;
}

static cs_status check_numbers(const uint64_t *v) {
    static const struct {
        const char *name;
        uint64_t min, max;
    } LIMITS[8] = {{"rank", 0, CS_MAX_RANKS - 1},         {"ranks", 1, CS_MAX_RANKS},
                   {"sequence", 0, (uint64_t)1 << 48},    {"segments", 1, (uint64_t)1 << 24},
                   {"segment", 0, (uint64_t)1 << 24},     {"done", 0, (uint64_t)1 << 24},
                   {"stage", 0, CS_CHECKPOINT_COMMITTED}, {"contributions", 0, 1}};
    for (size_t k = 0; k < 8; k++)
        if (v[k] < LIMITS[k].min || v[k] > LIMITS[k].max)
            return cs_fail(CS_ERR_INPUT, "%s is %llu, out of its range", LIMITS[k].name, (unsigned long long)v[k]);
    if (v[0] >= v[1] || v[4] >= v[3])
        return cs_fail(CS_ERR_INPUT, "rank %llu of %llu, segment %llu of %llu", (unsigned long long)v[0],
                       (unsigned long long)v[1], (unsigned long long)v[4], (unsigned long long)v[3]);
    return CS_OK;
}

cs_status cs_checkpoint_read_head(cs_checkpoint_head *out, const cs_reader *in) {
    uint8_t *const digests[DIGESTS] = {out->run, out->state, out->job, out->seed, out->draws, out->after};
    uint64_t numbers[NUMBERS];
    *out = (cs_checkpoint_head){0};
    CS_TRY(check_version(in));
    for (size_t k = 0; k < DIGESTS; k++)
        CS_TRY(cs_read(in, digests[k], 32));
    for (size_t k = 0; k < NUMBERS; k++) {
        uint8_t bytes[8];
        CS_TRY(cs_read(in, bytes, sizeof bytes));
        numbers[k] = cs_load_u64(bytes);
    }
    CS_TRY(check_numbers(numbers));
    out->rank = (size_t)numbers[0];
    out->ranks = (size_t)numbers[1];
    out->sequence = (size_t)numbers[2];
    out->segments = (size_t)numbers[3];
    out->segment = (size_t)numbers[4];
    out->done = (size_t)numbers[5];
    out->stage = (cs_checkpoint_stage)numbers[6];
    out->contributions = numbers[7] != 0;
    memcpy(out->counters, numbers + 8, sizeof out->counters);
    CS_TRY(cs_read(in, out->members, 32 * out->ranks));
    return cs_read(in, out->contribution, 32 * out->ranks);
}

/* ------------------------------------------------------------ points and scalars */

cs_status cs_checkpoint_write_points(const cs_writer *out, const cs_g1_affine *points, size_t n) {
    for (size_t k = 0; k < n; k++) {
        uint8_t bytes[32];
        cs_g1_encode(bytes, points[k]);
        CS_TRY(cs_write(out, bytes, sizeof bytes));
    }
    return CS_OK;
}

cs_status cs_checkpoint_read_points(cs_g1_affine **out, size_t n, const cs_reader *in) {
    *out = CS_NEW(cs_g1_affine, n);
    uint8_t *bytes = CS_NEW(uint8_t, 32 * n);
    cs_status status = *out != NULL && bytes != NULL ? cs_read(in, bytes, 32 * n) : CS_ERR_MEMORY;
    if (status == CS_OK && cs_g1_vec_decode(*out, bytes, n) != n)
        status = cs_fail(CS_ERR_INPUT, "the checkpoint has a commitment that is not a point of the curve");
    cs_free(bytes);
    return status;
}

cs_status cs_checkpoint_write_scalars(const cs_writer *out, const cs_fr *x, size_t n) {
    for (size_t k = 0; k < n; k++) {
        uint8_t bytes[32];
        cs_fr_encode(bytes, x[k]);
        const cs_status status = cs_write(out, bytes, sizeof bytes);
        sodium_memzero(bytes, sizeof bytes);
        CS_TRY(status);
    }
    return CS_OK;
}

cs_status cs_checkpoint_read_scalars(cs_fr **out, size_t n, const cs_reader *in) {
    *out = CS_NEW(cs_fr, n);
    if (*out == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < n; k++) {
        uint8_t bytes[32];
        CS_TRY(cs_read(in, bytes, sizeof bytes));
        const bool good = cs_fr_decode(&(*out)[k], bytes);
        sodium_memzero(bytes, sizeof bytes);
        if (!good)
            return cs_fail(CS_ERR_INPUT, "the checkpoint has a blinding that is not reduced");
    }
    return CS_OK;
}
