/* A folder in memory for decoders that read, or write, a file by its name. */
#ifndef TESTS_FUZZ_FUZZ_FOLDER_H
#define TESTS_FUZZ_FUZZ_FOLDER_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct fuzz_folder {
    char name[40], file[64];
} fuzz_folder;

/* With the path of a file that is not there yet. */
static inline void fuzz_folder_open(fuzz_folder *f, const char *file) {
    strcpy(f->name, "/dev/shm/consort-fuzz-XXXXXX");
    if (mkdtemp(f->name) == NULL)
        abort();
    (void)snprintf(f->file, sizeof f->file, "%s/%s", f->name, file);
}

/* Mode 0600. */
static inline void fuzz_folder_write(const fuzz_folder *f, const void *data, size_t size) {
    const int fd = open(f->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) != 0)
        abort();
}

static inline void fuzz_folder_close(const fuzz_folder *f) {
    (void)unlink(f->file);
    if (rmdir(f->name) != 0)
        abort(); /* a temporary file was left */
}

#endif
