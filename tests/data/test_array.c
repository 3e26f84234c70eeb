/* The NPY and IDX readers. */
#include "data/dataset_fixture.h"

#include <math.h>
#include <stdio.h>

static void append_number(cs_buffer *b, uint64_t bits, size_t item, bool big_endian) {
    for (size_t k = 0; k < item; k++) {
        const uint8_t byte = (uint8_t)(bits >> 8 * (big_endian ? item - 1 - k : k));
        cs_buffer_append(b, &byte, 1);
    }
}

/* The bits of `v` as an integer of `item` bytes or, if `kind` is 'f', as a float or double. */
static uint64_t bits_of(double v, char kind, size_t item) {
    uint64_t bits = (uint64_t)(int64_t)v;
    if (kind == 'f' && item == 4) {
        const float f = (float)v;
        uint32_t low;
        memcpy(&low, &f, sizeof low);
        bits = low;
    } else if (kind == 'f') {
        memcpy(&bits, &v, sizeof bits);
    }
    return bits;
}

static void append_npy_header(cs_buffer *b, unsigned version, const char *dictionary) {
    const uint8_t head[] = {0x93, 'N', 'U', 'M', 'P', 'Y', (uint8_t)version, 0};
    cs_buffer_append(b, head, sizeof head);
    append_number(b, strlen(dictionary), version == 1 ? 2 : 4, false);
    cs_buffer_append(b, dictionary, strlen(dictionary));
}

static void append_idx_header(cs_buffer *b, uint8_t type, size_t dims, const uint32_t *shape) {
    const uint8_t head[] = {0, 0, type, (uint8_t)dims};
    cs_buffer_append(b, head, sizeof head);
    for (size_t d = 0; d < dims; d++)
        append_number(b, shape[d], 4, true);
}

static cs_status decode(cs_dataset *d, const cs_dataset_options *o, const cs_buffer *table, const cs_buffer *labels) {
    const cs_dataset_source table_source = source_of("x", table);
    const cs_dataset_source label_source = labels ? source_of("y", labels) : (cs_dataset_source){0};
    return cs_dataset_decode(d, o, &table_source, labels ? &label_source : NULL);
}

static void npy_reads_every_type(void **state) {
    (void)state;
    static const struct {
        const char *descr;
        char kind;
        size_t item;
        bool negative;
    } types[] = {{"|u1", 'u', 1, false}, {"<u1", 'u', 1, false}, {"|i1", 'i', 1, true},
                 {"<u2", 'u', 2, false}, {"<i2", 'i', 2, true},  {"<i4", 'i', 4, true},
                 {"<i8", 'i', 8, true},  {"<f4", 'f', 4, true},  {"<f8", 'f', 8, true}};
    const cs_dataset_options o = plain_options();
    for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
        char dictionary[128];
        snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (2, 3), }    \n",
                 types[k].descr);
        const int32_t low = types[k].negative ? -128 : 0;
        const int32_t raw[] = {low, 127, 3, 100, 5, 9};
        cs_buffer b = {0};
        append_npy_header(&b, 1 + k % 2, dictionary);
        for (size_t j = 0; j < 6; j++)
            append_number(&b, bits_of(raw[j], types[k].kind, types[k].item), types[k].item, false);
        cs_dataset d;
        assert_int_equal(decode(&d, &o, &b, NULL), CS_OK);
        assert_values(&d, 2, 2, (const int32_t[]){low, 127, 100, 5}, (const int32_t[]){3, 9});
        cs_dataset_free(&d);
        cs_buffer_free(&b);
    }
}

static void npy_takes_labels_from_another_file(void **state) {
    (void)state;
    const cs_dataset_options o = plain_options();
    cs_buffer x = {0}, y = {0};
    append_npy_header(&x, 1, "{\"shape\": (2,1,2), \"fortran_order\": False, \"descr\": \"<i2\"}");
    for (int v = 1; v <= 4; v++)
        append_number(&x, (uint64_t)-v, 2, false);
    append_npy_header(&y, 2, "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }");
    append_number(&y, 7, 8, false);
    append_number(&y, 0, 8, false);
    cs_dataset d;
    assert_int_equal(decode(&d, &o, &x, &y), CS_OK);
    assert_values(&d, 2, 2, (const int32_t[]){-1, -2, -3, -4}, (const int32_t[]){7, 0});
    cs_dataset_free(&d);

    cs_buffer_clear(&y);
    cs_buffer_append(&y, "class\n7\n0\n", 10); /* any format will do */
    assert_int_equal(decode(&d, &o, &x, &y), CS_OK);
    assert_null(d.names);
    assert_values(&d, 2, 2, (const int32_t[]){-1, -2, -3, -4}, (const int32_t[]){7, 0});
    cs_dataset_free(&d);
    cs_buffer_clear(&y);
    cs_buffer_append(&y, "7\n", 2);
    assert_input_error(decode(&d, &o, &x, &y), &d, "y: 1 labels for the 2 rows of x");
    cs_buffer_clear(&y);
    cs_buffer_append(&y, "7\n11\n", 5);
    assert_input_error(decode(&d, &o, &x, &y), &d, "y: line 2, column 1: label 11 outside 0..9");
    cs_buffer_clear(&y);
    cs_buffer_append(&y, "7,1\n1,1\n", 8);
    assert_input_error(decode(&d, &o, &x, &y), &d, "y: a label file has one column, this has 2");
    cs_buffer_clear(&y);
    assert_input_error(decode(&d, &o, &x, &y), &d, "y: empty file");
    cs_buffer_free(&x);
    cs_buffer_free(&y);
}

static void npy_refuses_bad_headers(void **state) {
    (void)state;
#define SMALL "'fortran_order': False, 'shape': (1, 2)"
    static const struct {
        const char *dictionary, *expected;
    } cases[] = {
        {"", "not a dictionary"},
        {"{", "not a dictionary of"},
        {"{}", "is missing"},
        {"{'descr': '|u1', 'shape': (1, 2)}", "is missing"},
        {"{'descr': '|u1', " SMALL "} x", "text after the dictionary"},
        {"{'descr': '|u1', " SMALL ", 'shape': (1, 2)}", "given twice"},
        {"{'descr': '|u1', " SMALL ", 'more': 1}", "a key other than"},
        {"{'descr': '|u1' " SMALL "}", "not separated by commas"},
        {"{'descr': '|u1, " SMALL "}", "unsupported type"},
        {"{'descr': >, " SMALL "}", "'descr' is not a plain type"},
        {"{'descr': [('a', '<i4')], " SMALL "}", "'descr' is not a plain type"},
        {"{'descr': '>i4', " SMALL "}", "unsupported type"},
        {"{'descr': '|i4', " SMALL "}", "unsupported type"},
        {"{'descr': '<c8', " SMALL "}", "unsupported type"},
        {"{'descr': '|O', " SMALL "}", "unsupported type"},
        {"{'descr': '|u1', 'fortran_order': True, 'shape': (1, 2)}", "Fortran order"},
        {"{'descr': '|u1', 'fortran_order': 0, 'shape': (1, 2)}", "neither True nor False"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': 2}", "'shape' is not a tuple"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, -2)}", "not a tuple of integers"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1 2)}", "not a tuple of integers"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2", "not a tuple of integers"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2)}", "too many axes"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 2)}", "too long"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': ()}", "a single number"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (0, 2)}", "declares 0 records of 2 numbers"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)}",
         "declares 2 records of 2 numbers of 1 bytes, but 2 bytes"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1)}",
         "declares 1 records of 1 numbers of 1 bytes, but 2 bytes"},
        {"{'descr': '<i2', " SMALL "}", "of 2 bytes, but 2 bytes follow"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (4294967296, 4294967296, 2)}", "but 2 bytes follow"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (9223372036854775809, 2)}", "but 2 bytes follow"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}", "no feature column"},
    };
#undef SMALL
    const cs_dataset_options o = plain_options();
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        cs_buffer b = {0};
        cs_dataset d;
        append_npy_header(&b, 1, cases[k].dictionary);
        cs_buffer_append(&b, "\1\2", 2);
        assert_input_error(decode(&d, &o, &b, NULL), &d, cases[k].expected);
        cs_buffer_free(&b);
    }
}

static void npy_refuses_every_cut(void **state) {
    (void)state;
    const cs_dataset_options o = plain_options();
    cs_buffer b = {0};
    append_npy_header(&b, 2, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)}");
    append_number(&b, bits_of(-2.5, 'f', 4), 4, false);
    append_number(&b, bits_of(3, 'f', 4), 4, false);
    cs_dataset d;
    for (size_t size = 0; size < b.size; size++) {
        cs_buffer cut = {0};
        cs_buffer_append(&cut, b.data, size);
        assert_input_error(decode(&d, &o, &cut, NULL), &d, "x");
        cs_buffer_free(&cut);
    }
    assert_int_equal(decode(&d, &o, &b, NULL), CS_OK);
    assert_values(&d, 1, 1, (const int32_t[]){-3}, (const int32_t[]){3});
    cs_dataset_free(&d);
    b.data[6] = 3;
    assert_input_error(decode(&d, &o, &b, NULL), &d, "version is neither 1.0 nor 2.0");
    cs_buffer_free(&b);
}

static void npy_locates_bad_numbers(void **state) {
    (void)state;
    static const struct {
        double value;
        const char *expected;
    } cases[] = {{(double)NAN, "x: record 2, column 1: not a finite number"},
                 {(double)INFINITY, "x: record 2, column 1: not a finite number"},
                 {1000.0000000000001, "x: record 2, column 1: value 1000.0000000000001 outside"}};
    const cs_dataset_options o = plain_options();
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const double raw[] = {1, 2, cases[k].value, 3};
        cs_buffer b = {0};
        cs_dataset d;
        append_npy_header(&b, 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }");
        for (size_t j = 0; j < 4; j++)
            append_number(&b, bits_of(raw[j], 'f', 8), 8, false);
        assert_input_error(decode(&d, &o, &b, NULL), &d, cases[k].expected);
        cs_buffer_free(&b);
    }
}

static void largest_integers_are_out_of_range(void **state) {
    (void)state;
    const cs_dataset_options o = plain_options();
    const uint64_t raw[] = {(uint64_t)INT64_MIN, INT64_MAX};
    for (size_t k = 0; k < 2; k++) {
        cs_buffer b = {0};
        cs_dataset d;
        append_npy_header(&b, 1, "{'descr': '<i8', 'fortran_order': False, 'shape': (1, 2), }");
        append_number(&b, raw[k], 8, false);
        append_number(&b, 0, 8, false);
        assert_input_error(decode(&d, &o, &b, NULL), &d,
                           k ? "value 9.2233720368547758e+18 outside" : "value -9.2233720368547758e+18 outside");
        cs_buffer_free(&b);
    }
}

static void idx_reads_every_type(void **state) {
    (void)state;
    static const struct {
        uint8_t code;
        char kind;
        size_t item;
    } types[] = {{0x08, 'u', 1}, {0x09, 'i', 1}, {0x0b, 'i', 2}, {0x0c, 'i', 4}, {0x0d, 'f', 4}, {0x0e, 'f', 8}};
    const cs_dataset_options o = plain_options();
    cs_buffer y = {0};
    append_idx_header(&y, 0x08, 1, (const uint32_t[]){2});
    cs_buffer_append(&y, "\3\11", 2);
    for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
        const int32_t low = types[k].kind == 'u' ? 0 : -128;
        const int32_t raw[] = {low, 127, 3, 100, 5, 9, 12, 1};
        cs_buffer x = {0};
        cs_dataset d;
        append_idx_header(&x, types[k].code, 3, (const uint32_t[]){2, 2, 2});
        for (size_t j = 0; j < 8; j++)
            append_number(&x, bits_of(raw[j], types[k].kind, types[k].item), types[k].item, true);
        assert_int_equal(decode(&d, &o, &x, &y), CS_OK);
        assert_values(&d, 2, 4, raw, (const int32_t[]){3, 9});
        cs_dataset_free(&d);
        cs_buffer_free(&x);
    }
    cs_buffer_free(&y);
}

static void idx_refuses_lies(void **state) {
    (void)state;
    static const struct {
        uint8_t dims;
        uint32_t shape[3];
        const char *expected;
    } cases[] = {{2, {3, 2, 0}, "declares 3 records of 2 numbers of 1 bytes, but 4 bytes"},
                 {2, {1, 2, 0}, "declares 1 records of 2 numbers of 1 bytes, but 4 bytes"},
                 {2, {UINT32_MAX, UINT32_MAX, 0}, "but 4 bytes"},
                 {3, {UINT32_MAX, UINT32_MAX, UINT32_MAX}, "but 4 bytes"},
                 {2, {0, 4, 0}, "declares 0 records"},
                 {1, {4, 0, 0}, "no feature column"}};
    cs_dataset_options o = plain_options();
    cs_dataset d;
    cs_buffer x = {0};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        cs_buffer_clear(&x);
        append_idx_header(&x, 0x08, cases[k].dims, cases[k].shape);
        cs_buffer_append(&x, "\1\2\3\4", 4);
        assert_input_error(decode(&d, &o, &x, NULL), &d, cases[k].expected);
    }
    x.data[3] = 0;
    assert_input_error(decode(&d, &o, &x, NULL), &d, "0 axes");
    x.data[3] = 9;
    assert_input_error(decode(&d, &o, &x, NULL), &d, "9 axes");
    x.data[3] = 8;
    assert_input_error(decode(&d, &o, &x, NULL), &d, "ends inside its header of 36 bytes");
    x.data[2] = 0x0a; /* no such type, so no IDX file, so text */
    assert_input_error(decode(&d, &o, &x, NULL), &d, "x: line 1, column 1: control character");
    cs_buffer_free(&x);
}

static void declared_format_and_rows_are_checked(void **state) {
    (void)state;
    cs_dataset_options o = plain_options();
    cs_dataset d;
    cs_buffer x = {0};
    append_idx_header(&x, 0x08, 2, (const uint32_t[]){2, 2});
    cs_buffer_append(&x, "\1\2\3\4", 4);
    o.format = CS_DATASET_CSV;
    assert_input_error(decode(&d, &o, &x, NULL), &d, "declared as CSV, but begins like an IDX file");
    o.format = CS_DATASET_IDX;
    o.max_rows = 1;
    assert_input_error(decode(&d, &o, &x, NULL), &d, "2 records, the limit is 1");
    o.max_rows = 2;
    o.label_name = "label";
    assert_input_error(decode(&d, &o, &x, NULL), &d, "no column is named \"label\"");
    o.label_name = NULL;
    o.label_column = 1;
    assert_int_equal(decode(&d, &o, &x, NULL), CS_OK);
    assert_values(&d, 2, 1, (const int32_t[]){2, 4}, (const int32_t[]){1, 3});
    cs_dataset_free(&d);
    cs_buffer_free(&x);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(npy_reads_every_type),
                                       cmocka_unit_test(npy_takes_labels_from_another_file),
                                       cmocka_unit_test(npy_refuses_bad_headers),
                                       cmocka_unit_test(npy_refuses_every_cut),
                                       cmocka_unit_test(npy_locates_bad_numbers),
                                       cmocka_unit_test(largest_integers_are_out_of_range),
                                       cmocka_unit_test(idx_reads_every_type),
                                       cmocka_unit_test(idx_refuses_lies),
                                       cmocka_unit_test(declared_format_and_rows_are_checked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
