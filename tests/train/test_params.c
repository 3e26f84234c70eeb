/* Parameters: every refusal names its field; bounds and padded sizes. */
#include "train/job.h"

#include <string.h>

static void expect(cs_params *p, const char *text) {
    assert_int_equal(cs_params_validate(p), CS_ERR_INPUT);
    if (strstr(cs_error_text(), text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, cs_error_text());
}

/* A change of otherwise valid parameters, and what the refusal must say. */
#define REFUSE(change, text)                                                                                                \
    do {                                                                                                                    \
        job j;                                                                                                              \
        job_params(&j);                                                                                                     \
        cs_params *p = &j.p;                                                                                                \
        change;                                                                                                             \
        expect(p, text);                                                                                                    \
    } while (0)

#define ACCEPT(change)                                                                                                      \
    do {                                                                                                                    \
        job j;                                                                                                              \
        job_params(&j);                                                                                                     \
        cs_params *p = &j.p;                                                                                                \
        change;                                                                                                             \
        assert_int_equal(cs_params_validate(p), CS_OK);                                                                     \
    } while (0)

static void shapes(void **state) {
    (void)state;
    REFUSE(p->n_ranks = 0, "n_ranks is 0");
    REFUSE(p->n_ranks = -1, "n_ranks is -1");
    REFUSE(p->n_ranks = 65, "n_ranks is 65");
    REFUSE(p->steps = 0, "steps is 0");
    REFUSE(p->steps = ((size_t)1 << 24) + 1, "steps is 16777217");
    REFUSE(p->steps = SIZE_MAX, "steps");
    REFUSE(p->batch = 0, "batch is 0");
    REFUSE(p->batch = ((size_t)1 << 16) + 1, "batch is 65537");
    REFUSE(p->batch = SIZE_MAX, "batch");
    REFUSE(p->layers = 0, "layers is 0");
    REFUSE(p->layers = 17, "layers is 17");
    REFUSE(p->widths[1] = 0, "widths[1] is 0");
    REFUSE(p->widths[2] = 0, "widths[2] is 0");
    REFUSE(p->widths[0] = ((size_t)1 << 20) + 1, "widths[0] is 1048577");
    REFUSE(p->widths[0] = SIZE_MAX, "widths[0]");
    REFUSE(p->rows[2] = 0, "rows[2] is 0");
    REFUSE(p->rows[0] = ((size_t)1 << 28) + 1, "rows[0]");
    ACCEPT(p->rows[3] = 0);
}

static void scales(void **state) {
    (void)state;
    REFUSE(p->a = 0, "a is 0");
    REFUSE(p->a = 63, "a is 63");
    REFUSE(p->a = UINT32_MAX, "a is 4294967295");
    REFUSE(p->d = 0, "d is 0");
    REFUSE(p->d = 63, "d is 63");
    REFUSE(p->w = 0, "w is 0");
    REFUSE(p->w = 63, "w is 63");
    REFUSE(p->w = UINT32_MAX, "w is 4294967295");
    REFUSE(p->n_limbs = 0, "n_limbs is 0");
    REFUSE(p->n_limbs = 5, "n_limbs is 5");
    REFUSE(p->limb_bits[1] = 0, "limb_bits[1] is 0");
    REFUSE(p->limb_bits[0] = 17, "limb_bits[0] is 17");
    REFUSE(p->limb_bits[0] = 10, "add up to 15");
    REFUSE(p->w = 15, "make up the w = 15 bits");
    REFUSE(p->value_bits = 1, "value_bits is 1");
    REFUSE(p->value_bits = 17, "value_bits is 17");
    REFUSE(p->exp_bits = 0, "exp_bits is 0");
    REFUSE(p->exp_bits = 17, "exp_bits is 17");
    REFUSE(p->exp_bits = UINT32_MAX, "exp_bits");
    REFUSE(p->column_bits = 1, "column_bits is 1");
    REFUSE(p->column_bits = 21, "column_bits is 21");
    REFUSE(p->ledger_width = 2, "ledger_width is 2");
    REFUSE(p->ledger_width = 128, "ledger_width is 128");
    REFUSE(p->ledger_width = 12, "ledger_width is 12; it must be a power of two");
}

static void softmax(void **state) {
    (void)state;
    REFUSE(p->d = 9, "d < value_bits");
    ACCEPT(p->d = 8);
    REFUSE(p->exp_bits = 8, "softmax remainder");
    ACCEPT(p->exp_bits = 7);
    REFUSE(p->widths[2] = 9, "softmax remainder");
    ACCEPT(p->widths[2] = 8);
}

static void wraps(void **state) {
    (void)state;
    /* 3 ranks * batch 3 * 2^a * 2^8 < 2^63 */
    REFUSE(p->a = 52; for (size_t t = 0; t < 5; t++) p->rate[t] = 0, "gradients wrap");
    ACCEPT(p->a = 51; for (size_t t = 0; t < 5; t++) p->rate[t] = 0);
    REFUSE(p->a = 62, "gradients wrap");
    REFUSE(p->rate = NULL, "rate is missing");
    REFUSE(p->rate[4] = -1, "rate[4] is -1");
    REFUSE(p->rate[0] = ((int64_t)1 << 31) + 1, "rate[0] is 2147483649");
    REFUSE(p->rate[0] = INT64_MIN, "rate[0]");
    ACCEPT(p->rate[0] = (int64_t)1 << 31);
    ACCEPT(p->rate[5] = -1);
    REFUSE(p->initial_max[1] = 0, "initial_max of layer 2 is 0");
    REFUSE(p->initial_max[0] = -5, "initial_max of layer 1 is -5");
    REFUSE(p->initial_max[0] = (int64_t)1 << 62, "initial_max of layer 1");
    REFUSE(p->initial_max[1] = ((int64_t)1 << 62) - 1, "weights of layer 2 may reach 2^62");
    REFUSE(p->a = 50, "weights of layer 1 may reach");
}

/* The limits of single sizes still allow a witness that is too large. */
static void witness(void **state) {
    (void)state;
    static int64_t rates[1 << 24];
    REFUSE(p->rows[1] = (size_t)1 << 28; p->widths[0] = 1 << 12, "widths or rows are too large");
    REFUSE(p->steps = 1 << 24; p->batch = 1 << 13; p->rate = rates, "the witness of a rank");
    REFUSE(p->widths[0] = p->widths[1] = 1 << 20; p->final_public = false, "the witness of a rank");
    REFUSE(p->steps = 1 << 24; p->batch = 1 << 16; p->rate = rates; p->widths[1] = 1 << 20, "the witness of a rank");
}

/* What a verifier would hold at once because of a few bytes of parameters. */
static void memory(void **state) {
    (void)state;
    REFUSE(p->widths[0] = p->widths[1] = 1 << 20; p->final_public = true, "the model has 10995");
    REFUSE(p->widths[0] = (1 << 19) - 1; p->widths[1] = 1 << 10; p->final_public = true, "the model has 53687");
    ACCEPT(p->widths[0] = (1 << 18) - 1; p->widths[1] = 1 << 10; p->final_public = true);
    REFUSE(p->n_ranks = 64; p->rows[1] = 1 << 20; p->column_bits = 2;
           for (int i = 3; i < 64; i++) p->rows[i] = 1, "column_bits is 2: 64 datasets");
    ACCEPT(p->n_ranks = 64; p->rows[1] = 1 << 20; p->column_bits = 8; for (int i = 3; i < 64; i++) p->rows[i] = 1);
}

static void bounds(void **state) {
    (void)state;
    job j;
    job_params(&j);
    const cs_params *p = &j.p;
    assert_int_equal(cs_params_activation_max(p), 256);
    assert_int_equal(cs_params_error_max(p), 256);
    assert_int_equal(cs_params_gradient_max(p), 9 * 65536);
    j.rate[0] = 10, j.rate[1] = 0, j.rate[2] = 7, j.rate[3] = 0, j.rate[4] = 3;
    j.p.initial_max[1] = 4;
    assert_true(cs_params_weight_max(p, 1) == 8000 + 20 * 9 * 65536);
    assert_true(cs_params_weight_max(p, 2) == 4 + 20 * 9 * 65536);
    j.p.a = 10;
    assert_int_equal(cs_params_activation_max(p), 1024);
    j.p.a = 8, j.p.d = 8, j.p.value_bits = 4;
    assert_int_equal(cs_params_error_max(p), 256);
}

static void padded_sizes(void **state) {
    (void)state;
    job j;
    job_params(&j);
    assert_int_equal(cs_params_step_bits(&j.p), 3);
    assert_int_equal(cs_params_batch_bits(&j.p), 2);
    assert_int_equal(cs_params_row_bits(&j.p), 3);
    j.p.rows[1] = 9;
    assert_int_equal(cs_params_row_bits(&j.p), 4);
    j.p.rows[3] = 1000; /* beyond the ranks */
    assert_int_equal(cs_params_row_bits(&j.p), 4);
    const size_t widths[] = {1, 2, 3, 4, 7, 8, 9};
    const unsigned short_bits[] = {0, 1, 2, 2, 3, 3, 4}, long_bits[] = {1, 2, 2, 3, 3, 4, 4};
    for (size_t k = 0; k < 7; k++) {
        j.p.widths[1] = widths[k];
        assert_int_equal(cs_params_width_bits(&j.p, 1), short_bits[k]);
        assert_int_equal(cs_params_long_width_bits(&j.p, 1), long_bits[k]);
    }
}

static void copies(void **state) {
    (void)state;
    job j;
    cs_params copy;
    job_params(&j);
    assert_int_equal(cs_params_copy(&copy, &j.p), CS_OK);
    assert_ptr_not_equal(copy.rate, j.rate);
    assert_memory_equal(copy.rate, j.rate, j.p.steps * sizeof *j.rate);
    cs_free(copy.rate);
    copy.rate = j.rate;
    assert_memory_equal(&copy, &j.p, sizeof copy);
    assert_int_equal(cs_params_copy(&copy, &j.p), CS_OK);
    cs_params_free(&copy);
    assert_null(copy.rate);
    cs_memory_limit(0);
    assert_int_equal(cs_params_copy(&copy, &j.p), CS_ERR_MEMORY);
    cs_memory_limit(SIZE_MAX);
    assert_null(copy.rate);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes), cmocka_unit_test(scales),       cmocka_unit_test(softmax),
        cmocka_unit_test(wraps),  cmocka_unit_test(witness),      cmocka_unit_test(memory),
        cmocka_unit_test(bounds), cmocka_unit_test(padded_sizes), cmocka_unit_test(copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
