#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attest/contributions.h"
#include "attest/exchange.h"
#include "attest/profile.h"
#include "attest/run_state.h"
#include "base/memory.h"
#include "base/spy.h"
#include "base/timer.h"
#include "comm/delay.h"
#include "comm/secure.h"
#include "data/opening_file.h"
#include "session/channel.h"
#include "train/loop.h"

/* Tags of this file's own exchanges, apart from the labels' numbers. */
enum { TAG_FINAL = 0x10001, TAG_FIGURES, TAG_END };

/* ------------------------------------------------------------ points on the wire */

static cs_status append_points(cs_buffer *out, const cs_g1_affine *points, size_t n) {
    for (size_t k = 0; k < n; k++) {
        uint8_t bytes[32];
        cs_g1_encode(bytes, points[k]);
        cs_buffer_append(out, bytes, sizeof bytes);
    }
    return cs_buffer_status(out);
}

static cs_status read_points(cs_g1_affine **out, const uint8_t *bytes, size_t n, const char *what) {
    *out = CS_NEW(cs_g1_affine, n);
    if (*out == NULL)
        return CS_ERR_MEMORY;
    const size_t bad = cs_g1_vec_decode(*out, bytes, n);
    return bad == n ? CS_OK : cs_fail(CS_ERR_ABORT, "%s: commitment %zu is not a point of the curve", what, bad);
}

/* ------------------------------------------------------------ handshake and dataset */

static cs_status handshake(cs_run_state *r) {
    uint8_t pinned[CS_MAX_RANKS][CS_KEY_SIZE];
    const char *names[CS_MAX_RANKS];
    for (int i = 0; i < r->comm->size; i++) {
        memcpy(pinned[i], r->job.members[cs_run_member(r, i)].key, CS_KEY_SIZE);
        names[i] = cs_run_name(r, i);
    }
    const bool pins = r->job.members[0].has_key; /* the job's reader gives a key to all or to none */
    CS_TRY(cs_handshake(r->comm, &r->identity.x25519, pins ? (const uint8_t(*)[CS_KEY_SIZE])pinned : NULL, r->job_digest,
                        &r->keys));
    CS_TRY(cs_channel_open(r->comm, &r->keys, names));
    CS_SPY("common-seed", r->keys.common_seed, sizeof r->keys.common_seed);
    for (int i = 0; i < r->comm->size; i++) {
        CS_SPY("pair-seed", r->keys.seeds[i], sizeof r->keys.seeds[i]);
        CS_SPY("public-key", r->keys.members[i], sizeof r->keys.members[i]);
    }
    CS_TRY(cs_pads_new(&r->pads, &r->keys));
    cs_pads_set_partners(r->pads, r->job.pad_partners);
    return cs_pads_set_idle(r->pads, r->comm->idle);
}

/* Collective. */
static cs_status contribute(cs_run_state *r) {
    r->statement.has_contributions = r->job.contributions;
    if (!r->job.contributions)
        return CS_OK;
    uint8_t by_rank[CS_MAX_RANKS][CS_CONTRIBUTION_SIZE];
    CS_TRY(cs_contributions_exchange(by_rank, r->comm, &r->keys));
    CS_SPY("contribution", by_rank[r->comm->rank], CS_CONTRIBUTION_SIZE);
    for (int i = 0; i < r->comm->size; i++)
        memcpy(r->statement.contributions[cs_run_member(r, i)], by_rank[i], CS_CONTRIBUTION_SIZE);
    return CS_OK;
}

/* ------------------------------------------------------------ training and proof */

static cs_status train(cs_run_state *r, const cs_progress *progress) {
    const cs_params *p = &r->statement.params;
    const int me = cs_run_me(r);
    const bool holds = cs_run_holds(r);
    if (r->statement.hidden)
        CS_TRY(cs_run_choose_draws(r));
    if (r->segment == 0)
        CS_TRY(cs_run_share_initial(r));
    if (p->initial_committed && cs_run_carries(r))
        cs_model_to_blocks(r->tensors, &r->blocks, CS_BLOCK_G, &r->initial);
    CS_TRY(cs_derived_new(&r->derived, &r->statement, r->initial_given || p->initial_committed ? &r->initial : NULL, NULL));
    CS_TRY(cs_derived_make_initial(&r->derived));
    if (r->statement.hidden && holds)
        r->derived.draws[me] = r->own_draws;
    CS_TRY(cs_trainer_new(&r->trainer, p, r->comm->rank, r->job.members[me].name, r->derived.initial,
                          holds ? r->derived.draws[me] : NULL, &r->blocks, holds ? r->tensors : NULL));
#ifdef CS_TAMPER
    if (r->options->tamper != NULL)
        cs_trainer_set_tamper(r->trainer, r->options->tamper, NULL);
#endif
    return cs_run_train_saving(r, progress);
}

/* The carrier's blocks of the final weights, and its commitments to them. */
static cs_status commit_final(cs_run_state *r, cs_buffer *out) {
    const cs_params *p = &r->statement.params;
    const cs_model *m = cs_trainer_model(r->trainer);
    const size_t n = cs_final_row_count(p);
    cs_model_to_blocks(r->tensors, &r->blocks, CS_BLOCK_F, m);
    cs_g1_affine *points = CS_NEW(cs_g1_affine, n);
    r->final_blindings = CS_NEW(cs_fr, n);
    cs_status status = points != NULL && r->final_blindings != NULL ? CS_OK : CS_ERR_MEMORY;
    for (size_t k = 0; status == CS_OK && k < n; k++)
        r->final_blindings[k] = cs_fr_random();
    if (status == CS_OK)
        status = cs_model_commit(points, p, m, r->final_blindings, n);
    if (status == CS_OK)
        status = append_points(out, points, n);
    cs_free(points);
    return status;
}

/* Test builds: the root may show others. */
static void change_final(const cs_run_state *r, cs_buffer *rows) {
#ifdef CS_TAMPER
    const cs_attack *a = r->options->attack;
    cs_g1_affine first;
    if (a == NULL || a->show == NULL || !cs_g1_decode(&first, rows->data))
        return;
    a->show(a->context, CS_LABEL_FINAL_MODEL_VALUE, &first, 1);
    cs_g1_encode(rows->data, first);
#else
    (void)r, (void)rows;
#endif
}

/* Root: the carrier's commitments, for all; and, from another rank, their blindings: the root keeps the model's files. */
static cs_status take_final(cs_run_state *r, const cs_buffer *part, cs_buffer *rows) {
    const size_t n = cs_final_row_count(&r->statement.params), points = 32 * n,
                 all = cs_run_carries(r) ? points : 2 * points;
    if (part->size != all)
        return cs_fail(CS_ERR_ABORT, "rank %d sent %zu bytes of commitments to the final model instead of %zu",
                       r->job.members[0].rank, part->size, all);
    cs_buffer_append(rows, part->data, points);
    if (cs_run_carries(r))
        return cs_buffer_status(rows);
    r->final_blindings = CS_NEW(cs_fr, n);
    if (r->final_blindings == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < n; k++)
        if (!cs_fr_decode(&r->final_blindings[k], part->data + points + 32 * k))
            return cs_fail(CS_ERR_ABORT, "rank %d sent a blinding that is not reduced", r->job.members[0].rank);
    return cs_buffer_status(rows);
}

/* The carrier's part of the exchange. */
static cs_status give_final(cs_run_state *r, cs_buffer *mine) {
    CS_TRY(commit_final(r, mine));
    if (r->comm->rank != 0)
        cs_opening_append_blindings(mine, r->final_blindings, cs_final_row_count(&r->statement.params));
    return cs_buffer_status(mine);
}

/* Collective: the carrier's commitments to the final model, which all get from the root. */
static cs_status share_final(cs_run_state *r, cs_buffer *rows) {
    const int ranks = r->comm->size;
    cs_buffer mine = {0}, *parts = r->comm->rank == 0 ? CS_NEW(cs_buffer, (size_t)ranks) : NULL;
    cs_status status = r->comm->rank == 0 && parts == NULL ? CS_ERR_MEMORY : CS_OK;
    if (status == CS_OK && cs_run_carries(r))
        status = give_final(r, &mine);
    if (status == CS_OK)
        status = cs_comm_gather(r->comm, TAG_FINAL, mine.data, mine.size, parts);
    if (status == CS_OK && parts != NULL)
        status = take_final(r, &parts[r->job.members[0].rank], rows);
    if (status == CS_OK && parts != NULL)
        change_final(r, rows);
    if (status == CS_OK)
        status = cs_comm_reply(r->comm, TAG_FINAL, rows);
    if (status == CS_OK && cs_run_carries(r) &&
        (rows->size == 0 || rows->size > mine.size || memcmp(rows->data, mine.data, rows->size) != 0))
        status = cs_fail(CS_ERR_ABORT, "the root changed this member's commitments to the final model");
    for (int i = 0; parts != NULL && i < ranks; i++)
        cs_buffer_free(&parts[i]);
    cs_free(parts);
    cs_buffer_free(&mine);
    return status;
}

/* Collective. The statement becomes complete. */
static cs_status finish_statement(cs_run_state *r) {
    const cs_params *p = &r->statement.params;
    const cs_model *final = cs_trainer_model(r->trainer);
    if (p->final_public) {
        cs_model_digest(r->statement.final_digest, final);
    } else if (r->saves.rows.given) {
        if (cs_run_carries(r)) /* what was committed to before */
            cs_model_to_blocks(r->tensors, &r->blocks, CS_BLOCK_F, final);
    } else {
        cs_buffer rows = {0};
        cs_status status = share_final(r, &rows);
        if (status == CS_OK && rows.size != 32 * cs_final_row_count(p))
            status = cs_fail(CS_ERR_ABORT, "the root sent %zu bytes of commitments to the final model", rows.size);
        if (status == CS_OK)
            status = read_points(&r->statement.final_rows, rows.data, cs_final_row_count(p), "the final model");
        cs_buffer_free(&rows);
        CS_TRY(status);
    }
    r->statement.complete = true;
    return cs_derived_complete(&r->derived, p->final_public ? final : NULL);
}

static cs_status prove(cs_run_state *r, const cs_progress *progress) {
    const cs_signing signing = {r->identity.ed25519};
    cs_shard shard = {.tensors = r->tensors,
                      .dataset_blindings = r->dataset_blindings,
                      .initial_blindings = r->initial_blindings,
                      .final_blindings = r->final_blindings,
                      .trainer = r->trainer,
                      .trusting = r->job.honest_but_curious,
                      .signing = r->statement.members[0].signer.identified ? &signing : NULL,
                      .rows = r->saves.on || r->attributable ? &r->saves.rows : NULL,
                      .tables = r->attributable ? &r->tables : NULL,
                      .kept = r->keeps ? &r->kept_sums : NULL,
                      .record = &r->record};
#ifdef CS_TAMPER
    shard.attack = r->options->attack;
#endif
    if (r->attributable)
        CS_TRY(cs_comm_raise(r->comm, cs_table_sums_new(&r->tables, &r->sums, &r->statement.params)));
    return cs_train_prove(r->comm, &r->keys, r->pads, &r->derived.instance, &shard, progress, &r->proof, &r->stats);
}

/* ------------------------------------------------------------ figures */

enum { FIGURES = 8 + 4 * CS_MAX_STAGES };

static void add_figures(cs_run_report *out, const double f[FIGURES], int rank, int ranks) {
    cs_rank_figures *one = &out->per_rank[rank];
    *one = (cs_rank_figures){.cpu = f[2],
                             .bytes_sent = (uint64_t)f[3],
                             .bytes_received = (uint64_t)f[4],
                             .peak_bytes = f[6],
                             .transport_cpu = f[7]};
    memcpy(one->stage_cpu, f + 8, sizeof one->stage_cpu);
    memcpy(one->stage_seconds, f + 8 + CS_MAX_STAGES, sizeof one->stage_seconds);
    memcpy(one->stage_waiting, f + 8 + 2 * CS_MAX_STAGES, sizeof one->stage_waiting);
    memcpy(one->stage_sending, f + 8 + 3 * CS_MAX_STAGES, sizeof one->stage_sending);
    out->committed += (size_t)f[0];
    out->lookups += (size_t)f[1];
    out->cpu_max = f[2] > out->cpu_max ? f[2] : out->cpu_max;
    out->cpu_mean += f[2] / ranks;
    out->bytes_sent_max = f[3] > (double)out->bytes_sent_max ? (uint64_t)f[3] : out->bytes_sent_max;
    out->bytes_received_max = f[4] > (double)out->bytes_received_max ? (uint64_t)f[4] : out->bytes_received_max;
    out->exchanges_max = f[5] > (double)out->exchanges_max ? (uint64_t)f[5] : out->exchanges_max;
    out->peak_bytes_max = f[6] > out->peak_bytes_max ? f[6] : out->peak_bytes_max;
    out->peak_bytes_total += f[6];
}

/* Collective. The root learns those of all; nobody else does. */
static cs_status collect_figures(cs_run_state *r) {
    const cs_comm_stats *c = &r->comm->stats;
    cs_comm_path path = {0};
    (void)cs_delay_path(&path, r->comm);
    double mine[FIGURES] = {(double)r->committed,      (double)r->lookups,   r->cpu_seconds,      (double)c->bytes_sent,
                            (double)c->bytes_received, (double)c->exchanges, cs_peak_rss_bytes(), path.transport};
    const cs_stages *s = &r->report->stages;
    memcpy(mine + 8, s->cpu_seconds, sizeof s->cpu_seconds);
    memcpy(mine + 8 + CS_MAX_STAGES, s->seconds, sizeof s->seconds);
    memcpy(mine + 8 + 2 * CS_MAX_STAGES, s->waiting, sizeof s->waiting);
    memcpy(mine + 8 + 3 * CS_MAX_STAGES, s->sending, sizeof s->sending);
    cs_buffer nothing = {0};
    const int n = r->comm->size;
    cs_buffer *parts = r->comm->rank == 0 ? CS_NEW(cs_buffer, (size_t)n) : NULL;
    cs_status status = r->comm->rank == 0 && parts == NULL ? cs_comm_raise(r->comm, CS_ERR_MEMORY)
                                                           : cs_comm_gather(r->comm, TAG_FIGURES, mine, sizeof mine, parts);
    for (int i = 0; status == CS_OK && parts != NULL && i < n; i++) {
        double figures[FIGURES];
        if (parts[i].size != sizeof figures) {
            status = cs_comm_raise(r->comm, cs_fail(CS_ERR_ABORT, "rank %d sent %zu bytes of figures", i, parts[i].size));
            break;
        }
        memcpy(figures, parts[i].data, sizeof figures);
        add_figures(r->report, figures, i, n);
    }
    if (status == CS_OK)
        status = cs_comm_reply(r->comm, TAG_FIGURES, &nothing);
    for (int i = 0; parts != NULL && i < n; i++)
        cs_buffer_free(&parts[i]);
    cs_free(parts);
    cs_buffer_free(&nothing);
    return status;
}

static void describe(cs_run_state *r) {
    cs_run_report *out = r->report;
    const cs_params *p = &r->job.params;
    snprintf(out->job, sizeof out->job, "%s", r->job.name);
    out->ranks = r->comm->size;
    for (int i = 0; i < r->comm->size; i++)
        snprintf(out->members[i], sizeof out->members[i], "%s", cs_run_name(r, i));
    out->segments = r->segments;
    out->steps = p->steps;
    out->draws = p->steps * p->batch * (size_t)p->n_ranks;
    out->parameters = cs_model_size(cs_trainer_model(r->trainer));
    out->messages = r->messages;
}

static void add_stats(cs_run_state *r) {
    r->committed += r->stats.committed;
    r->lookups += r->stats.lookups;
    r->messages += r->stats.messages;
    r->cpu_seconds += cs_cpu_seconds() - r->cpu_started;
}

/* ------------------------------------------------------------ the whole */

/* Local, on the root. */
static cs_status write_profile(const cs_run_state *r, const cs_buffer *parts) {
    const char *members[CS_MAX_RANKS];
    json_t *trace = NULL;
    for (int i = 0; i < r->comm->size; i++)
        members[i] = cs_run_name(r, i);
    cs_status status = cs_profile_trace(&trace, &r->report->stages, parts, members, r->comm->size);
    if (status == CS_OK)
        status = cs_profile_write(r->options->profile, trace);
    json_decref(trace);
    return status;
}

/* Collective: the last exchange takes every rank's timeline along. */
static cs_status end(cs_run_state *r) {
    char host[256] = "";
    cs_buffer mine = {0}, nothing = {0};
    cs_buffer *parts = r->comm->rank == 0 ? CS_NEW(cs_buffer, (size_t)r->comm->size) : NULL;
    if (r->options->profile != NULL && gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    cs_stages_stop(&r->report->stages);
    cs_profile_part(&mine, &r->report->stages, r->met, host);
    cs_status status = r->comm->rank == 0 && parts == NULL ? CS_ERR_MEMORY : cs_buffer_status(&mine);
    status =
        status == CS_OK ? cs_comm_gather(r->comm, TAG_END, mine.data, mine.size, parts) : cs_comm_raise(r->comm, status);
    if (status == CS_OK && r->comm->rank == 0 && r->options->profile != NULL)
        status = cs_comm_raise(r->comm, write_profile(r, parts));
    if (status == CS_OK)
        status = cs_comm_reply(r->comm, TAG_END, &nothing);
    for (int i = 0; parts != NULL && i < r->comm->size; i++)
        cs_buffer_free(&parts[i]);
    cs_free(parts);
    cs_buffer_free(&mine);
    cs_buffer_free(&nothing);
    return status;
}

/* Without pinned keys the first handshake says who is who, once and for all. */
static cs_status check_members(const cs_run_state *r) {
    for (int i = 0; i < r->comm->size; i++)
        if (memcmp(r->statement.members[cs_run_member(r, i)].key, r->keys.members[i], CS_KEY_SIZE) != 0)
            return cs_fail(CS_ERR_ABORT, "rank %d has another key in segment %zu than before", i, r->segment + 1);
    return CS_OK;
}

cs_status cs_run_handshake_again(cs_run_state *r) {
    cs_secure_stop(r->comm);
    CS_TRY(handshake(r));
    return check_members(r);
}

/* From the second segment on every one begins with a handshake: nonces, seeds, pads and masks of a session are its own. */
static cs_status begin_segment(cs_run_state *r, const cs_progress *progress) {
    cs_stages_round(&r->report->stages, r->segment, r->segments);
    if (r->segment > r->saves.first_segment) {
        cs_progress_report(progress, "handshake", 0);
        r->cpu_started = cs_cpu_seconds();
        CS_TRY(cs_run_handshake_again(r));
    }
    CS_TRY(cs_run_begin_segment(r));
    return cs_run_make_tensors(r);
}

static cs_status run_segment(cs_run_state *r, const cs_progress *progress) {
    const bool last = r->segment + 1 == r->segments, root = r->comm->rank == 0;
    CS_TRY(begin_segment(r, progress));
    cs_progress_report(progress, "training", 0);
    CS_TRY(train(r, progress));
    CS_TRY(finish_statement(r));
    const cs_status proved = prove(r, progress);
    if (proved == CS_ERR_RANK && r->tables.doubted)
        return cs_run_doubt_table(r);
    CS_TRY(proved);
    add_stats(r);
    describe(r);
    cs_progress_report(progress, "verification", 0);
    if (last)
        CS_TRY(collect_figures(r));
    CS_TRY(cs_run_judge(r));
    CS_TRY(cs_run_sign(r));
    if (root)
        CS_TRY(cs_run_save_segment(r));
    if (root && last)
        CS_TRY(cs_run_publish(r));
    return cs_run_end_segment(r);
}

static cs_status run_segments(cs_run_state *r) {
    const cs_progress progress = cs_stages_progress(&r->report->stages);
    cs_status status = CS_OK;
    for (r->segment = r->saves.first_segment; status == CS_OK && r->segment < r->segments; r->segment++)
        status = run_segment(r, &progress);
    if (status == CS_OK)
        status = end(r);
    if (status == CS_OK)
        cs_run_remove_checkpoints(r);
    if (status != CS_OK && r->comm->rank == 0)
        cs_run_withdraw(r);
    return status;
}

static cs_status run(cs_run_state *r) {
    const cs_progress progress = cs_stages_progress(&r->report->stages);
    CS_TRY(cs_run_prepare(r));
    cs_progress_report(&progress, "handshake", 0);
    CS_TRY(handshake(r));
    r->met = cs_wall_seconds();
    CS_TRY(cs_run_agree(r));
    if (r->comm->rank == 0) {
        CS_TRY(cs_run_name_outputs(r));
        CS_TRY(cs_run_check_segments(r));
    }
    cs_progress_report(&progress, "dataset commitments", 0);
    CS_TRY(cs_run_commit_datasets(r));
    CS_TRY(r->saves.resuming ? cs_run_check_resumed(r) : contribute(r));
    return run_segments(r);
}

static void release(cs_run_state *r) {
    cs_secure_stop(r->comm);
    r->comm->stage = NULL;
    cs_run_free_segment(r);
    cs_record_free(&r->record);
    cs_run_free_saves(r);
    cs_signed_free(&r->manifest);
    cs_statement_free(&r->statement);
    cs_run_free_datasets(r);
    cs_free(r->report_path);
    cs_free(r->model_opening_path);
    cs_free(r->model_path);
    cs_free(r->attestation_path);
    cs_free(r->opening_path);
    cs_dataset_free(&r->test);
    cs_secret_identity_wipe(&r->identity);
    cs_model_free(&r->initial);
    cs_free(r->initial_blindings);
    cs_free(r->before_rows);
    cs_job_free(&r->job);
}

/* Messages about lost ranks and links say in which stage. */
static void note_stage(void *context, const char *stage, double done, double seconds_left) {
    cs_run_state *r = context;
    r->comm->stage = stage;
    if (r->options->progress.fn != NULL)
        r->options->progress.fn(r->options->progress.context, stage, done, seconds_left);
}

cs_status cs_run(cs_comm *comm, const cs_run_options *options, cs_run_report *report) {
    memset(report, 0, sizeof *report);
    cs_run_state *r = CS_NEW_LOCKED(cs_run_state, 1); /* keys are in it */
    if (r == NULL)
        return cs_comm_raise(comm, CS_ERR_MEMORY);
    *r = (cs_run_state){
        .comm = comm, .options = options, .report = report, .started = cs_wall_seconds(), .cpu_started = cs_cpu_seconds()};
    cs_stages_start(&report->stages, &(cs_run_progress){.fn = note_stage, .context = r}, "input");
    comm->watch = cs_stages_watch(&report->stages);
    const cs_status status = cs_comm_raise(comm, run(r));
    comm->watch = (cs_comm_watch){0};
    cs_stages_stop(&report->stages);
    report->has_path = cs_delay_path(&report->path, comm);
    report->wall_seconds = cs_wall_seconds() - r->started;
    release(r);
    cs_free(r);
    return status;
}
