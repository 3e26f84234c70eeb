#include <string.h>

#include "attest/manifest.h"
#include "attest/verification.h"
#include "base/strings.h"
#include "provenance/wellformed.h"

/* ------------------------------------------------------------ what the members agreed on */

static cs_status check_manifest(const cs_verification *v) {
    const cs_statement *s = &v->a->statement;
    const cs_evidence *e = &v->a->evidence;
    cs_facts *f = v->facts;
    if (s->manifest == NULL)
        return e->n_manifest == 0 ? CS_OK
                                  : cs_refuse(CS_REFUSAL_MANIFEST, "there are signatures on a manifest, and no manifest");
    if (!s->members[0].signer.identified)
        return cs_refuse(CS_REFUSAL_MANIFEST, "there is a manifest, and the members have no identities to sign it with");
    CS_TRY(cs_statement_manifest_digest(f->manifest, s));
    CS_TRY(cs_check_all_signed(e->manifest, e->n_manifest, CS_SIGN_MANIFEST, f->manifest, s, "the manifest",
                               CS_REFUSAL_MANIFEST));
    CS_TRY(cs_check_order(e->manifest, e->n_manifest, s, "the manifest"));
    CS_TRY(cs_manifest_compare(s->manifest, s));
    CS_TRY(cs_manifest_check_beacon(s->manifest, s));
    f->has_manifest = true;
    for (size_t i = 0; i < f->n_members; i++)
        f->members[i].signed_manifest = true;
    return CS_OK;
}

/* Members that contribute the same bytes have not chosen them independently: somebody repeats another's. */
static cs_status check_contributions(const cs_statement *s) {
    for (int i = 0; s->has_contributions && i < cs_statement_members(s); i++)
        for (int j = 0; j < i; j++)
            if (memcmp(s->contributions[i], s->contributions[j], sizeof s->contributions[i]) == 0)
                return cs_refuse(CS_REFUSAL_SEED, "members \"%s\" and \"%s\" made the same contribution to the seed",
                                 s->members[j].name, s->members[i].name);
    return CS_OK;
}

static cs_status check_signatures(const cs_verification *v) {
    const cs_statement *s = &v->a->statement;
    const cs_evidence *e = &v->a->evidence;
    if (!s->members[0].signer.identified)
        return e->n_statement == 0
                   ? CS_OK
                   : cs_refuse(CS_REFUSAL_SIGNATURE, "there are signatures on the statement, and no members' identities");
    CS_TRY(cs_check_all_signed(e->statement, e->n_statement, CS_SIGN_STATEMENT, v->d->instance.digest, s, "the statement",
                               CS_REFUSAL_SIGNATURE));
    CS_TRY(cs_check_order(e->statement, e->n_statement, s, "the statement"));
    for (size_t i = 0; i < v->facts->n_members; i++)
        v->facts->members[i].signed_statement = true;
    return CS_OK;
}

cs_status cs_verify_agreement(const cs_verification *v) {
    CS_TRY(check_manifest(v));
    CS_TRY(check_contributions(&v->a->statement));
    return check_signatures(v);
}

/* ------------------------------------------------------------ certificates */

static cs_status check_certificate(const cs_certificate *c, const cs_dataset_use *use, cs_fact_dataset *fact,
                                   const cs_verification *v) {
    cs_certified_dataset dataset = {.rows = use->doc.rows};
    memcpy(dataset.digest, fact->digest, sizeof dataset.digest);
    CS_TRY(cs_dataset_doc_schema_digest(dataset.schema, &use->doc));
    if (memcmp(c->digest, use->certificate, sizeof c->digest) != 0)
        return cs_refuse(CS_REFUSAL_DATASET, "the certificate is another one than the statement names");
    CS_TRY(cs_certificate_check_dataset(c, &dataset));
    CS_TRY(v->trust != NULL ? cs_certificate_check(c, v->trust, v->at) : cs_licence_check(&c->licence, v->at));
    CS_TRY(cs_licence_check_purpose(&c->licence, v->a->statement.purpose));
    CS_TRY(cs_licence_check_draws(&c->licence, fact->draws_epoch_max, fact->draws));
    fact->quota = c->licence.total; /* whoever signed it: what a file says of itself is held against it */
    return v->trust != NULL ? cs_facts_set_certificate(fact, c) : CS_OK;
}

cs_status cs_verify_certificates(const cs_verification *v) {
    const cs_statement *s = &v->a->statement;
    size_t next = 0;
    if (v->a->evidence.n_certificates != 0)
        CS_TRY(cs_string_own(&v->facts->at, cs_string_copy(v->at)));
    for (int i = 0; i < s->params.n_ranks; i++)
        for (size_t k = 0; k < s->members[i].datasets.n; k++) {
            const cs_dataset_use *use = &s->members[i].datasets.use[k];
            if (use->has_certificate)
                CS_TRY(cs_fail_prefix(
                    check_certificate(&v->a->evidence.certificates[next++], use, &v->facts->members[i].datasets[k], v),
                    "dataset \"%s\" of member \"%s\"", use->doc.name, s->members[i].name));
        }
    return CS_OK;
}

/* ------------------------------------------------------------ well-formedness */

static cs_status refuse_wellformed(cs_status status) {
    if (status != CS_REJECT || cs_refusal_last() != CS_REFUSAL_NONE)
        return status;
    return cs_refuse(CS_REFUSAL_PROOF, "it is not shown to be well formed: %s", cs_error_text());
}

cs_status cs_verify_wellformed(const cs_verification *v) {
    const cs_statement *s = &v->a->statement;
    const cs_buffer *proofs = v->a->evidence.proofs;
    size_t next = 0;
    for (int i = 0; i < s->params.n_ranks; i++)
        for (size_t k = 0; k < s->members[i].datasets.n; k++) {
            const cs_dataset_doc *d = &s->members[i].datasets.use[k].doc;
            if (d->has_proof) {
                const cs_status status =
                    cs_wellformed_verify_later(d, proofs[next].data, proofs[next].size, &v->equations[next]);
                CS_TRY(cs_fail_prefix(refuse_wellformed(status), "dataset \"%s\" of member \"%s\"", d->name,
                                      s->members[i].name));
                next++;
            }
            v->facts->members[i].datasets[k].well_formed = true;
            v->facts->members[i].datasets[k].own_ranges = d->has_proof;
        }
    return CS_OK;
}

/* Of proofs first, …, last. */
static cs_status check_equations(const cs_verification *v, size_t first, size_t last) {
    cs_deferred all = {0};
    cs_status status = CS_OK;
    for (size_t k = first; status == CS_OK && k <= last; k++)
        status = cs_deferred_merge(&all, &v->equations[k]);
    if (status == CS_OK)
        status = cs_deferred_check(&all);
    cs_deferred_free(&all);
    return status;
}

static cs_status refuse_proof_of(const cs_statement *s, size_t wrong) {
    size_t next = 0;
    for (int i = 0; i < s->params.n_ranks; i++)
        for (size_t k = 0; k < s->members[i].datasets.n; k++) {
            const cs_dataset_doc *d = &s->members[i].datasets.use[k].doc;
            if (d->has_proof && next++ == wrong)
                return cs_fail_prefix(refuse_wellformed(CS_REJECT), "dataset \"%s\" of member \"%s\"", d->name,
                                      s->members[i].name);
        }
    return CS_OK;
}

/* Some of the candidates low, …, high do not hold; number n is the training proof, which is in no half that is tried. Half
 * as many terms each time, so all tries together have no more than all proofs have. */
cs_status cs_verify_find_malformed(const cs_verification *v) {
    const size_t n = v->a->evidence.n_proofs;
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const cs_status status = check_equations(v, low, middle);
        if (status != CS_OK && status != CS_REJECT)
            return status;
        if (status == CS_REJECT)
            high = middle;
        else
            low = middle + 1;
    }
    return low < n ? refuse_proof_of(&v->a->statement, low) : CS_OK;
}
