/* Exact integer training of one rank, and what it keeps for the proof. */
#ifndef CS_TRAIN_SGD_H
#define CS_TRAIN_SGD_H

#include "base/pipe.h"
#include "train/blocks.h"
#include "train/model.h"

typedef struct cs_trainer cs_trainer;

/** `tensors` (one per block) holds the rank's D and Y; the trainer fills the others step by step, except MULT and F.
 * `draws`: this rank's, [steps * batch]. `member`: a name for error texts. `p` is valid. All arguments but `out` are
 * borrowed and must outlive the trainer; `initial` is copied. CS_ERR_INPUT if `initial` does not fit the parameters,
 * CS_ERR_RANGE if it is so large that a sum could leave 64 bits, CS_ERR_MEMORY. Local.
 *
 * `tensors` NULL: the rank is idle. It has no draws and no blocks, its gradients are zero, and it keeps the model alone. */
cs_status cs_trainer_new(cs_trainer **out, const cs_params *p, int rank, const char *member, const cs_model *initial,
                         const uint32_t *draws, const cs_blocks *blocks, cs_tensor *tensors);
void cs_trainer_free(cs_trainer *t);

/** Number of gradient entries: all layers, each (n_{l-1}+1) x n_l row-major. */
size_t cs_trainer_size(const cs_trainer *t);

/** Forward and backward pass of step `step` (0, 1, … in turn, each followed by its update) on this rank's batch; writes
 * out[size], its own gradient mod 2^64, no pads. CS_ERR_RANGE names layer, step, rank and member when a value leaves its
 * declared range, and says which field of the job to change; values are not told. Local. */
cs_status cs_trainer_gradient(cs_trainer *t, size_t step, uint64_t *out);

/** W -= rate[step] * sum, with the public bounds on |G| and |W| checked: CS_ERR_ABORT (noise: another rank saw something
 * else). Also keeps the random projections of W(step + 1) for cs_trainer_check_*. CS_ERR_RANGE if W is now so large that a
 * sum could leave 64 bits. The trainer is of no use after a failure. Local. */
cs_status cs_trainer_update(cs_trainer *t, size_t step, const uint64_t *sum);

/** The model now. Borrowed. */
const cs_model *cs_trainer_model(const cs_trainer *t);

/** Steps made. */
size_t cs_trainer_done(const cs_trainer *t);

/** Everything made so far, secrets included: the model now (8 bytes a weight, layer by layer); of each layer the random
 * vectors of the check (8 bytes each: by row, by column) and the projections of W(0)..W(done) (16 bytes each: by column, by
 * row); of the tensors filled by training the entries of the steps made, in their own types. Little-endian. Not after a
 * failure. Restoring needs a new trainer of the same parameters and draws; CS_ERR_INPUT if the model is out of bounds. Of no
 * use after a failure. Local. */
cs_status cs_trainer_save(const cs_trainer *t, const cs_writer *out);
cs_status cs_trainer_restore(cs_trainer *t, size_t done, const cs_reader *in);

/** Before a weight table meets private data (6.3). Columns: table[2^step_bits][2^long_width_bits(l-1)] = W_l(t) contracted
 * over its columns with vector[2^width_bits(l)]. Rows: table[2^step_bits][2^width_bits(l)] = W_l(t) contracted over its rows
 * with vector[2^long_width_bits(l-1)]. Padded steps have W(T). A wrong entry anywhere is found except with probability
 * 2^-62: CS_ERR_ABORT, whatever the rank's data, and *wrong, unless NULL, is the first t whose entries are wrong. After the
 * last step only, rows of l > 1 only; CS_ERR_MEMORY. Local. */
cs_status cs_trainer_check_columns(const cs_trainer *t, size_t l, const cs_fr *table, const cs_fr *vector, size_t *wrong);
cs_status cs_trainer_check_rows(const cs_trainer *t, size_t l, const cs_fr *table, const cs_fr *vector, size_t *wrong);

/** What a tampering test may change besides tensors: the batch's row indices, values = [1][batch], the rank's own gradient
 * matrix of a layer, and the sums that it shows, values = [1][its part]. */
enum { CS_TAMPER_DRAW = 1000, CS_TAMPER_GRADIENT = 1001, CS_TAMPER_SUM = 1002 };

#ifdef CS_TAMPER
/** Test builds only, and nothing of it exists in others: called for every tensor of every step right after it is computed
 * and before anything uses it, so that everything that follows is consistent with the change. values[rows][columns]; `what`
 * is a block kind or one of the above. With a hook set, ranges are not checked, and a tensor whose type cannot hold a value
 * becomes one of field elements. Values that later computations use as operands (A, S, V, P, D) must stay within 32 bits,
 * draws within the dataset. */
typedef void cs_tamper_fn(void *context, int rank, size_t step, int what, size_t layer, size_t limb, int64_t *values,
                          size_t rows, size_t columns);
void cs_trainer_set_tamper(cs_trainer *t, cs_tamper_fn *fn, void *context);
void cs_trainer_tamper_sum(cs_trainer *t, size_t step, uint64_t *values, size_t n);
#endif

#endif
