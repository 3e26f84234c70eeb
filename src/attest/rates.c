#include "attest/rates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* rate / batch = *odd * 2^-*shift with an odd integer, if there is one. */
static int split(uint64_t *odd, int *shift, double rate, size_t batch) {
    int exponent, batch_bits = 0;
    uint64_t m = (uint64_t)ldexp(frexp(rate, &exponent), 53);
    exponent -= 53;
    while (m % 2 == 0) {
        m /= 2;
        exponent++;
    }
    for (; batch % 2 == 0; batch /= 2)
        batch_bits++;
    if (m % batch != 0)
        return 0;
    *odd = m / batch;
    *shift = batch_bits - exponent;
    return 1;
}

/* The rate with the smallest s that is within `tolerance` (relative) of the wanted one. */
static double nearest(double rate, size_t batch, double tolerance) {
    double best = 0;
    for (int s = 0; s <= CS_MAX_RATE_SHIFT; s++) {
        const double c = round(ldexp(rate / (double)batch, s)), near = ldexp(c * (double)batch, -s);
        if (c < 1)
            continue;
        best = near;
        if (fabs(near - rate) <= tolerance * rate)
            break;
    }
    return best;
}

/* The shortest decimal that reads back as x. */
static const char *decimal(char text[32], double x) {
    for (int digits = 4; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
    return text;
}

static cs_status fail(double rate, size_t batch) {
    const double coarse = nearest(rate, batch, 0.07), fine = nearest(rate, batch, 0.005);
    if (coarse <= 0 || coarse >= ldexp((double)batch, CS_MAX_RATE_BITS))
        return cs_fail(CS_ERR_INPUT, "%.10g is out of reach for a global batch of %zu; allowed: %.3g to %.3g", rate, batch,
                       ldexp((double)batch, -CS_MAX_RATE_SHIFT), ldexp((double)batch, CS_MAX_RATE_BITS));
    char a[32], b[32];
    return cs_fail(CS_ERR_INPUT,
                   "%.10g is not an integer multiple of a power of two times the global batch %zu; allowed rates near it: "
                   "%s (cheaper), "
                   "%s (nearer)",
                   rate, batch, decimal(a, coarse), decimal(b, fine));
}

cs_status cs_rates_exact(unsigned *s, int64_t *c, size_t *bad, const double *rate, size_t n, size_t global_batch) {
    int widest = 0;
    for (size_t k = 0; k < n; k++) {
        uint64_t odd;
        int shift;
        *bad = k;
        if (!split(&odd, &shift, rate[k], global_batch) || shift > CS_MAX_RATE_SHIFT || odd >> CS_MAX_RATE_BITS != 0)
            return fail(rate[k], global_batch);
        widest = shift > widest ? shift : widest;
    }
    for (size_t k = 0; k < n; k++) {
        uint64_t odd = 0;
        int shift = 0;
        *bad = k;
        if (!split(&odd, &shift, rate[k], global_batch) || widest - shift >= CS_MAX_RATE_BITS ||
            odd << (widest - shift) >> CS_MAX_RATE_BITS != 0)
            return cs_fail(CS_ERR_INPUT, "%.10g is more than 2^%d times finer or coarser than another rate of this job",
                           rate[k], CS_MAX_RATE_BITS);
        c[k] = (int64_t)(odd << (widest - shift));
    }
    *s = (unsigned)widest;
    return CS_OK;
}
