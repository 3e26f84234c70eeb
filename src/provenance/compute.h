/* What a training run computed, counted from the declared program (docs/provenance.md, "Counting"). Local. */
#ifndef CS_PROVENANCE_COMPUTE_H
#define CS_PROVENANCE_COMPUTE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** With n_0 … n_L the widths and D the draws: forward = D · sum over l = 1..L of n_{l-1} n_l, the products of activations
 * with weights; errors = D · the same sum from l = 2, the products of errors with weights; updates = D · the same sum from
 * l = 1, the products of activations with errors. Biases are additions; what is done once per neuron or once per weight and
 * step is not counted. */
typedef struct cs_compute {
    uint64_t steps;
    uint64_t draws;      /* records used, of all members and steps together; one drawn twice counts twice */
    uint64_t parameters; /* weights and biases: sum of (n_{l-1} + 1) n_l */
    uint64_t forward, errors, updates;
    uint64_t multiply_adds; /* the three together */
} cs_compute;

/** Counts for widths[layers + 1], `steps` steps and `batch` draws a step of all members together. CS_ERR_INPUT if a count is
 * 2^63 or more. */
cs_status cs_compute_count(cs_compute *out, const size_t *widths, size_t layers, uint64_t steps, uint64_t batch);

#endif
