/* A small run over a network that does one wrong thing to one frame: changes, cuts, lengthens, drops, repeats, swaps,
 * replays, forges it. Every rank must leave, with a reason that names the link, and nothing may be left under its final
 * name. A sample of the frames of all stages; `test_faults all STRIDE` takes every STRIDE-th of them with every fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/timer.h"
#include "support/tiny_run.h"

enum { HANG_SECONDS = 30, HANDSHAKE_FRAMES = 3, SAMPLE = 45 };

/* Seconds, where a frame goes missing: twice what a whole run takes on this machine now. */
static double patience = 0.3;

static const char *const NAMES[CS_FAULT_COUNT] = {"none",      "flip", "cut",    "lengthen", "drop",
                                                  "duplicate", "swap", "replay", "cross",    "forge"};

static bool goes_missing(cs_fault f) {
    return f == CS_FAULT_DROP || f == CS_FAULT_SWAP;
}

/* One of the link's two ranks. */
static bool names_link(const cs_faults *f, const char *text) {
    char from[16], to[16];
    snprintf(from, sizeof from, "rank %d", f->from);
    snprintf(to, sizeof to, "rank %d", f->to);
    return strstr(text, from) != NULL || strstr(text, to) != NULL;
}

/* The last frame of a link has nothing after it: nobody reads it a second time (but the one before it in its place), and
 * whoever sent it does not learn what became of it. The attestation is valid and published then; at most the receiver of the
 * last word believes it failed. */
static void check_last(const cs_tiny *t, const cs_faults *f) {
    const bool heard = t->outcomes[f->to].status == CS_OK;
    assert_true(heard ? f->fault == CS_FAULT_DUPLICATE : f->from == 0);
    assert_int_equal(unlink(t->attestation), 0);
    assert_int_equal(unlink(t->model), 0);
    assert_int_equal(unlink(t->report), 0);
}

static void run_with(cs_tiny *t, cs_faults *f) {
    char out[32];
    for (int i = 0; i < CS_TINY_RANKS; i++)
        t->options[i].timeout = goes_missing(f->fault) ? patience : 0;
    t->faults = f;
    snprintf(out, sizeof out, "out-%d", f->fault);
    alarm(HANG_SECONDS);
    const cs_status status = cs_tiny_run(t, out);
    alarm(0);
    if (f->fault == CS_FAULT_NONE) {
        if (status != CS_OK)
            fail_msg("%s", cs_error_text());
        return;
    }
    assert_true(f->done);
    if (f->number + 2 >= f->count[f->from][f->to] && t->outcomes[0].status == CS_OK) {
        check_last(t, f);
        return;
    }
    bool named = false;
    for (int i = 0; i < CS_TINY_RANKS; i++) {
        const cs_comm_outcome *o = &t->outcomes[i];
        if (o->status == CS_OK)
            fail_msg("%s of frame %zu from %d to %d: rank %d ends well", NAMES[f->fault], f->number, f->from, f->to, i);
        named = named || names_link(f, o->text);
    }
    if (!named)
        fail_msg("%s of frame %zu from %d to %d: %s | %s | %s", NAMES[f->fault], f->number, f->from, f->to,
                 t->outcomes[0].text, t->outcomes[1].text, t->outcomes[2].text);
    assert_int_equal(access(t->attestation, F_OK), -1);
    assert_int_equal(access(t->model, F_OK), -1);
}

/* Once links are sealed, the reasons say so, with the stage. */
static void check_reason(const cs_tiny *t, const cs_faults *f) {
    if (f->number < HANDSHAKE_FRAMES || goes_missing(f->fault) || t->outcomes[f->to].status == CS_OK)
        return;
    bool said = false;
    for (int i = 0; i < CS_TINY_RANKS; i++)
        said = said || (t->outcomes[i].status == CS_ERR_ABORT && strstr(t->outcomes[i].text, "link to rank") != NULL &&
                        strstr(t->outcomes[i].text, "stage \"") != NULL);
    if (!said && f->done)
        fail_msg("%s of frame %zu from %d to %d: %s | %s | %s", NAMES[f->fault], f->number, f->from, f->to,
                 t->outcomes[0].text, t->outcomes[1].text, t->outcomes[2].text);
}

static void try(cs_tiny *t, cs_fault fault, int from, int to, size_t number) {
    cs_faults f = {.fault = fault, .from = from, .to = to, .number = number, .where = (double)(number * 7 % 31) / 31};
    run_with(t, &f);
    check_reason(t, &f);
}

/* How many frames each link carries in a run without a fault. */
static void count_frames(cs_tiny *t, cs_faults *honest) {
    *honest = (cs_faults){.fault = CS_FAULT_NONE};
    const double start = cs_wall_seconds();
    run_with(t, honest);
    const double took = cs_wall_seconds() - start;
    patience = 2 * took > patience ? 2 * took : patience;
    for (int from = 0; from < CS_TINY_RANKS; from++)
        for (int to = 0; to < CS_TINY_RANKS; to++)
            assert_true(from == to || honest->count[from][to] > (from == 0 || to == 0 ? 30 : 8));
}

static size_t stride; /* 0: a sample */

static void try_sample(cs_tiny *t, const cs_faults *honest) {
    for (size_t k = 0; k < SAMPLE; k++) {
        static const int links[][2] = {{1, 0}, {0, 2}, {2, 0}, {1, 2}, {0, 1}, {2, 1}};
        const int from = links[k * 5 % 6][0], to = links[k * 5 % 6][1];
        const size_t number = k * (honest->count[from][to] - 1) / (SAMPLE - 1);
        try(t, (cs_fault)(1 + k * 4 % (CS_FAULT_COUNT - 1)), from, to, number);
    }
}

static void try_all(cs_tiny *t, const cs_faults *honest) {
    size_t runs = 0;
    for (int from = 0; from < CS_TINY_RANKS; from++)
        for (int to = 0; to < CS_TINY_RANKS; to++)
            for (size_t number = 0; number < honest->count[from][to]; number++)
                for (cs_fault fault = CS_FAULT_FLIP; fault < CS_FAULT_COUNT; fault++)
                    if ((number * CS_FAULT_COUNT + fault) % stride == 0) {
                        try(t, fault, from, to, number);
                        runs++;
                    }
    printf("%zu runs, each with one fault\n", runs);
}

static void every_fault_ends_the_run_with_a_reason(void **state) {
    (void)state;
    cs_tiny t;
    cs_faults honest;
    assert_int_equal(cs_tiny_new(&t, "public"), CS_OK);
    count_frames(&t, &honest);
    if (stride == 0)
        try_sample(&t, &honest);
    else
        try_all(&t, &honest);
    cs_tiny_free(&t);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_fault_ends_the_run_with_a_reason)};
    if (argc == 3 && strcmp(argv[1], "all") == 0)
        stride = strtoul(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
