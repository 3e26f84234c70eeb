#include "attest/statement.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "attest/params_json.h"
#include "attest/statement_json.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "base/strings.h"

static cs_status copy_classes(cs_statement *out, const cs_job *job) {
    const size_t n = job->params.widths[job->params.layers];
    if (job->classes == NULL)
        return CS_OK;
    out->classes = CS_NEW(char *, n);
    if (out->classes == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < n; k++)
        CS_TRY(cs_string_own(&out->classes[k], cs_string_copy(job->classes[k])));
    return CS_OK;
}

static cs_status copy_job(cs_statement *out, const cs_job *job) {
    CS_TRY(cs_params_copy(&out->params, &job->params));
    CS_TRY(cs_string_own(&out->name, cs_string_copy(job->name)));
    CS_TRY(cs_string_own(&out->beacon, cs_string_copy(job->beacon)));
    for (int i = 0; i < job->params.n_ranks; i++)
        CS_TRY(cs_string_own(&out->member_names[i], cs_string_copy(job->members[i].name)));
    out->features = CS_NEW(cs_affine, job->affine_count);
    if (out->features == NULL)
        return CS_ERR_MEMORY;
    memcpy(out->features, job->affine, job->affine_count * sizeof *job->affine);
    out->n_features = job->affine_count;
    return copy_classes(out, job);
}

cs_status cs_statement_from_job(cs_statement *out, const cs_job *job, const uint8_t *initial_digest) {
    memset(out, 0, sizeof *out);
    const cs_status status = copy_job(out, job);
    if (status != CS_OK) {
        cs_statement_free(out);
        return status;
    }
    out->initial_given = initial_digest != NULL;
    if (initial_digest != NULL)
        memcpy(out->initial_digest, initial_digest, 32);
    return CS_OK;
}

void cs_statement_free(cs_statement *s) {
    for (int i = 0; i < CS_MAX_RANKS; i++) {
        cs_free(s->member_names[i]);
        cs_free(s->datasets[i]);
    }
    for (size_t k = 0; s->classes != NULL && k < s->params.widths[s->params.layers]; k++)
        cs_free(s->classes[k]);
    cs_free(s->classes);
    cs_free(s->name);
    cs_free(s->beacon);
    cs_free(s->features);
    cs_free(s->final_rows);
    cs_params_free(&s->params);
    memset(s, 0, sizeof *s);
}

/* Appends the canonical text of `v` and releases it. */
static cs_status append_json(cs_buffer *out, json_t *v) {
    char *text = v == NULL ? NULL : cs_json_canonical(v);
    json_decref(v);
    if (text == NULL)
        return cs_fail(CS_ERR_MEMORY, "no memory to encode the statement");
    cs_buffer_append(out, text, strlen(text));
    free(text);
    return cs_buffer_status(out);
}

cs_status cs_statement_encode(cs_buffer *out, const cs_statement *s) {
    if (!s->complete)
        return cs_fail(CS_ERR_INTERNAL, "the statement is encoded before its final model is known");
    return append_json(out, cs_statement_to_json(s));
}

/* SHA-256(label with its NUL, length of the JSON as 8 bytes, the JSON, digests of 32 bytes each). */
static cs_status hash_json(uint8_t out[32], const char *label, json_t *v, const uint8_t *const *digests, size_t n) {
    cs_buffer text = {0};
    const cs_status status = append_json(&text, v);
    if (status == CS_OK) {
        uint8_t size[8];
        crypto_hash_sha256_state hash;
        cs_store_u64(size, text.size);
        crypto_hash_sha256_init(&hash);
        crypto_hash_sha256_update(&hash, (const uint8_t *)label, strlen(label) + 1);
        crypto_hash_sha256_update(&hash, size, sizeof size);
        crypto_hash_sha256_update(&hash, text.data, text.size);
        for (size_t k = 0; k < n; k++)
            crypto_hash_sha256_update(&hash, digests[k], 32);
        crypto_hash_sha256_final(&hash, out);
    }
    cs_buffer_free(&text);
    return status;
}

cs_status cs_statement_seed(uint8_t out[32], const cs_statement *s) {
    json_t *v = json_pack("{s:o, s:o, s:s}", "params", cs_params_to_json(&s->params), "datasets", cs_datasets_to_json(s),
                          "beacon", s->beacon);
    return hash_json(out, "consort/seed/1", v, NULL, 0);
}

cs_status cs_statement_training_digest(uint8_t out[32], const cs_statement *s, const uint8_t initial_digest[32]) {
    json_t *v = cs_statement_to_json(s);
    if (v != NULL)
        json_object_del(v, "final");
    return hash_json(out, "consort/training/1", v, &initial_digest, 1);
}

cs_status cs_statement_digest(uint8_t out[32], const cs_statement *s, const uint8_t seed[32],
                              const uint8_t initial_digest[32], const uint8_t table_digest[32]) {
    const uint8_t *const digests[] = {seed, initial_digest, table_digest};
    return hash_json(out, "consort/statement/1", cs_statement_to_json(s), digests, 3);
}
