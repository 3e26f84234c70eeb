/* Evidence: who cheated in a run is named with a file that convicts whoever cheated, and nobody else whatever is done to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/accusation_words.h"
#include "attest/attestation.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "provenance/identity_file.h"
#include "provenance/refusal.h"
#include "session/session.h"
#include "support/tiny_run.h"

enum { HONEST = 1, CHEAT = 2 };

static void must(cs_status status) {
    if (status != CS_OK)
        fail_msg("status %d: %s", (int)status, cs_error_text());
}

/* ---- a run in which rank 2 lies in one message, and what the root saw ---- */

typedef struct trial {
    cs_tiny tiny;
    cs_attack cheat, root;
    cs_label label;
    size_t occurrence; /* which message with this label, over all segments */
    char evidence[256];
    cs_accusation honest; /* what the root could say of an honest rank */
    cs_container file;    /* the evidence, taken apart */
} trial;

static trial t;

static void lie(void *context, int rank, cs_label label, size_t occurrence, cs_fr *values, size_t n) {
    const trial *of = context;
    if (rank == CHEAT && label == of->label && occurrence == of->occurrence)
        for (size_t k = 0; k < n; k++)
            values[k] = cs_fr_add(values[k], CS_FR_ONE);
}

static void copy_sent(cs_sent *out, const cs_sent *in) {
    cs_buffer_append(&out->points, in->points.data, in->points.size);
    for (int which = 0; which < CS_ANSWER_COUNT; which++)
        cs_buffer_append(&out->answer[which], in->answer[which].data, in->answer[which].size);
    memcpy(out->signature, in->signature, sizeof out->signature);
}

/* On the root, at the end of its proof. */
static void keep_record(void *context, const cs_session *s) {
    trial *of = context;
    of->honest = (cs_accusation){.rank = HONEST, .offence = CS_OFFENCE_ROW};
    strcpy(of->honest.stage, "lookup/lambda");
    memcpy(of->honest.nonce, s->record->nonce, 32);
    copy_sent(&of->honest.sent, &s->record->ranks[HONEST]);
}

static bool find_evidence(void) {
    DIR *folder = opendir(t.tiny.out);
    t.evidence[0] = 0;
    for (struct dirent *e; folder != NULL && (e = readdir(folder)) != NULL;)
        if (strstr(e->d_name, ".evidence") != NULL)
            snprintf(t.evidence, sizeof t.evidence, "%s/%.100s", t.tiny.out, e->d_name);
    if (folder != NULL)
        closedir(folder);
    return t.evidence[0] != 0;
}

/* t.tiny is ready. */
static void cheat(void) {
    t.cheat = (cs_attack){.dishonest = true, .message = lie, .context = &t};
    t.root = (cs_attack){.observe = keep_record, .context = &t};
    t.tiny.options[CHEAT].attack = &t.cheat;
    t.tiny.options[0].attack = &t.root;
    assert_int_equal(cs_tiny_run(&t.tiny, "out"), CS_REJECT);
    assert_int_not_equal(access(t.tiny.attestation, F_OK), 0);
    if (find_evidence()) {
        cs_buffer file = {0};
        must(cs_file_read(t.evidence, 1 << 24, &file));
        must(cs_container_decode_evidence(&t.file, "evidence", file.data, file.size));
        cs_buffer_free(&file);
        cs_accusation a;
        const cs_buffer *sent = &t.file.section[CS_SECTION_SENT];
        must(cs_accusation_decode(&a, sent->data, sent->size));
        cs_buffer_append(&t.honest.common, a.common.data, a.common.size);
        cs_accusation_free(&a);
    }
}

static void start(const char *output, bool identities, cs_label label) {
    t = (trial){.label = label};
    must(cs_tiny_new(&t.tiny, output));
    if (identities)
        must(cs_tiny_identify(&t.tiny));
    cheat();
}

static void stop(void) {
    cs_accusation_free(&t.honest);
    cs_container_free(&t.file);
    cs_tiny_free(&t.tiny);
}

static void says(int rank, const char *what) {
    if (strstr(t.tiny.outcomes[rank].text, what) == NULL)
        fail_msg("rank %d does not say \"%s\" but: %s", rank, what, t.tiny.outcomes[rank].text);
}

/* Judges the parts in t.file. */
static cs_status judge_file(cs_accusation_report *out) {
    cs_buffer file = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/changed.evidence", t.tiny.folder);
    must(cs_container_encode(&file, &t.file));
    must(cs_file_write(path, file.data, file.size, 0644));
    cs_buffer_free(&file);
    return cs_accusation_verify(out, path);
}

static void refused(const char *what, size_t at) {
    cs_accusation_report report;
    const cs_status status = judge_file(&report);
    if (status != CS_REJECT && status != CS_ERR_INPUT)
        fail_msg("%s changed at %zu: %s", what, at, cs_status_name(status));
}

/* ---- naming ---- */

static void the_cheat_is_named_and_convicted(void **state) {
    (void)state;
    cs_accusation_report report;
    start("public", true, CS_LABEL_UPDATE_PART);
    for (int i = 0; i < CS_TINY_RANKS; i++)
        says(i, "rank 2 (carol) cheated at update/part: its answer does not satisfy its own row");
    says(0, "the proof does not verify, so nothing is published");
    says(0, t.evidence);
    must(cs_accusation_verify(&report, t.evidence));
    assert_int_equal(report.rank, CHEAT);
    assert_string_equal(report.member, "carol");
    assert_string_equal(report.signer.name, "carol");
    assert_string_equal(report.stage, "update/part");
    cs_public_identity carol;
    char pub[128];
    snprintf(pub, sizeof pub, "%s/carol.pub", t.tiny.folder);
    must(cs_public_identity_load(&carol, pub));
    assert_memory_equal(report.signer.ed25519, carol.ed25519, 32);
    stop();
}

/* Rows with common variables are judged too: of a committed model, whose values are common. */
static void with_common_variables(void **state) {
    (void)state;
    cs_accusation_report report;
    start("committed", true, CS_LABEL_LOOKUP_ROOT);
    says(1, "rank 2 (carol) cheated at lookup/");
    must(cs_accusation_verify(&report, t.evidence));
    cs_accusation a;
    cs_buffer *sent = &t.file.section[CS_SECTION_SENT];
    must(cs_accusation_decode(&a, sent->data, sent->size));
    assert_true(a.common.size > 0);
    a.common.data[0] ^= 1;
    cs_buffer_clear(sent);
    must(cs_accusation_encode(sent, &a));
    assert_int_equal(judge_file(&report), CS_REJECT);
    cs_accusation_free(&a);
    stop();
}

/* In the second segment of a job, at hidden positions: the statement of the segment is all that is needed. */
static void in_a_later_segment_with_hidden_draws(void **state) {
    (void)state;
    cs_accusation_report report;
    t = (trial){.label = CS_LABEL_UPDATE_PART, .occurrence = 1};
    must(cs_tiny_new(&t.tiny, "committed"));
    must(cs_tiny_identify(&t.tiny));
    must(cs_tiny_edit(&t.tiny, "job.json", "\"name\": \"tiny\",", "\"name\": \"tiny\", \"indices\": \"hidden\","));
    for (int i = 0; i < CS_TINY_RANKS; i++)
        t.tiny.options[i].segments = 2;
    cheat();
    says(1, "rank 2 (carol) cheated at update/part");
    must(cs_accusation_verify(&report, t.evidence));
    assert_string_equal(report.stage, "update/part");
    stop();
}

static void without_identities_there_is_no_evidence(void **state) {
    (void)state;
    start("public", false, CS_LABEL_UPDATE_PART);
    says(1, "rank 2 (carol) cheated at update/part");
    assert_false(find_evidence());
    stop();
}

/* ---- evidence that was changed ---- */

static void every_changed_part_is_refused(void **state) {
    (void)state;
    start("public", true, CS_LABEL_UPDATE_PART);
    static const struct {
        cs_section section;
        const char *name;
        size_t tries;
    } parts[] = {{CS_SECTION_SENT, "SENT", 40},
                 {CS_SECTION_PROOF, "PROF", 24},
                 {CS_SECTION_STATEMENT, "STAT", 12},
                 {CS_SECTION_MODEL, "MODL", 4}};
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        cs_buffer *b = &t.file.section[parts[p].section];
        for (size_t k = 0; k < parts[p].tries; k++) {
            const size_t at = k < 8 && p == 0 ? 20 * k : k * b->size / parts[p].tries;
            const uint8_t mask = (uint8_t)(1u << k % 8);
            b->data[at] ^= mask;
            refused(parts[p].name, at);
            b->data[at] ^= mask;
        }
        b->size -= 32;
        refused(parts[p].name, b->size);
        b->size += 32;
    }
    cs_accusation_report report;
    must(judge_file(&report)); /* nothing is left of the changes */
    cs_buffer_append(&t.file.section[CS_SECTION_PROOF], (uint8_t[32]){0}, 32);
    assert_int_equal(judge_file(&report), CS_ERR_INPUT);
    stop();
}

static void put_sent(const cs_accusation *a) {
    cs_buffer_clear(&t.file.section[CS_SECTION_SENT]);
    must(cs_accusation_encode(&t.file.section[CS_SECTION_SENT], a));
}

/* All that an honest rank sent in the run that failed convicts it of nothing, whatever the root calls it. */
static void an_honest_rank_is_not_convicted(void **state) {
    (void)state;
    cs_accusation_report report;
    start("public", true, CS_LABEL_UPDATE_PART);
    put_sent(&t.honest);
    assert_int_equal(judge_file(&report), CS_REJECT);
    assert_non_null(strstr(cs_error_text(), "bob did nothing wrong"));
    for (int offence = CS_OFFENCE_OPENING; offence < CS_OFFENCE_SIGNATURE; offence++)
        for (int label = 0; label < CS_LABEL_COUNT; label += 29) {
            t.honest.offence = (cs_offence)offence;
            snprintf(t.honest.stage, sizeof t.honest.stage, "%s", cs_label_text((cs_label)label));
            put_sent(&t.honest);
            refused("the honest rank's offence", (size_t)label);
        }
    for (size_t k = 0; k < t.honest.sent.answer[CS_ANSWER_FINALE].size; k += 3201) {
        t.honest.sent.answer[CS_ANSWER_FINALE].data[k] ^= 1;
        put_sent(&t.honest);
        assert_int_not_equal(judge_file(&report), CS_OK);
        t.honest.sent.answer[CS_ANSWER_FINALE].data[k] ^= 1;
    }
    stop();
}

/* The cheat's words under the honest rank's number, and the other way round. */
static void ranks_cannot_be_swapped(void **state) {
    (void)state;
    cs_accusation a;
    cs_accusation_report report;
    start("public", true, CS_LABEL_UPDATE_PART);
    const cs_buffer *sent = &t.file.section[CS_SECTION_SENT];
    must(cs_accusation_decode(&a, sent->data, sent->size));
    for (int rank = 0; rank < CS_TINY_RANKS; rank++) {
        a.rank = rank;
        put_sent(&a);
        assert_int_equal(judge_file(&report), rank == CHEAT ? CS_OK : CS_REJECT);
        if (rank != CHEAT)
            assert_int_equal(cs_refusal_last(), CS_REFUSAL_SIGNATURE);
    }
    a.rank = CS_TINY_RANKS;
    put_sent(&a);
    assert_int_equal(judge_file(&report), CS_ERR_INPUT);
    t.honest.rank = CHEAT;
    put_sent(&t.honest);
    assert_int_equal(judge_file(&report), CS_REJECT);
    cs_accusation_free(&a);
    stop();
}

/* What the cheat signed in one session, with what was shown in another; and both of them whole. */
static void sessions_cannot_be_mixed(void **state) {
    (void)state;
    cs_accusation_report report;
    cs_buffer other = {0};
    start("public", true, CS_LABEL_UPDATE_PART);
    cs_buffer_append(&other, t.file.section[CS_SECTION_SENT].data, t.file.section[CS_SECTION_SENT].size);
    cs_container_free(&t.file);
    assert_int_equal(unlink(t.evidence), 0);
    memset(t.cheat.occurrences, 0, sizeof t.cheat.occurrences);
    assert_int_equal(cs_tiny_run(&t.tiny, "out"), CS_REJECT);
    assert_true(find_evidence());
    cs_buffer file = {0};
    must(cs_file_read(t.evidence, 1 << 24, &file));
    must(cs_container_decode_evidence(&t.file, "evidence", file.data, file.size));
    must(judge_file(&report));
    cs_buffer_clear(&t.file.section[CS_SECTION_SENT]);
    cs_buffer_append(&t.file.section[CS_SECTION_SENT], other.data, other.size);
    assert_int_equal(judge_file(&report), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_SIGNATURE);
    cs_buffer_free(&file);
    cs_buffer_free(&other);
    stop();
}

/* Two signatures under different accounts of one step convict by themselves; nothing else does. */
static void two_accounts(void **state) {
    (void)state;
    enum { HEAD = 112, ACCOUNT = 96 };
    cs_words_of accused = {.who.rank = 1, .step = 3};
    cs_sums_liar liar = {.rank = 1, .twice = true, .state = {{1}, {2}}};
    uint8_t secret[64];
    char path[] = "/tmp/consort-words-XXXXXX";
    cs_buffer section = {0};
    cs_accusation_report report;
    const int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    crypto_sign_keypair(accused.key, secret);
    for (int k = 0; k < 2; k++)
        cs_sums_sign(liar.signature[k], &accused.who, 3, liar.state[k], secret);
    must(cs_words_twice(&section, &accused, &liar));
    must(cs_words_write(path, &section));
    must(cs_accusation_verify(&report, path));
    assert_int_equal(report.rank, 1);
    assert_memory_equal(report.signer.ed25519, accused.key, 32);
    for (size_t at = 0; at < section.size; at += at < HEAD ? 4 : 16) {
        section.data[at] ^= 1;
        must(cs_words_write(path, &section));
        const cs_status status = cs_accusation_verify(&report, path);
        if (status != CS_REJECT && status != CS_ERR_INPUT)
            fail_msg("changed at %zu: %s", at, cs_status_name(status));
        section.data[at] ^= 1;
    }
    memcpy(section.data + HEAD + ACCOUNT, section.data + HEAD, ACCOUNT); /* the same account twice */
    must(cs_words_write(path, &section));
    assert_int_equal(cs_accusation_verify(&report, path), CS_REJECT);
    section.size--;
    must(cs_words_write(path, &section));
    assert_int_equal(cs_accusation_verify(&report, path), CS_ERR_INPUT);
    section.size = HEAD - 1;
    must(cs_words_write(path, &section));
    assert_int_equal(cs_accusation_verify(&report, path), CS_ERR_INPUT);
    cs_buffer_free(&section);
    assert_int_equal(unlink(path), 0);
}

/* Neither file passes for the other. */
static void evidence_is_no_attestation(void **state) {
    (void)state;
    cs_attestation a;
    cs_accusation_report report;
    start("public", true, CS_LABEL_UPDATE_PART);
    assert_int_equal(cs_attestation_open(&a, t.evidence), CS_ERR_INPUT);
    t.tiny.options[CHEAT].attack = NULL;
    t.tiny.options[0].attack = NULL;
    must(cs_tiny_run(&t.tiny, "good"));
    assert_int_equal(cs_accusation_verify(&report, t.tiny.attestation), CS_ERR_INPUT);
    cs_container_free(&t.file);
    cs_accusation_free(&t.honest);
    cs_tiny_free(&t.tiny);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cheat_is_named_and_convicted),
        cmocka_unit_test(with_common_variables),
        cmocka_unit_test(in_a_later_segment_with_hidden_draws),
        cmocka_unit_test(without_identities_there_is_no_evidence),
        cmocka_unit_test(every_changed_part_is_refused),
        cmocka_unit_test(an_honest_rank_is_not_convicted),
        cmocka_unit_test(ranks_cannot_be_swapped),
        cmocka_unit_test(sessions_cannot_be_mixed),
        cmocka_unit_test(evidence_is_no_attestation),
        cmocka_unit_test(two_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
