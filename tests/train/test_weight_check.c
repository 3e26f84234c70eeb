/* Weight tables: right ones pass, every single wrong entry, padded ones included, is found. */
#include "train/job.h"
#include "train/weight_check.h"

enum { MOST_STEPS = 5 };

typedef struct history {
    job j;
    cs_model w[MOST_STEPS + 1]; /* W(t) */
} history;

static void train(history *h, size_t steps) {
    job_params(&h->j);
    h->j.p.steps = steps;
    job_new(&h->j);
    assert_int_equal(cs_model_copy(&h->w[0], &h->j.initial), CS_OK);
    for (size_t t = 0; t < steps; t++) {
        assert_int_equal(job_step(&h->j, t), CS_OK);
        assert_int_equal(cs_model_copy(&h->w[t + 1], cs_trainer_model(h->j.trainers[1])), CS_OK);
    }
}

static void forget(history *h) {
    for (size_t t = 0; t <= h->j.p.steps; t++)
        cs_model_free(&h->w[t]);
    job_free(&h->j);
}

/* W_l(t) contracted over its columns (else rows) with the vector; padded steps have W(T). */
static void make_table(const history *h, size_t l, bool columns, cs_fr *table, const cs_fr *vector, size_t width) {
    const cs_params *p = &h->j.p;
    const size_t rows = p->widths[l - 1] + 1, n = p->widths[l];
    for (size_t t = 0; t < (size_t)1 << cs_params_step_bits(p); t++) {
        const int64_t *w = h->w[t < p->steps ? t : p->steps].w[l - 1];
        for (size_t k = 0; k < rows; k++)
            for (size_t j = 0; j < n; j++) {
                cs_fr *out = &table[t * width + (columns ? k : j)];
                *out = cs_fr_add(*out, cs_fr_mul(vector[columns ? j : k], cs_fr_from_i64(w[k * n + j])));
            }
    }
}

static void check_direction(const history *h, size_t l, bool columns) {
    const cs_params *p = &h->j.p;
    const size_t long_width = (size_t)1 << cs_params_long_width_bits(p, l - 1),
                 short_width = (size_t)1 << cs_params_width_bits(p, l);
    const size_t width = columns ? long_width : short_width, n = columns ? short_width : long_width;
    const size_t size = width << cs_params_step_bits(p);
    cs_status (*check)(const cs_trainer *, size_t, const cs_fr *, const cs_fr *, size_t *) =
        columns ? cs_trainer_check_columns : cs_trainer_check_rows;
    cs_fr *table = CS_NEW(cs_fr, size), *vector = CS_NEW(cs_fr, n);
    for (size_t k = 0; k < n; k++)
        vector[k] = cs_fr_random();
    make_table(h, l, columns, table, vector, width);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(check(h->j.trainers[i], l, table, vector, NULL), CS_OK);
    for (size_t k = 0; k < size; k++) {
        const cs_fr right = table[k];
        table[k] = cs_fr_add(right, k % 2 ? CS_FR_ONE : cs_fr_random());
        size_t wrong = SIZE_MAX;
        assert_int_equal(check(h->j.trainers[k % 3], l, table, vector, &wrong), CS_ERR_ABORT);
        assert_int_equal(wrong, k / width);
        table[k] = right;
    }
    assert_int_equal(check(h->j.trainers[0], l, table, vector, NULL), CS_OK);
    /* Two wrong entries of one step that cancel for equal weights. */
    table[0] = cs_fr_add(table[0], CS_FR_ONE);
    table[1] = cs_fr_sub(table[1], CS_FR_ONE);
    assert_int_equal(check(h->j.trainers[0], l, table, vector, NULL), CS_ERR_ABORT);
    cs_free(table);
    cs_free(vector);
}

static void every_entry(void **state) {
    (void)state;
    const size_t steps[] = {1, 3, 4, 5}; /* with and without padded steps */
    for (size_t k = 0; k < 4; k++) {
        history h = {0};
        train(&h, steps[k]);
        for (size_t l = 1; l <= 2; l++) {
            check_direction(&h, l, true);
            if (l > 1)
                check_direction(&h, l, false);
        }
        forget(&h);
    }
    assert_int_equal(cs_memory_live(), 0);
}

static void not_before_the_end(void **state) {
    (void)state;
    job j;
    const cs_fr table[64] = {{{0}}}, vector[16] = {{{0}}};
    job_params(&j);
    job_new(&j);
    assert_int_equal(cs_trainer_check_columns(j.trainers[0], 1, table, vector, NULL), CS_ERR_INTERNAL);
    assert_int_equal(job_train(&j), CS_OK);
    assert_int_equal(cs_trainer_check_columns(j.trainers[0], 0, table, vector, NULL), CS_ERR_INTERNAL);
    assert_int_equal(cs_trainer_check_rows(j.trainers[0], 3, table, vector, NULL), CS_ERR_INTERNAL);
    cs_memory_limit(cs_memory_live());
    assert_int_equal(cs_trainer_check_rows(j.trainers[0], 2, table, vector, NULL), CS_ERR_MEMORY);
    cs_memory_limit(SIZE_MAX);
    assert_int_equal(cs_trainer_check_rows(j.trainers[0], 1, table, vector, NULL), CS_ERR_INTERNAL); /* nothing needs it */
    job_free(&j);
}

/* Projections of weights up to a size, in tiles, by the processor's vectors or not, are what they are by definition. */
static void check_projections(size_t rows, size_t columns, int64_t largest, size_t tile, bool avx2, bool one_way) {
    const cs_weight_check shape = {
        .steps = 1, .rows = rows, .columns = columns, .row_bits = 8, .column_bits = 8, .one_way = one_way};
    cs_weight_check c;
    assert_int_equal(cs_weight_check_new(&c, &shape), CS_OK);
    c.avx2 = c.avx2 && avx2;
    int64_t *w = CS_NEW(int64_t, rows * columns);
    for (size_t k = 0; k < rows * columns; k++)
        w[k] = k % 5 == 0 ? -largest : k % 3 == 0 ? largest : (int64_t)(k * 0x9e3779b97f4a7c15 % (uint64_t)(largest + 1));
    for (int again = 0; again < 2; again++) /* the second time starts anew */
        for (size_t first = 0; first < rows; first += tile)
            cs_weight_check_keep(&c, 1, first, rows - first < tile ? rows - first : tile, w + first * columns, largest);
    for (size_t k = 0; k < rows && !one_way; k++) {
        __int128 sum = 0;
        for (size_t j = 0; j < columns; j++)
            sum += (__int128)c.b_columns[j] * w[k * columns + j];
        assert_true(c.by_row[rows + k] == sum && c.by_row[k] == 0);
    }
    for (size_t j = 0; j < columns; j++) {
        __int128 sum = 0;
        for (size_t k = 0; k < rows; k++)
            sum += (__int128)c.b_rows[k] * w[k * columns + j];
        assert_true(c.by_column[columns + j] == sum && c.by_column[j] == 0);
    }
    cs_free(w);
    cs_weight_check_free(&c);
}

static void weights_of_every_size(void **state) {
    (void)state;
    static const size_t shapes[][2] = {{1, 1}, {3, 2}, {16, 10}, {130, 67}, {65, 200}};
    for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++)
        for (unsigned bits = 0; bits < 54; bits++)
            for (int how = 0; how < 4; how++)
                check_projections(shapes[k][0], shapes[k][1], ((int64_t)1 << bits) - (bits % 2), bits % 3 ? 16 : 7, how & 1,
                                  how & 2);
    assert_int_equal(cs_memory_live(), 0);
}

/* Every product as large as it can be. */
static void largest_products_do_not_wrap(void **state) {
    (void)state;
    enum { SIDE = 80 };
    for (unsigned bits = 20; bits < 31; bits++) {
        const cs_weight_check shape = {.steps = 0, .rows = SIDE, .columns = SIDE, .row_bits = 7, .column_bits = 7};
        cs_weight_check c;
        assert_int_equal(cs_weight_check_new(&c, &shape), CS_OK);
        int64_t w[SIDE * SIDE];
        for (size_t k = 0; k < SIDE; k++)
            c.b_rows[k] = c.b_columns[k] = ((int64_t)1 << CS_CHECK_BITS) - 1;
        for (size_t k = 0; k < SIDE * SIDE; k++)
            w[k] = -((int64_t)1 << bits);
        cs_weight_check_keep(&c, 0, 0, SIDE, w, (int64_t)1 << bits);
        const __int128 expected = SIDE * (__int128)w[0] * c.b_rows[0];
        for (size_t k = 0; k < SIDE; k++)
            assert_true(c.by_row[k] == expected && c.by_column[k] == expected);
        cs_weight_check_free(&c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_entry), cmocka_unit_test(not_before_the_end),
                                       cmocka_unit_test(weights_of_every_size),
                                       cmocka_unit_test(largest_products_do_not_wrap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
