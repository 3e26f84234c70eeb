#define _GNU_SOURCE /* O_TMPFILE */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { CHUNK = 1 << 16 };

static cs_status fail_errno(const char *what, const char *path) {
    return cs_fail(CS_ERR_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

/* Room for what a regular file says it holds, within the limit, and a byte more, so that its end is seen. */
static cs_status reserve_for(int fd, size_t limit, cs_buffer *out) {
    struct stat info;
    const bool known = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0;
    const size_t size = known ? (size_t)info.st_size : 0;
    return cs_buffer_reserve(out, (size < limit ? size : limit) + 1);
}

/* Reads to the end of the file, straight into the buffer. */
static cs_status read_all(int fd, const char *path, size_t limit, cs_buffer *out) {
    const size_t start = out->size;
    CS_TRY(reserve_for(fd, limit, out));
    for (;;) {
        if (out->size == out->capacity)
            CS_TRY(cs_buffer_reserve(out, CHUNK));
        ssize_t got;
        do
            got = read(fd, out->data + out->size, out->capacity - out->size);
        while (got < 0 && errno == EINTR);
        if (got < 0)
            return fail_errno("read", path);
        if (got == 0)
            return CS_OK;
        out->size += (size_t)got;
        if (out->size - start > limit)
            return cs_fail(CS_ERR_INPUT, "%s: longer than the %zu bytes allowed for such a file", path, limit);
    }
}

cs_status cs_file_read(const char *path, size_t limit, cs_buffer *out) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno("open", path);
    const size_t start = out->size;
    const cs_status status = read_all(fd, path, limit, out);
    if (status != CS_OK)
        out->size = start;
    close(fd);
    return status;
}

static bool write_all(int fd, const uint8_t *data, size_t size) {
    while (size > 0) {
        const ssize_t done = write(fd, data, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        data += done;
        size -= (size_t)done;
    }
    return true;
}

/* Length of the folder part of `path`, its last slash included; 0 if there is none. */
static size_t folder_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

static bool fill(int fd, const void *data, size_t size, unsigned mode) {
    return fchmod(fd, (mode_t)mode) == 0 && write_all(fd, data, size) && fsync(fd) == 0;
}

/* Gives an open file without a name the name `path`. What has it already is replaced in one step, by way of a temporary
 * name, which stays only if this process is killed between two system calls. */
static bool name_file(int fd, const char *temporary, const char *path) {
    char own[64];
    snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, own, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
        return true;
    if (errno != EEXIST || linkat(AT_FDCWD, own, AT_FDCWD, temporary, AT_SYMLINK_FOLLOW) != 0)
        return false;
    if (rename(temporary, path) == 0)
        return true;
    (void)unlink(temporary);
    return false;
}

/* A file gets its name when it is whole, so that nothing is left of it if this process is killed before. False if that
 * cannot be done: not on every file system, and not without /proc. */
static bool write_nameless(const char *folder, const char *temporary, const char *path, const void *data, size_t size,
                           unsigned mode) {
    const int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    const bool named = fill(fd, data, size, mode) && name_file(fd, temporary, path);
    return close(fd) == 0 && named;
}

/* `temporary`: ends with XXXXXX, which is replaced. */
static cs_status write_and_rename(char *temporary, const char *path, const void *data, size_t size, unsigned mode) {
    const int fd = mkstemp(temporary);
    if (fd < 0)
        return fail_errno("create", path);
    const bool written = fill(fd, data, size, mode);
    const int error = errno;
    const bool closed = close(fd) == 0;
    if (!written)
        errno = error;
    if (written && closed && rename(temporary, path) == 0)
        return CS_OK;
    const cs_status status = fail_errno("write", path);
    (void)unlink(temporary);
    return status;
}

/* Makes a name durable. Some file systems cannot sync a folder; the file itself is synced already, so that is no error. */
static void sync_folder(const char *folder) {
    const int fd = open(folder, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

cs_status cs_file_write(const char *path, const void *data, size_t size, unsigned mode) {
    enum { SUFFIX = 32 };
    const size_t length = strlen(path);
    char *temporary = CS_NEW(char, length + SUFFIX), *folder = cs_path_beside(path, ".");
    cs_status status = temporary == NULL || folder == NULL ? CS_ERR_MEMORY : CS_OK;
    if (status == CS_OK) {
        memcpy(temporary, path, length);
        snprintf(temporary + length, SUFFIX, ".%08x", randombytes_random());
    }
    if (status == CS_OK && !write_nameless(folder, temporary, path, data, size, mode)) {
        snprintf(temporary + length, SUFFIX, ".XXXXXX");
        status = write_and_rename(temporary, path, data, size, mode);
    }
    if (status == CS_OK)
        sync_folder(folder);
    cs_free(folder);
    cs_free(temporary);
    return status;
}

static cs_status make_one_folder(const char *path) {
    struct stat info;
    if (mkdir(path, 0777) == 0)
        return CS_OK;
    if (errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return CS_OK;
    return fail_errno("create the folder", path);
}

bool cs_file_others_may_use(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

cs_status cs_file_make_folder(const char *path) {
    const size_t length = strlen(path);
    char *part = CS_NEW(char, length + 1);
    if (part == NULL)
        return CS_ERR_MEMORY;
    cs_status status = CS_OK;
    for (size_t k = 0; k <= length && status == CS_OK; k++) {
        if (k > 0 && (path[k] == '/' || path[k] == '\0') && path[k - 1] != '/')
            status = make_one_folder(part);
        part[k] = path[k];
    }
    cs_free(part);
    return status;
}

cs_status cs_file_must_not_exist(const char *path) {
    struct stat info;
    if (lstat(path, &info) == 0)
        return cs_fail(CS_ERR_IO, "%s: exists already; remove it or choose another name", path);
    return errno == ENOENT ? CS_OK : fail_errno("look at", path);
}

char *cs_path_beside(const char *base, const char *name) {
    const size_t folder = name[0] == '/' ? 0 : folder_length(base), length = strlen(name);
    char *path = CS_NEW(char, folder + length + 1);
    if (path == NULL)
        return NULL;
    memcpy(path, base, folder);
    memcpy(path + folder, name, length + 1);
    return path;
}
