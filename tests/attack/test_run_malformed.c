/* A whole run over datasets, one of which has a proof that is wrong where only the group equations see it. The root does not
 * look at datasets' proofs (this build's never does); the verifier, who checks all equations together, says which one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "attest/verify.h"
#include "base/file.h"
#include "provenance/refusal.h"
#include "support/committed.h"
#include "support/tiny_run.h"

static const char JOB[] = "{\"name\": \"tiny\", \"model\": {\"widths\": [3, 3, 2]},\n"
                          "\"scales\": {\"a\": 3, \"d\": 5, \"value_bits\": 9, \"exp_bits\": 6},\n"
                          "\"schedule\": {\"steps\": 4, \"batch\": 2, \"rates\": [{\"from_step\": 0, \"rate\": 0.25}]},\n"
                          "\"members\": [{\"name\": \"alice\", \"datasets\": [\"d0\", \"d1\"]}, "
                          "{\"name\": \"bob\", \"datasets\": [\"d2\"]}]}\n";

enum { DATASETS = 3 };

/* Dataset k in folder/dk; the last scalar of the wrong one's proof is another. */
static void write_dataset(const cs_tiny *t, unsigned k, bool wrong) {
    cs_committed_options o = cs_committed_defaults();
    cs_committed c;
    char folder[112];
    o.columns = 16;
    o.seed = k;
    assert_int_equal(cs_committed_new(&c, &o), CS_OK);
    if (wrong) {
        c.proof.data[c.proof.size - 32] ^= 1;
        cs_wellformed_seal(&c.doc, &c.proof);
    }
    snprintf(folder, sizeof folder, "%s/d%u", t->folder, k);
    assert_int_equal(cs_dataset_folder_write(folder, &c.doc, &c.opening, &c.proof), CS_OK);
    cs_committed_free(&c);
}

/* wrong: DATASETS for none. */
static cs_status verify_run(unsigned wrong) {
    cs_tiny t;
    assert_int_equal(cs_tiny_new(&t, "public"), CS_OK);
    assert_int_equal(cs_file_write(t.job, JOB, strlen(JOB), 0644), CS_OK);
    for (unsigned k = 0; k < DATASETS; k++)
        write_dataset(&t, k, k == wrong);
    if (cs_tiny_run_ranks(&t, "out", 2) != CS_OK)
        fail_msg("%s", cs_error_text());
    cs_verify_report report;
    const cs_status status = cs_verify_file(t.attestation, NULL, &report);
    cs_tiny_free(&t);
    return status;
}

static void honest(void **state) {
    (void)state;
    assert_int_equal(verify_run(DATASETS), CS_OK);
}

static void named(void **state) {
    (void)state;
    for (unsigned k = 0; k < DATASETS; k++) {
        char text[112];
        assert_int_equal(verify_run(k), CS_REJECT);
        assert_int_equal(cs_refusal_last(), CS_REFUSAL_PROOF);
        snprintf(text, sizeof text, "dataset \"synthetic %u\" of member \"%s\"", k, k < 2 ? "alice" : "bob");
        if (strstr(cs_error_text(), text) == NULL || strstr(cs_error_text(), "not shown to be well formed") == NULL)
            fail_msg("%s", cs_error_text());
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(honest), cmocka_unit_test(named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
