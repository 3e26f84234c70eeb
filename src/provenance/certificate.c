#include "provenance/certificate.h"

#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "provenance/document.h"

static const cs_json_field SIGNED_FIELDS[] = {{"body", true}, {"signatures", true}};
static const cs_json_shape SIGNED_SHAPE = {"", SIGNED_FIELDS, 2};
static const cs_json_field RING_FIELDS[] = {{"body", true}, {"ring", true}};
static const cs_json_shape RING_SHAPE = {"", RING_FIELDS, 2};
static const cs_json_field BODY_FIELDS[] = {{"version", true}, {"dataset", true}, {"rows", true},
                                            {"schema", true},  {"source", true},  {"licence", true},
                                            {"from", true},    {"until", true},   {"authority", true}};
static const cs_json_shape BODY_SHAPE = {"body", BODY_FIELDS, sizeof BODY_FIELDS / sizeof *BODY_FIELDS};
static const cs_json_field NAMED_FIELDS[] = {{"name", true}, {"ed25519", true}};
static const cs_json_shape NAMED_SHAPE = {"body.authority", NAMED_FIELDS, 2};
static const cs_json_field HIDDEN_FIELDS[] = {{"one_of", true}};
static const cs_json_shape HIDDEN_SHAPE = {"body.authority", HIDDEN_FIELDS, 1};

void cs_certificate_free(cs_certificate *c) {
    cs_ring_free(&c->ring);
    *c = (cs_certificate){0};
}

/* ------------------------------------------------------------ writing */

static json_t *body_to_json(const cs_certificate *c) {
    json_t *authority =
        c->hidden ? json_pack("{s:o}", "one_of", cs_document_hex_to_json(c->set, sizeof c->set))
                  : json_pack("{s:s, s:o}", "name", c->authority, "ed25519", cs_document_hex_to_json(c->key, sizeof c->key));
    return json_pack("{s:i, s:o, s:I, s:o, s:s, s:o, s:s, s:s, s:o}", "version", CS_CERTIFICATE_VERSION,             /* */
                     "dataset", cs_document_hex_to_json(c->dataset.digest, 32), "rows", (json_int_t)c->dataset.rows, /* */
                     "schema", cs_document_hex_to_json(c->dataset.schema, 32), "source", c->source,                  /* */
                     "licence", cs_licence_to_json(&c->licence), "from", c->from, "until", c->until, "authority", authority);
}

static cs_signature signature_of(const cs_certificate *c) {
    cs_signature out = {0};
    memcpy(out.name, c->authority, sizeof out.name);
    memcpy(out.key, c->key, sizeof out.key);
    memcpy(out.signature, c->signature, sizeof out.signature);
    return out;
}

json_t *cs_certificate_to_json(const cs_certificate *c) {
    json_t *body = body_to_json(c);
    const cs_signature signature = signature_of(c);
    return c->hidden ? json_pack("{s:o, s:o}", "body", body, "ring", cs_ring_to_json(&c->ring))
                     : json_pack("{s:o, s:[o]}", "body", body, "signatures", cs_signature_to_json(&signature));
}

static cs_status check_dates(const cs_certificate *c) {
    return strcmp(c->from, c->until) <= 0
               ? CS_OK
               : cs_fail(CS_ERR_INPUT, "a certificate from %s until %s would never be valid", c->from, c->until);
}

static cs_status digest_body(cs_certificate *c) {
    json_t *body = body_to_json(c);
    const cs_status status = cs_document_digest(c->digest, body);
    json_decref(body);
    return status;
}

cs_status cs_certificate_sign(cs_certificate *c, const cs_secret_identity *authority) {
    cs_signature signature;
    CS_TRY(check_dates(c));
    c->hidden = false;
    memcpy(c->authority, authority->public.name, sizeof c->authority);
    memcpy(c->key, authority->public.ed25519, sizeof c->key);
    CS_TRY(digest_body(c));
    cs_sign(&signature, CS_SIGN_CERTIFICATE, c->digest, c->authority, authority->ed25519);
    memcpy(c->signature, signature.signature, sizeof c->signature);
    return CS_OK;
}

cs_status cs_certificate_sign_hidden(cs_certificate *c, const cs_trust *set, const cs_secret_identity *authority) {
    uint8_t keys[CS_TRUST_MAX][CS_RING_KEY_SIZE];
    CS_TRY(check_dates(c));
    c->hidden = true;
    CS_TRY(cs_trust_digest(c->set, set));
    CS_TRY(digest_body(c));
    cs_trust_ring(keys, set);
    return cs_ring_sign(&c->ring, CS_SIGN_CERTIFICATE, c->digest, (const uint8_t(*)[CS_RING_KEY_SIZE])keys, set->n,
                        authority->ristretto255);
}

/* ------------------------------------------------------------ reading */

static cs_status read_authority(cs_certificate *out, const cs_json *v) {
    const char *text = "";
    if (out->hidden) {
        const cs_json set = cs_json_get(v, "one_of");
        CS_TRY(cs_document_object(v, &HIDDEN_SHAPE, 0));
        return cs_document_hex(out->set, sizeof out->set, &set);
    }
    const cs_json name = cs_json_get(v, "name"), key = cs_json_get(v, "ed25519");
    CS_TRY(cs_document_object(v, &NAMED_SHAPE, 0));
    CS_TRY(cs_json_string(&text, &name, 1, CS_PARTY_NAME_BYTES));
    memcpy(out->authority, text, strlen(text) + 1);
    return cs_document_hex(out->key, sizeof out->key, &key);
}

static cs_status read_body(cs_certificate *out, const cs_json *v) {
    const char *text = "";
    int64_t rows = 0;
    CS_TRY(cs_document_object(v, &BODY_SHAPE, CS_CERTIFICATE_VERSION));
    const cs_json dataset = cs_json_get(v, "dataset"), count = cs_json_get(v, "rows"), schema = cs_json_get(v, "schema"),
                  source = cs_json_get(v, "source"), licence = cs_json_get(v, "licence"), from = cs_json_get(v, "from"),
                  until = cs_json_get(v, "until"), authority = cs_json_get(v, "authority");
    CS_TRY(cs_document_hex(out->dataset.digest, 32, &dataset));
    CS_TRY(cs_json_integer(&rows, &count, 1, (int64_t)CS_MAX_QUOTA));
    out->dataset.rows = (uint64_t)rows;
    CS_TRY(cs_document_hex(out->dataset.schema, 32, &schema));
    CS_TRY(cs_json_string(&text, &source, 1, CS_SOURCE_BYTES));
    memcpy(out->source, text, strlen(text) + 1);
    CS_TRY(cs_licence_from_json(&out->licence, &licence));
    CS_TRY(cs_date_from_json(out->from, &from));
    CS_TRY(cs_date_from_json(out->until, &until));
    CS_TRY(cs_fail_prefix(check_dates(out), "%s", v->file));
    CS_TRY(read_authority(out, &authority));
    return cs_document_digest(out->digest, v->value);
}

static cs_status read_signature(cs_certificate *out, const cs_json *list) {
    cs_signature signature;
    size_t n;
    CS_TRY(cs_json_array(&n, list, 1, 1));
    const cs_json item = cs_json_at(list, 0);
    CS_TRY(cs_signature_from_json(&signature, &item));
    if (memcmp(signature.key, out->key, sizeof out->key) != 0 || strcmp(signature.name, out->authority) != 0)
        return cs_refuse(CS_REFUSAL_SIGNATURE, "%s: not signed by the authority that it names", list->file);
    memcpy(out->signature, signature.signature, sizeof out->signature);
    return CS_OK;
}

/* What was left out of the licence would read as no limit: the body must be what writing it gives. */
static cs_status check_complete(const cs_certificate *c, const cs_json *body) {
    json_t *again = body_to_json(c);
    const bool made = again != NULL, same = made && json_equal(again, body->value) == 1;
    json_decref(again);
    if (!made)
        return cs_fail(CS_ERR_MEMORY, "no memory to encode a certificate");
    return same ? CS_OK : cs_json_fail(body, "the licence does not state all its fields");
}

static cs_status read_all(cs_certificate *out, const cs_json *v) {
    const cs_json body = cs_json_get(v, "body"), ring = cs_json_get(v, "ring"), list = cs_json_get(v, "signatures");
    out->hidden = ring.value != NULL;
    CS_TRY(cs_document_object(v, out->hidden ? &RING_SHAPE : &SIGNED_SHAPE, 0));
    CS_TRY(read_body(out, &body));
    CS_TRY(check_complete(out, &body));
    return out->hidden ? cs_ring_from_json(&out->ring, &ring) : read_signature(out, &list);
}

cs_status cs_certificate_from_json(cs_certificate *out, const cs_json *v) {
    *out = (cs_certificate){0};
    const cs_status status = read_all(out, v);
    if (status != CS_OK)
        cs_certificate_free(out);
    return status;
}

cs_status cs_certificate_decode(cs_certificate *out, const char *file, const void *data, size_t size) {
    json_t *root;
    *out = (cs_certificate){0};
    CS_TRY(cs_document_parse(&root, file, data, size));
    const cs_json v = cs_json_root(file, root);
    const cs_status status = cs_certificate_from_json(out, &v);
    json_decref(root);
    return status;
}

cs_status cs_certificate_load(cs_certificate *out, const char *path) {
    cs_buffer text = {0};
    *out = (cs_certificate){0};
    cs_status status = cs_file_read(path, CS_CERTIFICATE_BYTES, &text);
    if (status == CS_OK)
        status = cs_certificate_decode(out, path, text.data, text.size);
    cs_buffer_free(&text);
    return status;
}

/* ------------------------------------------------------------ checking */

static cs_status check_authority(const cs_certificate *c, const cs_trust *trust) {
    const cs_signature signature = signature_of(c);
    const cs_public_identity *known = cs_trust_find(trust, c->key);
    CS_TRY(cs_fail_prefix(cs_signature_check(&signature, CS_SIGN_CERTIFICATE, c->digest), "certificate"));
    if (known == NULL)
        return cs_refuse(CS_REFUSAL_AUTHORITY, "the certificate is by \"%s\", whose key is not on the trust list",
                         c->authority);
    if (strcmp(known->name, c->authority) != 0)
        return cs_refuse(CS_REFUSAL_AUTHORITY, "the certificate is by \"%s\"; the trust list knows this key as \"%s\"",
                         c->authority, known->name);
    return CS_OK;
}

static cs_status check_hidden(const cs_certificate *c, const cs_trust *trust) {
    uint8_t keys[CS_TRUST_MAX][CS_RING_KEY_SIZE], set[32];
    CS_TRY(cs_trust_digest(set, trust));
    if (memcmp(set, c->set, sizeof set) != 0)
        return cs_refuse(CS_REFUSAL_RING, "the certificate hides its source among other authorities than those on the trust "
                                          "list; compare the digests of both sets");
    cs_trust_ring(keys, trust);
    return cs_ring_check(&c->ring, CS_SIGN_CERTIFICATE, c->digest, (const uint8_t(*)[CS_RING_KEY_SIZE])keys, trust->n);
}

cs_status cs_certificate_check(const cs_certificate *c, const cs_trust *trust, const char *date) {
    CS_TRY(c->hidden ? check_hidden(c, trust) : check_authority(c, trust));
    if (strcmp(date, c->from) < 0 || strcmp(date, c->until) > 0)
        return cs_refuse(CS_REFUSAL_EXPIRED, "the certificate is valid from %s until %s; this is %s", c->from, c->until,
                         date);
    return cs_licence_check(&c->licence, date);
}

cs_status cs_certificate_check_dataset(const cs_certificate *c, const cs_certified_dataset *dataset) {
    if (memcmp(c->dataset.schema, dataset->schema, sizeof dataset->schema) != 0)
        return cs_refuse(CS_REFUSAL_SCHEMA, "the certificate is for a dataset of another schema");
    if (memcmp(c->dataset.digest, dataset->digest, sizeof dataset->digest) != 0 || c->dataset.rows != dataset->rows)
        return cs_refuse(CS_REFUSAL_DATASET,
                         "the certificate is for another dataset of %" PRIu64 " rows; this one has %" PRIu64,
                         c->dataset.rows, dataset->rows);
    return CS_OK;
}
