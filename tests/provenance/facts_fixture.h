/* The facts of an imagined run: three members, the first with two datasets, the last one's source hidden. */
#ifndef CS_TESTS_FACTS_FIXTURE_H
#define CS_TESTS_FACTS_FIXTURE_H

#include <string.h>

#include "base/memory.h"
#include "base/strings.h"
#include "provenance/facts.h"

static inline void fixture_certificate(cs_fact_certificate *c, int k) {
    memset(c->digest, 0x20 + k, 32);
    c->source = cs_string_format("Registry %d, visits of 2019 | <all>", k);
    c->licence = (cs_licence){.name = "research only",
                              .n_purposes = 2,
                              .purposes = {"medical-research", "teaching"},
                              .per_epoch = 50 + (uint64_t)k,
                              .total = CS_NO_QUOTA,
                              .expires = "2027-12-31",
                              .attribution = "Registry of the Lake District"};
    c->from = cs_string_copy("2026-01-01");
    c->until = cs_string_copy("2026-12-31");
    c->authority = cs_string_copy("Lake Authority");
    memset(c->key, 0x77, 32);
}

static inline void fixture_member(cs_fact_member *m, int i, size_t datasets) {
    m->name = cs_string_format("clinic-%c", 'a' + i);
    m->identified = m->signed_manifest = m->signed_statement = true;
    memset(m->ed25519, 0x40 + i, 32);
    m->draws = 160;
    m->n_datasets = datasets;
    m->datasets = CS_NEW(cs_fact_dataset, datasets);
    for (size_t k = 0; k < datasets; k++) {
        cs_fact_dataset *d = &m->datasets[k];
        memset(d->digest, 0x10 + 4 * i + (int)k, 32);
        d->name = cs_string_format("ward-%d", (int)k);
        d->rows = 60 + (uint64_t)i;
        d->draws = 160 / datasets;
        d->draws_epoch_max = 40;
        d->well_formed = d->own_ranges = d->names_certificate = d->certified = true;
        fixture_certificate(&d->certificate, 4 * i + (int)k);
    }
}

static inline void fixture_hide(cs_fact_certificate *c) {
    cs_free(c->authority);
    c->authority = NULL;
    memset(c->key, 0, 32);
    c->hidden = true;
    memset(c->set, 0x5e, 32);
}

/** To be freed by cs_facts_free. */
static inline void fixture_facts(cs_facts *f) {
    static const size_t WIDTHS[3] = {30, 16, 2};
    memset(f, 0, sizeof *f);
    f->job = cs_string_copy("clinics");
    f->at = cs_string_copy("2026-11-21");
    f->has_manifest = true;
    memset(f->manifest, 0x31, 32);
    f->purpose = cs_string_copy("medical-research");
    f->n_members = 3;
    f->members = CS_NEW(cs_fact_member, 3);
    for (int i = 0; i < 3; i++)
        fixture_member(&f->members[i], i, i == 0 ? 2 : 1);
    fixture_hide(&f->members[2].datasets[0].certificate);
    f->layers = 2;
    f->widths = CS_NEW(size_t, 3);
    memcpy(f->widths, WIDTHS, sizeof WIDTHS);
    f->batch = 24;
    (void)cs_compute_count(&f->compute, WIDTHS, 2, 20, 24);
    memset(f->initial, 0x01, 32);
    f->final_public = true;
    memset(f->final, 0x02, 32);
    memset(f->final_file, 0x03, 32);
    f->contributions = true;
    f->beacon = cs_string_copy("a beacon");
    memset(f->seed, 0x04, 32);
    memset(f->statement, 0x05, 32);
    memset(f->attestation, 0x06, 32);
}

#endif
