#include "attest/attestation.h"

#include <string.h>

#include "attest/model_file.h"
#include "base/file.h"
#include "base/sha256.h"

static cs_status read_model(cs_model *out, bool *present, const cs_attestation *a, cs_section section, const char *name,
                            const char *path) {
    const cs_buffer *bytes = &a->container.section[section];
    *present = bytes->size != 0;
    if (!*present)
        return CS_OK;
    const cs_status status = cs_model_decode_canonical(out, &a->statement.params, name, bytes->data, bytes->size);
    return cs_fail_prefix(status, "%s", path);
}

typedef cs_status take_container(cs_container *out, const char *name, cs_buffer *file);

static cs_status read_container(cs_attestation *out, const char *path, take_container *take) {
    cs_buffer file = {0};
    cs_status status = cs_file_read(path, CS_CONTAINER_MAX_BYTES, &file);
    out->file_bytes = file.size;
    if (status == CS_OK)
        status = take(&out->container, path, &file);
    if (status == CS_OK)
        cs_sha256(out->digest, out->container.file.data, out->container.file.size);
    cs_buffer_free(&file);
    return status;
}

static cs_status read_statement(cs_attestation *out, const char *path) {
    const cs_buffer *text = &out->container.section[CS_SECTION_STATEMENT];
    return cs_fail_prefix(cs_statement_decode(&out->statement, text->data, text->size), "%s", path);
}

static cs_status read_models(cs_attestation *out, const char *path) {
    CS_TRY(read_model(&out->initial, &out->has_initial, out, CS_SECTION_INITIAL, "INIT", path));
    return read_model(&out->final, &out->has_final, out, CS_SECTION_MODEL, "MODL", path);
}

cs_status cs_attestation_open(cs_attestation *out, const char *path) {
    memset(out, 0, sizeof *out);
    cs_status status = read_container(out, path, cs_container_take);
    if (status == CS_OK)
        status = read_statement(out, path);
    if (status == CS_OK)
        status = cs_evidence_decode(&out->evidence, &out->container, &out->statement, path);
    if (status == CS_OK)
        status = read_models(out, path);
    if (status != CS_OK)
        cs_attestation_free(out);
    return status;
}

cs_status cs_attestation_open_evidence(cs_attestation *out, const char *path) {
    memset(out, 0, sizeof *out);
    cs_status status = read_container(out, path, cs_container_take_evidence);
    const bool stated = out->container.section[CS_SECTION_STATEMENT].size != 0;
    if (status == CS_OK && stated)
        status = read_statement(out, path);
    if (status == CS_OK && stated)
        status = read_models(out, path);
    if (status != CS_OK)
        cs_attestation_free(out);
    return status;
}

void cs_attestation_free(cs_attestation *a) {
    cs_container_free(&a->container);
    cs_evidence_free(&a->evidence);
    cs_statement_free(&a->statement);
    cs_model_free(&a->initial);
    cs_model_free(&a->final);
    memset(a, 0, sizeof *a);
}

cs_status cs_attestation_derive(cs_derived *out, const cs_attestation *a) {
    if (a->has_initial && a->statement.params.initial_committed)
        return cs_fail(CS_ERR_INPUT, "initial: there is a W(0), but the statement only commits to it");
    if (a->statement.params.final_public && !a->has_final) /* before memory is taken for W(0), which is as large */
        return cs_fail(CS_ERR_INPUT, "final: the statement names a public model, which is not at hand");
    CS_TRY(cs_derived_new(out, &a->statement, a->has_initial ? &a->initial : NULL, &a->container.section[CS_SECTION_PROOF]));
    const cs_status status = cs_derived_complete(out, a->has_final ? &a->final : NULL);
    if (status != CS_OK)
        cs_derived_free(out);
    return status;
}

cs_status cs_attestation_pack(cs_container *out, const cs_statement *s, const cs_model *initial, const cs_model *final,
                              const cs_buffer *proof, const cs_evidence *evidence) {
    memset(out, 0, sizeof *out);
    cs_status status = cs_statement_encode(&out->section[CS_SECTION_STATEMENT], s);
    if (status == CS_OK && initial != NULL)
        status = cs_model_encode(&out->section[CS_SECTION_INITIAL], initial, &s->params);
    if (status == CS_OK && final != NULL)
        status = cs_model_encode(&out->section[CS_SECTION_MODEL], final, &s->params);
    if (status == CS_OK) {
        cs_buffer_append(&out->section[CS_SECTION_PROOF], proof->data, proof->size);
        status = cs_buffer_status(&out->section[CS_SECTION_PROOF]);
    }
    if (status == CS_OK)
        status = cs_evidence_encode(out, evidence);
    if (status != CS_OK)
        cs_container_free(out);
    return status;
}
