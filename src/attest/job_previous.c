/* A job that goes on from the final model of another one: the next segment of a chain. */
#include <string.h>

#include "attest/attestation.h"
#include "attest/job_parts.h"
#include "base/memory.h"

static cs_status check_shape(const cs_job *job, const cs_params *before, const cs_json *v) {
    const cs_params *p = &job->params;
    bool same = p->layers == before->layers && p->w == before->w && p->a == before->a;
    for (size_t l = 0; same && l <= p->layers; l++)
        same = p->widths[l] == before->widths[l];
    return same
               ? CS_OK
               : cs_json_fail(v,
                              "the model there has other widths or scales (a %u, w %u; here a %u, w %u): a chain keeps them",
                              before->a, before->w, p->a, p->w);
}

/* Public weights are their own bound. */
static void bound_by_weights(cs_params *p, const cs_model *m) {
    for (size_t l = 0; l < m->layers; l++) {
        int64_t bound = 1;
        for (size_t k = 0; k < m->rows[l] * m->columns[l]; k++) {
            const int64_t size = m->w[l][k] < 0 ? -m->w[l][k] : m->w[l][k];
            bound = size > bound ? size : bound;
        }
        p->initial_max[l] = bound;
    }
}

/* A committed model is known to be within the bounds of its own training; its rows are used as they are. */
static cs_status take_rows(cs_job *job, const cs_statement *before) {
    cs_job_previous *out = &job->previous;
    cs_params *p = &job->params;
    out->committed = p->initial_committed = true;
    for (size_t l = 1; l <= p->layers; l++)
        p->initial_max[l - 1] = (int64_t)cs_params_weight_max(&before->params, l);
    p->column_bits = before->params.column_bits;
    out->n_rows = cs_final_row_count(&before->params);
    out->rows = CS_NEW(cs_g1_affine, out->n_rows);
    if (out->rows == NULL)
        return CS_ERR_MEMORY;
    memcpy(out->rows, before->final_rows, out->n_rows * sizeof *out->rows);
    return CS_OK;
}

static cs_status take(cs_job *job, const cs_attestation *before, const cs_json *v) {
    cs_derived derived;
    CS_TRY(check_shape(job, &before->statement.params, v));
    CS_TRY(cs_attestation_derive(&derived, before));
    memcpy(job->previous.digest, derived.instance.digest, sizeof job->previous.digest);
    cs_derived_free(&derived);
    job->previous.given = true;
    if (!before->has_final)
        return take_rows(job, &before->statement);
    bound_by_weights(&job->params, &before->final);
    return cs_model_copy(&job->previous.model, &before->final);
}

cs_status cs_job_read_previous(cs_job *job, const cs_json *v) {
    cs_attestation before;
    char *path = NULL;
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_job_read_path(&path, job, v, NULL));
    cs_status status = cs_attestation_open(&before, path);
    cs_free(path);
    CS_TRY(status);
    status = take(job, &before, v);
    cs_attestation_free(&before);
    return status;
}

void cs_job_previous_free(cs_job_previous *previous) {
    cs_model_free(&previous->model);
    cs_free(previous->rows);
    *previous = (cs_job_previous){0};
}
