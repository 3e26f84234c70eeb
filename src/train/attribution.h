/* Who sent a wrong gradient (docs/protocol.md, 6.12). After a proof that failed, in a session of its own: each rank shows,
 * in commitments and under the same zero knowledge as a training proof, that what it added to the sums of some steps is the
 * gradient of the tensors that it committed to before. */
#ifndef CS_TRAIN_ATTRIBUTION_H
#define CS_TRAIN_ATTRIBUTION_H

#include "session/pad_words.h"
#include "train/protocol.h"
#include "train/table_sums.h"

/** The weight table that a rank has called wrong. */
typedef struct cs_doubted_table {
    bool is; /* is there one? else all below is zero */
    cs_table_name which;
    size_t starts[CS_MAX_RANKS], counts[CS_MAX_RANKS]; /* first entry of each rank's part of its sum, and how many */
    uint64_t claims[CS_MAX_RANKS];                     /* cs_table_sums.claims */
} cs_doubted_table;

/** What such a session is about, in public. Ranks are those of the run, idle ones included. */
typedef struct cs_doubted {
    int ranks;
    uint8_t nonce[32], digest[32];    /* of the session in which the ranks trained, of the statement while they did */
    uint8_t rows[32];                 /* cs_witness_rows.shown of the proof that failed */
    uint8_t chains[CS_MAX_RANKS][32]; /* of all ranks, after that training, or after the table */
    size_t first;                     /* step of that session */
    size_t starts[CS_MAX_RANKS], counts[CS_MAX_RANKS]; /* first entry of each rank's part of a sum, and how many */
    size_t width;                                      /* bytes of an entry */
    cs_doubts doubts;                                  /* different ones, from `first` on; at least one without a table */
    cs_doubted_table table;
} cs_doubted;

/** sums: all ranks have agreed. tables: the last one is in doubt, and the ranks have agreed on its sums; or NULL. */
void cs_doubted_new(cs_doubted *out, const cs_sent_sums *sums, const cs_table_sums *tables, const uint8_t rows[32],
                    const cs_doubts *doubts);

/** How many sums are in doubt: of what each rank has words. */
size_t cs_doubted_sums(const cs_doubted *d);

/** Where sum x of these is among all sums of the session in which the ranks trained: from 1. */
uint64_t cs_doubted_number(const cs_doubted *d, const cs_params *p, size_t x);

/** Bytes that each rank tells the root in such a session. */
size_t cs_doubted_told(const cs_doubted *d, cs_told which);

/** What a rank needs besides. Borrowed. */
typedef struct cs_attribution {
    cs_sent_sums *sums;
    const cs_table_sums *tables; /* if one is in doubt */
    const cs_pads *pads;         /* of the session in which the ranks trained */
    const cs_buffer *proof;      /* root: what there was of the proof that failed; it begins with the commitments to rows */
} cs_attribution;

/** Against a rank whose pads are not those of the pair: the keys that the other rank of it showed. */
typedef struct cs_false_pads {
    int with;        /* the other rank; nobody is accused if `shown` is empty */
    cs_buffer shown; /* for each sum in doubt its key, then that of blindings, each with its path (session/pad_keys.h) */
} cs_false_pads;

/** What the root has seen and found. Zero-initialise it; cs_attributed_free. */
typedef struct cs_attributed {
    cs_buffer findings; /* three words (u32) for each rank that is guilty: rank, cs_offence, and the label of the stage; for
                           CS_OFFENCE_PADS the last one is the other rank of the pair, of which one lies. None: all
                           sums are those of committed tensors */
    cs_buffer pairs;    /* numbers (u32) of two ranks that do not agree on their pads */
    cs_false_pads false_pads[CS_MAX_RANKS];
    cs_told_word word;              /* what each rank has signed of what it told, but its rank and the hash */
    size_t wrong_sum[CS_MAX_RANKS]; /* of the sums in doubt, from 1: the first that it showed wrongly; 0: none */
    cs_buffer proof;
    size_t used; /* of the proof, up to the last answers */
    cs_record record;
    int ranks;
    cs_sums_word *words;          /* [ranks][sums in doubt]: steps, then the table */
    int place[CS_MAX_RANKS];      /* of each rank in the record (cs_comm_place_of) */
    cs_judge judge;               /* of the ranks with data */
    cs_judged idle[CS_MAX_RANKS]; /* of the others, in their order; is_signed: what convicts by itself (cs_testimony) */
} cs_attributed;

void cs_attributed_free(cs_attributed *a);

/** Collective over comm, after a new handshake (`keys`, `pads`). instance: of the proof that failed; shard: as there, but
 * that shard->rows has the rows of that proof (given), and record and doubts are ignored. `out` stays empty but on the root.
 * A rank takes part once after each training: CS_ERR_ABORT. CS_ERR_MEMORY: the root holds 16 bytes of each parameter, rank
 * and step in doubt. */
cs_status cs_train_attribute(cs_comm *comm, const cs_keyring *keys, cs_pads *pads, const cs_instance *instance,
                             cs_shard *shard, const cs_doubted *about, const cs_attribution *a, cs_attributed *out);

/** Local. As cs_train_judge, of such a session: judges each rank by its answers, then by what it told: CS_OFFENCE_SENT (if
 * there are words; a key's signature must hold for them, too), CS_OFFENCE_GRADIENT and CS_OFFENCE_TABLE. idle[n_idle]: ranks
 * without data, who told something and give no answers: is_signed says whether they signed that. */
cs_status cs_attribution_judge(const cs_instance *instance, const cs_doubted *about, const uint8_t *proof, size_t size,
                               cs_judge *judge, cs_judged *idle, size_t n_idle, size_t *used);

/** What a rank signed in such a session, without a proof. Borrowed. */
typedef struct cs_testimony {
    cs_told_word word;
    const uint8_t *key;             /* [32] Ed25519 */
    const cs_buffer *told;          /* [CS_TOLD_COUNT]; the first is not needed against its pads */
    const cs_sums_word *words;      /* of the sums in doubt */
    int with;                       /* about its pads with this rank: */
    const uint8_t (*roots)[32];     /* [ranks] what it committed to before training */
    const uint8_t *roots_signature; /* [CS_SENT_SIGNATURE_SIZE] */
    const uint8_t *shown;           /* [cs_shown_size] keys, with their paths */
} cs_testimony;

/** Bytes of the keys that one rank shows of its pads with another. */
size_t cs_shown_size(const cs_doubted *about, const cs_params *params);

/** Local. digest: of the statement. As cs_attribution_judge, of one rank by what it has told and signed alone; not whether
 * it signed it: *offence is CS_OFFENCE_FALSE_PADS if `roots` are given and the pads that it committed to are not those; else
 * CS_OFFENCE_SENT, CS_OFFENCE_GRADIENT or CS_OFFENCE_TABLE of a rank without data; or CS_OFFENCE_NONE. *is_signed: all of
 * that is signed. CS_ERR_INPUT: the keys are not those that the rank committed to, or what is told is malformed. */
cs_status cs_testimony_judge(const cs_params *params, const uint8_t digest[32], const cs_doubted *about,
                             const cs_testimony *t, cs_offence *offence, bool *is_signed);

/** What a rank told of sum x in doubt: its hashes of each rank's part. */
const uint8_t *cs_doubted_hashes(const cs_doubted *d, const uint8_t *told, size_t x);

/** What it told of the part of rank `owner` in sum x, as it travelled: appends it. CS_ERR_MEMORY. */
cs_status cs_doubted_part(cs_buffer *out, const cs_doubted *d, const uint8_t *told, size_t x, int owner);

/** The shape of sum x: bytes of an entry, and the parts. */
size_t cs_doubted_shape(const cs_doubted *d, size_t x, const size_t **starts, const size_t **counts);

/** SHA-256 of the sum of parts[n], each of `count` entries of so many bytes as they travel: mod 2^(8 width), or in F. False
 * if an element of F is not reduced. */
bool cs_doubted_hash_sum(uint8_t out[32], const uint8_t *const *parts, int n, size_t count, size_t width);

#endif
