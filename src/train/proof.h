/* Internal: the state of one training proof, shared by the files that make its relations. All functions run in both roles;
 * `shard` is NULL when verifying. */
#ifndef CS_TRAIN_PROOF_H
#define CS_TRAIN_PROOF_H

#include "lookup/lookup.h"
#include "relation/contract.h"
#include "session/session.h"
#include "train/instance.h"
#include "train/protocol.h"
#include "witness/witness.h"

enum { CS_WEIGHT_CLAIMS = 3, CS_ERROR_CLAIMS = 4, CS_RELATION_VALUES = 2 };
enum { CS_MAX_RELATIONS = CS_WEIGHT_CLAIMS * CS_MAX_LAYERS };

/** Claim on W_l(tau_t, vk, vj), or on W_l(T) if it has no time. */
typedef struct cs_weight_claim {
    cs_expr value;
    bool has_time;
    cs_axis time, k, j; /* k: long axis */
} cs_weight_claim;

/** Claim on delta_l of every rank at (t, b, j); rank i's value is variable first + i * stride. */
typedef struct cs_error_claim {
    cs_var first;
    size_t stride;
    cs_axis t, b, j;
} cs_error_claim;

typedef struct cs_proof cs_proof;

/** A relation that is shown by values that are committed, claims on them, a sumcheck, and claims at the point where it ends.
 * The first member of what its file needs besides. */
typedef struct cs_relation cs_relation;
struct cs_relation {
    cs_fr values[CS_RELATION_VALUES]; /* prover: this rank's */
    unsigned n_values;
    cs_var first; /* of the values' variables; rank i's, if they are own ones: + i * stride */
    size_t stride;
    cs_sc_job job;
    cs_status (*claim)(cs_proof *p, cs_relation *r);  /* after the values: fills job */
    cs_status (*finish)(cs_proof *p, cs_relation *r); /* after the sumcheck */
    void (*free)(cs_relation *r);
};

/** Relations that do not depend on each other's sumchecks; owns them. */
typedef struct cs_relations {
    cs_relation *list[CS_MAX_RELATIONS];
    size_t n;
} cs_relations;

struct cs_proof {
    cs_session session;
    const cs_instance *instance;
    const cs_params *params;
    cs_shard *shard;
    cs_layout layout;
    cs_witness witness;
    cs_lookup *lookup_list;
    cs_lookups lookups;
    cs_tensor deltas[CS_MAX_LAYERS + 1]; /* prover: delta_l, l = 1..L */
    cs_weight_claim weight_claims[CS_MAX_LAYERS + 1][CS_WEIGHT_CLAIMS];
    cs_error_claim error_claims[CS_MAX_LAYERS + 1][CS_ERROR_CLAIMS];
    unsigned n_weight_claims[CS_MAX_LAYERS + 1], n_error_claims[CS_MAX_LAYERS + 1];
    unsigned bt, bb;          /* bits of the step and batch axes */
    struct cs_naming *naming; /* attribution.c */
};

/* proof.c: pieces of the protocol, for attribution.c too */
cs_status cs_train_open_instance(cs_proof *p, const cs_instance *instance, cs_shard *shard);
void cs_train_close_instance(cs_proof *p);
/** Commits to the witness, or reads its commitments. Collective. */
cs_status cs_train_commit(cs_proof *p);
/** Errors below the output, then the output's: what claims on errors lead to. Collective. */
cs_status cs_train_all_errors(cs_proof *p);
cs_status cs_train_together(cs_proof *p, cs_status (*add)(cs_proof *p, cs_relations *all), cs_label label, bool own);

/* layout.c */
cs_status cs_train_layout(cs_layout *out, const cs_params *p, const cs_blocks *blocks);
/** Certified rows of a rank in row order: points (from the statement) or blindings (of a shard); either may be NULL. */
cs_status cs_train_certified(const cs_instance *instance, const cs_layout *layout, int rank, const cs_shard *shard,
                             cs_g1_affine *points, cs_fr *blindings);

/* lookups.c */
cs_status cs_train_lookups_new(cs_proof *p);
cs_status cs_train_count_lookups(cs_proof *p);
size_t cs_train_real_lookups(const cs_proof *p, int rank);

/* views.c */
cs_view cs_train_activation_view(const cs_proof *p, size_t l); /* A_l with its bias unit; l = 0: the drawn features */
cs_view cs_train_delta_view(const cs_proof *p, size_t l);
cs_status cs_train_make_deltas(cs_proof *p);
/** A tensor as a table of a sumcheck: the context is the cs_tensor. */
void cs_train_load_tensor(const void *tensor, size_t offset, size_t n, cs_fr *out);
static inline size_t cs_train_block(const cs_proof *p, cs_block_kind kind, size_t l, size_t limb) {
    return cs_blocks_find(p->instance->blocks, kind, l, limb);
}

/* claims.c */
/** Value of the claim is sum of omega_i times the rank's variable; omega is drawn here. */
cs_status cs_train_claim_block(cs_proof *p, size_t block, cs_var first, size_t stride, const cs_axis *axes);
/** The same on A_l with its bias unit at (t, b, k), k a long axis; l = 0: on the dataset, through the draws. */
cs_status cs_train_claim_activation(cs_proof *p, size_t l, cs_var first, size_t stride, const cs_axis *t, const cs_axis *b,
                                    const cs_axis *k);
/** Indicator of the real entries of a [T, B, n_l] tensor at a point. */
cs_fr cs_train_real(const cs_proof *p, size_t l, const cs_fr *point);

/* hidden_draws.c */
/** claim = sum over ranks i of ranks[i] sum over (t, b, x) of t(t) b(b) k(x) X_i(t, b, x), X the drawn rows of a dataset's
 * block at hidden positions. Takes the claim. Collective. */
cs_status cs_train_hidden_records(cs_proof *p, cs_expr *claim, const cs_fr *ranks, size_t block, const cs_axis *t,
                                  const cs_axis *b, const cs_axis *k);
/** Hidden draws are rows of the datasets, none twice in a pass, as many of each dataset as is public. Collective. */
cs_status cs_train_hidden_draws(cs_proof *p);

/* relations.c */
/** Takes r, which may be NULL: CS_ERR_MEMORY. Local. */
cs_status cs_train_add_relation(cs_relations *all, cs_relation *r);
/** One message of all values, own variables or shared ones, and the sumchecks together. Frees the relations. Collective. */
cs_status cs_train_prove_relations(cs_proof *p, cs_relations *all, cs_label label, bool own);
void cs_train_free_relations(cs_relations *all);

/* products.c: 6.1 and 6.2. These draw points, receive the weight tables and add relations. */
cs_status cs_train_forward(cs_proof *p, size_t l, cs_relations *all);
cs_status cs_train_backward(cs_proof *p, size_t l, cs_relations *all);
/* tables.c: 6.3, the weight tables */
cs_status cs_train_table_columns(cs_proof *p, size_t l, const cs_axis *j, cs_fr **out);
cs_status cs_train_table_rows(cs_proof *p, size_t l, const cs_axis *k, cs_fr **out);
/* weights.c: 6.3, the claims */
cs_status cs_train_final_model(cs_proof *p, size_t l);
/** Adds a relation for each claim on the layer's weights. */
cs_status cs_train_reduce_weights(cs_proof *p, size_t l, cs_relations *all);
/** Adds a relation of each rank's gradient of layer l at (k, j), weighted by step: sum over s, b of step_weights[s]
 * <A_{l-1}(s,b,·), vk> <delta_l(s,b,·), vj>. Each rank's sum, times `share`, is added to totals[rank], and the prover's own
 * to *mine, when the relation is claimed. */
cs_status cs_train_reduce_gradients(cs_proof *p, size_t l, const cs_axis *k, const cs_axis *j, const cs_fr *step_weights,
                                    cs_fr share, cs_expr *totals, cs_fr *mine, cs_relations *all);
/* softmax.c: 6.5 */
cs_status cs_train_softmax(cs_proof *p, cs_relations *all);
/* errors.c */
/** A hidden layer's: adds a relation. */
cs_status cs_train_reduce_errors(cs_proof *p, size_t l, cs_relations *all);
cs_status cs_train_reduce_output_errors(cs_proof *p);
cs_status cs_train_labels_one_hot(cs_proof *p);

#endif
