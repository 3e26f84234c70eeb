/* Ranks without data that want a part in the proof or in the sums all the same, and what they can bring about: nothing but a
 * run that ends, with their name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attest/accusation.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "curve/g1.h"
#include "curve/generators.h"
#include "provenance/identity_file.h"
#include "support/tiny_run.h"
#include "train/blocks.h"

enum { RANKS = 3, NOBODY = -1 };

/* Rank `rank` does one of these things. */
static struct {
    int rank;
    cs_label intrusion; /* sends a point, or a scalar, where it has nothing to say */
    bool zero;          /* ... which is zero: it stands for nothing */
    bool gradient, sum, excuse;
    int liar; /* lies in its messages or answers of this label */
    cs_label label;
    bool shows; /* rank 0 shows another sum under this label */
} plot;

static void must(cs_status status) {
    if (status != CS_OK)
        fail_msg("status %d: %s", (int)status, cs_error_text());
}

static void intrude(void *context, int rank, cs_label label, cs_buffer *part) {
    uint8_t item[32] = {1}; /* a scalar, or the abscissa of a point */
    (void)context;
    if (rank != plot.rank || label != plot.intrusion)
        return;
    if (plot.zero)
        cs_g1_encode(item, CS_G1_AFFINE_IDENTITY);
    cs_buffer_append(part, item, sizeof item);
}

static void tamper(void *context, int rank, size_t step, int what, size_t layer, size_t limb, int64_t *values, size_t rows,
                   size_t columns) {
    (void)context, (void)limb, (void)rows;
    if (rank == plot.rank && step == 1 && columns > 0 &&
        ((plot.gradient && what == CS_TAMPER_GRADIENT && layer == 2) || (plot.sum && what == CS_TAMPER_SUM)))
        values[columns - 1] += 3;
}

/* What it says of its contribution: the truth, but for `excuse`. The last entry of the first row of the second layer. */
static void stand_by(void *context, int rank, size_t step, int64_t *values, size_t n) {
    (void)context, (void)n;
    if (rank == plot.rank && step == 1 && plot.gradient && !plot.excuse)
        values[13] += 3;
}

static void lie(void *context, int rank, cs_label label, size_t occurrence, cs_fr *values, size_t n) {
    (void)context, (void)occurrence;
    for (size_t k = 0; rank == plot.liar && label == plot.label && k < n; k++)
        values[k] = cs_fr_add(values[k], CS_FR_ONE);
}

static void lie_in_answer(void *context, int rank, cs_label label, cs_fr *scalars, size_t n) {
    lie(context, rank, label, 0, scalars, n > 0);
}

static void show(void *context, cs_label label, cs_g1_affine *sum, size_t n) {
    (void)context, (void)n;
    if (plot.shows && label == plot.label)
        sum[0] = CS_G1_AFFINE_IDENTITY;
}

/* ------------------------------------------------------------ runs */

static void no_plot(void) {
    memset(&plot, 0, sizeof plot);
    plot.rank = plot.liar = NOBODY;
    plot.intrusion = plot.label = CS_LABEL_COUNT;
}

static void end(cs_tiny *t) {
    cs_tiny_free(t);
    cs_generators_release();
    assert_int_equal(cs_memory_live(), 0);
}

/* Runs the job of three members; no attestation comes of it. */
static void go(cs_tiny *t, unsigned idle, const char *fields, bool attributable, bool identities) {
    static cs_attack attacks[RANKS];
    must(cs_tiny_new_idle(t, RANKS, idle, fields));
    if (identities)
        must(cs_tiny_identify(t));
    for (int i = 0; i < RANKS; i++) {
        attacks[i] = (cs_attack){.dishonest = i == plot.rank || i == plot.liar,
                                 .message = lie,
                                 .answer = lie_in_answer,
                                 .show = show,
                                 .intrude = intrude,
                                 .contribution = stand_by};
        t->options[i].attributable = attributable;
        t->options[i].tamper = plot.gradient || plot.sum ? tamper : NULL;
        t->options[i].attack = &attacks[i];
    }
    assert_int_not_equal(cs_tiny_run(t, "out"), CS_OK);
    assert_int_not_equal(access(t->attestation, F_OK), 0);
}

static void says(const cs_tiny *t, int rank, const char *what) {
    if (strstr(t->outcomes[rank].text, what) == NULL)
        fail_msg("rank %d does not say \"%s\" but: %s", rank, what, t->outcomes[rank].text);
}

static bool find_evidence(char out[256], const cs_tiny *t) {
    DIR *folder = opendir(t->out);
    out[0] = 0;
    for (struct dirent *e; folder != NULL && (e = readdir(folder)) != NULL;)
        if (strstr(e->d_name, ".evidence") != NULL)
            snprintf(out, 256, "%s/%.100s", t->out, e->d_name);
    if (folder != NULL)
        closedir(folder);
    return out[0] != 0;
}

/* ------------------------------------------------------------ a part in the proof */

/* Rows of a witness, shares of messages, of masks and of answers: a rank without data has none, not even one that is zero.
 */
static void an_idle_rank_commits_to_nothing(void **state) {
    static const cs_label LABELS[] = {CS_LABEL_WITNESS,      CS_LABEL_STEP_VALUES,   CS_LABEL_SC_ROUND,
                                      CS_LABEL_SC_FINAL,     CS_LABEL_UPDATE_PART,   CS_LABEL_LOOKUP_ROOT,
                                      CS_LABEL_OPEN_MASK,    CS_LABEL_OPEN_ANSWER,   CS_LABEL_FINALE_MASK,
                                      CS_LABEL_FINALE_CROSS, CS_LABEL_FINALE_ANSWER, CS_LABEL_FINAL_MODEL_VALUE};
    (void)state;
    for (size_t k = 0; k < sizeof LABELS / sizeof *LABELS; k++) {
        cs_tiny t;
        char expected[128];
        no_plot();
        plot.rank = 1 + (int)k % 2;
        plot.intrusion = LABELS[k];
        plot.zero = k % 3 == 2;
        snprintf(expected, sizeof expected, "rank %d is idle, and sent 32 bytes as its part of %s: it has none", plot.rank,
                 cs_label_text(LABELS[k]));
        go(&t, 1u << plot.rank | (k % 4 == 3), "\"output\": {\"model\": \"committed\"}, ", false, false);
        says(&t, 0, expected);
        end(&t);
    }
}

static void an_idle_rank_has_no_dataset(void **state) {
    (void)state;
    cs_tiny t;
    no_plot();
    plot.rank = 2;
    plot.intrusion = CS_LABEL_STATEMENT;
    go(&t, 4, "", false, false);
    says(&t, 0, "rank 2 is idle, and sent 32 bytes of commitments to a dataset");
    says(&t, 1, "rank 2 is idle, and sent 32 bytes of commitments to a dataset");
    end(&t);
}

/* An idle root adds something to a sum of commitments: the proof does not hold, and none of the others is to blame. */
static void an_idle_root_adds_nothing_to_sums(void **state) {
    static const cs_label LABELS[] = {CS_LABEL_SC_ROUND, CS_LABEL_UPDATE_PART, CS_LABEL_OPEN_MASK, CS_LABEL_FINALE_CROSS};
    (void)state;
    for (size_t k = 0; k < sizeof LABELS / sizeof *LABELS; k++) {
        cs_tiny t;
        no_plot();
        plot.shows = true;
        plot.label = LABELS[k];
        go(&t, 1, "", false, false);
        says(&t, 0, "the proof does not verify, so nothing is published");
        says(&t, 0, "nobody can be named");
        cs_tiny_expect_names(&t, RANKS, 0);
        end(&t);
    }
}

/* Nor can it make another's answers fail: who carries the final model finds its own commitments to it, or leaves. */
static void an_idle_root_changes_no_commitment(void **state) {
    (void)state;
    cs_tiny t;
    no_plot();
    plot.shows = true;
    plot.label = CS_LABEL_FINAL_MODEL_VALUE;
    go(&t, 1, "\"output\": {\"model\": \"committed\"}, ", false, true);
    assert_int_equal(t.outcomes[1].status, CS_ERR_ABORT);
    says(&t, 1, "the root changed this member's commitments to the final model");
    end(&t);
}

/* ------------------------------------------------------------ a part in the sums */

/* No proof says that a gradient without tensors is right: the sum of updates is that of the committed tensors. */
static void a_gradient_without_data_is_never_accepted(void **state) {
    (void)state;
    for (int rank = 0; rank < RANKS; rank++) {
        cs_tiny t;
        no_plot();
        plot.rank = rank;
        plot.gradient = true;
        go(&t, 1u << rank, "", false, false);
        end(&t);
    }
}

static void who_sends_one_is_named(void **state) {
    (void)state;
    for (int rank = 0; rank < RANKS; rank++)
        for (int excuse = 0; excuse < 2; excuse++) {
            cs_tiny t;
            no_plot();
            plot.rank = rank;
            plot.gradient = true;
            plot.excuse = excuse == 1;
            go(&t, 1u << rank, "", true, false);
            if (!excuse) /* else: what it says is not what it sent, or not what it added up */
                says(&t, 0, "cheated at gradient: the gradient that it sent is not that of its committed");
            cs_tiny_expect_names(&t, RANKS, 1u << rank);
            end(&t);
        }
}

/* So short a gradient has one part, which one rank adds up; an idle one has nothing else to do. What it signed convicts it.
 */
static void who_adds_up_wrongly_is_named(void **state) {
    (void)state;
    for (int identities = 0; identities < 2; identities++) {
        cs_tiny t;
        cs_accusation_report report;
        cs_public_identity m2;
        char evidence[256], pub[128];
        no_plot();
        plot.rank = 2;
        plot.sum = true;
        go(&t, 5, "", true, identities == 1);
        says(&t, 0, "rank 2 (m2) cheated at gradient: the sums that it showed are not those of what it got");
        cs_tiny_expect_names(&t, RANKS, 4);
        assert_int_equal(find_evidence(evidence, &t), identities == 1);
        if (identities == 1) {
            snprintf(pub, sizeof pub, "%s/m2.pub", t.folder);
            must(cs_public_identity_load(&m2, pub));
            must(cs_accusation_verify(&report, evidence));
            assert_memory_equal(report.signer.ed25519, m2.ed25519, 32);
        }
        end(&t);
    }
}

/* Rank 1 has sent a wrong gradient; an idle rank lies about its pads when all are asked. */
static void who_lies_about_pads_is_named(void **state) {
    (void)state;
    cs_tiny t;
    no_plot();
    plot.rank = 1;
    plot.gradient = true;
    plot.liar = 0;
    plot.label = CS_LABEL_ATTRIBUTION_PADS;
    go(&t, 1, "", true, false);
    says(&t, 0, "rank 0 (m0) cheated at gradient");
    says(&t, 0, "rank 1 (m1) cheated at gradient");
    cs_tiny_expect_names(&t, RANKS, 3);
    end(&t);
}

/* ------------------------------------------------------------ a part in the work */

/* A wrong part of the first weights, or of what the sums of gradients give, is a wrong table, which ranks with data notice
 * before they use it; with --attributable whoever sent it is named. Tables of a single rank's data are summed under pads. */
static void wrong_parts_of_tables_are_noticed(void **state) {
    static const cs_label LABELS[] = {CS_LABEL_FORWARD_TABLE, CS_LABEL_BACKWARD_TABLE};
    (void)state;
    for (int k = 0; k < 7; k++) {
        cs_tiny t;
        no_plot();
        plot.liar = k < 3 ? 1 : k % 2;
        plot.label = LABELS[k < 3 ? k / 2 : k / 5];
        go(&t, k < 3 ? 2 : 3, "", k == 1, false);
        if (k == 1)
            says(&t, 2, "rank 1 (m1) cheated at forward/table: the share of the weight table");
        else
            assert_true(t.outcomes[2].status == CS_ERR_ABORT || t.outcomes[1 - plot.liar].status == CS_ERR_ABORT);
        end(&t);
    }
}

static void wrong_help_is_named(void **state) {
    (void)state;
    for (int rank = 1; rank < RANKS; rank++) {
        cs_tiny t;
        no_plot();
        plot.liar = rank;
        plot.label = CS_LABEL_IPA_BASE;
        go(&t, 1u << rank, "\"columns\": 256, ", false, false);
        says(&t, 0, "cheated at ipa/round");
        cs_tiny_expect_names(&t, RANKS, 1u << rank);
        end(&t);
    }
}

/* ------------------------------------------------------------ the others are judged as before */

/* Idle ranks before it do not change who it is that is convicted. */
static void a_cheat_with_data_is_named_and_convicted(void **state) {
    static const unsigned idle[] = {2, 1, 3, 1};
    static const cs_label LABELS[] = {CS_LABEL_UPDATE_PART, CS_LABEL_SC_FINAL, CS_LABEL_LOOKUP_ROOT, CS_LABEL_OPEN_ANSWER};
    (void)state;
    for (int k = 0; k < 4; k++) {
        cs_tiny t;
        cs_accusation_report report;
        char evidence[256];
        no_plot();
        plot.liar = 2;
        plot.label = LABELS[k];
        go(&t, idle[k], k == 1 ? "\"output\": {\"model\": \"committed\"}, " : "", false, true);
        says(&t, 0, "rank 2 (m2) cheated at");
        cs_tiny_expect_names(&t, RANKS, 4);
        assert_true(find_evidence(evidence, &t));
        assert_non_null(strstr(evidence, ".rank2."));
        must(cs_accusation_verify(&report, evidence));
        assert_string_equal(report.member, "m2");
        assert_string_equal(report.signer.name, "m2");
        end(&t);
    }
}

/* The same for a gradient: the number that it signs under while training is its rank, in the proof another. */
static void a_wrong_gradient_beside_idle_ranks_is_convicted(void **state) {
    (void)state;
    for (unsigned idle = 1; idle <= 2; idle++) {
        cs_tiny t;
        cs_accusation_report report;
        char evidence[256];
        no_plot();
        plot.rank = 2;
        plot.gradient = true;
        go(&t, idle, "", true, true);
        says(&t, 0, "rank 2 (m2) cheated at gradient: the gradient that it sent is not that of its committed");
        cs_tiny_expect_names(&t, RANKS, 4);
        assert_true(find_evidence(evidence, &t));
        must(cs_accusation_verify(&report, evidence));
        assert_string_equal(report.member, "m2");
        end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_rank_commits_to_nothing),
        cmocka_unit_test(an_idle_rank_has_no_dataset),
        cmocka_unit_test(an_idle_root_adds_nothing_to_sums),
        cmocka_unit_test(an_idle_root_changes_no_commitment),
        cmocka_unit_test(a_gradient_without_data_is_never_accepted),
        cmocka_unit_test(who_sends_one_is_named),
        cmocka_unit_test(who_adds_up_wrongly_is_named),
        cmocka_unit_test(who_lies_about_pads_is_named),
        cmocka_unit_test(wrong_parts_of_tables_are_noticed),
        cmocka_unit_test(wrong_help_is_named),
        cmocka_unit_test(a_cheat_with_data_is_named_and_convicted),
        cmocka_unit_test(a_wrong_gradient_beside_idle_ranks_is_convicted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
