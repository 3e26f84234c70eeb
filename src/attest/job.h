/* The job file: what the members agree to do, as JSON (docs/job.schema.json, docs/formats.md). Local. */
#ifndef CS_ATTEST_JOB_H
#define CS_ATTEST_JOB_H

#include "attest/dataset_use.h"
#include "attest/excluded.h"
#include "attest/signer.h"
#include "data/dataset.h"
#include "data/json.h"
#include "provenance/certificate.h"
#include "train/model.h"

/** Longest job file in bytes. */
#define CS_JOB_MAX_BYTES ((size_t)1 << 22)

/** Paths are as a program can open them: relative ones in the file are relative to its folder, "{name}" is the member's
 * name. */
typedef struct cs_job_member {
    char *name;    /* [A-Za-z0-9_-.], at most 64 */
    int rank;      /* its place in the file, which is its rank in a run */
    size_t rows;   /* 0: the member is idle, and has nothing of the following but perhaps a key */
    char *data;    /* NULL: the member names it on its command line */
    char *labels;  /* NULL: the labels are a column of `data` */
    char *opening; /* NULL: `data` with ".opening" appended */
    bool has_key;  /* a pinned X25519 public key */
    uint8_t key[32];
    cs_signer signer;             /* of the member's .pub file */
    cs_dataset_uses datasets;     /* committed before (consort dataset commit); n = 0: the member has `data` instead */
    char **folders;               /* [datasets.n] where they are */
    cs_certificate *certificates; /* [datasets.n]; zero for those without one */
} cs_job_member;

/** The attestation that a job goes on from: its W(T) is this job's W(0). */
typedef struct cs_job_previous {
    bool given;
    uint8_t digest[32]; /* of its statement */
    bool committed;     /* its model is only committed: rows, not model */
    cs_model model;
    size_t n_rows;
    cs_g1_affine *rows; /* [n_rows] */
} cs_job_previous;

typedef struct cs_job {
    char *file;          /* for messages and relative paths */
    char *name;          /* as a member's name; names the output files */
    cs_params params;    /* complete and validated */
    unsigned rate_shift; /* s: rate / global batch = c * 2^-s, w = a + d + s */
    char *purpose;       /* what the model is for (cs_purpose_is_valid); "" if nothing is said */
    char *beacon;        /* "" if there is none */
    char *beacon_source; /* where its value comes from, said before it is known; NULL: not said */
    size_t segments;     /* at least so many attestations, one after the other (attest/segments.h); 1 unless said */
    bool between_public; /* whether the models between them are released, or only committed */
    bool hidden;         /* positions of draws stay with their members */
    int pad_partners;    /* cs_pads_set_partners */
    bool contributions;  /* members contribute to the seed (attest/contributions.h) */
    char *manifest;      /* path of the manifest; a default one need not exist */
    bool manifest_named; /* the job names it, so it must */
    char *initial; /* path of a .safetensors file with W(0); NULL: W(0) comes from the seed, or from `previous`. If that one
                      only commits to its model: the model's file, which the first member alone has */
    cs_job_previous previous;
    cs_job_member members[CS_MAX_RANKS]; /* [params.n_ranks] with data, in the file's order, then [n_idle] without */
    size_t n_idle;                       /* members who bring machines and no data */
    cs_excluded excluded;                /* members of the file who are left out */
    bool has_datasets;                   /* all members have committed datasets; else all have data */
    cs_dataset_format format;
    cs_dataset_header header;
    size_t skip_lines;
    char *label_name;    /* NULL: label_column */
    size_t label_column; /* from 1; 0: the last */
    char **classes;      /* [widths[layers]] names, or NULL */
    cs_affine *affine;   /* [affine_count]: one for all features, or one each */
    size_t affine_count;
    char *test_data; /* public test rows, NULL if none */
    char *test_labels;
    bool honest_but_curious; /* members do not check weight tables (6.3) */
} cs_job;

/** All members, and the one at a place in the file. */
static inline int cs_job_members(const cs_job *job) {
    return job->params.n_ranks + (int)job->n_idle;
}
int cs_job_member_at(const cs_job *job, int rank);

/** The fields that the parser accepts, object by object; docs/job.schema.json lists the same. */
extern const cs_json_shape CS_JOB_SHAPES[];
extern const size_t CS_JOB_SHAPE_COUNT;

/** Reads, completes by defaults (see cs_job_complete) and validates. Owned by the caller: cs_job_free. After a failure *out
 * is empty. CS_ERR_INPUT names file and field; CS_ERR_IO; CS_ERR_MEMORY. */
cs_status cs_job_load(cs_job *out, const char *path);

/** The same of a job without some of its members: names separated by commas, or NULL. Everything follows as if the file did
 * not name them, but that the manifest is another file: X.without-A-B.manifest.json for X.manifest.json, and if there is
 * that one, there must be this one. CS_ERR_USAGE if one of them is no member, or nobody is left. */
cs_status cs_job_load_without(cs_job *out, const char *path, const char *excluded);

/** The same from memory; `file` is for messages and relative paths. */
cs_status cs_job_parse(cs_job *out, const char *file, const void *text, size_t size);

/** Frees and empties; a zeroed job is fine. */
void cs_job_free(cs_job *job);

/** SHA-256 of all that the members must agree on, in a canonical encoding: everything but paths, file formats and the test
 * data. `initial_digest` is that of the given or committed W(0), NULL if it comes from the seed. CS_ERR_MEMORY. */
cs_status cs_job_digest(uint8_t out[32], const cs_job *job, const uint8_t *initial_digest);

/** How to read a data file of the job (borrows from the job). `labels`: path of the labels' own file, or NULL; `rows`: most
 * rows to accept, 0: no limit. */
cs_dataset_options cs_job_dataset_options(const cs_job *job, const char *labels, size_t rows);

#endif
