#include "train/table.h"

#include <sodium.h>

#include "base/bits.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "base/sha256.h"

/* Fixed point of the recursion, and of the series that starts it. */
enum { FRACTION = 62, SERIES_FRACTION = 100, SERIES_TERMS = 40 };

/* exp(-2^-a) at scale 2^62: the series sum_k (-1)^k 2^(-ak) / k! at scale 2^100, every term cut down to an integer. Forty
 * terms leave out less than 2^-199 and cutting loses less than 40 * 2^-100. */
static uint64_t exp_step(unsigned a) {
    unsigned __int128 term = (unsigned __int128)1 << SERIES_FRACTION, sum = term;
    for (unsigned k = 1; k < SERIES_TERMS; k++) {
        term = (term >> a) / k;
        sum = k % 2 == 1 ? sum - term : sum + term;
    }
    return (uint64_t)(sum >> (SERIES_FRACTION - FRACTION));
}

void cs_exp_values(int32_t *out, const cs_params *p) {
    const uint64_t step = exp_step(p->a), half = (uint64_t)1 << (FRACTION - 1 - p->exp_bits);
    uint64_t y = (uint64_t)1 << FRACTION;
    for (size_t x = 0; x < (size_t)1 << p->value_bits; x++) {
        out[x] = (int32_t)((y + half) >> (FRACTION - p->exp_bits));
        y = (uint64_t)(((unsigned __int128)y * step) >> FRACTION);
    }
}

static void add_part(cs_table *t, int32_t tag, int64_t first, size_t n) {
    t->parts[t->n_parts++] = (cs_table_part){.tag = tag, .first = first, .offset = t->real, .n = n};
    t->real += n;
}

static bool has_range(const cs_params *p, unsigned bits) {
    bool found = bits == 1;
    for (unsigned k = 0; k < p->n_limbs; k++)
        found = found || p->limb_bits[k] == bits;
    return found;
}

static void list_parts(cs_table *t, const cs_params *p) {
    const size_t values = (size_t)1 << p->value_bits;
    for (unsigned bits = 1; bits <= 16; bits++)
        if (has_range(p, bits))
            add_part(t, CS_TAG_RANGE + (int32_t)bits, 0, (size_t)1 << bits);
    add_part(t, CS_TAG_SIGNED, -(int64_t)(values / 2), values);
    add_part(t, CS_TAG_RELU, -(int64_t)(values / 2), values);
    add_part(t, CS_TAG_EXP, 0, values);
}

static void fill_part(cs_table *t, const cs_table_part *part, const cs_params *p) {
    for (size_t k = 0; k < part->n; k++) {
        const size_t row = part->offset + k;
        const int32_t x = (int32_t)(part->first + (int64_t)k);
        t->tag[row] = part->tag;
        t->c1[row] = x;
        if (part->tag == CS_TAG_RELU) {
            t->c2[row] = x > 0 ? x : 0;
            t->c3[row] = x > 0;
        }
    }
    if (part->tag == CS_TAG_EXP)
        cs_exp_values(t->c2 + part->offset, p);
}

cs_status cs_table_new(cs_table *out, const cs_params *p) {
    *out = (cs_table){0};
    list_parts(out, p);
    out->n = cs_pow2(out->real);
    out->tag = CS_NEW(int32_t, out->n);
    out->c1 = CS_NEW(int32_t, out->n);
    out->c2 = CS_NEW(int32_t, out->n);
    out->c3 = CS_NEW(int32_t, out->n);
    if (out->tag == NULL || out->c1 == NULL || out->c2 == NULL || out->c3 == NULL) {
        cs_table_free(out);
        return CS_ERR_MEMORY;
    }
    for (size_t k = 0; k < out->n_parts; k++)
        fill_part(out, &out->parts[k], p);
    for (size_t row = out->real; row < out->n; row++) {
        out->tag[row] = out->tag[0];
        out->c1[row] = out->c1[0];
        out->c2[row] = out->c2[0];
        out->c3[row] = out->c3[0];
    }
    return CS_OK;
}

void cs_table_free(cs_table *t) {
    cs_free(t->tag);
    cs_free(t->c1);
    cs_free(t->c2);
    cs_free(t->c3);
    *t = (cs_table){0};
}

size_t cs_table_find(const cs_table *t, int32_t tag, int64_t c1) {
    for (size_t k = 0; k < t->n_parts; k++) {
        const cs_table_part *part = &t->parts[k];
        if (part->tag == tag)
            return c1 >= part->first && c1 < part->first + (int64_t)part->n ? part->offset + (size_t)(c1 - part->first)
                                                                            : SIZE_MAX;
    }
    return SIZE_MAX;
}

void cs_table_digest(uint8_t out[32], const cs_table *t) {
    crypto_hash_sha256_state hash;
    enum { ROW = 16, SOME = 64 }; /* rows in hand */
    uint8_t bytes[ROW * SOME];
    crypto_hash_sha256_init(&hash);
    cs_store_u64(bytes, t->n);
    cs_store_u64(bytes + 8, t->real);
    crypto_hash_sha256_update(&hash, bytes, ROW);
    for (size_t from = 0; from < t->n; from += SOME) {
        const size_t some = t->n - from < SOME ? t->n - from : SOME;
        for (size_t k = 0; k < some; k++) {
            const size_t row = from + k;
            cs_store_u32(bytes + ROW * k, (uint32_t)t->tag[row]);
            cs_store_u32(bytes + ROW * k + 4, (uint32_t)t->c1[row]);
            cs_store_u32(bytes + ROW * k + 8, (uint32_t)t->c2[row]);
            cs_store_u32(bytes + ROW * k + 12, (uint32_t)t->c3[row]);
        }
        cs_sha256_update(&hash, bytes, ROW * some);
    }
    crypto_hash_sha256_final(&hash, out);
}
