#include "witness/axis.h"
#include "base/memory.h"
#include "field/fr_vec.h"
#include "poly/mle.h"
#include <string.h>

cs_axis cs_axis_eq(const cs_fr *point, unsigned bits) {
    return cs_axis_eq_below(point, bits, CS_AXIS_WHOLE);
}

cs_axis cs_axis_eq_below(const cs_fr *point, unsigned bits, size_t below) {
    cs_axis a = {.kind = CS_AXIS_EQ, .bits = bits, .below = below};
    memcpy(a.point, point, bits * sizeof *point);
    return a;
}

cs_axis cs_axis_ones(unsigned bits) {
    return cs_axis_ones_below(bits, CS_AXIS_WHOLE);
}

cs_axis cs_axis_ones_below(unsigned bits, size_t below) {
    return (cs_axis){.kind = CS_AXIS_ONES, .bits = bits, .below = below};
}

cs_axis cs_axis_gather(const cs_gather *gather, unsigned row_bits) {
    return (cs_axis){.kind = CS_AXIS_GATHER, .bits = row_bits, .below = CS_AXIS_WHOLE, .gather = gather};
}

cs_axis cs_axis_vector(cs_vector *vector) {
    return (cs_axis){.kind = CS_AXIS_VECTOR, .bits = vector->bits, .below = CS_AXIS_WHOLE, .vector = vector};
}

static cs_status gather_table(cs_fr *out, const cs_axis *a, int rank) {
    const cs_gather *g = a->gather;
    cs_fr *time = CS_NEW(cs_fr, (size_t)1 << g->time.bits), *batch = CS_NEW(cs_fr, (size_t)1 << g->batch.bits);
    cs_status status = time && batch ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK)
        status = cs_axis_table(time, &g->time, rank);
    if (status == CS_OK)
        status = cs_axis_table(batch, &g->batch, rank);
    memset(out, 0, sizeof *out << a->bits);
    for (size_t t = 0; status == CS_OK && t < g->steps; t++) {
        const uint32_t *draws = g->draws[rank] + t * g->batch_size;
        for (size_t b = 0; b < g->batch_size; b++)
            out[draws[b]] = cs_fr_add(out[draws[b]], cs_fr_mul(time[t], batch[b]));
    }
    cs_free(time);
    cs_free(batch);
    return status;
}

cs_status cs_axis_table(cs_fr *out, const cs_axis *a, int rank) {
    const size_t n = (size_t)1 << a->bits;
    if (a->kind == CS_AXIS_GATHER)
        return gather_table(out, a, rank);
    if (a->kind == CS_AXIS_VECTOR) {
        memcpy(out, a->vector->entries, n * sizeof *out);
        return CS_OK;
    }
    if (a->kind == CS_AXIS_ONES) {
        for (size_t k = 0; k < n; k++)
            out[k] = k < a->below ? CS_FR_ONE : CS_FR_ZERO;
        return CS_OK;
    }
    cs_fr_vec_eq(out, a->point, a->bits);
    for (size_t k = a->below; k < n; k++)
        out[k] = CS_FR_ZERO;
    return CS_OK;
}

enum { DRAWS = 256, LONG_STEP = 64 }; /* draws in work at a time; steps of so many are taken one by one */

/* What a gather's value is made of: its weights and eq(point, ·), which is a product of those of a row's two halves. */
typedef struct gathering {
    const cs_gather *g;
    cs_fr *time, *batch, *upper, *lower;
    unsigned low; /* bits of the lower half */
} gathering;

static void gathering_free(gathering *x) {
    cs_free(x->time);
    cs_free(x->batch);
    cs_free(x->upper);
    cs_free(x->lower);
}

/* Of a gather all of whose ranks have the same time and batch. */
static cs_status gathering_new(gathering *x, const cs_axis *a, const cs_fr *point) {
    const cs_gather *g = a->gather;
    const unsigned low = a->bits / 2, high = a->bits - low;
    *x = (gathering){.g = g,
                     .time = CS_NEW(cs_fr, (size_t)1 << g->time.bits),
                     .batch = CS_NEW(cs_fr, (size_t)1 << g->batch.bits),
                     .upper = CS_NEW(cs_fr, (size_t)1 << high),
                     .lower = CS_NEW(cs_fr, (size_t)1 << low),
                     .low = low};
    if (!x->time || !x->batch || !x->upper || !x->lower)
        return CS_ERR_MEMORY;
    CS_TRY(cs_axis_table(x->time, &g->time, 0));
    CS_TRY(cs_axis_table(x->batch, &g->batch, 0));
    cs_fr_vec_eq(x->upper, point, high);
    cs_fr_vec_eq(x->lower, point + high, low);
    return CS_OK;
}

/* Draws whose weights are weights[n], all times `factor`. */
typedef struct weighed {
    size_t n;
    const cs_fr *weights;
    cs_fr factor, space[DRAWS];
} weighed;

/* The next draws after `first` of all steps: of one step, or of several short ones. */
static void weigh_draws(const gathering *x, size_t first, weighed *out) {
    const size_t batch = x->g->batch_size, left = x->g->steps * batch - first;
    size_t t = first / batch, b = first % batch, run;
    if (batch >= LONG_STEP) {
        out->n = batch - b < DRAWS ? batch - b : DRAWS;
        out->weights = x->batch + b;
        out->factor = x->time[t];
        return;
    }
    out->n = left < DRAWS ? left : DRAWS;
    out->weights = out->space;
    out->factor = CS_FR_ONE;
    for (size_t k = 0; k < out->n; k += run, t++, b = 0) {
        run = batch - b < out->n - k ? batch - b : out->n - k;
        cs_fr_vec_scale(out->space + k, x->time[t], x->batch + b, run);
    }
}

/* Sum of weights[k] eq(point, draws[k]). */
static cs_fr drawn_at(const gathering *x, const uint32_t *draws, const cs_fr *weights, size_t n) {
    cs_fr u[DRAWS], v[DRAWS];
    for (size_t k = 0; k < n; k++) {
        u[k] = x->upper[draws[k] >> x->low];
        v[k] = x->lower[draws[k] & (((size_t)1 << x->low) - 1)];
    }
    cs_fr_vec_mul(u, u, v, n);
    return cs_fr_vec_dot(weights, u, n);
}

/* Draw by draw: no vector as long as the rows, which it would visit all over. */
static cs_status gather_at(cs_fr *out, const cs_axis *a, const cs_fr *point, int first, size_t n) {
    gathering x;
    const cs_status status = gathering_new(&x, a, point);
    const size_t draws = a->gather->steps * a->gather->batch_size;
    memset(out, 0, n * sizeof *out);
    weighed w = {0};
    for (size_t from = 0; status == CS_OK && from < draws; from += w.n) {
        weigh_draws(&x, from, &w);
        for (size_t k = 0; k < n; k++) {
            const cs_fr sum = drawn_at(&x, a->gather->draws[(size_t)first + k] + from, w.weights, w.n);
            out[k] = cs_fr_add(out[k], cs_fr_mul(w.factor, sum));
        }
    }
    gathering_free(&x);
    return status;
}

/* Sum over the entries under eq(point, ·), which is a product of those of an index's two halves. */
static cs_status evaluate(cs_vector *v, const cs_fr *point) {
    const unsigned low = v->bits / 2, high = v->bits - low;
    const size_t rows = (size_t)1 << high, columns = (size_t)1 << low;
    cs_fr *upper = CS_NEW(cs_fr, rows), *lower = CS_NEW(cs_fr, columns);
    if (upper && lower) {
        cs_fr_vec_eq(upper, point, high);
        cs_fr_vec_eq(lower, point + high, low);
        v->value = CS_FR_ZERO;
        for (size_t row = 0; row < rows; row++)
            v->value = cs_fr_add(v->value, cs_fr_mul(upper[row], cs_fr_vec_dot(v->entries + row * columns, lower, columns)));
        memcpy(v->point, point, v->bits * sizeof *point);
        v->known = true;
    }
    const cs_status status = upper && lower ? CS_OK : CS_ERR_MEMORY;
    cs_free(upper);
    cs_free(lower);
    return status;
}

static cs_status vector_at(cs_fr *out, cs_vector *v, const cs_fr *point) {
    if (!v->known || memcmp(v->point, point, v->bits * sizeof *point) != 0)
        CS_TRY(evaluate(v, point));
    *out = v->value;
    return CS_OK;
}

cs_status cs_axis_at(cs_fr *out, const cs_axis *a, const cs_fr *point, int first, size_t n) {
    if (a->kind == CS_AXIS_GATHER)
        return gather_at(out, a, point, first, n);
    cs_fr value = CS_FR_ZERO;
    if (a->kind == CS_AXIS_VECTOR)
        CS_TRY(vector_at(&value, a->vector, point));
    else if (a->kind == CS_AXIS_ONES)
        value = cs_indicator(point, a->bits, a->below);
    else if (a->below == CS_AXIS_WHOLE)
        value = cs_eq_at(a->point, point, a->bits);
    else
        value = cs_eq_below(a->point, point, a->bits, a->below);
    for (size_t k = 0; k < n; k++)
        out[k] = value;
    return CS_OK;
}

cs_fr cs_axis_sum_below(const cs_axis *a, size_t n) {
    const size_t cut = n < a->below ? n : a->below;
    return a->kind == CS_AXIS_ONES ? cs_fr_from_u64(cut) : cs_indicator(a->point, a->bits, cut);
}

cs_fr cs_axis_entry(const cs_axis *a, size_t index) {
    if (index >= a->below)
        return CS_FR_ZERO;
    return a->kind == CS_AXIS_ONES ? CS_FR_ONE : cs_eq_index(a->point, a->bits, index);
}

cs_axis cs_axis_low_half(const cs_axis *a, cs_fr *factor) {
    *factor = cs_fr_sub(CS_FR_ONE, a->point[0]);
    return cs_axis_eq_below(a->point + 1, a->bits - 1, a->below);
}
