/* Identities: derivation, key files with and without a passphrase, public files, and every way to spoil them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/strings.h"
#include "provenance/document.h"
#include "provenance/identity_file.h"

static char folder[] = "/tmp/consort-test-XXXXXX";

static const char *in_folder(const char *name) {
    static char path[16][128];
    static int next;
    char *out = path[next++ % 16];
    snprintf(out, sizeof path[0], "%s/%s", folder, name);
    return out;
}

static cs_secret_identity fresh(const char *name) {
    cs_secret_identity out;
    assert_int_equal(cs_secret_identity_generate(&out, name), CS_OK);
    return out;
}

/* Without the syncing of cs_file_write: the tests write hundreds of files. */
static void write_bytes(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void write_text(const char *path, const char *text) {
    write_bytes(path, text, strlen(text));
}

/* ------------------------------------------------------------ keys */

static void keys_follow_from_the_root_secret(void **state) {
    (void)state;
    static const uint8_t root[CS_ROOT_SIZE] = {3, 1, 4, 1, 5};
    cs_secret_identity a, b;
    char hex[65];
    assert_int_equal(cs_secret_identity_derive(&a, "x", root), CS_OK);
    assert_int_equal(cs_secret_identity_derive(&b, "y", root), CS_OK);
    assert_memory_equal(a.public.ed25519, b.public.ed25519, 32); /* the name is no part of the keys */
    assert_memory_equal(a.x25519.public_key, a.public.x25519, 32);
    assert_memory_not_equal(a.public.ed25519, a.public.ristretto255, 32);
    /* Fixed for all time: a key file must give the same keys in every version of the program. */
    cs_hex32(hex, a.public.ed25519);
    assert_string_equal(hex, "bdcaa31b58958d8b79169c902014e8d44d721b5707445f9cd1c02b7af05316ae");
    cs_hex32(hex, a.public.x25519);
    assert_string_equal(hex, "5ba31986ce3d47a307ee4745bbe36175a4cb879306c7a6808fdf4074d6a94669");
    cs_hex32(hex, a.public.ristretto255);
    assert_string_equal(hex, "80716f1de7b3e255b0dff3a37657051d0a55d886b05550a3ab2eb2caa5a11921");
    b = fresh("x");
    assert_memory_not_equal(a.root, b.root, sizeof a.root);
    cs_secret_identity_wipe(&b);
    assert_true(sodium_is_zero((const uint8_t *)&b, sizeof b));
}

static void names_are_checked(void **state) {
    (void)state;
    cs_secret_identity out;
    char text[CS_PARTY_NAME_BYTES + 2];
    memset(text, 'n', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(cs_secret_identity_generate(&out, text), CS_ERR_INPUT);
    text[sizeof text - 2] = '\0';
    assert_int_equal(cs_secret_identity_generate(&out, text), CS_OK);
    assert_int_equal(cs_secret_identity_generate(&out, ""), CS_ERR_INPUT);
    assert_int_equal(cs_secret_identity_generate(&out, "a\nb"), CS_ERR_INPUT);
    assert_int_equal(cs_secret_identity_generate(&out, "\xff"), CS_ERR_INPUT);
}

static void stems_name_files(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"St. Mary's", "st-mary-s"}, {"ALPHA 2", "alpha-2"}, {"  a..b  ", "a-b"}, {"\xc3\x84rzte", "rzte"}, {"x", "x"}};
    cs_public_identity p = {.ed25519 = {0xab, 0xcd}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        snprintf(p.name, sizeof p.name, "%s", cases[k][0]);
        char *stem = cs_identity_stem(&p);
        assert_string_equal(stem, cases[k][1]);
        cs_free(stem);
    }
    snprintf(p.name, sizeof p.name, "../..");
    char *stem = cs_identity_stem(&p);
    assert_string_equal(stem, "key-abcd000000000000");
    cs_free(stem);
    memset(p.name, 'n', CS_PARTY_NAME_BYTES);
    stem = cs_identity_stem(&p);
    assert_true(strlen(stem) <= 64);
    cs_free(stem);
}

/* ------------------------------------------------------------ key files */

static void key_files_round_trip(void **state) {
    (void)state;
    const cs_secret_identity a = fresh("St. Mary's");
    cs_secret_identity b;
    bool sealed = true;
    const char *path = in_folder("plain.key");
    assert_int_equal(cs_secret_identity_save(&a, path, NULL), CS_OK);
    assert_int_equal(cs_secret_identity_save(&a, path, NULL), CS_ERR_IO); /* never replaced */
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(cs_secret_identity_is_sealed(&sealed, path), CS_OK);
    assert_false(sealed);
    assert_int_equal(cs_secret_identity_load(&b, path, NULL), CS_OK);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(cs_secret_identity_load(&b, path, "not needed"), CS_OK);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(cs_secret_identity_load(&b, path, NULL), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "chmod 600"));
    assert_int_equal(cs_secret_identity_is_sealed(&sealed, path), CS_ERR_INPUT);
    assert_int_equal(cs_secret_identity_load(&b, in_folder("none"), NULL), CS_ERR_IO);
}

static void any_changed_byte_of_a_key_file_shows(void **state) {
    (void)state;
    const cs_secret_identity a = fresh("A");
    cs_secret_identity b;
    cs_buffer file = {0};
    const char *good = in_folder("good.key"), *bad = in_folder("bad.key");
    assert_int_equal(cs_secret_identity_save(&a, good, NULL), CS_OK);
    assert_int_equal(cs_file_read(good, 8192, &file), CS_OK);
    for (size_t k = 0; k < file.size; k++) {
        file.data[k] ^= 1;
        write_bytes(bad, file.data, file.size);
        const cs_status status = cs_secret_identity_load(&b, bad, NULL);
        assert_true(status == CS_ERR_INPUT || status == CS_REJECT);
        assert_true(sodium_is_zero((const uint8_t *)&b, sizeof b));
        file.data[k] ^= 1;
    }
    write_bytes(bad, file.data, file.size - 1);
    assert_int_equal(cs_secret_identity_load(&b, bad, NULL), CS_ERR_INPUT);
    cs_buffer_append(&file, "\n", 1);
    write_bytes(bad, file.data, file.size);
    assert_int_equal(cs_secret_identity_load(&b, bad, NULL), CS_ERR_INPUT);
    write_text(bad, "");
    assert_int_equal(cs_secret_identity_load(&b, bad, NULL), CS_ERR_INPUT);
    cs_buffer_free(&file);
}

static void passphrases_seal(void **state) {
    (void)state;
    const cs_secret_identity a = fresh("A");
    cs_secret_identity b;
    bool sealed = false;
    char hex[65];
    cs_buffer file = {0};
    const char *path = in_folder("sealed.key");
    assert_int_equal(cs_secret_identity_save(&a, path, "correct horse"), CS_OK);
    assert_int_equal(cs_secret_identity_is_sealed(&sealed, path), CS_OK);
    assert_true(sealed);
    assert_int_equal(cs_secret_identity_load(&b, path, "correct horse"), CS_OK);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(cs_secret_identity_load(&b, path, "correct horsf"), CS_ERR_USAGE);
    assert_true(sodium_is_zero((const uint8_t *)&b, sizeof b));
    assert_int_equal(cs_secret_identity_load(&b, path, NULL), CS_ERR_USAGE);
    assert_non_null(strstr(cs_error_text(), "--passphrase-file"));
    assert_int_equal(cs_file_read(path, 8192, &file), CS_OK);
    cs_buffer_append(&file, "", 1);
    cs_hex32(hex, a.root);
    assert_null(strstr((const char *)file.data, hex));
    cs_buffer_free(&file);
}

/* The JSON of a sealed file with one field of "secret" replaced. */
static void expect_sealed(const char *from, const char *field, json_t *value, const char *passphrase, cs_status status) {
    json_t *file;
    cs_secret_identity b;
    const char *bad = in_folder("bad.key");
    assert_int_equal(cs_document_load(&file, from, 8192), CS_OK);
    assert_int_equal(json_object_set_new(json_object_get(file, "secret"), field, value), 0);
    assert_int_equal(cs_document_save(file, bad, 0600), CS_OK);
    assert_int_equal(cs_secret_identity_load(&b, bad, passphrase), status);
}

static void seals_are_bound_to_all_of_the_file(void **state) {
    (void)state;
    const cs_secret_identity a = fresh("A"), other = fresh("A");
    const char *path = in_folder("bound.key"), *swapped = in_folder("swapped.key");
    cs_secret_identity b;
    json_t *file;
    cs_signed document;
    assert_int_equal(cs_secret_identity_save(&a, path, "p"), CS_OK);
    expect_sealed(path, "passes", json_integer(2), "p", CS_ERR_USAGE);
    expect_sealed(path, "memory", json_integer(8192), "p", CS_ERR_USAGE);
    expect_sealed(path, "memory", json_integer((json_int_t)1 << 40), "p", CS_ERR_INPUT); /* would exhaust the machine */
    expect_sealed(path, "passes", json_integer(1000000), "p", CS_ERR_INPUT);
    expect_sealed(path, "passes", json_integer(0), "p", CS_ERR_INPUT);
    expect_sealed(path, "salt", json_string("00"), "p", CS_ERR_INPUT);
    expect_sealed(path, "more", json_integer(1), "p", CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_UNKNOWN);
    /* Another identity's public part over this secret. */
    assert_int_equal(cs_document_load(&file, path, 8192), CS_OK);
    assert_int_equal(cs_secret_identity_publish(&document, &other), CS_OK);
    assert_int_equal(json_object_set_new(file, "public", cs_signed_to_json(&document)), 0);
    cs_signed_free(&document);
    assert_int_equal(cs_document_save(file, swapped, 0600), CS_OK);
    assert_int_equal(cs_secret_identity_load(&b, swapped, "p"), CS_ERR_USAGE);
}

static void old_and_newer_key_files_are_told_so(void **state) {
    (void)state;
    cs_secret_identity b;
    json_t *file;
    const cs_secret_identity a = fresh("A");
    const char *path = in_folder("v.key"), *bad = in_folder("v2.key");
    write_text(bad, "consort secret key 1\npublic 00\nsecret 00\n");
    assert_int_equal(cs_secret_identity_load(&b, bad, NULL), CS_ERR_INPUT);
    assert_int_equal(cs_secret_identity_save(&a, path, NULL), CS_OK);
    assert_int_equal(cs_document_load(&file, path, 8192), CS_OK);
    assert_int_equal(json_object_set_new(file, "version", json_integer(2)), 0);
    assert_int_equal(cs_document_save(file, bad, 0600), CS_OK);
    assert_int_equal(cs_secret_identity_load(&b, bad, NULL), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_VERSION);
}

static void passphrase_files_hold_one_line(void **state) {
    (void)state;
    const char *path = in_folder("passphrase");
    char *text, longest[CS_PASSPHRASE_BYTES + 3];
    static const char *const bad[] = {"", "\n", "a\nb", "a\n\n", "a\tb", "a\r\n"};
    write_text(path, "open sesame\n");
    assert_int_equal(cs_passphrase_load(&text, path), CS_OK);
    assert_string_equal(text, "open sesame");
    cs_free(text);
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        write_text(path, bad[k]);
        assert_int_equal(cs_passphrase_load(&text, path), CS_ERR_INPUT);
        assert_null(text);
    }
    memset(longest, 'p', sizeof longest);
    longest[CS_PASSPHRASE_BYTES] = '\0';
    write_text(path, longest);
    assert_int_equal(cs_passphrase_load(&text, path), CS_OK);
    cs_free(text);
    longest[CS_PASSPHRASE_BYTES] = 'p';
    longest[CS_PASSPHRASE_BYTES + 1] = '\0';
    write_text(path, longest);
    assert_int_equal(cs_passphrase_load(&text, path), CS_ERR_INPUT);
    assert_int_equal(cs_passphrase_load(&text, in_folder("none")), CS_ERR_IO);
}

/* ------------------------------------------------------------ public files */

static void public_files_round_trip(void **state) {
    (void)state;
    const cs_secret_identity a = fresh("A & B");
    cs_public_identity p;
    const char *path = in_folder("a.pub");
    assert_int_equal(cs_secret_identity_publish_file(&a, path), CS_OK);
    assert_int_equal(cs_secret_identity_publish_file(&a, path), CS_ERR_IO);
    assert_int_equal(cs_public_identity_load(&p, path), CS_OK);
    assert_memory_equal(&p, &a.public, sizeof p);
    assert_int_equal(cs_public_identity_load(&p, in_folder("none")), CS_ERR_IO);
}

static void any_changed_byte_of_a_public_file_shows(void **state) {
    (void)state;
    const cs_secret_identity a = fresh("A");
    cs_public_identity p;
    cs_buffer file = {0};
    const char *good = in_folder("b.pub"), *bad = in_folder("bad.pub");
    assert_int_equal(cs_secret_identity_publish_file(&a, good), CS_OK);
    assert_int_equal(cs_file_read(good, 8192, &file), CS_OK);
    for (size_t k = 0; k < file.size; k++) {
        file.data[k] ^= 1;
        write_bytes(bad, file.data, file.size);
        assert_int_not_equal(cs_public_identity_load(&p, bad), CS_OK);
        file.data[k] ^= 1;
    }
    cs_buffer_free(&file);
}

/* The body with one field changed, signed by `signer` under `name`. */
static cs_status load_changed(const cs_secret_identity *a, const char *field, json_t *value,
                              const cs_secret_identity *signer, const char *name, const char *label) {
    cs_signed s;
    cs_signature mine;
    cs_public_identity p;
    const char *path = in_folder("changed.pub");
    json_t *body = cs_public_identity_to_json(&a->public);
    if (value != NULL)
        assert_int_equal(json_object_set_new(body, field, value), 0);
    assert_int_equal(cs_signed_new(&s, body), CS_OK);
    json_decref(body);
    cs_sign(&mine, label, s.digest, name, signer->ed25519);
    assert_int_equal(cs_signed_add(&s, &mine), CS_OK);
    assert_int_equal(cs_document_save(cs_signed_to_json(&s), path, 0644), CS_OK);
    cs_signed_free(&s);
    cs_error_clear();
    return cs_public_identity_load(&p, path);
}

static void identities_sign_themselves(void **state) {
    (void)state;
    const cs_secret_identity a = fresh("A"), other = fresh("B");
    assert_int_equal(load_changed(&a, "", NULL, &a, "A", CS_SIGN_IDENTITY), CS_OK);
    assert_int_equal(load_changed(&a, "", NULL, &other, "A", CS_SIGN_IDENTITY), CS_REJECT); /* by another key */
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_SIGNATURE);
    assert_int_equal(load_changed(&a, "", NULL, &a, "B", CS_SIGN_IDENTITY), CS_REJECT); /* under another name */
    assert_int_equal(load_changed(&a, "", NULL, &a, "A", CS_SIGN_MANIFEST), CS_REJECT); /* as another document */
    assert_int_equal(load_changed(&a, "version", json_integer(2), &a, "A", CS_SIGN_IDENTITY), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_VERSION);
    assert_int_equal(load_changed(&a, "admin", json_true(), &a, "A", CS_SIGN_IDENTITY), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_UNKNOWN);
}

static void unsound_keys_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *field, *hex;
    } cases[] = {{"ed25519", "0100000000000000000000000000000000000000000000000000000000000000"}, /* order one */
                 {"ed25519", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}, /* order two */
                 {"ed25519", "0000000000000000000000000000000000000000000000000000000000000000"}, /* order four */
                 {"ed25519", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"}, /* order eight */
                 {"ed25519", "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}, /* not canonical */
                 {"ed25519", "ab"},
                 {"x25519", "0000000000000000000000000000000000000000000000000000000000000000"},
                 {"x25519", "0100000000000000000000000000000000000000000000000000000000000000"},
                 {"x25519", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"}, /* order eight */
                 {"x25519", "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"}, /* order eight */
                 {"x25519", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}, /* zero, not canonical */
                 {"x25519", "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}, /* nine, not canonical */
                 {"x25519", "0900000000000000000000000000000000000000000000000000000000000080"}, /* nine, a bit too many */
                 {"ristretto255", "0000000000000000000000000000000000000000000000000000000000000000"}, /* identity */
                 {"ristretto255", "0100000000000000000000000000000000000000000000000000000000000000"}, /* negative */
                 {"ristretto255", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}, /* not canonical */
                 {"ristretto255", "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371"}, /* not a square */
                 {"ristretto255", "AB"}};
    const cs_secret_identity a = fresh("A");
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        assert_int_equal(load_changed(&a, cases[k].field, json_string(cases[k].hex), &a, "A", CS_SIGN_IDENTITY),
                         CS_ERR_INPUT);
        assert_non_null(strstr(cs_error_text(), cases[k].field));
    }
    /* A good key plus a point of order two, four, eight. */
    static const char *const torsion[] = {"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                                          "0000000000000000000000000000000000000000000000000000000000000000",
                                          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"};
    for (size_t k = 0; k < sizeof torsion / sizeof *torsion; k++) {
        uint8_t point[32], sum[32];
        assert_int_equal(sodium_hex2bin(point, 32, torsion[k], 64, NULL, NULL, NULL), 0);
        assert_int_equal(crypto_core_ed25519_add(sum, a.public.ed25519, point), 0);
        assert_int_equal(load_changed(&a, "ed25519", cs_document_hex_to_json(sum, 32), &a, "A", CS_SIGN_IDENTITY),
                         CS_ERR_INPUT);
    }
    /* Nine is the base point. */
    assert_int_equal(load_changed(&a, "x25519",
                                  json_string("0900000000000000000000000000000000000000000000000000000000000000"), &a, "A",
                                  CS_SIGN_IDENTITY),
                     CS_OK);
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys_follow_from_the_root_secret),
                                       cmocka_unit_test(names_are_checked),
                                       cmocka_unit_test(stems_name_files),
                                       cmocka_unit_test(key_files_round_trip),
                                       cmocka_unit_test(any_changed_byte_of_a_key_file_shows),
                                       cmocka_unit_test(passphrases_seal),
                                       cmocka_unit_test(seals_are_bound_to_all_of_the_file),
                                       cmocka_unit_test(old_and_newer_key_files_are_told_so),
                                       cmocka_unit_test(passphrase_files_hold_one_line),
                                       cmocka_unit_test(public_files_round_trip),
                                       cmocka_unit_test(any_changed_byte_of_a_public_file_shows),
                                       cmocka_unit_test(identities_sign_themselves),
                                       cmocka_unit_test(unsound_keys_are_refused)};
    return sodium_init() < 0 || cmocka_run_group_tests(tests, make_folder, remove_folder);
}
