#include "attest/chain_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/strings.h"

enum { MAX_FILES = 65536, NAME_BYTES = 255, MAX_BYTES = 1 << 24 };

static const char FIRST[] = CS_CHAIN_FIRST_LINE;

static bool is_listing(const char *path) {
    char start[sizeof FIRST - 1];
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) /* a pipe's first bytes are gone once they are read */
        return false;
    FILE *file = fopen(path, "rb");
    const bool listing =
        file != NULL && fread(start, 1, sizeof start, file) == sizeof start && memcmp(start, FIRST, sizeof start) == 0;
    if (file != NULL)
        fclose(file);
    return listing;
}

/* Takes ownership of `path`. The array grows by doubling: its room is the next power of two. */
static cs_status append(cs_chain_paths *out, char *path) {
    if (path == NULL)
        return CS_ERR_MEMORY;
    if ((out->n & (out->n - 1)) == 0) {
        char **larger = CS_NEW(char *, out->n == 0 ? 1 : 2 * out->n);
        if (larger == NULL) {
            cs_free(path);
            return CS_ERR_MEMORY;
        }
        if (out->n > 0)
            memcpy(larger, out->path, out->n * sizeof *larger);
        cs_free(out->path);
        out->path = larger;
    }
    out->path[out->n++] = path;
    return CS_OK;
}

/* A name of letters that can be shown: a file in the listing's own folder. */
static bool is_name(const char *name, size_t length) {
    if (length == 0 || length > NAME_BYTES || name[0] == '.')
        return false;
    for (size_t k = 0; k < length; k++)
        if (name[k] == '/' || (unsigned char)name[k] < ' ' || name[k] == 0x7f)
            return false;
    return true;
}

static cs_status append_listed(cs_chain_paths *out, const char *path, const cs_buffer *text) {
    const char *at = (const char *)text->data + sizeof FIRST - 1, *end = (const char *)text->data + text->size;
    for (size_t line = 2; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL || !is_name(at, (size_t)(stop - at)))
            return cs_fail(CS_ERR_INPUT, "%s:%zu: each line is the name of a file beside this one", path, line);
        if (line - 2 == MAX_FILES)
            return cs_fail(CS_ERR_INPUT, "%s: more than %d files", path, MAX_FILES);
        char *name = cs_string_format("%.*s", (int)(stop - at), at);
        char *full = name == NULL ? NULL : cs_path_beside(path, name);
        cs_free(name);
        CS_TRY(append(out, full));
        at = stop + 1;
    }
    return CS_OK;
}

static cs_status append_listing(cs_chain_paths *out, const char *path) {
    cs_buffer text = {0};
    const size_t before = out->n;
    cs_status status = cs_file_read(path, MAX_BYTES, &text);
    if (status == CS_OK)
        status = append_listed(out, path, &text);
    if (status == CS_OK && out->n == before)
        status = cs_fail(CS_ERR_INPUT, "%s: lists no file", path);
    cs_buffer_free(&text);
    return status;
}

cs_status cs_chain_paths_expand(cs_chain_paths *out, const char *const *paths, size_t n) {
    *out = (cs_chain_paths){0};
    for (size_t k = 0; k < n; k++)
        CS_TRY(is_listing(paths[k]) ? append_listing(out, paths[k]) : append(out, cs_string_copy(paths[k])));
    return CS_OK;
}

void cs_chain_paths_free(cs_chain_paths *paths) {
    for (size_t k = 0; k < paths->n; k++)
        cs_free(paths->path[k]);
    cs_free(paths->path);
    *paths = (cs_chain_paths){0};
}
