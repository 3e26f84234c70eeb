#include "attest/job_parts.h"

#include "attest/params_json.h"
#include "attest/rates.h"
#include "base/memory.h"

enum { MAX_PIECES = 4096 };

static size_t global_batch(const cs_job *job) {
    return (size_t)job->params.n_ranks * job->params.batch;
}

/* Steps that `epochs` passes over all members' rows take. */
static size_t epoch_steps(const cs_job *job, size_t epochs) {
    size_t rows = 0;
    for (int i = 0; i < job->params.n_ranks; i++)
        rows += job->members[i].rows;
    const unsigned __int128 draws = (unsigned __int128)rows * epochs + global_batch(job) - 1;
    const unsigned __int128 steps = draws / global_batch(job);
    return steps > CS_MAX_STEPS ? CS_MAX_STEPS + 1 : (size_t)steps;
}

static cs_status read_segments(cs_job *job, const cs_json *v) {
    job->segments = 1;
    return v->value == NULL ? CS_OK : cs_json_size(&job->segments, v, 1, job->params.steps);
}

static cs_status read_steps(cs_job *job, const cs_json *v) {
    const cs_json epochs = cs_json_get(v, "epochs"), steps = cs_json_get(v, "steps"), batch = cs_json_get(v, "batch");
    CS_TRY(cs_json_size(&job->params.batch, &batch, 1, (size_t)1 << 20));
    if ((epochs.value == NULL) == (steps.value == NULL))
        return cs_json_fail(v, "exactly one of \"epochs\" and \"steps\" is required");
    if (steps.value != NULL)
        return cs_json_size(&job->params.steps, &steps, 1, CS_MAX_STEPS);
    size_t n;
    CS_TRY(cs_json_size(&n, &epochs, 1, (size_t)1 << 24));
    job->params.steps = epoch_steps(job, n);
    if (job->params.steps > CS_MAX_STEPS)
        return cs_json_fail(&epochs, "%zu epochs of this data are more than the %zu steps allowed", n, CS_MAX_STEPS);
    return CS_OK;
}

/* The step at which a piece of the schedule begins. */
static cs_status read_start(size_t *out, const cs_job *job, const cs_json *piece) {
    const cs_json step = cs_json_get(piece, "from_step"), epoch = cs_json_get(piece, "from_epoch");
    if ((step.value == NULL) == (epoch.value == NULL))
        return cs_json_fail(piece, "exactly one of \"from_step\" and \"from_epoch\" is required");
    if (step.value != NULL)
        return cs_json_size(out, &step, 0, CS_MAX_STEPS);
    size_t n;
    CS_TRY(cs_json_size(&n, &epoch, 0, (size_t)1 << 24));
    *out = epoch_steps(job, n);
    return CS_OK;
}

static cs_status read_rates(double *rate, size_t *first, size_t n, const cs_job *job, const cs_json *v) {
    for (size_t k = 0; k < n; k++) {
        const cs_json piece = cs_json_at(v, k), value = cs_json_get(&piece, "rate");
        CS_TRY(cs_json_object(&piece, &CS_JOB_SHAPES[CS_SHAPE_RATES]));
        CS_TRY(read_start(&first[k], job, &piece));
        if (k == 0 ? first[k] != 0 : first[k] <= first[k - 1])
            return cs_json_fail(&piece,
                                k ? "begins at step %zu, not after the piece before it"
                                  : "begins at step %zu; the first one is to begin at 0",
                                first[k]);
        if (first[k] >= job->params.steps)
            return cs_json_fail(&piece, "begins at step %zu, after the last of %zu steps", first[k], job->params.steps);
        CS_TRY(cs_json_number(&rate[k], &value, 0x1p-60, 0x1p60));
    }
    return CS_OK;
}

/* w = a + d + s, and c_t of every step. */
static cs_status fill_rates(cs_job *job, const cs_json *v, const double *rate, const size_t *first, int64_t *c, size_t n) {
    cs_params *p = &job->params;
    size_t bad;
    const cs_status status = cs_rates_exact(&job->rate_shift, c, &bad, rate, n, global_batch(job));
    if (status != CS_OK)
        return cs_fail_prefix(status, "%s: %s[%zu].rate", v->file, v->path, bad);
    p->w = p->a + p->d + job->rate_shift;
    p->rate = CS_NEW(int64_t, p->steps);
    if (p->rate == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < n; k++)
        for (size_t t = first[k]; t < (k + 1 < n ? first[k + 1] : p->steps); t++)
            p->rate[t] = c[k];
    return CS_OK;
}

cs_status cs_job_read_schedule(cs_job *job, const cs_json *v) {
    const cs_json rates = cs_json_get(v, "rates"), segments = cs_json_get(v, "segments");
    size_t n;
    CS_TRY(cs_json_object(v, &CS_JOB_SHAPES[CS_SHAPE_SCHEDULE]));
    CS_TRY(read_steps(job, v));
    CS_TRY(read_segments(job, &segments));
    CS_TRY(cs_json_array(&n, &rates, 1, MAX_PIECES));
    double *rate = CS_NEW(double, n);
    size_t *first = CS_NEW(size_t, n);
    int64_t *c = CS_NEW(int64_t, n);
    cs_status status = rate && first && c ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK)
        status = read_rates(rate, first, n, job, &rates);
    if (status == CS_OK)
        status = fill_rates(job, &rates, rate, first, c, n);
    cs_free(rate);
    cs_free(first);
    cs_free(c);
    return status;
}
