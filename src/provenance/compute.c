#include "provenance/compute.h"

#include <string.h>

/* *sum += a b, below 2^63. */
static bool add_product(uint64_t *sum, uint64_t a, uint64_t b) {
    uint64_t product;
    return !__builtin_mul_overflow(a, b, &product) && !__builtin_add_overflow(*sum, product, sum) && *sum <= INT64_MAX;
}

cs_status cs_compute_count(cs_compute *out, const size_t *widths, size_t layers, uint64_t steps, uint64_t batch) {
    memset(out, 0, sizeof *out);
    out->steps = steps;
    bool fits = steps <= INT64_MAX && add_product(&out->draws, steps, batch);
    for (size_t l = 1; fits && l <= layers; l++) {
        uint64_t weights = 0, forward = 0;
        fits = add_product(&weights, widths[l - 1], widths[l]) && add_product(&forward, out->draws, weights) &&
               add_product(&out->parameters, 1, weights) && add_product(&out->parameters, 1, widths[l]) &&
               add_product(&out->forward, 1, forward) && add_product(&out->updates, 1, forward) &&
               add_product(&out->errors, l > 1, forward);
    }
    fits = fits && add_product(&out->multiply_adds, 1, out->forward) && add_product(&out->multiply_adds, 1, out->errors) &&
           add_product(&out->multiply_adds, 1, out->updates);
    return fits ? CS_OK : cs_fail(CS_ERR_INPUT, "the run's draws, parameters or multiply-adds are 2^63 or more");
}
