/* Evidence. First byte even: the rest is a file; what is read can be written, and reads the same again; words are judged.
 * Odd: changes to what an honest run's ranks sent and were shown, six bytes each: which rank and part (4 bits each), offset
 * (32 bits), mask; then no rank may be convicted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/accusation_told.h"
#include "attest/accusation_words.h"
#include "attest/container.h"
#include "base/bytes.h"
#include "base/memory.h"
#include "support/example.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHANGE = 6, PARTS = 5 };

static cs_example example;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    const cs_example_options o = cs_example_defaults();
    (void)argc, (void)argv;
    if (cs_example_new(&example, &o) != CS_OK || cs_example_prove(&example) != CS_OK) {
        fprintf(stderr, "%s\n", cs_error_text());
        abort();
    }
    return 0;
}

static void try_doubt(const cs_buffer *section) {
    cs_doubt d;
    cs_buffer again = {0};
    if (section->size == 0 || cs_doubt_decode(&d, section->data, section->size) != CS_OK)
        return;
    if (cs_doubt_encode(&again, &d) != CS_OK || again.size != section->size ||
        memcmp(again.data, section->data, section->size) != 0)
        abort();
    cs_doubt_free(&d);
    cs_buffer_free(&again);
}

/* The key is in it: whoever has the file made may have signed it, so it may hold. */
static void try_words(const cs_buffer *section) {
    cs_accusation_report report = {0};
    if (section->size > 0)
        (void)cs_words_judge(&report, section->data, section->size);
}

static void try_told(const cs_buffer *section) {
    cs_told_accusation a;
    cs_buffer again = {0};
    if (section->size == 0 || cs_told_decode(&a, section->data, section->size) != CS_OK)
        return;
    if (cs_told_encode(&again, &a) != CS_OK || again.size != section->size ||
        memcmp(again.data, section->data, section->size) != 0)
        abort();
    cs_told_accusation_free(&a);
    cs_buffer_free(&again);
}

static void try_file(const uint8_t *data, size_t size) {
    cs_container c;
    cs_accusation a;
    cs_buffer again = {0};
    if (cs_container_decode_evidence(&c, "fuzz", data, size) != CS_OK)
        return;
    try_doubt(&c.section[CS_SECTION_DOUBT]);
    try_words(&c.section[CS_SECTION_WORDS]);
    try_told(&c.section[CS_SECTION_TOLD]);
    const cs_buffer *sent = &c.section[CS_SECTION_SENT];
    if (cs_accusation_decode(&a, sent->data, sent->size) == CS_OK) {
        if (cs_accusation_encode(&again, &a) != CS_OK || again.size != sent->size ||
            memcmp(again.data, sent->data, sent->size) != 0)
            abort();
        cs_accusation_free(&a);
    }
    cs_buffer_free(&again);
    cs_container_free(&c);
}

/* The bytes that a change may change. */
static uint8_t *target(unsigned rank, unsigned part, size_t *size) {
    cs_sent *s = &example.record.ranks[rank % (unsigned)example.params.n_ranks];
    cs_buffer *const b[PARTS - 1] = {&s->points, &s->answer[0], &s->answer[1], &example.proof};
    *size = part < PARTS - 1 ? b[part]->size : sizeof s->signature;
    return part < PARTS - 1 ? b[part]->data : s->signature;
}

static void apply(const uint8_t *data, size_t size) {
    for (size_t k = 0; k + CHANGE <= size; k += CHANGE) {
        size_t length;
        uint8_t *bytes = target(data[k] >> 4, (data[k] & 15) % PARTS, &length);
        bytes[cs_load_u32(data + k + 1) % length] ^= data[k + 5];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    if (data[0] % 2 == 0) {
        try_file(data + 1, size - 1);
        return 0;
    }
    cs_judge j;
    apply(data + 1, size - 1);
    const cs_status status = cs_example_judge(&example, &j);
    for (size_t k = 0; k < j.n; k++)
        if (status == CS_OK && j.ranks[k].is_signed && j.ranks[k].offence != CS_OFFENCE_NONE)
            abort();
    cs_judge_free(&j);
    apply(data + 1, size - 1); /* each change undoes itself */
    return 0;
}
