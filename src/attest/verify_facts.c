#include <sodium.h>
#include <string.h>

#include "attest/manifest.h"
#include "attest/verification.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/strings.h"

static cs_status describe_dataset(cs_fact_dataset *out, const cs_dataset_use *use, cs_draw_count count) {
    CS_TRY(cs_string_own(&out->name, cs_string_copy(use->doc.name)));
    out->rows = use->doc.rows;
    out->draws = count.total;
    out->draws_epoch_max = count.epoch_max;
    out->quota = CS_NO_QUOTA;
    out->names_certificate = use->has_certificate;
    memcpy(out->certificate.digest, use->certificate, sizeof out->certificate.digest);
    return cs_dataset_doc_digest(out->digest, &use->doc);
}

/* Of the segment, but for the most in a pass: passes begin in the segments before. */
static cs_status count_public(cs_draw_count *out, const cs_verification *v, int rank, size_t draws) {
    const cs_pieces *shard = &v->d->shards[rank];
    const size_t before = v->d->draws_before;
    const uint32_t *all = v->d->draws[rank] - before;
    cs_draw_count *earlier = CS_NEW(cs_draw_count, shard->n);
    cs_status status = earlier != NULL ? cs_passes_tally(earlier, shard, all, before) : CS_ERR_MEMORY;
    if (status == CS_OK)
        status = cs_passes_tally(out, shard, all, before + draws);
    for (size_t k = 0; status == CS_OK && k < shard->n; k++)
        out[k].total -= earlier[k].total;
    cs_free(earlier);
    return status;
}

/* Hidden draws were proved to be as many of each dataset as is stated; others are counted. */
static cs_status describe_datasets(cs_fact_member *out, const cs_verification *v, int rank) {
    const cs_dataset_uses *u = &v->a->statement.members[rank].datasets;
    const bool hidden = v->a->statement.hidden;
    cs_draw_count *counted = CS_NEW(cs_draw_count, u->n);
    cs_status status = counted != NULL ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK && !hidden)
        status = count_public(counted, v, rank, out->draws);
    for (size_t k = 0; status == CS_OK && k < u->n; k++)
        status =
            describe_dataset(&out->datasets[k], &u->use[k], hidden ? cs_passes_piece(&v->d->passes[rank], k) : counted[k]);
    cs_free(counted);
    return status;
}

static cs_status describe_member(cs_fact_member *out, const cs_verification *v, int rank) {
    const cs_statement_member *m = &v->a->statement.members[rank];
    const cs_params *p = &v->a->statement.params;
    CS_TRY(cs_string_own(&out->name, cs_string_copy(m->signer.identified ? m->signer.name : m->name)));
    out->identified = m->signer.identified;
    memcpy(out->ed25519, m->signer.ed25519, sizeof out->ed25519);
    out->datasets = CS_NEW(cs_fact_dataset, m->datasets.n);
    if (out->datasets == NULL)
        return CS_ERR_MEMORY;
    if (rank >= p->n_ranks) /* without data */
        return CS_OK;
    out->draws = p->steps * p->batch;
    out->n_datasets = m->datasets.n;
    return describe_datasets(out, v, rank);
}

/* A model that is only committed is named by its commitments. */
static void digest_points(uint8_t out[32], const cs_g1_affine *points, size_t n) {
    static const char label[] = "consort/committed-model/1";
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    crypto_hash_sha256_update(&hash, (const uint8_t *)label, sizeof label);
    for (size_t k = 0; k < n; k++) {
        uint8_t bytes[32];
        cs_g1_encode(bytes, points[k]);
        crypto_hash_sha256_update(&hash, bytes, sizeof bytes);
    }
    crypto_hash_sha256_final(&hash, out);
}

static void describe_models(cs_facts *f, const cs_verification *v) {
    const cs_statement *s = &v->a->statement;
    const cs_buffer *file = &v->a->container.section[CS_SECTION_MODEL];
    f->initial_given = s->initial_given;
    memcpy(f->initial, v->d->initial_digest, sizeof f->initial);
    f->final_public = s->params.final_public;
    if (f->final_public) {
        memcpy(f->final, s->final_digest, sizeof f->final);
        cs_sha256(f->final_file, file->data, file->size);
    } else {
        digest_points(f->final, s->final_rows, cs_final_row_count(&s->params));
    }
    f->has_previous = cs_statement_before(s) != NULL;
    if (f->has_previous)
        memcpy(f->previous, cs_statement_before(s), sizeof f->previous);
}

static void describe_digests(cs_facts *f, const cs_verification *v) {
    memcpy(f->seed, v->d->seed, sizeof f->seed);
    memcpy(f->statement, v->d->instance.digest, sizeof f->statement);
    memcpy(f->attestation, v->a->digest, sizeof f->attestation);
}

cs_status cs_verify_describe(const cs_verification *v) {
    const cs_statement *s = &v->a->statement;
    const cs_params *p = &s->params;
    cs_facts *f = v->facts;
    CS_TRY(cs_string_own(&f->job, cs_string_copy(s->name)));
    CS_TRY(cs_string_own(&f->purpose, cs_string_copy(s->manifest != NULL ? s->purpose : "")));
    CS_TRY(cs_string_own(&f->beacon, cs_string_copy(s->beacon)));
    if (s->excluded.n > 0)
        CS_TRY(cs_string_own(&f->excluded, cs_excluded_join(&s->excluded)));
    f->contributions = s->has_contributions;
    f->indices_hidden = s->hidden;
    f->batch = (uint64_t)p->n_ranks * p->batch;
    f->widths = CS_NEW(size_t, p->layers + 1);
    f->n_members = (size_t)cs_statement_members(s);
    f->members = CS_NEW(cs_fact_member, f->n_members);
    if (f->widths == NULL || f->members == NULL)
        return CS_ERR_MEMORY;
    memcpy(f->widths, p->widths, (p->layers + 1) * sizeof *f->widths);
    f->layers = p->layers;
    f->segment_from = s->segment.from;
    f->segment_of = s->segment.given ? s->whole.steps : 0;
    for (int i = 0; i < cs_statement_members(s); i++)
        CS_TRY(describe_member(&f->members[i], v, i));
    describe_models(f, v);
    describe_digests(f, v);
    return cs_compute_count(&f->compute, p->widths, p->layers, p->steps, f->batch);
}
