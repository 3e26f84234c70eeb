#include "attest/derive.h"

#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "provenance/refusal.h"
#include "provenance/shard.h"
#include "train/protocol.h"

static cs_status check_initial(cs_derived *out, const cs_statement *s, const cs_model *initial) {
    CS_TRY(cs_fail_prefix(cs_model_validate(initial, &s->params, true), "W(0)"));
    cs_model_digest(out->initial_digest, initial);
    if (s->initial_given && memcmp(out->initial_digest, s->initial_digest, 32) != 0)
        return cs_refuse(CS_REFUSAL_INITIAL, "initial: the given W(0) does not have the digest that the statement names");
    return CS_OK;
}

/* What it follows from names a W(0), so that a verifier need not hash its numbers. */
static void digest_of_seeded(uint8_t out[32], const uint8_t seed[32]) {
    static const char label[] = "consort/initial-seed/1";
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    crypto_hash_sha256_update(&hash, (const uint8_t *)label, sizeof label);
    crypto_hash_sha256_update(&hash, seed, 32);
    crypto_hash_sha256_final(&hash, out);
}

/* A committed W(0) is known to the members only, who compare it with its commitments (attest/run_initial.c). */
static cs_status derive_initial(cs_derived *out, const cs_statement *s, const cs_model *initial) {
    const bool committed = s->params.initial_committed;
    if (!committed && s->initial_given != (initial != NULL))
        return cs_fail(CS_ERR_INPUT, s->initial_given
                                         ? "initial: the statement names a given W(0), which is not at hand"
                                         : "initial: there is a W(0), but the statement derives it from the seed");
    if (initial != NULL)
        CS_TRY(check_initial(out, s, initial));
    else if (!committed)
        digest_of_seeded(out->initial_digest, out->seed);
    if (committed)
        memcpy(out->initial_digest, s->initial_digest, sizeof out->initial_digest);
    out->initial = initial;
    return CS_OK;
}

cs_status cs_derived_make_initial(cs_derived *d) {
    if (d->initial != NULL || d->statement->params.initial_committed)
        return CS_OK;
    CS_TRY(cs_model_from_seed(&d->from_seed, &d->statement->params, d->seed));
    d->initial = &d->from_seed;
    return CS_OK;
}

/* Where a member's datasets lie, and their commitments as rows of the witness. */
static cs_status derive_shard(cs_derived *out, const cs_statement *s, int rank) {
    const cs_dataset_uses *u = &s->members[rank].datasets;
    const cs_dataset_doc **docs = CS_NEW(const cs_dataset_doc *, u->n);
    size_t extent;
    out->dataset_rows[rank] = CS_NEW(cs_g1_affine, cs_dataset_row_count(&s->params));
    cs_status status = docs && out->dataset_rows[rank] ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK)
        status = cs_dataset_uses_place(&out->pieces[rank], &out->shards[rank], &extent, u);
    if (status == CS_OK) {
        cs_dataset_uses_docs(docs, u);
        status = cs_shard_points(out->dataset_rows[rank], &s->params, docs, u->n);
    }
    cs_free(docs);
    return status;
}

/* The job's draws up to the end of the segment: passes go on over its beginning. */
static cs_status derive_public_draws(cs_derived *out, const cs_statement *s) {
    cs_params p = s->params;
    out->draws_before = s->segment.from * p.batch;
    p.steps += s->segment.from;
    CS_TRY(cs_draws_new(&out->draws, &p, out->shards, out->seed));
    for (int i = 0; i < p.n_ranks; i++)
        out->draws[i] += out->draws_before;
    return CS_OK;
}

static cs_status derive_draws(cs_derived *out, const cs_statement *s) {
    if (!s->hidden)
        return derive_public_draws(out, s);
    out->draws = CS_NEW(uint32_t *, (size_t)s->params.n_ranks);
    if (out->draws == NULL)
        return CS_ERR_MEMORY;
    for (int i = 0; i < s->params.n_ranks; i++)
        CS_TRY(cs_fail_prefix(
            cs_passes_stated(&out->passes[i], &out->shards[i], s->last_pass[i], s->params.steps * s->params.batch),
            "indices: member \"%s\"", s->members[i].name));
    return CS_OK;
}

static cs_status derive(cs_derived *out, const cs_statement *s, const cs_model *initial, const cs_buffer *proof) {
    CS_TRY(cs_table_new(&out->table, &s->params));
    cs_table_digest(out->table_digest, &out->table);
    CS_TRY(cs_blocks_new(&out->blocks, &s->params, out->table.n));
    if (proof != NULL)
        CS_TRY(cs_train_check_size(&s->params, &out->blocks, proof->size));
    for (int i = 0; i < s->params.n_ranks; i++)
        CS_TRY(derive_shard(out, s, i));
    CS_TRY(cs_statement_seed(out->seed, s));
    CS_TRY(derive_initial(out, s, initial));
    CS_TRY(derive_draws(out, s));
    return cs_statement_training_digest(out->training_digest, s, out->initial_digest);
}

cs_status cs_derived_new(cs_derived *out, const cs_statement *s, const cs_model *initial, const cs_buffer *proof) {
    memset(out, 0, sizeof *out);
    out->statement = s;
    const cs_status status = derive(out, s, initial, proof);
    if (status != CS_OK)
        cs_derived_free(out);
    return status;
}

static cs_status check_final(const cs_statement *s, const cs_model *final) {
    uint8_t digest[32];
    if (s->params.final_public != (final != NULL))
        return cs_fail(CS_ERR_INPUT, s->params.final_public
                                         ? "final: the statement names a public model, which is not at hand"
                                         : "final: there is a model, but the statement only commits to it");
    if (final == NULL)
        return CS_OK;
    CS_TRY(cs_fail_prefix(cs_model_validate(final, &s->params, false), "W(T)"));
    cs_model_digest(digest, final);
    if (memcmp(digest, s->final_digest, 32) != 0)
        return cs_fail(CS_ERR_INPUT, "final: the released model does not have the digest that the statement names");
    return CS_OK;
}

cs_status cs_derived_complete(cs_derived *d, const cs_model *final) {
    const cs_statement *s = d->statement;
    CS_TRY(check_final(s, final));
    d->instance = (cs_instance){.params = &s->params,
                                .table = &d->table,
                                .blocks = &d->blocks,
                                .initial = d->initial,
                                .initial_seed = d->initial == NULL && !s->params.initial_committed ? d->seed : NULL,
                                .initial_rows = s->initial_rows,
                                .final = final,
                                .dataset_rows = d->dataset_rows,
                                .final_rows = s->final_rows,
                                .draws = d->draws,
                                .passes = s->hidden ? d->passes : NULL};
    return cs_statement_digest(d->instance.digest, s, d->seed, d->initial_digest, d->table_digest);
}

void cs_derived_free(cs_derived *d) {
    cs_model_free(&d->from_seed);
    cs_table_free(&d->table);
    cs_blocks_free(&d->blocks);
    cs_draws_free(d->draws);
    for (int i = 0; i < CS_MAX_RANKS; i++) {
        cs_free(d->dataset_rows[i]);
        cs_free(d->pieces[i]);
        cs_passes_free(&d->passes[i]);
    }
    memset(d, 0, sizeof *d);
}
