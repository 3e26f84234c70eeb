#include "provenance/facts.h"

#include <string.h>

#include "base/memory.h"
#include "base/strings.h"

static void free_certificate(cs_fact_certificate *c) {
    cs_free(c->source);
    cs_free(c->from);
    cs_free(c->until);
    cs_free(c->authority);
}

static void free_member(cs_fact_member *m) {
    for (size_t k = 0; m->datasets != NULL && k < m->n_datasets; k++) {
        cs_free(m->datasets[k].name);
        free_certificate(&m->datasets[k].certificate);
    }
    cs_free(m->datasets);
    cs_free(m->name);
}

void cs_facts_free(cs_facts *f) {
    for (size_t i = 0; f->members != NULL && i < f->n_members; i++)
        free_member(&f->members[i]);
    cs_free(f->members);
    cs_free(f->job);
    cs_free(f->at);
    cs_free(f->purpose);
    cs_free(f->excluded);
    cs_free(f->widths);
    cs_free(f->beacon);
    memset(f, 0, sizeof *f);
}

cs_status cs_facts_set_certificate(cs_fact_dataset *d, const cs_certificate *c) {
    cs_fact_certificate *out = &d->certificate;
    d->names_certificate = d->certified = true;
    memcpy(out->digest, c->digest, sizeof out->digest);
    out->licence = c->licence;
    out->hidden = c->hidden;
    if (c->hidden)
        memcpy(out->set, c->set, sizeof out->set);
    else
        memcpy(out->key, c->key, sizeof out->key);
    CS_TRY(cs_string_own(&out->source, cs_string_copy(c->source)));
    CS_TRY(cs_string_own(&out->from, cs_string_copy(c->from)));
    CS_TRY(cs_string_own(&out->until, cs_string_copy(c->until)));
    return c->hidden ? CS_OK : cs_string_own(&out->authority, cs_string_copy(c->authority));
}

cs_status cs_facts_check_judged(const cs_facts *f) {
    for (size_t i = 0; i < f->n_members; i++)
        for (size_t k = 0; k < f->members[i].n_datasets; k++) {
            const cs_fact_dataset *d = &f->members[i].datasets[k];
            if (d->names_certificate && !d->certified)
                return cs_fail(CS_ERR_USAGE, "there are certificates, of \"%s\" for one: say whose you accept (--trust)",
                               d->name);
        }
    return CS_OK;
}

static json_t *hex(const uint8_t bytes[32]) {
    char text[65];
    cs_hex32(text, bytes);
    return json_string(text);
}

static json_t *hex_or_null(bool there, const uint8_t bytes[32]) {
    return there ? hex(bytes) : json_null();
}

/* Appends and takes `item`; *list becomes NULL if that fails. */
static void append(json_t **list, json_t *item) {
    if (*list != NULL && json_array_append_new(*list, item) == 0)
        return;
    if (*list == NULL)
        json_decref(item);
    json_decref(*list);
    *list = NULL;
}

static json_t *count(uint64_t n) {
    return json_integer((json_int_t)n);
}

static json_t *authority_to_json(const cs_fact_certificate *c) {
    return c->hidden ? json_pack("{s:o}", "one_of", hex(c->set))
                     : json_pack("{s:s, s:o}", "name", c->authority, "ed25519", hex(c->key));
}

static json_t *certificate_to_json(const cs_fact_certificate *c) {
    return json_pack("{s:o, s:s, s:o, s:s, s:s, s:o}", "digest", hex(c->digest), "source", c->source, "licence",
                     cs_licence_to_json(&c->licence), "from", c->from, "until", c->until, "authority", authority_to_json(c));
}

static json_t *dataset_to_json(const cs_fact_dataset *d) {
    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:b, s:b, s:o, s:o}", "digest", hex(d->digest), "name", d->name, "rows",
                     count(d->rows), "draws", count(d->draws), "draws_epoch_max", count(d->draws_epoch_max), "well_formed",
                     (int)d->well_formed, "own_ranges", (int)d->own_ranges, "certificate_named",
                     hex_or_null(d->names_certificate, d->certificate.digest), "certificate",
                     d->certified ? certificate_to_json(&d->certificate) : json_null());
}

static json_t *member_to_json(const cs_fact_member *m) {
    json_t *datasets = json_array();
    for (size_t k = 0; k < m->n_datasets; k++)
        append(&datasets, dataset_to_json(&m->datasets[k]));
    return json_pack("{s:s, s:o, s:b, s:b, s:o, s:o}", "name", m->name, "ed25519", hex_or_null(m->identified, m->ed25519),
                     "signed_manifest", (int)m->signed_manifest, "signed_statement", (int)m->signed_statement, "draws",
                     count(m->draws), "datasets", datasets);
}

static json_t *members_to_json(const cs_facts *f) {
    json_t *out = json_array();
    for (size_t i = 0; i < f->n_members; i++)
        append(&out, member_to_json(&f->members[i]));
    return out;
}

static json_t *widths_to_json(const cs_facts *f) {
    json_t *out = json_array();
    for (size_t l = 0; l <= f->layers; l++)
        append(&out, count(f->widths[l]));
    return out;
}

static json_t *compute_to_json(const cs_facts *f) {
    const cs_compute *c = &f->compute;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "steps", count(c->steps), "batch", count(f->batch), "draws",
                     count(c->draws), "forward", count(c->forward), "errors", count(c->errors), "updates", count(c->updates),
                     "multiply_adds", count(c->multiply_adds));
}

static json_t *segment_to_json(const cs_facts *f) {
    return json_pack("{s:o, s:o, s:o}", "from", count(f->segment_from), "to", count(f->segment_from + f->compute.steps),
                     "of", count(f->segment_of));
}

json_t *cs_facts_to_json(const cs_facts *f) {
    json_t *out = json_pack(
        "{s:s, s:s?, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o}",                /* */
        "job", f->job, "at", f->at, "manifest", hex_or_null(f->has_manifest, f->manifest),             /* */
        "purpose", f->purpose, "members", members_to_json(f), "widths", widths_to_json(f),             /* */
        "parameters", count(f->compute.parameters), "compute", compute_to_json(f),                     /* */
        "initial", json_pack("{s:b, s:o}", "given", (int)f->initial_given, "digest", hex(f->initial)), /* */
        "final",                                                                                       /* */
        json_pack("{s:b, s:o, s:o}", "public", (int)f->final_public, "digest", hex(f->final), "file",  /* */
                  hex_or_null(f->final_public, f->final_file)),                                        /* */
        "seed",                                                                                        /* */
        json_pack("{s:o, s:b, s:s}", "digest", hex(f->seed), "contributions", (int)f->contributions, "beacon", f->beacon),
        "indices", f->indices_hidden ? "hidden" : "public", "previous", hex_or_null(f->has_previous, f->previous), /* */
        "statement", hex(f->statement), "attestation", hex(f->attestation));
    const bool good = out != NULL && (f->segment_of == 0 || json_object_set_new(out, "segment", segment_to_json(f)) == 0) &&
                      (f->excluded == NULL || json_object_set_new(out, "excluded", json_string(f->excluded)) == 0);
    if (good)
        return out;
    json_decref(out);
    return NULL;
}
