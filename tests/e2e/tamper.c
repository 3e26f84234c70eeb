/* Makes a false attestation of a good one, consistently, as a cheat would: tamper WHAT IN OUT. Not installed. */
#include <stdio.h>
#include <string.h>

#include "attest/attestation.h"
#include "base/file.h"

/* A byte in the middle of the proof. */
static cs_status flip_proof(cs_attestation *a) {
    cs_buffer *proof = &a->container.section[CS_SECTION_PROOF];
    proof->data[proof->size / 2] ^= 1;
    return CS_OK;
}

/* One weight of the released model, and its digest in the statement. */
static cs_status change_weight(cs_attestation *a) {
    if (!a->has_final)
        return cs_fail(CS_ERR_INPUT, "the attestation has no released model");
    a->final.w[0][0] += 1;
    cs_model_digest(a->statement.final_digest, &a->final);
    return CS_OK;
}

/* Two commitment rows of the first member's dataset. */
static cs_status swap_rows(cs_attestation *a) {
    cs_g1_affine *rows = a->statement.members[0].datasets.use[0].doc.commitments;
    const cs_g1_affine first = rows[0];
    rows[0] = rows[1];
    rows[1] = first;
    return CS_OK;
}

/* A member without data, with the contribution to the seed: as if nobody had been there. */
static cs_status drop_idle(cs_attestation *a) {
    if (a->statement.n_idle == 0)
        return cs_fail(CS_ERR_INPUT, "the attestation has no idle member");
    a->statement.n_idle--;
    return CS_OK;
}

static cs_status tamper(const char *what, const char *in, const char *out) {
    cs_attestation a;
    cs_container changed = {0};
    cs_buffer file = {0};
    CS_TRY(cs_attestation_open(&a, in));
    cs_status status = cs_fail(CS_ERR_USAGE, "what: proof, weight, dataset or idle");
    if (strcmp(what, "proof") == 0)
        status = flip_proof(&a);
    else if (strcmp(what, "weight") == 0)
        status = change_weight(&a);
    else if (strcmp(what, "dataset") == 0)
        status = swap_rows(&a);
    else if (strcmp(what, "idle") == 0)
        status = drop_idle(&a);
    if (status == CS_OK)
        status = cs_attestation_pack(&changed, &a.statement, a.has_initial ? &a.initial : NULL,
                                     a.has_final ? &a.final : NULL, &a.container.section[CS_SECTION_PROOF], &a.evidence);
    if (status == CS_OK)
        status = cs_container_encode(&file, &changed);
    if (status == CS_OK)
        status = cs_file_write(out, file.data, file.size, 0644);
    cs_buffer_free(&file);
    cs_container_free(&changed);
    cs_attestation_free(&a);
    return status;
}

int main(int argc, char **argv) {
    const cs_status status =
        argc == 4 ? tamper(argv[1], argv[2], argv[3]) : cs_fail(CS_ERR_USAGE, "usage: tamper WHAT IN OUT");
    if (status != CS_OK)
        fprintf(stderr, "tamper: %s\n", cs_error_text());
    return (int)status;
}
