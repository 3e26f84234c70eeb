/* The section DOUB of evidence (docs/formats.md). */
#include <string.h>

#include "attest/accusation.h"
#include "base/bytes.h"
#include "base/memory.h"

/* Ranks, the accused's, first step, bytes of an entry, steps in doubt, the table's direction and layer; sizes of three
 * parts. Then nonce and rows. */
enum { NUMBERS = 7, PARTS = 3, HEAD = 8 * (NUMBERS + PARTS) + 64, WORD = sizeof(cs_sums_word) };
enum { RANK = 32 + 16, RANK_OF_TABLE = 24 };

enum { NO_TABLE, FORWARD, BACKWARD };

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

static void append_table(cs_buffer *out, const cs_doubt *d) {
    const cs_doubted_table *t = &d->about.table;
    for (int i = 0; i < d->about.ranks; i++) {
        cs_buffer_append_u64(out, t->starts[i]);
        cs_buffer_append_u64(out, t->counts[i]);
        cs_buffer_append_u64(out, t->claims[i]);
    }
    cs_buffer_append(out, &d->words[d->about.doubts.n], WORD);
}

cs_status cs_doubt_encode(cs_buffer *out, const cs_doubt *d) {
    const cs_doubted *about = &d->about;
    cs_doubt parts = *d; /* shares the buffers, which are only read */
    cs_buffer_append_u64(out, (uint64_t)about->ranks);
    cs_buffer_append_u64(out, (uint64_t)d->speaker);
    cs_buffer_append_u64(out, about->first);
    cs_buffer_append_u64(out, about->width);
    cs_buffer_append_u64(out, about->doubts.n);
    cs_buffer_append_u64(out, about->table.is ? (about->table.which.backward ? BACKWARD : FORWARD) : NO_TABLE);
    cs_buffer_append_u64(out, about->table.which.layer);
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
    if (about->table.is)
        append_table(out, d);
    for (int k = 0; k < PARTS; k++)
        cs_buffer_append(out, part(&parts, k)->data, part(&parts, k)->size);
    return cs_buffer_status(out);
}

/* A rank's part of a sum: first entry, and how many. */
static cs_status read_range(size_t *start, size_t *count, const uint8_t *at, int rank) {
    const uint64_t from = cs_load_u64(at), n = cs_load_u64(at + 8);
    if (from > MAX_ENTRIES || n > MAX_ENTRIES)
        return cs_fail(CS_ERR_INPUT, "DOUB: rank %d has a part of a sum that is too large", rank);
    *start = (size_t)from;
    *count = (size_t)n;
    return CS_OK;
}

static cs_status check_ranges(const size_t *starts, const size_t *counts, int ranks) {
    size_t entries = 0;
    for (int i = 0; i < ranks; i++)
        entries += counts[i];
    for (int i = 0; i < ranks; i++)
        if (starts[i] + counts[i] > entries)
            return cs_fail(CS_ERR_INPUT, "DOUB: rank %d has a part that is none of the sum", i);
    return CS_OK;
}

static cs_status read_ranks(cs_doubted *about, const uint8_t *at) {
    for (int i = 0; i < about->ranks; i++, at += RANK) {
        memcpy(about->chains[i], at, 32);
        CS_TRY(read_range(&about->starts[i], &about->counts[i], at + 32, i));
    }
    return check_ranges(about->starts, about->counts, about->ranks);
}

static cs_status read_table(cs_doubt *out, const uint8_t *at) {
    cs_doubted_table *t = &out->about.table;
    for (int i = 0; i < out->about.ranks; i++, at += RANK_OF_TABLE) {
        CS_TRY(read_range(&t->starts[i], &t->counts[i], at, i));
        t->claims[i] = cs_load_u64(at + 16);
    }
    memcpy(&out->words[out->about.doubts.n], at, WORD);
    return check_ranges(t->starts, t->counts, out->about.ranks);
}

static cs_status read_steps(cs_doubt *out, const uint8_t *at, size_t n) {
    out->words = CS_NEW(cs_sums_word, n + 1);
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
                   width = cs_load_u64(data + 24), n = cs_load_u64(data + 32), table = cs_load_u64(data + 40),
                   layer = cs_load_u64(data + 48);
    if (ranks < 1 || ranks > CS_MAX_RANKS || speaker >= ranks || width < 1 || width > 8 || n > CS_MAX_RANKS ||
        first > MAX_ENTRIES || table > BACKWARD || layer > CS_MAX_LAYERS || (table == NO_TABLE && (n < 1 || layer > 0)))
        return cs_fail(CS_ERR_INPUT, "DOUB: a number is out of its range");
    const size_t steps = HEAD + RANK * (size_t)ranks, tables = steps + (size_t)n * (8 + WORD),
                 parts = tables + (table == NO_TABLE ? 0 : RANK_OF_TABLE * (size_t)ranks + WORD);
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
    out->about.table.is = table != NO_TABLE;
    out->about.table.which = (cs_table_name){.backward = table == BACKWARD, .layer = (size_t)layer};
    if (out->about.table.is)
        CS_TRY(read_table(out, data + tables));
    return read_parts(out, data, size, parts);
}

cs_status cs_doubt_decode(cs_doubt *out, const uint8_t *data, size_t size) {
    *out = (cs_doubt){0};
    const cs_status status = decode(out, data, size);
    if (status != CS_OK)
        cs_doubt_free(out);
    return status;
}

static cs_status check_table(const cs_doubted *about, const cs_params *p) {
    const cs_doubted_table *t = &about->table;
    size_t entries = 0;
    for (int i = 0; i < about->ranks; i++)
        entries += t->counts[i];
    return t->which.layer >= (t->which.backward ? 2 : 1) && t->which.layer <= p->layers &&
                   entries == cs_table_size(p, t->which)
               ? CS_OK
               : cs_fail(CS_ERR_INPUT, "DOUB: a weight table of layer %zu, with %zu entries, is none of the statement's",
                         t->which.layer, entries);
}

cs_status cs_doubt_check(cs_doubt *doubt, const cs_params *p, const uint8_t training_digest[32]) {
    cs_doubted *about = &doubt->about;
    size_t entries = 0, parameters = 0;
    for (size_t l = 1; l <= p->layers; l++)
        parameters += (p->widths[l - 1] + 1) * p->widths[l];
    for (int i = 0; i < about->ranks; i++)
        entries += about->counts[i];
    if (about->ranks < p->n_ranks || about->first > p->steps || (entries != parameters && entries != parameters + 2))
        return cs_fail(CS_ERR_INPUT, "DOUB: %d ranks and sums of %zu entries are not those of the statement", about->ranks,
                       entries);
    for (size_t x = 0; x < about->doubts.n; x++)
        if (about->doubts.steps[x] < about->first || about->doubts.steps[x] >= p->steps)
            return cs_fail(CS_ERR_INPUT, "DOUB: there is no step %zu", about->doubts.steps[x]);
    if (about->table.is)
        CS_TRY(check_table(about, p));
    memcpy(about->digest, training_digest, sizeof about->digest);
    return CS_OK;
}
