/* Files that a program reads by their paths: identities (secret and public), passphrases, listings of chains. The first byte
 * of an input chooses which. Whatever is in them, nothing is left in memory, and what is read as an identity is one. */
#define _GNU_SOURCE /* memfd_create */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/chain_file.h"
#include "base/memory.h"
#include "provenance/identity_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void chain(const char *path) {
    cs_chain_paths paths;
    (void)cs_chain_paths_expand(&paths, &path, 1);
    cs_chain_paths_free(&paths);
}

static void identity(const char *path) {
    cs_secret_identity me;
    bool sealed = false;
    if (cs_secret_identity_is_sealed(&sealed, path) == CS_OK && !sealed &&
        cs_secret_identity_load(&me, path, NULL) == CS_OK) {
        if (me.public.name[0] == 0)
            abort();
        cs_secret_identity_wipe(&me);
    }
}

static void public_identity(const char *path) {
    cs_public_identity p;
    if (cs_public_identity_load(&p, path) == CS_OK && p.name[0] == 0)
        abort();
}

static void passphrase(const char *path) {
    char *text = NULL;
    if (cs_passphrase_load(&text, path) == CS_OK && text[0] == 0)
        abort();
    cs_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const read_file[])(const char *) = {chain, identity, public_identity, passphrase};
    char path[64];
    if (size == 0)
        return 0;
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || fchmod(fd, 0600) != 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
        abort();
    const size_t before = cs_memory_live();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    read_file[data[0] % 4](path);
    if (cs_memory_live() != before)
        abort();
    (void)close(fd);
    return 0;
}
