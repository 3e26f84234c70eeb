/* Whole jobs with --attributable in which ranks send wrong gradients, add up wrongly, or lie when they are asked: who did it
 * is named, and honest ranks never are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "attest/accusation.h"
#include "base/memory.h"
#include "curve/generators.h"
#include "support/evidence_files.h"
#include "train/blocks.h"

enum { STEPS = 4, NOBODY = -1 };

/* Rank `rank` adds to its gradient of `step`; `sum`: instead, to the sums that it shows. `label`: besides, rank `liar` lies
 * in its messages of this label, from the `from`-th one on. */
static struct {
    int rank;
    size_t step;
    bool sum, excuse; /* excuse: says that it was its gradient */
    bool admits;      /* admits: says afterwards what its tensors have, not what it sent */
    int liar;
    cs_label label;
    size_t from;
    uint64_t amount; /* 0: one */
    bool answer;
    bool recommits;  /* `rank` commits to its tensors anew when it is asked */
    int accused, of; /* rank 0 accuses an honest rank */
    /* how the job is run */
    bool checkpoints, hidden, identified;
    bool changes; /* evidence is changed in many places */
    size_t segments;
} plot;

static void tamper(void *context, int rank, size_t step, int what, size_t layer, size_t limb, int64_t *values, size_t rows,
                   size_t columns) {
    (void)context, (void)limb, (void)rows;
    const bool gradient = what == CS_TAMPER_GRADIENT && layer == 2 && !plot.sum, sum = what == CS_TAMPER_SUM && plot.sum;
    if (rank == plot.rank && step == plot.step && columns > 0 && (gradient || sum))
        values[columns - 1] += 3;
}

/* The last entry of the first row of the second layer: 4 x 3 entries, then 4 x 2. */
static void stand_by(void *context, int rank, size_t step, int64_t *values, size_t n) {
    (void)context;
    if (rank == plot.rank && step == plot.step && !plot.sum && !plot.admits)
        values[13] += 3;
    if (rank == plot.rank && step == plot.step && plot.excuse)
        values[n - 1] += 3;
}

static void lie(void *context, int rank, cs_label label, size_t occurrence, cs_fr *values, size_t n) {
    (void)context;
    for (size_t k = 0; rank == plot.liar && label == plot.label && occurrence >= plot.from && !plot.answer && k < n; k++)
        values[k] = cs_fr_add(values[k], cs_fr_from_u64(plot.amount > 0 ? plot.amount : 1));
}

static void lie_in_answer(void *context, int rank, cs_label label, cs_fr *scalars, size_t n) {
    (void)context, (void)n;
    if (rank == plot.liar && label == plot.label && plot.answer)
        scalars[0] = cs_fr_add(scalars[0], CS_FR_ONE);
}

/* Every named rank is convicted by evidence if all have identities, and nobody else is accused in any. */
static void check_evidence(const cs_tiny *t, unsigned named) {
    for (int i = 0; i < CS_TINY_RANKS; i++) {
        char path[512];
        cs_accusation_report report;
        const bool found = cs_evidence_find(t, i, path);
        const bool wanted = plot.identified && ((named >> i & 1) != 0 || (plot.of > 0 && i == plot.accused));
        if (found != wanted)
            fail_msg("rank %d: evidence %s", i, found ? "that nobody wants" : "is missing");
        if (!found)
            continue;
        const cs_status status = cs_accusation_verify(&report, path);
        if (plot.of > 0 && i == plot.accused) {
            if (status != CS_REJECT && status != CS_ERR_INPUT)
                fail_msg("honest rank %d, offence %d: %s", i, plot.of, cs_status_name(status));
            continue;
        }
        if (status != CS_OK)
            fail_msg("rank %d: %s", i, cs_error_text());
        assert_int_equal(report.rank, i);
        assert_non_null(strstr(t->outcomes[0].text, report.offence));
        assert_non_null(strstr(t->outcomes[0].text, path));
        if (plot.changes)
            cs_evidence_change(t, path);
    }
}

/* Runs the job and expects that the root says `expected`, and that it names ranks by `named` bits and no others. */
static void run(const char *model, const char *expected, unsigned named) {
    cs_tiny t;
    cs_attack attacks[CS_TINY_RANKS];
    assert_int_equal(cs_tiny_new(&t, model), CS_OK);
    if (plot.hidden)
        assert_int_equal(cs_tiny_edit(&t, "job.json", "\"seeds\"", "\"indices\": \"hidden\", \"seeds\""), CS_OK);
    if (plot.identified)
        assert_int_equal(cs_tiny_identify(&t), CS_OK);
    for (int i = 0; i < CS_TINY_RANKS; i++) {
        attacks[i] =
            (cs_attack){.dishonest = i == plot.liar, .message = lie, .answer = lie_in_answer, .contribution = stand_by};
        attacks[i].recommits = plot.recommits && i == plot.rank;
        attacks[i].accuses = i == 0 && plot.of > 0 ? plot.accused + 1 : 0;
        attacks[i].of = plot.of;
        t.options[i].attributable = true;
        t.options[i].segments = plot.segments;
        t.options[i].checkpoint = plot.checkpoints ? t.folder : NULL;
        t.options[i].checkpoint_steps = plot.checkpoints ? 1 : 0;
        t.options[i].tamper = tamper;
        t.options[i].attack = &attacks[i];
    }
    const cs_status status = cs_tiny_run(&t, "out");
    const char *text = t.outcomes[0].text;
    if (expected == NULL) {
        if (status != CS_OK)
            print_error("%s\n", text);
        assert_int_equal(status, CS_OK);
    } else {
        if (strstr(text, expected) == NULL)
            print_error("not in the text: %s\n%s\n", expected, text);
        assert_int_equal(t.outcomes[0].status, CS_REJECT);
        assert_non_null(strstr(text, expected));
    }
    for (int i = 0; i < CS_TINY_RANKS; i++) {
        char name[16];
        snprintf(name, sizeof name, "rank %d (", i);
        if (expected != NULL && (strstr(text, name) != NULL) != ((named >> i & 1) != 0))
            print_error("rank %d: %s\n", i, text);
        assert_true(expected == NULL || (strstr(text, name) != NULL) == ((named >> i & 1) != 0));
        if (expected != NULL && i > 0) /* all ranks are told the same */
            assert_true((strstr(t.outcomes[i].text, name) != NULL) == ((named >> i & 1) != 0));
    }
    check_evidence(&t, named);
    cs_tiny_free(&t);
    cs_generators_release();
    assert_int_equal(cs_memory_live(), 0);
}

static void nobody_cheats(void **state) {
    (void)state;
    plot.rank = plot.liar = NOBODY;
    run("public", NULL, 0);
    run("committed", NULL, 0);
}

/* At every step, the last one included, of which no weight table knows; by any rank. */
static void wrong_gradient(void **state) {
    (void)state;
    for (size_t step = 0; step < STEPS; step++)
        for (int rank = 0; rank < CS_TINY_RANKS; rank++) {
            if (step != 0 && step != STEPS - 1 && rank != 1)
                continue;
            char expected[96];
            memset(&plot, 0, sizeof plot);
            plot.rank = rank;
            plot.step = step;
            plot.liar = NOBODY;
            plot.identified = rank != 0 || step == 0;
            plot.changes = step == 1;
            snprintf(expected, sizeof expected,
                     "cheated at gradient: the gradient that it sent is not that of its committed");
            run(step % 2 == 0 ? "public" : "committed", expected, 1u << rank);
        }
}

/* With wishes to save behind the gradients, in a later segment, with draws that nobody else knows. */
static void other_jobs(void **state) {
    (void)state;
    for (int kind = 0; kind < 3; kind++)
        for (size_t step = 1; step < STEPS; step += 2) {
            memset(&plot, 0, sizeof plot);
            plot.checkpoints = kind == 0;
            plot.segments = kind == 1 ? 2 : 0;
            plot.hidden = kind == 2;
            plot.rank = 2;
            plot.step = kind == 1 ? step / 2 : step; /* of a segment, whichever comes first */
            plot.identified = true;
            plot.liar = NOBODY;
            run("public", "rank 2 (carol) cheated at gradient: the gradient that it sent", 1u << 2);
        }
    memset(&plot, 0, sizeof plot);
    plot.checkpoints = plot.hidden = true;
    plot.rank = plot.liar = NOBODY;
    plot.segments = 2;
    run("public", NULL, 0);
}

static void another_story(void **state) {
    (void)state;
    memset(&plot, 0, sizeof plot);
    plot.rank = 1;
    plot.step = 1;
    plot.admits = true;
    plot.identified = true;
    plot.liar = NOBODY;
    run("public", "what it says it sent while training is not what it sent", 1u << 1);
}

/* Who sent a wrong gradient may commit to other tensors when it is asked. */
static void other_tensors(void **state) {
    (void)state;
    memset(&plot, 0, sizeof plot);
    plot.rank = 1;
    plot.step = 2;
    plot.recommits = plot.identified = plot.changes = true;
    plot.liar = NOBODY;
    run("committed", "rank 1 (bob) cheated at witness/rows: it commits to other tensors than before", 1u << 1);
}

/* A root that makes evidence against honest ranks from what they signed when they were asked. */
static void honest_ranks_are_accused(void **state) {
    static const cs_offence OF[] = {CS_OFFENCE_OPENING, CS_OFFENCE_FOREIGN, CS_OFFENCE_ROW,     CS_OFFENCE_SENT,
                                    CS_OFFENCE_SUM,     CS_OFFENCE_WITNESS, CS_OFFENCE_GRADIENT};
    (void)state;
    for (size_t k = 0; k < sizeof OF / sizeof *OF; k++) {
        memset(&plot, 0, sizeof plot);
        plot.rank = 1;
        plot.step = 1;
        plot.identified = true;
        plot.liar = NOBODY;
        plot.accused = CS_TINY_RANKS - 1; /* who adds up */
        plot.of = (int)OF[k];
        run("public", "rank 1 (bob) cheated at gradient", 1u << 1);
    }
}

/* So short a gradient has one part, which the last rank adds up. */
static void wrong_sum(void **state) {
    (void)state;
    for (size_t step = 1; step < STEPS; step += 2) {
        memset(&plot, 0, sizeof plot);
        plot.rank = CS_TINY_RANKS - 1;
        plot.step = step;
        plot.sum = true;
        plot.identified = true;
        plot.changes = step == 1;
        plot.liar = NOBODY;
        run("public", "cheated at gradient: the sums that it showed are not those of what it got",
            1u << (CS_TINY_RANKS - 1));
    }
}

/* The one who adds up says that the difference was its own gradient; it has said before what its own addends were. */
static void wrong_sum_as_gradient(void **state) {
    (void)state;
    memset(&plot, 0, sizeof plot);
    plot.rank = CS_TINY_RANKS - 1;
    plot.step = 1;
    plot.sum = plot.excuse = true;
    plot.identified = true;
    plot.liar = NOBODY;
    run("public", "cheated at gradient: what it says it sent while training", 1u << (CS_TINY_RANKS - 1));
}

/* Rank 1 says of a table that holds that it is wrong from step 2 on: all show that their gradients of step 1 and their
 * shares of the table are right. */
static void false_alarm(void **state) {
    (void)state;
    memset(&plot, 0, sizeof plot);
    plot.rank = NOBODY;
    plot.liar = 1;
    plot.label = CS_LABEL_TABLE_VERDICT;
    plot.amount = 3;
    run("public", "cheated at forward/table: it says of a weight table that is right that it is wrong", 1u << 1);
}

/* Rank 1 has sent a wrong gradient; rank 2 lies as well, when all are asked. */
static void lies_when_asked(void **state) {
    static const struct {
        cs_label label;
        size_t from;
        bool answer;
        const char *expected;
    } LIES[] = {{CS_LABEL_ATTRIBUTION_PART, 0, false, "rank 2 (carol) cheated at attribution/part"},
                {CS_LABEL_ATTRIBUTION_VALUE, 0, false, "rank 2 (carol) cheated at"},
                {CS_LABEL_OPEN_MASK_VALUE, 0, false, "rank 2 (carol) cheated at open/value"},
                {CS_LABEL_OPEN_ANSWER, 0, true, "rank 2 (carol) cheated at open/answer"},
                {CS_LABEL_FINALE_ANSWER, 0, true, "rank 2 (carol) cheated at"},
                {CS_LABEL_ATTRIBUTION_PADS, 0, false, "rank 2 (carol) cheated at gradient"}};
    (void)state;
    for (size_t k = 0; k < sizeof LIES / sizeof *LIES; k++) {
        memset(&plot, 0, sizeof plot);
        plot.rank = 1;
        plot.step = 1;
        plot.liar = 2;
        plot.label = LIES[k].label;
        plot.from = LIES[k].from;
        plot.answer = LIES[k].answer;
        plot.identified = true;
        run("public", LIES[k].expected, 1u << 1 | 1u << 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_cheats), cmocka_unit_test(wrong_gradient),           cmocka_unit_test(other_jobs),
        cmocka_unit_test(other_tensors), cmocka_unit_test(honest_ranks_are_accused), cmocka_unit_test(another_story),
        cmocka_unit_test(wrong_sum),     cmocka_unit_test(wrong_sum_as_gradient),    cmocka_unit_test(lies_when_asked),
        cmocka_unit_test(false_alarm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
