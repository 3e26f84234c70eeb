/* An attestation with certified datasets, a manifest and signatures: what is found, and everything that is refused, each for
 * its own reason. Cheats repack a good attestation, as somebody would who has all of its parts and no keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "attest/attestation.h"
#include "attest/manifest.h"
#include "attest/params_json.h"
#include "attest/verification.h"
#include "attest/verify.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/strings.h"
#include "provenance/document.h"
#include "provenance/identity_file.h"
#include "support/committed.h"
#include "support/tiny_run.h"

enum { ALICE, BOB, CAROL, AUTHORITY, STRANGER, PARTIES, DATASETS = 4 };

static const char *const NAMES[PARTIES] = {"Alice", "Bob", "Carol", "Authority", "Stranger"};
static const char *const FOLDERS[DATASETS] = {"a1", "a2", "b", "c"};
static const char DAY[] = "2026-11-21";

static const char JOB[] =
    "{\"name\": \"tiny\", \"model\": {\"widths\": [3, 3, 2]}, \"scales\": {\"a\": 3, \"d\": 5, \"value_bits\": 9, "
    "\"exp_bits\": 6}, \"purpose\": \"medical-research\",\n"
    "\"schedule\": {\"steps\": 4, \"batch\": 2, \"rates\": [{\"from_step\": 0, \"rate\": 0.375}]},\n"
    "\"seeds\": {\"contributions\": true, \"beacon\": \"7\", \"beacon_source\": \"a die\"},\n"
    "\"members\": [{\"name\": \"a\", \"identity\": \"Alice.pub\", \"datasets\": [{\"path\": \"a1\", \"weight\": 0.5}, "
    "\"a2\"]},\n"
    "{\"name\": \"b\", \"identity\": \"Bob.pub\", \"datasets\": [\"b\"]}, {\"name\": \"c\", \"identity\": \"Carol.pub\", "
    "\"datasets\": [\"c\"]}]}\n";

typedef struct fixture {
    cs_tiny tiny;
    cs_secret_identity party[PARTIES];
    cs_committed dataset[DATASETS];
    char trust[112], strangers[112], key[PARTIES][112];
    char changed[112]; /* a repacked attestation */
} fixture;

static void must(cs_status status) {
    if (status != CS_OK)
        fail_msg("status %d: %s", (int)status, cs_error_text());
}

static char *path_of(char out[112], const fixture *f, const char *name) {
    snprintf(out, 112, "%s/%s", f->tiny.folder, name);
    return out;
}

static void write_identities(fixture *f) {
    char name[32], path[112];
    for (int i = 0; i < PARTIES; i++) {
        must(cs_secret_identity_generate(&f->party[i], NAMES[i]));
        snprintf(name, sizeof name, "%s.key", NAMES[i]);
        must(cs_secret_identity_save(&f->party[i], path_of(f->key[i], f, name), NULL));
        snprintf(name, sizeof name, "%s.pub", NAMES[i]);
        must(cs_secret_identity_publish_file(&f->party[i], path_of(path, f, name)));
    }
    for (int k = 0; k < 2; k++) {
        cs_trust list = {0};
        must(cs_trust_add(&list, &f->party[k ? STRANGER : AUTHORITY].public));
        must(cs_document_save(cs_trust_to_json(&list),
                              path_of(k ? f->strangers : f->trust, f, k ? "strangers.json" : "trust.json"), 0644));
        cs_trust_free(&list);
    }
}

/* By the authority, with a licence for 8 draws a pass, and 8 in all. */
static void describe_certificate(cs_certificate *c, const fixture *f, int k) {
    const cs_dataset_doc *d = &f->dataset[k].doc;
    *c = (cs_certificate){
        .source = "a register",
        .from = "2026-01-01",
        .until = "2027-12-31",
        .dataset.rows = d->rows,
        .licence = {.name = "Research", .n_purposes = 1, .purposes = {"medical-research"}, .per_epoch = 8, .total = 8}};
    must(cs_dataset_doc_digest(c->dataset.digest, d));
    must(cs_dataset_doc_schema_digest(c->dataset.schema, d));
}

static void write_certificate(const fixture *f, int k, cs_certificate *c, int authority) {
    char path[112], name[32];
    must(cs_certificate_sign(c, &f->party[authority]));
    snprintf(name, sizeof name, "%s/certificate.json", FOLDERS[k]);
    must(cs_document_save(cs_certificate_to_json(c), path_of(path, f, name), 0644));
}

static void write_datasets(fixture *f) {
    char path[112];
    for (int k = 0; k < DATASETS; k++) {
        cs_committed_options o = cs_committed_defaults();
        cs_certificate c;
        o.rows = 4 + (size_t)k;
        o.seed = 10 + (uint64_t)k;
        must(cs_committed_new(&f->dataset[k], &o));
        must(cs_dataset_folder_write(path_of(path, f, FOLDERS[k]), &f->dataset[k].doc, &f->dataset[k].opening,
                                     &f->dataset[k].proof));
        describe_certificate(&c, f, k);
        write_certificate(f, k, &c, AUTHORITY);
    }
}

/* Made of the job as it is now, signed by these. */
static void write_manifest(fixture *f, const int *signers, size_t n) {
    cs_job job;
    cs_statement s;
    json_t *body;
    cs_signed manifest;
    char path[112];
    uint8_t first_model[32];
    must(cs_job_load(&job, f->tiny.job));
    if (job.previous.given)
        cs_model_digest(first_model, &job.previous.model);
    must(cs_statement_from_job(&s, &job, job.previous.given ? first_model : NULL));
    must(cs_manifest_body(&body, &s, job.beacon_source));
    must(cs_signed_new(&manifest, body));
    for (size_t k = 0; k < n; k++) {
        cs_signature signature;
        cs_sign(&signature, CS_SIGN_MANIFEST, manifest.digest, NAMES[signers[k]], f->party[signers[k]].ed25519);
        must(cs_signed_add(&manifest, &signature));
    }
    must(cs_document_save(cs_signed_to_json(&manifest), path_of(path, f, "job.manifest.json"), 0644));
    cs_signed_free(&manifest);
    json_decref(body);
    cs_statement_free(&s);
    cs_job_free(&job);
}

static int set_up(void **state) {
    fixture *f = CS_NEW(fixture, 1);
    static const int all[] = {ALICE, BOB, CAROL};
    *state = f;
    must(cs_tiny_new(&f->tiny, "public"));
    write_identities(f);
    write_datasets(f);
    must(cs_file_write(f->tiny.job, JOB, strlen(JOB), 0644));
    write_manifest(f, all, 3);
    for (int i = 0; i < 3; i++)
        f->tiny.options[i].key = f->key[i];
    must(cs_tiny_run(&f->tiny, "out"));
    path_of(f->changed, f, "changed.attestation");
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    for (int k = 0; k < DATASETS; k++)
        cs_committed_free(&f->dataset[k]);
    for (int i = 0; i < PARTIES; i++)
        cs_secret_identity_wipe(&f->party[i]);
    cs_tiny_free(&f->tiny);
    cs_free(f);
    return 0;
}

/* ------------------------------------------------------------ accepted */

static void the_facts_are_those_of_the_run(void **state) {
    const fixture *f = *state;
    cs_verify_result *r = CS_NEW(cs_verify_result, 1);
    const cs_verify_options options = {.trust_path = f->trust, .at = DAY, .model_path = f->tiny.model};
    const char *file = f->tiny.attestation;
    must(cs_verify_attestations(r, &file, 1, &options));
    const cs_facts *x = &r->facts[0];
    assert_true(x->has_manifest && x->contributions && !x->indices_hidden && !x->has_previous);
    assert_string_equal(x->purpose, "medical-research");
    assert_string_equal(x->at, DAY);
    assert_int_equal(x->n_members, 3);
    assert_int_equal(x->compute.steps, 4);
    assert_int_equal(x->compute.draws, 24);
    for (size_t i = 0; i < 3; i++) {
        const cs_fact_member *m = &x->members[i];
        uint64_t draws = 0;
        assert_true(m->identified && m->signed_manifest && m->signed_statement);
        assert_string_equal(m->name, NAMES[i]);
        for (size_t k = 0; k < m->n_datasets; k++) {
            assert_true(m->datasets[k].certified && m->datasets[k].well_formed);
            assert_string_equal(m->datasets[k].certificate.authority, "Authority");
            draws += m->datasets[k].draws;
        }
        assert_int_equal(draws, 8);
    }
    assert_int_equal(x->members[ALICE].n_datasets, 2);
    assert_int_equal(x->members[ALICE].datasets[0].draws_epoch_max, 2); /* half of four */
    assert_int_equal(x->members[ALICE].datasets[1].draws_epoch_max, 5);
    cs_verify_result_free(r);
    must(cs_verify_attestations(r, &file, 1, NULL)); /* nobody's word is taken */
    assert_false(r->facts[0].members[BOB].datasets[0].certified);
    cs_verify_result_free(r);
    cs_free(r);
}

static void each_run_has_a_seed_of_its_own(void **state) {
    fixture *f = *state;
    char first[128];
    cs_attestation a, b;
    strcpy(first, f->tiny.attestation);
    must(cs_tiny_run(&f->tiny, "again"));
    must(cs_attestation_open(&a, first));
    must(cs_attestation_open(&b, f->tiny.attestation));
    assert_memory_not_equal(a.statement.contributions, b.statement.contributions, 32);
    uint8_t x[32], y[32];
    must(cs_statement_seed(x, &a.statement));
    must(cs_statement_seed(y, &b.statement));
    assert_memory_not_equal(x, y, 32);
    cs_attestation_free(&a);
    cs_attestation_free(&b);
    strcpy(f->tiny.attestation, first);
}

/* ------------------------------------------------------------ refused */

typedef void change(cs_attestation *a, const fixture *f);

/* Signs the statement anew with the members' own keys: what all of them together could do. */
static void sign_again(cs_attestation *a, const fixture *f) {
    cs_derived d;
    must(cs_attestation_derive(&d, a));
    for (int i = 0; i < 3; i++)
        cs_sign(&a->evidence.statement[i], CS_SIGN_STATEMENT, d.instance.digest, NAMES[i], f->party[i].ed25519);
    cs_derived_free(&d);
}

static void write_changed(const fixture *f, const cs_attestation *a) {
    cs_container c;
    cs_buffer file = {0};
    must(cs_attestation_pack(&c, &a->statement, a->has_initial ? &a->initial : NULL, a->has_final ? &a->final : NULL,
                             &a->container.section[CS_SECTION_PROOF], &a->evidence));
    must(cs_container_encode(&file, &c));
    must(cs_file_write(f->changed, file.data, file.size, 0644));
    cs_buffer_free(&file);
    cs_container_free(&c);
}

/* A proof that is none for the statement is refused, or cannot even be read as one for it. */
static void expect(const fixture *f, const char *trust, const char *at, cs_refusal kind, const char *says) {
    cs_verify_report report;
    const cs_verify_options options = {.trust_path = trust, .at = at};
    const cs_status status = cs_verify_file(f->changed, &options, &report);
    if (kind == CS_REFUSAL_PROOF && status == CS_ERR_INPUT && strstr(cs_error_text(), "proof: ") != NULL)
        return;
    if (status != CS_REJECT || cs_refusal_last() != kind || strstr(cs_error_text(), says) == NULL)
        fail_msg("\"%s\": status %d, %s: %s", says, (int)status, cs_refusal_name(cs_refusal_last()), cs_error_text());
    assert_string_equal(report.refusal, cs_refusal_name(kind));
}

static void expect_changed(const fixture *f, change *fn, bool resign, cs_refusal kind, const char *says) {
    cs_attestation a;
    must(cs_attestation_open(&a, f->tiny.attestation));
    fn(&a, f);
    if (resign)
        sign_again(&a, f);
    write_changed(f, &a);
    cs_attestation_free(&a);
    expect(f, f->trust, DAY, kind, says);
}

static void nothing(cs_attestation *a, const fixture *f) {
    (void)a, (void)f;
}

static void drop_statement_signature(cs_attestation *a, const fixture *f) {
    (void)f;
    a->evidence.n_statement = 2;
}

static void drop_manifest_signature(cs_attestation *a, const fixture *f) {
    (void)f;
    a->evidence.n_manifest = 2;
}

static void foreign_statement_signature(cs_attestation *a, const fixture *f) {
    uint8_t digest[32] = {0};
    cs_sign(&a->evidence.statement[BOB], CS_SIGN_STATEMENT, digest, "Bob", f->party[STRANGER].ed25519);
}

static void signature_twice(cs_attestation *a, const fixture *f) {
    (void)f;
    a->evidence.statement[CAROL] = a->evidence.statement[BOB];
}

static void signature_on_something_else(cs_attestation *a, const fixture *f) {
    uint8_t digest[32] = {0};
    cs_sign(&a->evidence.statement[BOB], CS_SIGN_STATEMENT, digest, "Bob", f->party[BOB].ed25519);
}

static void under_another_name(cs_attestation *a, const fixture *f) {
    (void)f;
    strcpy(a->evidence.statement[BOB].name, "Rob");
}

static void signatures_are_demanded(void **state) {
    const fixture *f = *state;
    expect_changed(f, drop_statement_signature, false, CS_REFUSAL_SIGNATURE, "the statement is not signed by member \"c\"");
    expect_changed(f, drop_manifest_signature, false, CS_REFUSAL_SIGNATURE, "the manifest is not signed by member");
    expect_changed(f, foreign_statement_signature, false, CS_REFUSAL_SIGNATURE, "who is no member");
    expect_changed(f, signature_twice, false, CS_REFUSAL_SIGNATURE, "not signed by member \"c\"");
    expect_changed(f, signature_on_something_else, false, CS_REFUSAL_SIGNATURE, "not what \"Bob\" signed");
    expect_changed(f, under_another_name, false, CS_REFUSAL_SIGNATURE, "signed by \"Rob\" with the key of \"Bob\"");
}

static void replace_body(cs_attestation *a, const char *key, json_t *value) {
    json_object_set_new(a->statement.manifest, key, value);
}

static void change_manifest(cs_attestation *a, const fixture *f) {
    (void)f;
    replace_body(a, "purpose", json_string("marketing"));
}

static void add_to_manifest(cs_attestation *a, const fixture *f) {
    uint8_t digest[32];
    replace_body(a, "novelty", json_true());
    must(cs_statement_manifest_digest(digest, &a->statement));
    for (int i = 0; i < 3; i++)
        cs_sign(&a->evidence.manifest[i], CS_SIGN_MANIFEST, digest, NAMES[i], f->party[i].ed25519);
}

/* Another manifest, signed by all, than the statement. */
static void sign_manifest_again(cs_attestation *a, const fixture *f) {
    uint8_t digest[32];
    must(cs_statement_manifest_digest(digest, &a->statement));
    for (int i = 0; i < 3; i++)
        cs_sign(&a->evidence.manifest[i], CS_SIGN_MANIFEST, digest, NAMES[i], f->party[i].ed25519);
}

static void manifest_of_other_purpose(cs_attestation *a, const fixture *f) {
    change_manifest(a, f);
    sign_manifest_again(a, f);
}

static void manifest_of_another_first_model(cs_attestation *a, const fixture *f) {
    replace_body(a, "initial",
                 json_pack("{s:s}", "digest", "0000000000000000000000000000000000000000000000000000000000000000"));
    sign_manifest_again(a, f);
}

static void manifest_without_contributions(cs_attestation *a, const fixture *f) {
    json_object_set_new(json_object_get(a->statement.manifest, "seeds"), "contributions", json_false());
    sign_manifest_again(a, f);
}

static void manifest_of_other_datasets(cs_attestation *a, const fixture *f) {
    json_array_clear(json_array_get(json_object_get(a->statement.manifest, "datasets"), 1));
    sign_manifest_again(a, f);
}

static void manifest_of_other_steps(cs_attestation *a, const fixture *f) {
    json_object_set_new(json_object_get(a->statement.manifest, "params"), "steps", json_integer(5));
    sign_manifest_again(a, f);
}

/* All members together declare a step less than was proved. */
static void one_step_less(cs_attestation *a, const fixture *f) {
    a->statement.params.steps--;
    replace_body(a, "params", cs_params_to_json(&a->statement.params));
    sign_manifest_again(a, f);
}

static void no_manifest(cs_attestation *a, const fixture *f) {
    (void)f;
    json_decref(a->statement.manifest);
    a->statement.manifest = NULL;
}

/* Fewer steps have fewer commitments: the proof may not even come apart as it should. */
static void expect_no_proof(const fixture *f, change *fn) {
    cs_attestation a;
    cs_verify_report report;
    must(cs_attestation_open(&a, f->tiny.attestation));
    fn(&a, f);
    sign_again(&a, f);
    write_changed(f, &a);
    cs_attestation_free(&a);
    const cs_status status = cs_verify_file(f->changed, NULL, &report);
    assert_true(status == CS_ERR_INPUT || (status == CS_REJECT && cs_refusal_last() == CS_REFUSAL_PROOF));
}

static void manifests_are_what_was_signed(void **state) {
    const fixture *f = *state;
    expect_changed(f, change_manifest, true, CS_REFUSAL_MANIFEST, "the manifest is not what \"Alice\" signed");
    expect_changed(f, add_to_manifest, true, CS_REFUSAL_UNKNOWN, "unknown field \"novelty\"");
    expect_changed(f, manifest_of_other_purpose, true, CS_REFUSAL_PURPOSE, "another \"purpose\"");
    expect_changed(f, manifest_of_another_first_model, true, CS_REFUSAL_INITIAL, "another \"initial\"");
    expect_changed(f, manifest_without_contributions, true, CS_REFUSAL_SEED, "another \"seeds\", in contributions");
    expect_changed(f, manifest_of_other_datasets, true, CS_REFUSAL_DATASET, "another \"datasets\"");
    expect_changed(f, manifest_of_other_steps, true, CS_REFUSAL_MANIFEST, "another \"params\", in steps");
    expect_no_proof(f, one_step_less);
    expect_changed(f, no_manifest, true, CS_REFUSAL_MANIFEST, "signatures on a manifest, and no manifest");
}

static void withhold_contributions(cs_attestation *a, const fixture *f) {
    (void)f;
    a->statement.has_contributions = false;
}

static void grind_contribution(cs_attestation *a, const fixture *f) {
    (void)f;
    a->statement.contributions[CAROL][0] ^= 1;
}

static void repeat_contribution(cs_attestation *a, const fixture *f) {
    (void)f;
    memcpy(a->statement.contributions[CAROL], a->statement.contributions[BOB], 32);
}

static void other_beacon(cs_attestation *a, const fixture *f) {
    (void)f;
    a->statement.beacon[0]++;
}

static void no_beacon(cs_attestation *a, const fixture *f) {
    (void)f;
    a->statement.beacon[0] = '\0';
}

/* With other draws, a proof of these is none, whoever signs. */
static void seeds_cannot_be_chosen(void **state) {
    const fixture *f = *state;
    expect_changed(f, withhold_contributions, true, CS_REFUSAL_SEED, "in contributions");
    expect_changed(f, grind_contribution, false, CS_REFUSAL_SIGNATURE, "not what \"Alice\" signed");
    expect_changed(f, grind_contribution, true, CS_REFUSAL_PROOF, "");
    expect_changed(f, repeat_contribution, true, CS_REFUSAL_SEED, "the same contribution");
    expect_changed(f, other_beacon, true, CS_REFUSAL_PROOF, "");
    expect_changed(f, no_beacon, true, CS_REFUSAL_SEED, "a die");
}

static void swap_proofs(cs_attestation *a, const fixture *f) {
    (void)f;
    const cs_buffer first = a->evidence.proofs[0];
    a->evidence.proofs[0] = a->evidence.proofs[1];
    a->evidence.proofs[1] = first;
}

static void swap_certificates(cs_attestation *a, const fixture *f) {
    (void)f;
    const cs_certificate first = a->evidence.certificates[0];
    a->evidence.certificates[0] = a->evidence.certificates[1];
    a->evidence.certificates[1] = first;
}

static void flip_training_proof(cs_attestation *a, const fixture *f) {
    (void)f;
    cs_buffer *proof = &a->container.section[CS_SECTION_PROOF];
    proof->data[proof->size - 64] ^= 1; /* a scalar of the last argument */
}

static void parts_belong_to_their_places(void **state) {
    const fixture *f = *state;
    expect_changed(f, swap_proofs, true, CS_REFUSAL_PROOF, "dataset");
    expect_changed(f, swap_certificates, true, CS_REFUSAL_DATASET, "another one than the statement names");
    expect_changed(f, flip_training_proof, true, CS_REFUSAL_PROOF, "");
}

static void authorities_and_days_are_the_verifiers(void **state) {
    const fixture *f = *state;
    cs_attestation a;
    must(cs_attestation_open(&a, f->tiny.attestation));
    nothing(&a, f);
    write_changed(f, &a);
    cs_attestation_free(&a);
    expect(f, f->strangers, DAY, CS_REFUSAL_AUTHORITY, "not on the trust list");
    expect(f, f->trust, "2025-12-31", CS_REFUSAL_EXPIRED, "valid from 2026-01-01");
    expect(f, f->trust, "2028-01-01", CS_REFUSAL_EXPIRED, "2028-01-01");
    cs_verify_report report;
    const cs_verify_options options = {.at = "2026-02-30"};
    assert_int_equal(cs_verify_file(f->changed, &options, &report), CS_ERR_USAGE);
}

/* ------------------------------------------------------------ licences that a run does not keep to */

static void expect_licence(fixture *f, const char *out, cs_certificate *c, int authority, cs_refusal kind,
                           const char *says) {
    static const int all[] = {ALICE, BOB, CAROL};
    char name[128];
    write_certificate(f, 2, c, authority);
    write_manifest(f, all, 3);
    strcpy(name, f->tiny.attestation);
    must(cs_tiny_run(&f->tiny, out));
    snprintf(f->changed, sizeof f->changed, "%.110s", f->tiny.attestation);
    if (kind != CS_REFUSAL_NONE) {
        expect(f, f->trust, DAY, kind, says);
    } else {
        cs_verify_report report;
        const cs_verify_options options = {.trust_path = f->trust, .at = DAY};
        must(cs_verify_file(f->changed, &options, &report));
    }
    strcpy(f->tiny.attestation, name);
    path_of(f->changed, f, "changed.attestation");
}

static void licences_are_kept(void **state) {
    fixture *f = *state;
    cs_certificate c;
    describe_certificate(&c, f, 2); /* Bob draws his 6 records 8 times: 6 in the first pass */
    c.licence.total = 7;
    expect_licence(f, "total", &c, AUTHORITY, CS_REFUSAL_QUOTA, "of member \"b\"");
    c.licence.total = 8;
    c.licence.per_epoch = 5;
    expect_licence(f, "epoch", &c, AUTHORITY, CS_REFUSAL_QUOTA, "of member \"b\"");
    c.licence.per_epoch = 6;
    expect_licence(f, "exact", &c, AUTHORITY, CS_REFUSAL_NONE, "");
    c.licence.deny = true;
    expect_licence(f, "deny", &c, AUTHORITY, CS_REFUSAL_DENIED, "of member \"b\"");
    c.licence.deny = false;
    strcpy(c.licence.purposes[0], "marketing");
    expect_licence(f, "purpose", &c, AUTHORITY, CS_REFUSAL_PURPOSE, "medical-research");
    describe_certificate(&c, f, 2);
    strcpy(c.licence.expires, "2026-11-20");
    expect_licence(f, "expired", &c, AUTHORITY, CS_REFUSAL_EXPIRED, "expired");
    describe_certificate(&c, f, 2);
    expect_licence(f, "stranger", &c, STRANGER, CS_REFUSAL_AUTHORITY, "Stranger");
    describe_certificate(&c, f, 2);
    c.dataset.schema[0] ^= 1;
    expect_licence(f, "schema", &c, AUTHORITY, CS_REFUSAL_SCHEMA, "another schema");
    describe_certificate(&c, f, 3);
    expect_licence(f, "dataset", &c, AUTHORITY, CS_REFUSAL_DATASET, "another dataset");
    describe_certificate(&c, f, 2);
    write_certificate(f, 2, &c, AUTHORITY);
}

/* ------------------------------------------------------------ chains */

static void hide_previous(cs_attestation *a, const fixture *f) {
    (void)f;
    a->statement.has_previous = false;
}

static void hide_previous_in_manifest(cs_attestation *a, const fixture *f) {
    hide_previous(a, f);
    replace_body(a, "previous", json_null());
}

static void hide_previous_in_signed_manifest(cs_attestation *a, const fixture *f) {
    hide_previous_in_manifest(a, f);
    sign_manifest_again(a, f);
}

/* Two files of at most 8 draws of each dataset: each is within the licences, which are for 8. With a trust list or without.
 */
static void check_chain_quota(const char *const files[2], const char *trust, cs_verify_result *r) {
    const cs_verify_options options = {.trust_path = trust, .at = DAY};
    assert_int_equal(cs_verify_attestations(r, files, 2, &options), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_QUOTA);
    assert_non_null(strstr(cs_error_text(), "draws in all files; its licence allows 8"));
    assert_true(r->facts[1].has_previous && r->facts[1].has_manifest);
    assert_memory_equal(r->facts[1].previous, r->facts[0].statement, 32);
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < 3; i++)
            for (size_t k = 0; k < r->facts[s].members[i].n_datasets; k++) {
                assert_true(r->facts[s].members[i].datasets[k].draws <= 8);
                r->facts[s].members[i].datasets[k].quota = 16;
            }
    must(cs_verify_chain_quotas(r->facts, 2));
    r->facts[0].members[BOB].datasets[0].quota = 15;
    assert_int_equal(cs_verify_chain_quotas(r->facts, 2), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_QUOTA);
    r->facts[0].members[BOB].datasets[0].quota = CS_NO_QUOTA; /* the other file's certificate counts these draws as well */
    r->facts[1].members[BOB].datasets[0].quota = 15;
    assert_int_equal(cs_verify_chain_quotas(r->facts, 2), CS_REJECT);
    cs_verify_result_free(r);
}

static void chains_are_signed_and_counted(void **state) {
    fixture *f = *state;
    static const int all[] = {ALICE, BOB, CAROL};
    char first[128];
    cs_verify_result *r = CS_NEW(cs_verify_result, 1);
    strcpy(first, f->tiny.attestation);
    must(cs_tiny_edit(&f->tiny, "job.json", "\"purpose\"", "\"previous\": \"out/tiny.attestation\", \"purpose\""));
    write_manifest(f, all, 3);
    must(cs_tiny_run(&f->tiny, "second"));
    const char *const files[2] = {first, f->tiny.attestation};
    check_chain_quota(files, f->trust, r);
    check_chain_quota(files, NULL, r);
    cs_free(r);
    expect_changed(f, nothing, false, CS_REFUSAL_CHAIN, "goes on from another one");
    expect_changed(f, hide_previous, false, CS_REFUSAL_CHAIN, "the manifest was signed with another \"previous\"");
    expect_changed(f, hide_previous_in_manifest, true, CS_REFUSAL_MANIFEST, "the manifest is not what \"Alice\" signed");
    expect_changed(f, hide_previous_in_signed_manifest, false, CS_REFUSAL_SIGNATURE, "the statement is not what \"Alice\"");
    expect_changed(f, hide_previous_in_signed_manifest, true, CS_REFUSAL_PROOF, "");
    must(cs_tiny_edit(&f->tiny, "job.json", "\"previous\": \"out/tiny.attestation\", ", ""));
    write_manifest(f, all, 3);
    strcpy(f->tiny.attestation, first);
}

/* ------------------------------------------------------------ before the run */

static void expect_no_run(fixture *f, const char *says) {
    cs_tiny_run(&f->tiny, "none");
    for (int i = 0; i < 3; i++)
        if (f->tiny.outcomes[i].status == CS_OK || (i == 0 && strstr(f->tiny.outcomes[0].text, says) == NULL))
            fail_msg("rank %d: %s", i, f->tiny.outcomes[i].text);
}

static void runs_need_what_was_agreed_on(void **state) {
    fixture *f = *state;
    static const int all[] = {ALICE, BOB, CAROL}, some[] = {ALICE, CAROL}, foreign[] = {ALICE, BOB, STRANGER};
    write_manifest(f, some, 2);
    expect_no_run(f, "not signed by member \"b\"");
    write_manifest(f, foreign, 3);
    expect_no_run(f, "\"Stranger\", who is no member");
    write_manifest(f, all, 3);
    must(cs_tiny_edit(&f->tiny, "job.json", "\"steps\": 4", "\"steps\": 5"));
    expect_no_run(f, "another \"params\"");
    must(cs_tiny_edit(&f->tiny, "job.json", "\"steps\": 5", "\"steps\": 4"));
    char proof[112], kept[112];
    path_of(proof, f, "c/proof");
    path_of(kept, f, "c/kept");
    assert_int_equal(rename(proof, kept), 0);
    must(cs_file_write(proof, f->dataset[0].proof.data, f->dataset[0].proof.size, 0644));
    expect_no_run(f, "c/proof");
    assert_int_equal(rename(kept, proof), 0);
    f->tiny.options[BOB].key = f->key[STRANGER];
    cs_tiny_run(&f->tiny, "none");
    assert_int_equal(f->tiny.outcomes[BOB].status, CS_ERR_USAGE);
    f->tiny.options[BOB].key = f->key[BOB];
    f->tiny.options[BOB].data = "x.csv";
    cs_tiny_run(&f->tiny, "none");
    assert_non_null(strstr(f->tiny.outcomes[BOB].text, "--data, --labels and --opening have no place"));
    f->tiny.options[BOB].data = NULL;
}

/* A dataset that nobody showed to be well formed, in the job and in a statement that somebody made by hand. */
static void datasets_need_proofs_of_their_own(void **state) {
    fixture *f = *state;
    cs_committed bare;
    cs_committed_options o = cs_committed_defaults();
    char path[112];
    cs_attestation a;
    o.proof = false;
    must(cs_committed_new(&bare, &o));
    must(cs_dataset_folder_write(path_of(path, f, "bare"), &bare.doc, &bare.opening, NULL));
    must(cs_tiny_edit(&f->tiny, "job.json", "[\"b\"]", "[\"bare\"]"));
    expect_no_run(f, "has no well-formedness proof");
    must(cs_tiny_edit(&f->tiny, "job.json", "[\"bare\"]", "[\"b\"]"));
    cs_committed_free(&bare);
    must(cs_attestation_open(&a, path_of(path, f, "out/tiny.attestation")));
    for (int i = 0; i < 3; i++)
        for (size_t k = 0; k < a.statement.members[i].datasets.n; k++)
            a.statement.members[i].datasets.use[k].doc.has_proof = false;
    cs_buffer text = {0};
    must(cs_statement_encode(&text, &a.statement));
    cs_attestation_free(&a);
    cs_statement s;
    assert_int_equal(cs_statement_decode(&s, text.data, text.size), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "several datasets need well-formedness proofs"));
    cs_buffer_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_facts_are_those_of_the_run),
        cmocka_unit_test(each_run_has_a_seed_of_its_own),
        cmocka_unit_test(signatures_are_demanded),
        cmocka_unit_test(manifests_are_what_was_signed),
        cmocka_unit_test(seeds_cannot_be_chosen),
        cmocka_unit_test(parts_belong_to_their_places),
        cmocka_unit_test(authorities_and_days_are_the_verifiers),
        cmocka_unit_test(licences_are_kept),
        cmocka_unit_test(chains_are_signed_and_counted),
        cmocka_unit_test(runs_need_what_was_agreed_on),
        cmocka_unit_test(datasets_need_proofs_of_their_own),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
