#include "provenance/export_model_card.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Text of others, with a backslash before what Markdown or HTML would read. */
static void add_escaped(cs_buffer *out, const char *text) {
    for (; *text != '\0'; text++) {
        /* ":" and "@" as well, and the "." of "www.", of which some readers make links */
        if (strchr("\\`*_{}[]()<>#|&~$!:@", *text) != NULL || (*text == '.' && text[1] != '\0' && text[1] != ' '))
            cs_buffer_append(out, "\\", 1);
        cs_buffer_append(out, text, 1);
    }
}

static void add_hex(cs_buffer *out, const uint8_t digest[32]) {
    char text[65];
    cs_hex32(text, digest);
    cs_text_append(out, "`%s`", text);
}

static void add_line(cs_buffer *out, const char *label, const uint8_t digest[32]) {
    cs_text_append(out, "- %s: ", label);
    add_hex(out, digest);
    cs_text_append(out, "\n");
}

/* A JSON string is one in YAML, and so is a JSON object. */
static cs_status add_front_matter(cs_buffer *out, const cs_facts *f) {
    json_t *facts = cs_facts_to_json(f), *name = json_string(f->job);
    json_object_del(facts, "at");
    char *facts_text = facts != NULL ? cs_json_canonical(facts) : NULL;
    char *name_text = name != NULL ? json_dumps(name, JSON_ENCODE_ANY) : NULL;
    const bool made = facts_text != NULL && name_text != NULL;
    if (made)
        cs_text_append(out,
                       "---\nlibrary_name: consort\nmodel_name: %s\ntags: [consort, provenance]\nconsort_export: %d\n"
                       "consort_facts: %s\n---\n\n",
                       name_text, CS_EXPORT_VERSION, facts_text);
    free(facts_text);
    free(name_text);
    json_decref(facts);
    json_decref(name);
    return made ? CS_OK : cs_fail(CS_ERR_MEMORY, "no memory for a model card");
}

static void add_head(cs_buffer *out, const cs_facts *f) {
    cs_text_append(out, "# Provenance of ");
    add_escaped(out, f->job);
    cs_text_append(out,
                   "\n\nWritten from an attestation, after its proof, signatures and certificates were checked. All that "
                   "follows can be checked again:\n\n"
                   "    consort verify --export CARD --trust AUTHORITIES ATTESTATION\n\n"
                   "refuses this text if one character of it was changed.\n\n");
    add_line(out, "attestation", f->attestation);
    add_line(out, "statement", f->statement);
    if (f->has_manifest) {
        add_line(out, "manifest", f->manifest);
        cs_text_append(out, "- purpose: ");
        add_escaped(out, f->purpose);
        cs_text_append(out, "\n");
    } else
        cs_text_append(out, "- manifest: none\n");
    if (f->has_previous)
        add_line(out, "continues the statement", f->previous);
}

static void add_member(cs_buffer *out, const cs_fact_member *m) {
    static const char *const SIGNED[] = {"nothing", "the statement", "the manifest", "the manifest and the statement"};
    cs_text_append(out, "| ");
    add_escaped(out, m->name);
    cs_text_append(out, " | ");
    if (m->identified)
        add_hex(out, m->ed25519);
    cs_text_append(out, " | %s | %zu | %" PRIu64 " |\n", SIGNED[2 * m->signed_manifest + m->signed_statement], m->n_datasets,
                   m->draws);
}

static void add_members(cs_buffer *out, const cs_facts *f) {
    cs_text_append(
        out, "\n## Members\n\n| member | Ed25519 key | signed | datasets | draws |\n| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < f->n_members; i++)
        add_member(out, &f->members[i]);
}

static void add_text_item(cs_buffer *out, const char *label, const char *text) {
    cs_text_append(out, "- %s: ", label);
    add_escaped(out, text[0] != '\0' ? text : "none");
    cs_text_append(out, "\n");
}

static void add_quota(cs_buffer *out, const char *label, uint64_t quota) {
    if (quota != CS_NO_QUOTA)
        cs_text_append(out, "- %s: %" PRIu64 " draws\n", label, quota);
    else
        cs_text_append(out, "- %s: none\n", label);
}

static void add_licence(cs_buffer *out, const cs_licence *l) {
    add_text_item(out, "licence", l->name);
    cs_text_append(out, "- permitted purposes: %s", l->n_purposes == 0 ? "any" : "");
    for (size_t k = 0; k < l->n_purposes; k++)
        cs_text_append(out, "%s%s", k ? ", " : "", l->purposes[k]);
    cs_text_append(out, "\n");
    add_quota(out, "quota of a pass", l->per_epoch);
    add_quota(out, "quota in total", l->total);
    add_text_item(out, "licence expires", l->expires);
    add_text_item(out, "attribution", l->attribution);
}

static void add_certificate(cs_buffer *out, const cs_fact_certificate *c) {
    cs_text_append(out, "- source, as certified: ");
    add_escaped(out, c->source);
    if (c->hidden) {
        cs_text_append(out, "\n- certified by: one of the authorities of the set ");
        add_hex(out, c->set);
    } else {
        cs_text_append(out, "\n- certified by: ");
        add_escaped(out, c->authority);
        cs_text_append(out, ", key ");
        add_hex(out, c->key);
    }
    cs_text_append(out, "\n- certificate: ");
    add_hex(out, c->digest);
    cs_text_append(out, ", valid %s to %s\n", c->from, c->until);
    add_licence(out, &c->licence);
}

static void add_dataset(cs_buffer *out, const cs_fact_member *m, const cs_fact_dataset *d) {
    cs_text_append(out, "\n### ");
    add_escaped(out, m->name);
    if (d->name[0] != '\0') {
        cs_text_append(out, ": ");
        add_escaped(out, d->name);
    }
    cs_text_append(out, "\n\n- records: %" PRIu64 "\n", d->rows);
    add_line(out, "commitment", d->digest);
    cs_text_append(out, "- used: %" PRIu64 " draws, at most %" PRIu64 " in a pass\n", d->draws, d->draws_epoch_max);
    cs_text_append(out, "- shown of every record: %s\n",
                   !d->well_formed ? "nothing"
                   : d->own_ranges ? "each feature in its range, exactly one class"
                                   : "features no wider than the run allows, exactly one class");
    if (d->certified)
        add_certificate(out, &d->certificate);
    else
        cs_text_append(out, "- not certified\n");
}

static void add_datasets(cs_buffer *out, const cs_facts *f) {
    cs_text_append(out, "\n## Training data\n");
    for (size_t i = 0; i < f->n_members; i++)
        for (size_t k = 0; k < f->members[i].n_datasets; k++)
            add_dataset(out, &f->members[i], &f->members[i].datasets[k]);
}

static void add_training(cs_buffer *out, const cs_facts *f) {
    const cs_compute *c = &f->compute;
    cs_text_append(out, "\n## Training\n\n- widths: ");
    for (size_t l = 0; l <= f->layers; l++)
        cs_text_append(out, "%s%zu", l > 0 ? "-" : "", f->widths[l]);
    cs_text_append(out, "\n- parameters: %" PRIu64 "\n- steps: %" PRIu64 "\n- draws: %" PRIu64 ", %" PRIu64 " a step\n",
                   c->parameters, c->steps, c->draws, f->batch);
    cs_text_append(out, "- multiply-adds: %" PRIu64 "\n- draws' positions: %s\n", c->multiply_adds,
                   f->indices_hidden ? "hidden, their counts shown" : "recomputed from the seed");
    add_line(out,
             f->has_previous    ? "first model, the last one of the run before"
             : f->initial_given ? "first model, given"
                                : "first model, from the seed",
             f->initial);
    add_line(out, f->final_public ? "released model" : "final model, only committed", f->final);
    if (f->final_public)
        add_line(out, "SHA-256 of its file", f->final_file);
}

static void add_limits(cs_buffer *out) {
    cs_text_append(out, "\n## What this does not say\n\n"
                        "- that no other model was trained on these records: it is the lineage of this one\n"
                        "- that records are true: their source is the word of the authority that certified them\n"
                        "- what the model is good for, or how well it does on other data\n");
}

cs_status cs_export_model_card(cs_buffer *out, const cs_facts *f) {
    CS_TRY(cs_facts_check_judged(f));
    CS_TRY(add_front_matter(out, f));
    add_head(out, f);
    add_members(out, f);
    add_datasets(out, f);
    add_training(out, f);
    add_limits(out);
    return cs_buffer_status(out);
}
