/* Lookups against their definition: leaves, fractions and rounds of every tree that a set of lookups gives, on integers and
 * on field elements, the same bytes with every instruction set; whole proofs, true and false. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/isa.h"
#include "base/memory.h"
#include "comm/comm.h"
#include "field/fr_vec.h"
#include "finale/finale.h"
#include "lookup/leaf_ints.h"
#include "trees.h"

/* ---- some lookups ---- */

enum { SQUARES = 7, SMALL = 9, ROWS = 32 };
enum { USES, U, X, XX, NX, C, Z, ONE, BIG, Y, YY, NY, WIDE, EVEN, FEW, MANY, BLOCKS };
enum { LOOKUPS = 9 };

static const cs_block SHAPES[BLOCKS] = {
    [USES] = {.axes = 1, .shape = {ROWS}, .bits = {5}, .max = 1 << 16},
    [U] = {.axes = 2, .shape = {3, 5}, .bits = {2, 3}, .min = -1, .max = 99},
    [X] = {.axes = 3, .shape = {3, 2, 5}, .bits = {2, 1, 3}, .min = -8, .max = 7},
    [XX] = {.axes = 3, .shape = {3, 2, 5}, .bits = {2, 1, 3}, .max = 70000},
    [NX] = {.axes = 3, .shape = {3, 2, 5}, .bits = {2, 1, 3}, .min = -8, .max = 8},
    [C] = {.axes = 1, .shape = {30}, .bits = {5}, .min = -300, .max = 300},
    [Z] = {.axes = 2, .shape = {30, 40}, .bits = {5, 6}, .min = -300, .max = 300},
    [ONE] = {.axes = 1, .shape = {1}, .bits = {0}, .max = 7},
    [BIG] = {.axes = 2, .shape = {5, 100}, .bits = {3, 7}, .min = -3, .max = 9},
    [Y] = {.axes = 2, .shape = {11, 256}, .bits = {4, 8}, .min = -8, .max = 7},
    [YY] = {.axes = 2, .shape = {11, 256}, .bits = {4, 8}, .max = 100},
    [NY] = {.axes = 2, .shape = {11, 256}, .bits = {4, 8}, .min = -8, .max = 8},
    /* with tiles that are padding: rows, columns, both */
    [WIDE] = {.axes = 3, .shape = {5, 9, 130}, .bits = {3, 4, 8}, .max = 7},
    [EVEN] = {.axes = 2, .shape = {40, 300}, .bits = {6, 9}, .min = -2, .max = 5},
    [FEW] = {.axes = 1, .shape = {30}, .bits = {5}, .min = -300, .max = 300},
    [MANY] = {.axes = 2, .shape = {30, 60}, .bits = {5, 7}, .min = -300, .max = 300},
};

/* What is added along the last axis of BIG: tags and first columns of two kinds in turn. */
static cs_lookup_line LINES[100];
/* Of EVEN: all alike. */
static cs_lookup_line SAME[300];

#define COLUMN(which)                                                                                                       \
    {                                                                                                                       \
        .n = 1, .block = {which}, .coef = { 1 }                                                                             \
    }
static const cs_lookup ALL[LOOKUPS] = {
    {.tag = SMALL, .n_columns = 1, .columns = {COLUMN(U)}, .shaped_like = U},
    {.tag = SQUARES, .n_columns = 3, .columns = {COLUMN(X), COLUMN(XX), COLUMN(NX)}, .shaped_like = X},
    {.tag = SMALL, .n_columns = 1, .columns = {{.constant = 4, .n = 2, .block = {C, Z}, .coef = {1, -1}}}, .shaped_like = Z},
    {.tag = SMALL, .n_columns = 1, .columns = {COLUMN(ONE)}, .shaped_like = ONE},
    {.tag = SMALL, .n_columns = 1, .columns = {COLUMN(BIG)}, .shaped_like = BIG, .lines = LINES},
    {.tag = SQUARES, .n_columns = 3, .columns = {COLUMN(Y), COLUMN(YY), COLUMN(NY)}, .shaped_like = Y},
    {.tag = SMALL, .n_columns = 1, .columns = {COLUMN(WIDE)}, .shaped_like = WIDE},
    {.tag = SMALL, .n_columns = 1, .columns = {COLUMN(EVEN)}, .shaped_like = EVEN, .lines = SAME},
    {.tag = SMALL,
     .n_columns = 1,
     .columns = {{.constant = 4, .n = 2, .block = {FEW, MANY}, .coef = {1, -1}}},
     .shaped_like = MANY},
};

typedef struct fixture {
    cs_layout layout;
    cs_tensor tensors[BLOCKS];
    cs_lookup list[LOOKUPS];
    cs_lookups what;
    int32_t tag[ROWS], columns[CS_LOOKUP_COLUMNS][ROWS];
} fixture;

/* (7; x, x^2, -x) for x from -8 to 7; (9; x) for x from 0 to 7; copies of the first row. */
static void fill_table(fixture *f) {
    for (int y = 0; y < ROWS; y++) {
        const int x = y >= 24 ? -8 : y >= 16 ? y - 16 : y - 8;
        f->tag[y] = y >= 16 && y < 24 ? SMALL : SQUARES;
        f->columns[0][y] = x;
        f->columns[1][y] = f->tag[y] == SQUARES ? x * x : 0;
        f->columns[2][y] = f->tag[y] == SQUARES ? -x : 0;
    }
}

typedef void entry_fn(fixture *f, const cs_lookup *lookup, size_t x);

static bool is_real(const cs_block *b, size_t x) {
    bool real = true;
    for (unsigned axis = b->axes; axis-- > 0;) {
        real = real && (x & (((size_t)1 << b->bits[axis]) - 1)) < b->shape[axis];
        x >>= b->bits[axis];
    }
    return real;
}

static int small_random(int min, int max) {
    return min + rand() % (max - min + 1);
}

static unsigned last_bits(size_t block) {
    return SHAPES[block].bits[SHAPES[block].axes - 1];
}

/* What is added at an entry. */
static cs_lookup_line line_at(const cs_lookup *lookup, size_t x) {
    const size_t block = lookup->shaped_like, j = x & (((size_t)1 << last_bits(block)) - 1);
    return lookup->lines && j < SHAPES[block].shape[SHAPES[block].axes - 1] ? lookup->lines[j] : (cs_lookup_line){0, 0};
}

static void fill_entry(fixture *f, const cs_lookup *lookup, size_t x) {
    const int value = small_random(lookup->tag == SMALL ? 0 : -8, 7);
    const cs_lookup_column *column = lookup->columns;
    if (lookup->lines) { /* (9; v + 2) or (7, but the other columns are zero: x = 0; v + 1) */
        cs_tensor_set(&f->tensors[lookup->shaped_like], x, line_at(lookup, x).tag ? -1 : value - 2);
        return;
    }
    if (column[0].n == 2) { /* 4 + c - z = value */
        const size_t c = x >> last_bits(lookup->shaped_like);
        const int64_t few = cs_tensor_get(&f->tensors[column[0].block[0]], c);
        cs_tensor_set(&f->tensors[column[0].block[1]], x, 4 + few - value);
        return;
    }
    cs_tensor_set(&f->tensors[column[0].block[0]], x, value);
    if (lookup->n_columns == 3) {
        cs_tensor_set(&f->tensors[column[1].block[0]], x, value * value);
        cs_tensor_set(&f->tensors[column[2].block[0]], x, -value);
    }
}

static int32_t tag_at(const cs_lookup *lookup, size_t x) {
    return lookup->tag + line_at(lookup, x).tag;
}

/* Value of a column by definition. */
static int64_t column_at(const fixture *f, const cs_lookup *lookup, unsigned c, size_t x) {
    int64_t value = lookup->columns[c].constant + (c == 0 ? line_at(lookup, x).constant : 0);
    for (unsigned k = 0; k < lookup->columns[c].n; k++) {
        const size_t block = lookup->columns[c].block[k];
        const bool repeated = SHAPES[block].axes < SHAPES[lookup->shaped_like].axes;
        const size_t at = repeated ? x >> last_bits(lookup->shaped_like) : x;
        value += lookup->columns[c].coef[k] * cs_tensor_get(&f->tensors[block], at);
    }
    return value;
}

static void count_entry(fixture *f, const cs_lookup *lookup, size_t x) {
    for (size_t y = 0; y < ROWS; y++) {
        bool same = f->tag[y] == tag_at(lookup, x);
        for (unsigned c = 0; c < CS_LOOKUP_COLUMNS; c++)
            same = same && f->columns[c][y] == (c < lookup->n_columns ? column_at(f, lookup, c, x) : 0);
        if (same) {
            cs_tensor_set(&f->tensors[USES], y, cs_tensor_get(&f->tensors[USES], y) + 1);
            return;
        }
    }
}

static void for_real(fixture *f, entry_fn *fn) {
    for (size_t k = 0; k < f->what.n; k++) {
        const cs_lookup *lookup = &f->list[k];
        const size_t size = f->layout.blocks[lookup->shaped_like].size;
        for (size_t x = 0; x < size; x++)
            if (is_real(&SHAPES[lookup->shaped_like], x))
                fn(f, lookup, x);
    }
}

/* Lookup k of ALL if bit k of `set` is 1. */
static void open_fixture(fixture *f, unsigned set, unsigned seed) {
    *f = (fixture){.what = {.multiplicities = USES}};
    srand(seed);
    assert_int_equal(cs_layout_new(&f->layout, SHAPES, BLOCKS, 6), CS_OK);
    for (size_t k = 0; k < BLOCKS; k++)
        assert_int_equal(cs_tensor_new(&f->tensors[k], f->layout.blocks[k].size, SHAPES[k].min, SHAPES[k].max), CS_OK);
    for (size_t k = 0; k < SHAPES[C].shape[0]; k++)
        cs_tensor_set(&f->tensors[C], k, small_random(-280, 280));
    for (size_t k = 0; k < SHAPES[FEW].shape[0]; k++)
        cs_tensor_set(&f->tensors[FEW], k, small_random(-280, 280));
    for (unsigned k = 0; k < LOOKUPS; k++)
        if (set >> k & 1)
            f->list[f->what.n++] = ALL[k];
    fill_table(f);
    for (size_t j = 0; j < SHAPES[BIG].shape[1]; j++)
        LINES[j] = j % 3 ? (cs_lookup_line){0, 2} : (cs_lookup_line){SQUARES - SMALL, 1};
    for (size_t j = 0; j < SHAPES[EVEN].shape[1]; j++)
        SAME[j] = (cs_lookup_line){0, 2};
    f->what.list = f->list;
    f->what.table = (cs_lookup_table){ROWS, f->tag, {f->columns[0], f->columns[1], f->columns[2]}};
    for_real(f, fill_entry);
    for_real(f, count_entry);
}

static void close_fixture(fixture *f) {
    for (size_t k = 0; k < BLOCKS; k++)
        cs_tensor_free(&f->tensors[k]);
    cs_layout_free(&f->layout);
}

/* ---- leaves by definition ---- */

static cs_fr ALPHA, BETA;

static cs_fr compress(int32_t tag, const int64_t columns[CS_LOOKUP_COLUMNS]) {
    cs_fr power = BETA, out = cs_fr_sub(ALPHA, cs_fr_from_i64(tag));
    for (unsigned c = 0; c < CS_LOOKUP_COLUMNS; c++) {
        out = cs_fr_sub(out, cs_fr_mul(power, cs_fr_from_i64(columns[c])));
        power = cs_fr_mul(power, BETA);
    }
    return out;
}

/* Biggest first, those of a size in their order. Returns how many leaves there are. */
static size_t leaves_by_definition(const fixture *f, cs_fr *p, cs_fr *q) {
    size_t n = 0;
    for (size_t size = MOST_LEAVES; size > 0; size /= 2) {
        for (size_t k = 0; k < f->what.n; k++) {
            const cs_lookup *lookup = &f->list[k];
            const size_t block = lookup->shaped_like;
            for (size_t x = 0; f->layout.blocks[block].size == size && x < size; x++, n++) {
                int64_t row[CS_LOOKUP_COLUMNS] = {0};
                for (unsigned c = 0; c < lookup->n_columns; c++)
                    row[c] = column_at(f, lookup, c, x);
                p[n] = is_real(&SHAPES[block], x) ? CS_FR_ONE : CS_FR_ZERO;
                q[n] = compress(tag_at(lookup, x), row);
            }
        }
    }
    size_t all = 1;
    while (all < n)
        all *= 2;
    for (; n < all; n++) {
        p[n] = CS_FR_ZERO;
        q[n] = CS_FR_ONE;
    }
    return all;
}

/* What the tests below work on: p and q of the entries, and the tree that they make up. */
typedef struct bench {
    fixture f;
    cs_session session;
    cs_witness w;
    cs_leaves leaves;
    size_t n;
    unsigned low;
    cs_fr p[MOST_LEAVES], q[MOST_LEAVES];
    definition tree;
} bench;

/* The biggest lookup's last axis, of the lookups of a set; the first of the biggest. */
static unsigned low_of(const fixture *f, unsigned bits) {
    size_t size = 0;
    unsigned axis = 0;
    for (size_t k = 0; k < f->what.n; k++) {
        const size_t block = f->list[k].shaped_like;
        if (f->layout.blocks[block].size > size) {
            size = f->layout.blocks[block].size;
            axis = last_bits(block);
        }
    }
    return low_by_definition(bits, axis);
}

static bench *open_bench(unsigned set, unsigned seed) {
    bench *b = CS_NEW(bench, 1);
    assert_non_null(b);
    open_fixture(&b->f, set, seed);
    b->session = (cs_session){.role = CS_PROVE, .n_ranks = 1};
    b->w = (cs_witness){.session = &b->session, .layout = &b->f.layout, .tensors = b->f.tensors};
    ALPHA = cs_fr_from_u64(UINT64_C(0x123456789abcdef1) + seed);
    ALPHA = cs_fr_pow(ALPHA, 12345);
    BETA = cs_fr_sqr(ALPHA);
    definition_challenges(&b->tree, ALPHA);
    assert_int_equal(cs_leaves_new(&b->leaves, &b->w, &b->f.what, ALPHA, BETA), CS_OK);
    b->n = leaves_by_definition(&b->f, b->p, b->q);
    assert_int_equal((size_t)1 << b->leaves.bits, b->n);
    b->low = low_of(&b->f, b->leaves.bits);
    return b;
}

static void close_bench(bench *b) {
    definition_free(&b->tree);
    cs_leaves_free(&b->leaves);
    close_fixture(&b->f);
    cs_free(b);
}

static const unsigned SETS[] = {1, 2, 4, 9, 16, 32, 3, 11, 63, 47, 62, 64, 128, 256 + 64, 128 + 11, 511};
enum { N_SETS = sizeof SETS / sizeof *SETS };

/* Entries offset .. offset + n - 1 as integers. */
static void check_piece(const bench *b, cs_leaf_piece *piece, size_t offset, size_t n) {
    cs_fr coef[CS_LEAF_KINDS];
    cs_leaf_coefs(&b->leaves, coef);
    cs_leaf_piece_load(&b->leaves, offset, n, piece);
    for (size_t j = 0; j < n; j++) {
        cs_fr up = piece->p, down = piece->q;
        for (unsigned k = 0; k < CS_LEAF_KINDS; k++) {
            const cs_fr x = piece->has >> k & 1 ? cs_fr_from_i64(piece->x[k][j]) : CS_FR_ZERO;
            up = k == CS_LEAF_P ? cs_fr_add(up, x) : up;
            down = cs_fr_add(down, cs_fr_mul(coef[k], x));
        }
        same(&up, &b->p[offset + j], 1);
        same(&down, &b->q[offset + j], 1);
    }
}

static void leaves(void **state) {
    (void)state;
    static cs_fr p[MOST_LEAVES], q[MOST_LEAVES];
    cs_leaf_piece *piece = CS_NEW(cs_leaf_piece, 1);
    assert_non_null(piece);
    for (unsigned s = 0; s < N_SETS; s++) {
        bench *b = open_bench(SETS[s], s);
        cs_leaves_numerators(&b->leaves, 0, b->n, p);
        cs_leaves_denominators(&b->leaves, 0, b->n, q);
        assert_int_equal(b->leaves.low_bits, b->low);
        for (size_t x = 0; x < b->n; x++) {
            const size_t entry = entry_by_definition(x, b->low, b->leaves.bits);
            assert_int_equal(cs_leaves_entry(&b->leaves, x), entry);
            same(&p[x], &b->p[entry], 1);
            same(&q[x], &b->q[entry], 1);
        }
        for (size_t n = 1; n <= CS_LEAF_PIECE && n <= b->n; n *= 4)
            for (size_t offset = 0; offset < b->n; offset += n)
                check_piece(b, piece, offset, n);
        close_bench(b);
    }
    cs_free(piece);
}

/* ---- tiles ---- */

/* A tile is stored if an entry in it is real, or its denominators differ; else it is one constant. */
static void tiles(void **state) {
    (void)state;
    for (unsigned s = 0; s < N_SETS; s++) {
        bench *b = open_bench(SETS[s], s);
        cs_tiles t;
        if (b->leaves.low_bits < CS_TILE_BITS) {
            close_bench(b);
            continue;
        }
        assert_int_equal(cs_tiles_new(&t, &b->leaves), CS_OK);
        const cs_tile_map *m = &t.map[0];
        size_t stored = 0;
        for (size_t k = 0; k < m->n; k++) {
            const size_t from = cs_tile_entry(&t, k);
            bool real = false;
            for (size_t j = from; j < from + 64; j++)
                real = real || !cs_fr_is_zero(b->p[j]);
            if (cs_tile_stored(m, k)) {
                assert_int_equal(m->at[k], stored++);
                continue;
            }
            assert_false(real);
            for (size_t j = from; j < from + 64; j++)
                same(&b->q[j], &t.leaf[cs_tile_constant(m, k)], 1);
        }
        assert_int_equal(stored, m->stored);
        if (SETS[s] == 64) /* 5 of 8 times 9 of 16 rows, 3 of 4 tiles of columns */
            assert_int_equal(stored, 5 * 9 * 3);
        if (SETS[s] == 128) /* 40 of 64 rows, 5 of 8 tiles; one with the end of the lines in rows of padding */
            assert_int_equal(stored, 40 * 5 + 24);
        cs_tiles_free(&t);
        close_bench(b);
    }
}

/* ---- layers ---- */

static void check_tree(bench *b) {
    definition_grow(&b->tree, b->leaves.bits, b->low, b->p, b->q);
    definition_check(&b->tree, &b->leaves);
}

static void layers(void **state) {
    (void)state;
    for (unsigned s = 0; s < N_SETS; s++) {
        bench *b = open_bench(SETS[s], s);
        assert_true(cs_leaves_are_small(&b->leaves));
        check_tree(b);
        close_bench(b);
    }
}

/* A rank that has no record in most of its rows. */
static void layers_of_a_short_rank(void **state) {
    (void)state;
    for (size_t rows = 0; rows <= 2; rows++) {
        bench *b = open_bench(64 + 128, 1);
        b->f.layout.blocks[WIDE].rank_shape = &rows;
        for (size_t x = 0; x < b->f.layout.blocks[WIDE].size; x++)
            if (x >> 12 >= rows) {
                cs_tensor_set(&b->f.tensors[WIDE], x, 0);
                b->p[x] = CS_FR_ZERO;
                b->q[x] = compress(SMALL, (const int64_t[CS_LOOKUP_COLUMNS]){0});
            }
        check_tree(b);
        close_bench(b);
    }
}

/* The same as field elements, with the first layer and without. */
static void layers_of_field_elements(void **state) {
    (void)state;
    const unsigned sets[] = {1, 47, 64};
    for (unsigned s = 0; s < 3; s++)
        for (unsigned is_long = 0; is_long < 2; is_long++) {
            bench *b = open_bench(sets[s], s);
            assert_int_equal(cs_tensor_to_fr(&b->f.tensors[sets[s] == 64 ? WIDE : U]), CS_OK);
            assert_false(cs_leaves_are_small(&b->leaves));
            b->leaves.long_bits = is_long ? 1 : MOST_BITS + 1;
            check_tree(b);
            close_bench(b);
        }
}

/* Field elements, and integers whose products would not fit, are left to the field's kernels. */
static void what_is_not_small(void **state) {
    (void)state;
    bench *b = open_bench(63, 1);
    assert_true(cs_leaves_are_small(&b->leaves));
    cs_tensor *xx = &b->f.tensors[XX];
    assert_int_equal(xx->type, CS_INT_I32);
    cs_tensor_set(xx, 3, INT32_MAX);
    assert_false(cs_leaves_are_small(&b->leaves));
    cs_tensor_set(xx, 3, -(1 << 22));
    assert_true(cs_leaves_are_small(&b->leaves));
    assert_int_equal(cs_tensor_to_fr(&b->f.tensors[BIG]), CS_OK);
    assert_false(cs_leaves_are_small(&b->leaves));
    close_bench(b);
}

/* ---- instruction sets ---- */

/* A layer's first rounds, and one entry of what they leave. */
static bool hash_layer(const bench *b, cs_tree *tree, unsigned level, crypto_hash_sha256_state *hash) {
    cs_sc_witness w;
    cs_fr values[2];
    bool done = cs_tree_start(tree, level, b->tree.lambda, b->tree.omega, b->tree.point, &w) == CS_OK;
    for (unsigned r = 0; done && r < w.first.rounds; r++) {
        w.first.round(w.first.context, values);
        crypto_hash_sha256_update(hash, (const uint8_t *)values, sizeof values);
        done = w.first.bind(w.first.context, values[0]) == CS_OK;
    }
    for (unsigned k = 0; done && w.tables[0].values && k < 4; k++)
        crypto_hash_sha256_update(hash, (const uint8_t *)w.tables[k].values, sizeof(cs_fr) << (level - w.first.rounds));
    cs_tree_end(tree, level);
    return done;
}

/* In a process of its own, since the choice is made once: a digest of all fractions and rounds. */
static void digest_with(cs_isa isa, uint8_t out[32]) {
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        crypto_hash_sha256_state hash;
        crypto_hash_sha256_init(&hash);
        bool done = setenv("CONSORT_ISA", cs_isa_name(isa), 1) == 0 && cs_isa_chosen() == isa;
        for (unsigned s = 0; s < N_SETS; s++) {
            bench *b = open_bench(SETS[s], s);
            cs_tree *tree;
            done = done && cs_tree_new(&tree, &b->leaves) == CS_OK;
            for (unsigned level = 0; done && level < b->leaves.bits; level++)
                done = hash_layer(b, tree, level, &hash);
            cs_tree_free(done ? tree : NULL);
            close_bench(b);
        }
        uint8_t digest[32];
        crypto_hash_sha256_final(&hash, digest);
        done = done && write(pipes[1], digest, sizeof digest) == (ssize_t)sizeof digest;
        _exit(done ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(read(pipes[0], out, 32), 32);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(pipes[0]);
    close(pipes[1]);
}

/* Comes first: nothing has chosen an instruction set yet. */
static void same_with_every_instruction_set(void **state) {
    (void)state;
    uint8_t first[32], other[32];
    digest_with(CS_ISA_PORTABLE, first);
    for (unsigned isa = 1; isa < CS_ISA_COUNT; isa++)
        if (cs_isa_available((cs_isa)isa)) {
            digest_with((cs_isa)isa, other);
            assert_memory_equal(first, other, sizeof first);
        }
}

/* ---- whole proofs ---- */

static cs_status run(cs_session *s, const fixture *f, bool prover) {
    cs_g1_affine none[1];
    const cs_fr no_blindings[1] = {{{0}}};
    cs_g1_affine *const certified[1] = {none};
    cs_witness w;
    cs_finale *finale = NULL;
    cs_status status = cs_witness_new(&w, s, &f->layout, certified, prover ? f->tensors : NULL, no_blindings, NULL);
    if (status == CS_OK)
        status = cs_lookup_prove(&w, &f->what);
    if (status == CS_OK)
        status = cs_witness_open(&w);
    if (status == CS_OK)
        status = cs_finale_fold(s, &finale);
    if (status == CS_OK)
        status = cs_finale_prove(finale);
    if (status == CS_OK)
        status = cs_witness_prove_opening(&w);
    cs_finale_free(finale);
    if (status == CS_OK)
        status = cs_session_finish(s);
    cs_witness_free(&w);
    return status;
}

/* CS_OK if a proof is made and accepted. */
static cs_status prove_and_verify(const fixture *f) {
    static const uint8_t digest[32];
    cs_comm comm;
    cs_identity me;
    cs_keyring keys = {0};
    cs_pads *pads;
    cs_session s;
    cs_buffer proof = {0};
    cs_comm_self(&comm);
    assert_int_equal(cs_identity_generate(&me), CS_OK);
    assert_int_equal(cs_handshake(&comm, &me, NULL, digest, &keys), CS_OK);
    assert_int_equal(cs_pads_new(&pads, &keys), CS_OK);
    assert_int_equal(cs_session_prove(&s, &comm, &keys, pads, digest, 16, &proof), CS_OK);
    cs_status status = run(&s, f, true);
    cs_session_free(&s);
    if (status == CS_OK) {
        assert_int_equal(cs_session_verify(&s, 1, digest, 16, proof.data, proof.size), CS_OK);
        status = run(&s, f, false);
        cs_session_free(&s);
    }
    cs_buffer_free(&proof);
    cs_pads_free(pads);
    cs_keyring_free(&keys);
    cs_identity_wipe(&me);
    cs_comm_free(&comm);
    return status;
}

static void true_lookups_are_proved(void **state) {
    (void)state;
    const unsigned sets[] = {1, 8, 9, 11, 63, 511};
    for (unsigned k = 0; k < 6; k++) {
        fixture f;
        open_fixture(&f, sets[k], k);
        assert_int_equal(prove_and_verify(&f), CS_OK);
        /* as field elements, and without the first layer */
        assert_int_equal(cs_tensor_to_fr(&f.tensors[U]), CS_OK);
        assert_int_equal(prove_and_verify(&f), CS_OK);
        f.what.long_bits = 1;
        assert_int_equal(prove_and_verify(&f), CS_OK);
        close_fixture(&f);
    }
}

/* Entry `x` of a block becomes `value`; counts follow if that gives a row. */
static void refuse(size_t block, size_t x, int64_t value, bool count_again) {
    fixture f;
    open_fixture(&f, 63, 5);
    assert_int_not_equal(cs_tensor_get(&f.tensors[block], x), value);
    cs_tensor_set(&f.tensors[block], x, value);
    if (count_again) {
        for (size_t y = 0; y < ROWS; y++)
            cs_tensor_set(&f.tensors[USES], y, 0);
        for_real(&f, count_entry);
    }
    assert_int_equal(prove_and_verify(&f), CS_ERR_ABORT);
    assert_non_null(strstr(cs_error_text(), "part of open/claims does not hold"));
    close_fixture(&f);
}

static void false_lookups_are_refused(void **state) {
    (void)state;
    refuse(U, 4, 8, true);    /* just outside of the table */
    refuse(U, 4, -1, true);   /* a row of another tag */
    refuse(XX, 17, 65, true); /* no square */
    refuse(XX, 17, 70000, true);
    refuse(NX, 0, 8, true);    /* not of that x, or if it is, of no other */
    refuse(Z, 70, -300, true); /* a difference out of the table */
    refuse(USES, 3, 9999, false);
    refuse(USES, 30, 1, false); /* a copy of a row that is counted already */
}

/* What is in the padding is not looked up (other claims make it zero). Commitments to field elements have it. */
static void padding_is_not_looked_up(void **state) {
    (void)state;
    fixture f;
    open_fixture(&f, 63, 6);
    assert_int_equal(cs_tensor_to_fr(&f.tensors[U]), CS_OK);
    assert_int_equal(cs_tensor_to_fr(&f.tensors[BIG]), CS_OK);
    cs_tensor_set(&f.tensors[U], 5, 99);
    cs_tensor_set(&f.tensors[BIG], 127, 9);
    assert_int_equal(prove_and_verify(&f), CS_OK);
    close_fixture(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_with_every_instruction_set),
                                       cmocka_unit_test(leaves),
                                       cmocka_unit_test(tiles),
                                       cmocka_unit_test(layers),
                                       cmocka_unit_test(layers_of_a_short_rank),
                                       cmocka_unit_test(layers_of_field_elements),
                                       cmocka_unit_test(what_is_not_small),
                                       cmocka_unit_test(true_lookups_are_proved),
                                       cmocka_unit_test(false_lookups_are_refused),
                                       cmocka_unit_test(padding_is_not_looked_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
