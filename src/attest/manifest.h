/* The manifest: what the members agree on before they train, in a document that all of them sign (provenance/sign.h, label
 * CS_SIGN_MANIFEST). Its body follows from the job, and again from the statement: so both can be compared with what was
 * signed, field by field. docs/formats.md has the fields. Local. */
#ifndef CS_ATTEST_MANIFEST_H
#define CS_ATTEST_MANIFEST_H

#include "attest/statement.h"
#include "provenance/refusal.h"

/** Longest manifest in bytes. */
#define CS_MANIFEST_MAX_BYTES ((size_t)1 << 24)

enum { CS_MANIFEST_VERSION = 1 };

/** What the members of a statement (it need not be complete) sign. `beacon_source`: where the beacon's value will come from;
 * NULL: there is none. A new reference. CS_ERR_INPUT if the members have no identities, or datasets of this run only. */
cs_status cs_manifest_body(json_t **out, const cs_statement *s, const char *beacon_source);

/** Reads a manifest, its body's version and fields; checks no signature. `file` is for messages. Freed by cs_signed_free;
 * empty after a failure. CS_ERR_INPUT, CS_REJECT (version, unknown), CS_ERR_MEMORY; load: also CS_ERR_IO. */
cs_status cs_manifest_decode(cs_signed *out, const char *file, const void *data, size_t size);
cs_status cs_manifest_load(cs_signed *out, const char *path);

/** Does a body say what the statement says? CS_REJECT that names the first field that differs: initial, seed (seeds,
 * beacon), dataset, purpose, version, unknown, manifest for all others. */
cs_status cs_manifest_compare(const json_t *body, const cs_statement *s);

/** The beacon's source is said before its value is known; once the run begins, the statement has a value if there is to be
 * one. CS_REJECT (seed). */
cs_status cs_manifest_check_beacon(const json_t *body, const cs_statement *s);

/** The same of a job, whose statement `s` is: it must also name the source of the beacon that was signed. */
cs_status cs_manifest_compare_job(const json_t *body, const cs_statement *s, const cs_job *job);

/** Each member has signed `digest`, in any order, and nobody else has. `what`: "the manifest". CS_REJECT of the kind
 * signature names who is missing or foreign; of the kind `broken`, whose signature does not hold. */
cs_status cs_check_all_signed(const cs_signature *signatures, size_t n, const char *label, const uint8_t digest[32],
                              const cs_statement *s, const char *what, cs_refusal broken);

/** An attestation has signatures that cs_check_all_signed accepts in the order of the members, so that nobody can make
 * another file of it. CS_REJECT (signature). */
cs_status cs_check_order(const cs_signature *signatures, size_t n, const cs_statement *s, const char *what);

/** Brings signatures[n] that cs_check_all_signed has accepted into that order. */
void cs_signatures_in_order(cs_signature *out, const cs_signature *signatures, size_t n, const cs_statement *s);

#endif
