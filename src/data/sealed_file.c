#include "data/sealed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/strings.h"

enum {
    BOX = 65536,
    SEALED_BOX = BOX + crypto_secretstream_xchacha20poly1305_ABYTES,
    HEADER = crypto_secretstream_xchacha20poly1305_HEADERBYTES
};

_Static_assert(CS_SEALED_KEY == crypto_secretstream_xchacha20poly1305_KEYBYTES, "the stream's key");

/* ------------------------------------------------------------ writing */

struct cs_sealed_output {
    FILE *file;
    char *path, *temporary;
    crypto_secretstream_xchacha20poly1305_state state;
    cs_status status; /* of everything so far */
    size_t used;
    uint8_t plain[BOX], sealed[SEALED_BOX];
};

static cs_status fail_write(cs_sealed_output *out) {
    out->status = cs_fail(CS_ERR_IO, "%s: cannot write: %s", out->path, strerror(errno));
    return out->status;
}

static cs_status write_box(cs_sealed_output *out, uint8_t tag) {
    unsigned long long size = 0;
    crypto_secretstream_xchacha20poly1305_push(&out->state, out->sealed, &size, out->plain, out->used, NULL, 0, tag);
    out->used = 0;
    return fwrite(out->sealed, 1, (size_t)size, out->file) == size ? CS_OK : fail_write(out);
}

static cs_status write_sealed(void *context, const void *data, size_t size) {
    cs_sealed_output *out = context;
    const uint8_t *at = data;
    while (size > 0 && out->status == CS_OK) {
        const size_t room = BOX - out->used, take = size < room ? size : room;
        if (room == 0) {
            CS_TRY(write_box(out, 0));
            continue;
        }
        memcpy(out->plain + out->used, at, take);
        out->used += take;
        at += take;
        size -= take;
    }
    return out->status;
}

cs_writer cs_sealed_writer(cs_sealed_output *out) {
    return (cs_writer){.write = write_sealed, .context = out};
}

/* One name for each path, so that the next one who writes there finds what a killed process left. */
static char *temporary_of(const char *path) {
    return cs_string_format("%s.new", path);
}

static cs_status create(cs_sealed_output *out, const char *path, const char *magic, const uint8_t *key) {
    uint8_t header[HEADER];
    CS_TRY(cs_string_own(&out->path, cs_string_copy(path)));
    CS_TRY(cs_string_own(&out->temporary, temporary_of(path)));
    (void)unlink(out->temporary); /* of a process that was killed while it wrote */
    const int fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    out->file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (out->file == NULL) {
        const cs_status status = fail_write(out);
        if (fd >= 0) {
            (void)close(fd);
            (void)unlink(out->temporary);
        }
        return status;
    }
    crypto_secretstream_xchacha20poly1305_init_push(&out->state, header, key);
    if (fwrite(magic, 1, CS_SEALED_MAGIC, out->file) != CS_SEALED_MAGIC || fwrite(header, 1, HEADER, out->file) != HEADER)
        return fail_write(out);
    return CS_OK;
}

cs_status cs_sealed_create(cs_sealed_output **out, const char *path, const char magic[CS_SEALED_MAGIC],
                           const uint8_t key[CS_SEALED_KEY]) {
    *out = CS_NEW(cs_sealed_output, 1);
    if (*out == NULL)
        return CS_ERR_MEMORY;
    const cs_status status = create(*out, path, magic, key);
    if (status != CS_OK) {
        (void)cs_sealed_close(*out, false);
        *out = NULL;
    }
    return status;
}

static cs_status finish_output(cs_sealed_output *out) {
    CS_TRY(write_box(out, crypto_secretstream_xchacha20poly1305_TAG_FINAL));
    return fflush(out->file) == 0 && fsync(fileno(out->file)) == 0 ? CS_OK : fail_write(out);
}

cs_status cs_sealed_close(cs_sealed_output *out, bool keep) {
    cs_status status = out->status;
    const bool opened = out->file != NULL;
    if (status == CS_OK && keep)
        status = finish_output(out);
    if (opened && fclose(out->file) != 0 && status == CS_OK && keep)
        status = fail_write(out);
    if (status == CS_OK && keep && rename(out->temporary, out->path) != 0)
        status = fail_write(out);
    if (opened && (status != CS_OK || !keep))
        (void)unlink(out->temporary);
    cs_free(out->path);
    cs_free(out->temporary);
    cs_free(out);
    return keep ? status : CS_OK;
}

void cs_sealed_remove(const char *path) {
    char *temporary = temporary_of(path);
    (void)unlink(path);
    if (temporary != NULL)
        (void)unlink(temporary);
    cs_free(temporary);
}

/* ------------------------------------------------------------ reading */

struct cs_sealed_input {
    FILE *file;
    char *path;
    crypto_secretstream_xchacha20poly1305_state state;
    bool last; /* the box at hand is the last one */
    size_t used, size;
    uint8_t plain[BOX], sealed[SEALED_BOX];
};

static cs_status read_box(cs_sealed_input *in) {
    const size_t got = fread(in->sealed, 1, SEALED_BOX, in->file);
    unsigned long long size = 0;
    unsigned char tag = 0;
    if (ferror(in->file))
        return cs_fail(CS_ERR_IO, "%s: cannot read: %s", in->path, strerror(errno));
    if (got < crypto_secretstream_xchacha20poly1305_ABYTES ||
        crypto_secretstream_xchacha20poly1305_pull(&in->state, in->plain, &size, &tag, in->sealed, got, NULL, 0) != 0)
        return cs_fail(CS_ERR_INPUT, "%s: cut off, changed, or sealed with another member's key", in->path);
    in->last = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    in->used = 0;
    in->size = (size_t)size;
    if (in->last && fgetc(in->file) != EOF)
        return cs_fail(CS_ERR_INPUT, "%s: goes on after its end", in->path);
    return CS_OK;
}

static cs_status read_sealed(void *context, void *data, size_t size) {
    cs_sealed_input *in = context;
    uint8_t *at = data;
    while (size > 0) {
        const size_t left = in->size - in->used, take = size < left ? size : left;
        if (left == 0 && in->last)
            return cs_fail(CS_ERR_INPUT, "%s: shorter than what it is about", in->path);
        if (left == 0) {
            CS_TRY(read_box(in));
            continue;
        }
        memcpy(at, in->plain + in->used, take);
        in->used += take;
        at += take;
        size -= take;
    }
    return CS_OK;
}

cs_reader cs_sealed_reader(cs_sealed_input *in) {
    return (cs_reader){.read = read_sealed, .context = in};
}

static cs_status open_input(cs_sealed_input *in, const char *path, const char *magic, const uint8_t *key) {
    uint8_t start[CS_SEALED_MAGIC + HEADER];
    CS_TRY(cs_string_own(&in->path, cs_string_copy(path)));
    in->file = fopen(path, "rb");
    if (in->file == NULL)
        return cs_fail(CS_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    if (fread(start, 1, sizeof start, in->file) != sizeof start || memcmp(start, magic, CS_SEALED_MAGIC) != 0 ||
        crypto_secretstream_xchacha20poly1305_init_pull(&in->state, start + CS_SEALED_MAGIC, key) != 0)
        return cs_fail(CS_ERR_INPUT, "%s: not such a file, or of another version", path);
    return CS_OK;
}

cs_status cs_sealed_open(cs_sealed_input **out, const char *path, const char magic[CS_SEALED_MAGIC],
                         const uint8_t key[CS_SEALED_KEY]) {
    *out = CS_NEW(cs_sealed_input, 1);
    if (*out == NULL)
        return CS_ERR_MEMORY;
    const cs_status status = open_input(*out, path, magic, key);
    if (status != CS_OK) {
        cs_sealed_end(*out);
        *out = NULL;
    }
    return status;
}

cs_status cs_sealed_finish(cs_sealed_input *in) {
    while (!in->last)
        CS_TRY(read_box(in));
    return CS_OK;
}

void cs_sealed_end(cs_sealed_input *in) {
    if (in == NULL)
        return;
    if (in->file != NULL)
        fclose(in->file);
    cs_free(in->path);
    cs_free(in);
}
