/* Whole jobs with members who have no records: wherever they stand, and with whatever else a job may ask for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attest/attestation.h"
#include "base/file.h"
#include "consort/verify.h"
#include "support/tiny_run.h"

static void must(cs_status status) {
    if (status != CS_OK)
        fail_msg("status %d: %s", (int)status, cs_error_text());
}

static size_t holders(int ranks, unsigned idle) {
    size_t n = 0;
    for (int i = 0; i < ranks; i++)
        n += (idle >> i & 1) == 0;
    return n;
}

/* What all may read: the members with records are the ranks of the proof, in the order of the job; the others follow. */
static void check_statement(const cs_tiny *t, int ranks, unsigned idle) {
    cs_attestation a;
    size_t next[2] = {0, holders(ranks, idle)};
    must(cs_attestation_open(&a, t->attestation));
    const cs_statement *s = &a.statement;
    assert_int_equal(s->params.n_ranks, holders(ranks, idle));
    assert_int_equal(s->n_idle, (size_t)ranks - holders(ranks, idle));
    for (int i = 0; i < ranks; i++) {
        char name[16];
        const unsigned is_idle = idle >> i & 1;
        snprintf(name, sizeof name, "m%d", i);
        const cs_statement_member *m = &s->members[next[is_idle]++];
        assert_string_equal(m->name, name);
        assert_int_equal(m->datasets.n, is_idle ? 0 : 1);
    }
    cs_attestation_free(&a);
}

static const struct {
    int ranks;
    unsigned idle;
} PLACES[] = {{2, 1}, {2, 2}, {3, 2}, {3, 5}, {4, 8}, {4, 9}, {4, 14}, {7, 0x58}, {7, 0x3f}};

static void idle_ranks_anywhere(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof PLACES / sizeof *PLACES; k++) {
        cs_tiny t;
        cs_verify_report report;
        must(cs_tiny_new_idle(&t, PLACES[k].ranks, PLACES[k].idle, ""));
        must(cs_tiny_run(&t, "out"));
        must(cs_verify_file(t.attestation, NULL, &report));
        assert_int_equal(report.members, PLACES[k].ranks);
        assert_int_equal(report.batch, 2 * holders(PLACES[k].ranks, PLACES[k].idle));
        assert_int_equal(report.draws, 3 * report.batch);
        check_statement(&t, PLACES[k].ranks, PLACES[k].idle);
        cs_tiny_free(&t);
    }
}

/* The proof is that of the others: a run without the idle members ends with the same model, and shows as many bytes. */
static void they_change_nothing(void **state) {
    static const char *const names[] = {"m0", "m1", "m2", "m3"};
    (void)state;
    for (unsigned place = 0; place < 4; place += 2) {
        cs_tiny t;
        char model[128];
        must(cs_tiny_new_idle(&t, 4, 1u << place, ""));
        must(cs_tiny_run(&t, "with"));
        strcpy(model, t.model);
        const size_t bytes = t.reports[0].proof_bytes, messages = t.reports[0].messages;
        for (int i = 0; i < 3; i++)
            t.options[i].exclude = names[place];
        must(cs_tiny_run_ranks(&t, "without", 3));
        assert_true(cs_tiny_same_files(model, t.model));
        assert_int_equal(t.reports[0].proof_bytes, bytes);
        assert_int_equal(t.reports[0].messages, messages);
        cs_tiny_free(&t);
    }
}

/* Whoever has no records takes less time than whoever has: no commitments, no lookups, no opening. */
static void they_commit_to_nothing(void **state) {
    (void)state;
    cs_tiny t;
    must(cs_tiny_new_idle(&t, 3, 1, ""));
    must(cs_tiny_run(&t, "out"));
    const cs_run_report *with = &t.reports[0];
    const size_t committed = with->committed, lookups = with->lookups;
    cs_tiny_free(&t);
    must(cs_tiny_new_idle(&t, 3, 0, ""));
    must(cs_tiny_run(&t, "out"));
    assert_true(committed < t.reports[0].committed && lookups < t.reports[0].lookups);
    cs_tiny_free(&t);
}

static const char *const FORMS[] = {
    "\"output\": {\"model\": \"committed\"}, ",
    "\"indices\": \"hidden\", ",
    "\"seeds\": {\"contributions\": true, \"beacon\": \"x\"}, \"pad_partners\": 2, ",
    "\"honest_but_curious\": true, \"output\": {\"model\": \"committed\"}, ",
};

static void with_whatever_a_job_asks_for(void **state) {
    static const unsigned idle[] = {1, 5, 9, 10};
    (void)state;
    for (size_t f = 0; f < sizeof FORMS / sizeof *FORMS; f++) {
        cs_tiny t;
        cs_verify_report report;
        must(cs_tiny_new_idle(&t, 4, idle[f], FORMS[f]));
        for (int i = 0; i < 4; i++)
            t.options[i].attributable = f == 2;
        must(cs_tiny_run(&t, "out"));
        must(cs_verify_file(t.attestation, NULL, &report));
        assert_int_equal(report.model_public, f == 1 || f == 2);
        cs_tiny_free(&t);
    }
}

static void in_segments(void **state) {
    static const char *const forms[] = {
        "\"output\": {\"model\": \"committed\"}, ",
        "\"output\": {\"model\": \"public\", \"between\": \"public\"}, \"indices\": \"hidden\", ",
    };
    (void)state;
    for (unsigned k = 0; k < 3; k++) {
        cs_tiny t;
        cs_verify_report report;
        char chain[160];
        must(cs_tiny_new_idle(&t, 3, 1u << k, forms[k % 2]));
        t.options[2].segments = 2;
        must(cs_tiny_run(&t, "out"));
        snprintf(chain, sizeof chain, "%s/tiny.chain", t.out);
        must(cs_verify_file(chain, NULL, &report));
        assert_int_equal(report.segments, 2);
        cs_tiny_free(&t);
    }
}

/* The model that only members know goes on in another job, whose first rank has no records either. */
static void in_a_chain_of_jobs(void **state) {
    (void)state;
    for (unsigned idle = 1; idle <= 2; idle++) {
        cs_tiny t;
        cs_verify_report report;
        char first[128];
        must(cs_tiny_new_idle(&t, 3, idle, "\"output\": {\"model\": \"committed\"}, "));
        must(cs_tiny_run(&t, "one"));
        strcpy(first, t.attestation);
        must(cs_tiny_edit(&t, "job.json", "\"output\"",
                          "\"previous\": \"one/tiny.attestation\", \"initial\": \"one/tiny.safetensors\", \"output\""));
        must(cs_tiny_run(&t, "two"));
        const char *const files[] = {first, t.attestation};
        must(cs_verify_chain(files, 2, NULL, &report));
        cs_tiny_free(&t);
    }
}

/* ------------------------------------------------------------ checkpoints */

static char saves[96], copy[96], out_one[96], out_two[96];

static void copy_file(const char *from, const char *to) {
    cs_buffer b = {0};
    must(cs_file_read(from, 1 << 26, &b));
    must(cs_file_write(to, b.data, b.size, 0600));
    cs_buffer_free(&b);
}

/* The checkpoints, and the attestation of the segment before. */
static void copy_folder(void) {
    char part[160], again[160];
    struct dirent *entry;
    DIR *folder = opendir(saves);
    assert_non_null(folder);
    must(cs_file_make_folder(copy));
    while ((entry = readdir(folder)) != NULL) {
        char from[400], to[400];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(from, sizeof from, "%s/%s", saves, entry->d_name);
        snprintf(to, sizeof to, "%s/%s", copy, entry->d_name);
        copy_file(from, to);
    }
    closedir(folder);
    snprintf(part, sizeof part, "%s/tiny.1.attestation.part", out_one);
    snprintf(again, sizeof again, "%s/tiny.1.attestation.part", out_two);
    must(cs_file_make_folder(out_two));
    if (access(part, F_OK) == 0)
        copy_file(part, again);
}

/* The root gets here when all ranks have saved the commitments to the witness. */
static void copy_at_finale(void *context, const char *stage, double done, double left) {
    (void)context, (void)done, (void)left;
    if (strcmp(stage, "finale") == 0)
        copy_folder();
}

static void set(cs_tiny *t, const char *folder, bool resume) {
    for (int i = 0; i < 3; i++) {
        t->options[i].checkpoint = folder;
        t->options[i].checkpoint_steps = 1;
        t->options[i].resume = resume;
    }
}

static const char *result(char out[160], const cs_tiny *t, unsigned segments) {
    snprintf(out, 160, "%s/tiny.%s", t->out, segments > 0 ? "chain" : "attestation");
    return out;
}

static void runs_go_on_from_checkpoints(void **state) {
    static const char *const forms[] = {"", "\"output\": {\"model\": \"committed\"}, \"indices\": \"hidden\", "};
    (void)state;
    for (unsigned k = 0; k < 2; k++) {
        cs_tiny t;
        cs_verify_report report;
        cs_run_stop stop = {0};
        char model[128], file[160];
        must(cs_tiny_new_idle(&t, 3, k == 0 ? 2 : 1, forms[k]));
        t.options[0].segments = 1 + k; /* the second time it is in the last one */
        snprintf(saves, sizeof saves, "%s/saves", t.folder);
        snprintf(copy, sizeof copy, "%s/copy", t.folder);
        snprintf(out_one, sizeof out_one, "%s/one", t.folder);
        snprintf(out_two, sizeof out_two, "%s/two", t.folder);
        set(&t, saves, false);
        t.options[1].stop = &stop; /* after the first step */
        stop.wanted = 1;
        assert_int_equal(cs_tiny_run(&t, "one"), CS_ERR_STOPPED);
        stop.wanted = 0;
        set(&t, saves, true);
        t.options[0].progress.fn = copy_at_finale;
        must(cs_tiny_run(&t, "one"));
        must(cs_verify_file(result(file, &t, k), NULL, &report));
        strcpy(model, t.model);
        set(&t, copy, true); /* once more, from the commitments on */
        must(cs_tiny_run(&t, "two"));
        must(cs_verify_file(result(file, &t, k), NULL, &report));
        assert_int_equal(report.segments, 1 + k);
        assert_true(cs_tiny_same_files(model, t.model));
        cs_tiny_free(&t);
    }
}

/* ------------------------------------------------------------ mistakes */

static void an_idle_member_gives_no_data(void **state) {
    (void)state;
    cs_tiny t;
    must(cs_tiny_new_idle(&t, 3, 2, ""));
    t.options[1].data = "x.csv";
    assert_int_not_equal(cs_tiny_run(&t, "out"), CS_OK);
    assert_int_equal(t.outcomes[1].status, CS_ERR_USAGE);
    assert_non_null(strstr(t.outcomes[1].text, "member \"m1\" is idle, it has no records"));
    cs_tiny_free(&t);
}

/* Who is idle is part of the job, which all ranks must have. */
static void ranks_must_agree_on_who_is_idle(void **state) {
    (void)state;
    cs_tiny t;
    char other[112];
    must(cs_tiny_new_idle(&t, 3, 2, ""));
    cs_buffer text = {0};
    must(cs_file_read(t.job, 1 << 20, &text));
    snprintf(other, sizeof other, "%s/other.json", t.folder);
    must(cs_file_write(other, text.data, text.size, 0644));
    cs_buffer_free(&text);
    must(cs_tiny_edit(&t, "other.json", "\"rows\": 6, \"data\": \"{name}.csv\"", "\"rows\": 0"));
    t.options[1].job = other;
    assert_int_not_equal(cs_tiny_run(&t, "out"), CS_OK);
    cs_tiny_free(&t);
}

/* A statement says who was idle: neither can be left out of it, added, or made one of the others. */
static void the_statement_names_them(void **state) {
    (void)state;
    cs_tiny t;
    cs_attestation a;
    cs_statement again;
    cs_buffer bytes = {0};
    must(cs_tiny_new_idle(&t, 3, 5, ""));
    must(cs_tiny_run(&t, "out"));
    must(cs_attestation_open(&a, t.attestation));
    for (int k = 0; k < 3; k++) {
        cs_verify_report report;
        cs_container c;
        cs_buffer file = {0};
        const size_t n = a.statement.n_idle;
        a.statement.n_idle = k == 0 ? n - 1 : n;
        a.statement.members[2].key[0] ^= k == 1;
        a.statement.members[1].name[1] = k == 2 ? '9' : '0';
        must(cs_attestation_pack(&c, &a.statement, NULL, &a.final, &a.container.section[CS_SECTION_PROOF], &a.evidence));
        must(cs_container_encode(&file, &c));
        must(cs_file_write(t.attestation, file.data, file.size, 0644));
        assert_int_equal(cs_verify_file(t.attestation, NULL, &report), CS_REJECT);
        a.statement.n_idle = n;
        a.statement.members[2].key[0] ^= k == 1;
        cs_buffer_free(&file);
        cs_container_free(&c);
    }
    a.statement.members[1].name[1] = '1'; /* the name of the member with records */
    must(cs_statement_encode(&bytes, &a.statement));
    assert_int_equal(cs_statement_decode(&again, bytes.data, bytes.size), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "has the same name"));
    cs_buffer_free(&bytes);
    cs_attestation_free(&a);
    cs_tiny_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_ranks_anywhere),
        cmocka_unit_test(they_change_nothing),
        cmocka_unit_test(they_commit_to_nothing),
        cmocka_unit_test(with_whatever_a_job_asks_for),
        cmocka_unit_test(in_segments),
        cmocka_unit_test(in_a_chain_of_jobs),
        cmocka_unit_test(runs_go_on_from_checkpoints),
        cmocka_unit_test(an_idle_member_gives_no_data),
        cmocka_unit_test(ranks_must_agree_on_who_is_idle),
        cmocka_unit_test(the_statement_names_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
