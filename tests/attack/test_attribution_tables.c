/* Whole jobs with --attributable in which ranks send wrong shares of weight tables, add them up wrongly, or call a table
 * wrong that is right: who did it is named, with evidence where it signed what convicts it, and honest ranks never are. */
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

enum { NOBODY = -1, RANKS = CS_TINY_RANKS };

/* The tables of two layers, in their order. */
static const struct {
    cs_label label;
    size_t occurrence;
    size_t width;
} TABLES[] = {{CS_LABEL_FORWARD_TABLE, 0, 4}, {CS_LABEL_FORWARD_TABLE, 1, 4}, {CS_LABEL_BACKWARD_TABLE, 0, 3}};

enum { N_TABLES = sizeof TABLES / sizeof *TABLES };

static struct {
    int rank; /* adds to one entry of its share of table `table` */
    size_t table, entry;
    bool withdraws;  /* and says afterwards that it sent what is right */
    int adder;       /* changes the sum of the table, of which it adds up a part */
    int liar;        /* lies in its messages, or answers, of this label */
    cs_label label;  /* ... */
    bool answer;     /* ... */
    int alarm;       /* says of the table that it is wrong from this row on, less one */
    uint64_t claim;  /* ... */
    int deceived;    /* is shown other commitments to rows than the others */
    int blames;      /* says that its pads with rank 2 are such that its share is right */
    int gradient;    /* sends a wrong gradient of step 1 */
    int recommits;   /* commits to its tensors anew when it is asked */
    int accused, of; /* rank 0 accuses an honest rank */
    bool identified, changes, hidden;
    unsigned idle; /* bits; then the job is another one */
    size_t segments;
} plot;

static void no_plot(void) {
    memset(&plot, 0, sizeof plot);
    plot.rank = plot.adder = plot.liar = plot.alarm = plot.deceived = plot.blames = plot.gradient = plot.recommits = NOBODY;
    plot.label = CS_LABEL_COUNT;
}

static void lie(void *context, int rank, cs_label label, size_t occurrence, cs_fr *values, size_t n) {
    (void)context;
    if (rank == plot.rank && label == TABLES[plot.table].label && occurrence == TABLES[plot.table].occurrence)
        values[plot.entry % n] = cs_fr_add(values[plot.entry % n], CS_FR_ONE);
    if (rank == plot.alarm && label == CS_LABEL_TABLE_VERDICT && occurrence == plot.table)
        values[0] = cs_fr_from_u64(plot.claim);
    for (size_t k = 0; rank == plot.liar && label == plot.label && !plot.answer && k < n; k++)
        values[k] = cs_fr_add(values[k], CS_FR_ONE);
}

static void lie_in_answer(void *context, int rank, cs_label label, cs_fr *scalars, size_t n) {
    (void)context, (void)n;
    if (rank == plot.liar && label == plot.label && plot.answer)
        scalars[0] = cs_fr_add(scalars[0], CS_FR_ONE);
}

static void add_up(void *context, int rank, cs_label label, cs_fr *sums, size_t n) {
    (void)context;
    if (rank == plot.adder && label == TABLES[plot.table].label)
        sums[n - 1] = cs_fr_add(sums[n - 1], CS_FR_ONE);
}

static void withdraw(void *context, int rank, uint8_t *elements, size_t size) {
    uint8_t *at = elements + 32 * plot.entry;
    cs_fr value;
    (void)context;
    if (rank != plot.rank || !plot.withdraws)
        return;
    assert_true(32 * plot.entry < size && cs_fr_decode(&value, at));
    cs_fr_encode(at, cs_fr_sub(value, CS_FR_ONE));
}

static void blame(void *context, int rank, int peer, cs_fr *values, size_t n) {
    (void)context;
    if (rank == plot.blames && peer == 2)
        values[plot.entry % n] = cs_fr_add(values[plot.entry % n], CS_FR_ONE);
}

static void tamper(void *context, int rank, size_t step, int what, size_t layer, size_t limb, int64_t *values, size_t rows,
                   size_t columns) {
    (void)context, (void)limb, (void)rows;
    if (rank == plot.gradient && step == 1 && what == CS_TAMPER_GRADIENT && layer == 2 && columns > 0)
        values[columns - 1] += 3;
}

/* The last entry of the first row of the second layer: 4 x 3 entries, then 4 x 2. */
static void stand_by(void *context, int rank, size_t step, int64_t *values, size_t n) {
    (void)context, (void)n;
    if (rank == plot.gradient && step == 1)
        values[13] += 3;
}

/* Each named rank is convicted by evidence where there is some, and nobody else. */
static void check_evidence(const cs_tiny *t, unsigned named, bool evidence) {
    for (int i = 0; i < RANKS; i++) {
        char path[512];
        cs_accusation_report report;
        const bool accused = plot.of > 0 && i == plot.accused;
        const bool wanted = plot.identified && (((named >> i & 1) != 0 && evidence) || accused);
        const bool found = cs_evidence_find(t, i, path);
        if (found != wanted)
            fail_msg("rank %d: evidence %s: %s", i, found ? "that nobody wants" : "is missing", t->outcomes[0].text);
        if (!found)
            continue;
        const cs_status status = cs_accusation_verify(&report, path);
        if (accused) {
            if (status != CS_REJECT && status != CS_ERR_INPUT)
                fail_msg("honest rank %d, offence %d: %s", i, plot.of, cs_status_name(status));
            continue;
        }
        if (status != CS_OK)
            fail_msg("rank %d: %s", i, cs_error_text());
        assert_int_equal(report.rank, plot.idle >> i & 1 ? RANKS - 1 : i); /* idle members come last */
        assert_non_null(strstr(t->outcomes[0].text, report.offence));
        if (plot.changes)
            cs_evidence_change(t, path);
    }
}

static void set_options(cs_tiny *t, cs_attack *attacks) {
    for (int i = 0; i < RANKS; i++) {
        attacks[i] = (cs_attack){.dishonest = i == plot.liar,
                                 .message = lie,
                                 .answer = lie_in_answer,
                                 .add_up = add_up,
                                 .share = withdraw,
                                 .table_pads = blame,
                                 .contribution = stand_by,
                                 .recommits = i == plot.recommits,
                                 .accuses = i == 0 && plot.of > 0 ? plot.accused + 1 : 0,
                                 .of = plot.of};
        t->options[i].attributable = true;
        t->options[i].segments = plot.segments;
        t->options[i].tamper = plot.gradient != NOBODY ? tamper : NULL;
        t->options[i].attack = &attacks[i];
    }
}

/* The root says `expected` and names ranks by `named` bits and no others, and all are told the same. */
static void check_names(const cs_tiny *t, const char *expected, unsigned named) {
    if (strstr(t->outcomes[0].text, expected) == NULL)
        fail_msg("not \"%s\" but: %s", expected, t->outcomes[0].text);
    cs_tiny_expect_names(t, RANKS, named);
}

static void end(cs_tiny *t) {
    cs_tiny_free(t);
    cs_generators_release();
    assert_int_equal(cs_memory_live(), 0);
}

static void run(const char *model, const char *expected, unsigned named, bool evidence) {
    cs_tiny t;
    cs_attack attacks[RANKS];
    if (plot.idle != 0)
        assert_int_equal(cs_tiny_new_idle(&t, RANKS, plot.idle, ""), CS_OK);
    else
        assert_int_equal(cs_tiny_new(&t, model), CS_OK);
    if (plot.hidden)
        assert_int_equal(cs_tiny_edit(&t, "job.json", "\"seeds\"", "\"indices\": \"hidden\", \"seeds\""), CS_OK);
    if (plot.identified)
        assert_int_equal(cs_tiny_identify(&t), CS_OK);
    set_options(&t, attacks);
    assert_int_not_equal(cs_tiny_run(&t, "out"), CS_OK);
    assert_int_equal(t.outcomes[0].status, CS_REJECT);
    check_names(&t, expected, named);
    check_evidence(&t, named, evidence);
    end(&t);
}

static const char SHARE[] = "table: the share of the weight table that it sent is not that of its committed tensors";

/* Each rank, the root too, in each of the tables, in its first and last entries. */
static void wrong_share(void **state) {
    (void)state;
    for (size_t table = 0; table < N_TABLES; table++)
        for (int rank = 0; rank < RANKS; rank++) {
            no_plot();
            plot.rank = rank;
            plot.table = table;
            plot.entry = rank == 1 ? 3 * TABLES[table].width - 1 : table;
            plot.identified = rank != 0 || table == 0;
            plot.changes = rank == 1 && table == 2;
            run(table % 2 == 0 ? "public" : "committed", SHARE, 1u << rank, true);
        }
}

/* Draws that nobody else knows; a segment that starts from a committed model. */
static void other_jobs(void **state) {
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        no_plot();
        plot.rank = 2;
        plot.table = (size_t)kind;
        plot.hidden = kind == 0;
        plot.segments = kind == 0 ? 1 : 2;
        plot.identified = true;
        run("committed", SHARE, 1u << 2, true);
    }
}

/* An idle rank's share is zero. It gives no answer, so evidence is what it told and signed. */
static void idle_rank(void **state) {
    (void)state;
    for (int rank = 0; rank < 2; rank++) {
        no_plot();
        plot.idle = 1u << rank;
        plot.rank = rank;
        plot.table = 2;
        plot.identified = true;
        run("public", SHARE, 1u << rank, true);
    }
}

/* So short a table has one part, which the last rank adds up. */
static void wrong_sum(void **state) {
    (void)state;
    for (size_t table = 0; table < N_TABLES; table += 2) {
        no_plot();
        plot.adder = RANKS - 1;
        plot.table = table;
        plot.identified = plot.changes = true;
        run("public", "table: the sums that it showed are not those of what it got", 1u << (RANKS - 1), true);
    }
}

/* Who has sent a wrong share says that it sent another one, or commits to other tensors. */
static void another_story(void **state) {
    (void)state;
    no_plot();
    plot.rank = 1;
    plot.entry = 2;
    plot.withdraws = plot.identified = plot.changes = true;
    run("public", "table: what it says it sent while training is not what it sent", 1u << 1, true);
    no_plot();
    plot.rank = plot.recommits = 1;
    plot.identified = true;
    run("public", "rank 1 (bob) cheated at witness/rows: it commits to other tensors than before", 1u << 1, true);
}

/* Rank 1 has sent a wrong share; rank 2 lies as well, when all are asked. */
static void lies_when_asked(void **state) {
    static const struct {
        cs_label label;
        bool answer;
        const char *expected;
    } LIES[] = {{CS_LABEL_ATTRIBUTION_PART, false, "rank 2 (carol) cheated at attribution/part"},
                {CS_LABEL_ATTRIBUTION_VALUE, false, "rank 2 (carol) cheated at"},
                {CS_LABEL_FINALE_ANSWER, true, "rank 2 (carol) cheated at"},
                {CS_LABEL_ATTRIBUTION_PADS, false, "rank 2 (carol) cheated at"}};
    (void)state;
    for (size_t k = 0; k < sizeof LIES / sizeof *LIES; k++) {
        no_plot();
        plot.rank = 1;
        plot.table = 1;
        plot.liar = 2;
        plot.label = LIES[k].label;
        plot.answer = LIES[k].answer;
        plot.identified = true;
        run("public", LIES[k].expected, 1u << 1 | 1u << 2, true);
    }
}

/* Rank 1 has sent a wrong share, and says that the difference is in its pads with rank 2, who shows what they are. Without
 * identities nobody shows anything, and both are named. */
static void lies_about_pads(void **state) {
    (void)state;
    for (int identified = 0; identified < 2; identified++)
        for (size_t table = 0; table < N_TABLES; table += 2) {
            no_plot();
            plot.rank = plot.blames = 1;
            plot.table = table;
            plot.entry = 1;
            plot.identified = identified == 1;
            plot.changes = table == 0;
            run("public",
                identified == 1 ? "rank 1 (bob) cheated at gradient: the pads that it committed to are not those"
                                : "it does not agree with another rank on the pads of both",
                identified == 1 ? 1u << 1 : 1u << 1 | 1u << 2, true);
        }
}

/* A wrong gradient of step 1, which is in the table from its second row on, and a wrong share of the third: both are found.
 */
static void two_cheats(void **state) {
    (void)state;
    no_plot();
    plot.gradient = 0;
    plot.rank = 2;
    plot.table = 1;
    plot.entry = 2 * TABLES[1].width;
    plot.identified = true;
    run("public", "cheated at gradient: the gradient that it sent is not", 1u << 0 | 1u << 2, true);
}

/* Of a table that is right: from any row on, of rows that it has not, and of W(0), which every rank adds by itself. */
static void false_alarm(void **state) {
    static const uint64_t CLAIMS[] = {1, 2, 4, 5, UINT64_MAX};
    (void)state;
    for (size_t k = 0; k < sizeof CLAIMS / sizeof *CLAIMS; k++) {
        no_plot();
        plot.alarm = (int)k % RANKS;
        plot.claim = CLAIMS[k];
        plot.table = k % N_TABLES;
        plot.identified = k % 2 == 0;
        run("public", "table: it says of a weight table that is right that it is wrong", 1u << plot.alarm, false);
    }
}

/* A root that makes evidence against an honest rank of what it signed when it was asked. */
static void honest_ranks_are_accused(void **state) {
    static const cs_offence OF[] = {CS_OFFENCE_ROW, CS_OFFENCE_SENT, CS_OFFENCE_SUM, CS_OFFENCE_GRADIENT, CS_OFFENCE_TABLE};
    (void)state;
    for (size_t k = 0; k < sizeof OF / sizeof *OF; k++) {
        no_plot();
        plot.rank = 1;
        plot.identified = true;
        plot.accused = RANKS - 1; /* who adds up */
        plot.of = (int)OF[k];
        run("public", "rank 1 (bob) cheated at forward/table", 1u << 1, true);
    }
}

static void show_otherwise(void *context, int rank, cs_label label, uint8_t *bytes, size_t size) {
    (void)context;
    if (rank == plot.deceived && label == CS_LABEL_WITNESS)
        bytes[rank == 2 ? 0 : size - 32] ^= 1; /* of another rank's row */
}

/* Rank 0 shows one rank other commitments than the others. Its pads do not cancel, so the first table is noise for all; the
 * ranks see that they are not at the same place, nobody shows anything more, and nobody is accused. */
static void different_proofs(void **state) {
    (void)state;
    for (int rank = 1; rank < RANKS; rank++) {
        cs_tiny t;
        cs_attack attacks[RANKS];
        no_plot();
        plot.deceived = rank;
        plot.identified = rank == 1;
        assert_int_equal(cs_tiny_new(&t, "public"), CS_OK);
        if (plot.identified)
            assert_int_equal(cs_tiny_identify(&t), CS_OK);
        set_options(&t, attacks);
        attacks[rank].shown_otherwise = show_otherwise;
        assert_int_not_equal(cs_tiny_run(&t, "out"), CS_OK);
        for (int i = 0; i < RANKS; i++) {
            assert_int_not_equal(t.outcomes[i].status, CS_OK);
            assert_null(strstr(t.outcomes[i].text, "cheated"));
        }
        if (strstr(t.outcomes[rank].text, "rank 0 showed the ranks different proofs") == NULL)
            fail_msg("rank %d: %s", rank, t.outcomes[rank].text);
        check_evidence(&t, 0, false);
        end(&t);
    }
}

/* A run that goes on from where all is trained: no gradient of it is known any more, the table is. */
static void resumed(void **state) {
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        cs_tiny t;
        cs_attack attacks[RANKS];
        assert_int_equal(cs_tiny_new(&t, "public"), CS_OK);
        assert_int_equal(cs_tiny_identify(&t), CS_OK);
        for (int resumes = 0; resumes < 2; resumes++) {
            no_plot();
            plot.identified = true;
            plot.rank = resumes == 0 || kind == 0 ? 2 : NOBODY;
            plot.alarm = resumes == 1 && kind == 1 ? 1 : NOBODY;
            plot.claim = 3; /* of a gradient that cannot be looked at */
            set_options(&t, attacks);
            for (int i = 0; i < RANKS; i++) {
                t.options[i].checkpoint = t.folder;
                t.options[i].checkpoint_steps = 1;
                t.options[i].resume = resumes == 1;
            }
            assert_int_not_equal(cs_tiny_run(&t, resumes == 1 ? "again" : "out"), CS_OK);
            check_names(&t, resumes == 1 && kind == 1 ? "nobody can be named" : SHARE,
                        resumes == 1 && kind == 1 ? 0 : 1u << 2);
            check_evidence(&t, plot.rank == NOBODY ? 0 : 1u << 2, true);
        }
        end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(wrong_share),      cmocka_unit_test(other_jobs),
                                       cmocka_unit_test(idle_rank),        cmocka_unit_test(wrong_sum),
                                       cmocka_unit_test(another_story),    cmocka_unit_test(lies_when_asked),
                                       cmocka_unit_test(lies_about_pads),  cmocka_unit_test(two_cheats),
                                       cmocka_unit_test(false_alarm),      cmocka_unit_test(honest_ranks_are_accused),
                                       cmocka_unit_test(different_proofs), cmocka_unit_test(resumed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
