/* A run in segments: how many, and how one begins where the last one ended. */
#include <string.h>

#include "attest/balance.h"
#include "attest/exchange.h"
#include "attest/run_state.h"
#include "attest/segments.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "comm/shares.h"

enum { TAG_AGREE = 0x10040, SAVES = 1, RESUMES = 2, ATTRIBUTES = 4, OFFER = 80, WISH = 24 + 2 * OFFER };
enum { AT_SAVES = 8, AT_SPEED = 16, AT_OFFERS = 24 };

/* What this rank needs and has. */
static void append_wish(cs_buffer *out, const cs_run_state *r) {
    const cs_run_saves *s = &r->saves;
    cs_buffer_append_u64(out, r->segments);
    cs_buffer_append_u64(out, (r->options->checkpoint != NULL ? SAVES : 0) | (r->options->resume ? RESUMES : 0) |
                                  (r->options->attributable ? ATTRIBUTES : 0));
    cs_buffer_append_u64(out, cs_speed_measure(r->options->speed > 0 ? r->options->speed : 1));
    for (int k = 0; k < 2; k++) {
        cs_buffer_append_u64(out, s->offered[k]);
        cs_buffer_append_u64(out, s->offer[k].sequence);
        cs_buffer_append(out, s->offer[k].run, 32);
        cs_buffer_append(out, s->offer[k].state, 32);
    }
}

static const uint8_t *wish_of(const cs_buffer *all, int rank) {
    return all->data + (size_t)rank * WISH;
}

static cs_status agree_on_saving(cs_run_state *r, const cs_buffer *all) {
    const uint64_t mine = cs_load_u64(wish_of(all, r->comm->rank) + AT_SAVES);
    for (int i = 0; i < r->comm->size; i++)
        if ((cs_load_u64(wish_of(all, i) + AT_SAVES) & ATTRIBUTES) != (mine & ATTRIBUTES))
            return cs_fail(CS_ERR_USAGE,
                           "rank %d (%s) and this one do not agree on --attributable: it is for all members or for none", i,
                           cs_run_name(r, i));
        else if (cs_load_u64(wish_of(all, i) + AT_SAVES) != mine)
            return cs_fail(CS_ERR_USAGE,
                           "rank %d (%s) and this one do not agree on checkpoints: --checkpoint and --resume are for all "
                           "members or for none",
                           i, cs_run_name(r, i));
    r->saves.on = (mine & SAVES) != 0;
    r->attributable = (mine & ATTRIBUTES) != 0 && r->comm->size > 1;
    return CS_OK;
}

/* The first rank that cannot go on from this rank's offer; the number of ranks if all can. */
static int first_without(const cs_run_state *r, const cs_buffer *all, int slot) {
    const uint8_t *mine = wish_of(all, r->comm->rank) + AT_OFFERS + slot * OFFER;
    for (int i = 0; i < r->comm->size; i++)
        if (memcmp(mine, wish_of(all, i) + AT_OFFERS, OFFER) != 0 &&
            memcmp(mine, wish_of(all, i) + AT_OFFERS + OFFER, OFFER) != 0)
            return i;
    return r->comm->size;
}

static cs_status choose(int *slot, const cs_run_state *r, const cs_buffer *all) {
    const cs_run_saves *s = &r->saves;
    int missing = r->comm->rank;
    *slot = -1;
    for (int k = 0; k < 2; k++) {
        const int without = s->offered[k] ? first_without(r, all, k) : missing;
        if (s->offered[k] && without == r->comm->size && (*slot < 0 || s->offer[k].sequence > s->offer[*slot].sequence))
            *slot = k;
        else if (s->offered[k])
            missing = without;
    }
    return *slot >= 0 ? CS_OK
                      : cs_fail(CS_ERR_INPUT,
                                "there is no checkpoint that all ranks have: rank %d (%s) has none of this rank's; start "
                                "again without --resume",
                                missing, cs_run_name(r, missing));
}

static cs_status agree(cs_run_state *r, const cs_buffer *all) {
    int slot;
    for (int i = 0; i < r->comm->size; i++) {
        const uint64_t wanted = cs_load_u64(wish_of(all, i));
        r->segments = wanted > r->segments ? (size_t)wanted : r->segments;
    }
    CS_TRY(agree_on_saving(r, all));
    if (r->options->resume) {
        CS_TRY(choose(&slot, r, all));
        return cs_run_resume(r, slot);
    }
    memcpy(r->saves.run, r->keys.nonce, sizeof r->saves.run);
    CS_TRY(cs_segments_check(&r->job, r->segments));
    return cs_run_begin_saves(r);
}

/* The same on all ranks: the speeds are those that all were shown, the rest is the job's. */
static cs_status share_out(cs_run_state *r, const cs_buffer *all, const cs_plan *plan) {
    cs_loads loads;
    uint32_t speed[CS_MAX_RANKS], shares[CS_MAX_RANKS];
    const size_t n = (size_t)r->comm->size;
    for (size_t i = 0; i < n; i++)
        speed[i] = (uint32_t)cs_load_u64(wish_of(all, (int)i) + AT_SPEED);
    cs_speed_compare(speed, n);
    cs_loads_of(&loads, plan, &r->job);
    cs_shares_balance(shares, loads.own, speed, n, loads.divisible);
    return cs_comm_set_shares(r->comm, shares);
}

/* The plan is the first segment's. */
static cs_status agree_on_work(cs_run_state *r, const cs_buffer *all) {
    cs_plan plan;
    CS_TRY(cs_segment_plan(&plan, &r->job, r->segments, 0));
    cs_forecast_new(&r->report->stages.forecast, &plan, &r->job.params, r->crowd);
    return share_out(r, all, &plan);
}

cs_status cs_run_agree(cs_run_state *r) {
    cs_buffer mine = {0}, all = {0};
    append_wish(&mine, r);
    cs_status status = cs_buffer_status(&mine);
    if (status == CS_OK)
        status = cs_exchange(r->comm, TAG_AGREE, mine.data, mine.size, &all, "the segments and checkpoints");
    if (status == CS_OK)
        status = agree(r, &all);
    if (status == CS_OK)
        status = agree_on_work(r, &all);
    cs_buffer_free(&mine);
    cs_buffer_free(&all);
    return status;
}

/* W(0) of a segment that is not the first is the model that the ranks hold; of a committed one its carrier keeps the
 * blindings, too. */
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
    if (cs_run_holds(r))
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
    cs_witness_rows_free(&r->saves.rows);
    cs_sent_sums_free(&r->sums);
    cs_table_sums_free(&r->tables);
    cs_kept_sums_free(&r->kept_sums);
    cs_record_free(&r->record);
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
