/* Memory runs out, once at each place in the program where a small job asks for some: every rank leaves with an error, one
 * of them says why, nothing is published, nothing is leaked. Every SITES-th place only, unless CONSORT_ALL_SITES is set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/verify.h"
#include "base/memory.h"
#include "support/tiny_run.h"

enum { MAX_SITES = 4096, SITES = 7, SECONDS = 60, RANKS_START = 4 /* places before the threads run */ };

/* The places seen in a run, in the order of their first allocation; the one numbered `doomed` fails, that once. */
static struct {
    pthread_mutex_t lock;
    const void *site[MAX_SITES];
    size_t n, doomed;
    bool struck;
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool strike(const void *site) {
    bool fails = false;
    pthread_mutex_lock(&seen.lock);
    size_t k = 0;
    while (k < seen.n && seen.site[k] != site)
        k++;
    if (k == seen.n && seen.n < MAX_SITES) {
        seen.site[seen.n++] = site;
        fails = k == seen.doomed;
        seen.struck = seen.struck || fails;
    }
    pthread_mutex_unlock(&seen.lock);
    return fails;
}

static void count_from_here(size_t doomed) {
    seen.n = 0;
    seen.doomed = doomed;
    seen.struck = false;
    cs_memory_set_fault(strike);
}

static bool said_why(const cs_tiny *t) {
    for (int i = 0; i < CS_TINY_RANKS; i++)
        if (t->outcomes[i].status == CS_ERR_MEMORY)
            return true;
    return false;
}

/* Returns whether the run got as far as that place. */
static bool run_without(size_t doomed, const char *output) {
    cs_tiny t;
    assert_int_equal(cs_tiny_new(&t, output), CS_OK);
    count_from_here(doomed);
    alarm(SECONDS); /* ends the test if a rank hangs */
    const cs_status status = cs_tiny_run(&t, "out");
    alarm(0);
    cs_memory_set_fault(NULL);
    if (seen.struck) {
        if (status == CS_OK || (status != CS_ERR_MEMORY && !said_why(&t)))
            fail_msg("place %zu: the run ends with %s", doomed, cs_status_name(status));
        for (int i = 0; seen.n > RANKS_START && i < CS_TINY_RANKS; i++)
            if (t.outcomes[i].status == CS_OK)
                fail_msg("place %zu: rank %d ends well", doomed, i);
        assert_int_not_equal(access(t.attestation, F_OK), 0);
        assert_int_not_equal(access(t.model, F_OK), 0);
    } else
        assert_int_equal(status, CS_OK);
    cs_tiny_free(&t);
    return seen.struck;
}

static void at_every_place(const char *output) {
    const size_t step = getenv("CONSORT_ALL_SITES") != NULL ? 1 : SITES;
    size_t k = 0;
    while (run_without(k, output))
        k += step;
    assert_true(k > 100); /* or the places are not seen at all */
    print_message("%zu places, %zu tried\n", seen.n, k / step);
}

static void of_a_run_with_a_public_model(void **state) {
    (void)state;
    at_every_place("public");
}

static void of_a_run_with_a_committed_model(void **state) {
    (void)state;
    at_every_place("committed");
}

static void of_a_verification(void **state) {
    (void)state;
    cs_tiny t;
    cs_verify_report report;
    assert_int_equal(cs_tiny_new(&t, "public"), CS_OK);
    assert_int_equal(cs_tiny_run(&t, "out"), CS_OK);
    size_t k = 0;
    for (;; k++) {
        const size_t live = cs_memory_live();
        count_from_here(k);
        const cs_status status = cs_verify_file(t.attestation, NULL, &report);
        cs_memory_set_fault(NULL);
        if (!seen.struck) {
            assert_int_equal(status, CS_OK);
            break;
        }
        if (status != CS_ERR_MEMORY)
            fail_msg("place %zu: %s: %s", k, cs_status_name(status), cs_error_text());
        assert_true(cs_memory_live() <= live + 4096); /* tables made once per process stay */
    }
    assert_true(k > 30);
    cs_tiny_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(of_a_verification), cmocka_unit_test(of_a_run_with_a_public_model),
                                       cmocka_unit_test(of_a_run_with_a_committed_model)};
    return cmocka_run_group_tests_name("no memory", tests, NULL, NULL);
}
