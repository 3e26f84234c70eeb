#include "attest/evidence.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "provenance/document.h"
#include "provenance/wellformed.h"

static const cs_json_field SIGN[] = {{"manifest", true}, {"statement", true}};
static const cs_json_shape SIGN_SHAPE = {"", SIGN, 2};
static const cs_json_field CERTIFICATES[] = {{"certificates", true}};
static const cs_json_shape CERTIFICATES_SHAPE = {"", CERTIFICATES, 1};

void cs_evidence_free(cs_evidence *e) {
    for (size_t k = 0; k < e->n_certificates; k++)
        cs_certificate_free(&e->certificates[k]);
    for (size_t k = 0; k < e->n_proofs; k++)
        cs_buffer_free(&e->proofs[k]);
    cs_free(e->manifest);
    cs_free(e->statement);
    cs_free(e->certificates);
    cs_free(e->proofs);
    *e = (cs_evidence){0};
}

cs_status cs_evidence_new(cs_evidence *out, size_t n_manifest, size_t n_statement, size_t n_certificates, size_t n_proofs) {
    *out = (cs_evidence){.manifest = CS_NEW(cs_signature, n_manifest),
                         .statement = CS_NEW(cs_signature, n_statement),
                         .certificates = CS_NEW(cs_certificate, n_certificates),
                         .proofs = CS_NEW(cs_buffer, n_proofs)};
    if (!out->manifest || !out->statement || !out->certificates || !out->proofs) {
        cs_evidence_free(out);
        return CS_ERR_MEMORY;
    }
    out->n_manifest = n_manifest;
    out->n_statement = n_statement;
    out->n_certificates = n_certificates;
    out->n_proofs = n_proofs;
    return CS_OK;
}

void cs_evidence_expected(size_t *certificates, size_t *proofs, const cs_statement *s) {
    *certificates = *proofs = 0;
    for (int i = 0; i < s->params.n_ranks; i++)
        for (size_t k = 0; k < s->members[i].datasets.n; k++) {
            *certificates += s->members[i].datasets.use[k].has_certificate;
            *proofs += s->members[i].datasets.use[k].doc.has_proof;
        }
}

/* ------------------------------------------------------------ writing */

static json_t *signatures_to_json(const cs_signature *signatures, size_t n) {
    json_t *out = json_array();
    for (size_t k = 0; out != NULL && k < n; k++)
        if (json_array_append_new(out, cs_signature_to_json(&signatures[k])) != 0) {
            json_decref(out);
            return NULL;
        }
    return out;
}

static json_t *certificates_to_json(const cs_evidence *e) {
    json_t *out = json_array();
    for (size_t k = 0; out != NULL && k < e->n_certificates; k++)
        if (json_array_append_new(out, cs_certificate_to_json(&e->certificates[k])) != 0) {
            json_decref(out);
            return NULL;
        }
    return json_pack("{s:o}", "certificates", out);
}

cs_status cs_evidence_encode(cs_container *c, const cs_evidence *e) {
    cs_buffer *proofs = &c->section[CS_SECTION_WELLFORMED];
    if (e->n_manifest + e->n_statement != 0)
        CS_TRY(cs_document_append(&c->section[CS_SECTION_SIGNATURES],
                                  json_pack("{s:o, s:o}", "manifest", signatures_to_json(e->manifest, e->n_manifest),
                                            "statement", signatures_to_json(e->statement, e->n_statement))));
    if (e->n_certificates != 0)
        CS_TRY(cs_document_append(&c->section[CS_SECTION_CERTIFICATES], certificates_to_json(e)));
    for (size_t k = 0; k < e->n_proofs; k++) {
        cs_buffer_append_u64(proofs, e->proofs[k].size);
        cs_buffer_append(proofs, e->proofs[k].data, e->proofs[k].size);
    }
    return cs_buffer_status(proofs);
}

/* ------------------------------------------------------------ reading */

static cs_status read_signatures(cs_signature *out, size_t n, const cs_json *v) {
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(v, k);
        CS_TRY(cs_signature_from_json(&out[k], &item));
    }
    return CS_OK;
}

static cs_status read_certificates(cs_evidence *out, const cs_json *v) {
    for (size_t k = 0; k < out->n_certificates; k++) {
        const cs_json item = cs_json_at(v, k);
        CS_TRY(cs_certificate_from_json(&out->certificates[k], &item));
    }
    return CS_OK;
}

static cs_status read_proofs(cs_evidence *out, const cs_buffer *section, const char *file) {
    size_t at = 0;
    for (size_t k = 0; k < out->n_proofs; k++) {
        const uint64_t size = section->size - at < 8 ? UINT64_MAX : cs_load_u64(section->data + at);
        if (size > CS_WELLFORMED_MAX_BYTES || size > section->size - at - 8)
            return cs_fail(CS_ERR_INPUT, "%s: WELL: truncated, or not the %zu well-formedness proofs of the datasets", file,
                           out->n_proofs);
        cs_buffer_append(&out->proofs[k], section->data + at + 8, (size_t)size);
        CS_TRY(cs_buffer_status(&out->proofs[k]));
        at += 8 + (size_t)size;
    }
    return at == section->size ? CS_OK : cs_fail(CS_ERR_INPUT, "%s: WELL: bytes follow the last proof", file);
}

/* *document stays NULL for an empty section. */
static cs_status parse(json_t **document, const cs_buffer *section, const char *name) {
    return section->size == 0 ? CS_OK : cs_document_parse(document, name, section->data, section->size);
}

static cs_status decode(cs_evidence *out, const cs_json *sign, const cs_json *certificates, const cs_buffer *proofs,
                        const cs_statement *s, const char *file) {
    const cs_json manifest = cs_json_get(sign, "manifest"), statement = cs_json_get(sign, "statement"),
                  list = cs_json_get(certificates, "certificates");
    size_t n_certificates, n_proofs, n_manifest = 0, n_statement = 0, n = 0;
    cs_evidence_expected(&n_certificates, &n_proofs, s);
    if (sign->value != NULL) {
        CS_TRY(cs_document_object(sign, &SIGN_SHAPE, 0));
        CS_TRY(cs_json_array(&n_manifest, &manifest, 0, 2 * CS_MAX_RANKS));
        CS_TRY(cs_json_array(&n_statement, &statement, 0, 2 * CS_MAX_RANKS));
    }
    if (certificates->value != NULL) {
        CS_TRY(cs_document_object(certificates, &CERTIFICATES_SHAPE, 0));
        CS_TRY(cs_json_array(&n, &list, n_certificates, n_certificates));
    }
    if (n != n_certificates)
        return cs_fail(CS_ERR_INPUT, "%s: the statement names %zu certificates, and the section CERT is missing", file,
                       n_certificates);
    CS_TRY(cs_evidence_new(out, n_manifest, n_statement, n_certificates, n_proofs));
    CS_TRY(read_signatures(out->manifest, n_manifest, &manifest));
    CS_TRY(read_signatures(out->statement, n_statement, &statement));
    CS_TRY(read_certificates(out, &list));
    return read_proofs(out, proofs, file);
}

cs_status cs_evidence_decode(cs_evidence *out, const cs_container *c, const cs_statement *s, const char *file) {
    json_t *sign = NULL, *certificates = NULL;
    *out = (cs_evidence){0};
    cs_status status = parse(&sign, &c->section[CS_SECTION_SIGNATURES], "SIGN");
    if (status == CS_OK)
        status = parse(&certificates, &c->section[CS_SECTION_CERTIFICATES], "CERT");
    if (status == CS_OK) {
        const cs_json signs = cs_json_root("SIGN", sign), certs = cs_json_root("CERT", certificates);
        status = decode(out, &signs, &certs, &c->section[CS_SECTION_WELLFORMED], s, file);
    }
    json_decref(sign);
    json_decref(certificates);
    if (status != CS_OK)
        cs_evidence_free(out);
    return cs_fail_prefix(status, "%s", file);
}
