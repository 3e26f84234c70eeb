/* Checkpoints: what a run can go on from, what it refuses, and that no session's randomness is used twice. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/attestation.h"
#include "attest/checkpoint.h"
#include "attest/verify.h"
#include "base/file.h"
#include "base/memory.h"
#include "consort/verify.h"
#include "data/sealed_file.h"
#include "provenance/identity_file.h"
#include "support/tiny_run.h"

static const char *const MEMBERS[] = {"alice", "bob", "carol"};

static void must(cs_status status) {
    if (status != CS_OK)
        fail_msg("status %d: %s", (int)status, cs_error_text());
}

/* ------------------------------------------------------------ interrupted runs */

typedef struct saved {
    cs_tiny t;
    cs_run_stop stop;
    char folder[96], copy[96];
} saved;

static char warning[2048];

static void listen(const char *text) {
    snprintf(warning, sizeof warning, "%s", text);
}

static void begin(saved *s, const char *output) {
    *s = (saved){0};
    warning[0] = '\0';
    must(cs_tiny_new(&s->t, output));
    snprintf(s->folder, sizeof s->folder, "%s/saves", s->t.folder);
    snprintf(s->copy, sizeof s->copy, "%s/copy", s->t.folder);
    for (int i = 0; i < CS_TINY_RANKS; i++) {
        s->t.options[i].checkpoint = s->folder;
        s->t.options[i].checkpoint_steps = 1;
        s->t.options[i].warn = listen;
    }
    s->t.options[1].stop = &s->stop; /* one rank is enough */
}

static void set_resume(saved *s, bool resume) {
    for (int i = 0; i < CS_TINY_RANKS; i++)
        s->t.options[i].resume = resume;
}

/* Stops after the next step. */
static void interrupt(saved *s, const char *out) {
    s->stop.wanted = 1;
    assert_int_equal(cs_tiny_run(&s->t, out), CS_ERR_STOPPED);
    s->stop.wanted = 0;
    set_resume(s, true);
}

static void slot_path(char out[160], const char *folder, int member, int slot) {
    snprintf(out, 160, "%s/tiny.%s.%d.checkpoint", folder, MEMBERS[member], slot);
}

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

static void copy_file(const char *from, const char *to) {
    cs_buffer b = {0};
    must(cs_file_read(from, 1 << 26, &b));
    must(cs_file_write(to, b.data, b.size, 0600));
    cs_buffer_free(&b);
}

/* All checkpoints and keys of one folder to another. */
static void copy_saves(const char *from, const char *to) {
    must(cs_file_make_folder(to));
    for (int i = 0; i < CS_TINY_RANKS; i++)
        for (int k = 0; k < 3; k++) {
            char a[160], b[160];
            if (k < 2) {
                slot_path(a, from, i, k);
                slot_path(b, to, i, k);
            } else {
                snprintf(a, sizeof a, "%s/tiny.%s.key", from, MEMBERS[i]);
                snprintf(b, sizeof b, "%s/tiny.%s.key", to, MEMBERS[i]);
            }
            copy_file(a, b);
        }
}

static void expect_refusal(saved *s, int rank, cs_status status, const char *says) {
    assert_int_not_equal(cs_tiny_run(&s->t, "out"), CS_OK);
    if (s->t.outcomes[rank].status != status || strstr(s->t.outcomes[rank].text, says) == NULL)
        fail_msg("rank %d: status %d: %s", rank, (int)s->t.outcomes[rank].status, s->t.outcomes[rank].text);
    assert_false(exists(s->t.attestation));
}

/* However often it is stopped, the model is that of a run in one go, and the attestation verifies. */
static void a_stopped_run_goes_on(void **state) {
    (void)state;
    static const struct {
        const char *output;
        size_t segments;
    } FORMS[] = {{"public", 0}, {"committed", 0}, {"public", 2}, {"committed", 3}};
    for (size_t f = 0; f < sizeof FORMS / sizeof *FORMS; f++) {
        saved s;
        cs_verify_report report;
        char path[160];
        begin(&s, FORMS[f].output);
        s.t.options[0].segments = FORMS[f].segments;
        for (int k = 0; k < 3; k++)
            interrupt(&s, "out");
        must(cs_tiny_run(&s.t, "out"));
        snprintf(path, sizeof path, "%s/tiny.%s", s.t.out, FORMS[f].segments > 1 ? "chain" : "attestation");
        must(cs_verify_file(path, NULL, &report));
        assert_int_equal(report.steps, 4);
        assert_int_equal(report.proof_bytes, s.t.reports[0].proof_bytes);
        assert_int_equal(report.messages, s.t.reports[0].messages);
        assert_int_equal(rmdir(s.folder), 0); /* nothing is left there */
        set_resume(&s, false);
        snprintf(path, sizeof path, "%s", s.t.model);
        s.t.options[0].segments = 0;
        must(cs_tiny_run(&s.t, "whole"));
        assert_true(cs_tiny_same_files(path, s.t.model));
        cs_tiny_free(&s.t);
    }
}

static void hidden_draws_are_kept(void **state) {
    (void)state;
    saved s;
    cs_verify_report report;
    begin(&s, "public");
    must(cs_tiny_edit(&s.t, "job.json", "\"output\"",
                      "\"indices\": \"hidden\", \"seeds\": {\"contributions\": true}, \"output\""));
    must(cs_tiny_edit(&s.t, "job.json", "\"seeds\": {\"beacon\": \"tiny\"},\n", ""));
    interrupt(&s, "out");
    interrupt(&s, "out");
    must(cs_tiny_run(&s.t, "out"));
    must(cs_verify_file(s.t.attestation, NULL, &report));
    cs_tiny_free(&s.t);
}

/* A member whose newest checkpoint is lost or broken has an older one, and so have the others. */
static void the_latest_one_that_all_have_is_taken(void **state) {
    (void)state;
    for (int broken = 0; broken < 2; broken++) {
        saved s;
        cs_verify_report report;
        char path[160];
        begin(&s, "public");
        interrupt(&s, "out"); /* 0: the beginning, 1: after one step */
        slot_path(path, s.folder, 2, 1);
        assert_true(exists(path));
        if (broken)
            must(cs_file_write(path, "consort check 2\n and no more", 28, 0600));
        else
            assert_int_equal(unlink(path), 0);
        must(cs_tiny_run(&s.t, "out"));
        assert_true(!broken || strstr(warning, "of no use") != NULL);
        must(cs_verify_file(s.t.attestation, NULL, &report));
        cs_tiny_free(&s.t);
    }
}

/* ------------------------------------------------------------ two sessions about the same commitments */

static saved *watched;

/* The witness is committed to, and every rank has saved that: the answers come later. */
static void copy_at_finale(void *context, const char *stage, double done, double left) {
    (void)context, (void)done, (void)left;
    if (strcmp(stage, "finale") == 0 && !exists(watched->copy))
        copy_saves(watched->folder, watched->copy);
}

static void read_proof(cs_buffer *out, const char *path) {
    cs_attestation a;
    *out = (cs_buffer){0};
    must(cs_attestation_open(&a, path));
    const cs_buffer *proof = &a.container.section[CS_SECTION_PROOF];
    cs_buffer_append(out, proof->data, proof->size);
    cs_attestation_free(&a);
}

static bool is_trivial(const uint8_t *item) {
    static const uint8_t zero[32];
    uint8_t identity[32] = {0};
    identity[31] = 0x40;
    return memcmp(item, zero, 32) == 0 || memcmp(item, identity, 32) == 0;
}

/* The commitments to the witness are the same items; of all others, masks and answers included, none comes twice. */
static size_t expect_fresh(const cs_buffer *a, const cs_buffer *b) {
    size_t same = 0;
    while (32 * same < a->size && memcmp(a->data + 32 * same, b->data + 32 * same, 32) == 0)
        same++;
    for (size_t x = same; 32 * x < a->size; x++)
        for (size_t y = same; 32 * y < b->size; y++)
            if (memcmp(a->data + 32 * x, b->data + 32 * y, 32) == 0 && !is_trivial(a->data + 32 * x))
                fail_msg("item %zu of one proof is item %zu of the other", x, y);
    return same;
}

static void a_resumed_proof_has_the_commitments_and_nothing_else_in_common(void **state) {
    (void)state;
    static const char *const outputs[] = {"public", "committed"};
    for (int k = 0; k < 2; k++) {
        saved s;
        char paths[3][160];
        cs_buffer proofs[3];
        begin(&s, outputs[k]);
        watched = &s;
        s.t.options[0].progress.fn = copy_at_finale;
        must(cs_tiny_run(&s.t, "out0"));
        snprintf(paths[0], sizeof paths[0], "%s", s.t.attestation);
        set_resume(&s, true);
        for (int n = 1; n < 3; n++) { /* twice from the same checkpoint */
            char out[16];
            snprintf(out, sizeof out, "out%d", n);
            copy_saves(s.copy, s.folder);
            must(cs_tiny_run(&s.t, out));
            snprintf(paths[n], sizeof paths[n], "%s", s.t.attestation);
        }
        for (int n = 0; n < 3; n++) {
            cs_verify_report report;
            must(cs_verify_file(paths[n], NULL, &report));
            read_proof(&proofs[n], paths[n]);
        }
        const size_t same = expect_fresh(&proofs[0], &proofs[1]);
        assert_true(same > 3);
        assert_int_equal(expect_fresh(&proofs[0], &proofs[2]), same);
        assert_int_equal(expect_fresh(&proofs[1], &proofs[2]), same);
        for (int n = 0; n < 3; n++)
            cs_buffer_free(&proofs[n]);
        cs_tiny_free(&s.t);
    }
}

/* ------------------------------------------------------------ what is refused */

static void another_job_is_refused(void **state) {
    (void)state;
    saved s;
    begin(&s, "public");
    interrupt(&s, "out");
    must(cs_tiny_edit(&s.t, "job.json", "0.75", "1.5"));
    expect_refusal(&s, 0, CS_ERR_INPUT, "another job");
    cs_tiny_free(&s.t);
}

static void other_data_are_refused(void **state) {
    (void)state;
    saved s;
    char path[160];
    begin(&s, "public");
    interrupt(&s, "out");
    must(cs_tiny_edit(&s.t, "bob.csv", "1.00", "0.50"));
    snprintf(path, sizeof path, "%s/bob.csv.opening", s.t.folder);
    expect_refusal(&s, 1, CS_ERR_INPUT, "bob.csv.opening");
    assert_int_equal(unlink(path), 0);
    expect_refusal(&s, 0, CS_ERR_INPUT, "not those that the checkpoint was made with");
    cs_tiny_free(&s.t);
}

static void another_members_key_is_refused(void **state) {
    (void)state;
    saved s;
    char a[160], b[160];
    begin(&s, "public");
    interrupt(&s, "out");
    snprintf(a, sizeof a, "%s/tiny.alice.key", s.folder);
    snprintf(b, sizeof b, "%s/tiny.bob.key", s.folder);
    copy_file(b, a);
    expect_refusal(&s, 0, CS_ERR_INPUT, "another member's key");
    cs_tiny_free(&s.t);
}

static void a_lost_disk_is_said_so(void **state) {
    (void)state;
    saved s;
    char path[160];
    begin(&s, "public");
    interrupt(&s, "out");
    for (int k = 0; k < 2; k++) {
        slot_path(path, s.folder, 2, k);
        assert_int_equal(unlink(path), 0);
    }
    expect_refusal(&s, 2, CS_ERR_IO, "no checkpoint of member \"carol\"");
    slot_path(path, s.folder, 0, 0);
    assert_true(exists(path)); /* the others' are as they were */
    cs_tiny_free(&s.t);
}

static void ranks_must_agree(void **state) {
    (void)state;
    saved s;
    begin(&s, "public");
    s.t.options[2].checkpoint = NULL;
    expect_refusal(&s, 0, CS_ERR_USAGE, "for all members or for none");
    s.t.options[2].resume = true;
    expect_refusal(&s, 2, CS_ERR_USAGE, "--resume needs --checkpoint");
    cs_tiny_free(&s.t);
}

static void checkpoints_are_not_written_over_by_a_new_run(void **state) {
    (void)state;
    saved s;
    begin(&s, "public");
    interrupt(&s, "out");
    set_resume(&s, false);
    expect_refusal(&s, 0, CS_ERR_IO, "give --resume");
    cs_tiny_free(&s.t);
}

/* ------------------------------------------------------------ going on without a member */

static void leave_out(saved *s, const char *names) {
    for (int i = 0; i < CS_TINY_RANKS; i++)
        s->t.options[i].exclude = names;
}

/* What the run with him saved contains what he contributed: it is not gone on from, nor touched. */
static void no_run_without_a_member_goes_on_from_his_gradients(void **state) {
    (void)state;
    saved s;
    cs_verify_report report;
    begin(&s, "public");
    interrupt(&s, "out");
    leave_out(&s, "bob");
    for (int i = 0; i < 2; i++) {
        assert_int_not_equal(cs_tiny_run_ranks(&s.t, "fewer", 2), CS_OK);
        assert_int_equal(s.t.outcomes[i].status, CS_ERR_INPUT);
        assert_non_null(strstr(s.t.outcomes[i].text, "of the run with all members"));
    }
    set_resume(&s, false);
    s.stop.wanted = 1;
    assert_int_equal(cs_tiny_run_ranks(&s.t, "fewer", 2), CS_ERR_STOPPED);
    s.stop.wanted = 0;
    set_resume(&s, true);
    must(cs_tiny_run_ranks(&s.t, "fewer", 2)); /* its own checkpoints it goes on from */
    must(cs_verify_file(s.t.attestation, NULL, &report));
    assert_int_equal(report.members, 2);
    leave_out(&s, NULL);
    must(cs_tiny_run(&s.t, "out")); /* the run with all goes on as if nothing had been */
    must(cs_verify_file(s.t.attestation, NULL, &report));
    assert_int_equal(report.members, 3);
    cs_tiny_free(&s.t);
}

/* Nor under the names that its own would have. */
static void renaming_does_not_help(void **state) {
    (void)state;
    saved s;
    begin(&s, "public");
    interrupt(&s, "out");
    leave_out(&s, "bob");
    for (int i = 0; i < CS_TINY_RANKS; i += 2) {
        char from[160], to[160];
        slot_path(from, s.folder, i, 1);
        snprintf(to, sizeof to, "%s/tiny.without-bob.%s.1.checkpoint", s.folder, MEMBERS[i]);
        copy_file(from, to);
        snprintf(from, sizeof from, "%s/tiny.%s.key", s.folder, MEMBERS[i]);
        snprintf(to, sizeof to, "%s/tiny.without-bob.%s.key", s.folder, MEMBERS[i]);
        copy_file(from, to);
    }
    assert_int_not_equal(cs_tiny_run_ranks(&s.t, "fewer", 2), CS_OK);
    assert_non_null(strstr(s.t.outcomes[0].text, "made for another job"));
    cs_tiny_free(&s.t);
}

static size_t handshakes;

static void stop_in_second_segment(void *context, const char *stage, double done, double left) {
    (void)context, (void)done, (void)left;
    handshakes += strcmp(stage, "handshake") == 0;
    watched->stop.wanted = handshakes == 2;
}

/* Segments that were proved with him stand: the others make the rest of the steps, as a job of its own that goes on from the
 * last of them, and both are one chain. */
static void proved_segments_are_kept(void **state) {
    (void)state;
    saved s;
    cs_verify_result *r = CS_NEW(cs_verify_result, 1);
    char first[160];
    begin(&s, "public");
    watched = &s;
    must(cs_tiny_edit(&s.t, "job.json", "\"output\": {", "\"output\": {\"between\": \"public\", "));
    s.t.options[0].segments = 2;
    s.t.options[0].progress.fn = stop_in_second_segment;
    handshakes = 0;
    assert_int_equal(cs_tiny_run(&s.t, "out"), CS_ERR_STOPPED);
    s.stop.wanted = 0;
    s.t.options[0].progress.fn = NULL;
    s.t.options[0].segments = 0;
    snprintf(first, sizeof first, "%s/tiny.1.attestation.part", s.t.out);
    must(cs_tiny_edit(&s.t, "job.json", "\"steps\": 4", "\"steps\": 2"));
    must(cs_tiny_edit(&s.t, "job.json", "\"rate\": 0.375}, {\"from_step\": 2, \"rate\": 0.75}", "\"rate\": 0.25}"));
    must(cs_tiny_edit(&s.t, "job.json", "\"seeds\"", "\"previous\": \"out/tiny.1.attestation.part\", \"seeds\""));
    leave_out(&s, "bob");
    must(cs_tiny_run_ranks(&s.t, "rest", 2));
    const char *const files[2] = {first, s.t.attestation};
    must(cs_verify_attestations(r, files, 2, NULL));
    assert_int_equal(r->facts[0].n_members, 3);
    assert_int_equal(r->facts[1].n_members, 2);
    assert_string_equal(r->facts[1].excluded, "bob");
    cs_verify_result_free(r);
    cs_free(r);
    cs_tiny_free(&s.t);
}

/* Every byte counts: cut off at any length, or changed at any place, it is refused. */
static void a_truncated_or_altered_one_is_refused(void **state) {
    (void)state;
    saved s;
    char path[160];
    cs_buffer whole = {0};
    begin(&s, "public");
    interrupt(&s, "out");
    slot_path(path, s.folder, 0, 0);
    assert_int_equal(unlink(path), 0);
    slot_path(path, s.folder, 0, 1);
    must(cs_file_read(path, 1 << 26, &whole));
    for (size_t k = 0; k < 6; k++) {
        const size_t size = k * whole.size / 6;
        must(cs_file_write(path, whole.data, size, 0600));
        expect_refusal(&s, 0, CS_ERR_INPUT, "tiny.alice.1.checkpoint");
        whole.data[size] ^= 4;
        must(cs_file_write(path, whole.data, whole.size, 0600));
        expect_refusal(&s, 0, CS_ERR_INPUT, "tiny.alice.1.checkpoint");
        whole.data[size] ^= 4;
    }
    cs_buffer_append(&whole, "x", 1);
    must(cs_file_write(path, whole.data, whole.size, 0600));
    expect_refusal(&s, 0, CS_ERR_INPUT, "tiny.alice.1.checkpoint");
    must(cs_file_write(path, whole.data, whole.size - 1, 0600));
    must(cs_tiny_run(&s.t, "out"));
    cs_buffer_free(&whole);
    cs_tiny_free(&s.t);
}

/* Byte `at` of what is sealed, changed by the member itself. */
static void reseal(const saved *s, int member, int slot, size_t at, uint8_t flip) {
    char path[160], key_path[160];
    cs_secret_identity me;
    cs_sealed_input *in;
    cs_sealed_output *out;
    uint8_t key[32], byte;
    cs_buffer plain = {0};
    slot_path(path, s->folder, member, slot);
    snprintf(key_path, sizeof key_path, "%s/tiny.%s.key", s->folder, MEMBERS[member]);
    must(cs_secret_identity_load(&me, key_path, NULL));
    cs_secret_identity_checkpoint_key(key, &me);
    must(cs_sealed_open(&in, path, CS_CHECKPOINT_MAGIC, key));
    const cs_reader reader = cs_sealed_reader(in);
    while (cs_read(&reader, &byte, 1) == CS_OK)
        cs_buffer_append(&plain, &byte, 1);
    cs_sealed_end(in);
    plain.data[at] ^= flip;
    must(cs_sealed_create(&out, path, CS_CHECKPOINT_MAGIC, key));
    const cs_writer writer = cs_sealed_writer(out);
    must(cs_write(&writer, plain.data, plain.size));
    must(cs_sealed_close(out, true));
    cs_buffer_free(&plain);
}

static void another_version_or_a_wrong_head_is_refused(void **state) {
    (void)state;
    static const struct {
        size_t at;
        uint8_t flip;
        const char *says;
    } CHANGES[] = {{0, 1, "written by version"},
                   {32 + 2 * 32, 1, "another job"},
                   {32 + 6 * 32, 1, "of rank 1 of 3"},
                   {32 + 6 * 32 + 8, 255, "out of its range"},
                   {32 + 6 * 32 + 48, 2, "out of its range"}};
    saved s;
    char path[160];
    begin(&s, "public");
    interrupt(&s, "out");
    slot_path(path, s.folder, 0, 0);
    assert_int_equal(unlink(path), 0);
    for (size_t k = 0; k < sizeof CHANGES / sizeof *CHANGES; k++) {
        reseal(&s, 0, 1, CHANGES[k].at, CHANGES[k].flip);
        expect_refusal(&s, 0, CS_ERR_INPUT, CHANGES[k].says);
        reseal(&s, 0, 1, CHANGES[k].at, CHANGES[k].flip);
    }
    reseal(&s, 0, 1, 32 + 32, 1); /* the state is another one: nobody else has it */
    expect_refusal(&s, 0, CS_ERR_INPUT, "no checkpoint that all ranks have");
    cs_tiny_free(&s.t);
}

/* ------------------------------------------------------------ a disk that is full */

static void remove_folder(void *context, const char *stage, double done, double left) {
    (void)context, (void)done, (void)left;
    char command[200];
    snprintf(command, sizeof command, "rm -rf %s", watched->folder);
    if (strcmp(stage, "dataset commitments") == 0)
        assert_int_equal(system(command), 0);
}

static void a_checkpoint_that_cannot_be_written_ends_nothing(void **state) {
    (void)state;
    saved s;
    cs_verify_report report;
    begin(&s, "public");
    watched = &s;
    s.t.options[0].progress.fn = remove_folder;
    must(cs_tiny_run(&s.t, "out"));
    assert_non_null(strstr(warning, "no checkpoint was written, the run goes on"));
    must(cs_verify_file(s.t.attestation, NULL, &report));
    cs_tiny_free(&s.t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_stopped_run_goes_on),
                                       cmocka_unit_test(hidden_draws_are_kept),
                                       cmocka_unit_test(the_latest_one_that_all_have_is_taken),
                                       cmocka_unit_test(a_resumed_proof_has_the_commitments_and_nothing_else_in_common),
                                       cmocka_unit_test(another_job_is_refused),
                                       cmocka_unit_test(other_data_are_refused),
                                       cmocka_unit_test(another_members_key_is_refused),
                                       cmocka_unit_test(a_lost_disk_is_said_so),
                                       cmocka_unit_test(ranks_must_agree),
                                       cmocka_unit_test(checkpoints_are_not_written_over_by_a_new_run),
                                       cmocka_unit_test(no_run_without_a_member_goes_on_from_his_gradients),
                                       cmocka_unit_test(renaming_does_not_help),
                                       cmocka_unit_test(proved_segments_are_kept),
                                       cmocka_unit_test(a_truncated_or_altered_one_is_refused),
                                       cmocka_unit_test(another_version_or_a_wrong_head_is_refused),
                                       cmocka_unit_test(a_checkpoint_that_cannot_be_written_ends_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
