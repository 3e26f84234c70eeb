/* Checkpoints of a run: what each rank writes for itself, and how a later session goes on from there. A session's own
 * randomness is never in one: nonces, pads, masks and answers are new with every session (docs/security.md). */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attest/run_state.h"
#include "attest/segments.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/timer.h"
#include "data/sealed_file.h"
#include "provenance/identity_file.h"
#include "train/loop.h"

/* A save that took long is not repeated before this many times as long have passed, whatever the interval. */
static const double LEAST_RATIO = 50;

static const double DEFAULT_SECONDS = 600;

static bool is_root(const cs_run_state *r) {
    return r->comm->rank == 0;
}

/* Of the commitments to a model that is not released. */
static bool has_blindings(const cs_run_state *r) {
    return is_root(r) || cs_run_carries(r);
}

static const char *me(const cs_run_state *r) {
    return cs_run_name(r, r->comm->rank);
}

static void warn(const cs_run_state *r, const char *what) {
    char text[1200];
    snprintf(text, sizeof text, "%s: %s", what, cs_error_text());
    if (r->options->warn != NULL)
        r->options->warn(text);
}

/* ------------------------------------------------------------ before anyone is bothered */

static char *slot_path(const cs_run_state *r, const char *without, int slot) {
    return cs_string_format("%s/%s%s.%s.%d.checkpoint", r->options->checkpoint, r->job.name, without, me(r), slot);
}

static cs_status name_with(cs_run_state *r, const char *without) {
    cs_run_saves *s = &r->saves;
    CS_TRY(cs_string_own(&s->path[0], slot_path(r, without, 0)));
    CS_TRY(cs_string_own(&s->path[1], slot_path(r, without, 1)));
    return cs_string_own(&s->key_path,
                         cs_string_format("%s/%s%s.%s.key", r->options->checkpoint, r->job.name, without, me(r)));
}

/* A run without some members has names of its own: what the run with them saved is neither taken for its own nor replaced.
 */
static cs_status name_files(cs_run_state *r) {
    char *without = cs_excluded_suffix(&r->job.excluded);
    const cs_status status = without != NULL ? name_with(r, without) : CS_ERR_MEMORY;
    cs_free(without);
    return status;
}

static bool exists(const char *path) {
    return path != NULL && access(path, F_OK) == 0;
}

/* Nothing of this run, but of the one with those who are left out here. */
static cs_status refuse_saves_with_all(const cs_run_state *r) {
    char *with[2] = {slot_path(r, "", 0), slot_path(r, "", 1)};
    const bool there = exists(with[0]) || exists(with[1]);
    cs_free(with[0]);
    cs_free(with[1]);
    if (!there || exists(r->saves.path[0]) || exists(r->saves.path[1]))
        return CS_OK;
    return cs_fail(CS_ERR_INPUT,
                   "%s: the checkpoints there are of the run with all members, and hold what those contributed who are left "
                   "out now: nobody could prove a training that goes on from them. Start again without --resume; segments "
                   "that were proved with all can be kept (docs/cli.md, --exclude)",
                   r->options->checkpoint);
}

cs_status cs_run_name_checkpoints(cs_run_state *r) {
    if (r->options->resume && r->options->checkpoint == NULL)
        return cs_fail(CS_ERR_USAGE, "--resume needs --checkpoint DIR, the folder that the earlier run wrote to");
    if (r->options->checkpoint == NULL)
        return CS_OK;
    CS_TRY(name_files(r));
    if (r->options->resume)
        return r->job.excluded.n > 0 ? refuse_saves_with_all(r) : CS_OK;
    for (int k = 0; k < 2; k++)
        CS_TRY(cs_fail_prefix(cs_file_must_not_exist(r->saves.path[k]), "a checkpoint is there: give --resume"));
    return cs_file_make_folder(r->options->checkpoint);
}

/* Without an identity the key that seals is made for the run, and lies beside what it seals. */
cs_status cs_run_key_of_checkpoints(cs_run_state *r) {
    cs_run_saves *s = &r->saves;
    if (r->options->resume || access(s->key_path, F_OK) == 0) /* of a run that ended before its first checkpoint */
        return cs_secret_identity_load(&r->identity, s->key_path, NULL);
    CS_TRY(cs_secret_identity_generate(&r->identity, me(r)));
    CS_TRY(cs_secret_identity_save(&r->identity, s->key_path, NULL));
    return CS_OK;
}

/* What only this rank can see. */
static cs_status check_head(const cs_run_state *r, const cs_checkpoint_head *h) {
    if (memcmp(h->job, r->job_digest, sizeof h->job) != 0)
        return cs_fail(CS_ERR_INPUT, "made for another job than %s says now", r->job.file);
    if (h->rank != (size_t)r->comm->rank || h->ranks != (size_t)r->comm->size)
        return cs_fail(CS_ERR_INPUT, "of rank %zu of %zu, and this is rank %d of %d", h->rank, h->ranks, r->comm->rank,
                       r->comm->size);
    return cs_segments_check(&r->job, h->segments);
}

/* The whole file is read: what is offered to the others is there. */
static cs_status inspect(cs_run_state *r, int slot) {
    cs_run_saves *s = &r->saves;
    cs_sealed_input *in;
    uint8_t key[CS_SEALED_KEY];
    cs_secret_identity_checkpoint_key(key, &r->identity);
    cs_status status = cs_sealed_open(&in, s->path[slot], CS_CHECKPOINT_MAGIC, key);
    sodium_memzero(key, sizeof key);
    CS_TRY(status);
    const cs_reader reader = cs_sealed_reader(in);
    status = cs_checkpoint_read_head(&s->offer[slot], &reader);
    if (status == CS_OK)
        status = cs_sealed_finish(in);
    if (status == CS_OK)
        status = check_head(r, &s->offer[slot]);
    cs_sealed_end(in);
    return cs_fail_prefix(status, "%s", s->path[slot]);
}

cs_status cs_run_find_checkpoints(cs_run_state *r) {
    cs_run_saves *s = &r->saves;
    cs_status last = CS_OK;
    if (!r->options->resume)
        return CS_OK;
    for (int slot = 0; slot < 2; slot++) {
        if (access(s->path[slot], F_OK) != 0 && errno == ENOENT)
            continue;
        const cs_status status = inspect(r, slot);
        s->offered[slot] = status == CS_OK;
        if (status == CS_OK)
            continue;
        last = status;
        warn(r, "a checkpoint that is of no use");
    }
    if (s->offered[0] || s->offered[1])
        return CS_OK;
    if (last != CS_OK)
        return last;
    return cs_fail(CS_ERR_IO,
                   "%s: no checkpoint of member \"%s\" there: if its disk is lost, all start again without --resume",
                   r->options->checkpoint, me(r));
}

/* ------------------------------------------------------------ going on */

static cs_status open_chosen(cs_run_state *r, int slot) {
    cs_run_saves *s = &r->saves;
    cs_checkpoint_head again;
    uint8_t key[CS_SEALED_KEY];
    cs_secret_identity_checkpoint_key(key, &r->identity);
    const cs_status status = cs_sealed_open(&s->from, s->path[slot], CS_CHECKPOINT_MAGIC, key);
    sodium_memzero(key, sizeof key);
    CS_TRY(status);
    const cs_reader reader = cs_sealed_reader(s->from);
    CS_TRY(cs_checkpoint_read_head(&again, &reader));
    if (memcmp(again.state, s->offer[slot].state, 32) != 0 || memcmp(again.run, s->offer[slot].run, 32) != 0)
        return cs_fail(CS_ERR_INPUT, "%s: changed since this run began", s->path[slot]);
    s->head = again;
    return CS_OK;
}

static cs_status read_model(cs_model *out, const cs_params *p, const cs_reader *in) {
    CS_TRY(cs_model_new(out, p));
    for (size_t l = 0; l < out->layers; l++)
        for (size_t k = 0; k < out->rows[l] * out->columns[l]; k++) {
            uint8_t bytes[8];
            CS_TRY(cs_read(in, bytes, sizeof bytes));
            out->w[l][k] = (int64_t)cs_load_u64(bytes);
        }
    return CS_OK;
}

static size_t model_rows(const cs_run_state *r) {
    cs_params p = r->job.params;
    p.final_public = false;
    return cs_final_row_count(&p);
}

/* Where the segment before this one ended. */
static cs_status read_beginning(cs_run_state *r, const cs_reader *in) {
    const size_t rows = model_rows(r);
    if (r->segment == 0)
        return CS_OK;
    cs_model_free(&r->initial);
    cs_free(r->initial_blindings);
    r->initial_blindings = NULL;
    CS_TRY(read_model(&r->initial, &r->job.params, in));
    if (!r->job.between_public) {
        CS_TRY(cs_checkpoint_read_points(&r->before_rows, rows, in));
        if (has_blindings(r))
            CS_TRY(cs_checkpoint_read_scalars(&r->initial_blindings, rows, in));
    }
    return is_root(r) ? cs_read(in, r->saves.parts, 32 * r->segment) : CS_OK;
}

static void take_counters(cs_run_state *r, const uint64_t *c) {
    r->committed = (size_t)c[0];
    r->lookups = (size_t)c[1];
    r->messages = (size_t)c[2];
    r->report->proof_bytes = (size_t)c[3];
    r->report->file_bytes = (size_t)c[4];
}

cs_status cs_run_resume(cs_run_state *r, int slot) {
    cs_run_saves *s = &r->saves;
    CS_TRY(open_chosen(r, slot));
    const cs_checkpoint_head *h = &s->head;
    const cs_reader reader = cs_sealed_reader(s->from);
    s->resuming = true;
    s->sequence = h->sequence + 1;
    memcpy(s->run, h->run, sizeof s->run);
    memcpy(s->draws, h->draws, sizeof s->draws);
    r->segments = h->segments;
    r->segment = s->first_segment = h->segment;
    memcpy(r->before, h->after, sizeof r->before);
    take_counters(r, h->counters);
    /* The view of this session begins with where the rank goes on from: if the root tells ranks of different states that
     * they are the same, pads do not cancel, as if it had shown them different sums in the session before. */
    cs_pads_receive(r->pads, CS_LABEL_RESUMED, h->state, sizeof h->state);
    CS_TRY(cs_run_begin_saves(r));
    return cs_fail_prefix(read_beginning(r, &reader), "%s", s->path[slot]);
}

cs_status cs_run_begin_saves(cs_run_state *r) {
    cs_run_saves *s = &r->saves;
    s->last = cs_wall_seconds();
    s->parts = cs_calloc(r->segments, sizeof *s->parts);
    return s->parts != NULL ? CS_OK : CS_ERR_MEMORY;
}

cs_status cs_run_check_resumed(cs_run_state *r) {
    const cs_checkpoint_head *h = &r->saves.head;
    uint8_t seed[32];
    if (!r->saves.resuming)
        return CS_OK;
    for (int i = 0; i < r->comm->size; i++)
        if (memcmp(h->members[i], r->statement.members[i].key, CS_KEY_SIZE) != 0)
            return cs_fail(CS_ERR_INPUT, "rank %d (%s) had another key when the checkpoint was made", r->job.members[i].rank,
                           r->job.members[i].name);
    r->statement.has_contributions = h->contributions;
    memcpy(r->statement.contributions, h->contribution, sizeof h->contribution);
    CS_TRY(cs_statement_seed(seed, &r->statement));
    if (memcmp(seed, h->seed, sizeof seed) != 0)
        return cs_fail(CS_ERR_INPUT,
                       "the members' datasets, or the openings of their commitments, are not those that the checkpoint was "
                       "made with");
    return CS_OK;
}

/* A count that the witness can have. */
static cs_status read_row_count(size_t *out, const cs_run_state *r, const cs_reader *in) {
    size_t most = r->blocks.n;
    uint8_t bytes[8];
    for (size_t k = 0; k < r->blocks.n; k++)
        most += cs_block_size(&r->blocks.info[k]) >> r->statement.params.column_bits;
    CS_TRY(cs_read(in, bytes, sizeof bytes));
    const uint64_t n = cs_load_u64(bytes);
    if (n > most)
        return cs_fail(CS_ERR_INPUT, "%llu commitments are kept of a witness of at most %zu", (unsigned long long)n, most);
    *out = (size_t)n;
    return CS_OK;
}

static cs_status read_committed(cs_run_state *r, const cs_reader *in) {
    cs_witness_rows *rows = &r->saves.rows;
    size_t n = 0;
    if (!r->statement.params.final_public) {
        CS_TRY(cs_checkpoint_read_points(&r->statement.final_rows, model_rows(r), in));
        if (has_blindings(r))
            CS_TRY(cs_checkpoint_read_scalars(&r->final_blindings, model_rows(r), in));
    }
    CS_TRY(read_row_count(&n, r, in));
    CS_TRY(cs_checkpoint_read_scalars(&rows->blindings, n, in));
    CS_TRY(cs_checkpoint_read_points(&rows->points, n, in));
    rows->n = n;
    rows->given = true;
    return CS_OK;
}

static cs_status restore(cs_run_state *r) {
    cs_run_saves *s = &r->saves;
    const cs_reader reader = cs_sealed_reader(s->from);
    if (s->head.stage == CS_CHECKPOINT_COMMITTED && s->head.done != r->statement.params.steps)
        return cs_fail(CS_ERR_INPUT, "a witness of %zu steps of %zu", s->head.done, r->statement.params.steps);
    CS_TRY(cs_trainer_restore(r->trainer, s->head.done, &reader));
    if (s->head.stage == CS_CHECKPOINT_COMMITTED)
        CS_TRY(read_committed(r, &reader));
    return cs_sealed_finish(s->from);
}

cs_status cs_run_restore(cs_run_state *r) {
    cs_run_saves *s = &r->saves;
    const cs_status status = cs_fail_prefix(restore(r), "the checkpoint of member \"%s\"", me(r));
    cs_sealed_end(s->from);
    s->from = NULL;
    s->resuming = false;
    return status;
}

/* ------------------------------------------------------------ saving */

/* The same on all ranks: no secret enters but the model that all of them have. */
static void digest_state(uint8_t out[32], const cs_run_state *r, const cs_checkpoint_head *h) {
    static const char label[] = "consort/checkpoint-state/1";
    const uint64_t numbers[5] = {h->sequence, h->segments, h->segment, h->done, (uint64_t)h->stage};
    uint8_t model[32], bytes[8], statement[32] = {0};
    crypto_hash_sha256_state hash;
    cs_model_digest(model, cs_trainer_model(r->trainer));
    if (h->stage == CS_CHECKPOINT_COMMITTED)
        memcpy(statement, r->derived.instance.digest, sizeof statement);
    crypto_hash_sha256_init(&hash);
    cs_sha256_update(&hash, label, sizeof label);
    cs_sha256_update(&hash, h->run, 32);
    for (size_t k = 0; k < 5; k++) {
        cs_store_u64(bytes, numbers[k]);
        cs_sha256_update(&hash, bytes, sizeof bytes);
    }
    cs_sha256_update(&hash, h->seed, 32);
    cs_sha256_update(&hash, h->after, 32);
    cs_sha256_update(&hash, model, 32);
    cs_sha256_update(&hash, statement, 32);
    crypto_hash_sha256_final(&hash, out);
}

static void fill_head(cs_checkpoint_head *h, const cs_run_state *r, cs_checkpoint_stage stage) {
    const cs_run_saves *s = &r->saves;
    *h = (cs_checkpoint_head){
        .rank = (size_t)r->comm->rank,
        .ranks = (size_t)r->comm->size,
        .sequence = s->sequence,
        .segments = r->segments,
        .segment = r->segment,
        .done = cs_trainer_done(r->trainer),
        .stage = stage,
        .contributions = r->statement.has_contributions,
        .counters = {r->committed, r->lookups, r->messages, r->report->proof_bytes, r->report->file_bytes}};
    memcpy(h->run, s->run, 32);
    memcpy(h->job, r->job_digest, 32);
    memcpy(h->seed, r->derived.seed, 32);
    memcpy(h->draws, s->draws, 32);
    if (r->segment > 0)
        memcpy(h->after, r->before, 32);
    for (size_t i = 0; i < h->ranks; i++)
        memcpy(h->members[i], r->statement.members[i].key, 32);
    if (h->contributions)
        memcpy(h->contribution, r->statement.contributions, 32 * h->ranks);
    digest_state(h->state, r, h);
}

static cs_status write_beginning(const cs_run_state *r, const cs_writer *out) {
    const cs_model *m = &r->initial;
    const size_t rows = model_rows(r);
    if (r->segment == 0)
        return CS_OK;
    for (size_t l = 0; l < m->layers; l++)
        for (size_t k = 0; k < m->rows[l] * m->columns[l]; k++) {
            uint8_t bytes[8];
            cs_store_u64(bytes, (uint64_t)m->w[l][k]);
            CS_TRY(cs_write(out, bytes, sizeof bytes));
        }
    if (!r->job.between_public) {
        CS_TRY(cs_checkpoint_write_points(out, r->before_rows, rows));
        if (has_blindings(r))
            CS_TRY(cs_checkpoint_write_scalars(out, r->initial_blindings, rows));
    }
    return is_root(r) ? cs_write(out, r->saves.parts, 32 * r->segment) : CS_OK;
}

static cs_status write_committed(const cs_run_state *r, const cs_writer *out) {
    const cs_witness_rows *rows = &r->saves.rows;
    uint8_t bytes[8];
    if (!r->statement.params.final_public) {
        CS_TRY(cs_checkpoint_write_points(out, r->statement.final_rows, model_rows(r)));
        if (has_blindings(r))
            CS_TRY(cs_checkpoint_write_scalars(out, r->final_blindings, model_rows(r)));
    }
    cs_store_u64(bytes, rows->n);
    CS_TRY(cs_write(out, bytes, sizeof bytes));
    CS_TRY(cs_checkpoint_write_scalars(out, rows->blindings, rows->n));
    return cs_checkpoint_write_points(out, rows->points, rows->n);
}

static cs_status write_all(const cs_run_state *r, cs_checkpoint_stage stage, const cs_writer *out) {
    cs_checkpoint_head head;
    fill_head(&head, r, stage);
    CS_TRY(cs_checkpoint_write_head(out, &head));
    CS_TRY(write_beginning(r, out));
    CS_TRY(cs_trainer_save(r->trainer, out));
    return stage == CS_CHECKPOINT_COMMITTED ? write_committed(r, out) : CS_OK;
}

static cs_status write_file(const cs_run_state *r, cs_checkpoint_stage stage) {
    cs_sealed_output *file;
    uint8_t key[CS_SEALED_KEY];
    cs_secret_identity_checkpoint_key(key, &r->identity);
    cs_status status = cs_sealed_create(&file, r->saves.path[r->saves.sequence % 2], CS_CHECKPOINT_MAGIC, key);
    sodium_memzero(key, sizeof key);
    CS_TRY(status);
    const cs_writer out = cs_sealed_writer(file);
    status = write_all(r, stage, &out);
    const cs_status closed = cs_sealed_close(file, status == CS_OK);
    return status == CS_OK ? closed : status;
}

cs_status cs_run_save(cs_run_state *r, cs_checkpoint_stage stage) {
    cs_run_saves *s = &r->saves;
    if (!s->on)
        return CS_OK;
    const double start = cs_wall_seconds();
    if (write_file(r, stage) != CS_OK)
        warn(r, "no checkpoint was written, the run goes on");
    s->sequence++;
    s->last = cs_wall_seconds();
    s->cost = s->last - start;
    return CS_OK;
}

/* The root's clock decides for all. */
static bool due(void *context) {
    const cs_run_state *r = context;
    const cs_run_options *o = r->options;
    if (!is_root(r))
        return false;
    if (o->checkpoint_steps > 0)
        return (cs_trainer_done(r->trainer) + 1) % o->checkpoint_steps == 0;
    const double interval = o->checkpoint_seconds > 0 ? o->checkpoint_seconds : DEFAULT_SECONDS;
    const double since = cs_wall_seconds() - r->saves.last;
    return since >= interval && since >= LEAST_RATIO * r->saves.cost;
}

static bool stop_wanted(void *context) {
    const cs_run_state *r = context;
    return r->options->stop != NULL && r->options->stop->wanted;
}

static cs_status save_training(void *context) {
    return cs_run_save(context, CS_CHECKPOINT_TRAINING);
}

static cs_status save_committed(void *context) {
    return cs_run_save(context, CS_CHECKPOINT_COMMITTED);
}

/* While it trains a rank saves before it stops; otherwise whoever stops it loses nothing that is not saved. */
static void set_saving(const cs_run_state *r, bool saving) {
    if (r->options->stop != NULL)
        r->options->stop->saving = saving;
}

cs_status cs_run_train_saving(cs_run_state *r, const cs_progress *progress) {
    const cs_train_control control = {.due = due, .stop = stop_wanted, .save = save_training, .context = r};
    cs_run_saves *s = &r->saves;
    const bool resumed = s->resuming;
    set_saving(r, s->on);
    if (resumed)
        CS_TRY(cs_run_restore(r));
    else
        CS_TRY(cs_run_save(r, CS_CHECKPOINT_TRAINING));
    const size_t begun = cs_trainer_done(r->trainer);
    r->keeps = begun == 0 && !r->attributable && cs_kept_sums_pay(&r->statement.params); /* the same on all ranks */
    if (r->statement.members[0].signer.identified)
        r->sums.who.secret = r->identity.ed25519;
    for (int i = 0; i < r->comm->size; i++)
        memcpy(r->sums.who.keys[i], r->statement.members[cs_run_member(r, i)].signer.ed25519, CS_SIGN_KEY_SIZE);
#ifdef CS_TAMPER
    r->sums.attack = r->options->attack;
#endif
    const cs_status trained =
        cs_train_run(r->comm, r->pads, r->trainer, &r->statement.params, r->derived.training_digest, s->on ? &control : NULL,
                     r->attributable ? &r->sums : NULL, r->keeps ? &r->kept_sums : NULL, progress);
    CS_TRY(cs_run_accuse_liars(r, &r->sums, trained));
    if (begun < r->statement.params.steps)
        CS_TRY(cs_run_save(r, CS_CHECKPOINT_TRAINING));
    set_saving(r, false);
    if (stop_wanted(r))
        return cs_fail(CS_ERR_STOPPED, "stopped on request after all steps; --resume goes on from there");
    s->rows.made = save_committed;
    s->rows.context = r;
    return CS_OK;
}

/* ------------------------------------------------------------ the end */

void cs_run_remove_checkpoints(cs_run_state *r) {
    cs_run_saves *s = &r->saves;
    if (!s->on)
        return;
    cs_sealed_remove(s->path[0]);
    cs_sealed_remove(s->path[1]);
    if (r->options->key == NULL)
        (void)unlink(s->key_path);
}

void cs_run_free_saves(cs_run_state *r) {
    cs_run_saves *s = &r->saves;
    cs_sealed_end(s->from);
    cs_witness_rows_free(&s->rows);
    cs_free(s->parts);
    cs_free(s->path[0]);
    cs_free(s->path[1]);
    cs_free(s->key_path);
}
