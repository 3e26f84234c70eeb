/* Errors, memory, buffers, clocks and files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "base/harden.h"
#include "base/memory.h"
#include "base/strings.h"
#include "base/text.h"
#include "base/timer.h"

static void error_text_is_kept_and_prefixed(void **state) {
    (void)state;
    cs_error_clear();
    assert_string_equal(cs_error_text(), "");
    assert_int_equal(cs_fail(CS_ERR_INPUT, "line %d", 7), CS_ERR_INPUT);
    assert_string_equal(cs_error_text(), "line 7");
    assert_int_equal(cs_fail_prefix(CS_ERR_INPUT, "%s", "job.json"), CS_ERR_INPUT);
    assert_string_equal(cs_error_text(), "job.json: line 7");
    assert_int_equal(cs_fail_prefix(CS_OK, "nothing"), CS_OK);
    assert_string_equal(cs_error_text(), "job.json: line 7");
    assert_int_equal(cs_fail(CS_ERR_IO, "again: %s", cs_error_text()), CS_ERR_IO);
    assert_string_equal(cs_error_text(), "again: job.json: line 7");
}

static void error_text_is_cut(void **state) {
    (void)state;
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)cs_fail(CS_ERR_INPUT, "%s", text);
    assert_int_equal(strlen(cs_error_text()), 1023);
    (void)cs_fail_prefix(CS_ERR_INPUT, "%s", text);
    assert_int_equal(strlen(cs_error_text()), 1023);
}

static void *other_thread(void *result) {
    *(int *)result = cs_error_text()[0] == '\0';
    (void)cs_fail(CS_ERR_IO, "another thread");
    return NULL;
}

/* Texts of strangers: escape sequences of terminals, directions, what is no UTF-8 (cut within a character, too). */
static void error_text_is_plain(void **state) {
    (void)state;
    static const char *const SHOWN[] = {"a", "~", "\xc3\xa9", "\xe2\x82\xac", "\xe2\x80\x8d", "\xf0\x9f\x99\x82"};
    static const char *const NOT_SHOWN[] = {"\x1b[2K",
                                            "\n",
                                            "\r",
                                            "\x7f",
                                            "\xc2\x9b",
                                            "\xc2\xad",
                                            "\xd8\x9c",
                                            "\xe2\x80\xae",
                                            "\xe2\x80\x8b",
                                            "\xe2\x80\xa8",
                                            "\xe2\x81\xa6",
                                            "\xef\xbb\xbf",
                                            "\x80",
                                            "\xc3",
                                            "\xc0\x80",
                                            "\xe0\x80\x80",
                                            "\xed\xa0\x80",
                                            "\xf4\x90\x80\x80",
                                            "\xf3\xa0\x81\x81",
                                            "\xff"};
    for (size_t k = 0; k < sizeof SHOWN / sizeof *SHOWN; k++)
        assert_int_equal(cs_string_shown(SHOWN[k]), strlen(SHOWN[k]));
    for (size_t k = 0; k < sizeof NOT_SHOWN / sizeof *NOT_SHOWN; k++)
        if (cs_string_shown(NOT_SHOWN[k]) != 0)
            fail_msg("%zu is shown", k);
    cs_fail(CS_ERR_INPUT, "field \"%s\"",
            "\x1b[1A\xc2\x9b"
            "accepted\xe2\x80\xae");
    assert_string_equal(cs_error_text(), "field \"?[1A??accepted???\"");
    cs_fail(CS_ERR_INPUT, "%.2s", "a\xc3\xa9");
    assert_string_equal(cs_error_text(), "a?");
    cs_fail_prefix(CS_ERR_INPUT, "caf\xc3\xa9\n");
    assert_string_equal(cs_error_text(), "caf\xc3\xa9?: a?");
}

static void error_text_belongs_to_a_thread(void **state) {
    (void)state;
    (void)cs_fail(CS_ERR_INPUT, "mine");
    pthread_t thread;
    int was_empty = 0;
    assert_int_equal(pthread_create(&thread, NULL, other_thread, &was_empty), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(was_empty);
    assert_string_equal(cs_error_text(), "mine");
}

static void status_names_differ(void **state) {
    (void)state;
    for (int a = CS_OK; a <= CS_ERR_INTERNAL; a++)
        for (int b = CS_OK; b < a; b++)
            assert_string_not_equal(cs_status_name((cs_status)a), cs_status_name((cs_status)b));
    assert_string_equal(cs_status_name((cs_status)99), "unknown status");
}

static void blocks_are_zeroed_and_aligned(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 31, 64, 65, 4096, 100000, (1 << 20) + 3};
    for (int round = 0; round < 2; round++)
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            uint8_t *block = cs_calloc(sizes[k], 1);
            assert_non_null(block);
            assert_int_equal((uintptr_t)block % 64, 0);
            for (size_t i = 0; i < sizes[k]; i++)
                assert_int_equal(block[i], 0);
            memset(block, 0xa5, sizes[k]);
            cs_free(block);
        }
    cs_free(NULL);
}

/* Kibibytes of this process that are locked. */
static long locked_memory(void) {
    char line[128];
    long kibibytes = -1;
    FILE *f = fopen("/proc/self/status", "r");
    assert_non_null(f);
    while (kibibytes < 0 && fgets(line, sizeof line, f) != NULL)
        (void)sscanf(line, "VmLck: %ld", &kibibytes);
    (void)fclose(f);
    assert_true(kibibytes >= 0);
    return kibibytes;
}

static void keys_are_locked_as_far_as_allowed(void **state) {
    (void)state;
    struct rlimit may;
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &may), 0);
    const size_t live = cs_memory_live();
    const long before = locked_memory();
    uint8_t *keys = CS_NEW_LOCKED(uint8_t, 5000);
    assert_non_null(keys);
    assert_int_equal((uintptr_t)keys % 64, 0);
#ifndef CS_SANITIZED /* the address sanitizer locks nothing */
    if (may.rlim_cur >= 1 << 16)
        assert_in_range(locked_memory(), before + 4, before + 16);
#endif
    for (size_t k = 0; k < 5000; k++)
        assert_int_equal(keys[k], 0);
    memset(keys, 0xa5, 5000);
    assert_int_equal(cs_memory_live(), live + 5000);
    cs_free(keys);
    assert_int_equal(locked_memory(), before);
    assert_int_equal(cs_memory_live(), live);

    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){.rlim_cur = 0, .rlim_max = may.rlim_max}), 0);
    keys = CS_NEW_LOCKED(uint8_t, 32);
    assert_non_null(keys);
    memset(keys, 0xa5, 32);
    cs_free(keys);
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &may), 0);
    assert_null(CS_NEW_LOCKED(uint64_t, SIZE_MAX / 2));
}

static void sizes_are_checked(void **state) {
    (void)state;
    cs_error_clear();
    assert_null(cs_calloc(SIZE_MAX / 2, 3));
    assert_null(cs_calloc(SIZE_MAX, 1));
    assert_null(cs_calloc(PTRDIFF_MAX, 1));
    assert_string_not_equal(cs_error_text(), "");
}

static void growing_keeps_the_content(void **state) {
    (void)state;
    uint32_t *block = CS_NEW(uint32_t, 3);
    for (uint32_t k = 0; k < 3; k++)
        block[k] = k + 1;
    assert_null(cs_grow(block, 3, SIZE_MAX / 2, sizeof *block));
    assert_int_equal(block[2], 3);
    block = cs_grow(block, 3, 100, sizeof *block);
    for (uint32_t k = 0; k < 100; k++)
        assert_int_equal(block[k], k < 3 ? k + 1 : 0);
    block = cs_grow(block, 100, 2, sizeof *block);
    assert_int_equal(block[1], 2);
    cs_free(block);
    block = cs_grow(NULL, 0, 5, sizeof *block);
    assert_int_equal(block[4], 0);
    cs_free(block);
}

static void live_and_peak_bytes_are_counted(void **state) {
    (void)state;
    const size_t before = cs_memory_live();
    void *a = cs_calloc(1 << 20, 3), *b = cs_calloc(10, 10);
    assert_int_equal(cs_memory_live(), before + (3 << 20) + 100);
    assert_true(cs_memory_peak() >= before + (3 << 20) + 100);
    cs_free(a);
    cs_free(b);
    assert_int_equal(cs_memory_live(), before);
    assert_true(cs_memory_peak() >= before + (3 << 20) + 100);
}

static void a_limit_is_kept(void **state) {
    (void)state;
    cs_memory_limit(cs_memory_live() + 1000);
    void *fits = cs_calloc(1000, 1);
    assert_non_null(fits);
    assert_null(cs_calloc(1, 1));
    cs_buffer b = {0};
    cs_buffer_append(&b, "x", 1);
    cs_buffer_append(&b, "y", 1);
    assert_int_equal(cs_buffer_status(&b), CS_ERR_MEMORY);
    cs_memory_limit(SIZE_MAX);
    cs_buffer_append(&b, "x", 1); /* sticky */
    assert_int_equal(cs_buffer_status(&b), CS_ERR_MEMORY);
    assert_int_equal(b.size, 0);
    cs_buffer_clear(&b);
    cs_buffer_append(&b, "x", 1);
    assert_int_equal(cs_buffer_status(&b), CS_OK);
    cs_buffer_free(&b);
    cs_free(fits);
}

static void buffers_grow(void **state) {
    (void)state;
    cs_buffer b = {0};
    cs_buffer_append(&b, NULL, 0);
    for (uint32_t k = 0; k < 1000; k++)
        cs_buffer_append_u32(&b, k);
    cs_buffer_append_u64(&b, UINT64_C(0x0123456789abcdef));
    assert_int_equal(cs_buffer_status(&b), CS_OK);
    assert_int_equal(b.size, 4008);
    assert_int_equal(cs_load_u32(b.data + 4 * 999), 999);
    assert_int_equal(cs_load_u64(b.data + 4000), UINT64_C(0x0123456789abcdef));
    assert_int_equal(b.data[4000], 0xef);
    cs_buffer_free(&b);
    assert_null(b.data);
}

static void resized_bytes_are_zero(void **state) {
    (void)state;
    cs_buffer b = {0};
    cs_buffer_append(&b, "secret", 6);
    assert_int_equal(cs_buffer_resize(&b, 2), CS_OK);
    assert_int_equal(cs_buffer_resize(&b, 6), CS_OK);
    assert_memory_equal(b.data, "se\0\0\0\0", 6);
    assert_int_equal(cs_buffer_resize(&b, SIZE_MAX), CS_ERR_MEMORY);
    assert_int_equal(b.size, 6);
    cs_buffer_free(&b);
}

/* Also past the length of the local line. */
static void texts_are_appended_whole(void **state) {
    (void)state;
    char word[2200];
    for (size_t size = 1000; size < sizeof word; size += size == 1000 ? 1 : 53) {
        cs_buffer b = {0};
        memset(word, 'w', size);
        word[size] = '\0';
        cs_text_append(&b, "<%s>", word);
        cs_text_append(&b, "%d", 7);
        assert_int_equal(cs_buffer_status(&b), CS_OK);
        assert_int_equal(b.size, size + 3);
        assert_memory_equal(b.data + 1, word, size);
        assert_memory_equal(b.data + size + 1, ">7", 2);
        cs_buffer_free(&b);
    }
}

static void powers_of_two(void **state) {
    (void)state;
    assert_int_equal(cs_bits(1), 0);
    assert_int_equal(cs_bits(2), 1);
    assert_int_equal(cs_bits(5), 3);
    assert_int_equal(cs_pow2(1024), 1024);
    assert_int_equal(cs_pow2(1025), 2048);
}

static void clocks_run(void **state) {
    (void)state;
    const double wall = cs_wall_seconds(), cpu = cs_cpu_seconds();
    while (cs_cpu_seconds() < cpu + 0.002) {
    }
    assert_true(cs_wall_seconds() > wall);
    assert_true(cs_peak_rss_bytes() > 100000.0);
}

static char folder[] = "/tmp/consort-test-XXXXXX";

static char *in_folder(const char *name) {
    char base[64];
    snprintf(base, sizeof base, "%s/x", folder);
    char *path = cs_path_beside(base, name);
    assert_non_null(path);
    return path;
}

static void files_are_written_whole(void **state) {
    (void)state;
    char *path = in_folder("a/b//c/file");
    char *parent = cs_path_beside(path, ".");
    assert_int_equal(cs_file_write(path, "x", 1, 0644), CS_ERR_IO); /* no such folder */
    assert_non_null(strstr(cs_error_text(), path));
    assert_int_equal(cs_file_make_folder(parent), CS_OK);
    assert_int_equal(cs_file_make_folder(parent), CS_OK);
    assert_int_equal(cs_file_must_not_exist(path), CS_OK);
    assert_int_equal(cs_file_write(path, "first", 5, 0644), CS_OK);
    assert_int_equal(cs_file_must_not_exist(path), CS_ERR_IO);
    assert_int_equal(cs_file_write(path, "2nd", 3, 0600), CS_OK);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    cs_buffer b = {0};
    cs_buffer_append(&b, "+", 1);
    assert_int_equal(cs_file_read(path, 3, &b), CS_OK);
    assert_int_equal(b.size, 4);
    assert_memory_equal(b.data, "+2nd", 4);
    assert_int_equal(cs_file_read(path, 2, &b), CS_ERR_INPUT);
    assert_int_equal(b.size, 4);
    assert_int_equal(cs_file_make_folder(path), CS_ERR_IO);
    assert_int_equal(cs_file_read(parent, 100, &b), CS_ERR_IO);
    cs_buffer_free(&b);
    cs_free(parent);
    cs_free(path);
}

static void long_files_are_read(void **state) {
    (void)state;
    char *path = in_folder("long");
    const size_t size = 300001;
    uint8_t *data = CS_NEW(uint8_t, size);
    for (size_t k = 0; k < size; k++)
        data[k] = (uint8_t)(k * k >> 3);
    assert_int_equal(cs_file_write(path, data, size, 0644), CS_OK);
    cs_buffer b = {0};
    assert_int_equal(cs_file_read(path, SIZE_MAX, &b), CS_OK);
    assert_int_equal(b.size, size);
    assert_memory_equal(b.data, data, size);
    cs_buffer_free(&b);
    cs_free(data);
    cs_free(path);
}

static int files_here(void) {
    int n = 0;
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    (void)closedir(d);
    return n;
}

/* In a process that may write 1000 bytes to a file: the system ends it while it writes, or tells it that it cannot. */
static int write_long_file(const char *path, bool told) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static const uint8_t data[2000];
        (void)signal(SIGXFSZ, SIG_DFL);
        (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        if (told)
            cs_harden_process();
        (void)setrlimit(RLIMIT_FSIZE, &(struct rlimit){.rlim_cur = 1000, .rlim_max = 1000});
        _exit((int)cs_file_write(path, data, sizeof data, 0644));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return told ? WEXITSTATUS(status) : WTERMSIG(status);
}

static void nothing_is_left_of_a_file_that_is_not_whole(void **state) {
    (void)state;
    char *path = in_folder("cut");
    const int before = files_here();
    assert_int_equal(write_long_file(path, true), CS_ERR_IO);
    assert_int_equal(files_here(), before);
    assert_int_equal(write_long_file(path, false), SIGXFSZ);
    assert_int_equal(files_here(), before); /* this fails on file systems without files that have no name */
    assert_int_equal(cs_file_write(path, "whole", 5, 0644), CS_OK);
    assert_int_equal(write_long_file(path, true), CS_ERR_IO);
    assert_int_equal(write_long_file(path, false), SIGXFSZ); /* while another file is replaced */
    assert_int_equal(files_here(), before + 1);
    cs_buffer b = {0};
    assert_int_equal(cs_file_read(path, 5, &b), CS_OK);
    assert_memory_equal(b.data, "whole", 5);
    cs_buffer_free(&b);
    cs_free(path);
}

static void missing_files_are_named(void **state) {
    (void)state;
    cs_buffer b = {0};
    assert_int_equal(cs_file_read("/nonexistent/consort", 10, &b), CS_ERR_IO);
    assert_non_null(strstr(cs_error_text(), "/nonexistent/consort"));
    cs_buffer_free(&b);
}

static void paths_beside(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"dir/of/base", "name", "dir/of/name"}, {"base", "name", "name"}, {"/base", "name", "/name"},
        {"dir/base", "/abs", "/abs"},           {"dir/", "", "dir/"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        char *path = cs_path_beside(cases[k][0], cases[k][1]);
        assert_string_equal(path, cases[k][2]);
        cs_free(path);
    }
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_text_is_kept_and_prefixed),
        cmocka_unit_test(error_text_is_cut),
        cmocka_unit_test(error_text_is_plain),
        cmocka_unit_test(error_text_belongs_to_a_thread),
        cmocka_unit_test(status_names_differ),
        cmocka_unit_test(blocks_are_zeroed_and_aligned),
        cmocka_unit_test(keys_are_locked_as_far_as_allowed),
        cmocka_unit_test(sizes_are_checked),
        cmocka_unit_test(growing_keeps_the_content),
        cmocka_unit_test(live_and_peak_bytes_are_counted),
        cmocka_unit_test(a_limit_is_kept),
        cmocka_unit_test(buffers_grow),
        cmocka_unit_test(resized_bytes_are_zero),
        cmocka_unit_test(texts_are_appended_whole),
        cmocka_unit_test(powers_of_two),
        cmocka_unit_test(clocks_run),
        cmocka_unit_test(files_are_written_whole),
        cmocka_unit_test(long_files_are_read),
        cmocka_unit_test(nothing_is_left_of_a_file_that_is_not_whole),
        cmocka_unit_test(missing_files_are_named),
        cmocka_unit_test(paths_beside),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
