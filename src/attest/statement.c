#include "attest/statement.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "attest/params_json.h"
#include "attest/segments.h"
#include "attest/statement_json.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "provenance/document.h"

static cs_status copy_member(cs_statement_member *out, const cs_job_member *m) {
    CS_TRY(cs_string_own(&out->name, cs_string_copy(m->name)));
    if (m->has_key)
        memcpy(out->key, m->key, sizeof out->key);
    out->signer = m->signer;
    return m->datasets.n == 0 ? CS_OK : cs_dataset_uses_copy(&out->datasets, &m->datasets);
}

static cs_status copy_job(cs_statement *out, const cs_job *job) {
    CS_TRY(cs_params_copy(&out->params, &job->params));
    CS_TRY(cs_string_own(&out->name, cs_string_copy(job->name)));
    CS_TRY(cs_string_own(&out->purpose, cs_string_copy(job->purpose)));
    CS_TRY(cs_string_own(&out->beacon, cs_string_copy(job->beacon)));
    out->has_contributions = job->contributions;
    CS_TRY(cs_excluded_copy(&out->excluded, &job->excluded));
    out->n_idle = job->n_idle;
    for (int i = 0; i < cs_job_members(job); i++)
        CS_TRY(copy_member(&out->members[i], &job->members[i]));
    return CS_OK;
}

cs_status cs_statement_set_initial_rows(cs_statement *s, const cs_g1_affine *rows) {
    static const char label[] = "consort/initial-rows/1";
    const size_t n = cs_initial_row_count(&s->params);
    crypto_hash_sha256_state hash;
    s->initial_rows = CS_NEW(cs_g1_affine, n);
    if (s->initial_rows == NULL)
        return CS_ERR_MEMORY;
    crypto_hash_sha256_init(&hash);
    crypto_hash_sha256_update(&hash, (const uint8_t *)label, sizeof label);
    for (size_t k = 0; k < n; k++) {
        uint8_t point[32];
        s->initial_rows[k] = rows[k];
        cs_g1_encode(point, rows[k]);
        cs_sha256_update(&hash, point, sizeof point);
    }
    crypto_hash_sha256_final(&hash, s->initial_digest);
    return CS_OK;
}

static cs_status copy_initial(cs_statement *out, const cs_job *job, const uint8_t *initial_digest) {
    out->has_previous = job->previous.given;
    memcpy(out->previous, job->previous.digest, sizeof out->previous);
    if (job->previous.committed)
        return cs_statement_set_initial_rows(out, job->previous.rows);
    out->initial_given = initial_digest != NULL;
    if (initial_digest != NULL)
        memcpy(out->initial_digest, initial_digest, 32);
    return CS_OK;
}

cs_status cs_statement_from_job(cs_statement *out, const cs_job *job, const uint8_t *initial_digest) {
    memset(out, 0, sizeof *out);
    out->hidden = job->hidden;
    cs_status status = copy_job(out, job);
    if (status == CS_OK)
        status = copy_initial(out, job, initial_digest);
    if (status != CS_OK)
        cs_statement_free(out);
    return status;
}

/* ------------------------------------------------------------ segments */

const cs_params *cs_statement_job_params(const cs_statement *s) {
    return s->segment.given ? &s->whole : &s->params;
}

const uint8_t *cs_statement_before(const cs_statement *s) {
    if (s->segment.from > 0)
        return s->segment.after;
    return s->has_previous ? s->previous : NULL;
}

cs_status cs_statement_cut(cs_statement *s, size_t from, size_t to, size_t hidden_passes) {
    cs_params part;
    CS_TRY(cs_segment_params(&part, cs_statement_job_params(s), from, to));
    part.hidden_passes = hidden_passes;
    if (s->segment.given) {
        cs_params_free(&s->params);
    } else {
        s->whole = s->params;
    }
    s->params = part;
    s->segment = (cs_segment){.given = true, .from = from, .to = to};
    return cs_params_validate(&s->params);
}

/* What the segments of a run have in common. */
static json_t *common_part(const cs_statement *s) {
    static const char *const OWN[] = {"segment", "initial", "final", "indices"};
    json_t *v = cs_statement_to_json(s);
    for (size_t k = 0; v != NULL && k < sizeof OWN / sizeof *OWN; k++)
        json_object_del(v, OWN[k]);
    return v;
}

cs_status cs_statement_same_run(bool *out, const cs_statement *a, const cs_statement *b) {
    json_t *x = common_part(a), *y = common_part(b);
    const bool memory = x != NULL && y != NULL;
    *out = memory && a->segment.given && b->segment.given && a->hidden == b->hidden && json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return memory ? CS_OK : cs_fail(CS_ERR_MEMORY, "no memory to compare two statements");
}

void cs_statement_free(cs_statement *s) {
    for (int i = 0; i < CS_MAX_RANKS; i++) {
        cs_free(s->members[i].name);
        cs_dataset_uses_free(&s->members[i].datasets);
        cs_free(s->last_pass[i]);
    }
    cs_excluded_free(&s->excluded);
    cs_free(s->name);
    cs_free(s->purpose);
    cs_free(s->beacon);
    cs_free(s->initial_rows);
    cs_free(s->final_rows);
    json_decref(s->manifest);
    cs_params_free(&s->params);
    cs_params_free(&s->whole);
    memset(s, 0, sizeof *s);
}

void cs_statement_uses(const cs_dataset_uses **out, const cs_statement *s) {
    for (int i = 0; i < s->params.n_ranks; i++)
        out[i] = &s->members[i].datasets;
}

cs_status cs_statement_encode(cs_buffer *out, const cs_statement *s) {
    if (!s->complete)
        return cs_fail(CS_ERR_INTERNAL, "the statement is encoded before its final model is known");
    return cs_document_append(out, cs_statement_to_json(s));
}

/* SHA-256(label with its NUL, length of the JSON as 8 bytes, the JSON, digests of 32 bytes each). Consumes `v`. */
static cs_status hash_json(uint8_t out[32], const char *label, json_t *v, const uint8_t *const *digests, size_t n) {
    cs_buffer text = {0};
    const cs_status status = cs_document_append(&text, v);
    if (status == CS_OK) {
        uint8_t size[8];
        crypto_hash_sha256_state hash;
        cs_store_u64(size, text.size);
        crypto_hash_sha256_init(&hash);
        crypto_hash_sha256_update(&hash, (const uint8_t *)label, strlen(label) + 1);
        crypto_hash_sha256_update(&hash, size, sizeof size);
        cs_sha256_update(&hash, text.data, text.size);
        for (size_t k = 0; k < n; k++)
            crypto_hash_sha256_update(&hash, digests[k], 32);
        crypto_hash_sha256_final(&hash, out);
    }
    cs_buffer_free(&text);
    return status;
}

cs_status cs_statement_manifest_digest(uint8_t out[32], const cs_statement *s) {
    return cs_document_digest(out, s->manifest);
}

cs_status cs_statement_seed(uint8_t out[32], const cs_statement *s) {
    uint8_t manifest[32] = {0};
    if (s->manifest != NULL)
        CS_TRY(cs_statement_manifest_digest(manifest, s));
    json_t *v = json_pack("{s:o, s:o, s:o, s:s, s:o, s:o}", "previous",
                          s->has_previous ? cs_document_hex_to_json(s->previous, sizeof s->previous) : json_null(), "params",
                          cs_params_to_json(cs_statement_job_params(s)), "datasets", cs_statement_datasets_to_json(s, true),
                          "beacon", s->beacon, "contributions", cs_statement_contributions_to_json(s), "manifest",
                          s->manifest == NULL ? json_null() : cs_document_hex_to_json(manifest, sizeof manifest));
    return hash_json(out, "consort/seed/2", v, NULL, 0);
}

cs_status cs_statement_training_digest(uint8_t out[32], const cs_statement *s, const uint8_t initial_digest[32]) {
    json_t *v = cs_statement_to_json(s);
    if (v != NULL)
        json_object_del(v, "final");
    return hash_json(out, "consort/training/3", v, &initial_digest, 1);
}

cs_status cs_statement_digest(uint8_t out[32], const cs_statement *s, const uint8_t seed[32],
                              const uint8_t initial_digest[32], const uint8_t table_digest[32]) {
    const uint8_t *const digests[] = {seed, initial_digest, table_digest};
    return hash_json(out, "consort/statement/4", cs_statement_to_json(s), digests, 3);
}
