#include "attest/verify.h"

#include <stdio.h>
#include <string.h>

#include "attest/chain_file.h"
#include "attest/model_file.h"
#include "attest/verification.h"
#include "base/memory.h"
#include "base/strings.h"
#include "base/timer.h"
#include "train/protocol.h"

/* Steps, draws and bytes are those of all attestations so far; the model is the last one's. */
static void describe(cs_verify_report *report, const cs_attestation *a) {
    const cs_params *p = &a->statement.params;
    const size_t batch = (size_t)p->n_ranks * p->batch;
    snprintf(report->job, sizeof report->job, "%s", a->statement.name);
    report->segments++;
    report->layers = p->layers;
    report->parameters = 0;
    for (size_t l = 1; l <= p->layers; l++)
        report->parameters += (p->widths[l - 1] + 1) * p->widths[l];
    report->steps += p->steps;
    report->batch = report->segments == 1 || report->batch == batch ? batch : 0;
    report->draws += p->steps * batch;
    report->model_public = p->final_public;
    report->initial_given = report->segments == 1 ? a->statement.initial_given : report->initial_given;
    report->file_bytes += a->file_bytes;
    report->proof_bytes += a->container.section[CS_SECTION_PROOF].size;
    report->model_digest[0] = '\0';
    if (p->final_public)
        cs_hex32(report->model_digest, a->statement.final_digest);
}

static bool has_member(const cs_facts *f, const cs_fact_member *m) {
    for (size_t i = 0; i < f->n_members; i++)
        if (f->members[i].identified == m->identified &&
            (m->identified ? memcmp(f->members[i].ed25519, m->ed25519, sizeof m->ed25519) == 0
                           : strcmp(f->members[i].name, m->name) == 0))
            return true;
    return false;
}

static bool has_dataset(const cs_facts *f, const cs_fact_dataset *d) {
    for (size_t i = 0; i < f->n_members; i++)
        for (size_t k = 0; k < f->members[i].n_datasets; k++)
            if (memcmp(f->members[i].datasets[k].digest, d->digest, sizeof d->digest) == 0)
                return true;
    return false;
}

/* Members and datasets of attestation k that none before has. */
static void count_new(cs_verify_report *report, const cs_facts *chain, size_t k) {
    for (size_t i = 0; i < chain[k].n_members; i++) {
        const cs_fact_member *m = &chain[k].members[i];
        bool known = false;
        for (size_t f = 0; f < k; f++)
            known = known || has_member(&chain[f], m);
        report->members += !known;
        for (size_t d = 0; d < m->n_datasets; d++) {
            known = false;
            for (size_t f = 0; f < k; f++)
                known = known || has_dataset(&chain[f], &m->datasets[d]);
            report->rows += known ? 0 : (size_t)m->datasets[d].rows;
        }
    }
}

static cs_status check_model(const cs_attestation *a, const char *path) {
    cs_model other;
    uint8_t digest[32];
    if (!a->has_final)
        return cs_fail(CS_REJECT, "the attestation only commits to its model: it cannot be compared with %s", path);
    CS_TRY(cs_model_load(&other, &a->statement.params, path));
    cs_model_digest(digest, &other);
    cs_model_free(&other);
    if (memcmp(digest, a->statement.final_digest, sizeof digest) != 0)
        return cs_fail(CS_REJECT, "%s is not the model that the attestation is about", path);
    return CS_OK;
}

/* A proof that does not hold is a kind of refusal of its own. */
static cs_status refuse_proof(cs_status status) {
    if (status != CS_REJECT || cs_refusal_last() != CS_REFUSAL_NONE)
        return status;
    return cs_refuse(CS_REFUSAL_PROOF, "%s", cs_error_text());
}

/* Some proof is wrong: a dataset's is if its own equations do not hold, else it is the training proof. */
static cs_status refuse_some_proof(const cs_verification *v, cs_status status) {
    if (status != CS_REJECT)
        return status;
    char *why = cs_string_copy(cs_error_text());
    const cs_status datasets = cs_verify_find_malformed(v);
    if (datasets == CS_OK)
        status = refuse_proof(cs_fail(CS_REJECT, "%s", why != NULL ? why : ""));
    cs_free(why);
    return datasets == CS_OK ? status : datasets;
}

static cs_status verify_together(const cs_verification *v, cs_proof_stats *stats) {
    const cs_buffer *proof = &v->a->container.section[CS_SECTION_PROOF];
    cs_deferred all = {0};
    cs_status status = CS_OK;
    for (size_t k = 0; status == CS_OK && k < v->a->evidence.n_proofs; k++)
        status = cs_deferred_merge(&all, &v->equations[k]);
    if (status == CS_OK)
        status = cs_train_verify(&v->d->instance, proof->data, proof->size, &all, stats);
    cs_deferred_free(&all);
    return status;
}

static cs_status check_proof(const cs_verification *v, cs_verify_report *report) {
    cs_proof_stats stats = {0};
    const double start = cs_wall_seconds();
    const cs_status status = verify_together(v, &stats);
    report->proof_seconds += cs_wall_seconds() - start;
    report->messages += stats.messages;
    report->commitment_rows = stats.rows;
    return status == CS_OK ? CS_OK : refuse_some_proof(v, status);
}

/* Attestation k of a chain in work. */
typedef struct link {
    size_t k;
    const cs_trust *trust;
    const char *at;
    const cs_statement *before; /* of attestation k - 1, or NULL */
    cs_verify_result *out;
} link;

/* What costs little first; nothing is believed before all of it holds. */
static cs_status check_all(const link *l, const cs_verification *v) {
    cs_verify_result *out = l->out;
    const double start = cs_wall_seconds();
    cs_hex32(out->report.statement_digest, v->d->instance.digest);
    CS_TRY(cs_verify_describe(v));
    count_new(&out->report, out->facts, l->k);
    CS_TRY(cs_verify_link(l->before, &v->a->statement, out->facts, l->k));
    CS_TRY(cs_verify_agreement(v));
    CS_TRY(cs_verify_certificates(v));
    CS_TRY(cs_verify_wellformed(v));
    out->report.provenance_seconds += cs_wall_seconds() - start;
    return check_proof(v, &out->report);
}

static cs_status check_derived(const link *l, const cs_attestation *a, const cs_derived *d) {
    const size_t n = a->evidence.n_proofs;
    cs_deferred *equations = CS_NEW(cs_deferred, n);
    if (equations == NULL)
        return CS_ERR_MEMORY;
    const cs_verification v = {
        .a = a, .d = d, .trust = l->trust, .at = l->at, .facts = &l->out->facts[l->k], .equations = equations};
    const cs_status status = check_all(l, &v);
    for (size_t k = 0; k < n; k++)
        cs_deferred_free(&equations[k]);
    cs_free(equations);
    return status;
}

static cs_status check_attestation(const link *l, const cs_attestation *a) {
    cs_derived derived;
    const double start = cs_wall_seconds();
    CS_TRY(cs_verify_segment(l->before, &a->statement, l->k));
    CS_TRY(cs_attestation_derive(&derived, a));
    l->out->report.derive_seconds += cs_wall_seconds() - start;
    const cs_status status = check_derived(l, a, &derived);
    cs_derived_free(&derived);
    return status;
}

static cs_status check_policy(cs_verify_result *out, const char *path) {
    cs_policy policy;
    CS_TRY(cs_policy_load(&policy, path));
    out->has_verdict = true;
    const cs_status status = cs_policy_check(&out->verdict, &policy, out->facts, out->n);
    cs_policy_free(&policy);
    return status;
}

/* With all attestations accepted, of which `a` is the last: what else was asked for. */
static cs_status check_options(cs_verify_result *out, const cs_attestation *a, const cs_verify_options *o) {
    if (o->model_path != NULL)
        CS_TRY(check_model(a, o->model_path));
    if (o->policy_path != NULL)
        CS_TRY(check_policy(out, o->policy_path));
    if (o->export_path == NULL)
        return CS_OK;
    out->has_export = true;
    return cs_export_check(&out->export, o->export_path, &out->facts[out->n - 1]);
}

/* Attestation l->k; *a is the caller's. */
static cs_status verify_one(const link *l, const char *path, cs_attestation *a) {
    cs_verify_report *report = &l->out->report;
    const double start = cs_wall_seconds();
    CS_TRY(cs_attestation_open(a, path));
    describe(report, a);
    report->read_seconds += cs_wall_seconds() - start;
    return cs_fail_prefix(check_attestation(l, a), "%s", path);
}

/* Two attestations are open at a time. */
static cs_status verify_all(cs_verify_result *out, const char *const *paths, const cs_trust *trust, const char *at,
                            const cs_verify_options *o) {
    cs_attestation a[2] = {0};
    cs_status status = CS_OK;
    for (size_t k = 0; status == CS_OK && k < out->n; k++) {
        const link l = {.k = k, .trust = trust, .at = at, .before = k > 0 ? &a[(k - 1) % 2].statement : NULL, .out = out};
        cs_attestation_free(&a[k % 2]);
        status = verify_one(&l, paths[k], &a[k % 2]);
    }
    if (status == CS_OK)
        status = cs_verify_chain_quotas(out->facts, out->n);
    if (status == CS_OK)
        status = check_options(out, &a[(out->n - 1) % 2], o);
    cs_attestation_free(&a[0]);
    cs_attestation_free(&a[1]);
    return status;
}

static cs_status verify(cs_verify_result *out, const char *const *paths, const cs_verify_options *o) {
    cs_trust trust = {0};
    char at[CS_DATE_SIZE];
    CS_TRY(o->at == NULL ? cs_date_today(at) : cs_date_read(at, "the day of verification", o->at));
    if (o->trust_path != NULL)
        CS_TRY(cs_trust_load(&trust, o->trust_path));
    const cs_status status = verify_all(out, paths, o->trust_path != NULL ? &trust : NULL, at, o);
    cs_trust_free(&trust);
    return status;
}

static cs_status verify_listed(cs_verify_result *out, const cs_chain_paths *paths, const cs_verify_options *o) {
    out->facts = CS_NEW(cs_facts, paths->n);
    if (out->facts == NULL)
        return CS_ERR_MEMORY;
    out->n = paths->n;
    return verify(out, (const char *const *)paths->path, o);
}

cs_status cs_verify_attestations(cs_verify_result *out, const char *const *paths, size_t n,
                                 const cs_verify_options *options) {
    static const cs_verify_options none;
    cs_chain_paths listed;
    *out = (cs_verify_result){0};
    cs_status status = cs_chain_paths_expand(&listed, paths, n);
    if (status == CS_OK)
        status = verify_listed(out, &listed, options != NULL ? options : &none);
    cs_chain_paths_free(&listed);
    if (status == CS_REJECT && cs_refusal_last() != CS_REFUSAL_NONE)
        snprintf(out->report.refusal, sizeof out->report.refusal, "%s", cs_refusal_name(cs_refusal_last()));
    return status;
}

void cs_verify_result_free(cs_verify_result *r) {
    for (size_t k = 0; r->facts != NULL && k < r->n; k++)
        cs_facts_free(&r->facts[k]);
    cs_free(r->facts);
    memset(r, 0, sizeof *r);
}

cs_status cs_verify_chain(const char *const *paths, size_t n, const cs_verify_options *options, cs_verify_report *report) {
    cs_verify_result *result = CS_NEW(cs_verify_result, 1);
    memset(report, 0, sizeof *report);
    if (result == NULL)
        return CS_ERR_MEMORY;
    const cs_status status = cs_verify_attestations(result, paths, n, options);
    *report = result->report;
    cs_verify_result_free(result);
    cs_free(result);
    return status;
}

cs_status cs_verify_file(const char *path, const cs_verify_options *options, cs_verify_report *report) {
    return cs_verify_chain(&path, 1, options, report);
}
