#include "attest/container.h"

#include <string.h>
#include <zlib.h>

#include "attest/model_file.h"
#include "attest/statement.h"
#include "base/bytes.h"
#include "base/file.h"
#include "provenance/refusal.h"

enum { VERSION = 5, HEADER_SIZE = 16, ENTRY_SIZE = 24, FLAG_ZLIB = 1 };

/* Longer sections are models and point lists: a third smaller at best, and unpacking takes longer than all else of their
 * verification. */
enum { LARGE = 1 << 20 };

/* zlib's best one takes 30 times as long for 2 % less of a model. */
enum { PACK_LEVEL = 4 };

typedef enum kind_of_file { ATTESTATION, EVIDENCE } kind_of_file;

static const struct {
    uint8_t magic[8];
    const char *name;
} KINDS[] = {[ATTESTATION] = {{'c', 'o', 'n', 's', 'o', 'r', 't', '\n'}, "an attestation file"},
             [EVIDENCE] = {{'e', 'v', 'i', 'd', 'e', 'n', 'c', 'e'}, "an evidence file"}};

enum { NEVER, MAY, MUST };

/* In a file of either kind. */
static const struct {
    char tag[5];
    uint8_t there[2];
    size_t limit;
} SECTIONS[CS_SECTION_COUNT] = {{"STAT", {MUST, MAY}, CS_STATEMENT_MAX_BYTES}, {"INIT", {MAY, MAY}, CS_MODEL_MAX_BYTES},
                                {"MODL", {MAY, MAY}, CS_MODEL_MAX_BYTES},      {"PROF", {MUST, MAY}, CS_PROOF_MAX_BYTES},
                                {"WELL", {MAY, NEVER}, CS_PROOF_MAX_BYTES},    {"CERT", {MAY, NEVER}, (size_t)1 << 28},
                                {"SIGN", {MAY, NEVER}, (size_t)1 << 20},       {"SENT", {NEVER, MAY}, (size_t)1 << 30},
                                {"DOUB", {NEVER, MAY}, (size_t)1 << 31},       {"WORD", {NEVER, MAY}, (size_t)1 << 31},
                                {"TOLD", {NEVER, MAY}, (size_t)1 << 20}};

/* ------------------------------------------------------------ writing */

static cs_status append_section(cs_buffer *out, const char *tag, const cs_buffer *raw) {
    cs_buffer packed = {0};
    const bool small = raw->size < LARGE;
    uLongf length = small ? compressBound(raw->size) : raw->size;
    cs_status status = small ? cs_buffer_resize(&packed, length) : CS_OK;
    if (status == CS_OK && small && compress2(packed.data, &length, raw->data, raw->size, PACK_LEVEL) != Z_OK)
        status = cs_fail(CS_ERR_MEMORY, "no memory to compress the section %s", tag);
    if (status == CS_OK) {
        const bool smaller = length < raw->size;
        cs_buffer_append(out, tag, 4);
        cs_buffer_append_u32(out, smaller ? FLAG_ZLIB : 0);
        cs_buffer_append_u64(out, smaller ? length : raw->size);
        cs_buffer_append_u64(out, raw->size);
        cs_buffer_append(out, smaller ? packed.data : raw->data, smaller ? length : raw->size);
        status = cs_buffer_status(out);
    }
    cs_buffer_free(&packed);
    return status;
}

cs_status cs_container_encode(cs_buffer *out, const cs_container *c) {
    uint32_t n = 0;
    for (int k = 0; k < CS_SECTION_COUNT; k++)
        n += c->section[k].size != 0;
    const bool accuses = c->section[CS_SECTION_SENT].size != 0 || c->section[CS_SECTION_WORDS].size != 0 ||
                         c->section[CS_SECTION_TOLD].size != 0;
    const kind_of_file kind = accuses ? EVIDENCE : ATTESTATION;
    cs_buffer_append(out, KINDS[kind].magic, sizeof KINDS[kind].magic);
    cs_buffer_append_u32(out, VERSION);
    cs_buffer_append_u32(out, n);
    for (int k = 0; k < CS_SECTION_COUNT; k++)
        if (c->section[k].size != 0)
            CS_TRY(append_section(out, SECTIONS[k].tag, &c->section[k]));
    return cs_buffer_status(out);
}

/* ------------------------------------------------------------ reading */

/* Unpacks to exactly `raw` bytes; deflate cannot expand by more than about 1032, so a small file cannot claim much memory.
 */
static cs_status unpack(cs_buffer *out, const char *name, const char *tag, const uint8_t *data, size_t stored, size_t raw) {
    if (raw / 1040 > stored)
        return cs_fail(CS_ERR_INPUT, "%s: section %s: %zu bytes cannot unpack to %zu", name, tag, stored, raw);
    CS_TRY(cs_buffer_resize(out, raw));
    uLongf length = raw;
    uLong used = stored;
    if (uncompress2(out->data, &length, data, &used) != Z_OK || length != raw || used != stored)
        return cs_fail(CS_ERR_INPUT, "%s: section %s: the compressed data is damaged or does not have its declared length",
                       name, tag);
    return CS_OK;
}

/* One section at data[0..size); *used is its length. Sections before `*next` have passed. */
static cs_status read_section(cs_container *out, kind_of_file kind, const char *name, const uint8_t *data, size_t size,
                              int *next, size_t *used) {
    if (size < ENTRY_SIZE)
        return cs_fail(CS_ERR_INPUT, "%s: truncated: a section's head is missing", name);
    int k = *next;
    while (k < CS_SECTION_COUNT && memcmp(SECTIONS[k].tag, data, 4) != 0)
        k++;
    if (k == CS_SECTION_COUNT || SECTIONS[k].there[kind] == NEVER)
        return cs_fail(CS_ERR_INPUT, "%s: a section is unknown, repeated or out of order", name);
    const uint32_t flags = cs_load_u32(data + 4);
    const uint64_t stored = cs_load_u64(data + 8), raw = cs_load_u64(data + 16);
    const char *tag = SECTIONS[k].tag;
    if (flags > FLAG_ZLIB || raw == 0 || raw > SECTIONS[k].limit || (flags == FLAG_ZLIB ? stored >= raw : stored != raw))
        return cs_fail(CS_ERR_INPUT, "%s: section %s: flags or lengths are invalid", name, tag);
    if (stored > size - ENTRY_SIZE)
        return cs_fail(CS_ERR_INPUT, "%s: truncated: section %s has %zu of its %llu bytes", name, tag, size - ENTRY_SIZE,
                       (unsigned long long)stored);
    *next = k + 1;
    *used = ENTRY_SIZE + stored;
    if (flags == FLAG_ZLIB)
        return unpack(&out->section[k], name, tag, data + ENTRY_SIZE, stored, raw);
    if (out->file.size > 0 && raw >= LARGE) {
        out->section[k] =
            (cs_buffer){.data = out->file.data + (size_t)(data + ENTRY_SIZE - out->file.data), .size = raw, .capacity = raw};
        out->inside[k] = true;
        return CS_OK;
    }
    cs_buffer_append(&out->section[k], data + ENTRY_SIZE, raw);
    return cs_buffer_status(&out->section[k]);
}

/* Either what was signed while training, alone; or what was sent in a session, with its statement and proof; or what was
 * told about steps in doubt, with its statement. */
static cs_status check_evidence(const cs_container *c, const char *name, uint32_t n) {
    static const cs_section SENT[] = {CS_SECTION_STATEMENT, CS_SECTION_PROOF, CS_SECTION_SENT},
                            TOLD[] = {CS_SECTION_STATEMENT, CS_SECTION_DOUBT, CS_SECTION_TOLD};
    const bool told = c->section[CS_SECTION_TOLD].size != 0;
    const cs_section *needed = told ? TOLD : SENT;
    if (c->section[CS_SECTION_WORDS].size != 0)
        return n == 1 ? CS_OK : cs_fail(CS_ERR_INPUT, "%s: the section WORD does not stand alone", name);
    for (int k = 0; k < 3; k++)
        if (c->section[needed[k]].size == 0)
            return cs_fail(CS_ERR_INPUT, "%s: the section %s is missing", name, SECTIONS[needed[k]].tag);
    return !told || n == 3 ? CS_OK : cs_fail(CS_ERR_INPUT, "%s: there are sections that do not go with TOLD", name);
}

static cs_status read_container(cs_container *out, kind_of_file kind, const char *name, const uint8_t *data, size_t size) {
    if (size < HEADER_SIZE || memcmp(data, KINDS[kind].magic, sizeof KINDS[kind].magic) != 0)
        return cs_fail(CS_ERR_INPUT, "%s: not %s", name, KINDS[kind].name);
    if (cs_load_u32(data + 8) != VERSION)
        return cs_refuse(CS_REFUSAL_VERSION, "%s: made by another version of consort (format %u, this one reads %d)", name,
                         cs_load_u32(data + 8), VERSION);
    const uint32_t n = cs_load_u32(data + 12);
    size_t at = HEADER_SIZE;
    int next = 0;
    for (uint32_t k = 0; k < n; k++) {
        size_t used = 0;
        CS_TRY(read_section(out, kind, name, data + at, size - at, &next, &used));
        at += used;
    }
    if (at != size)
        return cs_fail(CS_ERR_INPUT, "%s: %zu bytes follow the last section", name, size - at);
    for (int k = 0; k < CS_SECTION_COUNT; k++)
        if (SECTIONS[k].there[kind] == MUST && out->section[k].size == 0)
            return cs_fail(CS_ERR_INPUT, "%s: the section %s is missing", name, SECTIONS[k].tag);
    return kind == EVIDENCE ? check_evidence(out, name, n) : CS_OK;
}

static cs_status decode(cs_container *out, kind_of_file kind, const char *name, const uint8_t *data, size_t size) {
    memset(out, 0, sizeof *out);
    const cs_status status = read_container(out, kind, name, data, size);
    if (status != CS_OK)
        cs_container_free(out);
    return status;
}

cs_status cs_container_decode(cs_container *out, const char *name, const uint8_t *data, size_t size) {
    return decode(out, ATTESTATION, name, data, size);
}

cs_status cs_container_decode_evidence(cs_container *out, const char *name, const uint8_t *data, size_t size) {
    return decode(out, EVIDENCE, name, data, size);
}

static cs_status take(cs_container *out, kind_of_file kind, const char *name, cs_buffer *file) {
    memset(out, 0, sizeof *out);
    out->file = *file;
    *file = (cs_buffer){0};
    const cs_status status = read_container(out, kind, name, out->file.data, out->file.size);
    if (status != CS_OK)
        cs_container_free(out);
    return status;
}

cs_status cs_container_take(cs_container *out, const char *name, cs_buffer *file) {
    return take(out, ATTESTATION, name, file);
}

cs_status cs_container_take_evidence(cs_container *out, const char *name, cs_buffer *file) {
    return take(out, EVIDENCE, name, file);
}

cs_status cs_container_load(cs_container *out, const char *path) {
    cs_buffer file = {0};
    memset(out, 0, sizeof *out);
    const cs_status status = cs_file_read(path, CS_CONTAINER_MAX_BYTES, &file);
    if (status == CS_OK)
        return cs_container_take(out, path, &file);
    cs_buffer_free(&file);
    return status;
}

void cs_container_free(cs_container *c) {
    for (int k = 0; k < CS_SECTION_COUNT; k++)
        if (!c->inside[k])
            cs_buffer_free(&c->section[k]);
    cs_buffer_free(&c->file);
    memset(c, 0, sizeof *c);
}
