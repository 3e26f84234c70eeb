/* How a member uses its datasets in a run: the documents in their order, what each pass takes of them, and under which
 * certificates. Part of job, manifest and statement. Local. */
#ifndef CS_ATTEST_DATASET_USE_H
#define CS_ATTEST_DATASET_USE_H

#include "provenance/dataset_doc.h"
#include "train/params.h"
#include "train/passes.h"
#include "train/sampler.h"

/** Most datasets of one member. */
enum { CS_MAX_DATASETS = 256 };

typedef struct cs_dataset_use {
    cs_dataset_doc doc;      /* owned */
    double weight;           /* of the sampler (train/sampler.h) */
    size_t per_epoch, total; /* the member's own limits; CS_NO_LIMIT: none */
    bool has_certificate;    /* else `certificate` is zero */
    uint8_t certificate[32]; /* digest of the certificate's body */
} cs_dataset_use;

/** A member's datasets: n = 0 before they are known. Freed by cs_dataset_uses_free. */
typedef struct cs_dataset_uses {
    size_t n;
    cs_dataset_use *use; /* [n] owned */
} cs_dataset_uses;

/** n uses with weight 1 and nothing else. CS_ERR_MEMORY. */
cs_status cs_dataset_uses_new(cs_dataset_uses *out, size_t n);
void cs_dataset_uses_free(cs_dataset_uses *u);
cs_status cs_dataset_uses_copy(cs_dataset_uses *out, const cs_dataset_uses *u);

/** out[u->n] = the documents, for provenance/shard.h. Borrowed. */
void cs_dataset_uses_docs(const cs_dataset_doc **out, const cs_dataset_uses *u);

/** Where each dataset lies, with its weight and limits: *pieces, the caller's also after a failure (cs_free); a view of
 * them; and the shard's extent. CS_ERR_INPUT, CS_ERR_MEMORY. */
cs_status cs_dataset_uses_place(cs_piece **pieces, cs_pieces *shard, size_t *extent, const cs_dataset_uses *u);

/** The passes that n_draws draws take of a member's datasets. CS_ERR_INPUT if their totals do not suffice; CS_ERR_MEMORY. */
cs_status cs_dataset_uses_count_passes(size_t *out, const cs_dataset_uses *u, size_t n_draws);

/** The datasets of all members fit the parameters (cs_shard_check), all have a proof or none has (params.certified), all
 * have the same schema, no dataset is there twice. CS_ERR_INPUT; CS_REJECT of the kind schema. */
cs_status cs_dataset_uses_check(const cs_dataset_uses *const *members, const cs_params *p);

/** The one schema of all datasets (cs_dataset_doc_schema_digest). CS_ERR_MEMORY. */
cs_status cs_dataset_uses_schema(uint8_t out[32], const cs_dataset_uses *u);

/** [{"certificate", "document", "per_epoch", "total", "weight"}, …], what is not there null; with `digests` the document is
 * replaced by its digest as "digest" and its "rows". New; NULL without memory. */
json_t *cs_dataset_uses_to_json(const cs_dataset_uses *u, bool digests);

/** Reads what cs_dataset_uses_to_json(…, false) gives. *out is the caller's, also after a failure. CS_ERR_INPUT, CS_REJECT
 * (unknown), CS_ERR_MEMORY. */
cs_status cs_dataset_uses_from_json(cs_dataset_uses *out, const cs_json *v);

/** Weight and limits of one use: three optional numbers, limits may be null. CS_ERR_INPUT. */
cs_status cs_dataset_use_read_limits(cs_dataset_use *out, const cs_json *v);

#endif
