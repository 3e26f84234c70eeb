#include "provenance/export_c2pa.h"

#include <sodium.h>
#include <stdio.h>

#include "provenance/cawg.h"
#include "provenance/document.h"

enum { URN_BYTES = 128, TITLE_BYTES = 640 };

/* Names things to C2PA tools: unique, and the same each time. */
static const char *urn(char out[URN_BYTES], const char *kind, const uint8_t digest[32]) {
    char text[65];
    cs_hex32(text, digest);
    snprintf(out, URN_BYTES, "urn:consort:%s:%s", kind, text);
    return out;
}

static cs_status no_memory(void) {
    return cs_fail(CS_ERR_MEMORY, "no memory for a C2PA manifest");
}

static json_t *assertion(const char *label, json_t *data) {
    return json_pack("{s:s, s:o}", "label", label, "data", data);
}

/* Takes `item`. If memory lacks, *list becomes NULL. */
static void append(json_t **list, json_t *item) {
    if (*list == NULL)
        json_decref(item);
    else if (json_array_append_new(*list, item) != 0) {
        json_decref(*list);
        *list = NULL;
    }
}

static json_t *ingredient(const char *title, const char *kind, const uint8_t digest[32], const char *relationship,
                          const char *type, const cs_fact_certificate *certificate) {
    char id[URN_BYTES], manifest[URN_BYTES];
    json_t *out = json_pack("{s:s, s:s, s:s, s:[{s:s}]}", "title", title, "instance_id", urn(id, kind, digest),
                            "relationship", relationship, "data_types", "type", type);
    if (out != NULL && certificate != NULL)
        json_object_set_new(out, "active_manifest", json_string(urn(manifest, "certificate", certificate->digest)));
    return out;
}

static bool has_parent(const cs_facts *f) {
    return f->has_previous || f->initial_given;
}

static json_t *parent(const cs_facts *f) {
    return f->has_previous
               ? ingredient("the model trained before", "statement", f->previous, "parentOf", "c2pa.types.model", NULL)
               : ingredient("the given initial model", "model", f->initial, "parentOf", "c2pa.types.model", NULL);
}

static json_t *ingredients(const cs_facts *f) {
    json_t *out = json_array();
    for (size_t i = 0; i < f->n_members; i++)
        for (size_t k = 0; k < f->members[i].n_datasets; k++) {
            const cs_fact_dataset *d = &f->members[i].datasets[k];
            char title[TITLE_BYTES];
            snprintf(title, sizeof title, "%s: %s", f->members[i].name, d->name);
            append(&out, ingredient(title, "dataset", d->digest, "inputTo", "c2pa.types.dataset",
                                    d->certified ? &d->certificate : NULL));
        }
    if (has_parent(f))
        append(&out, parent(f));
    return out;
}

static json_t *integer(uint64_t n) {
    return json_integer((json_int_t)n);
}

/* A manifest's actions begin with how its asset came to be there; the training is an action of our own. */
static json_t *actions(const cs_facts *f) {
    const cs_compute *c = &f->compute;
    json_t *parameters = json_pack("{s:o, s:o, s:o, s:o}", "steps", integer(c->steps), "batch", integer(f->batch), "draws",
                                   integer(c->draws), "multiply_adds", integer(c->multiply_adds));
    return json_pack("{s:[{s:s}, {s:s, s:s, s:o}]}", "actions", "action", has_parent(f) ? "c2pa.opened" : "c2pa.created",
                     "action", "consort.trained", "softwareAgent", "consort", "parameters", parameters);
}

/* The hash of a file is in base64 in C2PA's JSON. */
static json_t *hash_of(const uint8_t digest[32]) {
    char text[sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_ORIGINAL)];
    sodium_bin2base64(text, sizeof text, digest, 32, sodium_base64_VARIANT_ORIGINAL);
    return json_pack("{s:s, s:s, s:s}", "alg", "sha256", "hash", text, "name", "the released model, a .safetensors file");
}

/* Takes `facts`. */
static json_t *model_assertions(const cs_facts *f, json_t *facts) {
    json_t *out = json_array();
    append(&out, assertion("c2pa.asset-type", json_pack("{s:[{s:s}]}", "types", "type", "c2pa.types.model")));
    if (f->final_public)
        append(&out, assertion("c2pa.hash.data", hash_of(f->final_file)));
    append(&out, assertion("c2pa.actions.v2", actions(f)));
    append(&out, assertion("consort.facts", facts));
    return out;
}

/* Both kinds of manifest. Takes the lists. */
static json_t *manifest(const char *title, const char *id, json_t *parts, json_t *assertions) {
    char version[16];
    snprintf(version, sizeof version, "%d", CS_EXPORT_VERSION);
    return json_pack("{s:s, s:[{s:s, s:s}], s:s, s:s, s:o, s:o}", "claim_generator", "consort", "claim_generator_info",
                     "name", "consort", "version", version, "title", title, "instance_id", id, "ingredients", parts,
                     "assertions", assertions);
}

/* `facts`: the certificate's, as JSON. */
static cs_status add_certificate(json_t *manifests, const cs_fact_dataset *d, const json_t *facts) {
    const cs_fact_certificate *c = &d->certificate;
    char id[URN_BYTES], label[URN_BYTES];
    json_t *assertions = json_array();
    append(&assertions, cs_cawg_from_licence(&c->licence));
    append(&assertions, assertion("consort.certificate", json_deep_copy(facts)));
    json_t *one = manifest(c->source, urn(id, "dataset", d->digest), json_array(), assertions);
    return json_object_set_new(manifests, urn(label, "certificate", c->digest), one) == 0 ? CS_OK : no_memory();
}

static cs_status add_certificates(json_t *manifests, const cs_facts *f, const json_t *facts) {
    const json_t *members = json_object_get(facts, "members");
    for (size_t i = 0; i < f->n_members; i++) {
        const json_t *datasets = json_object_get(json_array_get(members, i), "datasets");
        for (size_t k = 0; k < f->members[i].n_datasets; k++)
            if (f->members[i].datasets[k].certified)
                CS_TRY(add_certificate(manifests, &f->members[i].datasets[k],
                                       json_object_get(json_array_get(datasets, k), "certificate")));
    }
    return CS_OK;
}

static json_t *signer_info(const char *name, const uint8_t key[32]) {
    return json_pack("{s:s, s:s, s:o}", "alg", "Ed25519", "issuer", name, "key", cs_document_hex_to_json(key, 32));
}

cs_status cs_export_c2pa_body(json_t **out, const cs_facts *f, const char *signer, const uint8_t key[32]) {
    char id[URN_BYTES];
    *out = NULL;
    CS_TRY(cs_facts_check_judged(f));
    json_t *manifests = json_object(), *facts = cs_facts_to_json(f);
    json_object_del(facts, "at");
    urn(id, "attestation", f->attestation);
    cs_status status = facts != NULL ? add_certificates(manifests, f, facts) : no_memory();
    json_t *model = manifest(f->job, id, ingredients(f), model_assertions(f, facts));
    if (model != NULL && json_object_set_new(model, "signature_info", signer_info(signer, key)) != 0 && status == CS_OK)
        status = no_memory();
    if (json_object_set_new(manifests, id, model) != 0 && status == CS_OK)
        status = no_memory();
    *out = json_pack("{s:s, s:o}", "active_manifest", id, "manifests", manifests);
    if (*out == NULL && status == CS_OK)
        status = no_memory();
    if (status != CS_OK) {
        json_decref(*out);
        *out = NULL;
    }
    return status;
}

cs_status cs_export_c2pa(cs_buffer *out, const cs_facts *f, const cs_secret_identity *me) {
    json_t *body = NULL;
    cs_signed document = {0};
    cs_signature signature;
    CS_TRY(cs_export_c2pa_body(&body, f, me->public.name, me->public.ed25519));
    cs_status status = cs_signed_new(&document, body);
    json_decref(body);
    if (status == CS_OK) {
        cs_sign(&signature, CS_SIGN_EXPORT, document.digest, me->public.name, me->ed25519);
        status = cs_signed_add(&document, &signature);
    }
    if (status == CS_OK)
        status = cs_document_append(out, cs_signed_to_json(&document));
    cs_signed_free(&document);
    return status;
}
