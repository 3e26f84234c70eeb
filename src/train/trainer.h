/* Inside the trainer: its state, shared by sgd*.c and by nothing else. */
#ifndef CS_TRAIN_TRAINER_H
#define CS_TRAIN_TRAINER_H

#include "train/int_matmul.h"
#include "train/sgd.h"
#include "train/update.h"
#include "train/weight_check.h"

/** A matrix of 62-bit integers as the kernel takes it: low, or low + 2^31 high if any entry needs it (0 <= low < 2^31 then).
 */
typedef struct cs_sgd_matrix {
    int32_t *low, *high;
    bool wide;
} cs_sgd_matrix;

struct cs_trainer {
    const cs_params *p;
    int rank;
    const char *member;
    const uint32_t *draws;
    const cs_blocks *blocks;
    cs_tensor *tensors; /* NULL: an idle rank, which has nothing below but the model and its bounds */

    cs_model model; /* W(done) */
    size_t done;    /* updates made */
    bool spoilt;    /* an update failed half-way */
    int64_t gradient_max, weight_max[CS_MAX_LAYERS];
    cs_weight_check checks[CS_MAX_LAYERS];
    int32_t *exp; /* [2^value_bits] */
    cs_int_matmul_fn *matmul;
    const cs_update_kernel *update;

    /* For layer l at [l-1]: W_l (the bias row last, for nothing), and its transpose without it for l > 1. */
    cs_sgd_matrix forward[CS_MAX_LAYERS], backward[CS_MAX_LAYERS];

    /* One step. Matrices have `batch` rows; widest = largest of all widths. */
    int64_t *index;                          /* [batch] rows of the dataset */
    int32_t *activation[CS_MAX_LAYERS];      /* A_l at [l]: [batch][n_l] */
    int32_t *mask[CS_MAX_LAYERS];            /* S_l at [l], l > 0 */
    int32_t *delta;                          /* [batch][n_l], of the layer at hand */
    int32_t *transposed;                     /* [n_l][batch] */
    uint64_t *sums, *high_sums;              /* [batch][widest] */
    double *products;                        /* of the kernel */
    int64_t *values, *scratch;               /* [batch][widest] */
    int64_t *hot, *e, *quotient, *remainder; /* softmax: [batch][n_L] */
    int64_t *top, *total;                    /* [batch] */

#ifdef CS_TAMPER
    cs_tamper_fn *tamper;
    void *tamper_context;
#endif
};

/** Test builds with a hook: lets it change values[rows][columns] and says true, so that ranges are not checked. Otherwise
 * false. */
static inline bool cs_sgd_tamper(cs_trainer *t, size_t step, int what, size_t layer, size_t limb, int64_t *values,
                                 size_t rows, size_t columns) {
#ifdef CS_TAMPER
    if (t->tamper != NULL) {
        t->tamper(t->tamper_context, t->rank, step, what, layer, limb, values, rows, columns);
        return true;
    }
#endif
    (void)t, (void)step, (void)what, (void)layer, (void)limb, (void)values, (void)rows, (void)columns;
    return false;
}

/** values[batch][columns] is complete: checks its range and writes it into its block. Every tensor goes through here.
 * CS_ERR_RANGE. */
cs_status cs_sgd_put(cs_trainer *t, size_t step, cs_block_kind kind, size_t layer, size_t limb, int64_t *values,
                     size_t columns);

/** Puts the limbs of the remainder that a quotient leaves of the sums: sums + 2^(w-1) - 2^w quotient. */
cs_status cs_sgd_put_remainder(cs_trainer *t, size_t step, cs_block_kind kind, size_t layer, const int64_t *quotient,
                               size_t columns);

/** out[n] = row `row` of the dataset block D or Y, checked against its range. CS_ERR_RANGE; CS_ERR_INTERNAL for a row that
 * does not exist. */
cs_status cs_sgd_load(cs_trainer *t, size_t step, cs_block_kind kind, int64_t row, int64_t *out, size_t n);

/** Sums of x[batch][inner] times a matrix [inner][columns], added to t->sums. */
void cs_sgd_multiply(cs_trainer *t, const int32_t *x, const cs_sgd_matrix *m, size_t inner, size_t columns);

/** out[k] = round(t->sums[k] / 2^w), halves up. */
void cs_sgd_round(int64_t *out, const cs_trainer *t, size_t n);

/** After W(done) has changed: the kernel's forms of it, and its projections. CS_ERR_RANGE. */
cs_status cs_sgd_refresh(cs_trainer *t);

/** Draws, inputs and all layers; leaves Z_L in t->values, activations and masks. */
cs_status cs_sgd_forward(cs_trainer *t, size_t step);

/** From Z_L in t->values to the output's error in t->delta. */
cs_status cs_sgd_softmax(cs_trainer *t, size_t step);

/* Rows that are worked on while they are in the cache: 64 bytes of each column of the transpose. */
enum { CS_SGD_ROWS = 16 };

/** Rows from..to of in[rows][columns] to these columns of out[columns][rows]. */
void cs_sgd_transpose(int32_t *out, const int32_t *in, size_t rows, size_t columns, size_t from, size_t to);

/** From t->delta to the gradients of all layers, out[cs_trainer_size]. */
cs_status cs_sgd_backward(cs_trainer *t, size_t step, uint64_t *out);

#endif
