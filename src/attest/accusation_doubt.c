/* The section DOUB of evidence (docs/formats.md). */
#include <string.h>

#include "attest/accusation.h"
#include "base/bytes.h"
#include "base/memory.h"

/* Ranks, the accused's, first step, bytes of an entry, steps in doubt; sizes of three parts. Then nonce and rows. */
enum { NUMBERS = 5, PARTS = 3, HEAD = 8 * (NUMBERS + PARTS) + 64, WORD = sizeof(cs_sums_word) };

/* The most entries of a part, of a sum. */
#define MAX_ENTRIES ((uint64_t)1 << 34)

void cs_doubt_free(cs_doubt *d) {
    cs_free(d->words);
    for (int which = 0; which < CS_TOLD_COUNT; which++)
        cs_buffer_free(&d->told[which]);
    cs_buffer_free(&d->rows);
    *d = (cs_doubt){0};
}

static cs_buffer *part(cs_doubt *d, int k) {
    return k < CS_TOLD_COUNT ? &d->told[k] : &d->rows;
}

cs_status cs_doubt_encode(cs_buffer *out, const cs_doubt *d) {
    const cs_doubted *about = &d->about;
    cs_doubt parts = *d; /* shares the buffers, which are only read */
    cs_buffer_append_u64(out, (uint64_t)about->ranks);
    cs_buffer_append_u64(out, (uint64_t)d->speaker);
    cs_buffer_append_u64(out, about->first);
    cs_buffer_append_u64(out, about->width);
    cs_buffer_append_u64(out, about->doubts.n);
    for (int k = 0; k < PARTS; k++)
        cs_buffer_append_u64(out, part(&parts, k)->size);
    cs_buffer_append(out, about->nonce, 32);
    cs_buffer_append(out, about->rows, 32);
    for (int i = 0; i < about->ranks; i++) {
        cs_buffer_append(out, about->chains[i], 32);
        cs_buffer_append_u64(out, about->starts[i]);
        cs_buffer_append_u64(out, about->counts[i]);
    }
    for (size_t x = 0; x < about->doubts.n; x++) {
        cs_buffer_append_u64(out, about->doubts.steps[x]);
        cs_buffer_append(out, &d->words[x], WORD);
    }
    for (int k = 0; k < PARTS; k++)
        cs_buffer_append(out, part(&parts, k)->data, part(&parts, k)->size);
    return cs_buffer_status(out);
}

static cs_status read_ranks(cs_doubted *about, const uint8_t *at) {
    uint64_t entries = 0;
    for (int i = 0; i < about->ranks; i++, at += 48) {
        const uint64_t start = cs_load_u64(at + 32), count = cs_load_u64(at + 40);
        if (start > MAX_ENTRIES || count > MAX_ENTRIES)
            return cs_fail(CS_ERR_INPUT, "DOUB: rank %d has a part of a sum that is too large", i);
        memcpy(about->chains[i], at, 32);
        about->starts[i] = (size_t)start;
        about->counts[i] = (size_t)count;
        entries += count;
    }
    for (int i = 0; i < about->ranks; i++)
        if (about->starts[i] + about->counts[i] > entries)
            return cs_fail(CS_ERR_INPUT, "DOUB: rank %d has a part that is none of the sum", i);
    return CS_OK;
}

static cs_status read_steps(cs_doubt *out, const uint8_t *at, size_t n) {
    out->words = CS_NEW(cs_sums_word, n);
    if (out->words == NULL)
        return CS_ERR_MEMORY;
    out->about.doubts.n = n;
    for (size_t x = 0; x < n; x++, at += 8 + WORD) {
        out->about.doubts.steps[x] = (size_t)cs_load_u64(at);
        memcpy(&out->words[x], at + 8, WORD);
    }
    return CS_OK;
}

static cs_status read_parts(cs_doubt *out, const uint8_t *data, size_t size, size_t at) {
    for (int k = 0; k < PARTS; k++) {
        const uint64_t length = cs_load_u64(data + 8 * (NUMBERS + k));
        if (length > size - at)
            return cs_fail(CS_ERR_INPUT, "DOUB: truncated: part %d of %d has %zu bytes, not %llu", k + 1, PARTS, size - at,
                           (unsigned long long)length);
        cs_buffer_append(part(out, k), data + at, (size_t)length);
        CS_TRY(cs_buffer_status(part(out, k)));
        at += (size_t)length;
    }
    return at == size ? CS_OK : cs_fail(CS_ERR_INPUT, "DOUB: %zu bytes follow the last part", size - at);
}

static cs_status decode(cs_doubt *out, const uint8_t *data, size_t size) {
    if (size < HEAD)
        return cs_fail(CS_ERR_INPUT, "DOUB: truncated: %zu bytes of a head of %d", size, HEAD);
    const uint64_t ranks = cs_load_u64(data), speaker = cs_load_u64(data + 8), first = cs_load_u64(data + 16),
                   width = cs_load_u64(data + 24), n = cs_load_u64(data + 32);
    if (ranks < 1 || ranks > CS_MAX_RANKS || speaker >= ranks || width < 1 || width > 8 || n < 1 || n > CS_MAX_RANKS ||
        first > MAX_ENTRIES)
        return cs_fail(CS_ERR_INPUT, "DOUB: a number is out of its range");
    const size_t steps = HEAD + 48 * (size_t)ranks, parts = steps + (size_t)n * (8 + WORD);
    if (size < parts)
        return cs_fail(CS_ERR_INPUT, "DOUB: truncated: %zu bytes of %zu", size, parts);
    out->about.ranks = (int)ranks;
    out->speaker = (int)speaker;
    out->about.first = (size_t)first;
    out->about.width = (size_t)width;
    memcpy(out->about.nonce, data + HEAD - 64, 32);
    memcpy(out->about.rows, data + HEAD - 32, 32);
    CS_TRY(read_ranks(&out->about, data + HEAD));
    CS_TRY(read_steps(out, data + steps, (size_t)n));
    return read_parts(out, data, size, parts);
}

cs_status cs_doubt_decode(cs_doubt *out, const uint8_t *data, size_t size) {
    *out = (cs_doubt){0};
    const cs_status status = decode(out, data, size);
    if (status != CS_OK)
        cs_doubt_free(out);
    return status;
}

cs_status cs_doubt_check(cs_doubt *doubt, const cs_params *p, const uint8_t training_digest[32]) {
    cs_doubted *about = &doubt->about;
    size_t entries = 0, parameters = 0;
    for (size_t l = 1; l <= p->layers; l++)
        parameters += (p->widths[l - 1] + 1) * p->widths[l];
    for (int i = 0; i < about->ranks; i++)
        entries += about->counts[i];
    if (about->ranks < p->n_ranks || (entries != parameters && entries != parameters + 2))
        return cs_fail(CS_ERR_INPUT, "DOUB: %d ranks and sums of %zu entries are not those of the statement", about->ranks,
                       entries);
    for (size_t x = 0; x < about->doubts.n; x++)
        if (about->doubts.steps[x] < about->first || about->doubts.steps[x] >= p->steps)
            return cs_fail(CS_ERR_INPUT, "DOUB: there is no step %zu", about->doubts.steps[x]);
    memcpy(about->digest, training_digest, sizeof about->digest);
    return CS_OK;
}
