/* A run in segments: how many, and how one begins where the last one ended. */
#include <string.h>

#include "attest/exchange.h"
#include "attest/run_state.h"
#include "attest/segments.h"
#include "base/bytes.h"
#include "base/memory.h"

enum { TAG_SEGMENTS = 0x10030 };

cs_status cs_run_agree_segments(cs_run_state *r) {
    cs_buffer all = {0};
    cs_plan plan;
    uint8_t mine[8];
    cs_store_u64(mine, r->segments);
    CS_TRY(cs_exchange(r->comm, TAG_SEGMENTS, mine, sizeof mine, &all, "the segments that the memory demands"));
    for (int i = 0; i < r->comm->size; i++) {
        const uint64_t wanted = cs_load_u64(all.data + (size_t)i * sizeof mine);
        r->segments = wanted > r->segments ? (size_t)wanted : r->segments;
    }
    cs_buffer_free(&all);
    CS_TRY(cs_segments_check(&r->job, r->segments));
    CS_TRY(cs_segment_plan(&plan, &r->job, r->segments, 0));
    cs_forecast_new(&r->report->stages.forecast, &plan, &r->job.params, r->crowd);
    return CS_OK;
}

/* W(0) of a segment that is not the first is the model that the ranks hold; of a committed one the root keeps the blindings,
 * too. */
static cs_status take_initial(cs_run_state *r) {
    cs_statement *s = &r->statement;
    s->params.initial_committed = !r->job.between_public;
    r->initial_given = s->initial_given = r->job.between_public;
    if (!r->job.between_public)
        return cs_statement_set_initial_rows(s, r->before_rows);
    cs_model_digest(s->initial_digest, &r->initial);
    return CS_OK;
}

cs_status cs_run_begin_segment(cs_run_state *r) {
    cs_statement *s = &r->statement;
    const size_t k = r->segment, steps = r->job.params.steps, from = cs_segment_start(steps, r->segments, k),
                 to = cs_segment_start(steps, r->segments, k + 1);
    size_t passes;
    if (r->segments == 1)
        return CS_OK;
    CS_TRY(cs_segment_hidden_passes(&passes, &r->job, to - from));
    CS_TRY(cs_statement_cut(s, from, to, passes));
    s->params.final_public = k + 1 < r->segments ? r->job.between_public : r->job.params.final_public;
    if (k == 0)
        return CS_OK;
    memcpy(s->segment.after, r->before, sizeof r->before);
    return take_initial(r);
}

/* What the next segment needs of this one. */
static cs_status keep(cs_run_state *r) {
    cs_statement *s = &r->statement;
    cs_model_free(&r->initial);
    CS_TRY(cs_model_copy(&r->initial, cs_trainer_model(r->trainer)));
    cs_run_keep_datasets(r);
    memcpy(r->before, r->derived.instance.digest, sizeof r->before);
    cs_free(r->before_rows);
    r->before_rows = s->final_rows;
    s->final_rows = NULL;
    cs_free(r->initial_blindings);
    r->initial_blindings = r->final_blindings;
    r->final_blindings = NULL;
    return CS_OK;
}

void cs_run_free_segment(cs_run_state *r) {
    cs_statement *s = &r->statement;
    cs_buffer_free(&r->proof);
    cs_free(r->own_draws);
    r->own_draws = NULL;
    cs_free(r->final_blindings);
    r->final_blindings = NULL;
    cs_trainer_free(r->trainer);
    r->trainer = NULL;
    cs_derived_free(&r->derived);
    cs_run_free_tensors(r);
    for (int i = 0; i < CS_MAX_RANKS; i++) {
        cs_free(s->last_pass[i]);
        s->last_pass[i] = NULL;
    }
    cs_free(s->initial_rows);
    cs_free(s->final_rows);
    s->initial_rows = s->final_rows = NULL;
    s->complete = false;
    cs_pads_free(r->pads);
    r->pads = NULL;
    cs_keyring_free(&r->keys);
}

cs_status cs_run_end_segment(cs_run_state *r) {
    const cs_status status = r->segment + 1 < r->segments ? keep(r) : CS_OK;
    if (r->segment + 1 < r->segments)
        cs_run_free_segment(r);
    return status;
}
