/* Sums of lists of points, of so many lists at a time as fit the processor's second cache. The upper half of a list is added
 * to its lower half until one point is left: the first pass reads the points where they are, the others work in place. */
#include "curve/list_sums.h"

#include "base/memory.h"
#include "curve/batch.h"
#include "curve/odd_table.h"

enum { ROOM = 2048 }; /* points in work, and additions that share an inversion */
enum { AHEAD = 16 };  /* points fetched in advance */

/* A list, or what fits of it: its points lie at first .. first + length. */
typedef struct piece {
    size_t list, first, length;
} piece;

typedef struct cs_list_work {
    cs_g1_affine points[ROOM];
    piece pieces[ROOM];
    size_t n_pieces, pairs;
    uint32_t target[ROOM], index[ROOM]; /* of the additions in hand */
    cs_fp scratch[CS_G1_SCRATCH(ROOM)];
} cs_list_work;

/* The next term: of that list, in codes. */
typedef struct cursor {
    size_t list, term;
} cursor;

cs_status cs_list_sums_new(cs_list_sums *s, size_t lists, size_t terms) {
    *s = (cs_list_sums){.start = CS_NEW(uint32_t, lists + 2),
                        .codes = CS_NEW(uint32_t, terms),
                        .sums = CS_NEW(cs_g1_affine, lists),
                        .work = CS_NEW(cs_list_work, 1)};
    if (s->start && s->codes && s->sums && s->work)
        return CS_OK;
    cs_list_sums_free(s);
    return CS_ERR_MEMORY;
}

void cs_list_sums_free(cs_list_sums *s) {
    cs_free(s->start);
    cs_free(s->codes);
    cs_free(s->sums);
    cs_free(s->work);
    *s = (cs_list_sums){0};
}

static void push(cs_list_work *w, size_t target, uint32_t code) {
    w->target[w->pairs] = (uint32_t)target;
    w->index[w->pairs++] = code;
}

static void flush(cs_list_work *w, const cs_g1_affine *points) {
    cs_g1_batch_accumulate(w->points, w->target, points, w->index, w->scratch, w->pairs);
    w->pairs = 0;
}

/* Up to 2 ROOM terms: lower halves of their lists go to work, upper halves are added to them. */
static void first_pass(cs_list_sums *s, const cs_g1_affine *points, cursor *at) {
    cs_list_work *w = s->work;
    const size_t end = s->start[s->lists];
    size_t used = 0;
    w->n_pieces = 0;
    while (at->list < s->lists && used < ROOM) {
        const size_t left = s->start[at->list + 1] - at->term, fits = 2 * (ROOM - used), n = left < fits ? left : fits;
        const size_t half = (n + 1) / 2;
        const uint32_t *codes = s->codes + at->term;
        for (size_t x = 0; x < half; x++) {
            if (at->term + x + AHEAD < end)
                __builtin_prefetch(&points[codes[x + AHEAD] >> 1]);
            cs_odd_take(&w->points[used + x], points, codes[x]);
        }
        for (size_t x = half; x < n; x++)
            push(w, used + x - half, codes[x]);
        if (n)
            w->pieces[w->n_pieces++] = (piece){at->list, used, half};
        used += half;
        at->term += n;
        at->list += n == left;
    }
    flush(w, points);
}

/* True if some list had more than one point. */
static bool next_pass(cs_list_work *w) {
    for (size_t k = 0; k < w->n_pieces; k++) {
        piece *const p = &w->pieces[k];
        const size_t half = (p->length + 1) / 2;
        for (size_t x = half; x < p->length; x++)
            push(w, p->first + x - half, 2 * (uint32_t)(p->first + x));
        p->length = half;
    }
    if (w->pairs == 0)
        return false;
    flush(w, w->points);
    return true;
}

void cs_list_sums_run(cs_list_sums *s, const cs_g1_affine *points) {
    cs_list_work *w = s->work;
    cursor at = {0, 0};
    for (size_t l = 0; l < s->lists; l++)
        s->sums[l] = CS_G1_AFFINE_IDENTITY;
    while (at.list < s->lists) {
        first_pass(s, points, &at);
        while (next_pass(w))
            ;
        for (size_t k = 0; k < w->n_pieces; k++) {
            cs_g1_affine *const sum = &s->sums[w->pieces[k].list], *const part = &w->points[w->pieces[k].first];
            if (cs_g1_affine_is_identity(*sum))
                *sum = *part;
            else /* a long list, piece by piece */
                cs_g1_batch_add(sum, sum, part, w->scratch, 1);
        }
    }
}
