#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "provenance/facts_fixture.h"

static char *text_of(const cs_facts *f) {
    cs_buffer b = {0};
    cs_facts_to_text(&b, f);
    cs_buffer_append(&b, "", 1);
    assert_int_equal(cs_buffer_status(&b), CS_OK);
    char *out = cs_string_copy((const char *)b.data);
    cs_buffer_free(&b);
    return out;
}

static char *json_of(const cs_facts *f) {
    json_t *v = cs_facts_to_json(f);
    assert_non_null(v);
    char *out = cs_json_canonical(v);
    json_decref(v);
    return out;
}

static void assert_has(const char *text, const char *part) {
    if (strstr(text, part) == NULL)
        fail_msg("no \"%s\" in:\n%s", part, text);
}

static void test_text(void **state) {
    (void)state;
    cs_facts f;
    fixture_facts(&f);
    char *text = text_of(&f);
    static const char *const PARTS[] = {
        "clinics, for medical-research",
        "judged at     2026-11-21",
        "manifest      3131",
        "member        clinic-b, key 4141",
        "signed      the manifest and the statement",
        "ward-1, 60 records, 1111",
        "80 draws, at most 40 in a pass",
        "certified by Lake Authority, key 7777",
        "certified by one of the authorities of set 5e5e",
        "\"research only\" for medical-research, teaching; at most 51 draws a pass; expires 2027-12-31",
        "valid 2026-01-01 to 2026-12-31",
        "widths 30-16-2, 530 parameters",
        "from  the seed, 0101",
        "released, 0202",
        "file 0303",
        "20 steps of 24 draws, 480 draws, 506880 multiply-adds",
        "positions recomputed",
        "opened contributions; beacon \"a beacon\""};
    for (size_t k = 0; k < sizeof PARTS / sizeof *PARTS; k++)
        assert_has(text, PARTS[k]);
    assert_null(strstr(text, "continues"));
    cs_free(text);
    cs_facts_free(&f);
    assert_null(f.members);
    cs_facts_free(&f);
}

/* What was not established is said to be missing, not left out. */
static void test_text_of_little(void **state) {
    (void)state;
    cs_facts f;
    fixture_facts(&f);
    f.has_manifest = f.final_public = f.contributions = false;
    f.has_previous = f.initial_given = f.indices_hidden = true;
    memset(f.previous, 0xab, 32);
    f.members[0].datasets[0].names_certificate = f.members[0].datasets[0].certified = false;
    f.members[0].datasets[1].well_formed = f.members[1].datasets[0].certified = false;
    f.members[0].signed_statement = f.members[1].signed_manifest = false;
    f.members[2].signed_manifest = f.members[2].signed_statement = false;
    char *text = text_of(&f);
    static const char *const PARTS[] = {"manifest      none",
                                        "continues     abab",
                                        "not certified",
                                        "not judged, for want of a trust list: certificate 2424",
                                        "shown     nothing",
                                        "signed      the manifest only",
                                        "signed      the statement only",
                                        "signed      nothing",
                                        "from  the final model of the run before, 0101",
                                        "only committed, 0202",
                                        "no contributions",
                                        "positions hidden"};
    for (size_t k = 0; k < sizeof PARTS / sizeof *PARTS; k++)
        assert_has(text, PARTS[k]);
    cs_free(text);
    cs_facts_free(&f);
}

/* No text of others reads as a fact beside it. */
static void test_text_of_liars(void **state) {
    (void)state;
    cs_facts f;
    cs_buffer out = {0};
    fixture_facts(&f);
    cs_free(f.members[0].name);
    f.members[0].name = cs_string_copy("Lake Authority, key 7777");
    cs_free(f.members[0].datasets[0].name);
    f.members[0].datasets[0].name = cs_string_copy("ward, 9000 records");
    cs_free(f.members[0].datasets[0].certificate.source);
    f.members[0].datasets[0].certificate.source = cs_string_copy("a\", as certified by \\ \"b");
    cs_facts_to_text(&out, &f);
    cs_buffer_append(&out, "", 1);
    const char *text = (const char *)out.data;
    assert_non_null(strstr(text, "  member        \"Lake Authority, key 7777\", key 4040"));
    assert_non_null(strstr(text, "    dataset     \"ward, 9000 records\", 60 records"));
    assert_non_null(
        strstr(text, "      source    \"a\\\", as certified by \\\\ \\\"b\", as certified by Lake Authority, key"));
    cs_buffer_free(&out);
    cs_facts_free(&f);
}

static void test_json(void **state) {
    (void)state;
    cs_facts f;
    fixture_facts(&f);
    char *text = json_of(&f);
    static const char *const PARTS[] = {
        "\"at\":\"2026-11-21\"",
        "\"purpose\":\"medical-research\"",
        "\"previous\":null",
        "\"indices\":\"public\"",
        "\"authority\":{\"one_of\":\"5e5e",
        "\"authority\":{\"ed25519\":\"7777",
        "\"quota\":{\"per_epoch\":51,\"total\":null}",
        "\"draws\":80,\"draws_epoch_max\":40,\"name\":\"ward-1\",\"own_ranges\":true,\"rows\":60",
        "\"multiply_adds\":506880",
        "\"widths\":[30,16,2]"};
    for (size_t k = 0; k < sizeof PARTS / sizeof *PARTS; k++)
        assert_has(text, PARTS[k]);
    free(text);
    cs_facts_free(&f);
}

static void flip_statement(cs_facts *f) {
    f->statement[31] ^= 1;
}
static void flip_attestation(cs_facts *f) {
    f->attestation[0] ^= 1;
}
static void flip_manifest(cs_facts *f) {
    f->manifest[7] ^= 1;
}
static void flip_seed(cs_facts *f) {
    f->seed[7] ^= 1;
}
static void flip_initial(cs_facts *f) {
    f->initial[7] ^= 1;
}
static void flip_final(cs_facts *f) {
    f->final[7] ^= 1;
}
static void flip_final_file(cs_facts *f) {
    f->final_file[7] ^= 1;
}
static void flip_beacon(cs_facts *f) {
    f->beacon[0] ^= 1;
}
static void flip_contributions(cs_facts *f) {
    f->contributions = false;
}
static void flip_indices(cs_facts *f) {
    f->indices_hidden = true;
}
static void flip_previous(cs_facts *f) {
    f->has_previous = true;
}
static void flip_purpose(cs_facts *f) {
    f->purpose[0] ^= 1;
}
static void flip_steps(cs_facts *f) {
    f->compute.steps++;
}
static void flip_draws(cs_facts *f) {
    f->compute.draws++;
}
static void flip_adds(cs_facts *f) {
    f->compute.multiply_adds++;
}
static void flip_width(cs_facts *f) {
    f->widths[1]++;
}
static void flip_member(cs_facts *f) {
    f->members[1].name[0] ^= 1;
}
static void flip_member_key(cs_facts *f) {
    f->members[1].ed25519[3] ^= 1;
}
static void flip_signed(cs_facts *f) {
    f->members[1].signed_statement = false;
}
static void flip_dataset(cs_facts *f) {
    f->members[0].datasets[1].digest[3] ^= 1;
}
static void flip_dataset_rows(cs_facts *f) {
    f->members[0].datasets[1].rows++;
}
static void flip_dataset_draws(cs_facts *f) {
    f->members[0].datasets[1].draws++;
}
static void flip_dataset_epoch(cs_facts *f) {
    f->members[0].datasets[1].draws_epoch_max++;
}
static void flip_named(cs_facts *f) {
    f->members[0].datasets[1].names_certificate = false;
    f->members[0].datasets[1].certified = false;
}
static void flip_judged(cs_facts *f) {
    f->members[0].datasets[1].certified = false;
}
static void flip_certificate(cs_facts *f) {
    f->members[0].datasets[1].certificate.digest[9] ^= 1;
}
static void flip_source(cs_facts *f) {
    f->members[0].datasets[1].certificate.source[0] ^= 1;
}
static void flip_until(cs_facts *f) {
    f->members[0].datasets[1].certificate.until[3] ^= 1;
}
static void flip_authority(cs_facts *f) {
    f->members[0].datasets[1].certificate.authority[0] ^= 1;
}
static void flip_set(cs_facts *f) {
    f->members[2].datasets[0].certificate.set[0] ^= 1;
}

static void flip_licence(cs_facts *f) {
    f->members[0].datasets[1].certificate.licence.per_epoch++;
}

typedef void change(cs_facts *f);

/* Every fact is in both forms: a change shows. */
static void test_nothing_is_left_out(void **state) {
    (void)state;
    static change *const CHANGES[] = {
        flip_statement,  flip_attestation, flip_manifest,      flip_seed,          flip_initial,       flip_final,
        flip_final_file, flip_beacon,      flip_contributions, flip_indices,       flip_previous,      flip_purpose,
        flip_steps,      flip_draws,       flip_adds,          flip_width,         flip_member,        flip_member_key,
        flip_signed,     flip_dataset,     flip_dataset_rows,  flip_dataset_draws, flip_dataset_epoch, flip_named,
        flip_judged,     flip_certificate, flip_source,        flip_until,         flip_authority,     flip_set,
        flip_licence};
    cs_facts f;
    fixture_facts(&f);
    char *text = text_of(&f), *json = json_of(&f);
    for (size_t k = 0; k < sizeof CHANGES / sizeof *CHANGES; k++) {
        cs_facts g;
        fixture_facts(&g);
        CHANGES[k](&g);
        char *other_text = text_of(&g), *other_json = json_of(&g);
        if (strcmp(text, other_text) == 0 || strcmp(json, other_json) == 0)
            fail_msg("change %zu does not show", k);
        cs_free(other_text);
        free(other_json);
        cs_facts_free(&g);
    }
    cs_free(text);
    free(json);
    cs_facts_free(&f);
}

/* A decoder that fails halfway leaves arrays of zeroed entries. */
static void test_free_half_filled(void **state) {
    (void)state;
    const size_t before = cs_memory_live();
    cs_facts f = {.n_members = 2};
    cs_facts_free(&f);
    f.n_members = 2;
    f.members = CS_NEW(cs_fact_member, 2);
    f.members[0].n_datasets = 3;
    f.members[1].datasets = CS_NEW(cs_fact_dataset, 1);
    f.members[1].n_datasets = 1;
    f.members[1].datasets[0].certificate.source = cs_string_copy("x");
    cs_facts_free(&f);
    assert_int_equal(cs_memory_live(), before);
    fixture_facts(&f);
    cs_facts_free(&f);
    assert_int_equal(cs_memory_live(), before);
}

/* All that a certificate says arrives, with the authority or the set it hides in, never both. */
static void test_certificate(void **state) {
    (void)state;
    for (int hidden = 0; hidden < 2; hidden++) {
        cs_certificate c = {.source = "Registry 1, visits of 2019 | <all>",
                            .from = "2026-01-01",
                            .until = "2026-12-31",
                            .hidden = hidden == 1,
                            .authority = "Lake Authority"};
        cs_facts expected, f;
        fixture_facts(&expected);
        fixture_facts(&f);
        cs_fact_dataset *d = &f.members[0].datasets[1];
        c.licence = d->certificate.licence;
        memset(c.digest, 0x21, 32);
        memset(c.key, 0x77, 32);
        memset(c.set, 0x5e, 32);
        cs_free(d->certificate.source);
        cs_free(d->certificate.from);
        cs_free(d->certificate.until);
        cs_free(d->certificate.authority);
        d->certificate = (cs_fact_certificate){0};
        d->names_certificate = d->certified = false;
        if (hidden)
            fixture_hide(&expected.members[0].datasets[1].certificate);
        assert_int_equal(cs_facts_set_certificate(d, &c), CS_OK);
        char *text = json_of(&f), *expected_text = json_of(&expected);
        assert_string_equal(text, expected_text);
        free(text);
        free(expected_text);
        cs_facts_free(&expected);
        cs_facts_free(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_text_of_liars),       cmocka_unit_test(test_text),
                                       cmocka_unit_test(test_text_of_little),      cmocka_unit_test(test_json),
                                       cmocka_unit_test(test_nothing_is_left_out), cmocka_unit_test(test_free_half_filled),
                                       cmocka_unit_test(test_certificate)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
