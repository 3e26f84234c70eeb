/* The parameters of a run as canonical JSON: part of the statement, of the seed's preimage and of the job's digest. Local.
 */
#ifndef CS_ATTEST_PARAMS_JSON_H
#define CS_ATTEST_PARAMS_JSON_H

#include "data/json.h"
#include "train/params.h"

/** Most training steps, and most draws of all ranks together, that a statement may declare: known before anything is
 * allocated. */
#define CS_MAX_STEPS ((size_t)1 << 24)
#define CS_MAX_DRAWS ((size_t)1 << 28)

/** A new object; NULL without memory. final_public is not part of it: the statement says it by the form of its final model.
 */
json_t *cs_params_to_json(const cs_params *p);

/** Reads and validates (cs_params_validate). The one encoding of given parameters is accepted, see cs_statement_decode.
 *  *out is the caller's: cs_params_free. CS_ERR_INPUT. */
cs_status cs_params_from_json(cs_params *out, const cs_json *v, bool final_public);

#endif
