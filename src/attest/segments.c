#include "attest/segments.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"
#include "base/text.h"

static size_t ceil_div(size_t a, size_t b) {
    return (a + b - 1) / b;
}

size_t cs_segment_start(size_t steps, size_t n, size_t k) {
    const size_t length = cs_pow2(ceil_div(steps, n));
    if (ceil_div(steps, length) == n)
        return k == n ? steps : k * length;
    return (size_t)((unsigned __int128)steps * k / n);
}

cs_status cs_segment_params(cs_params *out, const cs_params *job, size_t from, size_t to) {
    cs_params part = *job;
    const __int128 gradient = cs_params_gradient_max(job);
    __int128 rates = 0;
    for (size_t t = 0; t < from; t++)
        rates += job->rate[t];
    for (size_t l = 0; l < job->layers; l++)
        part.initial_max[l] = (int64_t)(job->initial_max[l] + rates * gradient); /* below 2^62: the job is valid */
    part.steps = to - from;
    part.rate = job->rate + from;
    return cs_params_copy(out, &part);
}

cs_status cs_segment_hidden_passes(size_t *out, const cs_job *job, size_t steps) {
    const size_t draws = steps * job->params.batch;
    *out = 0;
    for (int i = 0; job->hidden && i < job->params.n_ranks; i++) {
        const cs_job_member *m = &job->members[i];
        size_t passes = ceil_div(draws, m->rows);
        if (job->has_datasets)
            CS_TRY(cs_fail_prefix(cs_dataset_uses_count_passes(&passes, &m->datasets, draws), "%s: members[%d]", job->file,
                                  m->rank));
        *out = passes > *out ? passes : *out;
    }
    return CS_OK;
}

/* Of a segment as long as the longest, in the most expensive place: between two others. */
static cs_status plan_steps(cs_plan *out, const cs_job *job, size_t from, size_t to) {
    cs_params p;
    CS_TRY(cs_segment_params(&p, &job->params, from, to));
    p.initial_committed = from > 0 ? !job->between_public : job->params.initial_committed;
    p.final_public = to < job->params.steps ? job->between_public : job->params.final_public;
    cs_status status = cs_segment_hidden_passes(&p.hidden_passes, job, to - from);
    if (status == CS_OK)
        status = cs_plan_new(out, &p);
    cs_params_free(&p);
    return status;
}

cs_status cs_segment_plan(cs_plan *out, const cs_job *job, size_t n, size_t k) {
    const size_t steps = job->params.steps;
    return plan_steps(out, job, cs_segment_start(steps, n, k), cs_segment_start(steps, n, k + 1));
}

static cs_status largest_plan(double *bytes, const cs_job *job, size_t n) {
    *bytes = 0;
    for (size_t k = 0; k < n && k < 3; k++) { /* the first, one between two others, the last */
        cs_plan plan;
        CS_TRY(cs_segment_plan(&plan, job, n, k < 2 ? k : n - 1));
        *bytes = plan.memory_bytes > *bytes ? plan.memory_bytes : *bytes;
    }
    return CS_OK;
}

cs_status cs_segments_check(const cs_job *job, size_t n) {
    if (n > job->params.steps)
        return cs_fail(CS_ERR_INPUT, "%s: %zu segments of a job of %zu steps: a segment has at least one", job->file, n,
                       job->params.steps);
    for (int i = 0; n > 1 && job->hidden && i < job->params.n_ranks; i++)
        for (size_t k = 0; k < job->members[i].datasets.n; k++)
            if (job->members[i].datasets.use[k].total != CS_NO_LIMIT)
                return cs_fail(CS_ERR_INPUT,
                               "%s: hidden draws with a limit in total (members[%d].datasets[%zu].total) cannot be cut into "
                               "segments: leave the limit to the licence, or let draws be public",
                               job->file, job->members[i].rank, k);
    return CS_OK;
}

cs_status cs_segments_fewest(size_t *out, const cs_job *job, double limit) {
    const size_t steps = job->params.steps;
    size_t length = steps;
    double bytes;
    *out = 1;
    CS_TRY(largest_plan(&bytes, job, 1));
    const double whole = bytes;
    while (limit > 0 && bytes > limit && length > 1) {
        length = cs_pow2(length) / 2;
        *out = ceil_div(steps, length);
        CS_TRY(cs_segments_check(job, *out));
        CS_TRY(largest_plan(&bytes, job, *out));
    }
    if (limit > 0 && bytes > limit)
        return cs_fail(
            CS_ERR_MEMORY,
            "%s: a rank needs about %.0f MiB (%.0f MiB for segments of a single step), and may take %.0f MiB: use "
            "more machines or members, or a smaller batch",
            job->file, whole / 0x1p20, bytes / 0x1p20, limit / 0x1p20);
    return CS_OK;
}

cs_status cs_segments_choose(size_t *out, const cs_job *job, double limit, size_t wanted) {
    CS_TRY(cs_segments_fewest(out, job, limit));
    wanted = wanted > job->segments ? wanted : job->segments;
    *out = wanted > *out ? wanted : *out;
    return cs_segments_check(job, *out);
}

/* ------------------------------------------------------------ for people */

static cs_status list_to_json(json_t **out, const cs_job *job, size_t n) {
    const size_t steps = job->params.steps;
    *out = json_array();
    cs_status status = *out != NULL ? CS_OK : CS_ERR_MEMORY;
    for (size_t k = 0; status == CS_OK && k < n; k++) {
        cs_plan plan;
        status = cs_segment_plan(&plan, job, n, k);
        if (status == CS_OK &&
            json_array_append_new(*out, json_pack("{s:I, s:I, s:f, s:f, s:f}",                             /* */
                                                  "from", (json_int_t)cs_segment_start(steps, n, k),       /* */
                                                  "to", (json_int_t)cs_segment_start(steps, n, k + 1),     /* */
                                                  "memory_bytes_per_rank", plan.memory_bytes,              /* */
                                                  "proof_bytes", plan.proof_bytes, "cpu_seconds_per_rank", /* */
                                                  plan.rank_cpu_seconds)) != 0)
            status = cs_fail(CS_ERR_MEMORY, "no memory for the plan");
    }
    if (status != CS_OK) {
        json_decref(*out);
        *out = NULL;
    }
    return status;
}

static cs_status list_to_text(cs_buffer *out, const cs_job *job, size_t n) {
    const size_t steps = job->params.steps;
    double memory = 0, proof = 0, cpu = 0;
    size_t longest = 0;
    char a[32], b[32];
    for (size_t k = 0; k < n; k++) {
        const size_t length = cs_segment_start(steps, n, k + 1) - cs_segment_start(steps, n, k);
        cs_plan plan;
        CS_TRY(cs_segment_plan(&plan, job, n, k));
        memory = plan.memory_bytes > memory ? plan.memory_bytes : memory;
        longest = length > longest ? length : longest;
        proof += plan.proof_bytes;
        cpu += plan.rank_cpu_seconds;
    }
    cs_text_append(out, "  segments              %zu, of up to %zu steps each, one after the other:\n", n, longest);
    cs_text_append(out, "                        about %s and %.1f s of CPU per rank, %s of proofs\n",
                   cs_text_bytes(a, memory), cpu, cs_text_bytes(b, proof));
    return cs_buffer_status(out);
}

cs_status cs_segments_plan_to_json(json_t **out, const cs_job *job, size_t n) {
    cs_plan plan;
    json_t *list;
    *out = NULL;
    CS_TRY(cs_plan_new(&plan, &job->params));
    CS_TRY(list_to_json(&list, job, n));
    *out = cs_plan_to_json(&plan);
    if (*out != NULL && json_object_set_new(*out, "segments", list) == 0)
        return CS_OK;
    json_decref(*out);
    *out = NULL;
    return cs_fail(CS_ERR_MEMORY, "no memory for the plan");
}

cs_status cs_segments_plan_to_text(cs_buffer *out, const cs_job *job, size_t n) {
    cs_plan plan;
    CS_TRY(cs_plan_new(&plan, &job->params));
    cs_plan_to_text(out, &plan, job);
    return n > 1 ? list_to_text(out, job, n) : cs_buffer_status(out);
}

cs_status cs_memory_size(double *out, const char *what, const char *text) {
    static const char UNITS[] = "KMGT";
    char *end;
    const double number = strtod(text, &end);
    const char *unit = *end != '\0' ? strchr(UNITS, *end) : NULL;
    *out = unit == NULL ? number : ldexp(number, 10 * (int)(unit - UNITS + 1));
    end += unit != NULL;
    if (text[0] < '0' || text[0] > '9' || (*end != '\0' && (unit == NULL || strcmp(end, "iB") != 0)) || !(*out >= 1) ||
        !isfinite(*out))
        return cs_fail(CS_ERR_USAGE, "%s %s: a number of bytes is expected, like 800M or 1.5G", what, text);
    return CS_OK;
}

cs_status cs_segments_number(size_t *out, const char *what, const char *text) {
    char *end;
    errno = 0;
    const unsigned long long n = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || n == 0 || n > SIZE_MAX)
        return cs_fail(CS_ERR_USAGE, "%s %s: a number from 1 on is expected", what, text);
    *out = (size_t)n;
    return CS_OK;
}
