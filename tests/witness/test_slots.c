/* The opening's first rounds and folded tables against their definition: E and W as vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "field/fr_vec.h"
#include "poly/mle.h"
#include "witness/slots.h"

enum { BLOCKS = 7, RANK = 1, N_RANKS = 2 };

static const size_t lengths[N_RANKS] = {8, 5};
static const cs_block blocks[BLOCKS] = {
    {.axes = 2, .shape = {8, 7}, .rank_shape = lengths, .bits = {3, 3}, .min = -100, .max = 100, .certified = true},
    {.axes = 3, .shape = {5, 3, 6}, .bits = {3, 2, 3}, .min = -30000, .max = 30000},
    {.axes = 3, .shape = {8, 4, 3}, .bits = {3, 2, 2}, .min = -1000000, .max = 1000000},
    {.axes = 1, .shape = {200}, .bits = {8}, .min = -100, .max = 100},
    {.axes = 2, .shape = {2, 1}, .bits = {1, 0}, .min = -100, .max = 100},
    {.axes = 1, .shape = {16}, .bits = {4}, .min = 0, .max = 1, .root_only = true},
    {.axes = 3, .shape = {3, 2, 70}, .bits = {2, 1, 7}, .min = -100, .max = 100},
};

typedef struct fixture {
    cs_session session;
    cs_layout layout;
    cs_tensor tensors[BLOCKS];
    cs_witness w;
    cs_fr gammas[64], *e, *m; /* E and the matrix by definition */
    uint32_t draws[12], *all_draws[N_RANKS];
    cs_gather gather;
} fixture;

static void draw(cs_fr *out, size_t n) {
    for (size_t k = 0; k < n; k++)
        out[k] = cs_fr_random();
}

/* E += the part, entry by entry. */
static void add_by_definition(fixture *f, const cs_axis *axes, size_t block, cs_fr scale, bool outside) {
    const cs_block *b = &f->layout.blocks[block];
    cs_fr tables[3][256];
    for (unsigned k = 0; k < b->axes; k++)
        assert_int_equal(cs_axis_table(tables[k], &axes[k], RANK), CS_OK);
    for (size_t x = 0; x < b->size; x++) {
        cs_fr value = scale;
        bool inside = true;
        size_t rest = x;
        for (unsigned k = b->axes; k-- > 0;) {
            const size_t at = rest & (((size_t)1 << b->bits[k]) - 1);
            value = cs_fr_mul(value, tables[k][at]);
            inside &= at < cs_block_length(b, k, RANK);
            rest >>= b->bits[k];
        }
        if (!outside || !inside)
            f->e[b->offset + x] = cs_fr_add(f->e[b->offset + x], value);
    }
}

static void add_part(fixture *f, size_t block, const cs_axis *axes, bool outside) {
    cs_fr weights[N_RANKS];
    draw(weights, N_RANKS);
    const cs_fr coefficient = cs_fr_random();
    cs_expr nothing = {0};
    assert_int_equal(cs_witness_claim(&f->w, &nothing), CS_OK);
    assert_int_equal((outside ? cs_witness_part_outside : cs_witness_part)(&f->w, weights, coefficient, block, axes), CS_OK);
    if (cs_block_held(&f->layout.blocks[block], RANK))
        add_by_definition(f, axes, block, cs_fr_mul(f->gammas[f->w.n_claims - 1], cs_fr_mul(coefficient, weights[RANK])),
                          outside);
}

/* Claims with equal and different, cut and gathered axes on every block. */
static void add_claims(fixture *f) {
    cs_fr shared[8], point[3][8];
    draw(shared, 8);
    for (size_t block = 0; block < BLOCKS; block++)
        for (int kind = 0; kind < 5; kind++) {
            const cs_block *b = &f->layout.blocks[block];
            cs_axis axes[3];
            for (unsigned k = 0; k < b->axes; k++) {
                draw(point[k], 8);
                axes[k] = cs_axis_eq(kind % 2 ? shared : point[k], b->bits[k]);
                if (kind == 2)
                    axes[k] = cs_axis_eq_below(point[k], b->bits[k], b->shape[k]);
                if (kind == 3)
                    axes[k] = cs_axis_ones(b->bits[k]);
            }
            if (kind == 4 && block == 0)
                axes[0] = cs_axis_gather(&f->gather, 3);
            add_part(f, block, axes, kind == 1);
        }
}

static void set_up(fixture *f, unsigned column_bits) {
    *f = (fixture){.session = {.rank = RANK, .n_ranks = N_RANKS}};
    assert_int_equal(cs_layout_new(&f->layout, blocks, BLOCKS, column_bits), CS_OK);
    const size_t n = (size_t)1 << f->layout.bits;
    f->e = CS_NEW(cs_fr, n);
    f->m = CS_NEW(cs_fr, n);
    assert_true(f->e && f->m);
    for (size_t k = 0; k < BLOCKS; k++) {
        const cs_block *b = &f->layout.blocks[k];
        if (!cs_block_held(b, RANK))
            continue;
        assert_int_equal(cs_tensor_new(&f->tensors[k], b->size, b->min, b->max), CS_OK);
        for (size_t x = 0; x < b->size; x++) /* padding too: a dishonest rank may fill it */
            cs_tensor_set(&f->tensors[k], x, (int64_t)((x * 7919 + k * 104729) % (size_t)(b->max - b->min + 1)) + b->min);
        if (k == 4)
            assert_int_equal(cs_tensor_to_fr(&f->tensors[k]), CS_OK);
        cs_tensor_load(f->m + b->offset, &f->tensors[k], 0, b->size);
    }
    f->w = (cs_witness){.session = &f->session, .layout = &f->layout, .tensors = f->tensors};
    draw(f->gammas, 64);
    cs_fr point[3];
    draw(point, 3);
    for (uint32_t k = 0; k < 12; k++)
        f->draws[k] = k * k % 5;
    f->all_draws[0] = f->all_draws[1] = f->draws;
    f->gather = (cs_gather){
        .time = cs_axis_eq(point, 2), .batch = cs_axis_eq(point + 2, 1), .steps = 4, .batch_size = 2, .draws = f->all_draws};
    add_claims(f);
}

static void tear_down(fixture *f) {
    cs_witness_free(&f->w);
    for (size_t k = 0; k < BLOCKS; k++)
        cs_tensor_free(&f->tensors[k]);
    cs_free(f->e);
    cs_free(f->m);
    cs_layout_free(&f->layout);
}

/* <E, W> where the highest variable is x. */
static cs_fr by_definition(const fixture *f, size_t half, uint64_t x) {
    cs_fr sum = CS_FR_ZERO;
    for (size_t k = 0; k < half; k++) {
        cs_fr e, m;
        cs_fr_vec_fold(&e, &f->e[k], &f->e[half + k], cs_fr_from_u64(x), 1);
        cs_fr_vec_fold(&m, &f->m[k], &f->m[half + k], cs_fr_from_u64(x), 1);
        sum = cs_fr_add(sum, cs_fr_mul(e, m));
    }
    return sum;
}

static void rounds_and_tables(void **state) {
    (void)state;
    for (unsigned column_bits = 2; column_bits <= 10; column_bits++) {
        fixture f;
        cs_slots slots;
        cs_sc_witness tables = {0};
        set_up(&f, column_bits);
        size_t half = ((size_t)1 << f.layout.bits) / 2;
        assert_int_equal(cs_slots_new(&slots, &f.w, f.gammas, &tables), CS_OK);
        assert_true(tables.first.rounds <= f.layout.bits - column_bits);
        for (unsigned k = 0; k < tables.first.rounds; k++, half /= 2) {
            cs_fr values[2];
            tables.first.round(tables.first.context, values);
            assert_true(cs_fr_eq(values[0], by_definition(&f, half, 0)));
            assert_true(cs_fr_eq(values[1], by_definition(&f, half, 2)));
            const cs_fr r = cs_fr_random();
            assert_int_equal(tables.first.bind(tables.first.context, r), CS_OK);
            cs_fr_vec_fold(f.e, f.e, f.e + half, r, half);
            cs_fr_vec_fold(f.m, f.m, f.m + half, r, half);
        }
        assert_memory_equal(tables.tables[0].values, f.m, 2 * half * sizeof(cs_fr));
        assert_memory_equal(tables.publics[0].values, f.e, 2 * half * sizeof(cs_fr));
        cs_slots_free(&slots);
        tear_down(&f);
    }
}

/* E of each rank at a point, whichever ranks are asked for. */
static void coefficients_at_a_point(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 3);
    const size_t n = (size_t)1 << f.layout.bits;
    cs_fr point[CS_SC_BITS], both[N_RANKS], one, *eq = CS_NEW(cs_fr, n);
    assert_non_null(eq);
    draw(point, f.layout.bits);
    cs_fr_vec_eq(eq, point, f.layout.bits);
    assert_int_equal(cs_witness_coefficients_at(&f.w, f.gammas, point, 0, N_RANKS, both), CS_OK);
    assert_true(cs_fr_eq(both[RANK], cs_fr_vec_dot(f.e, eq, n)));
    for (int rank = 0; rank < N_RANKS; rank++) {
        assert_int_equal(cs_witness_coefficients_at(&f.w, f.gammas, point, rank, 1, &one), CS_OK);
        assert_true(cs_fr_eq(one, both[rank]));
    }
    cs_free(eq);
    tear_down(&f);
}

/* Every allocation that fails is an error, and nothing is lost. */
static void lack_of_memory(void **state) {
    (void)state;
    fixture f;
    set_up(&f, 4);
    bool succeeded = false;
    const size_t live = cs_memory_live();
    for (size_t room = 0; !succeeded && room < 1 << 20; room += 512) {
        cs_slots slots;
        cs_sc_witness tables = {0};
        cs_memory_limit(live + room);
        cs_status status = cs_slots_new(&slots, &f.w, f.gammas, &tables);
        for (unsigned k = 0; status == CS_OK && k < tables.first.rounds; k++)
            status = tables.first.bind(tables.first.context, cs_fr_random());
        succeeded = status == CS_OK;
        assert_true(succeeded || status == CS_ERR_MEMORY);
        cs_slots_free(&slots);
        assert_int_equal(cs_memory_live(), live);
    }
    cs_memory_limit(SIZE_MAX);
    assert_true(succeeded);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rounds_and_tables), cmocka_unit_test(coefficients_at_a_point),
                                       cmocka_unit_test(lack_of_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
