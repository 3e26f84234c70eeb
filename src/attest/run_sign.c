#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "attest/exchange.h"
#include "attest/manifest.h"
#include "attest/run_state.h"

enum { TAG_SIGNATURES = 0x10200 };

/* Ranks with different manifests, or one without any, have different jobs. */
static void bind_job(cs_run_state *r) {
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    crypto_hash_sha256_update(&hash, r->job_digest, sizeof r->job_digest);
    crypto_hash_sha256_update(&hash, r->manifest.digest, sizeof r->manifest.digest);
    crypto_hash_sha256_final(&hash, r->job_digest);
}

cs_status cs_run_load_manifest(cs_run_state *r) {
    const char *path = r->job.manifest;
    CS_TRY(cs_statement_from_job(&r->statement, &r->job, r->initial_given ? r->initial_digest : NULL));
    if (!r->job.manifest_named && access(path, F_OK) != 0 && errno == ENOENT)
        return CS_OK;
    CS_TRY(cs_manifest_load(&r->manifest, path));
    CS_TRY(cs_fail_prefix(cs_manifest_compare_job(r->manifest.body, &r->statement, &r->job), "%s: not what %s says", path,
                          r->job.file));
    CS_TRY(cs_fail_prefix(cs_manifest_check_beacon(r->manifest.body, &r->statement), "%s: seeds.beacon", r->job.file));
    CS_TRY(cs_fail_prefix(cs_check_all_signed(r->manifest.signatures, r->manifest.n, CS_SIGN_MANIFEST, r->manifest.digest,
                                              &r->statement, "the manifest", CS_REFUSAL_MANIFEST),
                          "%s", path));
    r->statement.manifest = json_incref(r->manifest.body);
    bind_job(r);
    return CS_OK;
}

cs_status cs_run_sign(cs_run_state *r) {
    const int me = cs_run_me(r);
    const uint8_t *digest = r->derived.instance.digest;
    cs_buffer all = {0};
    if (!r->statement.members[0].signer.identified)
        return CS_OK;
    cs_sign(&r->signatures[me], CS_SIGN_STATEMENT, digest, r->statement.members[me].signer.name, r->identity.ed25519);
    cs_status status = cs_exchange(r->comm, TAG_SIGNATURES, r->signatures[me].signature, CS_SIGNATURE_SIZE, &all,
                                   "the members' signatures");
    for (int i = 0; status == CS_OK && i < r->comm->size; i++) {
        const int member = cs_run_member(r, i);
        const cs_signer *signer = &r->statement.members[member].signer;
        cs_signature *s = &r->signatures[member];
        memcpy(s->name, signer->name, sizeof signer->name);
        memcpy(s->key, signer->ed25519, sizeof signer->ed25519);
        memcpy(s->signature, all.data + (size_t)i * CS_SIGNATURE_SIZE, CS_SIGNATURE_SIZE);
        status = cs_fail_prefix(cs_signature_check(s, CS_SIGN_STATEMENT, digest),
                                "rank %d did not sign the statement that this rank took part in", i);
    }
    cs_buffer_free(&all);
    return status;
}
