/* Well-formedness proofs of honest datasets hold, whatever the shape; no proof is good for anything but its own document;
 * and the prover does not prove what is not so. tests/attack/test_malformed.c has provers that do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "base/strings.h"
#include "provenance/ranges.h"
#include "provenance/wellformed_parts.h"
#include "support/committed.h"

static void make(cs_committed *c, const cs_committed_options *o) {
    if (cs_committed_new(c, o) != CS_OK)
        fail_msg("%zu x %zu, %zu classes, %zu columns: %s", o->rows, o->features, o->classes, o->columns, cs_error_text());
}

static cs_status verify(const cs_committed *c) {
    return cs_wellformed_verify(&c->doc, c->proof.data, c->proof.size);
}

static void honest(void **state) {
    (void)state;
    /* rows, features, classes, columns: records longer and shorter than a commitment, one of everything, full rows; so many
     * entries that tiles of them are padding, in either axis */
    static const size_t shapes[][4] = {{5, 3, 2, 8},    {1, 1, 1, 4},      {1, 1, 1, 64},    {7, 9, 3, 4},
                                       {64, 4, 4, 16},  {33, 1, 5, 8},     {3, 20, 2, 16},   {16, 2, 9, 8},
                                       {100, 5, 1, 32}, {300, 20, 2, 256}, {70, 130, 2, 256}};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
        for (int maps = 0; maps < 2; maps++) {
            cs_committed_options o = cs_committed_defaults();
            cs_committed c;
            o.rows = shapes[k][0];
            o.features = shapes[k][1];
            o.classes = shapes[k][2];
            o.columns = shapes[k][3];
            o.n_maps = maps ? o.features : 1;
            make(&c, &o);
            if (verify(&c) != CS_OK)
                fail_msg("shape %zu: %s", k, cs_error_text());
            cs_committed_free(&c);
        }
}

/* Constant features, ranges without zero, and the whole width of 16 bits. */
static void unusual_ranges(void **state) {
    (void)state;
    static const cs_affine maps[] = {{3, 3, 0, 1}, {0, 0, 0, 1}, {10, 17, 0, 1}, {-9, -2, 0, 1}, {-32768, 32767, 0, 1}};
    for (size_t k = 0; k < sizeof maps / sizeof *maps; k++) {
        cs_committed_options o = cs_committed_defaults();
        cs_committed c;
        o.map = &maps[k];
        make(&c, &o);
        if (verify(&c) != CS_OK)
            fail_msg("map %zu: %s", k, cs_error_text());
        cs_committed_free(&c);
    }
}

static void ranges(void **state) {
    (void)state;
    cs_affine maps[] = {{-2, 3, 0, 1}, {7, 12, 0, 1}, {0, 1, 0, 1}};
    const cs_dataset_doc d = {.features = 3, .maps = maps, .n_maps = 3};
    cs_ranges r;
    assert_int_equal(cs_ranges_new(&r, &d), CS_OK);
    assert_int_equal(r.n, 8); /* 2 values of width 1, 6 of width 5 that two features share */
    assert_int_equal(cs_ranges_find(&r, 0, -2), cs_ranges_find(&r, 1, 7));
    assert_int_equal(cs_ranges_find(&r, 0, 3), cs_ranges_find(&r, 1, 12));
    assert_int_equal(cs_ranges_find(&r, 0, 4), SIZE_MAX);
    assert_int_equal(cs_ranges_find(&r, 0, -3), SIZE_MAX);
    assert_int_equal(cs_ranges_find(&r, 1, 3), SIZE_MAX);
    assert_int_not_equal(cs_ranges_find(&r, 2, 0), cs_ranges_find(&r, 0, -2));
    cs_ranges_free(&r);
}

static void too_many_ranges(void **state) {
    (void)state;
    enum { N = 200 };
    cs_affine maps[N];
    for (size_t k = 0; k < N; k++)
        maps[k] = (cs_affine){0, 30000 + (double)k, 0, 1};
    const cs_dataset_doc d = {.features = N, .maps = maps, .n_maps = N};
    cs_ranges r;
    assert_int_equal(cs_ranges_new(&r, &d), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "choose multipliers"));
}

/* Two proofs of the same thing have nothing in common but zeros of the finale's padded rows. */
static void masked(void **state) {
    (void)state;
    const cs_committed_options o = cs_committed_defaults();
    cs_committed c;
    cs_buffer again = {0};
    make(&c, &o);
    assert_int_equal(cs_wellformed_prove(&c.doc, &c.opening, NULL, &again), CS_OK);
    assert_int_equal(again.size, c.proof.size);
    size_t same = 0;
    for (size_t at = 0; at + 32 <= again.size; at += 32)
        same += memcmp(again.data + at, c.proof.data + at, 32) == 0 && !sodium_is_zero(again.data + at, 32);
    assert_int_equal(same, 0);
    cs_buffer_free(&again);
    cs_committed_free(&c);
}

static void changed_proof(void **state) {
    (void)state;
    const cs_committed_options o = cs_committed_defaults();
    cs_committed c;
    make(&c, &o);
    c.proof.data[40] ^= 1;
    assert_int_equal(verify(&c), CS_REJECT);
    assert_non_null(strstr(cs_error_text(), "not the well-formedness proof that its document names"));
    c.proof.data[40] ^= 1;
    /* with the document following the change */
    for (size_t at = 0; at < c.proof.size; at += 37) {
        c.proof.data[at] ^= 1;
        cs_wellformed_seal(&c.doc, &c.proof);
        const cs_status status = verify(&c);
        assert_true(status == CS_REJECT || status == CS_ERR_INPUT);
        c.proof.data[at] ^= 1;
    }
    const size_t size = c.proof.size;
    for (size_t cut = 0; cut < size; cut += 97) {
        c.proof.size = cut;
        cs_wellformed_seal(&c.doc, &c.proof);
        assert_int_not_equal(verify(&c), CS_OK);
    }
    c.proof.size = size;
    cs_buffer_append(&c.proof, "", 1);
    cs_wellformed_seal(&c.doc, &c.proof);
    assert_int_equal(verify(&c), CS_ERR_INPUT);
    c.proof.size = size;
    cs_wellformed_seal(&c.doc, &c.proof);
    assert_int_equal(verify(&c), CS_OK);
    cs_committed_free(&c);
}

/* Every field of the document is part of what was proved. */
static void other_document(void **state) {
    (void)state;
    cs_committed_options o = cs_committed_defaults();
    cs_committed c, other;
    make(&c, &o);
    o.seed = 2;
    make(&other, &o);
    cs_wellformed_seal(&other.doc, &c.proof);
    assert_int_equal(cs_wellformed_verify(&other.doc, c.proof.data, c.proof.size), CS_REJECT);
    cs_committed_free(&other);
    c.doc.name[0] = 'S';
    assert_int_equal(verify(&c), CS_REJECT);
    c.doc.name[0] = 's';
    c.doc.maps[0].offset = 0.25; /* same images */
    assert_int_equal(verify(&c), CS_REJECT);
    c.doc.maps[0].offset = 0;
    c.doc.rows = 6;
    assert_int_equal(verify(&c), CS_REJECT);
    c.doc.rows = 5;
    c.doc.features = 4;
    assert_int_equal(verify(&c), CS_REJECT);
    c.doc.features = 3;
    c.doc.classes = 1; /* Y without its second commitment */
    assert_int_not_equal(verify(&c), CS_OK);
    c.doc.classes = 2;
    assert_int_equal(verify(&c), CS_OK);
    const cs_g1_affine first = c.doc.commitments[0];
    c.doc.commitments[0] = c.doc.commitments[1];
    c.doc.commitments[1] = first;
    assert_int_equal(verify(&c), CS_REJECT);
    cs_committed_free(&c);
}

/* What an opening with a wrong blinding proves is refused: it does not open the commitments. */
static void wrong_blinding(void **state) {
    (void)state;
    cs_committed_options o = cs_committed_defaults();
    cs_committed c;
    o.proof = false;
    for (size_t k = 0; k < 5; k++) {
        make(&c, &o);
        c.opening.blindings[k] = cs_fr_add(c.opening.blindings[k], CS_FR_ONE);
        assert_int_equal(cs_wellformed_prove(&c.doc, &c.opening, NULL, &c.proof), CS_OK);
        cs_wellformed_seal(&c.doc, &c.proof);
        assert_int_equal(verify(&c), CS_REJECT);
        cs_committed_free(&c);
    }
}

/* Other records than the committed ones, in range: the same. */
static void other_records(void **state) {
    (void)state;
    cs_committed_options o = cs_committed_defaults();
    cs_committed c;
    o.proof = false;
    make(&c, &o);
    c.opening.values[4] = c.opening.values[4] == 0 ? 1 : 0;
    assert_int_equal(cs_wellformed_prove(&c.doc, &c.opening, NULL, &c.proof), CS_OK);
    cs_wellformed_seal(&c.doc, &c.proof);
    assert_int_equal(verify(&c), CS_REJECT);
    cs_committed_free(&c);
}

/* Two proofs whose equations are checked together hold if both do. */
static void checked_together(void **state) {
    (void)state;
    cs_committed_options o = cs_committed_defaults();
    cs_committed c[2];
    make(&c[0], &o);
    o.seed = 2;
    o.rows = 9;
    for (int wrong = 0; wrong < 2; wrong++) {
        cs_deferred equations = {0};
        o.proof = !wrong;
        make(&c[1], &o);
        if (wrong) {
            c[1].opening.blindings[1] = CS_FR_ONE;
            assert_int_equal(cs_wellformed_prove(&c[1].doc, &c[1].opening, NULL, &c[1].proof), CS_OK);
            cs_wellformed_seal(&c[1].doc, &c[1].proof);
        }
        for (int k = 0; k < 2; k++)
            assert_int_equal(cs_wellformed_verify_later(&c[k].doc, c[k].proof.data, c[k].proof.size, &equations), CS_OK);
        assert_int_equal(cs_deferred_check(&equations), wrong ? CS_REJECT : CS_OK);
        c[0].proof.data[0] ^= 1; /* what needs no equations is refused at once */
        assert_int_equal(cs_wellformed_verify_later(&c[0].doc, c[0].proof.data, c[0].proof.size, &equations), CS_REJECT);
        c[0].proof.data[0] ^= 1;
        cs_deferred_free(&equations);
        cs_committed_free(&c[1]);
    }
    cs_committed_free(&c[0]);
}

static void set_feature(cs_dataset_matrices *m) {
    cs_tensor_set(&m->d, 1, 8);
}

static void set_bit(cs_dataset_matrices *m) {
    cs_tensor_set(&m->y, 0, 2);
    cs_tensor_set(&m->y, 1, -1);
}

/* The library's prover finds out by itself. */
static void not_provable(void **state) {
    (void)state;
    static void (*const spoil[])(cs_dataset_matrices *) = {set_feature, set_bit};
    for (size_t k = 0; k < sizeof spoil / sizeof *spoil; k++) {
        cs_committed_options o = cs_committed_defaults();
        cs_committed c;
        cs_dataset_matrices m;
        o.proof = false;
        make(&c, &o);
        assert_int_equal(cs_dataset_matrices_new(&m, &c.doc, &c.opening), CS_OK);
        spoil[k](&m);
        const cs_wellformed_witness w = {.matrices = &m, .blindings = c.opening.blindings};
        assert_int_equal(cs_wellformed_prove_witness(&c.doc, &w, NULL, &c.proof), CS_ERR_ABORT);
        cs_dataset_matrices_free(&m);
        cs_committed_free(&c);
    }
}

static void without_memory(void **state) {
    (void)state;
    cs_committed_options o = cs_committed_defaults();
    cs_committed c;
    o.proof = false;
    make(&c, &o);
    cs_status status = CS_ERR_MEMORY;
    const size_t start = cs_memory_live();
    for (size_t room = 1024; status == CS_ERR_MEMORY; room += room / 2) {
        cs_memory_limit(start + room);
        status = cs_wellformed_prove(&c.doc, &c.opening, NULL, &c.proof);
        cs_memory_limit(SIZE_MAX);
        assert_true(status == CS_OK || status == CS_ERR_MEMORY);
    }
    cs_wellformed_seal(&c.doc, &c.proof);
    assert_int_equal(verify(&c), CS_OK);
    cs_committed_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest),           cmocka_unit_test(unusual_ranges), cmocka_unit_test(ranges),
        cmocka_unit_test(too_many_ranges),  cmocka_unit_test(masked),         cmocka_unit_test(changed_proof),
        cmocka_unit_test(other_document),   cmocka_unit_test(wrong_blinding), cmocka_unit_test(other_records),
        cmocka_unit_test(checked_together), cmocka_unit_test(not_provable),   cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
