#include "provenance/wellformed.h"

#include <string.h>

#include "base/bits.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "finale/finale.h"
#include "poly/mle.h"
#include "provenance/wellformed_parts.h"
#include "relation/padding.h"
#include "witness/witness.h"

enum { LEDGER_WIDTH = 16 };
enum { BLOCK_D, BLOCK_Y, BLOCK_MULT, N_BLOCKS };

/* One proof in the making or being checked; `witness` is NULL when verifying. */
typedef struct proof {
    cs_session session;
    const cs_dataset_doc *doc;
    const cs_wellformed_witness *given;
    cs_dataset_bits bits;
    cs_ranges ranges;
    cs_layout layout;
    cs_tensor tensors[N_BLOCKS]; /* prover; MULT is owned, the others are borrowed */
    cs_witness witness;
    cs_lookup lookup;
} proof;

/* ------------------------------------------------------------ what is proved of */

static cs_status make_layout(proof *p) {
    const cs_dataset_doc *d = p->doc;
    const cs_dataset_bits b = p->bits;
    const unsigned table = cs_bits(p->ranges.n);
    const cs_block blocks[N_BLOCKS] = {
        [BLOCK_D] = {.axes = 2, .shape = {d->rows, d->features}, .bits = {b.rows, b.in}, .certified = true},
        [BLOCK_Y] = {.axes = 2, .shape = {d->rows, d->classes}, .bits = {b.rows, b.out}, .certified = true},
        [BLOCK_MULT] = {.axes = 1, .shape = {p->ranges.n}, .bits = {table}}};
    return cs_layout_new(&p->layout, blocks, N_BLOCKS, b.columns);
}

/* How often each row of the table is looked up. */
static cs_status count_lookups(proof *p) {
    const cs_dataset_doc *d = p->doc;
    cs_tensor *counts = &p->tensors[BLOCK_MULT];
    CS_TRY(cs_tensor_new(counts, p->ranges.n, 0, (int64_t)(d->rows * d->features)));
    for (size_t row = 0; row < d->rows; row++)
        for (size_t k = 0; k < d->features; k++) {
            const int64_t value = cs_tensor_get(&p->tensors[BLOCK_D], (row << p->bits.in) + k);
            const size_t at = cs_ranges_find(&p->ranges, k, value);
            if (at != SIZE_MAX) /* else the sum of the fractions is not zero */
                cs_tensor_set(counts, at, cs_tensor_get(counts, at) + 1);
        }
    return CS_OK;
}

static cs_status open_proof(proof *p) {
    p->bits = cs_dataset_doc_bits(p->doc);
    CS_TRY(cs_ranges_new(&p->ranges, p->doc));
    CS_TRY(make_layout(p));
    if (p->given == NULL)
        return CS_OK;
    p->tensors[BLOCK_D] = p->given->matrices->d;
    p->tensors[BLOCK_Y] = p->given->matrices->y;
    return count_lookups(p);
}

static void close_proof(proof *p) {
    if (p->witness.session != NULL)
        cs_witness_free(&p->witness);
    cs_tensor_free(&p->tensors[BLOCK_MULT]);
    cs_layout_free(&p->layout);
    cs_ranges_free(&p->ranges);
    cs_session_free(&p->session);
    cs_free(p);
}

/* Rows of one matrix in the order of the layout; beyond the document's they are the identity, that is zero. */
static size_t put_rows(const proof *p, int block, size_t from, size_t n, cs_g1_affine *points, cs_fr *blindings, size_t at) {
    const size_t all = p->layout.blocks[block].size >> p->layout.column_bits;
    for (size_t k = 0; k < all; k++) {
        points[at + k] = k < n ? p->doc->commitments[from + k] : CS_G1_AFFINE_IDENTITY;
        if (blindings != NULL)
            blindings[at + k] = k < n ? p->given->blindings[from + k] : CS_FR_ZERO;
    }
    return at + all;
}

static void certified_rows(const proof *p, cs_g1_affine *points, cs_fr *blindings) {
    const size_t features = cs_dataset_doc_feature_rows(p->doc), labels = cs_dataset_doc_label_rows(p->doc);
    const bool d_first = p->layout.blocks[BLOCK_D].offset < p->layout.blocks[BLOCK_Y].offset;
    size_t at = 0;
    if (d_first)
        at = put_rows(p, BLOCK_D, 0, features, points, blindings, at);
    at = put_rows(p, BLOCK_Y, features, labels, points, blindings, at);
    if (!d_first)
        (void)put_rows(p, BLOCK_D, 0, features, points, blindings, at);
}

/* Commits to the multiplicities, or reads their commitments. */
static cs_status commit(proof *p) {
    const size_t n = cs_layout_count(&p->layout, 0, true);
    const bool proving = p->given != NULL;
    cs_g1_affine *points = CS_NEW(cs_g1_affine, n);
    cs_fr *blindings = proving ? CS_NEW(cs_fr, n) : NULL;
    cs_status status = points != NULL && (blindings != NULL || !proving) ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK)
        certified_rows(p, points, blindings);
    status = cs_session_fail(&p->session, status);
    if (status == CS_OK)
        status = cs_witness_new(&p->witness, &p->session, &p->layout, &points, proving ? p->tensors : NULL, blindings, NULL);
    cs_free(points);
    cs_free(blindings);
    return status;
}

/* ------------------------------------------------------------ what is proved */

static void load_labels(const void *tensor, size_t offset, size_t n, cs_fr *out) {
    cs_tensor_load(out, tensor, offset, n);
}

/* Y y = Y, entry by entry: sum of eq(r, x) (Y(x)^2 - Y(x)) = 0. */
static cs_status labels_are_bits(proof *p) {
    cs_session *s = &p->session;
    const unsigned bits = p->bits.rows + p->bits.out;
    cs_fr r[2 * CS_AXIS_BITS], omega, minus;
    cs_expr zero = {0}, value = {0};
    cs_sc_result at;
    cs_session_challenges(s, CS_LABEL_LABELS_BITS_POINT, r, bits);
    cs_session_rank_weights(s, CS_LABEL_LABELS_RANKS, &omega);
    minus = cs_fr_neg(omega);
    const cs_sumcheck what = {.label = CS_LABEL_LABELS_BITS,
                              .bits = bits,
                              .n_own = 1,
                              .n_terms = 2,
                              .eq_point = r,
                              .terms = {{.weights = &omega, .pub = CS_SC_NO_PUBLIC, .n_factors = 2, .factor = {0, 0}},
                                        {.weights = &minus, .pub = CS_SC_NO_PUBLIC, .n_factors = 1, .factor = {0}}}};
    cs_sc_witness tables = {.tables = {{.load = load_labels, .context = &p->tensors[BLOCK_Y]}}};
    CS_TRY(cs_sumcheck_run(s, &what, &zero, &tables, &at));
    const cs_axis axes[2] = {cs_axis_eq(at.point, p->bits.rows), cs_axis_eq(at.point + p->bits.rows, p->bits.out)};
    cs_session_rank_weights(s, CS_LABEL_CLAIM_RANKS, &omega);
    cs_expr_add_term(&value, omega, cs_sc_own(&at, 0, 0));
    cs_status status = cs_witness_claim(&p->witness, &value);
    if (status == CS_OK)
        status = cs_witness_part(&p->witness, &omega, CS_FR_ONE, BLOCK_Y, axes);
    return cs_session_fail(s, status);
}

static cs_status features_in_range(proof *p) {
    p->lookup = (cs_lookup){.n_columns = 1,
                            .columns = {{.n = 1, .block = {BLOCK_D}, .coef = {1}}},
                            .shaped_like = BLOCK_D,
                            .lines = p->ranges.lines};
    const cs_lookups what = {.list = &p->lookup,
                             .n = 1,
                             .table = {p->ranges.n, p->ranges.tag, {p->ranges.value, p->ranges.none, p->ranges.none}},
                             .multiplicities = BLOCK_MULT};
    return cs_lookup_prove(&p->witness, &what);
}

/* Every record has one label: sum of Y(r, j) over j is 1 for all real rows at a random point. */
static cs_status one_label_each(proof *p) {
    cs_session *s = &p->session;
    cs_fr omega, r[CS_AXIS_BITS];
    cs_expr value = {0};
    cs_session_rank_weights(s, CS_LABEL_LABELS_RANKS, &omega);
    cs_session_challenges(s, CS_LABEL_LABELS_POINT, r, p->bits.rows);
    cs_expr_add_const(&value, cs_fr_mul(omega, cs_indicator(r, p->bits.rows, p->doc->rows)), 0);
    const cs_axis axes[2] = {cs_axis_eq(r, p->bits.rows), cs_axis_ones(p->bits.out)};
    cs_status status = cs_witness_claim(&p->witness, &value);
    if (status == CS_OK)
        status = cs_witness_part(&p->witness, &omega, CS_FR_ONE, BLOCK_Y, axes);
    return cs_session_fail(s, status);
}

/* The whole protocol, in the one order that both roles follow. */
static cs_status run(proof *p, const cs_progress *progress) {
    CS_TRY(cs_session_fail(&p->session, open_proof(p)));
    CS_TRY(commit(p));
    CS_TRY(labels_are_bits(p));
    cs_progress_report(progress, "ranges", 0);
    CS_TRY(features_in_range(p));
    CS_TRY(one_label_each(p));
    CS_TRY(cs_relation_zero_padding(&p->witness));
    cs_progress_report(progress, "opening", 0);
    CS_TRY(cs_witness_open(&p->witness));
    cs_progress_report(progress, "finale", 0);
    cs_finale *finale = NULL;
    cs_status status = cs_finale_fold(&p->session, &finale);
    if (status == CS_OK)
        status = cs_finale_prove(finale);
    if (status == CS_OK)
        status = cs_witness_prove_opening(&p->witness);
    cs_finale_free(finale);
    return status == CS_OK ? cs_session_finish(&p->session) : status;
}

/* ------------------------------------------------------------ the two roles */

static cs_status prove(cs_comm *comm, const cs_keyring *keys, cs_pads *pads, const cs_dataset_doc *doc,
                       const cs_wellformed_witness *witness, const cs_progress *progress, cs_buffer *out) {
    uint8_t digest[32];
    CS_TRY(cs_dataset_doc_base_digest(digest, doc));
    proof *p = CS_NEW(proof, 1);
    if (p == NULL)
        return CS_ERR_MEMORY;
    p->doc = doc;
    p->given = witness;
    cs_status status = cs_session_prove(&p->session, comm, keys, pads, digest, LEDGER_WIDTH, out);
#ifdef CS_TAMPER
    p->session.attack = witness->attack;
#endif
    if (status == CS_OK)
        status = run(p, progress);
#ifdef CS_TAMPER
    if (witness->attack && witness->attack->observe)
        witness->attack->observe(witness->attack->context, &p->session);
#endif
    close_proof(p);
    return status;
}

/* A session of one rank needs keys as any other, though there is nobody to share them with. */
cs_status cs_wellformed_prove_witness(const cs_dataset_doc *doc, const cs_wellformed_witness *witness,
                                      const cs_progress *progress, cs_buffer *out) {
    static const uint8_t job[32] = {0};
    cs_comm comm;
    cs_identity me;
    cs_keyring keys = {0};
    cs_pads *pads = NULL;
    cs_buffer_clear(out);
    cs_comm_self(&comm);
    cs_status status = cs_identity_generate(&me);
    if (status == CS_OK)
        status = cs_handshake(&comm, &me, NULL, job, &keys);
    if (status == CS_OK)
        status = cs_pads_new(&pads, &keys);
    if (status == CS_OK)
        status = prove(&comm, &keys, pads, doc, witness, progress, out);
    cs_pads_free(pads);
    cs_keyring_free(&keys);
    cs_identity_wipe(&me);
    cs_comm_free(&comm);
    return status;
}

cs_status cs_wellformed_prove(const cs_dataset_doc *doc, const cs_dataset_opening *opening, const cs_progress *progress,
                              cs_buffer *out) {
    cs_dataset_matrices m;
    CS_TRY(cs_dataset_matrices_new(&m, doc, opening));
    const cs_wellformed_witness witness = {.matrices = &m, .blindings = opening->blindings};
    const cs_status status = cs_wellformed_prove_witness(doc, &witness, progress, out);
    cs_dataset_matrices_free(&m);
    return status;
}

void cs_wellformed_seal(cs_dataset_doc *doc, const cs_buffer *proof_file) {
    doc->has_proof = true;
    cs_sha256(doc->proof_digest, proof_file->data, proof_file->size);
}

static cs_status verify(const cs_dataset_doc *doc, const uint8_t *in, size_t size, cs_deferred *later) {
    uint8_t digest[32];
    CS_TRY(cs_dataset_doc_base_digest(digest, doc));
    proof *p = CS_NEW(proof, 1);
    if (p == NULL)
        return CS_ERR_MEMORY;
    p->doc = doc;
    cs_status status = cs_session_verify(&p->session, 1, digest, LEDGER_WIDTH, in, size);
    p->session.later = later;
    if (status == CS_OK)
        status = run(p, NULL);
    close_proof(p);
    return status;
}

cs_status cs_wellformed_verify_later(const cs_dataset_doc *doc, const uint8_t *in, size_t size, cs_deferred *later) {
    uint8_t digest[32];
    if (!doc->has_proof)
        return cs_fail(CS_REJECT, "dataset \"%s\" names no well-formedness proof", doc->name);
    cs_sha256(digest, in, size);
    if (memcmp(digest, doc->proof_digest, sizeof digest) != 0)
        return cs_fail(CS_REJECT, "dataset \"%s\": this is not the well-formedness proof that its document names",
                       doc->name);
    return cs_fail_prefix(verify(doc, in, size, later), "well-formedness of dataset \"%s\"", doc->name);
}

cs_status cs_wellformed_verify(const cs_dataset_doc *doc, const uint8_t *in, size_t size) {
    return cs_wellformed_verify_later(doc, in, size, NULL);
}
