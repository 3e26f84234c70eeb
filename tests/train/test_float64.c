/* Training on synthetic images: the integer model learns, and as well as the same training in double precision. */
#include "train/job.h"

enum { WIDTH = 64, CLASSES = 10 };

/* A class is a random pattern of 64 pixels; a record is the pattern with half of its pixels replaced by noise. */
static void synthetic(job *j, int32_t *features, int32_t *label, const int32_t patterns[CLASSES][WIDTH]) {
    *label = (int32_t)job_random(j, 0, CLASSES - 1);
    for (size_t k = 0; k < WIDTH; k++)
        features[k] = job_random(j, 0, 1) != 0 ? (int32_t)job_random(j, 0, 256) : patterns[*label][k];
}

static void fill(job *j, cs_rows *test, int32_t *features, int32_t *labels) {
    int32_t patterns[CLASSES][WIDTH], record[WIDTH], label;
    for (size_t c = 0; c < CLASSES; c++)
        for (size_t k = 0; k < WIDTH; k++)
            patterns[c][k] = (int32_t)job_random(j, 0, 256);
    for (size_t i = 0; i < (size_t)j->p.n_ranks; i++)
        for (size_t row = 0; row < j->p.rows[i]; row++) {
            synthetic(j, record, &label, patterns);
            job_set_record(j, i, row, record, label);
        }
    for (size_t row = 0; row < test->rows; row++)
        synthetic(j, features + row * WIDTH, labels + row, patterns);
    *test = (cs_rows){.rows = test->rows, .features = features, .labels = labels};
}

/* 64-32-10, three members, rate / global batch = 2^-(w - a - d) = 2^-6 with a global batch of 24: rate 0.375. */
static void digits_params(job *j) {
    job_params(j);
    j->p.widths[0] = WIDTH, j->p.widths[1] = 32, j->p.widths[2] = CLASSES;
    j->p.steps = 120, j->p.batch = 8;
    j->p.rows[0] = 200, j->p.rows[1] = 130, j->p.rows[2] = 170;
    j->p.a = 8, j->p.d = 12, j->p.w = 26;
    j->p.limb_bits[0] = 13, j->p.limb_bits[1] = 13;
    j->p.value_bits = 16, j->p.exp_bits = 12;
    j->p.initial_max[0] = (int64_t)1 << 23, j->p.initial_max[1] = (int64_t)1 << 24;
    for (size_t t = 0; t < JOB_STEPS; t++)
        j->rate[t] = 1;
}

static void learns_like_doubles(void **state) {
    (void)state;
    job j;
    static int32_t features[400 * WIDTH], labels[400];
    cs_rows test = {.rows = 400}, members[JOB_RANKS];
    double before = 0, integer = 0, floating = 0;
    digits_params(&j);
    job_data(&j);
    fill(&j, &test, features, labels);
    job_trainers(&j);
    assert_int_equal(cs_model_accuracy(&j.initial, &j.p, test, &before), CS_OK);
    assert_int_equal(job_train(&j), CS_OK);
    for (size_t i = 0; i < 3; i++)
        members[i] = (cs_rows){.rows = j.p.rows[i], .features = j.features[i], .labels = j.labels[i]};
    assert_int_equal(cs_model_accuracy(cs_trainer_model(j.trainers[0]), &j.p, test, &integer), CS_OK);
    assert_int_equal(cs_float64_accuracy(&j.p, &j.initial, members, j.draws, test, &floating), CS_OK);
    print_message("accuracy: untrained %.3f, integers %.3f, doubles %.3f\n", before, integer, floating);
    assert_true(before < 0.3 && integer > 0.95 && floating > 0.95);
    assert_true(integer - floating < 0.02 && floating - integer < 0.02);
    job_free(&j);
    assert_int_equal(cs_memory_live(), 0);
}

/* One record, one layer without hidden units, one step: the update by hand. */
static void one_step_by_hand(void **state) {
    (void)state;
    job j;
    job_params(&j);
    j.p.n_ranks = 1, j.p.steps = 1, j.p.batch = 1, j.p.layers = 1;
    j.p.widths[0] = 1, j.p.widths[1] = 2, j.p.rows[0] = 1;
    job_data(&j);
    job_set_record(&j, 0, 0, (const int32_t[]){16}, 1); /* x = 1, class 1 */
    j.initial.w[0][0] = j.initial.w[0][1] = 0;          /* P = (1/2, 1/2): W(x, 1) += 2^-4 / 2 on both rows, W(x, 0) -= */
    const cs_rows member = {.rows = 1, .features = j.features[0], .labels = j.labels[0]};
    const int32_t features[] = {16, -17, -15}, labels[] = {1, 0, 1};
    const cs_rows test = {.rows = 3, .features = features, .labels = labels};
    double accuracy = 0;
    assert_int_equal(cs_float64_accuracy(&j.p, &j.initial, &member, j.draws, test, &accuracy), CS_OK);
    assert_true(accuracy == 1); /* outputs are ±(x + 1)/32: the boundary is at -16 */
    job_trainers(&j);
    assert_int_equal(job_train(&j), CS_OK);
    const cs_model *m = cs_trainer_model(j.trainers[0]);
    assert_true(m->w[0][0] == -512 && m->w[0][1] == 512 && m->w[0][2] == -512 && m->w[0][3] == 512);
    job_free(&j);
}

static void no_test_rows_or_memory(void **state) {
    (void)state;
    job j;
    double accuracy = 1;
    job_params(&j);
    job_data(&j);
    const cs_rows none = {0};
    const cs_rows members[] = {
        {6, j.features[0], j.labels[0]}, {3, j.features[1], j.labels[1]}, {7, j.features[2], j.labels[2]}};
    assert_int_equal(cs_model_accuracy(&j.initial, &j.p, none, &accuracy), CS_OK);
    assert_true(accuracy == 0);
    assert_int_equal(cs_float64_accuracy(&j.p, &j.initial, members, j.draws, none, &accuracy), CS_OK);
    const size_t live = cs_memory_live();
    for (size_t spare = 0; spare < 600; spare += 30) {
        cs_memory_limit(live + spare);
        assert_int_equal(cs_float64_accuracy(&j.p, &j.initial, members, j.draws, none, &accuracy), CS_ERR_MEMORY);
        cs_memory_limit(SIZE_MAX);
        assert_int_equal(cs_memory_live(), live);
    }
    job_free(&j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_like_doubles),
        cmocka_unit_test(one_step_by_hand),
        cmocka_unit_test(no_test_rows_or_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
