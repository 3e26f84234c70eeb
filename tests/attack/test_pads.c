/* Ranks that lie about the pads they share with another, as what they are or when it is asked who lies: with --attributable
 * and identities exactly the liar is named and convicted, and an honest rank shows what it has of a pair only to convict the
 * other. And ranks without data, of whose addends there is evidence as of any. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attest/accusation_told.h"
#include "attest/container.h"
#include "base/file.h"
#include "base/memory.h"
#include "curve/generators.h"
#include "support/evidence_files.h"
#include "train/blocks.h"

enum { MOST = 4, NOBODY = -1, STEP = 1, ENTRY = 13 }; /* the last entry of the first row of the second layer */

/* Rank `liar` sends a wrong gradient in step 1, and says that the difference is in its pads with rank `with`. `against`:
 * instead, its gradient is right, and its pads with `with` and `against` are both wrong, so that it sends what it must. */
static struct {
    int liar, with, against;
    bool says_gradient, excuse; /* does not speak of pads; and says that it sent something else */
    int wrong;                  /* this rank sends a wrong gradient, and says so; NOBODY */
    int withholds, garbles;     /* these ranks show nothing, or other keys */
    int roots, roots_of;        /* the first commits to other keys of the pair, before all */
    bool ask_all;               /* the root asks about all pairs ... */
    bool lengthens;             /* ... in one byte too many */
    size_t change_at;           /* ... and changes this byte, from 1, of what it says that the ranks told */
    int accused, of;            /* and writes evidence of its own */
    int unsigned_told;          /* this rank does not sign what it tells */
    bool by_told;               /* as against a rank without data */
    atomic_int shown[MOST];     /* how often each showed something */
} plot;

static void no_plot(void) {
    memset(&plot, 0, sizeof plot);
    plot.liar = plot.with = plot.against = plot.wrong = plot.withholds = plot.garbles = plot.roots = plot.accused =
        plot.unsigned_told = NOBODY;
}

static bool sends_wrongly(int rank) {
    return rank == plot.wrong || (rank == plot.liar && plot.against == NOBODY);
}

static void tamper(void *context, int rank, size_t step, int what, size_t layer, size_t limb, int64_t *values, size_t rows,
                   size_t columns) {
    (void)context, (void)limb, (void)rows;
    if (sends_wrongly(rank) && step == STEP && columns > 0 && what == CS_TAMPER_GRADIENT && layer == 2)
        values[columns - 1] += 3;
}

static void stand_by(void *context, int rank, size_t step, int64_t *values, size_t n) {
    (void)context, (void)n;
    if (sends_wrongly(rank) && step == STEP && !plot.excuse)
        values[ENTRY] += 3;
}

static void lie_about_pads(void *context, int rank, int peer, size_t step, unsigned __int128 *values, size_t n) {
    (void)context, (void)n;
    if (rank != plot.liar || step != STEP || plot.says_gradient)
        return;
    if (peer == plot.with)
        values[ENTRY] += 3;
    if (peer == plot.against)
        values[ENTRY] -= 3;
}

static void show(void *context, int rank, int peer, cs_buffer *shown) {
    (void)context, (void)peer;
    plot.shown[rank]++;
    if (rank == plot.withholds)
        cs_buffer_clear(shown);
    if (rank == plot.garbles)
        shown->data[shown->size / 2] ^= 1;
}

static void commit(void *context, int rank, uint8_t (*roots)[32], int n) {
    (void)context;
    assert_in_range(plot.roots_of, 0, n - 1);
    if (rank == plot.roots)
        roots[plot.roots_of][0] ^= 1;
}

static void ask(void *context, cs_buffer *asked) {
    (void)context;
    if (plot.change_at > 0 && plot.change_at <= asked->size)
        asked->data[plot.change_at - 1] ^= 1;
    if (plot.lengthens)
        cs_buffer_append(asked, "", 1);
}

/* ------------------------------------------------------------ runs */

static void must(cs_status status) {
    if (status != CS_OK)
        fail_msg("status %d: %s", (int)status, cs_error_text());
}

static void go(cs_tiny *t, int ranks, unsigned idle, bool identities) {
    static cs_attack attacks[MOST];
    must(cs_tiny_new_idle(t, ranks, idle, ""));
    if (identities)
        must(cs_tiny_identify(t));
    for (int i = 0; i < ranks; i++) {
        attacks[i] = (cs_attack){.contribution = stand_by, .pads = lie_about_pads, .shown = show};
        attacks[i].dishonest = i == plot.liar;
        attacks[i].roots = plot.roots == NOBODY ? NULL : commit;
        attacks[i].asks_all = i == 0 && plot.ask_all;
        attacks[i].ask = i == 0 ? ask : NULL;
        attacks[i].accuses = i == 0 ? plot.accused + 1 : 0;
        attacks[i].of = plot.of;
        attacks[i].by_told = plot.by_told;
        attacks[i].signs_nothing = i == plot.unsigned_told;
        t->options[i].attributable = true;
        t->options[i].tamper = tamper;
        t->options[i].attack = &attacks[i];
    }
    assert_int_not_equal(cs_tiny_run_ranks(t, "out", ranks), CS_OK);
    assert_int_not_equal(access(t->attestation, F_OK), 0);
}

static void end(cs_tiny *t) {
    cs_tiny_free(t);
    cs_generators_release();
    assert_int_equal(cs_memory_live(), 0);
}

static void says(const cs_tiny *t, int rank, const char *what) {
    if (strstr(t->outcomes[rank].text, what) == NULL)
        fail_msg("rank %d does not say \"%s\" but: %s", rank, what, t->outcomes[rank].text);
}

static void put(const cs_container *parts, const char *path) {
    cs_buffer file = {0};
    must(cs_container_encode(&file, parts));
    must(cs_file_write(path, file.data, file.size, 0644));
    cs_buffer_free(&file);
}

static void open_evidence(cs_container *parts, const char *path) {
    cs_buffer file = {0};
    must(cs_file_read(path, 1 << 24, &file));
    must(cs_container_decode_evidence(parts, "evidence", file.data, file.size));
    cs_buffer_free(&file);
}

static void refused(const char *path, const char *what, size_t at) {
    cs_accusation_report report;
    const cs_status status = cs_accusation_verify(&report, path);
    if (status != CS_REJECT && status != CS_ERR_INPUT)
        fail_msg("%s, %zu: %s", what, at, cs_status_name(status));
}

/* No byte of it can be changed, and none left out or put behind. */
static void change_evidence(const cs_tiny *t, const char *path) {
    static const cs_section SECTIONS[] = {CS_SECTION_TOLD, CS_SECTION_DOUBT, CS_SECTION_STATEMENT};
    char changed[512];
    cs_container parts;
    open_evidence(&parts, path);
    snprintf(changed, sizeof changed, "%s/changed", t->out);
    for (size_t s = 0; s < sizeof SECTIONS / sizeof *SECTIONS; s++) {
        cs_buffer *b = &parts.section[SECTIONS[s]];
        const size_t step = s == 0 ? 13 : b->size / 40 + 1;
        for (size_t at = 0; at < b->size; at += step) {
            b->data[at] ^= (uint8_t)(1u << at % 8);
            put(&parts, changed);
            refused(changed, "changed", 10000 * s + at);
            b->data[at] ^= (uint8_t)(1u << at % 8);
        }
        b->size--;
        put(&parts, changed);
        refused(changed, "shortened", s);
        b->size++;
        cs_buffer_append(b, "\0", 1);
        put(&parts, changed);
        refused(changed, "lengthened", s);
        b->size--;
    }
    cs_container_free(&parts);
}

/* Whoever else is put in the place of the accused. */
static void swap_members(const cs_tiny *t, const char *path, int ranks) {
    char changed[512];
    cs_container parts;
    cs_told_accusation a;
    open_evidence(&parts, path);
    cs_buffer *told = &parts.section[CS_SECTION_TOLD];
    must(cs_told_decode(&a, told->data, told->size));
    snprintf(changed, sizeof changed, "%s/changed", t->out);
    const int member = a.member;
    for (a.member = 0; a.member < ranks; a.member++) {
        cs_buffer_clear(told);
        must(cs_told_encode(told, &a));
        put(&parts, changed);
        if (a.member != member)
            refused(changed, "another member", (size_t)a.member);
    }
    cs_told_accusation_free(&a);
    cs_container_free(&parts);
}

/* There is evidence against those whose bits are set, and nobody else, and it holds. */
static void convicts(const cs_tiny *t, int ranks, unsigned convicted, const char *offence, bool change) {
    for (int i = 0; i < ranks; i++) {
        char path[512], name[8];
        cs_accusation_report report;
        const bool found = cs_evidence_find(t, i, path);
        if (found != ((convicted >> i & 1) != 0))
            fail_msg("rank %d: evidence %s: %s", i, found ? "that nobody wants" : "is missing", t->outcomes[0].text);
        if (!found)
            continue;
        snprintf(name, sizeof name, "m%d", i);
        must(cs_accusation_verify(&report, path));
        assert_string_equal(report.member, name);
        assert_string_equal(report.signer.name, name);
        if (offence != NULL)
            assert_string_equal(report.offence, offence);
        says(t, 0, path);
        if (change) {
            change_evidence(t, path);
            swap_members(t, path, ranks);
        }
    }
}

static const char FALSE_PADS[] = "the pads that it committed to are not those that it shares with another rank";

/* ------------------------------------------------------------ tests */

/* Whoever it is, with whomever: the other one shows what their pads are, and nobody else shows anything. */
static void exactly_the_liar_is_convicted(void **state) {
    (void)state;
    for (int liar = 0; liar < 3; liar++)
        for (int with = 0; with < 3; with++) {
            cs_tiny t;
            if (with == liar)
                continue;
            no_plot();
            plot.liar = liar;
            plot.with = with;
            go(&t, 3, 0, true);
            says(&t, 0, FALSE_PADS);
            cs_tiny_expect_names(&t, 3, 1u << liar);
            convicts(&t, 3, 1u << liar, FALSE_PADS, liar == 1 && with == 2);
            for (int i = 0; i < 3; i++)
                assert_int_equal(plot.shown[i], i == with || i == liar); /* the program of the liar believes its own lie */
            end(&t);
        }
}

/* There is nobody else: either may be the root. */
static void of_two_ranks(void **state) {
    (void)state;
    for (int liar = 0; liar < 2; liar++) {
        cs_tiny t;
        no_plot();
        plot.liar = liar;
        plot.with = 1 - liar;
        go(&t, 2, 0, true);
        cs_tiny_expect_names(&t, 2, 1u << liar);
        convicts(&t, 2, 1u << liar, FALSE_PADS, false);
        end(&t);
    }
}

/* Its gradient is right, and it accuses two others of their pads, while a third sends a wrong one. */
static void a_lying_accuser_convicts_itself(void **state) {
    (void)state;
    for (int garbles = 0; garbles < 2; garbles++) {
        cs_tiny t;
        no_plot();
        plot.liar = 2;
        plot.with = 1;
        plot.against = 3;
        plot.wrong = 0;
        plot.garbles = garbles == 0 ? NOBODY : 2; /* what it shows itself is of no use */
        go(&t, 4, 0, true);
        says(&t, 0, "rank 0 (m0) cheated at gradient: the gradient that it sent is not that of its committed");
        says(&t, 0, "rank 2 (m2) cheated at gradient: the pads that it committed to are not");
        cs_tiny_expect_names(&t, 4, 1u << 0 | 1u << 2);
        convicts(&t, 4, 1u << 0 | 1u << 2, NULL, false);
        end(&t);
    }
}

/* Its gradient is wrong, too, and it says so; it shows all the same what its pads with the liar are. */
static void a_liar_beside_a_cheat_is_convicted(void **state) {
    (void)state;
    cs_tiny t;
    no_plot();
    plot.liar = 2;
    plot.with = plot.wrong = 1;
    go(&t, 3, 0, true);
    says(&t, 0, "rank 1 (m1) cheated at gradient: the gradient that it sent is not that of its committed");
    says(&t, 0, "rank 2 (m2) cheated at gradient: the pads that it committed to are not");
    cs_tiny_expect_names(&t, 3, 6);
    convicts(&t, 3, 6, NULL, false);
    end(&t);
}

/* Who does not sign what it told cannot be convicted, and nobody shows anything against it; it is named for that, alone. */
static void who_signs_nothing_is_named(void **state) {
    (void)state;
    for (int idle = 0; idle < 2; idle++) {
        cs_tiny t;
        no_plot();
        plot.liar = plot.unsigned_told = 1;
        plot.with = 0;
        go(&t, 3, idle == 1 ? 2 : 0, true);
        says(&t, 0, "rank 1 (m1) cheated at attribution/pads: what it signed is not what it sent and was shown");
        cs_tiny_expect_names(&t, 3, 2);
        convicts(&t, 3, 0, NULL, false);
        end(&t);
    }
}

/* Who could show it and does not, or shows something else, is one of two, as both are without identities. */
static void who_shows_nothing_is_named_with_the_liar(void **state) {
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        cs_tiny t;
        no_plot();
        plot.liar = 1;
        plot.with = 2;
        plot.against = NOBODY;
        plot.withholds = kind == 0 ? 2 : 1;
        plot.garbles = kind == 1 ? 2 : 1;
        go(&t, 3, 0, kind < 2);
        if (kind < 2)
            assert_int_equal(plot.shown[2], 1);
        else
            assert_int_equal(plot.shown[0] + plot.shown[1] + plot.shown[2], 0);
        says(&t, 0,
             "rank 1 (m1) or rank 2 (m2) cheated at gradient: it does not agree with another rank on the pads of both");
        cs_tiny_expect_names(&t, 3, 6);
        convicts(&t, 3, 0, NULL, false);
        end(&t);
    }
}

/* Other keys than the other one of the pair: nothing has left anybody then. */
static void keys_must_agree_before_all(void **state) {
    (void)state;
    for (int roots = 0; roots < 3; roots++) {
        cs_tiny t;
        char expected[96];
        no_plot();
        plot.roots = roots;
        plot.roots_of = (roots + 1) % 3;
        go(&t, 3, 0, true);
        snprintf(expected, sizeof expected, "ranks %d and %d do not say the same of the keys of their pads",
                 roots < plot.roots_of ? roots : plot.roots_of, roots < plot.roots_of ? plot.roots_of : roots);
        for (int i = 0; i < 3; i++)
            says(&t, i, expected);
        convicts(&t, 3, 0, NULL, false);
        end(&t);
    }
}

/* A root that asks without cause, or makes one up, is shown nothing by anybody. */
static void honest_ranks_show_nothing(void **state) {
    enum { POINT = 4 + 32, HALF = POINT + 64 * 3 + 32 + 64 };
    static const size_t CHANGES[] = {
        0,    1,        5,        1 + POINT,        1 + POINT + 64,        1 + POINT + 128, 1 + POINT + 192,
        HALF, 1 + HALF, 5 + HALF, 1 + HALF + POINT, 1 + HALF + POINT + 64, 2 * HALF,        1 + 2 * HALF};
    (void)state;
    for (size_t k = 0; k < sizeof CHANGES / sizeof *CHANGES; k++) {
        cs_tiny t;
        no_plot();
        plot.wrong = 1;
        plot.ask_all = true;
        plot.change_at = CHANGES[k];
        go(&t, 3, 0, true);
        for (int i = 0; i < 3; i++)
            assert_int_equal(plot.shown[i], 0);
        says(&t, 0, "rank 1 (m1) cheated at gradient: the gradient that it sent");
        end(&t);
    }
}

static void a_question_of_another_length(void **state) {
    (void)state;
    cs_tiny t;
    no_plot();
    plot.wrong = 1;
    plot.ask_all = plot.lengthens = true;
    go(&t, 3, 0, true);
    assert_int_equal(t.outcomes[2].status, CS_ERR_ABORT);
    says(&t, 2, "rank 0 asks about pads in");
    end(&t);
}

/* What an honest rank signed and showed convicts it of nothing. */
static void honest_ranks_are_not_convicted(void **state) {
    static const struct {
        unsigned idle;
        int liar, with, accused;
        cs_offence of;
        bool by_told;
    } CASES[] = {{0, 1, 2, 2, CS_OFFENCE_FALSE_PADS, false},
                 {0, 2, 0, 0, CS_OFFENCE_FALSE_PADS, false},
                 {1, 1, 0, 0, CS_OFFENCE_FALSE_PADS, false}, /* an idle one has shown it */
                 {4, 1, 0, 2, CS_OFFENCE_GRADIENT, false},   /* an idle one is accused of its addend */
                 {4, 1, 0, 2, CS_OFFENCE_SENT, false},
                 {0, 1, 2, 2, CS_OFFENCE_GRADIENT, true}, /* one with data, as if it had none */
                 {0, 1, 2, 0, CS_OFFENCE_SENT, true}};
    (void)state;
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        cs_tiny t;
        char path[512];
        no_plot();
        plot.liar = CASES[k].liar;
        plot.with = CASES[k].with;
        plot.accused = CASES[k].accused;
        plot.of = (int)CASES[k].of;
        plot.by_told = CASES[k].by_told;
        go(&t, 3, CASES[k].idle, true);
        assert_true(cs_evidence_find(&t, CASES[k].accused, path));
        refused(path, "an honest rank", k);
        says(&t, 0, FALSE_PADS);
        end(&t);
    }
}

/* ------------------------------------------------------------ ranks without data */

/* They sign what they tell: of a gradient that they have no tensors for, and of another story about it. */
static void an_idle_rank_is_convicted_of_its_addend(void **state) {
    (void)state;
    for (int rank = 0; rank < 3; rank++)
        for (int excuse = 0; excuse < 2; excuse++) {
            cs_tiny t;
            no_plot();
            plot.liar = rank;
            plot.says_gradient = true;
            plot.excuse = excuse == 1;
            go(&t, 3, 1u << rank, true);
            cs_tiny_expect_names(&t, 3, 1u << rank);
            convicts(&t, 3, 1u << rank,
                     excuse == 1 ? "what it says it sent while training is not what it sent"
                                 : "the gradient that it sent is not that of its committed tensors",
                     rank == 2);
            end(&t);
        }
}

/* Rank 0 is idle, and rank 1 its keeper. */
static void pads_of_idle_ranks(void **state) {
    static const int PAIRS[][2] = {{0, 1}, {1, 0}};
    (void)state;
    for (int k = 0; k < 2; k++) {
        cs_tiny t;
        no_plot();
        plot.liar = PAIRS[k][0];
        plot.with = PAIRS[k][1];
        go(&t, 3, 1, true);
        cs_tiny_expect_names(&t, 3, 1u << plot.liar);
        convicts(&t, 3, 1u << plot.liar, FALSE_PADS, k == 0);
        end(&t);
    }
}

/* Of two ranks with data neither shows a root without data the pads that hide its gradient from it. */
static void two_with_data_keep_their_pads_from_an_idle_root(void **state) {
    (void)state;
    cs_tiny t;
    no_plot();
    plot.liar = 1;
    plot.with = 2;
    go(&t, 3, 1, true);
    assert_int_equal(plot.shown[0] + plot.shown[1] + plot.shown[2], 0);
    says(&t, 0, "rank 1 (m1) or rank 2 (m2) cheated at gradient");
    cs_tiny_expect_names(&t, 3, 6);
    convicts(&t, 3, 0, NULL, false);
    end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_the_liar_is_convicted),
        cmocka_unit_test(of_two_ranks),
        cmocka_unit_test(a_lying_accuser_convicts_itself),
        cmocka_unit_test(a_liar_beside_a_cheat_is_convicted),
        cmocka_unit_test(who_signs_nothing_is_named),
        cmocka_unit_test(who_shows_nothing_is_named_with_the_liar),
        cmocka_unit_test(keys_must_agree_before_all),
        cmocka_unit_test(honest_ranks_show_nothing),
        cmocka_unit_test(a_question_of_another_length),
        cmocka_unit_test(honest_ranks_are_not_convicted),
        cmocka_unit_test(an_idle_rank_is_convicted_of_its_addend),
        cmocka_unit_test(pads_of_idle_ranks),
        cmocka_unit_test(two_with_data_keep_their_pads_from_an_idle_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
