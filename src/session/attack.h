/* Test builds only (-DCS_TAMPER): how a dishonest rank departs from the protocol while everything after it stays consistent.
 */
#ifndef CS_SESSION_ATTACK_H
#define CS_SESSION_ATTACK_H

#ifdef CS_TAMPER

#include "curve/g1.h"
#include "field/fr.h"
#include "transcript/labels.h"

struct cs_buffer;
struct cs_session;

typedef struct cs_attack {
    /* The rank does not stop when its own rows, common variables or answers are wrong. */
    bool dishonest;
    /* May change what the rank commits to: values[n] of the `occurrence`-th message (from 0) with this label. */
    void (*message)(void *context, int rank, cs_label label, size_t occurrence, cs_fr *values, size_t n);
    /* May change what the rank reveals to the root (opening, finale), as scalars[n]. */
    void (*answer)(void *context, int rank, cs_label label, cs_fr *scalars, size_t n);
    /* What the root shows as the sum of all ranks' commitments, sum[n]: it may change it. */
    void (*show)(void *context, cs_label label, cs_g1_affine *sum, size_t n);
    /* What the root has shown this rank, bytes[size]: as if it had shown it something else. */
    void (*shown_otherwise)(void *context, int rank, cs_label label, uint8_t *bytes, size_t size);
    /* What the rank shows as the sums of its part of a weight table, sums[n]: it may change them. */
    void (*add_up)(void *context, int rank, cs_label label, cs_fr *sums, size_t n);
    /* What an idle rank says where it has nothing to say: may append to `part`. */
    void (*intrude)(void *context, int rank, cs_label label, struct cs_buffer *part);
    /* May change what the rank says it contributed to the sum of a step: values[n], as its tensors have it. */
    void (*contribution)(void *context, int rank, size_t step, int64_t *values, size_t n);
    /* May change what the rank says it contributed to a weight table, padded: size bytes, 32 an entry. */
    void (*share)(void *context, int rank, uint8_t *elements, size_t size);
    /* May change the pads of a weight table that the rank says it shares with `peer`: values[n]. */
    void (*table_pads)(void *context, int rank, int peer, cs_fr *values, size_t n);
    /* May change to which keys of pads the rank commits: roots[n]. */
    void (*roots)(void *context, int rank, uint8_t (*roots)[32], int n);
    /* May change the pads of a step that the rank says it shares with `peer`: values[n]. */
    void (*pads)(void *context, int rank, int peer, size_t step, unsigned __int128 *values, size_t n);
    /* May change, or empty, what the rank shows of its pads with `peer`. */
    void (*shown)(void *context, int rank, int peer, struct cs_buffer *shown);
    /* It does not sign what it tells when it is asked about a wrong gradient. */
    bool signs_nothing;
    /* The root asks about the pads of all pairs, whether they agree or not; and may change what it says that they told. */
    bool asks_all;
    void (*ask)(void *context, struct cs_buffer *asked);
    /* The rank commits to its rows anew when it is asked about a wrong gradient. */
    bool recommits;
    /* The root writes evidence that rank `accuses` - 1 has done `of` (cs_offence) in a session about a wrong gradient; 0:
     * only what it finds. */
    int accuses, of;
    bool by_told; /* ... by what it told alone, as of a rank without data */
    /* At the end of the rank's proof, whatever its outcome: may read the session (ledger, known values, transcript). */
    void (*observe)(void *context, const struct cs_session *s);
    void *context;
    size_t occurrences[CS_LABEL_COUNT];
} cs_attack;

#endif

#endif
