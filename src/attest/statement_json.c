#include "attest/statement_json.h"

#include "attest/params_json.h"
#include "provenance/document.h"

/* Appends to an array; NULL for either is lack of memory, and the array is gone then. */
static json_t *append(json_t *array, json_t *item) {
    if (array != NULL && json_array_append_new(array, item) == 0)
        return array;
    json_decref(array == NULL ? item : array);
    return NULL;
}

static json_t *points_to_json(const cs_g1_affine *points, size_t n) {
    json_t *out = json_array();
    for (size_t k = 0; out != NULL && k < n; k++) {
        uint8_t bytes[32];
        cs_g1_encode(bytes, points[k]);
        out = append(out, cs_document_hex_to_json(bytes, sizeof bytes));
    }
    return out;
}

json_t *cs_statement_datasets_to_json(const cs_statement *s, bool digests) {
    json_t *out = json_array();
    for (int i = 0; out != NULL && i < s->params.n_ranks; i++)
        out = append(out, cs_dataset_uses_to_json(&s->members[i].datasets, digests));
    return out;
}

json_t *cs_statement_contributions_to_json(const cs_statement *s) {
    if (!s->has_contributions)
        return json_null();
    json_t *out = json_array();
    for (int i = 0; out != NULL && i < cs_statement_members(s); i++)
        out = append(out, cs_document_hex_to_json(s->contributions[i], sizeof s->contributions[i]));
    return out;
}

static json_t *last_pass_to_json(const cs_statement *s, int rank) {
    json_t *out = json_array();
    for (size_t k = 0; out != NULL && s->last_pass[rank] != NULL && k < s->members[rank].datasets.n; k++)
        out = append(out, json_integer((json_int_t)s->last_pass[rank][k]));
    return out;
}

static json_t *indices_to_json(const cs_statement *s) {
    if (!s->hidden)
        return json_string("public");
    json_t *out = json_array();
    for (int i = 0; out != NULL && i < s->params.n_ranks; i++)
        out = append(out, last_pass_to_json(s, i));
    return json_pack("{s:o}", "last_pass", out);
}

json_t *cs_signer_to_json(const cs_signer *signer) {
    if (!signer->identified)
        return json_null();
    return json_pack("{s:o, s:s}", "ed25519", cs_document_hex_to_json(signer->ed25519, sizeof signer->ed25519), "name",
                     signer->name);
}

static json_t *members_to_json(const cs_statement *s, int from, int to) {
    json_t *out = json_array();
    for (int i = from; out != NULL && i < to; i++) {
        const cs_statement_member *m = &s->members[i];
        out =
            append(out, json_pack("{s:s, s:o, s:o}", "name", m->name, "key", cs_document_hex_to_json(m->key, sizeof m->key),
                                  "identity", cs_signer_to_json(&m->signer)));
    }
    return out;
}

static json_t *digest_to_json(const char *name, const uint8_t digest[32]) {
    return json_pack("{s:o}", name, cs_document_hex_to_json(digest, 32));
}

json_t *cs_statement_initial_to_json(const cs_statement *s) {
    if (s->params.initial_committed)
        return json_pack("{s:o}", "committed", points_to_json(s->initial_rows, cs_initial_row_count(&s->params)));
    return s->initial_given ? digest_to_json("digest", s->initial_digest) : json_string("seed");
}

static json_t *final_to_json(const cs_statement *s) {
    if (!s->complete)
        return json_null();
    if (s->params.final_public)
        return digest_to_json("public", s->final_digest);
    return json_pack("{s:o}", "committed", points_to_json(s->final_rows, cs_final_row_count(&s->params)));
}

static json_t *manifest_to_json(const cs_statement *s) {
    uint8_t digest[32];
    if (s->manifest == NULL)
        return json_null();
    if (cs_statement_manifest_digest(digest, s) != CS_OK)
        return NULL;
    return json_pack("{s:O, s:o}", "body", s->manifest, "digest", cs_document_hex_to_json(digest, sizeof digest));
}

static json_t *segment_to_json(const cs_segment *segment) {
    return json_pack("{s:o, s:I, s:I}", "after",
                     segment->from > 0 ? cs_document_hex_to_json(segment->after, sizeof segment->after) : json_null(),
                     "from", (json_int_t)segment->from, "to", (json_int_t)segment->to);
}

json_t *cs_statement_to_json(const cs_statement *s) {
    json_t *out =
        json_pack("{s:i, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",                             /* */
                  "version", CS_STATEMENT_VERSION, "name", s->name, "purpose", s->purpose,                         /* */
                  "params", cs_params_to_json(cs_statement_job_params(s)),                                         /* */
                  "members", members_to_json(s, 0, s->params.n_ranks),                                             /* */
                  "beacon", s->beacon, "contributions", cs_statement_contributions_to_json(s),                     /* */
                  "manifest", manifest_to_json(s), "datasets", cs_statement_datasets_to_json(s, false),            /* */
                  "indices", indices_to_json(s),                                                                   /* */
                  "previous", s->has_previous ? cs_document_hex_to_json(s->previous, 32) : json_null(), "initial", /* */
                  cs_statement_initial_to_json(s), "final", final_to_json(s));
    const bool good =
        out != NULL && (!s->segment.given || json_object_set_new(out, "segment", segment_to_json(&s->segment)) == 0) &&
        (s->excluded.n == 0 || json_object_set_new(out, "excluded", cs_excluded_to_json(&s->excluded)) == 0) &&
        (s->n_idle == 0 ||
         json_object_set_new(out, "idle", members_to_json(s, s->params.n_ranks, cs_statement_members(s))) == 0);
    if (good)
        return out;
    json_decref(out);
    return NULL;
}
