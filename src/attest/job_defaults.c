#include "attest/job_defaults.h"

#include <math.h>

#include "attest/plan.h"

cs_status cs_default_limbs(cs_params *p) {
    const unsigned n = (p->w + p->value_bits - 1) / p->value_bits;
    if (n > CS_MAX_LIMBS)
        return cs_fail(CS_ERR_INPUT,
                       "w = %u bits need %u limbs of at most %u bits, more than %d: choose coarser rates or scales", p->w, n,
                       p->value_bits, CS_MAX_LIMBS);
    p->n_limbs = n;
    for (unsigned k = 0; k < n; k++)
        p->limb_bits[k] = p->w / n + (k < p->w % n);
    return CS_OK;
}

unsigned cs_default_exp_bits(const cs_params *p) {
    unsigned e = 1;
    while (e < p->value_bits && p->widths[p->layers] <= ((size_t)1 << p->value_bits) >> (e + 1))
        e++;
    return e;
}

void cs_default_initial_max(cs_params *p) {
    for (size_t l = 1; l <= p->layers; l++) {
        const double in = (double)p->widths[l - 1], out = l == p->layers ? (double)p->widths[l] : 0;
        p->initial_max[l - 1] = (int64_t)round(ldexp(sqrt(6 / (in + out)), (int)p->w));
    }
}

/* So many ranks, beyond the first, make a column cost twice as much as a row. */
static const double COLUMN_RANKS = 16;

cs_status cs_default_column_bits(cs_params *p) {
    double best = INFINITY;
    unsigned choice = 0;
    for (unsigned c = 4; c <= 16; c++) {
        cs_plan plan;
        p->column_bits = c;
        CS_TRY(cs_plan_new(&plan, p));
        const double ranks = 1 + (p->n_ranks - 1) / COLUMN_RANKS;
        const double cost = (double)plan.committed_rows + ranks * (double)plan.columns;
        if (cost < best) {
            best = cost;
            choice = c;
        }
    }
    p->column_bits = choice;
    return CS_OK;
}
