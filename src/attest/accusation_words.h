/* The section WORD of evidence: what a member signed while it trained with the others is enough to show that it lied,
 * without a statement or a proof (docs/formats.md). Local. */
#ifndef CS_ATTEST_ACCUSATION_WORDS_H
#define CS_ATTEST_ACCUSATION_WORDS_H

#include "attest/accusation.h"

/** The accused. */
typedef struct cs_words_of {
    cs_sums_speaker who;
    uint8_t key[32]; /* Ed25519 */
    uint64_t step;   /* of the session, from 1: which of all sums */
} cs_words_of;

/** Appends the section: it signed two accounts. */
cs_status cs_words_twice(cs_buffer *out, const cs_words_of *accused, const cs_sums_liar *liar);

/** Appends the section: what it showed of sum `x` of those in doubt is not the sum of what it got. */
cs_status cs_words_sum(cs_buffer *out, const cs_words_of *accused, const cs_doubted *about, const cs_attributed *seen,
                       size_t x);

/** Writes a file with that section alone. CS_ERR_MEMORY, CS_ERR_IO. */
cs_status cs_words_write(const char *path, const cs_buffer *section);

/** As cs_accusation_verify of such a file. */
cs_status cs_words_judge(cs_accusation_report *out, const uint8_t *data, size_t size);

#endif
