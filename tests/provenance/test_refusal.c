/* Every kind of refusal has a name and an exit status of its own, and goes with the last failure only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "comm/threads.h"
#include "provenance/refusal.h"

static void kinds_are_told_apart(void **state) {
    (void)state;
    for (int k = 1; k < CS_REFUSAL_COUNT; k++) {
        assert_int_equal(cs_refuse((cs_refusal)k, "number %d", k), CS_REJECT);
        assert_int_equal(cs_refusal_last(), k);
        assert_int_equal(cs_refusal_exit_status(CS_REJECT), 20 + k);
        for (int j = 0; j < k; j++)
            assert_string_not_equal(cs_refusal_name((cs_refusal)k), cs_refusal_name((cs_refusal)j));
    }
    assert_string_equal(cs_refusal_name(CS_REFUSAL_AUTHORITY), "authority");
    assert_string_equal(cs_refusal_name(CS_REFUSAL_COMPUTE), "compute");
    assert_string_equal(cs_refusal_name(CS_REFUSAL_POLICY), "policy");
    assert_string_equal(cs_error_text(), "number 20");
}

static void a_kind_is_of_the_last_failure_only(void **state) {
    (void)state;
    assert_int_equal(cs_refuse(CS_REFUSAL_RING, "no"), CS_REJECT);
    assert_int_equal(cs_fail_prefix(CS_REJECT, "file"), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_RING);
    assert_string_equal(cs_error_text(), "file: no");
    assert_int_equal(cs_refusal_exit_status(CS_ERR_IO), CS_ERR_IO); /* another status, whatever was recorded */
    assert_int_equal(cs_fail(CS_REJECT, "another"), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_NONE);
    assert_int_equal(cs_refusal_exit_status(CS_REJECT), CS_REJECT);
    assert_int_equal(cs_refuse(CS_REFUSAL_RING, "no"), CS_REJECT);
    cs_error_clear();
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_NONE);
    assert_int_equal(cs_refusal_exit_status(CS_OK), 0);
}

static void people_read_the_kind(void **state) {
    (void)state;
    char text[32];
    assert_int_equal(cs_refuse(CS_REFUSAL_AUTHORITY, "no"), CS_REJECT);
    assert_string_equal(cs_refusal_status_name(text, CS_REJECT), "refused (authority)");
    assert_string_equal(cs_refusal_status_name(text, CS_ERR_IO), cs_status_name(CS_ERR_IO));
    assert_int_equal(cs_fail(CS_REJECT, "no"), CS_REJECT);
    assert_string_equal(cs_refusal_status_name(text, CS_REJECT), cs_status_name(CS_REJECT));
}

/* Rank 1 refuses; the exchange that tells the others records failures of its own. */
static cs_status refuse_on_one(cs_comm *c, void *arg) {
    (void)arg;
    return cs_comm_agree(c, 1, c->rank == 1 ? cs_refuse(CS_REFUSAL_MANIFEST, "another manifest") : CS_OK);
}

static void kinds_survive_the_end_of_a_run(void **state) {
    (void)state;
    cs_comm_outcome outcomes[2];
    assert_int_equal(cs_comm_run_threads(2, refuse_on_one, NULL, outcomes), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_MANIFEST);
    assert_int_equal(outcomes[1].kind, CS_REFUSAL_MANIFEST);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_told_apart), cmocka_unit_test(a_kind_is_of_the_last_failure_only),
        cmocka_unit_test(people_read_the_kind), cmocka_unit_test(kinds_survive_the_end_of_a_run)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
