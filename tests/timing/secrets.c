/* Which functions let control flow or addresses depend on secrets: run under valgrind's memcheck (tests/e2e/test_timing.sh).
 * Secrets are marked as uninitialised memory, so memcheck reports every jump and every address that depends on them (after
 * Adam Langley's ctgrind). Each case is announced in valgrind's log with what docs/security.md allows it to depend on. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "base/isa.h"
#include "base/memory.h"
#include "curve/commit.h"
#include "field/fr.h"
#include "field/fr_vec.h"
#include "session/aes.h"
#include "session/pads.h"
#include "train/int_matmul.h"

enum { N = 64, WIDTH = 4, ROWS = 8, COLUMNS = 16, WIDE = 300 };

static cs_fr a[N], b[N], out[N];
static uint8_t wide[64];

static void secret(void *p, size_t size) {
    VALGRIND_MAKE_MEM_UNDEFINED(p, size);
}

static void public(void *p, size_t size) {
    VALGRIND_MAKE_MEM_DEFINED(p, size);
}

static void begin(const char *name, const char *allowed) {
    VALGRIND_PRINTF("case %s: %s\n", name, allowed);
    for (int k = 0; k < N; k++) {
        a[k] = cs_fr_random();
        b[k] = cs_fr_random();
    }
    secret(a, sizeof a);
    secret(b, sizeof b);
}

static void end(void) {
    public(a, sizeof a);
    public(b, sizeof b);
    public(out, sizeof out);
    VALGRIND_PRINTF("end\n");
}

static void scalars(void) {
    begin("field operations", "nothing");
    out[0] = cs_fr_add(a[0], b[0]);
    out[1] = cs_fr_sub(a[1], b[1]);
    out[2] = cs_fr_neg(a[2]);
    out[3] = cs_fr_mul(a[3], b[3]);
    out[4] = cs_fr_sqr(a[4]);
    end();
    begin("field inversion", "nothing");
    out[0] = cs_fr_inv(a[0]);
    end();
    begin("scalars from bytes", "nothing");
    randombytes_buf(wide, sizeof wide);
    secret(wide, sizeof wide);
    out[0] = cs_fr_from_wide(wide);
    public(wide, sizeof wide);
    end();
    begin("encoding of scalars", "nothing");
    uint8_t bytes[32];
    cs_fr_encode(bytes, a[0]);
    public(bytes, sizeof bytes);
    end();
    begin("scalars from integers", "nothing");
    int64_t x = -5;
    secret(&x, sizeof x);
    out[0] = cs_fr_from_i64(x);
    end();
}

static void vectors(void) {
    begin("vectors", "nothing");
    cs_fr_vec_add(out, a, b, N);
    cs_fr_vec_mul(out, a, b, N);
    cs_fr_vec_axpy(out, a[0], b, N);
    cs_fr_vec_fold(out, a, b, a[1], N);
    out[0] = cs_fr_vec_dot(a, b, N);
    out[1] = cs_fr_vec_sum(a, N);
    end();
    begin("fractions", "nothing");
    cs_fr p[N / 2], q[N / 2];
    cs_fr_vec_fractions(p, q, a, b, a + N / 2, b + N / 2, N / 2);
    public(p, sizeof p);
    public(q, sizeof q);
    end();
    begin("integer vectors", "nothing");
    int16_t x[N];
    randombytes_buf(x, sizeof x);
    secret(x, sizeof x);
    cs_fr_vec_from_int(out, CS_INT_I16, x, N);
    cs_fr_vec_axpy_int(out, a[0], CS_INT_I16, x, N);
    out[0] = cs_fr_vec_dot_int(a, CS_INT_I16, x, N);
    end();
}

/* Table entries are chosen by secret digits; jumps are not, nor is what lies in gaps. */
static void commitments(void) {
    cs_committer *c = NULL;
    int8_t small[ROWS][COLUMNS], bits[ROWS][COLUMNS];
    int16_t long_rows[ROWS][WIDE];
    cs_int_row rows[ROWS];
    cs_g1_affine points[ROWS];
    if (cs_committer_new(&c, WIDTH) != CS_OK)
        return;
    begin("short commitments", "addresses");
    cs_g1 point = cs_commit_short(c, a, WIDTH, b[0]);
    public(&point, sizeof point);
    end();
    cs_committer_free(c);
    /* memcheck merges findings after the first 100: the case that has most of them comes last */
    begin("rows of bits", "addresses");
    for (int k = 0; k < ROWS; k++) {
        for (int j = 0; j < COLUMNS; j++)
            bits[k][j] = (int8_t)(randombytes_uniform(2));
        rows[k] =
            (cs_int_row){.type = CS_INT_I8, .data = bits[k], .n = COLUMNS, .min = 0, .max = 1, .gaps = {{8, (size_t)k % 3}}};
    }
    secret(bits, sizeof bits);
    (void)cs_commit_rows(points, rows, ROWS, a);
    public(points, sizeof points);
    end();
    begin("rows of integers, with many columns and with few", "addresses");
    randombytes_buf(long_rows, sizeof long_rows);
    for (int k = 0; k < ROWS; k++)
        rows[k] = (cs_int_row){.type = CS_INT_I16,
                               .data = long_rows[k],
                               .n = WIDE,
                               .min = INT16_MIN,
                               .max = INT16_MAX,
                               .gaps = {{8, (size_t)k % 3}}};
    secret(long_rows, sizeof long_rows);
    (void)cs_commit_rows(points, rows, ROWS, a);
    public(points, sizeof points);
    randombytes_buf(small, sizeof small);
    for (int k = 0; k < ROWS; k++)
        rows[k] = (cs_int_row){
            .type = CS_INT_I8, .data = small[k], .n = COLUMNS, .min = -128, .max = 127, .gaps = {{8, (size_t)k % 3}}};
    secret(small, sizeof small);
    (void)cs_commit_rows(points, rows, ROWS, a);
    public(points, sizeof points);
    end();
}

static void pads(bool by_aes) {
    uint8_t seeds[2][32], members[2][CS_KEY_SIZE] = {{1}, {2}}, digest[32] = {3};
    bool both[2] = {by_aes, by_aes};
    cs_keyring keys = {.rank = 0, .size = 2, .members = members, .seeds = seeds, .by_aes = both, .common_by_aes = by_aes};
    cs_pads *p = NULL;
    uint64_t gradient[N] = {0};
    randombytes_buf(seeds, sizeof seeds);
    randombytes_buf(keys.common_seed, sizeof keys.common_seed);
    begin(by_aes ? "pads by AES" : "pads", "nothing");
    secret(seeds, sizeof seeds);
    secret(keys.common_seed, sizeof keys.common_seed);
    secret(gradient, sizeof gradient);
    if (cs_pads_new(&p, &keys) == CS_OK) {
        (void)cs_pads_zero_shares_u64(p, CS_LABEL_GRADIENT, 0, digest, NULL, gradient, N, 5);
        (void)cs_pads_zero_shares_fr(p, CS_LABEL_UPDATE_SUM, 0, digest, NULL, a, N);
        cs_pads_mask_broadcast(p, CS_LABEL_GRADIENT, 1, gradient, sizeof gradient);
        out[0] = cs_pads_common_scalar(p, CS_COMMON_MASK, 0);
    }
    public(seeds, sizeof seeds);
    public(gradient, sizeof gradient);
    cs_pads_free(p);
    end();
}

/* Under keys of their own in each step, as with --attributable. */
static void pads_by_step(void) {
    uint8_t seeds[2][32], members[2][CS_KEY_SIZE] = {{1}, {2}}, digest[32] = {3}, bytes[32 * 8];
    bool none[2] = {false};
    cs_keyring keys = {.rank = 0, .size = 2, .members = members, .seeds = seeds, .by_aes = none};
    cs_pads *p = NULL;
    uint64_t gradient[N] = {0};
    static unsigned __int128 values[N];
    static cs_fr elements[N];
    randombytes_buf(seeds, sizeof seeds);
    begin("pads by step", "nothing");
    secret(seeds, sizeof seeds);
    secret(gradient, sizeof gradient);
    secret(values, sizeof values);
    secret(elements, sizeof elements);
    if (cs_pads_new(&p, &keys) == CS_OK) {
        cs_pads_set_steps(p, 0, 5);
        cs_pads_key_root(p, 1, bytes);
        (void)cs_pads_zero_shares_u64(p, CS_LABEL_GRADIENT, 0, digest, NULL, gradient, N, 5);
        cs_pads_add_wide(p, 0, digest, 1, values, N, 5, 100);
        out[0] = cs_pads_blinding(p, 1, digest, digest, digest, CS_PAD_BLINDING_GRADIENT);
        cs_pads_add_elements(p, 3, digest, 1, elements, N);
        cs_pads_show_key(p, 1, 2, bytes);
    }
    public(seeds, sizeof seeds);
    public(gradient, sizeof gradient);
    cs_pads_free(p);
    end();
}

/* What must be reported, or this test sees nothing. */
static void control(void) {
    static volatile uint8_t table[256];
    begin("a jump", "jumps");
    if (a[0].v[0] & 1)
        out[0] = CS_FR_ONE;
    end();
    begin("an address", "addresses");
    out[0].v[0] = table[a[0].v[0] & 0xff];
    end();
}

int main(void) {
    if (sodium_init() < 0 || !RUNNING_ON_VALGRIND) {
        fprintf(stderr, "secrets: to be run under valgrind\n");
        return CS_ERR_USAGE;
    }
    VALGRIND_PRINTF("arithmetic: %s\n", cs_isa_name(cs_isa_chosen()));
    scalars();
    vectors();
    commitments();
    pads(false);
    pads_by_step();
    if (cs_aes_available()) {
        pads(true);
    }
    control();
    cs_generators_release();
    return 0;
}
