/* What a job file leaves open. Local. */
#ifndef CS_ATTEST_JOB_DEFAULTS_H
#define CS_ATTEST_JOB_DEFAULTS_H

#include "attest/job.h"

enum { CS_DEFAULT_A = 8, CS_DEFAULT_D = 12, CS_DEFAULT_VALUE_BITS = 16, CS_DEFAULT_LEDGER_WIDTH = 16 };

/** As few limbs for w bits as possible, each at most value_bits bits, as equal as possible, larger ones first. CS_ERR_INPUT
 * if more than CS_MAX_LIMBS would be needed. */
cs_status cs_default_limbs(cs_params *p);

/** The largest e with widths[layers] << e <= 2^value_bits (at least 1; cs_params_validate refuses it if even that is too
 * much). */
unsigned cs_default_exp_bits(const cs_params *p);

/** Bounds of W(0), uniform: He (sqrt(6 / n_in)) before a relu, Glorot (sqrt(6 / (n_in + n_out))) for the last layer, times
 * 2^w, rounded. */
void cs_default_initial_max(cs_params *p);

/** The number of columns (as its logarithm) that makes rows of all ranks' commitments plus columns smallest: both the
 * proof's length and the verifier's multi-scalar multiplication are about that sum. A column weighs the more the more ranks
 * there are, as each makes its generator and tables and folds it in the opening. Needs all other parameters.
 * CS_ERR_MEMORY. */
cs_status cs_default_column_bits(cs_params *p);

#endif
