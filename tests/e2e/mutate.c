/* Systematic changes of an accepted attestation, none of which may be accepted:
 * mutate HONEST OTHER COUNT [TRUST] [--keep FOLDER N].
 *
 * All changes of a kind are numbered: those of the file's bytes, of each 32-byte item of the proofs, of each byte of the
 * models, of each value and field of the JSON documents, and sections taken from OTHER, a valid attestation of another run.
 * COUNT of them are tried, spread evenly over each kind; N of these, spread evenly, are left in FOLDER. Prints one JSON
 * object; fails (1) if one is accepted, or takes more than twice the CPU time of the honest verification (the median of
 * several tries). Not installed. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/attestation.h"
#include "attest/verify.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/timer.h"
#include "curve/generators.h"
#include "data/json.h"

enum { ITEM = 32, TRIES = 5 };

typedef struct mutator {
    cs_buffer file, other_file; /* as they are */
    cs_container honest, other; /* unpacked */
    char path[64];              /* where the changed file goes */
    cs_verify_options options;
    const char *keep_in;            /* folder, or NULL */
    size_t keep, all;               /* so many of all changes */
    double honest_seconds, slowest; /* of CPU */
    size_t tried, same, refused, malformed, slow, accepted;
} mutator;

/* ------------------------------------------------------------ verdicts */

static cs_status verify(const mutator *m, double *seconds) {
    cs_verify_report report;
    const double start = cs_cpu_seconds();
    const cs_status status = cs_verify_file(m->path, &m->options, &report);
    *seconds = cs_cpu_seconds() - start;
    return status;
}

static double too_long(const mutator *m) {
    return 2 * m->honest_seconds;
}

static int compare_seconds(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of TRIES verifications of the file that is there, which take CPU time from a machine that others use. */
static double median_seconds(const mutator *m) {
    double seconds[TRIES];
    for (int k = 0; k < TRIES; k++)
        (void)verify(m, &seconds[k]);
    qsort(seconds, TRIES, sizeof *seconds, compare_seconds);
    return seconds[TRIES / 2];
}

/* Change number m->tried, from 0, if it is one of those. */
static cs_status keep_file(const mutator *m, const cs_buffer *changed) {
    char path[300];
    if (m->keep_in == NULL || m->tried * m->keep / m->all == (m->tried + 1) * m->keep / m->all)
        return CS_OK;
    snprintf(path, sizeof path, "%.250s/change-%06zu", m->keep_in, m->tried);
    return cs_file_write(path, changed->data, changed->size, 0600);
}

static cs_status judge(mutator *m, const cs_buffer *changed, const char *kind, size_t k) {
    double seconds;
    if (changed->size == m->file.size && memcmp(changed->data, m->file.data, changed->size) == 0) {
        m->same++;
        return CS_OK;
    }
    CS_TRY(cs_file_write(m->path, changed->data, changed->size, 0600));
    CS_TRY(keep_file(m, changed));
    const cs_status status = verify(m, &seconds);
    m->tried++;
    m->refused += status == CS_REJECT;
    m->malformed += status == CS_ERR_INPUT;
    if (status != CS_REJECT && status != CS_ERR_INPUT) {
        m->accepted++;
        fprintf(stderr, "mutate: %s, change %zu: %s: %s\n", kind, k, cs_status_name(status), cs_error_text());
    }
    if (seconds > too_long(m))
        seconds = median_seconds(m);
    m->slowest = seconds > m->slowest ? seconds : m->slowest;
    if (seconds > too_long(m)) {
        m->slow++;
        fprintf(stderr, "mutate: %s, change %zu takes %.2f times an honest verification\n", kind, k,
                seconds / m->honest_seconds);
    }
    return CS_OK;
}

static cs_status judge_container(mutator *m, const cs_container *c, const char *kind, size_t k) {
    cs_buffer file = {0};
    cs_status status = cs_container_encode(&file, c);
    if (status == CS_OK)
        status = judge(m, &file, kind, k);
    cs_buffer_free(&file);
    return status;
}

/* With one section exchanged. */
static cs_status judge_section(mutator *m, cs_section which, const cs_buffer *with, const char *kind, size_t k) {
    cs_container c = m->honest;
    c.section[which] = *with;
    return judge_container(m, &c, kind, k);
}

/* ------------------------------------------------------------ bytes */

static cs_status copy(cs_buffer *out, const cs_buffer *in, size_t from, size_t to) {
    cs_buffer_append(out, in->data + from, to - from);
    return cs_buffer_status(out);
}

enum { BYTE_CHANGES = 6 };

/* A byte changed in four ways, left out, or doubled. */
static cs_status change_byte(cs_buffer *out, const cs_buffer *in, size_t at, unsigned how) {
    static const uint8_t masks[] = {0x01, 0x80, 0xff, 0x20};
    CS_TRY(copy(out, in, 0, how == 4 ? at : at + 1));
    CS_TRY(copy(out, in, how == 5 ? at : at + 1, in->size));
    if (how < 4)
        out->data[at] ^= masks[how];
    return CS_OK;
}

/* And the file cut off there. */
static cs_status file_change(mutator *m, size_t k) {
    cs_buffer changed = {0};
    const size_t at = k / (BYTE_CHANGES + 1);
    const unsigned how = (unsigned)(k % (BYTE_CHANGES + 1));
    cs_status status = how == BYTE_CHANGES ? copy(&changed, &m->file, 0, at) : change_byte(&changed, &m->file, at, how);
    if (status == CS_OK)
        status = judge(m, &changed, "bytes of the file", k);
    cs_buffer_free(&changed);
    return status;
}

static cs_status section_byte_change(mutator *m, cs_section which, size_t k) {
    cs_buffer changed = {0};
    cs_status status = change_byte(&changed, &m->honest.section[which], k / BYTE_CHANGES, (unsigned)(k % BYTE_CHANGES));
    if (status == CS_OK)
        status = judge_section(m, which, &changed, "bytes of a section", k);
    cs_buffer_free(&changed);
    return status;
}

/* ------------------------------------------------------------ points and scalars */

enum { ITEM_CHANGES = 14 };

/* Item `at` of a proof, of `size` bytes, exchanged for something that an item could be. */
static void change_item(uint8_t *data, size_t size, const cs_buffer *other, size_t at, unsigned how) {
    static const uint8_t order[ITEM] = {1,    0,    0,    0xf0, 0x93, 0xf5, 0xe1, 0x43, 0x91, 0x70, 0xb9,
                                        0x79, 0x48, 0xe8, 0x33, 0x28, 0x5d, 0x58, 0x81, 0x81, 0xb6, 0x45,
                                        0x50, 0xb8, 0x29, 0xa0, 0x31, 0xe1, 0x72, 0x4e, 0x64, 0x30};
    uint8_t *item = data + at * ITEM, kept[ITEM];
    uint8_t *next = data + (at + 1) * ITEM < data + size ? item + ITEM : data;
    memcpy(kept, item, ITEM);
    switch (how) {
    case 0:
        item[0] ^= 1;
        break;
    case 1:
        item[ITEM - 1] ^= 0x80;
        break; /* the point's negative */
    case 2:
        memset(item, 0, ITEM);
        break;
    case 3:
        memset(item, 0xff, ITEM);
        break;
    case 4:
        memcpy(item, order, ITEM);
        break; /* a scalar that is not reduced */
    case 5:
        memset(item, 0, ITEM), item[ITEM - 1] = 0x40;
        break; /* the identity */
    case 6:
        memcpy(item, next, ITEM);
        break;
    case 7:
        memcpy(item, next, ITEM), memcpy(next, kept, ITEM);
        break; /* swapped */
    case 8:
        memcpy(item, data, ITEM);
        break;
    case 9:
        memcpy(item, data + size - ITEM, ITEM);
        break;
    case 10:
        memcpy(item, other->data + (at * ITEM + ITEM <= other->size ? at : 0) * ITEM, ITEM);
        break;
    case 11:
        sodium_increment(item, ITEM);
        break;
    case 12:
        memset(item, 0, ITEM), item[0] = 1;
        break;
    default:
        memset(item, 0, ITEM), item[0] = 2;
        break; /* neither a small scalar nor a point by chance: see "same" */
    }
}

static cs_status item_change(mutator *m, cs_section which, size_t k) {
    const cs_buffer *honest = &m->honest.section[which];
    cs_buffer changed = {0};
    cs_status status = copy(&changed, honest, 0, honest->size);
    if (status == CS_OK)
        change_item(changed.data, changed.size, &m->other.section[which], k / ITEM_CHANGES, (unsigned)(k % ITEM_CHANGES));
    if (status == CS_OK)
        status = judge_section(m, which, &changed, "items of a proof", k);
    cs_buffer_free(&changed);
    return status;
}

/* ------------------------------------------------------------ JSON */

enum { JSON_CHANGES = 12 };

static json_t *changed_integer(json_int_t v, unsigned how) {
    const json_int_t to[JSON_CHANGES] = {v + 1,     v - 1,     -v,      0,     2 * v,   v / 2,
                                         INT64_MAX, INT64_MIN, v + 256, 1 - v, 1 << 20, 7};
    return json_integer(to[how]);
}

static json_t *changed_string(const char *v, unsigned how) {
    cs_buffer text = {0};
    const size_t n = strlen(v);
    cs_buffer_append(&text, v, n + 1);
    if (cs_buffer_status(&text) != CS_OK)
        return NULL;
    char *s = (char *)text.data;
    if (n > 0 && how < 4)
        s[how * (n - 1) / 3] = s[how * (n - 1) / 3] == '0' ? '1' : '0';
    else if (how == 4)
        s[0] = '\0';
    else if (n > 0 && how == 5)
        s[n - 1] = '\0';
    else if (n > 1 && how == 6)
        s[n - 2] = '\0';
    else if (n > 0 && how == 7)
        s[0] = 'g';
    else if (n > 0 && how == 8)
        s[n - 1] = (char)(s[n - 1] ^ 0x20);
    json_t *out = how == 9 ? json_null() : how == 10 ? json_integer(1) : how == 11 ? json_sprintf("%sa", v) : json_string(s);
    cs_buffer_free(&text);
    return out;
}

/* Neighbours swapped, an element doubled, left out, or all of them. */
static json_t *changed_array(json_t *v, unsigned how) {
    const size_t n = json_array_size(v), at = n == 0 ? 0 : how / 3 % n;
    json_t *out = json_copy(v);
    if (how == 11)
        json_array_clear(out);
    else if (how % 3 == 0 && n > 1) {
        json_array_set(out, at, json_array_get(v, (at + 1) % n));
        json_array_set(out, (at + 1) % n, json_array_get(v, at));
    } else if (how % 3 == 1 && n > 0)
        json_array_insert(out, at, json_array_get(v, at));
    else
        json_array_remove(out, at);
    return out;
}

/* A field left out, renamed, a new one added. */
static json_t *changed_object(json_t *v, unsigned how) {
    json_t *out = json_copy(v);
    void *at = json_object_iter(v);
    for (unsigned k = 0; at != NULL && k < how / 2; k++)
        at = json_object_iter_next(v, at);
    if (at == NULL) {
        json_object_set_new(out, "zero", json_integer(how));
        return out;
    }
    json_object_del(out, json_object_iter_key(at));
    if (how % 2)
        json_object_set(out, "another", json_object_iter_value(at));
    return out;
}

static json_t *changed_value(json_t *v, unsigned how) {
    switch (json_typeof(v)) {
    case JSON_INTEGER:
        return changed_integer(json_integer_value(v), how);
    case JSON_REAL:
        return json_real(json_real_value(v) * (how + 2));
    case JSON_STRING:
        return changed_string(json_string_value(v), how);
    case JSON_ARRAY:
        return changed_array(v, how);
    case JSON_OBJECT:
        return changed_object(v, how);
    case JSON_NULL:
        return how % 2 ? json_integer(how) : json_object();
    default:
        return how % 2 ? json_boolean(!json_is_true(v)) : json_null();
    }
}

static size_t count_values(const json_t *v) {
    size_t n = 1, index;
    const char *key;
    json_t *child;
    if (json_is_array(v))
        json_array_foreach(v, index, child) n += count_values(child);
    if (json_is_object(v))
        json_object_foreach((json_t *)(uintptr_t)v, key, child) n += count_values(child);
    return n;
}

/* A copy in which value number *left, counted from here, is changed. */
static json_t *change_json(json_t *v, size_t *left, unsigned how) {
    size_t index;
    const char *key;
    json_t *child;
    if (*left == 0) {
        *left = SIZE_MAX;
        return changed_value(v, how);
    }
    *left -= *left == SIZE_MAX ? 0 : 1;
    json_t *out = json_copy(v);
    if (json_is_array(v))
        json_array_foreach(v, index, child) json_array_set_new(out, index, change_json(child, left, how));
    if (json_is_object(v))
        json_object_foreach(v, key, child) json_object_set_new(out, key, change_json(child, left, how));
    return out;
}

static json_t *parse(const cs_buffer *section) {
    return json_loadb((const char *)section->data, section->size, 0, NULL);
}

/* Encoded canonically, so that it is the content that must be refused. */
static cs_status json_change(mutator *m, cs_section which, size_t k) {
    json_t *v = parse(&m->honest.section[which]);
    size_t left = k / JSON_CHANGES;
    json_t *changed = v == NULL ? NULL : change_json(v, &left, (unsigned)(k % JSON_CHANGES));
    char *text = changed == NULL ? NULL : cs_json_canonical(changed);
    cs_status status = text == NULL ? cs_fail(CS_ERR_MEMORY, "no memory for a changed document") : CS_OK;
    if (status == CS_OK) {
        const cs_buffer section = {.data = (uint8_t *)text, .size = strlen(text)};
        status = judge_section(m, which, &section, "values of a document", k);
    }
    free(text);
    json_decref(changed);
    json_decref(v);
    return status;
}

/* ------------------------------------------------------------ sections */

/* Sections by the bits of k: ours or the other's. */
static cs_status swap_sections(mutator *m, size_t k) {
    cs_container c = m->honest;
    bool all = true;
    for (int s = 0; s < CS_SECTION_COUNT; s++)
        if (k >> s & 1)
            c.section[s] = m->other.section[s];
        else
            all = all && c.section[s].size == m->other.section[s].size &&
                  memcmp(c.section[s].data, m->other.section[s].data, c.section[s].size) == 0;
    if (all) {
        m->same++; /* that one is valid */
        return CS_OK;
    }
    return judge_container(m, &c, "sections", k);
}

/* ------------------------------------------------------------ all kinds */

typedef struct kind {
    const char *name;
    cs_section section;
    size_t n;
    cs_status (*on_section)(mutator *m, cs_section which, size_t k);
    cs_status (*on_file)(mutator *m, size_t k);
} kind;

enum { MAX_KINDS = 16 };

static size_t list_kinds(const mutator *m, kind out[MAX_KINDS]) {
    size_t n = 0;
    out[n++] = (kind){.name = "file", .n = m->file.size * (BYTE_CHANGES + 1), .on_file = file_change};
    out[n++] = (kind){.name = "sections", .n = (size_t)1 << CS_SECTION_COUNT, .on_file = swap_sections};
    for (cs_section s = 0; s < CS_SECTION_COUNT; s++) {
        const cs_buffer *b = &m->honest.section[s];
        json_t *v = b->size > 0 ? parse(b) : NULL;
        if (b->size > 0)
            out[n++] = (kind){.name = "bytes", .section = s, .n = b->size * BYTE_CHANGES, .on_section = section_byte_change};
        if (v != NULL)
            out[n++] =
                (kind){.name = "values", .section = s, .n = count_values(v) * JSON_CHANGES, .on_section = json_change};
        else if (b->size > 0 && b->size % ITEM == 0)
            out[n++] = (kind){.name = "items", .section = s, .n = b->size / ITEM * ITEM_CHANGES, .on_section = item_change};
        json_decref(v);
    }
    return n;
}

/* Evenly spread ones of each kind, all of the small kinds: `per_kind` of each, or of the whole kind if it has no more. */
static cs_status try_kind(mutator *m, const kind *k, size_t per_kind) {
    const size_t n = k->n < per_kind ? k->n : per_kind;
    for (size_t i = 0; i < n; i++) {
        const size_t at = (size_t)((double)i * (double)k->n / (double)n);
        CS_TRY(k->on_file ? k->on_file(m, at) : k->on_section(m, k->section, at));
    }
    return CS_OK;
}

static size_t count_changes(const kind *kinds, size_t n, size_t per_kind) {
    size_t sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += kinds[k].n < per_kind ? kinds[k].n : per_kind;
    return sum;
}

/* The number for each kind with which `count` changes are made in all. */
static size_t share(const kind *kinds, size_t n, size_t count) {
    size_t low = 1, high = count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (count_changes(kinds, n, middle) >= count)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static cs_status load(const char *path, cs_buffer *file, cs_container *c) {
    CS_TRY(cs_file_read(path, CS_CONTAINER_MAX_BYTES, file));
    return cs_container_decode(c, path, file->data, file->size);
}

/* The honest one is accepted, from memory that is as warm as it will be. */
static cs_status measure_honest(mutator *m) {
    CS_TRY(cs_file_write(m->path, m->file.data, m->file.size, 0600));
    double seconds;
    CS_TRY(verify(m, &seconds));
    m->honest_seconds = median_seconds(m);
    return CS_OK;
}

/* What follows HONEST, OTHER and COUNT. */
static cs_status read_options(mutator *m, int argc, char **argv) {
    int at = 4;
    if (at < argc && strcmp(argv[at], "--keep") != 0)
        m->options.trust_path = argv[at++];
    if (at + 3 == argc && strcmp(argv[at], "--keep") == 0) {
        m->keep_in = argv[at + 1];
        m->keep = strtoul(argv[at + 2], NULL, 10);
        at = argc;
    }
    return at == argc ? CS_OK : cs_fail(CS_ERR_USAGE, "after COUNT: [TRUST] [--keep FOLDER N]");
}

static cs_status mutate(mutator *m, int argc, char **argv) {
    kind kinds[MAX_KINDS];
    CS_TRY(read_options(m, argc, argv));
    snprintf(m->path, sizeof m->path, "%.40s/mutated-%d", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", (int)getpid());
    CS_TRY(load(argv[1], &m->file, &m->honest));
    CS_TRY(load(argv[2], &m->other_file, &m->other));
    CS_TRY(measure_honest(m));
    const size_t n = list_kinds(m, kinds), per_kind = share(kinds, n, strtoul(argv[3], NULL, 10));
    m->all = count_changes(kinds, n, per_kind);
    for (size_t k = 0; k < n; k++)
        CS_TRY(try_kind(m, &kinds[k], per_kind));
    printf("{\"tried\": %zu, \"refused\": %zu, \"malformed\": %zu, \"unchanged\": %zu, \"accepted\": %zu, \"slow\": %zu, "
           "\"honest_seconds\": %.4f, \"slowest_seconds\": %.4f}\n",
           m->tried, m->refused, m->malformed, m->same, m->accepted, m->slow, m->honest_seconds, m->slowest);
    return m->accepted || m->slow ? cs_fail(CS_REJECT, "not every change was refused in time") : CS_OK;
}

int main(int argc, char **argv) {
    static mutator m;
    if (argc < 4 || sodium_init() < 0) {
        fprintf(stderr, "usage: mutate HONEST OTHER COUNT [TRUST] [--keep FOLDER N]\n");
        return CS_ERR_USAGE;
    }
    const cs_status status = mutate(&m, argc, argv);
    if (status != CS_OK)
        fprintf(stderr, "mutate: %s\n", cs_error_text());
    unlink(m.path);
    cs_buffer_free(&m.file);
    cs_buffer_free(&m.other_file);
    cs_container_free(&m.honest);
    cs_container_free(&m.other);
    cs_generators_release();
    return (int)status;
}
