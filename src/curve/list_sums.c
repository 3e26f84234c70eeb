/* Sums of lists of points. The upper half of a list is added to its lower half until one point is left. The first pass reads
 * the points where they are; the others work in place on the slots that it fills. */
#include "curve/list_sums.h"

#include "base/memory.h"
#include "curve/batch.h"
#include "curve/odd_table.h"

enum { BLOCK = 2048 }; /* additions that share an inversion */
enum { AHEAD = 8 };    /* points fetched in advance */

cs_status cs_list_sums_new(cs_list_sums *s, size_t lists, size_t terms) {
    *s = (cs_list_sums){.room_lists = lists,
                        .room_terms = terms,
                        .start = CS_NEW(uint32_t, lists + 2),
                        .codes = CS_NEW(uint32_t, terms),
                        .first = CS_NEW(uint32_t, lists),
                        .length = CS_NEW(uint32_t, lists),
                        .slots = CS_NEW(cs_g1_affine, (terms + lists) / 2),
                        .target = CS_NEW(uint32_t, BLOCK),
                        .index = CS_NEW(uint32_t, BLOCK),
                        .scratch = CS_NEW(cs_fp, cs_g1_scratch(BLOCK))};
    if (s->start && s->codes && s->first && s->length && s->slots && s->target && s->index && s->scratch)
        return CS_OK;
    cs_list_sums_free(s);
    return CS_ERR_MEMORY;
}

void cs_list_sums_free(cs_list_sums *s) {
    cs_free(s->start);
    cs_free(s->codes);
    cs_free(s->first);
    cs_free(s->length);
    cs_free(s->slots);
    cs_free(s->target);
    cs_free(s->index);
    cs_free(s->scratch);
    *s = (cs_list_sums){0};
}

static void flush(cs_list_sums *s, const cs_g1_affine *points) {
    cs_g1_batch_accumulate(s->slots, s->target, points, s->index, s->scratch, s->pairs);
    s->pairs = 0;
}

static void push(cs_list_sums *s, const cs_g1_affine *points, size_t target, uint32_t code) {
    s->target[s->pairs] = (uint32_t)target;
    s->index[s->pairs++] = code;
    if (s->pairs == BLOCK)
        flush(s, points);
}

/* Lower halves go to slots, upper halves are added to them. */
static void first_pass(cs_list_sums *s, const cs_g1_affine *points) {
    const size_t terms = s->start[s->lists];
    size_t slot = 0;
    for (size_t l = 0; l < s->lists; l++) {
        const size_t from = s->start[l], n = s->start[l + 1] - from, half = (n + 1) / 2;
        const uint32_t *codes = s->codes + from;
        s->first[l] = (uint32_t)slot;
        s->length[l] = (uint32_t)half;
        for (size_t x = 0; x < half; x++) {
            if (from + x + AHEAD < terms)
                __builtin_prefetch(&points[codes[x + AHEAD] >> 1]);
            cs_odd_take(&s->slots[slot + x], points, codes[x]);
        }
        for (size_t x = half; x < n; x++)
            push(s, points, slot + x - half, codes[x]);
        slot += half;
    }
    flush(s, points);
}

/* True if some list still has more than one point. */
static bool next_pass(cs_list_sums *s) {
    bool more = false;
    for (size_t l = 0; l < s->lists; l++) {
        const size_t first = s->first[l], n = s->length[l], half = (n + 1) / 2;
        for (size_t x = half; x < n; x++)
            push(s, s->slots, first + x - half, 2 * (uint32_t)(first + x));
        s->length[l] = (uint32_t)half;
        more |= half > 1;
    }
    flush(s, s->slots);
    return more;
}

void cs_list_sums_run(cs_list_sums *s, const cs_g1_affine *points) {
    first_pass(s, points);
    while (next_pass(s))
        ;
}

cs_g1_affine cs_list_sums_get(const cs_list_sums *s, size_t l) {
    return s->length[l] ? s->slots[s->first[l]] : CS_G1_AFFINE_IDENTITY;
}
