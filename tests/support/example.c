#include "support/example.h"
#include "base/memory.h"
#include "curve/int_row.h"
#include "session/aes.h"
#include "train/loop.h"
#include "train/sampler.h"
#include "witness/ipa.h"
#include <math.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

cs_example_options cs_example_defaults(void) {
    return (cs_example_options){.n_ranks = 2,
                                .steps = 2,
                                .batch = 2,
                                .layers = 2,
                                .widths = {3, 3, 2},
                                .rows = 5,
                                .a = 3,
                                .d = 5,
                                .shift = 4,
                                .value_bits = 8,
                                .exp_bits = 5,
                                .column_bits = 5,
                                .n_limbs = 2,
                                .seed = 7};
}

/* A small deterministic generator for synthetic data (SplitMix64). */
static uint64_t next(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 2^w sqrt(6 / fan-in), so that wide layers stay in range; at most 2^(w-1). */
static int64_t initial_bound(unsigned w, size_t inputs) {
    const double one = (double)((int64_t)1 << w), bound = one * sqrt(6.0 / (double)inputs);
    return (int64_t)(bound < one / 2 ? bound : one / 2);
}

/* Datasets of one rank, committed before there are parameters, and what they take of its shard. */
static cs_status make_datasets(cs_example *e, int rank, const cs_example_options *o) {
    const cs_dataset_doc *docs[CS_EXAMPLE_DATASETS];
    e->committed[rank] = CS_NEW(cs_committed, o->datasets);
    if (!e->committed[rank])
        return CS_ERR_MEMORY;
    e->shards[rank] = (cs_pieces){e->pieces[rank], o->datasets};
    for (size_t k = 0; k < o->datasets; k++) {
        cs_committed_options c = cs_committed_defaults();
        c.rows = o->rows + (size_t)rank + k;
        c.features = o->widths[0];
        c.classes = o->widths[o->layers];
        c.columns = (size_t)1 << o->column_bits;
        c.seed = o->seed + 100 * (uint64_t)rank + k;
        docs[k] = &e->committed[rank][k].doc;
        CS_TRY(cs_committed_new(&e->committed[rank][k], &c));
    }
    return cs_shard_place(e->pieces[rank], &e->params.rows[rank], docs, o->datasets);
}

static cs_status make_shards(cs_example *e, const cs_example_options *o) {
    for (int i = 0; i < o->n_ranks; i++) {
        e->pieces[i][0] = (cs_piece){.rows = e->params.rows[i], .weight = 1, .per_epoch = CS_NO_LIMIT, .total = CS_NO_LIMIT};
        e->shards[i] = (cs_pieces){e->pieces[i], 1};
        if (o->datasets > 0)
            CS_TRY(make_datasets(e, i, o));
    }
    e->params.certified = o->datasets > 0;
    return cs_params_validate(&e->params);
}

static cs_status make_params(cs_params *p, const cs_example_options *o) {
    *p = (cs_params){.n_ranks = o->n_ranks,
                     .steps = o->steps,
                     .batch = o->batch,
                     .layers = o->layers,
                     .a = o->a,
                     .d = o->d,
                     .w = o->a + o->d + o->shift,
                     .n_limbs = o->n_limbs,
                     .value_bits = o->value_bits,
                     .exp_bits = o->exp_bits,
                     .column_bits = o->column_bits,
                     .ledger_width = 16,
                     .initial_committed = o->previous != NULL,
                     .final_public = !o->final_committed};
    memcpy(p->widths, o->widths, sizeof p->widths);
    for (int i = 0; i < o->n_ranks; i++)
        p->rows[i] = o->rows + (size_t)i;
    for (unsigned k = 0; k < p->n_limbs; k++)
        p->limb_bits[k] = p->w / p->n_limbs + (k < p->w % p->n_limbs);
    const size_t draws = o->steps * o->batch;
    p->hidden_passes = o->hidden_draws ? (draws + o->rows - 1) / o->rows : 0;
    for (size_t l = 0; l < p->layers; l++)
        p->initial_max[l] =
            o->previous ? (int64_t)cs_params_weight_max(&o->previous->params, l + 1) : initial_bound(p->w, p->widths[l]);
    p->rate = CS_NEW(int64_t, o->steps);
    if (!p->rate)
        return CS_ERR_MEMORY;
    for (size_t t = 0; t < o->steps; t++)
        p->rate[t] = o->rates ? o->rates[t] : 1;
    return cs_params_validate(p);
}

/* A stroke of ink of each class, where the pixel belongs to it. */
static int64_t pixel(const cs_params *p, uint64_t *state, size_t k, size_t label) {
    const bool ink = (k / 8 * 7 + label * 3) % 5 == 0;
    return ink ? (int64_t)(next(state) % ((1u << p->a) + 1)) : 0;
}

/* Blurred patterns, so that training has something to learn. */
static void make_data(const cs_example *e, cs_example_rank *r, const cs_example_options *o) {
    const cs_params *p = &e->params;
    cs_tensor *d = &r->tensors[cs_blocks_find(&e->blocks, CS_BLOCK_D, 0, 0)];
    cs_tensor *y = &r->tensors[cs_blocks_find(&e->blocks, CS_BLOCK_Y, 0, 0)];
    uint64_t state = o->seed + (uint64_t)r->rank * 1000003;
    for (size_t row = 0; row < p->rows[r->rank]; row++) {
        const size_t label = (size_t)(next(&state) % p->widths[p->layers]);
        cs_tensor_set(y, (row << cs_params_width_bits(p, p->layers)) + label, 1);
        for (size_t k = 0; k < p->widths[0]; k++) {
            const int64_t pattern = (k + label) % 3 == 0 ? (int64_t)1 << p->a : 0;
            const int64_t noise = (int64_t)(next(&state) % ((1u << p->a) + 1)) - ((int64_t)1 << (p->a - 1));
            const int64_t value = o->images ? pixel(p, &state, k, label) : pattern + noise;
            cs_tensor_set(d, (row << cs_params_width_bits(p, 0)) + k, value);
        }
    }
}

static cs_status use_datasets(cs_example *e, cs_example_rank *r) {
    const cs_dataset_doc *docs[CS_EXAMPLE_DATASETS];
    const cs_dataset_opening *openings[CS_EXAMPLE_DATASETS];
    const size_t n = e->shards[r->rank].n;
    for (size_t k = 0; k < n; k++) {
        docs[k] = &e->committed[r->rank][k].doc;
        openings[k] = &e->committed[r->rank][k].opening;
    }
    CS_TRY(cs_shard_check(&e->params, r->rank, docs, n));
    CS_TRY(cs_shard_points(e->dataset_rows[r->rank], &e->params, docs, n));
    CS_TRY(cs_shard_blindings(r->dataset_blindings, &e->params, docs, openings, n));
    return cs_shard_tensors(&r->tensors[cs_blocks_find(&e->blocks, CS_BLOCK_D, 0, 0)],
                            &r->tensors[cs_blocks_find(&e->blocks, CS_BLOCK_Y, 0, 0)], &e->params, docs, openings, n);
}

static cs_status make_rank(cs_example *e, int rank, const cs_example_options *o) {
    cs_example_rank *r = &e->ranks[rank];
    const size_t rows = cs_dataset_row_count(&e->params), final_rows = cs_final_row_count(&e->params);
    r->example = e;
    r->rank = rank;
    r->tensors = CS_NEW(cs_tensor, e->blocks.n);
    r->dataset_blindings = CS_NEW(cs_fr, rows);
    r->final_blindings = CS_NEW(cs_fr, final_rows);
    e->dataset_rows[rank] = CS_NEW(cs_g1_affine, rows);
    if (!r->tensors || !r->dataset_blindings || !r->final_blindings || !e->dataset_rows[rank])
        return CS_ERR_MEMORY;
    CS_TRY(cs_blocks_tensors(r->tensors, &e->blocks, rank));
    for (size_t k = 0; k < final_rows; k++)
        r->final_blindings[k] = cs_fr_random();
    if (o->datasets > 0)
        return use_datasets(e, r);
    make_data(e, r, o);
    for (size_t k = 0; k < rows; k++)
        r->dataset_blindings[k] = cs_fr_random();
    return cs_dataset_commit(e->dataset_rows[rank], &e->params, &e->blocks, r->tensors, r->dataset_blindings);
}

/* W(0) is the committed final model of another run: its rows and their blindings are used again. */
static cs_status continue_from(cs_example *e, const cs_example *previous) {
    const size_t n = cs_initial_row_count(&e->params);
    cs_example_rank *root = &e->ranks[0];
    cs_model_free(&e->initial);
    CS_TRY(cs_model_copy(&e->initial, &previous->final));
    e->initial_rows = CS_NEW(cs_g1_affine, n);
    root->initial_blindings = CS_NEW(cs_fr, n);
    if (!e->initial_rows || !root->initial_blindings)
        return CS_ERR_MEMORY;
    memcpy(e->initial_rows, previous->final_rows, n * sizeof *e->initial_rows);
    memcpy(root->initial_blindings, previous->ranks[0].final_blindings, n * sizeof *root->initial_blindings);
    cs_model_to_blocks(root->tensors, &e->blocks, CS_BLOCK_G, &e->initial);
    e->instance.initial_rows = e->initial_rows;
    return CS_OK;
}

static cs_status make_passes(cs_example *e) {
    const cs_params *p = &e->params;
    const size_t draws = p->steps * p->batch;
    for (int i = 0; i < p->n_ranks; i++) {
        CS_TRY(cs_passes_new(&e->passes[i], &e->shards[i], e->draws[i], draws));
        CS_TRY(cs_hidden_draws_fill(e->ranks[i].tensors, &e->blocks, p, &e->passes[i], e->draws[i]));
    }
    e->instance.passes = e->passes;
    return CS_OK;
}

const uint8_t CS_EXAMPLE_SEED[32] = {1, 2, 3};

cs_status cs_example_new(cs_example *e, const cs_example_options *o) {
    const uint8_t *seed = CS_EXAMPLE_SEED;
    *e = (cs_example){.save_memory = o->save_memory,
                      .padded_tables = o->padded_tables,
                      .without_aes = o->without_aes,
                      .shares = o->shares};
    CS_TRY(make_params(&e->params, o));
    CS_TRY(make_shards(e, o));
    CS_TRY(cs_table_new(&e->table, &e->params));
    CS_TRY(cs_blocks_new(&e->blocks, &e->params, e->table.n));
    CS_TRY(cs_model_from_seed(&e->initial, &e->params, seed));
    CS_TRY(cs_draws_new(&e->draws, &e->params, e->shards, seed));
    e->dataset_rows = CS_NEW(cs_g1_affine *, (size_t)o->n_ranks);
    e->final_rows = CS_NEW(cs_g1_affine, cs_final_row_count(&e->params));
    if (!e->dataset_rows || !e->final_rows)
        return CS_ERR_MEMORY;
    for (int i = 0; i < o->n_ranks; i++) {
        crypto_sign_keypair(e->keys[i], e->secrets[i]);
        CS_TRY(make_rank(e, i, o));
    }
    e->instance = (cs_instance){.params = &e->params,
                                .table = &e->table,
                                .blocks = &e->blocks,
                                .initial = &e->initial,
                                .dataset_rows = e->dataset_rows,
                                .draws = e->draws};
    if (o->previous)
        CS_TRY(continue_from(e, o->previous));
    return o->hidden_draws ? make_passes(e) : CS_OK;
}

void cs_example_free(cs_example *e) {
    for (int i = 0; i < e->params.n_ranks; i++) {
        cs_example_rank *r = &e->ranks[i];
        if (r->tensors)
            cs_blocks_tensors_free(r->tensors, &e->blocks);
        cs_free(r->tensors);
        cs_free(r->dataset_blindings);
        cs_free(r->initial_blindings);
        cs_free(r->final_blindings);
        cs_trainer_free(r->trainer);
        cs_kept_sums_free(&r->kept);
        cs_passes_free(&e->passes[i]);
        for (size_t k = 0; e->committed[i] && k < e->shards[i].n; k++)
            cs_committed_free(&e->committed[i][k]);
        cs_free(e->committed[i]);
        if (e->dataset_rows)
            cs_free(e->dataset_rows[i]);
    }
    cs_free(e->dataset_rows);
    cs_free(e->initial_rows);
    cs_free(e->final_rows);
    cs_draws_free(e->draws);
    cs_model_free(&e->initial);
    cs_model_free(&e->final);
    cs_blocks_free(&e->blocks);
    cs_table_free(&e->table);
    cs_params_free(&e->params);
    cs_buffer_free(&e->proof);
    cs_record_free(&e->record);
    *e = (cs_example){0};
}

void cs_example_digest(cs_example *e) {
    crypto_hash_sha256_state h;
    crypto_hash_sha256_init(&h);
    uint8_t part[32];
    for (int i = 0; i < e->params.n_ranks; i++)
        for (size_t k = 0; k < cs_dataset_row_count(&e->params); k++) {
            cs_g1_encode(part, e->dataset_rows[i][k]);
            crypto_hash_sha256_update(&h, part, sizeof part);
        }
    if (e->instance.final) {
        cs_model_digest(part, e->instance.final);
        crypto_hash_sha256_update(&h, part, sizeof part);
    }
    cs_model_digest(part, e->instance.initial);
    crypto_hash_sha256_update(&h, part, sizeof part);
    crypto_hash_sha256_update(&h, (const uint8_t *)e->params.rate, e->params.steps * sizeof *e->params.rate);
    crypto_hash_sha256_final(&h, e->instance.digest);
    memcpy(e->digest, e->instance.digest, 32);
}

/* The final model becomes part of the statement: rank 0 commits to it, or it is public. Between two barriers of run_rank. */
static cs_status publish_model(cs_example *e) {
    CS_TRY(cs_model_copy(&e->final, cs_trainer_model(e->ranks[0].trainer)));
    if (e->params.final_public) {
        e->instance.final = &e->final;
    } else {
        cs_model_to_blocks(e->ranks[0].tensors, &e->blocks, CS_BLOCK_F, &e->final);
        CS_TRY(cs_model_commit(e->final_rows, &e->params, &e->final, e->ranks[0].final_blindings,
                               cs_final_row_count(&e->params)));
        e->instance.final_rows = e->final_rows;
    }
    cs_example_digest(e);
    return CS_OK;
}

static cs_status train(cs_example_rank *r, cs_comm *comm, cs_pads *pads) {
    cs_example *e = r->example;
    static const uint8_t digest[32] = {9};
    cs_status status =
        cs_trainer_new(&r->trainer, &e->params, r->rank, "member", &e->initial, e->draws[r->rank], &e->blocks, r->tensors);
    if (status != CS_OK)
        return cs_comm_raise(comm, status);
#ifdef CS_TAMPER
    if (r->tamper)
        cs_trainer_set_tamper(r->trainer, r->tamper, r->tamper_context);
#endif
    r->keeps = !e->padded_tables && e->params.n_ranks > 1;
    CS_TRY(cs_train_run(comm, pads, r->trainer, &e->params, digest, NULL, NULL, r->keeps ? &r->kept : NULL, NULL));
    CS_TRY(cs_comm_agree(comm, CS_LABEL_AGREE, CS_OK));
    CS_TRY(cs_comm_agree(comm, CS_LABEL_AGREE, r->rank ? CS_OK : publish_model(e)));
    return cs_comm_agree(comm, CS_LABEL_AGREE, CS_OK);
}

static double thread_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#ifdef CS_TAMPER
/* Is there an entry outside of its declared range, or one in the padding that is not zero? */
static bool departs(const cs_block_info *info, const cs_tensor *t) {
    cs_int_row whole = {.type = t->type, .n = t->n};
    bool outside = false;
    cs_int_row_shape(&whole, info->axes, info->shape, info->bits, 0);
    for (size_t x = 0; x < t->n; x++) {
        const int64_t v = cs_tensor_get(t, x);
        outside |= v < t->min || v > t->max || (v != 0 && !cs_int_row_has(&whole, x));
    }
    return outside;
}

/* What a dishonest rank put into a tensor where its commitments would not have it is committed to as field elements. */
static cs_status free_entries(cs_example_rank *r) {
    for (size_t k = 0; k < r->example->blocks.n; k++) {
        cs_tensor *t = &r->tensors[k];
        if (t->data && t->type != CS_INT_FR && departs(&r->example->blocks.info[k], t))
            CS_TRY(cs_tensor_to_fr(t));
    }
    return CS_OK;
}
#endif

static cs_status prove(cs_example_rank *r, cs_comm *comm, const cs_keyring *keys, cs_pads *pads) {
    cs_example *e = r->example;
    r->shard = (cs_shard){.save_memory = e->save_memory,
                          .tensors = r->tensors,
                          .dataset_blindings = r->dataset_blindings,
                          .initial_blindings = r->initial_blindings,
                          .final_blindings = r->final_blindings,
                          .trainer = r->trainer,
                          .kept = r->keeps ? &r->kept : NULL,
                          .signing = &(cs_signing){e->secrets[r->rank]},
                          .record = &e->record};
#ifdef CS_TAMPER
    r->shard.attack = &r->attack;
    if (r->skip_table_checks)
        r->shard.trainer = NULL;
    if (r->before_proof)
        r->before_proof(r, r->before_context);
    const cs_status freed = r->plain_commitments ? CS_OK : free_entries(r);
    if (freed != CS_OK)
        return cs_comm_raise(comm, freed);
#endif
    const double start = thread_seconds();
    cs_buffer none = {0};
    const cs_status status =
        cs_train_prove(comm, keys, pads, &e->instance, &r->shard, NULL, r->rank ? &none : &e->proof, &r->stats);
    r->proof_seconds = thread_seconds() - start;
    return status;
}

static cs_status run_rank(cs_comm *comm, void *arg) {
    cs_example_rank *r = arg;
    static const uint8_t job[32] = {0};
    cs_identity me;
    cs_keyring keys = {0};
    cs_pads *pads = NULL;
    const double start = thread_seconds();
#ifdef CS_TAMPER
    if (r->network)
        r->network(r, comm);
#endif
    cs_status status = cs_identity_generate(&me);
    if (status != CS_OK)
        return cs_comm_raise(comm, status);
    const bool aes = cs_aes_available() && !(r->example->without_aes >> r->rank & 1);
    status = cs_handshake_with(comm, &me, NULL, job, aes, &keys);
    if (status == CS_OK) {
        status = cs_pads_new(&pads, &keys);
        status = status == CS_OK ? CS_OK : cs_comm_raise(comm, status);
    }
    if (status == CS_OK && r->example->shares != NULL)
        status = cs_comm_raise(comm, cs_comm_set_shares(comm, r->example->shares));
    if (status == CS_OK)
        status = train(r, comm, pads);
    if (status == CS_OK)
        status = prove(r, comm, &keys, pads);
    cs_pads_free(pads);
    cs_keyring_free(&keys);
    cs_identity_wipe(&me);
    r->cpu_seconds = thread_seconds() - start;
    return status;
}

cs_status cs_example_prove(cs_example *e) {
    void *args[CS_MAX_RANKS];
    for (int i = 0; i < e->params.n_ranks; i++)
        args[i] = &e->ranks[i];
    cs_buffer_clear(&e->proof);
    return cs_comm_run_threads(e->params.n_ranks, run_rank, args, e->outcomes);
}

cs_status cs_example_verify(const cs_example *e, const uint8_t *proof, size_t size) {
    cs_instance instance = e->instance;
    if (e->params.hidden_passes > 0)
        instance.draws = NULL; /* nobody else knows them */
    if (e->params.initial_committed)
        instance.initial = NULL;
    return cs_train_verify(&instance, proof, size, NULL, NULL);
}

cs_status cs_example_judge(const cs_example *e, cs_judge *judge) {
    cs_instance instance = e->instance;
    size_t used;
    if (e->params.hidden_passes > 0)
        instance.draws = NULL;
    CS_TRY(cs_judge_new(judge, (size_t)e->params.n_ranks));
    judge->nonce = e->record.nonce;
    for (int i = 0; i < e->params.n_ranks; i++) {
        judge->ranks[i].rank = i;
        judge->ranks[i].sent = &e->record.ranks[i];
        judge->ranks[i].key = e->keys[i];
    }
    CS_TRY(cs_train_judge(&instance, e->proof.data, e->proof.size, judge, &used));
    return cs_ipa_judge(&e->record, judge);
}
