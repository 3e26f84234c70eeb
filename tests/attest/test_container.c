/* The attestation file, byte by byte, and the model file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "attest/container.h"
#include "attest/model_file.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "data/safetensors.h"
#include "provenance/refusal.h"

static void fill(cs_container *c, bool models) {
    *c = (cs_container){0};
    for (int k = 0; k < 400; k++)
        cs_buffer_append(&c->section[CS_SECTION_STATEMENT], "{\"a\":1}", 7); /* compresses */
    uint32_t x = 1;
    for (int k = 0; k < 900; k++) { /* does not */
        x = x * 1664525u + 1013904223u;
        cs_buffer_append(&c->section[CS_SECTION_PROOF], (uint8_t[]){(uint8_t)(x >> 24)}, 1);
    }
    if (models) {
        cs_buffer_append(&c->section[CS_SECTION_INITIAL], "initial", 7);
        cs_buffer_append(&c->section[CS_SECTION_MODEL], "model", 5);
        cs_buffer_append(&c->section[CS_SECTION_WELLFORMED], "well-formed", 11);
        cs_buffer_append(&c->section[CS_SECTION_CERTIFICATES], "certificates", 12);
        cs_buffer_append(&c->section[CS_SECTION_SIGNATURES], "signatures", 10);
    }
}

static void encode(cs_buffer *out, bool models) {
    cs_container c;
    fill(&c, models);
    *out = (cs_buffer){0};
    assert_int_equal(cs_container_encode(out, &c), CS_OK);
    cs_container_free(&c);
}

static cs_status decode(const uint8_t *data, size_t size) {
    cs_container c;
    const cs_status status = cs_container_decode(&c, "file", data, size);
    if (status != CS_OK)
        for (int k = 0; k < CS_SECTION_COUNT; k++)
            assert_null(c.section[k].data);
    cs_container_free(&c);
    return status;
}

static void reads_what_it_wrote(void **state) {
    (void)state;
    for (int models = 0; models < 2; models++) {
        cs_container in, out;
        cs_buffer file = {0};
        fill(&in, models);
        assert_int_equal(cs_container_encode(&file, &in), CS_OK);
        assert_int_equal(cs_container_decode(&out, "file", file.data, file.size), CS_OK);
        for (int k = 0; k < CS_SECTION_COUNT; k++) {
            assert_int_equal(out.section[k].size, in.section[k].size);
            if (in.section[k].size != 0)
                assert_memory_equal(out.section[k].data, in.section[k].data, in.section[k].size);
        }
        cs_buffer_free(&file);
        cs_container_free(&in);
        cs_container_free(&out);
    }
}

/* A file that is taken: long sections stay where they are in it, and nothing is left of it after a failure. */
static void takes_a_file(void **state) {
    (void)state;
    enum { LONG = (1 << 20) + 3 };
    const size_t live = cs_memory_live();
    cs_container in, out;
    cs_buffer file = {0}, cut = {0};
    fill(&in, true);
    assert_int_equal(cs_buffer_resize(&in.section[CS_SECTION_MODEL], LONG), CS_OK);
    in.section[CS_SECTION_MODEL].data[LONG - 1] = 7;
    assert_int_equal(cs_container_encode(&file, &in), CS_OK);
    cs_buffer_append(&cut, file.data, file.size - 1);
    assert_int_equal(cs_container_take(&out, "file", &cut), CS_ERR_INPUT);
    assert_null(cut.data);
    assert_int_equal(cs_container_take(&out, "file", &file), CS_OK);
    assert_null(file.data);
    for (int k = 0; k < CS_SECTION_COUNT; k++) {
        assert_int_equal(out.inside[k], k == CS_SECTION_MODEL);
        assert_int_equal(out.section[k].size, in.section[k].size);
        if (in.section[k].size != 0)
            assert_memory_equal(out.section[k].data, in.section[k].data, in.section[k].size);
    }
    cs_container_free(&in);
    cs_container_free(&out);
    assert_int_equal(cs_memory_live(), live);
}

/* Offsets as docs/formats.md gives them. */
static void has_the_documented_layout(void **state) {
    (void)state;
    cs_buffer f;
    encode(&f, false);
    assert_memory_equal(f.data, "consort\n", 8);
    assert_int_equal(cs_load_u32(f.data + 8), 5);
    assert_int_equal(cs_load_u32(f.data + 12), 2);
    assert_memory_equal(f.data + 16, "STAT", 4);
    assert_int_equal(cs_load_u32(f.data + 20), 1);
    const size_t stored = cs_load_u64(f.data + 24);
    assert_true(stored < 2800);
    assert_int_equal(cs_load_u64(f.data + 32), 2800);
    const uint8_t *proof = f.data + 40 + stored;
    assert_memory_equal(proof, "PROF", 4);
    assert_int_equal(cs_load_u32(proof + 4), 0);
    assert_int_equal(cs_load_u64(proof + 8), 900);
    assert_int_equal(cs_load_u64(proof + 16), 900);
    assert_int_equal(f.size, 40 + stored + 24 + 900);
    cs_buffer_free(&f);
}

static void refuses_every_truncation_and_extension(void **state) {
    (void)state;
    cs_buffer f;
    encode(&f, true);
    for (size_t n = 0; n < f.size; n++)
        assert_int_equal(decode(f.data, n), CS_ERR_INPUT);
    assert_int_equal(decode(f.data, f.size), CS_OK);
    cs_buffer_append(&f, "", 1);
    assert_int_equal(decode(f.data, f.size), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "follow the last section"));
    cs_buffer_free(&f);
}

/* A flip of any bit before the proof is noticed, unless it is one that decides nothing inside the compressed data. */
static void refuses_damage(void **state) {
    (void)state;
    cs_buffer f;
    cs_container good;
    encode(&f, false);
    fill(&good, false);
    const cs_buffer *expected = &good.section[CS_SECTION_STATEMENT];
    const size_t stored = cs_load_u64(f.data + 24);
    for (size_t k = 0; k < 40 + stored + 24; k++)
        for (int bit = 0; bit < 8; bit++) {
            cs_container c;
            f.data[k] ^= (uint8_t)(1 << bit);
            if (cs_container_decode(&c, "file", f.data, f.size) == CS_OK) {
                assert_true(k >= 40 && k < 40 + stored);
                assert_memory_equal(c.section[CS_SECTION_STATEMENT].data, expected->data, expected->size);
                cs_container_free(&c);
            }
            f.data[k] ^= (uint8_t)(1 << bit);
        }
    cs_container_free(&good);
    cs_buffer_free(&f);
}

static void poke(const char *what, size_t offset, uint64_t value, int bytes, const char *says) {
    cs_buffer f;
    encode(&f, true);
    for (int k = 0; k < bytes; k++)
        f.data[offset + (size_t)k] = (uint8_t)(value >> (8 * k));
    const cs_status status = decode(f.data, f.size);
    if (status != CS_ERR_INPUT || strstr(cs_error_text(), says) == NULL)
        fail_msg("%s: status %d: %s", what, (int)status, cs_error_text());
    cs_buffer_free(&f);
}

static void refuses_by_reason(void **state) {
    (void)state;
    poke("magic", 0, 'C', 1, "not an attestation");
    poke("too few sections", 12, 2, 4, "follow the last section");
    poke("too many sections", 12, 8, 4, "truncated");
    poke("no sections at all", 12, 0, 4, "follow the last section");
    poke("huge count", 12, 0xffffffff, 4, "truncated");
    poke("unknown tag", 16, 'X', 1, "unknown, repeated or out of order");
    poke("unknown flag", 20, 2, 4, "flags or lengths");
    poke("stored size of half the world", 24, (uint64_t)1 << 60, 8, "flags or lengths");
    poke("raw size beyond the limit", 32, (uint64_t)1 << 40, 8, "flags or lengths");
    poke("a decompression bomb", 32, (uint64_t)1 << 27, 8, "cannot unpack");
    poke("raw size too small", 32, 2799, 8, "declared length");
    poke("raw size too large", 32, 2801, 8, "declared length");
    poke("empty", 32, 0, 8, "flags or lengths");
}

static void refuses_other_versions(void **state) {
    (void)state;
    for (uint8_t version = 4; version < 7; version += 2) {
        char told[64];
        cs_buffer f;
        encode(&f, true);
        f.data[8] = version;
        assert_int_equal(decode(f.data, f.size), CS_REJECT);
        assert_int_equal(cs_refusal_last(), CS_REFUSAL_VERSION);
        snprintf(told, sizeof told, "another version of consort (format %u, this one reads 5)", version);
        assert_non_null(strstr(cs_error_text(), told));
        cs_buffer_free(&f);
    }
}

/* A section twice, or the sections the other way round. */
static void refuses_other_orders(void **state) {
    (void)state;
    cs_buffer f, g = {0};
    encode(&f, false);
    const size_t first = 24 + cs_load_u64(f.data + 24), second = f.size - 16 - first;
    cs_buffer_append(&g, f.data, 16);
    cs_buffer_append(&g, f.data + 16 + first, second);
    cs_buffer_append(&g, f.data + 16, first);
    assert_int_equal(decode(g.data, g.size), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "out of order"));
    cs_buffer_clear(&g);
    cs_buffer_append(&g, f.data, 16);
    cs_buffer_append(&g, f.data + 16, first);
    cs_buffer_append(&g, f.data + 16, first);
    assert_int_equal(decode(g.data, g.size), CS_ERR_INPUT);
    cs_buffer_clear(&g);
    cs_buffer_append(&g, f.data, 12);
    cs_buffer_append_u32(&g, 1);
    cs_buffer_append(&g, f.data + 16, first);
    assert_int_equal(decode(g.data, g.size), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "PROF is missing"));
    cs_buffer_free(&f);
    cs_buffer_free(&g);
}

/* ------------------------------------------------------------ models */

static const cs_params SHAPE = {.layers = 2, .widths = {2, 3, 1}, .w = 10};

static void make_model(cs_model *m) {
    assert_int_equal(cs_model_new(m, &SHAPE), CS_OK);
    for (size_t l = 0; l < m->layers; l++)
        for (size_t k = 0; k < m->rows[l] * m->columns[l]; k++)
            m->w[l][k] = (int64_t)(k * 1000003 % 4099) - 2000;
    m->w[0][0] = ((int64_t)1 << 53) - 1;
    m->w[0][1] = -m->w[0][0];
}

static void models_survive_exactly(void **state) {
    (void)state;
    cs_model m, again;
    cs_buffer f = {0};
    make_model(&m);
    assert_int_equal(cs_model_encode(&f, &m, &SHAPE), CS_OK);
    assert_int_equal(cs_model_decode_canonical(&again, &SHAPE, "m", f.data, f.size), CS_OK);
    for (size_t l = 0; l < m.layers; l++)
        assert_memory_equal(again.w[l], m.w[l], m.rows[l] * m.columns[l] * sizeof(int64_t));
    cs_model_free(&again);
    m.w[1][0] = (int64_t)1 << 53;
    cs_buffer_clear(&f);
    assert_int_equal(cs_model_encode(&f, &m, &SHAPE), CS_ERR_RANGE);
    cs_buffer_free(&f);
    cs_model_free(&m);
}

/* Encodes the model and replaces the number at layer1.weight[0] (-2^53 + 1 there is found by its bytes). */
static cs_status decode_with(double value) {
    cs_model m;
    cs_buffer f = {0};
    const double mark = ldexp((double)((int64_t)1 << 53) - 1, -10);
    make_model(&m);
    assert_int_equal(cs_model_encode(&f, &m, &SHAPE), CS_OK);
    cs_model_free(&m);
    size_t at = 0;
    while (at + 8 <= f.size && memcmp(f.data + at, &mark, 8) != 0)
        at++;
    assert_true(at + 8 <= f.size);
    memcpy(f.data + at, &value, 8);
    const cs_status status = cs_model_decode(&m, &SHAPE, "m.safetensors", f.data, f.size);
    cs_model_free(&m);
    cs_buffer_free(&f);
    return status;
}

static void numbers_must_be_integers_at_the_scale(void **state) {
    (void)state;
    assert_int_equal(decode_with(0.5), CS_OK);
    assert_int_equal(decode_with(0), CS_OK);
    const double bad[] = {-0.0, NAN, INFINITY, -INFINITY, ldexp(1, -11), ldexp(1, 43), 1 + ldexp(1, -52), 5e-324};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        assert_int_equal(decode_with(bad[k]), CS_ERR_INPUT);
        assert_non_null(strstr(cs_error_text(), "m.safetensors: layer1.weight: number 0"));
    }
}

static cs_status decode_tensors(const cs_named_tensor *tensors, size_t n) {
    const cs_safetensors file = {.tensors = tensors, .tensor_count = n};
    cs_buffer f = {0};
    cs_model m;
    assert_int_equal(cs_safetensors_encode(&f, &file), CS_OK);
    const cs_status status = cs_model_decode(&m, &SHAPE, "m", f.data, f.size);
    cs_model_free(&m);
    cs_buffer_free(&f);
    return status;
}

static void tensors_must_be_those_of_the_shape(void **state) {
    (void)state;
    static const double zeros[16];
    static const int64_t integers[16];
    const cs_named_tensor good[4] = {{.name = "layer1.weight", .dims = 2, .shape = {2, 3}, .f64 = zeros},
                                     {.name = "layer1.bias", .dims = 1, .shape = {3}, .f64 = zeros},
                                     {.name = "layer2.weight", .dims = 2, .shape = {3, 1}, .f64 = zeros},
                                     {.name = "layer2.bias", .dims = 1, .shape = {1}, .f64 = zeros}};
    cs_named_tensor t[5];
    memcpy(t, good, sizeof good);
    assert_int_equal(decode_tensors(t, 4), CS_OK);
    assert_int_equal(decode_tensors(t, 3), CS_ERR_INPUT);
    t[4] = (cs_named_tensor){.name = "layer3.bias", .dims = 1, .shape = {1}, .f64 = zeros};
    assert_int_equal(decode_tensors(t, 5), CS_ERR_INPUT);
    t[3].name = "layer2.Bias";
    assert_int_equal(decode_tensors(t, 4), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "\"layer2.bias\" is missing"));
    memcpy(t, good, sizeof good);
    t[0].shape[0] = 3, t[0].shape[1] = 2;
    assert_int_equal(decode_tensors(t, 4), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "layer1.weight: F64 of shape [2, 3]"));
    memcpy(t, good, sizeof good);
    t[1].dims = 2, t[1].shape[0] = 1, t[1].shape[1] = 3;
    assert_int_equal(decode_tensors(t, 4), CS_ERR_INPUT);
    memcpy(t, good, sizeof good);
    t[3].dtype = CS_DTYPE_I64, t[3].i64 = integers;
    assert_int_equal(decode_tensors(t, 4), CS_ERR_INPUT);
}

static void canonical_needs_the_metadata(void **state) {
    (void)state;
    static const double zeros[16];
    const cs_named_tensor good[4] = {{.name = "layer1.weight", .dims = 2, .shape = {2, 3}, .f64 = zeros},
                                     {.name = "layer1.bias", .dims = 1, .shape = {3}, .f64 = zeros},
                                     {.name = "layer2.weight", .dims = 2, .shape = {3, 1}, .f64 = zeros},
                                     {.name = "layer2.bias", .dims = 1, .shape = {1}, .f64 = zeros}};
    const cs_safetensors file = {.tensors = good, .tensor_count = 4};
    cs_buffer f = {0};
    cs_model m;
    assert_int_equal(cs_safetensors_encode(&f, &file), CS_OK);
    assert_int_equal(cs_model_decode_canonical(&m, &SHAPE, "m", f.data, f.size), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "canonical"));
    cs_buffer_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(takes_a_file),
        cmocka_unit_test(has_the_documented_layout),
        cmocka_unit_test(refuses_every_truncation_and_extension),
        cmocka_unit_test(refuses_damage),
        cmocka_unit_test(refuses_by_reason),
        cmocka_unit_test(refuses_other_versions),
        cmocka_unit_test(refuses_other_orders),
        cmocka_unit_test(models_survive_exactly),
        cmocka_unit_test(numbers_must_be_integers_at_the_scale),
        cmocka_unit_test(tensors_must_be_those_of_the_shape),
        cmocka_unit_test(canonical_needs_the_metadata),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
