#include "base/memory.h"
#include "ledger/ledger.h"
#include <stdlib.h>

static bool reserve(cs_expr *e, size_t extra) {
    if (e->failed)
        return false;
    if (e->n + extra <= e->capacity)
        return true;
    size_t capacity = e->capacity ? e->capacity : 4;
    while (capacity < e->n + extra)
        capacity *= 2;
    cs_term *terms = cs_grow(e->terms, e->n, capacity, sizeof *terms);
    if (!terms) {
        e->failed = true;
        return false;
    }
    e->terms = terms;
    e->capacity = capacity;
    return true;
}

void cs_expr_add_term(cs_expr *e, cs_fr coef, cs_var var) {
    if (!cs_fr_is_zero(coef) && reserve(e, 1))
        e->terms[e->n++] = (cs_term){var, coef};
}

void cs_expr_add_const(cs_expr *e, cs_fr value, int rank) {
    cs_expr_add_term(e, value, CS_CONST(rank));
}

void cs_expr_add(cs_expr *e, cs_fr coef, const cs_expr *other) {
    if (other->failed)
        e->failed = true;
    if (!reserve(e, other->n))
        return;
    for (size_t k = 0; k < other->n; k++)
        cs_expr_add_term(e, cs_fr_mul(coef, other->terms[k].coef), other->terms[k].var);
}

void cs_expr_scale(cs_expr *e, cs_fr coef) {
    for (size_t k = 0; k < e->n; k++)
        e->terms[k].coef = cs_fr_mul(coef, e->terms[k].coef);
}

static int by_var(const void *a, const void *b) {
    const cs_var x = ((const cs_term *)a)->var, y = ((const cs_term *)b)->var;
    return (x > y) - (x < y);
}

void cs_expr_merge(cs_expr *e) {
    if (e->n < 2)
        return;
    qsort(e->terms, e->n, sizeof *e->terms, by_var);
    size_t out = 0;
    for (size_t k = 0; k < e->n;) {
        cs_term t = e->terms[k++];
        while (k < e->n && e->terms[k].var == t.var)
            t.coef = cs_fr_add(t.coef, e->terms[k++].coef);
        if (!cs_fr_is_zero(t.coef))
            e->terms[out++] = t;
    }
    e->n = out;
}

void cs_expr_clear(cs_expr *e) {
    e->n = 0;
}

void cs_expr_free(cs_expr *e) {
    cs_free(e->terms);
    *e = (cs_expr){0};
}

cs_fr cs_expr_value(const cs_expr *e, const cs_fr *z, cs_fr unit, int rank) {
    cs_fr sum = CS_FR_ZERO;
    for (size_t k = 0; k < e->n; k++) {
        const cs_term t = e->terms[k];
        if (!CS_IS_CONST(t.var))
            sum = cs_fr_add(sum, cs_fr_mul(t.coef, z[t.var]));
        else if (rank < 0 || t.var == CS_CONST(rank))
            sum = cs_fr_add(sum, cs_fr_mul(t.coef, unit));
    }
    return sum;
}
