/* W(0) of a run: from the seed, from a file, or the final model of an earlier attestation. */
#include <string.h>

#include "attest/model_file.h"
#include "attest/model_opening.h"
#include "attest/run_state.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "base/strings.h"
#include "data/opening_file.h"

enum { TAG_INITIAL = 0x10020 };

static bool is_root(const cs_run_state *r) {
    return r->comm->rank == 0;
}

/* ------------------------------------------------------------ before anyone is bothered */

static cs_status load_file(cs_run_state *r) {
    CS_TRY(cs_model_load(&r->initial, &r->job.params, r->job.initial));
    return cs_fail_prefix(cs_model_validate(&r->initial, &r->job.params, true), "%s (bounds: model.initial_max of the job)",
                          r->job.initial);
}

/* Rank 0 alone has the model that is only committed, and what opens its commitments. */
static cs_status load_committed(cs_run_state *r) {
    const cs_job_previous *before = &r->job.previous;
    char *path = NULL;
    r->initial_blindings = CS_NEW(cs_fr, before->n_rows);
    if (r->initial_blindings == NULL)
        return CS_ERR_MEMORY;
    if (!is_root(r))
        return CS_OK;
    CS_TRY(load_file(r));
    CS_TRY(cs_string_own(&path, cs_string_format("%s.opening", r->job.initial)));
    const cs_status status = cs_model_opening_read(r->initial_blindings, path, before->rows, before->n_rows);
    cs_free(path);
    return status;
}

cs_status cs_run_load_initial(cs_run_state *r) {
    const cs_job_previous *before = &r->job.previous;
    if (before->committed)
        return load_committed(r);
    r->initial_given = before->given || r->job.initial != NULL;
    if (!r->initial_given)
        return CS_OK;
    CS_TRY(before->given ? cs_model_copy(&r->initial, &before->model) : load_file(r));
    cs_model_digest(r->initial_digest, &r->initial);
    return CS_OK;
}

/* ------------------------------------------------------------ from rank 0 to the others */

static void pack(cs_buffer *out, const cs_run_state *r) {
    for (size_t l = 0; l < r->initial.layers; l++)
        for (size_t k = 0; k < r->initial.rows[l] * r->initial.columns[l]; k++)
            cs_buffer_append_u64(out, (uint64_t)r->initial.w[l][k]);
    cs_opening_append_blindings(out, r->initial_blindings, r->job.previous.n_rows);
}

static cs_status unpack(cs_run_state *r, const cs_buffer *in) {
    const uint8_t *at = in->data;
    CS_TRY(cs_model_new(&r->initial, &r->statement.params));
    if (in->size != 8 * cs_model_size(&r->initial) + 32 * r->job.previous.n_rows)
        return cs_fail(CS_ERR_ABORT, "the root sent %zu bytes as initial model and its blindings", in->size);
    for (size_t l = 0; l < r->initial.layers; l++)
        for (size_t k = 0; k < r->initial.rows[l] * r->initial.columns[l]; k++, at += 8)
            r->initial.w[l][k] = (int64_t)cs_load_u64(at);
    for (size_t k = 0; k < r->job.previous.n_rows; k++, at += 32)
        if (!cs_fr_decode(&r->initial_blindings[k], at))
            return cs_fail(CS_ERR_ABORT, "the root sent a blinding that is not reduced");
    return CS_OK;
}

/* Every member makes sure that the model is the one that the earlier attestation commits to. */
static cs_status check_commitments(const cs_run_state *r) {
    const cs_job_previous *before = &r->job.previous;
    CS_TRY(cs_fail_prefix(cs_model_validate(&r->initial, &r->statement.params, true), "W(0)"));
    cs_g1_affine *points = CS_NEW(cs_g1_affine, before->n_rows);
    if (points == NULL)
        return CS_ERR_MEMORY;
    cs_status status = cs_model_commit(points, &r->statement.params, &r->initial, r->initial_blindings, before->n_rows);
    for (size_t k = 0; status == CS_OK && k < before->n_rows; k++) {
        uint8_t a[32], b[32];
        cs_g1_encode(a, points[k]);
        cs_g1_encode(b, before->rows[k]);
        if (memcmp(a, b, sizeof a) != 0)
            status = cs_fail(is_root(r) ? CS_ERR_INPUT : CS_ERR_ABORT,
                             "the initial model is not the one that the earlier attestation commits to");
    }
    cs_free(points);
    return status;
}

cs_status cs_run_share_initial(cs_run_state *r) {
    cs_buffer message = {0};
    if (!r->job.previous.committed)
        return CS_OK;
    if (is_root(r)) {
        CS_TRY(check_commitments(r));
        pack(&message, r);
        cs_pads_mask_broadcast(r->pads, CS_LABEL_INITIAL_MODEL_VALUE, 0, message.data, message.size);
    }
    cs_status status = cs_buffer_status(&message);
    if (status == CS_OK)
        status = cs_comm_gather(r->comm, TAG_INITIAL | CS_COMM_MASKED, NULL, 0, NULL);
    if (status == CS_OK)
        status = cs_comm_reply(r->comm, TAG_INITIAL | CS_COMM_MASKED, &message);
    if (status == CS_OK && !is_root(r)) {
        cs_pads_mask_broadcast(r->pads, CS_LABEL_INITIAL_MODEL_VALUE, 0, message.data, message.size);
        status = unpack(r, &message);
        if (status == CS_OK)
            status = check_commitments(r);
    }
    cs_buffer_free(&message);
    return status;
}
