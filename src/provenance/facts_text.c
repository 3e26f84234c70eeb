#include <string.h>

#include "base/text.h"
#include "provenance/facts.h"

static void show_digest(cs_buffer *out, const char *label, const uint8_t digest[32]) {
    char text[65];
    cs_hex32(text, digest);
    cs_text_append(out, "%s%s", label, text);
}

/* In quotes that the text cannot end. */
static void show_quoted(cs_buffer *out, const char *text) {
    cs_text_append(out, "\"");
    for (; *text != '\0'; text++)
        cs_text_append(out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    cs_text_append(out, "\"");
}

/* Names stand before commas and facts: one that could be read as more than a name is put in quotes. */
static void show_name(cs_buffer *out, const char *name) {
    if (strpbrk(name, ",;:\"\\") != NULL)
        show_quoted(out, name);
    else
        cs_text_append(out, "%s", name);
}

static void show_quota(cs_buffer *out, uint64_t quota, const char *of) {
    if (quota != CS_NO_QUOTA)
        cs_text_append(out, "; at most %llu draws %s", (unsigned long long)quota, of);
}

static void show_licence(cs_buffer *out, const cs_licence *l) {
    cs_text_append(out, "      licence   ");
    show_quoted(out, l->name);
    cs_text_append(out, " for%s", l->n_purposes == 0 ? " any purpose" : "");
    for (size_t k = 0; k < l->n_purposes; k++)
        cs_text_append(out, "%s %s", k ? "," : "", l->purposes[k]);
    show_quota(out, l->per_epoch, "a pass");
    show_quota(out, l->total, "in total");
    if (l->expires[0] != '\0')
        cs_text_append(out, "; expires %s", l->expires);
    cs_text_append(out, "\n      credit    ");
    show_quoted(out, l->attribution);
    cs_text_append(out, "\n");
}

static void show_certificate(cs_buffer *out, const cs_fact_certificate *c) {
    cs_text_append(out, "      source    ");
    show_quoted(out, c->source);
    cs_text_append(out, ", as certified by ");
    if (c->hidden)
        show_digest(out, "one of the authorities of set ", c->set);
    else {
        show_name(out, c->authority);
        show_digest(out, ", key ", c->key);
    }
    cs_text_append(out, "\n");
    show_digest(out, "      certified ", c->digest);
    cs_text_append(out, ", valid %s to %s\n", c->from, c->until);
    show_licence(out, &c->licence);
}

static const char *shown(const cs_fact_dataset *d) {
    if (!d->well_formed)
        return "nothing";
    return d->own_ranges ? "each feature's range, one class a record, nothing beyond the records"
                         : "features no wider than the run allows, one class a record, nothing beyond the records";
}

static void show_dataset(cs_buffer *out, const cs_fact_dataset *d) {
    cs_text_append(out, "    dataset     ");
    show_name(out, d->name);
    cs_text_append(out, "%s%llu records", d->name[0] ? ", " : "", (unsigned long long)d->rows);
    show_digest(out, ", ", d->digest);
    cs_text_append(out, "\n      used      %llu draws, at most %llu in a pass\n", (unsigned long long)d->draws,
                   (unsigned long long)d->draws_epoch_max);
    cs_text_append(out, "      shown     %s\n", shown(d));
    if (d->certified)
        show_certificate(out, &d->certificate);
    else if (d->names_certificate) {
        show_digest(out, "      source    not judged, for want of a trust list: certificate ", d->certificate.digest);
        cs_text_append(out, "\n");
    } else
        cs_text_append(out, "      source    not certified\n");
}

static void show_member(cs_buffer *out, const cs_fact_member *m) {
    cs_text_append(out, "  member        ");
    show_name(out, m->name);
    if (m->identified)
        show_digest(out, ", key ", m->ed25519);
    const char *what = m->signed_manifest && m->signed_statement ? "the manifest and the statement"
                       : m->signed_manifest                      ? "the manifest only"
                       : m->signed_statement                     ? "the statement only"
                                                                 : "nothing";
    cs_text_append(out, "\n    signed      %s\n", what);
    if (m->n_datasets == 0)
        cs_text_append(out, "    idle        no records\n");
    for (size_t k = 0; k < m->n_datasets; k++)
        show_dataset(out, &m->datasets[k]);
}

static void show_models(cs_buffer *out, const cs_facts *f) {
    cs_text_append(out, "  model         widths");
    for (size_t l = 0; l <= f->layers; l++)
        cs_text_append(out, "%s%zu", l == 0 ? " " : "-", f->widths[l]);
    cs_text_append(out, ", %llu parameters\n", (unsigned long long)f->compute.parameters);
    show_digest(out,
                f->has_previous    ? "  started from  the final model of the run before, "
                : f->initial_given ? "  started from  a given model, "
                                   : "  started from  the seed, ",
                f->initial);
    show_digest(out, f->final_public ? "\n  result        released, " : "\n  result        only committed, ", f->final);
    if (f->final_public)
        show_digest(out, "; file ", f->final_file);
    cs_text_append(out, "\n");
}

static void show_compute(cs_buffer *out, const cs_facts *f) {
    const cs_compute *c = &f->compute;
    cs_text_append(out, "  compute       %llu steps of %llu draws, %llu draws, %llu multiply-adds\n",
                   (unsigned long long)c->steps, (unsigned long long)f->batch, (unsigned long long)c->draws,
                   (unsigned long long)c->multiply_adds);
    if (f->segment_of > 0)
        cs_text_append(out, "                steps %llu to %llu of the job's %llu\n",
                       (unsigned long long)f->segment_from + 1, (unsigned long long)f->segment_from + c->steps,
                       (unsigned long long)f->segment_of);
    cs_text_append(out, "                (%llu forward, %llu for errors, %llu for updates)\n",
                   (unsigned long long)c->forward, (unsigned long long)c->errors, (unsigned long long)c->updates);
}

void cs_facts_to_text(cs_buffer *out, const cs_facts *f) {
    cs_text_append(out, "  job           %s", f->job);
    if (f->has_manifest)
        cs_text_append(out, ", for %s", f->purpose);
    show_digest(out, "\n  attestation   ", f->attestation);
    show_digest(out, "\n  statement     ", f->statement);
    if (f->has_manifest)
        show_digest(out, "\n  manifest      ", f->manifest);
    else
        cs_text_append(out, "\n  manifest      none");
    if (f->has_previous)
        show_digest(out, "\n  continues     ", f->previous);
    if (f->at != NULL)
        cs_text_append(out, "\n  judged at     %s", f->at);
    cs_text_append(out, "\n");
    for (size_t i = 0; i < f->n_members; i++)
        show_member(out, &f->members[i]);
    if (f->excluded != NULL)
        cs_text_append(out, "  left out      %s\n", f->excluded);
    show_models(out, f);
    show_compute(out, f);
    show_digest(out, "  seed          ", f->seed);
    cs_text_append(out, "; %s contributions; beacon ", f->contributions ? "opened" : "no");
    show_quoted(out, f->beacon);
    cs_text_append(out, "\n");
    cs_text_append(out, "  draws         %s\n",
                   f->indices_hidden ? "counted; positions hidden" : "positions recomputed from the seed");
}
