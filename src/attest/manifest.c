#include "attest/manifest.h"

#include <string.h>

#include "attest/params_json.h"
#include "attest/statement_json.h"
#include "base/file.h"
#include "provenance/document.h"

static const cs_json_field FIELDS[] = {{"version", true},   {"name", true},  {"purpose", true}, {"params", true},
                                       {"initial", true},   {"final", true}, {"schema", true},  {"members", true},
                                       {"datasets", true},  {"seeds", true}, {"indices", true}, {"previous", true},
                                       {"excluded", false}, {"idle", false}};
static const cs_json_shape SHAPE = {"body", FIELDS, sizeof FIELDS / sizeof *FIELDS};
static const cs_json_field SEEDS[] = {{"beacon_source", true}, {"contributions", true}};
static const cs_json_shape SEEDS_SHAPE = {"body.seeds", SEEDS, 2};

/* ------------------------------------------------------------ writing */

static json_t *members_to_json(const cs_statement *s, int from, int to) {
    json_t *out = json_array();
    for (int i = from; out != NULL && i < to; i++) {
        const cs_statement_member *m = &s->members[i];
        if (json_array_append_new(out,
                                  json_pack("{s:s, s:o, s:o}", "name", m->name, "identity", cs_signer_to_json(&m->signer),
                                            "x25519", cs_document_hex_to_json(m->key, sizeof m->key))) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

cs_status cs_manifest_body(json_t **out, const cs_statement *s, const char *beacon_source) {
    uint8_t schema[32];
    *out = NULL;
    if (!s->members[0].signer.identified)
        return cs_fail(CS_ERR_INPUT, "a manifest is signed: the job must name members[].identity");
    if (s->members[0].datasets.n == 0 || !s->params.certified)
        return cs_fail(CS_ERR_INPUT,
                       "a manifest names datasets that are committed and shown to be well formed: the job must "
                       "have members[].datasets (consort dataset commit)");
    CS_TRY(cs_dataset_uses_schema(schema, &s->members[0].datasets));
    *out =
        json_pack("{s:i, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:{s:s?, s:b}, s:s, s:o}",                            /* */
                  "version", CS_MANIFEST_VERSION, "name", s->name, "purpose", s->purpose,                              /* */
                  "params", cs_params_to_json(cs_statement_job_params(s)), "initial", cs_statement_initial_to_json(s), /* */
                  "final", s->params.final_public ? "public" : "committed",                                            /* */
                  "schema", cs_document_hex_to_json(schema, sizeof schema), "members",                                 /* */
                  members_to_json(s, 0, s->params.n_ranks),                                                            /* */
                  "datasets", cs_statement_datasets_to_json(s, true),                                                  /* */
                  "seeds", "beacon_source", beacon_source, "contributions", (int)s->has_contributions,                 /* */
                  "indices", s->hidden ? "hidden" : "public",                                                          /* */
                  "previous", s->has_previous ? cs_document_hex_to_json(s->previous, 32) : json_null());
    const bool good =
        *out != NULL &&
        (s->excluded.n == 0 || json_object_set_new(*out, "excluded", cs_excluded_to_json(&s->excluded)) == 0) &&
        (s->n_idle == 0 ||
         json_object_set_new(*out, "idle", members_to_json(s, s->params.n_ranks, cs_statement_members(s))) == 0);
    if (!good) {
        json_decref(*out);
        *out = NULL;
    }
    return *out == NULL ? cs_fail(CS_ERR_MEMORY, "no memory for the manifest") : CS_OK;
}

/* ------------------------------------------------------------ reading and comparing */

static cs_status check_shape(const char *file, const json_t *body) {
    const cs_json root = cs_json_root(file, body), seeds = cs_json_get(&root, "seeds");
    CS_TRY(cs_document_object(&root, &SHAPE, CS_MANIFEST_VERSION));
    return cs_document_object(&seeds, &SEEDS_SHAPE, 0);
}

cs_status cs_manifest_decode(cs_signed *out, const char *file, const void *data, size_t size) {
    CS_TRY(cs_signed_decode(out, file, data, size, CS_MAX_RANKS));
    const cs_status status = check_shape(file, out->body);
    if (status != CS_OK)
        cs_signed_free(out);
    return status;
}

cs_status cs_manifest_load(cs_signed *out, const char *path) {
    cs_buffer text = {0};
    *out = (cs_signed){0};
    cs_status status = cs_file_read(path, CS_MANIFEST_MAX_BYTES, &text);
    if (status == CS_OK)
        status = cs_manifest_decode(out, path, text.data, text.size);
    cs_buffer_free(&text);
    return status;
}

static cs_refusal kind_of(const char *field) {
    static const struct {
        const char *field;
        cs_refusal kind;
    } KINDS[] = {{"initial", CS_REFUSAL_INITIAL}, {"seeds", CS_REFUSAL_SEED},      {"datasets", CS_REFUSAL_DATASET},
                 {"schema", CS_REFUSAL_SCHEMA},   {"purpose", CS_REFUSAL_PURPOSE}, {"previous", CS_REFUSAL_CHAIN}};
    for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++)
        if (strcmp(KINDS[k].field, field) == 0)
            return KINDS[k].kind;
    return CS_REFUSAL_MANIFEST;
}

/* The part of `field` that differs, for people: its own name, or that of a member of the object. */
static const char *difference(const json_t *a, const json_t *b, const char *field) {
    if (!json_is_object(a) || !json_is_object(b))
        return field;
    json_t *object = (json_t *)(uintptr_t)a;
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at))
        if (!json_equal(json_object_iter_value(at), json_object_get(b, json_object_iter_key(at))))
            return json_object_iter_key(at);
    return field;
}

/* The manifest is about the whole job: where a segment begins and ends is no matter of it, but that a model which is to be
 * only committed is not released on the way. */
static cs_status leave_out_between(json_t *expected, const json_t *body, const cs_statement *s) {
    const bool last = s->segment.to == cs_statement_job_params(s)->steps;
    json_t *initial = json_object_get(body, "initial"), *final = json_object_get(body, "final");
    if (s->segment.given && s->segment.from > 0 && json_object_set(expected, "initial", initial) != 0)
        return CS_ERR_MEMORY;
    if (s->segment.given && !last && !s->params.final_public && json_object_set(expected, "final", final) != 0)
        return CS_ERR_MEMORY;
    return CS_OK;
}

cs_status cs_manifest_compare(const json_t *body, const cs_statement *s) {
    json_t *expected;
    CS_TRY(check_shape("manifest", body));
    const char *source = json_string_value(json_object_get(json_object_get(body, "seeds"), "beacon_source"));
    CS_TRY(cs_manifest_body(&expected, s, source));
    cs_status status = leave_out_between(expected, body, s);
    for (size_t k = 0; status == CS_OK && k < sizeof FIELDS / sizeof *FIELDS; k++) {
        const char *field = FIELDS[k].name;
        const json_t *signed_value = json_object_get(body, field), *value = json_object_get(expected, field);
        if (signed_value != value && !json_equal(signed_value, value))
            status =
                cs_refuse(kind_of(field), "the manifest was signed with another \"%s\"%s%s", field,
                          difference(signed_value, value, field) == field ? "" : ", in ",
                          difference(signed_value, value, field) == field ? "" : difference(signed_value, value, field));
    }
    json_decref(expected);
    if (status == CS_OK && source == NULL && s->beacon[0] != '\0')
        return cs_refuse(CS_REFUSAL_SEED, "the seed contains the beacon \"%s\", and the manifest names no source of one",
                         s->beacon);
    return status;
}

cs_status cs_manifest_compare_job(const json_t *body, const cs_statement *s, const cs_job *job) {
    CS_TRY(cs_manifest_compare(body, s));
    const char *source = json_string_value(json_object_get(json_object_get(body, "seeds"), "beacon_source"));
    if ((source == NULL) != (job->beacon_source == NULL) || (source != NULL && strcmp(source, job->beacon_source) != 0))
        return cs_refuse(CS_REFUSAL_SEED, "the manifest was signed with another source of the beacon");
    return CS_OK;
}

cs_status cs_manifest_check_beacon(const json_t *body, const cs_statement *s) {
    const char *source = json_string_value(json_object_get(json_object_get(body, "seeds"), "beacon_source"));
    if (source != NULL && s->beacon[0] == '\0')
        return cs_refuse(CS_REFUSAL_SEED, "the manifest names \"%s\" as the source of a beacon, and the seed contains none",
                         source);
    return CS_OK;
}

/* ------------------------------------------------------------ signatures */

static const cs_signature *find(const cs_signature *signatures, size_t n, const cs_signer *signer) {
    for (size_t k = 0; k < n; k++)
        if (memcmp(signatures[k].key, signer->ed25519, sizeof signer->ed25519) == 0)
            return &signatures[k];
    return NULL;
}

static bool is_member(const cs_signature *signature, const cs_statement *s) {
    for (int i = 0; i < cs_statement_members(s); i++)
        if (find(signature, 1, &s->members[i].signer) != NULL)
            return true;
    return false;
}

cs_status cs_check_all_signed(const cs_signature *signatures, size_t n, const char *label, const uint8_t digest[32],
                              const cs_statement *s, const char *what, cs_refusal broken) {
    for (size_t k = 0; k < n; k++)
        if (!is_member(&signatures[k], s))
            return cs_refuse(CS_REFUSAL_SIGNATURE, "%s is signed by \"%s\", who is no member", what, signatures[k].name);
    for (int i = 0; i < cs_statement_members(s); i++) {
        const cs_signer *signer = &s->members[i].signer;
        const cs_signature *signature = find(signatures, n, signer);
        if (signature == NULL)
            return cs_refuse(CS_REFUSAL_SIGNATURE, "%s is not signed by member \"%s\" (%s)", what, s->members[i].name,
                             signer->name);
        if (strcmp(signature->name, signer->name) != 0)
            return cs_refuse(CS_REFUSAL_SIGNATURE, "%s is signed by \"%s\" with the key of \"%s\"", what, signature->name,
                             signer->name);
        if (cs_signature_check(signature, label, digest) != CS_OK)
            return cs_refuse(broken, "%s is not what \"%s\" signed: it was changed afterwards, or the signature was", what,
                             signer->name);
    }
    return n == (size_t)cs_statement_members(s) ? CS_OK
                                                : cs_refuse(CS_REFUSAL_SIGNATURE, "%s is signed by somebody twice", what);
}

cs_status cs_check_order(const cs_signature *signatures, size_t n, const cs_statement *s, const char *what) {
    for (size_t k = 0; k < n && k < (size_t)cs_statement_members(s); k++)
        if (find(&signatures[k], 1, &s->members[k].signer) == NULL)
            return cs_refuse(CS_REFUSAL_SIGNATURE, "the signatures of %s are not in the order of the members", what);
    return CS_OK;
}

void cs_signatures_in_order(cs_signature *out, const cs_signature *signatures, size_t n, const cs_statement *s) {
    for (int i = 0; i < cs_statement_members(s); i++) {
        const cs_signature *signature = find(signatures, n, &s->members[i].signer);
        if (signature != NULL)
            out[i] = *signature;
    }
}
