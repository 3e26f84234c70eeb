/* What the verification of one attestation established, in plain values: for people, policies and exports. Nothing here is
 * claimed by anybody without a check; what each line means, and what not, is in docs/provenance.md. Local. */
#ifndef CS_PROVENANCE_FACTS_H
#define CS_PROVENANCE_FACTS_H

#include "base/buffer.h"
#include "data/json.h"
#include "provenance/certificate.h"
#include "provenance/compute.h"

/** A certificate that was checked: signature (or ring signature), trust list, validity and licence. Strings are owned. */
typedef struct cs_fact_certificate {
    uint8_t digest[32]; /* of the certificate's canonical body */
    char *source;       /* where the authority says the records come from */
    cs_licence licence;
    char *from, *until; /* "2027-12-31", both days included */
    bool hidden;        /* by one of a published set of authorities, without saying which */
    char *authority;    /* its name; NULL if hidden */
    uint8_t key[32];    /* its Ed25519 key; zero if hidden */
    uint8_t set[32];    /* digest of the set of authorities if hidden; else zero */
} cs_fact_certificate;

/** A dataset of a member. Strings are owned. */
typedef struct cs_fact_dataset {
    uint8_t digest[32];
    char *name; /* the member's own name for it; "" without a dataset document */
    uint64_t rows;
    uint64_t draws;           /* records of it used in this run; one drawn twice counts twice */
    uint64_t draws_epoch_max; /* most draws in one pass over the member's data */
    bool well_formed;         /* one-hot labels and zero padding were shown, and features of value_bits bits at most ... */
    bool own_ranges;          /* ... or, by a proof of the dataset's own, each in the range that its map has */
    uint64_t quota;           /* most draws in total that the licence of the certificate named allows; CS_NO_QUOTA: any */
    bool names_certificate;   /* the statement names one, `certificate.digest`, … */
    bool certified;           /* … and it was held against a trust list, and accepted; else the rest of it is zero */
    cs_fact_certificate certificate;
} cs_fact_dataset;

/** A member. Strings and arrays are owned. */
typedef struct cs_fact_member {
    char *name;
    bool identified;                        /* the manifest names an Ed25519 key; else `ed25519` is zero */
    uint8_t ed25519[32];                    /* public key */
    bool signed_manifest, signed_statement; /* its signature is there and right */
    uint64_t draws;
    size_t n_datasets;
    cs_fact_dataset *datasets; /* [n_datasets], at least one */
} cs_fact_member;

/** All digests are SHA-256. Strings and arrays are owned. */
typedef struct cs_facts {
    char *job;         /* its name */
    char *at;          /* "2026-11-21": the day at which certificates and licences were judged; NULL if there were none */
    bool has_manifest; /* else `manifest` is zero and `purpose` empty */
    uint8_t manifest[32];
    char *purpose;
    char *excluded; /* names of the job's members who were left out of this run, separated by commas; NULL: nobody */
    size_t n_members;
    cs_fact_member *members; /* [n_members], in rank order */
    size_t layers;
    size_t *widths; /* [layers + 1]: features, hidden widths, classes */
    cs_compute compute;
    uint64_t segment_from;  /* first step, if this is a segment of a job of ... */
    uint64_t segment_of;    /* ... so many steps; 0: it is the whole job */
    uint64_t batch;         /* draws of all members together in one step */
    bool initial_given;     /* W(0) is a given public model or the one of `previous`; else it follows from the seed */
    uint8_t initial[32];    /* its digest: of the seed, of a given model, or of its commitments */
    bool final_public;      /* W(T) is released; else only committed */
    uint8_t final[32];      /* digest of the released model; of its commitments if it is only committed */
    uint8_t final_file[32]; /* of the released .safetensors file; zero if it is only committed */
    bool contributions;     /* every member committed to, then opened, a contribution to the seed */
    char *beacon;           /* public randomness in the seed; "" if none */
    uint8_t seed[32];
    bool indices_hidden;     /* the draws' positions are not shown, only counted */
    bool has_previous;       /* this run goes on from the final model of another one, which was verified before it ... */
    uint8_t previous[32];    /* ... and has this `statement`; else zero */
    uint8_t statement[32];   /* digest that opens the proof's transcript */
    uint8_t attestation[32]; /* of the whole file */
} cs_facts;

/** Frees and empties; a zeroed one is fine, as is a half-filled one whose arrays have the lengths that they say. */
void cs_facts_free(cs_facts *f);

/** CS_ERR_USAGE if a certificate is named and was not held against a trust list: then nobody's word was taken. */
cs_status cs_facts_check_judged(const cs_facts *f);

/** The dataset is certified by `c`, which was checked: copies what it says. CS_ERR_MEMORY. */
cs_status cs_facts_set_certificate(cs_fact_dataset *d, const cs_certificate *c);

/** A new object with every fact: digests and keys in hexadecimal, null for what does not apply. NULL without memory. */
json_t *cs_facts_to_json(const cs_facts *f);

/** Every fact for people, some twenty lines. Lack of memory is sticky in the buffer. */
void cs_facts_to_text(cs_buffer *out, const cs_facts *f);

#endif
