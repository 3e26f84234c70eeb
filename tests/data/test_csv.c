/* The CSV reader. */
#include "data/dataset_fixture.h"

static cs_status decode(cs_dataset *d, const cs_dataset_options *o, const char *text) {
    cs_buffer b = {0};
    cs_buffer_append(&b, text, strlen(text)); /* a block of exactly that length: sanitizers see every step too far */
    const cs_dataset_source table = source_of("t.csv", &b);
    const cs_status status = cs_dataset_decode(d, o, &table, NULL);
    cs_buffer_free(&b);
    return status;
}

static void assert_reads(const cs_dataset_options *o, const char *text, size_t features, const int32_t *values,
                         const int32_t *labels, size_t rows) {
    cs_dataset d;
    if (decode(&d, o, text) != CS_OK)
        fail_msg("%s", cs_error_text());
    assert_values(&d, rows, features, values, labels);
    cs_dataset_free(&d);
}

static void reads_rows_in_every_spelling(void **state) {
    (void)state;
    const cs_dataset_options o = plain_options();
    const int32_t values[] = {1, -2, 30, 4}, labels[] = {5, 9};
    const char *texts[] = {"1,-2,5\n30,4,9\n",
                           "1,-2,5\n30,4,9",
                           "1,-2,5\r\n30,4,9\r\n",
                           "1,-2,5\r\n30,4,9",
                           "\"1\",\"-2\",5\n3e1,4.0,\"9\"\n",
                           " 1 ,\t-2,5\t\n30 , \"4\" , 9 \r\n",
                           "+1.,-.2e1,5.000e+00\n0.30E2,0004,90e-1\n",
                           "a,b,c\n1,-2,5\n30,4,9\n",
                           "\xef\xbb\xbf\"a, \"\"b\"\"\",,\xc3\xa9\r\n1,-2,5\r\n30,4,9\r\n"};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        assert_reads(&o, texts[k], 2, values, labels, 2);
    assert_reads(&o, "1,2\n3,4", 1, (const int32_t[]){1, 3}, (const int32_t[]){2, 4}, 2); /* no byte more than it needs */
}

static void header_can_be_declared(void **state) {
    (void)state;
    cs_dataset_options o = plain_options();
    const int32_t values[] = {7}, labels[] = {8};
    o.header = CS_DATASET_HEADER_PRESENT;
    assert_reads(&o, "0,label\n7,8\n", 1, values, labels, 1);
    o.header = CS_DATASET_HEADER_NONE;
    assert_reads(&o, "7,8\n", 1, values, labels, 1);
    o.skip_lines = 2;
    assert_reads(&o, "569,30,malignant,benign\n\"odd\n7,8\n", 1, values, labels, 1);
    o.header = CS_DATASET_HEADER_AUTO;
    assert_reads(&o, "569,30,malignant,benign\n\nx,y\n7,8\n", 1, values, labels, 1);
}

static void label_column_is_named_or_numbered(void **state) {
    (void)state;
    cs_dataset_options o = plain_options();
    const int32_t first[] = {2, 3}, second[] = {1, 3}, last[] = {1, 2}, one = 1, two = 2, three = 3;
    assert_reads(&o, "a,b,c\n1,2,3\n", 2, last, &three, 1);
    o.label_column = 1;
    assert_reads(&o, "a,b,c\n1,2,3\n", 2, first, &one, 1);
    o.label_column = 3;
    assert_reads(&o, "a,b,c\n1,2,3\n", 2, last, &three, 1);
    o.label_name = "b";
    assert_reads(&o, "a,b,c\n1,2,3\n", 2, second, &two, 1);
}

static void names_are_those_of_the_features(void **state) {
    (void)state;
    cs_dataset_options o = plain_options();
    o.label_name = "b";
    cs_dataset d;
    assert_int_equal(decode(&d, &o, "a,b,\"c \"\"d\"\"\"\n1,2,3\n"), CS_OK);
    assert_string_equal(d.names[0], "a");
    assert_string_equal(d.names[1], "c \"d\"");
    cs_dataset_free(&d);
    o.label_name = NULL;
    assert_int_equal(decode(&d, &o, "1,2,3\n"), CS_OK);
    assert_null(d.names);
    cs_dataset_free(&d);
}

static void each_feature_can_have_a_map(void **state) {
    (void)state;
    const cs_affine maps[] = {{.min = 6.9, .max = 32.5, .offset = 6.9, .multiplier = 10},
                              {.max = 0.032, .multiplier = 8000}};
    cs_dataset_options o = {.classes = 2, .affine = maps, .affine_count = 2, .label_column = 2};
    const int32_t values[] = {0, 256, 256, 0, 111, 51}, labels[] = {0, 1, 1};
    assert_reads(&o, "6.9,0,0.032\n32.5,1,0\n17.99,1,0.006399\n", 2, values, labels, 3);
    cs_dataset d;
    assert_input_error(decode(&d, &o, "7,0,0.01\n7,1,0.033\n"), &d,
                       "t.csv: line 2, column 3: value 0.033000000000000002 outside the declared range 0..0.032");
    assert_input_error(decode(&d, &o, "1,2,3,4\n"), &d, "3 features, but ranges for 2");
}

static void malformed_text_is_located(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", "t.csv: empty file"},
        {"\n", "t.csv: no feature column"},
        {"a,b\n", "t.csv: no rows"},
        {"1,2\n1,x\n", "t.csv: line 2, column 2: \"x\" is not a number"},
        {"1,2\n1;2,2\n", "t.csv: line 2, column 1: \"1;2\" is not a number"},
        {"1,2\n\x01\xff,2\n", "line 2, column 1: \"??\" is not a number"},
        {"1,2\n,2\n", "t.csv: line 2, column 1: empty field"},
        {"1,2\n1,\n", "t.csv: line 2, column 2: empty field"},
        {"1,2\n1,", "t.csv: line 2, column 2: empty field"},
        {"1,2\n\n1,2\n", "t.csv: line 2: 1 columns, expected 2"},
        {"1,2,3\n1,2\n", "t.csv: line 2: 2 columns, expected 3"},
        {"1,2\n1,2,3\n", "t.csv: line 2: more than 2 columns"},
        {"1,2\nnan,2\n", "line 2, column 1: \"nan\" is not a number"},
        {"1,2\n-inf,2\n", "line 2, column 1: \"-inf\" is not a number"},
        {"1,2\n0x10,2\n", "line 2, column 1: \"0x10\" is not a number"},
        {"1,2\n1e999,2\n", "line 2, column 1: not a finite number"},
        {"1,2\n1001,2\n", "line 2, column 1: value 1001 outside the declared range -1000..1000"},
        {"1,2\n-1000.5,2\n", "line 2, column 1: value -1000.5 outside"},
        {"1,2\n1,12\n", "line 2, column 2: label 12 outside 0..9"},
        {"1,2\n1,-1\n", "line 2, column 2: label -1 outside 0..9"},
        {"1,2\n1,10\n", "line 2, column 2: label 10 outside 0..9"},
        {"1,2\n1,2.5\n", "line 2, column 2: label 2.5 outside 0..9"},
        {"1,2\n\"1,2\n", "line 2, column 1: the quoted field is not closed on its line"},
        {"1,2\n1,\"2", "line 2, column 2: the quoted field is not closed on its line"},
        {"1,2\n1,\"2\"3\n", "line 2, column 2: text after a quoted field"},
        {"1,2\n1\"1\",2\n", "line 2, column 1: quote inside an unquoted field"},
        {"1,2\r1,2\r", "line 1, column 2: carriage return without a line feed"},
        {"1,b\n1,2\n", "line 1: 1 of 2 fields are numbers"},
        {"a\x7f,b\n1,2\n", "line 1, column 1: control character"},
    };
    const cs_dataset_options o = plain_options();
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        cs_dataset d;
        assert_input_error(decode(&d, &o, cases[k].text), &d, cases[k].expected);
    }
}

static void a_zero_byte_is_no_number(void **state) {
    (void)state;
    const cs_dataset_options o = plain_options();
    const uint8_t text[] = {'1', ',', '2', '\n', '1', '\0', ',', '2', '\n'};
    const cs_dataset_source table = {"t.csv", text, sizeof text};
    cs_dataset d;
    assert_input_error(cs_dataset_decode(&d, &o, &table, NULL), &d, "line 2, column 1: \"1?\" is not a number");
}

static void long_fields_are_refused(void **state) {
    (void)state;
    const cs_dataset_options o = plain_options();
    cs_dataset d;
    char text[3000];
    memset(text, '1', sizeof text);
    memcpy(text + 2990, ",2\n", 4);
    assert_input_error(decode(&d, &o, text), &d, "line 1: 1 of 2 fields are numbers");
    text[0] = '"';
    memcpy(text + 2989, "\",2\n", 5);
    assert_input_error(decode(&d, &o, text), &d, "line 1, column 1: quoted field too long");
    memset(text, 'x', 2990);
    memcpy(text + 2990, ",y\n1,2\n", 8);
    assert_input_error(decode(&d, &o, text), &d, "line 1, column 1: column name too long");
}

static void declarations_are_checked(void **state) {
    (void)state;
    cs_dataset_options o = plain_options();
    cs_dataset d;
    o.label_name = "c";
    assert_input_error(decode(&d, &o, "a,b\n1,2\n"), &d, "no column is named \"c\"");
    assert_input_error(decode(&d, &o, "1,2\n"), &d, "no column is named \"c\"");
    assert_input_error(decode(&d, &o, "c,c\n1,2\n"), &d, "columns 1 and 2 are both named \"c\"");
    o = plain_options();
    o.label_column = 3;
    assert_input_error(decode(&d, &o, "1,2\n"), &d, "declared in column 3, but there are 2");
    o = plain_options();
    o.features = 2;
    assert_input_error(decode(&d, &o, "1,2\n"), &d, "1 features, expected 2");
    o = plain_options();
    o.max_rows = 2;
    assert_input_error(decode(&d, &o, "1,2\n1,2\n1,2\n"), &d, "line 3: more than 2 rows");
    o = plain_options();
    o.max_bytes = 7;
    assert_input_error(decode(&d, &o, "1,2\n1,2\n"), &d, "8 bytes, the limit is 7");
    o = plain_options();
    o.skip_lines = 3;
    assert_input_error(decode(&d, &o, "1,2\n"), &d, "no rows");
    o = plain_options();
    o.format = CS_DATASET_NPY;
    assert_input_error(decode(&d, &o, "1,2\n"), &d, "declared as NPY");
    o.format = CS_DATASET_IDX;
    assert_input_error(decode(&d, &o, "1,2\n"), &d, "declared as IDX");
}

static void options_are_checked(void **state) {
    (void)state;
    const cs_affine bad = {.min = 1, .max = 0, .multiplier = 1};
    cs_dataset d;
    cs_dataset_options o = plain_options();
    o.classes = 0;
    assert_input_error(decode(&d, &o, "1,2\n"), &d, "0 classes declared");
    o = plain_options();
    o.affine_count = 0;
    assert_input_error(decode(&d, &o, "1,2\n"), &d, "no range");
    o = plain_options();
    o.affine = &bad;
    assert_input_error(decode(&d, &o, "1,2\n"), &d, "dataset: range 1: features: min 1 is above max 0");
}

/* One line too many columns wide must not make room for as many lines as the file has. */
static void memory_is_bounded_by_the_file(void **state) {
    (void)state;
    enum { WIDE = 20000, LINES = 20000 };
    static char text[2 * WIDE + LINES + 1];
    for (size_t k = 0; k < WIDE; k++)
        memcpy(text + 2 * k, "1,", 2);
    text[2 * WIDE - 1] = '\n';
    memset(text + (size_t)(2 * WIDE), '\n', LINES);
    const cs_dataset_options o = plain_options();
    const size_t before = cs_memory_peak();
    cs_dataset d;
    assert_input_error(decode(&d, &o, text), &d, "line 2: 1 columns, expected 20000");
    assert_true(cs_memory_peak() - before < 10 * sizeof text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rows_in_every_spelling),      cmocka_unit_test(header_can_be_declared),
        cmocka_unit_test(label_column_is_named_or_numbered), cmocka_unit_test(names_are_those_of_the_features),
        cmocka_unit_test(each_feature_can_have_a_map),       cmocka_unit_test(malformed_text_is_located),
        cmocka_unit_test(a_zero_byte_is_no_number),          cmocka_unit_test(long_fields_are_refused),
        cmocka_unit_test(declarations_are_checked),          cmocka_unit_test(options_are_checked),
        cmocka_unit_test(memory_is_bounded_by_the_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
