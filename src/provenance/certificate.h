/* Certificates: an authority says where a dataset's records come from and what they may be used for. Local.
 *
 * {"body": {…}, "signatures": [one]} (provenance/sign.h, label CS_SIGN_CERTIFICATE), or, from a hidden source, {"body": {…},
 * "ring": {…}}: a ring signature (provenance/ring.h) over all authorities of a published set, which the body names by its
 * digest. Canonical JSON; docs/formats.md has the fields. */
#ifndef CS_PROVENANCE_CERTIFICATE_H
#define CS_PROVENANCE_CERTIFICATE_H

#include "provenance/licence.h"
#include "provenance/trust.h"

enum { CS_CERTIFICATE_VERSION = 1, CS_SOURCE_BYTES = 256, CS_CERTIFICATE_BYTES = 256 << 10 };

/** What a certificate knows a dataset by (provenance/dataset_doc.h). */
typedef struct cs_certified_dataset {
    uint8_t digest[32], schema[32];
    uint64_t rows;
} cs_certified_dataset;

/** Zero-initialise it; cs_certificate_free. */
typedef struct cs_certificate {
    cs_certified_dataset dataset;
    char source[CS_SOURCE_BYTES + 1]; /* 1..256 bytes: where the records come from */
    cs_licence licence;
    char from[CS_DATE_SIZE], until[CS_DATE_SIZE]; /* first and last day on which it is valid */
    bool hidden;
    char authority[CS_PARTY_NAME_BYTES + 1]; /* unless hidden: its name */
    uint8_t key[CS_SIGN_KEY_SIZE];           /* and Ed25519 key */
    uint8_t set[32];                         /* if hidden: digest of the set of authorities (cs_trust_digest) */
    uint8_t digest[32];                      /* SHA-256 of the canonical body: names the certificate */
    uint8_t signature[CS_SIGNATURE_SIZE];    /* unless hidden */
    cs_ring_signature ring;                  /* if hidden */
} cs_certificate;

void cs_certificate_free(cs_certificate *c);

/** Fills in authority, digest and signature; dataset, source, licence, from and until are there. CS_ERR_INPUT if the dates
 * are not in order, CS_ERR_MEMORY. */
cs_status cs_certificate_sign(cs_certificate *c, const cs_secret_identity *authority);

/** The same, hidden among the authorities of `set`, of which `authority` is one (else CS_REJECT, RING). */
cs_status cs_certificate_sign_hidden(cs_certificate *c, const cs_trust *set, const cs_secret_identity *authority);

/** New; NULL without memory. */
json_t *cs_certificate_to_json(const cs_certificate *c);

/** Every field and no other, each in its range; checks no signature. decode: of canonical bytes. load: of a file. Freed by
 * cs_certificate_free; empty after a failure. CS_ERR_INPUT, CS_REJECT (VERSION, UNKNOWN; SIGNATURE if it is signed by
 * another than the authority it names), CS_ERR_IO, CS_ERR_MEMORY. */
cs_status cs_certificate_from_json(cs_certificate *out, const cs_json *v);
cs_status cs_certificate_decode(cs_certificate *out, const char *file, const void *data, size_t size);
cs_status cs_certificate_load(cs_certificate *out, const char *path);

/** Is it by an authority on the list, and may the data be used at all on `date` (cs_date_is_valid)? In this order: the
 * signature (SIGNATURE); the list has the key, under this name (AUTHORITY); or, hidden, the list is the set that it names,
 * and the ring signature holds (RING); the date is within from..until (EXPIRED); the licence (DENIED, EXPIRED). Purpose and
 * draws: cs_licence_check_purpose, cs_licence_check_draws. CS_REJECT; CS_ERR_MEMORY. */
cs_status cs_certificate_check(const cs_certificate *c, const cs_trust *trust, const char *date);

/** Is it about this dataset? CS_REJECT: SCHEMA if the numbers mean something else, else DATASET. */
cs_status cs_certificate_check_dataset(const cs_certificate *c, const cs_certified_dataset *dataset);

#endif
