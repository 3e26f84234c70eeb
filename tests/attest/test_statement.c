/* The statement: its one encoding, what follows from it, and everything that must be refused before any equation (6.8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "attest/attestation.h"
#include "attest/params_json.h"
#include "base/memory.h"
#include "base/strings.h"
#include "provenance/refusal.h"
#include "support/tiny_run.h"

typedef struct fixture {
    cs_tiny tiny;
    cs_attestation a;
    char *text; /* the statement, with a final NUL */
} fixture;

static int set_up(void **state) {
    fixture *f = CS_NEW(fixture, 1);
    *state = f;
    if (cs_tiny_new(&f->tiny, "public") != CS_OK || cs_tiny_run(&f->tiny, "out") != CS_OK ||
        cs_attestation_open(&f->a, f->tiny.attestation) != CS_OK) {
        print_error("%s\n", cs_error_text());
        return -1;
    }
    const cs_buffer *s = &f->a.container.section[CS_SECTION_STATEMENT];
    f->text = CS_NEW(char, s->size + 1);
    memcpy(f->text, s->data, s->size);
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    cs_attestation_free(&f->a);
    cs_tiny_free(&f->tiny);
    cs_free(f->text);
    cs_free(f);
    return 0;
}

static cs_status decode_text(const char *text) {
    cs_statement s;
    const cs_status status = cs_statement_decode(&s, (const uint8_t *)text, strlen(text));
    if (status == CS_OK)
        cs_statement_free(&s);
    else
        assert_null(s.name);
    return status;
}

static void has_one_encoding(void **state) {
    const fixture *f = *state;
    assert_int_equal(decode_text(f->text), CS_OK);
    cs_buffer again = {0};
    assert_int_equal(cs_statement_encode(&again, &f->a.statement), CS_OK);
    assert_int_equal(again.size, strlen(f->text));
    assert_memory_equal(again.data, f->text, again.size);
    cs_buffer_free(&again);
    char *spaced = cs_string_replace(f->text, "\"beacon\":", "\"beacon\": ");
    assert_int_equal(decode_text(spaced), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "canonical"));
    cs_free(spaced);
    char *longer = cs_string_format("%s\n", f->text);
    assert_int_equal(decode_text(longer), CS_ERR_INPUT);
    cs_free(longer);
}

typedef struct wrong {
    const char *what, *with, *says;
} wrong;

static const wrong WRONG[] = {
    {"\"beacon\":\"tiny\"", "\"beacon\":3", "beacon: a string"},
    {"\"beacon\":\"tiny\",", "", "the field \"beacon\" is missing"},
    {"\"beacon\":\"tiny\"", "\"beacon\":\"\\u0074iny\"", "canonical"},
    {"\"class_names\":[\"low\",\"high\"]", "\"class_names\":[\"low\"]", "class_names: 1 items"},
    {"\"class_names\":[\"low\",\"high\"]", "\"class_names\":0", "class_names: an array"},
    {"\"contributions\":null", "\"contributions\":[]", "contributions: 0 items; allowed: 3 to 3"},
    {"\"contributions\":null", "\"contributions\":[1,2,3]", "contributions[0]: "},
    {"\"manifest\":null", "\"manifest\":{\"body\":[],\"digest\":\"\"}", "manifest.body: an object is required"},
    {"\"previous\":null", "\"previous\":7", "previous: "},
    {"\"identity\":null,", "", "members[0]: the field \"identity\" is missing"},
    {"\"purpose\":\"\"", "\"purpose\":null", "purpose: a string"},
    {"\"weight\":1.0", "\"weight\":1", "canonical"},
    {"\"weight\":1.0", "\"weight\":0.0", "weight: 0"},
    {"\"weight\":1.0", "\"weight\":1.5", "weight: 1.5"},
    {"\"weight\":1.0", "\"weight\":0.001", "member 0: dataset 0: "},
    {"\"per_epoch\":null", "\"per_epoch\":0", "per_epoch: 0"},
    {"\"total\":null", "\"total\":\"all\"", "total: an integer"},
    {"\"certificate\":null", "\"certificate\":\"\"", "certificate: "},
    {"\"proof\":null", "\"proof\":\"00\"", "proof: "},
    {"\"columns\":64", "\"columns\":128", "columns is 128; 64 is expected"},
    {"\"maps\":[[0.0,2.0,0.0,4.0]]", "\"maps\":[[0,2.0,0.0,4.0]]", "canonical"},
    {"\"maps\":[[0.0,2.0,0.0,4.0]]", "\"maps\":[[0.0,2.0,0.0]]", "maps[0]: 3 items"},
    {"\"maps\":[[0.0,2.0,0.0,4.0]]", "\"maps\":[[0.0,2.0,0.0,4.0],[0.0,2.0,0.0,4.0]]", "maps: 2 maps"},
    {"\"maps\":[[0.0,2.0,0.0,4.0]]", "\"maps\":[[3.0,2.0,0.0,4.0]]", "above max"},
    {"\"maps\":[[0.0,2.0,0.0,4.0]]", "\"maps\":[[0.0,2.0,0.0,1e999]]", "line 1"},
    {"\"name\":\"tiny\"", "\"name\":\"tiny, for medical-research\"", "name: "},
    {"\"name\":\"alice\"", "\"name\":\"alice, Ed25519 key 00\"", "members[0].name: "},
    {"\"initial\":\"seed\"", "\"initial\":\"Seed\"", "initial: \"Seed\""},
    {"\"initial\":\"seed\"", "\"initial\":{\"digest\":\"00\"}", "initial.digest: "},
    {"\"initial\":\"seed\"", "\"initial\":null", "initial: an object"},
    {"\"final\":{\"public\":", "\"final\":{\"committed\":[],\"public\":", "either public or committed"},
    {"\"final\":{\"public\":\"", "\"final\":{\"public\":\"0", "final.public: "},
    {"\"name\":\"bob\"}", "\"name\":\"alice\"}", "members[1]: member 0 has the same name"},
    {"\"rows\":[6,4,5]", "\"rows\":[6,4]", "members: 3 items; allowed: 2 to 2"},
    {"\"rows\":[6,4,5]", "\"rows\":[6,4,5,5]", "members: 3 items; allowed: 4 to 4"},
    {"\"rows\":[6,4,5]", "\"rows\":[6,0,5]", "params.rows[1]: 0"},
    {"\"rows\":[6,4,5]", "\"rows\":[600,4,5]", "rows[0] is 600; its datasets take 6"},
    {"\"rates\":[[0,1],[2,2]]", "\"rates\":[[0,1],[1,1],[2,2]]", "canonical"},
    {"\"rates\":[[0,1],[2,2]]", "\"rates\":[[0,1],[4,2]]", "params.rates[1][0]: 4; allowed: 1 to 3"},
    {"\"rates\":[[0,1],[2,2]]", "\"rates\":[[1,1],[2,2]]", "params.rates[0][0]: 1"},
    {"\"rates\":[[0,1],[2,2]]", "\"rates\":[]", "params.rates: 0 items"},
    {"\"rates\":[[0,1],[2,2]]", "\"rates\":[[0,-1],[2,2]]", "params.rates[0][1]: -1"},
    {"\"rates\":[[0,1],[2,2]]", "\"rates\":[[0,1],[2,9007199254740993]]", "rate[2]"},
    {"\"steps\":4", "\"steps\":4611686018427387904", "params.steps: "},
    {"\"steps\":4", "\"steps\":0", "params.steps: 0"},
    {"\"batch\":2", "\"batch\":268435456", "draws"},
    {"\"a\":3", "\"a\":65", "params.a: 65"},
    {"\"d\":5", "\"d\":9", "d is 9"},
    {"\"w\":12", "\"w\":13", "limb_bits"},
    {"\"limb_bits\":[6,6]", "\"limb_bits\":[]", "params.limb_bits: 0 items"},
    {"\"value_bits\":9", "\"value_bits\":17", "params.value_bits: 17"},
    {"\"exp_bits\":6", "\"exp_bits\":9", "exp_bits is 9"},
    {"\"ledger_width\":16", "\"ledger_width\":15", "ledger_width is 15"},
    {"\"widths\":[3,3,2]", "\"widths\":[3,3,3,2]", "params.initial_max: 2 items; allowed: 3 to 3"},
    {"\"widths\":[3,3,2]", "\"widths\":[3]", "params.widths: 1 items"},
    {"\"widths\":[3,3,2]", "\"widths\":[3,-3,2]", "params.widths[1]: -3"},
    {"\"datasets\":[[", "\"datasets\":[[],[", "datasets: 4 items; allowed: 3 to 3"},
    {"\"datasets\":[[", "\"datasets\":[[[],", "datasets[0][0]: "},
    {"\"commitments\":[\"", "\"commitments\":[\"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\",\"",
     "datasets[0][0].document.commitments: "},
};

/* What this program does not know is refused by a kind of its own. */
static const struct {
    wrong w;
    cs_refusal kind;
} UNKNOWN[] = {
    {{"\"initial\":\"seed\",", "\"initial\":\"seed\",\"new\":1,", "unknown field \"new\""}, CS_REFUSAL_UNKNOWN},
    {{"\"identity\":null", "\"identity\":null,\"rows\":4", "members[0]: unknown field \"rows\""}, CS_REFUSAL_UNKNOWN},
    {{"\"final\":{\"public\":", "\"final\":{\"secret\":", "final: unknown field \"secret\""}, CS_REFUSAL_UNKNOWN},
    {{"\"weight\":1.0", "\"weight\":1.0,\"zeal\":2", "datasets[0][0]: unknown field \"zeal\""}, CS_REFUSAL_UNKNOWN},
    {{"\"w\":12", "\"vigour\":1,\"w\":12", "params: unknown field \"vigour\""}, CS_REFUSAL_UNKNOWN},
    {{"\"value_bits\":5,\"version\":3", "\"value_bits\":5,\"version\":3,\"x\":0", "document: unknown field \"x\""},
     CS_REFUSAL_UNKNOWN},
    {{"\"value_bits\":5,\"version\":3", "\"value_bits\":5,\"version\":2",
      "document: made for another version of consort (version 2, this one reads 3)"},
     CS_REFUSAL_VERSION},
    {{"\"version\":3", "\"version\":2", "another version of consort (version 2, this one reads 3)"}, CS_REFUSAL_VERSION},
    {{"\"version\":3", "\"version\":4,\"new\":1", "another version of consort (version 4, this one reads 3)"},
     CS_REFUSAL_VERSION}};

static void what_is_not_known_is_refused(void **state) {
    const fixture *f = *state;
    for (size_t k = 0; k < sizeof UNKNOWN / sizeof *UNKNOWN; k++) {
        const wrong *w = &UNKNOWN[k].w;
        if (strstr(f->text, w->what) == NULL)
            fail_msg("the statement has no %s: %s", w->what, f->text);
        char *text = cs_string_replace(f->text, w->what, w->with);
        const cs_status status = decode_text(text);
        cs_free(text);
        if (status != CS_REJECT || cs_refusal_last() != UNKNOWN[k].kind || strstr(cs_error_text(), w->says) == NULL)
            fail_msg("%s: status %d: %s", w->with, (int)status, cs_error_text());
    }
}

static void refuses_before_any_equation(void **state) {
    const fixture *f = *state;
    for (size_t k = 0; k < sizeof WRONG / sizeof *WRONG; k++) {
        const wrong *w = &WRONG[k];
        if (strstr(f->text, w->what) == NULL)
            fail_msg("the statement has no %s: %s", w->what, f->text);
        char *text = cs_string_replace(f->text, w->what, w->with);
        const cs_status status = decode_text(text);
        cs_free(text);
        if (status != CS_ERR_INPUT || strstr(cs_error_text(), w->says) == NULL ||
            strstr(cs_error_text(), "statement") == NULL)
            fail_msg("%s: status %d: %s", w->with, (int)status, cs_error_text());
    }
}

/* Position of the first dataset point's digits. */
static char *first_point(char *text) {
    return strstr(text, "\"commitments\":[\"") + strlen("\"commitments\":[\"");
}

static void refuses_points_that_are_none(void **state) {
    const fixture *f = *state;
    static const char *const bad[] = {
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff3f",  /* x is not reduced */
        "0400000000000000000000000000000000000000000000000000000000000000",  /* not on the curve */
        "00000000000000000000000000000000000000000000000000000000000000c0",  /* identity with a sign */
        "0100000000000000000000000000000000000000000000000000000000000040"}; /* identity with digits */
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        char *text = cs_string_copy(f->text);
        memcpy(first_point(text), bad[k], 64);
        assert_int_equal(decode_text(text), CS_ERR_INPUT);
        assert_non_null(strstr(cs_error_text(), "datasets[0][0].document.commitments"));
        cs_free(text);
    }
    char *text = cs_string_copy(f->text); /* upper case is another encoding */
    for (char *p = first_point(text); *p != '"'; p++)
        if (*p >= 'a' && *p <= 'f')
            *p = (char)(*p - 32);
    assert_int_equal(decode_text(text), CS_ERR_INPUT);
    cs_free(text);
}

static void refuses_every_truncation(void **state) {
    const fixture *f = *state;
    cs_statement s;
    for (size_t n = 0; n < strlen(f->text); n += 7)
        assert_int_equal(cs_statement_decode(&s, (const uint8_t *)f->text, n), CS_ERR_INPUT);
    assert_int_equal(cs_statement_decode(&s, (const uint8_t *)f->text, CS_STATEMENT_MAX_BYTES + 1), CS_ERR_INPUT);
}

/* ------------------------------------------------------------ what follows */

static void everything_enters_the_digest(void **state) {
    const fixture *f = *state;
    static const wrong changes[] = {
        {"\"beacon\":\"tiny\"", "\"beacon\":\"tinz\"", ""},
        {"\"name\":\"bob\"}", "\"name\":\"rob\"}", ""},
        {"\"low\"", "\"law\"", ""},
        {"[0.0,2.0,0.0,4.0]", "[0.0,2.0,0.0,4.25]", ""},
        {"\"purpose\":\"\"", "\"purpose\":\"x\"", ""},
        {"\"total\":null", "\"total\":8", ""},
        {"\"certificate\":null", "\"certificate\":\"0000000000000000000000000000000000000000000000000000000000000000\"", ""},
        {"\"previous\":null", "\"previous\":\"0000000000000000000000000000000000000000000000000000000000000000\"", ""},
        {"[2,2]", "[2,3]", ""}};
    cs_derived d;
    assert_int_equal(cs_attestation_derive(&d, &f->a), CS_OK);
    for (size_t k = 0; k < sizeof changes / sizeof *changes; k++) {
        cs_statement s;
        uint8_t digest[32], training[32];
        char *text = cs_string_replace(f->text, changes[k].what, changes[k].with);
        assert_int_equal(cs_statement_decode(&s, (const uint8_t *)text, strlen(text)), CS_OK);
        assert_int_equal(cs_statement_digest(digest, &s, d.seed, d.initial_digest, d.table_digest), CS_OK);
        assert_memory_not_equal(digest, d.instance.digest, 32);
        assert_int_equal(cs_statement_training_digest(training, &s, d.initial_digest), CS_OK);
        assert_memory_not_equal(training, d.training_digest, 32);
        cs_statement_free(&s);
        cs_free(text);
    }
    cs_derived_free(&d);
}

static void the_training_digest_omits_the_final_model(void **state) {
    fixture *f = *state;
    cs_derived d;
    uint8_t training[32], digest[32];
    assert_int_equal(cs_attestation_derive(&d, &f->a), CS_OK);
    f->a.statement.final_digest[0] ^= 1;
    assert_int_equal(cs_statement_training_digest(training, &f->a.statement, d.initial_digest), CS_OK);
    assert_int_equal(cs_statement_digest(digest, &f->a.statement, d.seed, d.initial_digest, d.table_digest), CS_OK);
    f->a.statement.final_digest[0] ^= 1;
    assert_memory_equal(training, d.training_digest, 32);
    assert_memory_not_equal(digest, d.instance.digest, 32);
    cs_derived_free(&d);
}

static void the_seed_depends_on_all_datasets_parameters_and_the_beacon(void **state) {
    fixture *f = *state;
    cs_statement *s = &f->a.statement;
    uint8_t base[32], seed[32];
    assert_int_equal(cs_statement_seed(base, s), CS_OK);
    for (int i = 0; i < s->params.n_ranks; i++) {
        cs_dataset_use *use = s->members[i].datasets.use;
        cs_g1_affine *point = &use->doc.commitments[cs_dataset_doc_commitments(&use->doc) - 1];
        const cs_g1_affine kept = *point;
        *point = cs_g1_affine_neg(kept);
        assert_int_equal(cs_statement_seed(seed, s), CS_OK);
        assert_memory_not_equal(seed, base, 32);
        *point = kept;
        use->total = 8;
        assert_int_equal(cs_statement_seed(seed, s), CS_OK);
        assert_memory_not_equal(seed, base, 32);
        use->total = CS_NO_LIMIT;
    }
    s->has_contributions = true;
    uint8_t contributed[32];
    assert_int_equal(cs_statement_seed(contributed, s), CS_OK);
    assert_memory_not_equal(contributed, base, 32);
    s->contributions[2][31] ^= 1;
    assert_int_equal(cs_statement_seed(seed, s), CS_OK);
    assert_memory_not_equal(seed, contributed, 32);
    s->has_contributions = false;
    s->params.rate[3]++;
    assert_int_equal(cs_statement_seed(seed, s), CS_OK);
    assert_memory_not_equal(seed, base, 32);
    s->params.rate[3]--;
    s->beacon[0]++;
    assert_int_equal(cs_statement_seed(seed, s), CS_OK);
    assert_memory_not_equal(seed, base, 32);
    s->beacon[0]--;
    s->members[0].key[0] ^= 1; /* keys change from run to run; draws and model must not */
    assert_int_equal(cs_statement_seed(seed, s), CS_OK);
    assert_memory_equal(seed, base, 32);
    s->members[0].key[0] ^= 1;
}

static void models_must_fit_the_statement(void **state) {
    fixture *f = *state;
    cs_derived d;
    assert_int_equal(cs_derived_new(&d, &f->a.statement, &f->a.final, NULL), CS_ERR_INPUT); /* W(0) comes from the seed */
    assert_int_equal(cs_derived_new(&d, &f->a.statement, NULL, NULL), CS_OK);
    assert_int_equal(cs_derived_complete(&d, NULL), CS_ERR_INPUT); /* W(T) is public */
    int64_t *weight = &f->a.final.w[1][1];
    const int64_t kept = *weight;
    *weight = kept + 1;
    assert_int_equal(cs_derived_complete(&d, &f->a.final), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "digest"));
    *weight = (int64_t)cs_params_weight_max(&f->a.statement.params, 2) + 1;
    assert_int_equal(cs_derived_complete(&d, &f->a.final), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "layer 2"));
    *weight = kept;
    assert_int_equal(cs_derived_complete(&d, &f->a.final), CS_OK);
    cs_derived_free(&d);
    f->a.statement.initial_given = true; /* a given W(0) that is missing, out of its bounds, or another one */
    assert_int_equal(cs_derived_new(&d, &f->a.statement, NULL, NULL), CS_ERR_INPUT);
    cs_model small;
    assert_int_equal(cs_model_from_seed(&small, &f->a.statement.params, (const uint8_t[32]){1}), CS_OK);
    assert_int_equal(cs_derived_new(&d, &f->a.statement, &small, NULL), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_INITIAL);
    small.w[0][0] = f->a.statement.params.initial_max[0] + 1;
    assert_int_equal(cs_derived_new(&d, &f->a.statement, &small, NULL), CS_ERR_INPUT);
    cs_model_free(&small);
    f->a.statement.initial_given = false;
}

/* The file of the model is what a large W(0) must cost whoever asks for it. */
static void missing_final_model_costs_nothing(void **state) {
    const fixture *f = *state;
    cs_attestation a = f->a;
    cs_derived derived;
    a.has_final = false;
    cs_memory_limit(cs_memory_live());
    assert_int_equal(cs_attestation_derive(&derived, &a), CS_ERR_INPUT);
    cs_memory_limit(SIZE_MAX);
    assert_non_null(strstr(cs_error_text(), "not at hand"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_final_model_costs_nothing),
        cmocka_unit_test(has_one_encoding),
        cmocka_unit_test(refuses_before_any_equation),
        cmocka_unit_test(what_is_not_known_is_refused),
        cmocka_unit_test(refuses_points_that_are_none),
        cmocka_unit_test(refuses_every_truncation),
        cmocka_unit_test(everything_enters_the_digest),
        cmocka_unit_test(the_training_digest_omits_the_final_model),
        cmocka_unit_test(the_seed_depends_on_all_datasets_parameters_and_the_beacon),
        cmocka_unit_test(models_must_fit_the_statement),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
