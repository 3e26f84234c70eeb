/* The safetensors writer and reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/safetensors.h"

static const double FLOATS[6] = {0.0, -0.0, 1.5, -1e300, 4.9e-324, 1e-5};
static const int64_t INTEGERS[2] = {INT64_MIN, INT64_MAX};

static const cs_named_tensor TENSORS[] = {
    {.name = "layer.1.weight", .dtype = CS_DTYPE_F64, .dims = 2, .shape = {2, 3}, .f64 = FLOATS},
    {.name = "steps", .dtype = CS_DTYPE_I64, .dims = 1, .shape = {2}, .i64 = INTEGERS},
    {.name = "empty", .dtype = CS_DTYPE_I64, .dims = 2, .shape = {0, 7}, .i64 = INTEGERS},
    {.name = "\xce\xb1 \"q\"", .dtype = CS_DTYPE_I64, .dims = 0, .i64 = INTEGERS},
};
static const cs_metadata METADATA[] = {{"z", "last"}, {"format", "consort \xe2\x80\x93 1"}};
static const cs_safetensors MODEL = {.tensors = TENSORS, .tensor_count = 4, .metadata = METADATA, .metadata_count = 2};

/* A file with that header as it stands and `size` zero bytes behind it. */
static cs_status decode_header(cs_safetensors *file, const char *header, size_t size) {
    cs_buffer b = {0};
    cs_buffer_append_u64(&b, strlen(header));
    cs_buffer_append(&b, header, strlen(header));
    assert_int_equal(cs_buffer_resize(&b, b.size + size), CS_OK);
    const cs_status status = cs_safetensors_decode(file, b.data, b.size);
    cs_buffer_free(&b);
    return status;
}

static void what_is_written_can_be_read(void **state) {
    (void)state;
    cs_buffer b = {0};
    cs_safetensors file;
    assert_int_equal(cs_safetensors_encode(&b, &MODEL), CS_OK);
    assert_int_equal(cs_safetensors_decode(&file, b.data, b.size), CS_OK);
    assert_int_equal(file.tensor_count, 4);
    for (size_t k = 0; k < 4; k++) {
        const cs_named_tensor *t = cs_safetensors_find(&file, TENSORS[k].name);
        size_t count;
        assert_non_null(t);
        assert_int_equal(t->dtype, TENSORS[k].dtype);
        assert_int_equal(t->dims, TENSORS[k].dims);
        assert_memory_equal(t->shape, TENSORS[k].shape, sizeof t->shape);
        assert_int_equal(cs_named_tensor_count(&count, t), CS_OK);
        assert_memory_equal(t->i64, TENSORS[k].i64, 8 * count);
    }
    assert_null(cs_safetensors_find(&file, "steps2"));
    assert_int_equal(file.metadata_count, 2);
    assert_string_equal(cs_safetensors_value(&file, "format"), METADATA[1].value);
    assert_null(cs_safetensors_value(&file, "steps"));
    cs_buffer again = {0};
    assert_int_equal(cs_safetensors_encode(&again, &file), CS_OK);
    assert_int_equal(again.size, b.size);
    assert_memory_equal(again.data, b.data, b.size);
    cs_safetensors_free(&file);
    cs_buffer_free(&again);
    cs_buffer_free(&b);
}

static void bytes_are_canonical(void **state) {
    (void)state;
    const int64_t one = 1;
    const double half = 0.5;
    const cs_named_tensor tensors[] = {{.name = "b", .dtype = CS_DTYPE_I64, .dims = 1, .shape = {1}, .i64 = &one},
                                       {.name = "a", .dtype = CS_DTYPE_F64, .f64 = &half}};
    const cs_metadata metadata[] = {{"k", "v"}};
    const cs_safetensors file = {.tensors = tensors, .tensor_count = 2, .metadata = metadata, .metadata_count = 1};
    static const char header[] =
        "{\"__metadata__\":{\"k\":\"v\"},\"a\":{\"data_offsets\":[0,8],\"dtype\":\"F64\",\"shape\":[]},"
        "\"b\":{\"data_offsets\":[8,16],\"dtype\":\"I64\",\"shape\":[1]}}";
    const uint8_t values[16] = {0, 0, 0, 0, 0, 0, 0xe0, 0x3f, 1};
    const size_t length = strlen(header), padded = (length + 7) / 8 * 8;
    cs_buffer b = {0};
    assert_int_equal(cs_safetensors_encode(&b, &file), CS_OK);
    assert_int_equal(b.size, 8 + padded + 16);
    assert_int_equal(b.data[0], padded);
    assert_memory_equal(b.data + 8, header, length);
    for (size_t k = length; k < padded; k++)
        assert_int_equal(b.data[8 + k], ' ');
    assert_memory_equal(b.data + 8 + padded, values, sizeof values);
    cs_buffer_free(&b);
}

static void other_writers_are_understood(void **state) {
    (void)state;
    cs_safetensors file;
    assert_int_equal(decode_header(&file,
                                   "{\"y\": {\"dtype\":\"I64\",\"shape\":[1,2],\"data_offsets\":[8,24]},\n"
                                   " \"x\": {\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}}   ",
                                   24),
                     CS_OK);
    assert_string_equal(file.tensors[0].name, "x");
    assert_int_equal(file.tensors[1].shape[1], 2);
    assert_int_equal(file.metadata_count, 0);
    cs_safetensors_free(&file);
    assert_int_equal(decode_header(&file, "{}", 0), CS_OK);
    assert_int_equal(file.tensor_count, 0);
    cs_safetensors_free(&file);
    cs_safetensors_free(&file);
}

#define ONE(dtype, shape, offsets) "{\"a\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static void lies_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *header, *expected;
    } cases[] = {
        {"", "not a JSON object"},
        {" {}", "not a JSON object"},
        {"[]", "not a JSON object"},
        {"{", "byte 1"},
        {"{} x", "byte"},
        {"{}}", "nested too deeply"},
        {"{\"a\":[[[[[]]]]]}", "nested too deeply"},
        {"{\"a\":1}", "must have dtype"},
        {"{\"a\":{}}", "must have dtype"},
        {"{}", "16 bytes behind the last tensor"},
        {ONE("\"F32\"", "[4]", "[0,16]"), "dtype is neither F64 nor I64"},
        {ONE("64", "[2]", "[0,16]"), "dtype is neither"},
        {ONE("\"F64\"", "2", "[0,16]"), "shape is not an array"},
        {ONE("\"F64\"", "[-2]", "[0,16]"), "axis 1 of its shape is not a size"},
        {ONE("\"F64\"", "[2,1.0]", "[0,16]"), "axis 2 of its shape is not a size"},
        {ONE("\"F64\"", "[1,1,1,1,1,1,1,1,2]", "[0,16]"), "at most 8 sizes"},
        {ONE("\"F64\"", "[4294967296,4294967296]", "[0,16]"), "shape is too large"},
        {ONE("\"F64\"", "[2305843009213693954]", "[0,16]"), "shape is too large"},
        {ONE("\"F64\"", "[99999999999999999999]", "[0,16]"), "safetensors header: byte"},
        {ONE("\"F64\"", "[2]", "[0]"), "not a pair of sizes"},
        {ONE("\"F64\"", "[2]", "[0,16,24]"), "not a pair of sizes"},
        {ONE("\"F64\"", "[2]", "[-16,0]"), "not a pair of sizes"},
        {ONE("\"F64\"", "[2]", "[16,0]"), "bytes 16..0 of 16"},
        {ONE("\"F64\"", "[3]", "[0,24]"), "bytes 0..24 of 16"},
        {ONE("\"F64\"", "[1]", "[0,16]"), "16 bytes for 1 numbers"},
        {ONE("\"F64\"", "[1]", "[8,16]"), "begin at 8, expected 0 (gap)"},
        {ONE("\"F64\"", "[1]", "[0,8]"), "8 bytes behind the last tensor"},
        {"{\"a\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]},\"b\":{\"dtype\":\"I64\",\"shape\":[1],"
         "\"data_offsets\":[8,16]}}",
         "begin at 8, expected 16 (overlap)"},
        {"{\"a\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]},\"a\":{\"dtype\":\"I64\",\"shape\":[2],"
         "\"data_offsets\":[0,16]}}",
         "duplicate"},
        {"{\"a\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16],\"more\":0}}", "nothing else"},
        {"{\"\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]}}", "without a name"},
        {"{\"__metadata__\":[]}", "is not an object"},
        {"{\"__metadata__\":{\"k\":1}}", "\"k\" is not a string"},
        {"{\"__metadata__\":{\"k\":\"\xff\"}}", "safetensors header: byte"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        cs_safetensors file;
        const cs_status status = decode_header(&file, cases[k].header, 16);
        if (status != CS_ERR_INPUT || !strstr(cs_error_text(), cases[k].expected))
            fail_msg("%s: expected \"%s\", got status %d and \"%s\"", cases[k].header, cases[k].expected, (int)status,
                     cs_error_text());
        assert_null(file.owned);
        assert_int_equal(file.tensor_count, 0);
    }
}

static void every_cut_is_refused(void **state) {
    (void)state;
    cs_buffer b = {0};
    cs_safetensors file;
    assert_int_equal(cs_safetensors_encode(&b, &MODEL), CS_OK);
    for (size_t size = 0; size < b.size; size++) {
        cs_buffer cut = {0};
        cs_buffer_append(&cut, b.data, size);
        assert_int_equal(cs_safetensors_decode(&file, cut.data, cut.size), CS_ERR_INPUT);
        cs_buffer_free(&cut);
    }
    cs_buffer_append(&b, "", 1);
    assert_int_equal(cs_safetensors_decode(&file, b.data, b.size), CS_ERR_INPUT);
    memset(b.data, 0xff, 8);
    assert_int_equal(cs_safetensors_decode(&file, b.data, b.size), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "declared length of 18446744073709551615 bytes"));
    cs_buffer_free(&b);
}

static void long_headers_are_refused(void **state) {
    (void)state;
    cs_buffer b = {0};
    cs_safetensors file;
    cs_buffer_append_u64(&b, CS_SAFETENSORS_MAX_HEADER + 8);
    assert_int_equal(cs_buffer_resize(&b, CS_SAFETENSORS_MAX_HEADER + 16), CS_OK);
    memset(b.data + 8, ' ', b.size - 8);
    memcpy(b.data + 8, "{}", 2);
    assert_int_equal(cs_safetensors_decode(&file, b.data, b.size), CS_ERR_INPUT);
    cs_buffer_free(&b);

    char *text = malloc(CS_SAFETENSORS_MAX_HEADER + 1);
    assert_non_null(text);
    memset(text, 'x', CS_SAFETENSORS_MAX_HEADER);
    text[CS_SAFETENSORS_MAX_HEADER] = '\0';
    const cs_metadata metadata = {"k", text};
    assert_int_equal(cs_safetensors_encode(&b, &(cs_safetensors){.metadata = &metadata, .metadata_count = 1}), CS_ERR_INPUT);
    cs_buffer_free(&b);
    free(text);
}

static void bad_content_is_not_written(void **state) {
    (void)state;
    static const cs_named_tensor cases[][2] = {
        {{.name = "a", .i64 = INTEGERS}, {.name = "a", .i64 = INTEGERS}},
        {{.name = "", .i64 = INTEGERS}, {.name = "b", .i64 = INTEGERS}},
        {{.name = "__metadata__", .i64 = INTEGERS}, {.name = "b", .i64 = INTEGERS}},
        {{.name = "\xff", .i64 = INTEGERS}, {.name = "b", .i64 = INTEGERS}},
        {{.name = "a", .dims = 9, .i64 = INTEGERS}, {.name = "b", .i64 = INTEGERS}},
        {{.name = "a", .dims = 2, .shape = {SIZE_MAX, 2}, .i64 = INTEGERS}, {.name = "b", .i64 = INTEGERS}},
        {{.name = "a", .dims = 1, .shape = {SIZE_MAX / 8}, .i64 = INTEGERS}, {.name = "b", .i64 = INTEGERS}},
    };
    cs_buffer b = {0};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        assert_int_equal(cs_safetensors_encode(&b, &(cs_safetensors){.tensors = cases[k], .tensor_count = 2}), CS_ERR_INPUT);
    const cs_metadata twice[] = {{"k", "v"}, {"k", "w"}}, bad = {"k", "\xff"};
    assert_int_equal(cs_safetensors_encode(&b, &(cs_safetensors){.metadata = twice, .metadata_count = 2}), CS_ERR_INPUT);
    assert_int_equal(cs_safetensors_encode(&b, &(cs_safetensors){.metadata = &bad, .metadata_count = 1}), CS_ERR_INPUT);
    cs_buffer_free(&b);
}

static void writes_files(void **state) {
    (void)state;
    const char *base = getenv("TMPDIR");
    char folder[256], path[300];
    cs_buffer expected = {0}, got = {0};
    snprintf(folder, sizeof folder, "%s/consort-model-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    assert_int_equal(cs_safetensors_write(path, &MODEL), CS_OK);
    assert_int_equal(cs_safetensors_encode(&expected, &MODEL), CS_OK);
    assert_int_equal(cs_file_read(path, 1 << 20, &got), CS_OK);
    assert_int_equal(got.size, expected.size);
    assert_memory_equal(got.data, expected.data, got.size);
    assert_int_equal(cs_safetensors_write("/nonexistent/model.safetensors", &MODEL), CS_ERR_IO);
    unlink(path);
    rmdir(folder);
    cs_buffer_free(&expected);
    cs_buffer_free(&got);
    assert_int_equal(cs_memory_live(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_can_be_read),  cmocka_unit_test(bytes_are_canonical),
        cmocka_unit_test(other_writers_are_understood), cmocka_unit_test(lies_are_refused),
        cmocka_unit_test(every_cut_is_refused),         cmocka_unit_test(long_headers_are_refused),
        cmocka_unit_test(bad_content_is_not_written),   cmocka_unit_test(writes_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
