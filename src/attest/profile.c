#include "attest/profile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "transcript/labels.h"

/* A part is a list of 64-bit words, little-endian, times in microseconds: the length of the host's name and its bytes,
 * filled up to words; the numbers of stages and waits; a row for each stage and each wait. */
enum { MAX_HOST = 256, MICROSECONDS = 1000000 };
#define MAX_TIME 0x1p53
enum { BEGUN, SECONDS, CPU, WAITING, SENDING, STAGE_WORDS };
enum { STAGE, TAG, RECEIVED, SENT, WAITED, SPENT_SENDING, WAIT_WORDS };

/* ------------------------------------------------------------ a rank's part */

static uint64_t microseconds(double seconds) {
    return (uint64_t)llround(seconds * MICROSECONDS);
}

static void append(cs_buffer *out, const uint64_t *words, size_t n) {
    for (size_t k = 0; k < n; k++)
        cs_buffer_append_u64(out, words[k]);
}

void cs_profile_part(cs_buffer *out, const cs_stages *stages, double origin, const char *host) {
    char name[MAX_HOST] = {0};
    const size_t length = (size_t)snprintf(name, sizeof name, "%s", host != NULL ? host : "");
    const size_t size = length < sizeof name ? length : sizeof name - 1;
    cs_buffer_append_u64(out, size);
    cs_buffer_append(out, name, (size + 7) / 8 * 8);
    append(out, (const uint64_t[]){stages->n, stages->n_waits}, 2);
    double end = stages->n > 0 ? stages->begun[0] : 0;
    for (size_t k = 0; k < stages->n; end += stages->seconds[k], k++)
        append(out,
               (const uint64_t[STAGE_WORDS]){[BEGUN] = microseconds((stages->rounds > 1 ? end : stages->begun[k]) - origin),
                                             [SECONDS] = microseconds(stages->seconds[k]),
                                             [CPU] = microseconds(stages->cpu_seconds[k]),
                                             [WAITING] = microseconds(stages->waiting[k]),
                                             [SENDING] = microseconds(stages->sending[k])},
               STAGE_WORDS);
    for (size_t k = 0; k < stages->n_waits; k++) {
        const cs_stage_wait *w = &stages->waits[k];
        append(out,
               (const uint64_t[WAIT_WORDS]){[STAGE] = w->stage,
                                            [TAG] = w->tag,
                                            [RECEIVED] = w->received,
                                            [SENT] = w->sent,
                                            [WAITED] = microseconds(w->waiting),
                                            [SPENT_SENDING] = microseconds(w->sending)},
               WAIT_WORDS);
    }
}

/* ------------------------------------------------------------ reading parts */

typedef struct part {
    char host[MAX_HOST];
    size_t n_stages, n_waits;
    const uint8_t *stages, *waits;
} part;

static uint64_t word(const uint8_t *rows, size_t index) {
    return cs_load_u64(rows + 8 * index);
}

static double signed_word(const uint8_t *rows, size_t index) {
    return (double)(int64_t)word(rows, index);
}

/* Of n rows of `words` words those that are times, from `first` to `last`: few enough microseconds to be added up. */
static bool are_times(const uint8_t *rows, size_t n, size_t words, size_t first, size_t last) {
    for (size_t k = 0; k < n; k++)
        for (size_t at = first; at <= last; at++)
            if (!(fabs(signed_word(rows, k * words + at)) < MAX_TIME))
                return false;
    return true;
}

static cs_status read_part(part *out, const cs_buffer *b, size_t n_stages, int rank) {
    *out = (part){0};
    const uint64_t length = b->size < 8 ? MAX_HOST : cs_load_u64(b->data);
    const size_t head = length < MAX_HOST ? 8 + (size_t)(length + 7) / 8 * 8 + 16 : SIZE_MAX;
    if (head <= b->size) {
        memcpy(out->host, b->data + 8, (size_t)length);
        const uint64_t stages = cs_load_u64(b->data + head - 16), waits = cs_load_u64(b->data + head - 8);
        out->stages = b->data + head;
        if (stages == n_stages && waits <= CS_MAX_STAGE_WAITS &&
            b->size == head + 8 * ((size_t)stages * STAGE_WORDS + (size_t)waits * WAIT_WORDS)) {
            out->n_stages = n_stages;
            out->n_waits = (size_t)waits;
            out->waits = out->stages + 8 * n_stages * STAGE_WORDS;
            if (are_times(out->stages, n_stages, STAGE_WORDS, BEGUN, SENDING) &&
                are_times(out->waits, out->n_waits, WAIT_WORDS, WAITED, SPENT_SENDING))
                return CS_OK;
        }
    }
    return cs_fail(CS_ERR_ABORT, "rank %d sent %zu bytes that are no timeline of %zu stages", rank, b->size, n_stages);
}

/* Of all ranks, so that the trace begins at 0. */
static double first_moment(const part *parts, int n) {
    double first = 0;
    for (int i = 0; i < n; i++)
        for (size_t k = 0; k < parts[i].n_stages; k++)
            first = fmin(first, signed_word(parts[i].stages, k * STAGE_WORDS + BEGUN));
    return first;
}

/* ------------------------------------------------------------ events */

/* Takes `args`. An event that lasts less than a microsecond is left out. Returns where it ends. */
static double add_event(json_t *out, int rank, const char *name, const char *category, double from, double length,
                        json_t *args) {
    if (length < 1) {
        json_decref(args);
        return from;
    }
    json_array_append_new(out,
                          json_pack("{s:s, s:s, s:s, s:i, s:i, s:I, s:I, s:o}", "name", name, "cat", category, "ph", "X",
                                    "pid", rank, "tid", 0, "ts", (json_int_t)from, "dur", (json_int_t)length, "args", args));
    return from + length;
}

static void name_wait(char out[64], const char *doing, uint32_t tag) {
    if (tag < CS_LABEL_COUNT)
        snprintf(out, 64, "%s %s", doing, cs_label_text((cs_label)tag));
    else
        snprintf(out, 64, "%s run/%x", doing, tag - CS_LABEL_COUNT);
}

/* The sums of a stage one behind the other: what it computed, then what it waited for, then what it sent. */
static void add_stage(json_t *out, int rank, const part *p, size_t stage, const char *name, double first) {
    const uint8_t *row = p->stages + 8 * stage * STAGE_WORDS;
    const double begun = signed_word(row, BEGUN) - first, seconds = signed_word(row, SECONDS);
    const double waiting = signed_word(row, WAITING), sending = signed_word(row, SENDING);
    add_event(out, rank, name, "stage", begun, seconds,
              json_pack("{s:I, s:I, s:I}", "cpu_us", (json_int_t)word(row, CPU), "waiting_us", (json_int_t)waiting,
                        "sending_us", (json_int_t)sending));
    double at = add_event(out, rank, "computing", "computing", begun, seconds - waiting - sending, json_object());
    for (int sends = 0; sends < 2; sends++)
        for (size_t k = 0; k < p->n_waits; k++) {
            const uint8_t *w = p->waits + 8 * k * WAIT_WORDS;
            char text[64];
            if (word(w, STAGE) != stage)
                continue;
            name_wait(text, sends ? "sending" : "waiting for", (uint32_t)word(w, TAG));
            const double length = fmin(signed_word(w, sends ? SPENT_SENDING : WAITED), begun + seconds - at);
            at = add_event(out, rank, text, sends ? "sending" : "waiting", at, length,
                           json_pack("{s:I}", "frames", (json_int_t)word(w, sends ? SENT : RECEIVED)));
        }
}

static void add_rank(json_t *out, int rank, const part *p, const cs_stages *stages, const char *member, double first) {
    char name[512];
    snprintf(name, sizeof name, "rank %d: %s%s%s%s", rank, member, p->host[0] ? " (" : "", p->host, p->host[0] ? ")" : "");
    json_array_append_new(
        out, json_pack("{s:s, s:s, s:i, s:{s:s}}", "name", "process_name", "ph", "M", "pid", rank, "args", "name", name));
    for (size_t k = 0; k < p->n_stages; k++)
        add_stage(out, rank, p, k, stages->names[k], first);
}

cs_status cs_profile_trace(json_t **out, const cs_stages *stages, const cs_buffer *parts, const char *const *members,
                           int n) {
    part *read = CS_NEW(part, (size_t)n);
    *out = NULL;
    cs_status status = read != NULL ? CS_OK : CS_ERR_MEMORY;
    for (int i = 0; status == CS_OK && i < n; i++)
        status = read_part(&read[i], &parts[i], stages->n, i);
    if (status == CS_OK && (*out = json_array()) == NULL)
        status = cs_fail(CS_ERR_MEMORY, "no memory for the timeline");
    for (int i = 0; status == CS_OK && i < n; i++)
        add_rank(*out, i, &read[i], stages, members[i], first_moment(read, n));
    cs_free(read);
    return status;
}

cs_status cs_profile_write(const char *path, const json_t *trace) {
    cs_buffer text = {0};
    size_t k;
    json_t *event;
    json_array_foreach(trace, k, event) {
        char *line = json_dumps(event, JSON_COMPACT);
        if (line == NULL) {
            cs_buffer_free(&text);
            return cs_fail(CS_ERR_MEMORY, "no memory for the timeline");
        }
        cs_buffer_append(&text, k == 0 ? "[\n" : ",\n", 2);
        cs_buffer_append(&text, line, strlen(line));
        free(line);
    }
    cs_buffer_append(&text, "\n]\n", 3);
    cs_status status = cs_buffer_status(&text);
    if (status == CS_OK)
        status = cs_file_write(path, text.data, text.size, 0644);
    cs_buffer_free(&text);
    return status;
}
