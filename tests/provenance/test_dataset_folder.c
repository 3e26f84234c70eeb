/* A dataset's folder: what is written is read back, and every file is refused when it is not what it should be. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "curve/commit.h"
#include "support/committed.h"

static char folder[64], path[128];

static int remove_one(const char *p, const struct stat *info, int type, struct FTW *walk) {
    (void)info, (void)type, (void)walk;
    return remove(p);
}

static int setup(void **state) {
    (void)state;
    strcpy(folder, "/tmp/consort-test-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int teardown(void **state) {
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *in_folder(const char *file) {
    snprintf(path, sizeof path, "%s/%s", folder, file);
    return path;
}

static void make(cs_committed *c, bool proof) {
    cs_committed_options o = cs_committed_defaults();
    o.proof = proof;
    o.n_maps = 3;
    if (cs_committed_new(c, &o) != CS_OK || cs_dataset_folder_write(folder, &c->doc, &c->opening, &c->proof) != CS_OK)
        fail_msg("%s", cs_error_text());
}

static void read_bytes(const char *file, cs_buffer *out) {
    assert_int_equal(cs_file_read(in_folder(file), 1 << 20, out), CS_OK);
}

static void write_bytes(const char *file, const void *data, size_t size, unsigned mode) {
    assert_int_equal(cs_file_write(in_folder(file), data, size, mode), CS_OK);
}

static void refused(cs_status status, cs_status expected, const char *text) {
    if (status != expected || strstr(cs_error_text(), text) == NULL)
        fail_msg("status %d, \"%s\" instead of %d, \"%s\"", (int)status, cs_error_text(), (int)expected, text);
}

static void round_trip(void **state) {
    (void)state;
    cs_committed c;
    cs_dataset_doc doc;
    cs_dataset_opening o;
    cs_buffer proof = {0};
    struct stat info;
    make(&c, true);
    assert_int_equal(cs_dataset_folder_read_doc(&doc, folder), CS_OK);
    assert_int_equal(cs_dataset_folder_read_proof(&proof, folder, &doc), CS_OK);
    assert_int_equal(cs_wellformed_verify(&doc, proof.data, proof.size), CS_OK);
    assert_int_equal(cs_dataset_folder_read_opening(&o, folder, &doc), CS_OK);
    assert_int_equal(o.rows, 5);
    assert_int_equal(o.n, cs_dataset_doc_commitments(&doc));
    assert_memory_equal(o.values, c.opening.values, 15 * sizeof *o.values);
    assert_memory_equal(o.labels, c.opening.labels, 5 * sizeof *o.labels);
    assert_memory_equal(o.blindings, c.opening.blindings, o.n * sizeof *o.blindings);
    assert_int_equal(stat(in_folder("opening"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    /* the commitments are what the opening says, and two datasets never share a blinding */
    cs_int_row row = {.type = CS_INT_I32, .data = (int32_t[8]){0}, .n = 8, .min = -4, .max = 7};
    int32_t entries[8] = {0};
    for (size_t k = 0; k < 3; k++) {
        entries[k] = o.values[k];
        entries[4 + k] = o.values[3 + k];
    }
    row.data = entries;
    cs_g1_affine point;
    assert_int_equal(cs_commit_rows(&point, &row, 1, &o.blindings[0]), CS_OK);
    assert_memory_equal(&point, &doc.commitments[0], sizeof point);
    assert_memory_not_equal(&o.blindings[0], &o.blindings[1], sizeof *o.blindings);
    cs_buffer_free(&proof);
    cs_dataset_opening_free(&o);
    cs_dataset_doc_free(&doc);
    cs_committed_free(&c);
}

/* Written and read back; `raw`: the size of the records when they are not packed. Returns whether they are not. */
static bool kept_raw(const cs_committed_options *options, size_t raw) {
    cs_committed c;
    cs_dataset_opening o;
    struct stat info;
    assert_int_equal(cs_committed_new(&c, options), CS_OK);
    assert_int_equal(cs_dataset_folder_write(folder, &c.doc, &c.opening, &c.proof), CS_OK);
    assert_int_equal(cs_dataset_folder_read_opening(&o, folder, &c.doc), CS_OK);
    assert_memory_equal(o.values, c.opening.values, o.rows * o.features * sizeof *o.values);
    assert_memory_equal(o.labels, c.opening.labels, o.rows * sizeof *o.labels);
    assert_int_equal(stat(in_folder("opening"), &info), 0);
    const size_t size = (size_t)info.st_size - 64 - 32 * o.n - 32;
    assert_true(size == raw || size <= raw / 4 * 3);
    cs_dataset_opening_free(&o);
    cs_committed_free(&c);
    return size == raw;
}

static void records_are_packed_where_it_saves(void **state) {
    const cs_affine bytes = {-128, 127, 0, 1}, words = {-129, 127, 0, 1}, zeros = {0, 1, 0, 0.25};
    cs_committed_options o = cs_committed_defaults();
    (void)state;
    o.proof = false;
    assert_true(kept_raw(&o, (size_t)5 * (3 + 4)));
    assert_int_equal(teardown(NULL) | setup(NULL), 0);
    o.rows = 300;
    o.features = 20;
    o.columns = 512;
    o.map = &bytes;
    assert_true(kept_raw(&o, (size_t)300 * (20 + 4)));
    assert_int_equal(teardown(NULL) | setup(NULL), 0);
    o.map = &words;
    assert_false(kept_raw(&o, (size_t)300 * (40 + 4)));
    assert_int_equal(teardown(NULL) | setup(NULL), 0);
    o.map = &zeros;
    assert_false(kept_raw(&o, (size_t)300 * (20 + 4)));
    /* more than the part that is tried */
    o.rows = 60000;
    o.columns = 2048;
    assert_int_equal(teardown(NULL) | setup(NULL), 0);
    assert_false(kept_raw(&o, (size_t)60000 * (20 + 4)));
    o.map = &bytes;
    assert_int_equal(teardown(NULL) | setup(NULL), 0);
    assert_true(kept_raw(&o, (size_t)60000 * (20 + 4)));
}

static void without_a_proof(void **state) {
    (void)state;
    cs_committed c;
    cs_buffer proof = {0};
    struct stat info;
    make(&c, false);
    assert_int_not_equal(stat(in_folder("proof"), &info), 0);
    refused(cs_dataset_folder_read_proof(&proof, folder, &c.doc), CS_ERR_INPUT, "without a well-formedness proof");
    refused(cs_wellformed_verify(&c.doc, NULL, 0), CS_REJECT, "names no well-formedness proof");
    cs_committed_free(&c);
}

static void never_replaced(void **state) {
    (void)state;
    cs_committed c;
    cs_buffer before = {0}, after = {0};
    make(&c, false);
    read_bytes("opening", &before);
    refused(cs_dataset_folder_write(folder, &c.doc, &c.opening, &c.proof), CS_ERR_IO, "exists already");
    read_bytes("opening", &after);
    assert_int_equal(before.size, after.size);
    assert_memory_equal(before.data, after.data, before.size);
    cs_buffer_free(&before);
    cs_buffer_free(&after);
    /* a file in the way of any of them */
    remove(in_folder("dataset.json"));
    remove(in_folder("opening"));
    write_bytes("proof", "x", 1, 0644);
    refused(cs_dataset_folder_write(folder, &c.doc, &c.opening, &c.proof), CS_ERR_IO, "exists already");
    cs_committed_free(&c);
}

static void files_that_cannot_be_written(void **state) {
    (void)state;
    cs_committed c;
    make(&c, true);
    write_bytes("file", "x", 1, 0644);
    assert_int_equal(cs_dataset_folder_write(in_folder("file"), &c.doc, &c.opening, &c.proof), CS_ERR_IO);
    cs_committed_free(&c);
}

static void wrong_proof_file(void **state) {
    (void)state;
    cs_committed c;
    cs_buffer proof = {0}, got = {0};
    make(&c, true);
    read_bytes("proof", &proof);
    proof.data[proof.size / 2] ^= 1;
    write_bytes("proof", proof.data, proof.size, 0644);
    refused(cs_dataset_folder_read_proof(&got, folder, &c.doc), CS_ERR_INPUT, "not the proof that dataset.json names");
    remove(in_folder("proof"));
    assert_int_equal(cs_dataset_folder_read_proof(&got, folder, &c.doc), CS_ERR_IO);
    cs_buffer_free(&proof);
    cs_buffer_free(&got);
    cs_committed_free(&c);
}

static void wrong_document(void **state) {
    (void)state;
    cs_committed c;
    cs_dataset_doc doc;
    cs_buffer text = {0};
    make(&c, true);
    read_bytes("dataset.json", &text);
    write_bytes("dataset.json", text.data, text.size - 1, 0644);
    refused(cs_dataset_folder_read_doc(&doc, folder), CS_ERR_INPUT, "dataset.json");
    cs_buffer_append(&text, "\n", 1);
    write_bytes("dataset.json", text.data, text.size, 0644);
    refused(cs_dataset_folder_read_doc(&doc, folder), CS_ERR_INPUT, "canonical");
    remove(in_folder("dataset.json"));
    assert_int_equal(cs_dataset_folder_read_doc(&doc, folder), CS_ERR_IO);
    cs_buffer_free(&text);
    cs_committed_free(&c);
}

static void refuse_opening(const cs_dataset_doc *doc, const cs_buffer *bytes, const char *text) {
    cs_dataset_opening o;
    write_bytes("opening", bytes->data, bytes->size, 0600);
    refused(cs_dataset_folder_read_opening(&o, folder, doc), CS_ERR_INPUT, text);
    assert_null(o.values);
    assert_null(o.blindings);
}

/* The checksum keeps accidents out; with a right one the content is still looked at. */
static void seal(cs_buffer *file) {
    crypto_hash_sha256(file->data + file->size - 32, file->data, file->size - 32);
}

static void wrong_opening(void **state) {
    (void)state;
    cs_committed c, other;
    cs_buffer file = {0}, copy = {0};
    cs_dataset_opening o;
    make(&c, true);
    read_bytes("opening", &file);
    for (size_t at = 0; at < file.size; at += 7) {
        cs_buffer_clear(&copy);
        cs_buffer_append(&copy, file.data, file.size);
        copy.data[at] ^= 4;
        refuse_opening(&c.doc, &copy, at < 16 ? "not the opening" : "damaged");
    }
    for (size_t size = 0; size < file.size; size += 13) {
        copy.size = size;
        memcpy(copy.data, file.data, size);
        refuse_opening(&c.doc, &copy, size < 96 ? "truncated" : "damaged");
    }
    cs_buffer_clear(&copy);
    cs_buffer_append(&copy, file.data, file.size);
    memset(copy.data + 64, 0xff, 32);
    seal(&copy);
    refuse_opening(&c.doc, &copy, "blinding 0 is not reduced");
    memcpy(copy.data, file.data, file.size);
    copy.data[48]++;
    seal(&copy);
    refuse_opening(&c.doc, &copy, "length");
    memcpy(copy.data, file.data, file.size);
    copy.data[56]--;
    seal(&copy);
    refuse_opening(&c.doc, &copy, "length");
    memcpy(copy.data, file.data, file.size);
    copy.data[64 + 32 * c.opening.n + 3] ^= 0x40; /* within the records */
    seal(&copy);
    write_bytes("opening", copy.data, copy.size, 0600);
    assert_int_equal(cs_dataset_folder_read_opening(&o, folder, &c.doc), CS_ERR_INPUT);
    /* another dataset of the same shape */
    cs_committed_options options = cs_committed_defaults();
    options.n_maps = 3;
    options.seed = 2;
    assert_int_equal(cs_committed_new(&other, &options), CS_OK);
    refuse_opening(&other.doc, &file, "belongs to another dataset");
    write_bytes("opening", file.data, file.size, 0644);
    refused(cs_dataset_folder_read_opening(&o, folder, &c.doc), CS_ERR_INPUT, "others than its owner");
    write_bytes("opening", file.data, file.size, 0600);
    assert_int_equal(cs_dataset_folder_read_opening(&o, folder, &c.doc), CS_OK);
    cs_dataset_opening_free(&o);
    cs_buffer_free(&file);
    cs_buffer_free(&copy);
    cs_committed_free(&other);
    cs_committed_free(&c);
}

/* Data outside of what the document says is not committed to. */
static void data_that_does_not_fit(void **state) {
    (void)state;
    for (int what = 0; what < 5; what++) {
        cs_committed c;
        cs_committed_options o = cs_committed_defaults();
        o.proof = false;
        assert_int_equal(cs_committed_new(&c, &o), CS_OK);
        const size_t n = c.opening.rows * c.opening.features;
        cs_dataset data = {.rows = c.opening.rows,
                           .features = c.opening.features,
                           .values = CS_NEW(int32_t, n),
                           .labels = c.opening.labels};
        for (size_t k = 0; k < n; k++)
            data.values[k] = c.opening.values[k];
        c.opening.labels = NULL;
        cs_dataset_opening_free(&c.opening);
        cs_free(c.doc.commitments);
        c.doc.commitments = NULL;
        if (what == 0)
            data.values[7] = 4;
        if (what == 1)
            data.values[0] = -5;
        if (what == 2)
            data.labels[4] = 2;
        if (what == 3)
            data.rows = 4;
        if (what == 4)
            data.values[3] = 65536; /* zero in 16 bits, which its map would have */
        static const char *const texts[] = {"record 3: feature 2 is 4", "record 1: feature 1 is -5", "record 5: label 2",
                                            "4 records of 3 features", "record 2: feature 1 is 65536"};
        refused(cs_dataset_doc_commit(&c.doc, &c.opening, &data), CS_ERR_INPUT, texts[what]);
        assert_null(c.opening.values);
        cs_committed_free(&c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(records_are_packed_where_it_saves, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_proof, setup, teardown),
        cmocka_unit_test_setup_teardown(never_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_written, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_proof_file, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_document, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_opening, setup, teardown),
        cmocka_unit_test(data_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
