#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "provenance/policy.h"
#include "provenance/refusal.h"

/* Adds an unmet demand and returns its place for `found`. */
static cs_policy_unmet *add_unmet(cs_policy_verdict *v, const char *field, const char *demanded) {
    cs_policy_unmet *u = &v->unmet[v->n_unmet++];
    snprintf(u->field, sizeof u->field, "%s", field);
    snprintf(u->demanded, sizeof u->demanded, "%s", demanded);
    return u;
}

static void set_found(cs_policy_unmet *u, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void set_found(cs_policy_unmet *u, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(u->found, sizeof u->found, format, arguments);
    va_end(arguments);
}

/* Below 2^64: as much as can be. */
static uint64_t add(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* `whole`: nothing was computed before the chain's first segment. */
static void check_bounds(cs_policy_verdict *v, const char *name, const cs_policy_bounds *b, uint64_t sum, bool whole) {
    char field[32], demanded[64];
    if (b->at_least > 0 && ++v->demands && sum < b->at_least) {
        snprintf(field, sizeof field, "%s.at_least", name);
        snprintf(demanded, sizeof demanded, "%" PRIu64 " or more", b->at_least);
        set_found(add_unmet(v, field, demanded), "%" PRIu64, sum);
    }
    if (b->at_most < UINT64_MAX && ++v->demands && (sum > b->at_most || !whole)) {
        snprintf(field, sizeof field, "%s.at_most", name);
        snprintf(demanded, sizeof demanded, "%" PRIu64 " or fewer", b->at_most);
        set_found(add_unmet(v, field, demanded), "%" PRIu64 "%s", sum,
                  whole ? "" : ", and those of an earlier attestation that was not verified along with it");
    }
}

static void check_purpose(cs_policy_verdict *v, const char *purpose, const cs_facts *chain, size_t n) {
    v->demands++;
    for (size_t k = 0; k < n; k++) {
        if (chain[k].has_manifest && strcmp(chain[k].purpose, purpose) == 0)
            continue;
        set_found(add_unmet(v, "purpose", purpose), "%s",
                  chain[k].has_manifest ? chain[k].purpose : "none, without a manifest");
        return;
    }
}

static bool same_member(const cs_fact_member *found, const cs_policy_member *demanded) {
    return found->identified && memcmp(found->ed25519, demanded->ed25519, 32) == 0 &&
           strcmp(found->name, demanded->name) == 0;
}

static const cs_policy_member *absent_member(const cs_policy *p, const cs_facts *f) {
    for (size_t k = 0; k < p->n_members; k++) {
        bool there = false;
        for (size_t i = 0; i < f->n_members && !there; i++)
            there = same_member(&f->members[i], &p->members[k]);
        if (!there)
            return &p->members[k];
    }
    return NULL;
}

static const cs_fact_member *foreign_member(const cs_policy *p, const cs_facts *f) {
    for (size_t i = 0; i < f->n_members; i++) {
        bool demanded = false;
        for (size_t k = 0; k < p->n_members && !demanded; k++)
            demanded = same_member(&f->members[i], &p->members[k]);
        if (!demanded)
            return &f->members[i];
    }
    return NULL;
}

static void check_members(cs_policy_verdict *v, const cs_policy *p, const cs_facts *chain, size_t n) {
    v->demands++;
    for (size_t k = 0; k < n; k++) {
        const cs_policy_member *absent = absent_member(p, &chain[k]);
        const cs_fact_member *foreign = foreign_member(p, &chain[k]);
        char demanded[220];
        if (absent == NULL && foreign == NULL)
            continue;
        snprintf(demanded, sizeof demanded, "exactly the %zu listed members%s%s", p->n_members,
                 absent != NULL ? ", among them " : "", absent != NULL ? absent->name : "");
        cs_policy_unmet *u = add_unmet(v, "members", demanded);
        if (foreign != NULL)
            set_found(u, "%zu members, one of them %s with another name or key than listed", chain[k].n_members,
                      foreign->name);
        else
            set_found(u, "%zu members", chain[k].n_members);
        return;
    }
}

/* What a policy does not have: a dataset without a certificate that was accepted; or, of hidden sources, with one that hides
 * its authority, or may: one that nobody looked at. */
static bool is_wanting(const cs_fact_dataset *d, bool hidden) {
    if (!hidden)
        return !d->certified;
    return d->certified ? d->certificate.hidden : d->names_certificate;
}

static const cs_fact_dataset *find_dataset(const cs_facts *chain, size_t n, bool hidden, const cs_fact_member **member) {
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < chain[k].n_members; i++) {
            *member = &chain[k].members[i];
            for (size_t d = 0; d < (*member)->n_datasets; d++) {
                const cs_fact_dataset *dataset = &(*member)->datasets[d];
                if (is_wanting(dataset, hidden))
                    return dataset;
            }
        }
    return NULL;
}

static void check_datasets(cs_policy_verdict *v, bool hidden, const cs_facts *chain, size_t n) {
    const cs_fact_member *member = NULL;
    const cs_fact_dataset *dataset = find_dataset(chain, n, hidden, &member);
    v->demands++;
    if (dataset == NULL)
        return;
    char digest[65];
    cs_hex32(digest, dataset->digest);
    cs_policy_unmet *u = hidden ? add_unmet(v, "hidden_sources", "refused") : add_unmet(v, "datasets_certified", "true");
    set_found(u, "the dataset %.16s of %s %s", digest, member->name,
              dataset->certified           ? "hides which authority certified it"
              : dataset->names_certificate ? "has a certificate that was not held against a trust list"
                                           : "has no certificate");
}

static void check_signatures(cs_policy_verdict *v, const cs_facts *chain, size_t n) {
    v->demands++;
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < chain[k].n_members; i++) {
            const cs_fact_member *m = &chain[k].members[i];
            if (m->signed_manifest && m->signed_statement)
                continue;
            set_found(add_unmet(v, "signatures", "all"), "%s did not sign the %s", m->name,
                      m->signed_manifest ? "statement" : "manifest");
            return;
        }
}

cs_status cs_policy_check(cs_policy_verdict *verdict, const cs_policy *p, const cs_facts *chain, size_t n) {
    cs_policy_verdict local, *v = verdict != NULL ? verdict : &local;
    uint64_t steps = 0, draws = 0, adds = 0;
    memset(v, 0, sizeof *v);
    for (size_t k = 0; k < n; k++) {
        steps = add(steps, chain[k].compute.steps);
        draws = add(draws, chain[k].compute.draws);
        adds = add(adds, chain[k].compute.multiply_adds);
    }
    const bool whole = n > 0 && !chain[0].has_previous;
    check_bounds(v, "steps", &p->steps, steps, whole);
    check_bounds(v, "draws", &p->draws, draws, whole);
    check_bounds(v, "multiply_adds", &p->multiply_adds, adds, whole);
    const cs_refusal kind = v->n_unmet > 0 ? CS_REFUSAL_COMPUTE : CS_REFUSAL_POLICY;
    if (p->purpose != NULL)
        check_purpose(v, p->purpose, chain, n);
    if (p->members != NULL)
        check_members(v, p, chain, n);
    if (p->datasets_certified)
        check_datasets(v, false, chain, n);
    if (p->hidden_refused)
        check_datasets(v, true, chain, n);
    if (p->all_signed)
        check_signatures(v, chain, n);
    if (v->n_unmet == 0)
        return CS_OK;
    const cs_policy_unmet *u = &v->unmet[0];
    return cs_refuse(kind, "%zu of the policy's %zu demands are not met; %s: demanded %s; found %s", v->n_unmet, v->demands,
                     u->field, u->demanded, u->found);
}

json_t *cs_policy_verdict_to_json(const cs_policy_verdict *v) {
    json_t *unmet = json_array();
    for (size_t k = 0; unmet != NULL && k < v->n_unmet; k++) {
        const cs_policy_unmet *u = &v->unmet[k];
        if (json_array_append_new(
                unmet, json_pack("{s:s, s:s, s:s}", "field", u->field, "demanded", u->demanded, "found", u->found)) != 0) {
            json_decref(unmet);
            return NULL;
        }
    }
    return json_pack("{s:I, s:o}", "demands", (json_int_t)v->demands, "unmet", unmet);
}

void cs_policy_verdict_to_text(cs_buffer *out, const cs_policy_verdict *v) {
    if (v->n_unmet == 0)
        cs_text_append(out, "  policy        met: %zu demand%s\n", v->demands, v->demands == 1 ? "" : "s");
    for (size_t k = 0; k < v->n_unmet; k++)
        cs_text_append(out, "  policy        %s: demanded %s; found %s\n", v->unmet[k].field, v->unmet[k].demanded,
                       v->unmet[k].found);
}
