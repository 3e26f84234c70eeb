/* The public parameters of a training run: shapes, scales, bounds, schedule. Everything here is part of the statement, and
 * every bound is recomputed from it by every party. Local. */
#ifndef CS_TRAIN_PARAMS_H
#define CS_TRAIN_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { CS_MAX_LAYERS = 16, CS_MAX_RANKS = 64, CS_MAX_LIMBS = 4 };

/** Layers are numbered 1..layers; widths[0] is the number of features, widths[layers] that of classes. Activations are
 * integers at scale 2^a, errors at 2^d, weights at 2^w. A step does W -= rate[t] * sum over ranks and batch of A^T delta,
 * exactly. */
typedef struct cs_params {
    int n_ranks;         /* N: 1..64 */
    size_t steps, batch; /* T >= 1; B >= 1: draws per rank and step */
    size_t layers;       /* L: 1..16 */
    size_t widths[CS_MAX_LAYERS + 1];
    size_t rows[CS_MAX_RANKS]; /* dataset rows of each rank, >= 1; gaps between its datasets included */
    size_t hidden_passes;      /* most passes of a rank over its rows if draws are hidden (hidden_draws.c); 0: public */
    unsigned a, d, w;
    int64_t *rate;                             /* [steps] c_t >= 0; owned */
    int64_t initial_max[CS_MAX_LAYERS];        /* of layer l at [l-1]: |W_l(0)| <= initial_max */
    unsigned n_limbs, limb_bits[CS_MAX_LIMBS]; /* of the w-bit remainders, low limb first; each 1..16, sum w */
    unsigned value_bits;                       /* Z and V are signed numbers of this many bits: 2..16 */
    unsigned exp_bits;                         /* scale of the exp table */
    unsigned column_bits;                      /* C = 2^column_bits columns of the witness matrix */
    size_t ledger_width;                       /* coordinates per message commitment, a power of two, 4..64 */
    bool initial_committed;                    /* W(0) is only committed: the final model of an earlier segment */
    bool final_public;                         /* W(T) is public (else only committed) */
    bool certified; /* all datasets have well-formedness proofs of their own, which the verifier checks too (ranges of
                       features, one-hot labels, zero padding): this proof does not show that again */
} cs_params;

/** Frees what is owned and zeroes the struct. */
void cs_params_free(cs_params *p);

/** Deep copy of parameters with a valid number of steps. CS_ERR_MEMORY. Free with cs_params_free. */
cs_status cs_params_copy(cs_params *out, const cs_params *p);

/** 6.8: all limits and bound inequalities, with a text that names the field. Nothing is shifted, multiplied or allocated
 * before its limit is known. Limits: steps 2^24, batch 2^16, widths 2^20, rows 2^28, hidden passes 2^16, scales 62, rates
 * 2^31, weights 2^62, one rank's padded witness 2^40 entries, models 2^29 weights, datasets 2^24 commitments. CS_ERR_INPUT.
 */
cs_status cs_params_validate(const cs_params *p);

/* Bounds that the lookups enforce on committed tensors, and what follows; valid parameters only. */
int64_t cs_params_activation_max(const cs_params *p); /* |A|, |features|, the bias unit 2^a */
int64_t cs_params_error_max(const cs_params *p);      /* |V|, |P - 2^d Y| */
int64_t cs_params_gradient_max(const cs_params *p);   /* N B activation_max error_max < 2^63 */
/** |W_l(t)| for all t: initial_max + sum of the rates times gradient_max, shown by validate to be below 2^62, so that no
 * product with weights wraps mod r. For l = 1..layers. */
__int128 cs_params_weight_max(const cs_params *p, size_t l);

/* Padded sizes. The short axis of width l has room for widths[l] entries; the long one also for the bias unit at index
 * widths[l] (used by weights and their tables; the output layer has no long axis). */
unsigned cs_params_step_bits(const cs_params *p);
unsigned cs_params_batch_bits(const cs_params *p);
unsigned cs_params_width_bits(const cs_params *p, size_t l);      /* bits(widths[l]) */
unsigned cs_params_long_width_bits(const cs_params *p, size_t l); /* bits(widths[l] + 1) */
unsigned cs_params_row_bits(const cs_params *p);                  /* bits(max rows over the ranks) */

/* Hidden draws: the row number's bits, high ones first, in 1 to 3 digits as equal as possible. */
unsigned cs_params_digits(const cs_params *p);
unsigned cs_params_digit_bits(const cs_params *p, unsigned digit);
unsigned cs_params_pass_bits(const cs_params *p); /* bits(hidden_passes) */

#endif
