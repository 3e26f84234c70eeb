#include "attest/dataset_use.h"

#include <string.h>

#include "base/memory.h"
#include "base/strings.h"
#include "provenance/document.h"
#include "provenance/shard.h"

cs_status cs_dataset_uses_new(cs_dataset_uses *out, size_t n) {
    *out = (cs_dataset_uses){.use = CS_NEW(cs_dataset_use, n)};
    if (out->use == NULL)
        return CS_ERR_MEMORY;
    out->n = n;
    for (size_t k = 0; k < n; k++)
        out->use[k] = (cs_dataset_use){.weight = 1, .per_epoch = CS_NO_LIMIT, .total = CS_NO_LIMIT};
    return CS_OK;
}

void cs_dataset_uses_free(cs_dataset_uses *u) {
    for (size_t k = 0; k < u->n; k++)
        cs_dataset_doc_free(&u->use[k].doc);
    cs_free(u->use);
    *u = (cs_dataset_uses){0};
}

static cs_status copy_doc(cs_dataset_doc *out, const cs_dataset_doc *d) {
    json_t *v = cs_dataset_doc_to_json(d);
    if (v == NULL)
        return cs_fail(CS_ERR_MEMORY, "no memory for a dataset's document");
    const cs_json root = cs_json_root(d->name, v);
    const cs_status status = cs_dataset_doc_from_json(out, &root);
    json_decref(v);
    return status;
}

cs_status cs_dataset_uses_copy(cs_dataset_uses *out, const cs_dataset_uses *u) {
    CS_TRY(cs_dataset_uses_new(out, u->n));
    for (size_t k = 0; k < u->n; k++) {
        out->use[k] = u->use[k];
        out->use[k].doc = (cs_dataset_doc){0};
        const cs_status status = copy_doc(&out->use[k].doc, &u->use[k].doc);
        if (status != CS_OK) {
            cs_dataset_uses_free(out);
            return status;
        }
    }
    return CS_OK;
}

void cs_dataset_uses_docs(const cs_dataset_doc **out, const cs_dataset_uses *u) {
    for (size_t k = 0; k < u->n; k++)
        out[k] = &u->use[k].doc;
}

cs_status cs_dataset_uses_place(cs_piece **pieces, cs_pieces *shard, size_t *extent, const cs_dataset_uses *u) {
    const cs_dataset_doc **docs = CS_NEW(const cs_dataset_doc *, u->n);
    cs_piece *list = *pieces = CS_NEW(cs_piece, u->n);
    cs_status status = docs != NULL && list != NULL ? CS_OK : CS_ERR_MEMORY;
    *shard = (cs_pieces){.pieces = list, .n = u->n};
    if (status == CS_OK) {
        cs_dataset_uses_docs(docs, u);
        status = cs_shard_place(list, extent, docs, u->n);
    }
    cs_free(docs);
    for (size_t k = 0; status == CS_OK && k < u->n; k++) {
        list[k].weight = u->use[k].weight;
        list[k].per_epoch = u->use[k].per_epoch;
        list[k].total = u->use[k].total;
    }
    return status;
}

/* ------------------------------------------------------------ checks */

cs_status cs_dataset_uses_schema(uint8_t out[32], const cs_dataset_uses *u) {
    return cs_dataset_doc_schema_digest(out, &u->use[0].doc);
}

static cs_status check_shard(const cs_dataset_uses *u, int rank, const cs_params *p) {
    if (!p->certified && u->n != 1) /* rows between datasets are not one-hot: their own proofs must say what is a record */
        return cs_fail(CS_ERR_INPUT, "member %d: several datasets need well-formedness proofs of their own", rank);
    const cs_dataset_doc **docs = CS_NEW(const cs_dataset_doc *, u->n);
    cs_piece *pieces = NULL;
    cs_pieces shard;
    size_t extent = 0;
    cs_status status = docs != NULL ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK) {
        cs_dataset_uses_docs(docs, u);
        status = cs_shard_check(p, rank, docs, u->n);
    }
    if (status == CS_OK)
        status = cs_dataset_uses_place(&pieces, &shard, &extent, u);
    if (status == CS_OK)
        status = cs_pieces_check(&shard, extent);
    cs_free(docs);
    cs_free(pieces);
    return cs_fail_prefix(status, "member %d", rank);
}

/* The digests of all datasets together, to see that none is there twice; and that they have one schema. */
static cs_status check_each(uint8_t (*digests)[32], size_t *n, const cs_dataset_uses *u, int rank, const uint8_t schema[32],
                            bool certified) {
    for (size_t k = 0; k < u->n; k++) {
        const cs_dataset_doc *d = &u->use[k].doc;
        uint8_t own[32];
        CS_TRY(cs_dataset_doc_schema_digest(own, d));
        if (memcmp(own, schema, 32) != 0)
            return cs_refuse(
                CS_REFUSAL_SCHEMA,
                "member %d: the numbers of dataset \"%s\" mean something else than those of the first: features, "
                "maps and classes must be the same",
                rank, d->name);
        if (d->has_proof != certified)
            return cs_fail(CS_ERR_INPUT,
                           "member %d: dataset \"%s\" has %s well-formedness proof: all datasets of a job have one, or none",
                           rank, d->name, d->has_proof ? "a" : "no");
        CS_TRY(cs_dataset_doc_digest(digests[*n], d));
        for (size_t j = 0; j < *n; j++)
            if (memcmp(digests[j], digests[*n], 32) == 0)
                return cs_fail(CS_ERR_INPUT, "member %d: dataset \"%s\" is there twice", rank, d->name);
        ++*n;
    }
    return CS_OK;
}

cs_status cs_dataset_uses_check(const cs_dataset_uses *const *members, const cs_params *p) {
    size_t all = 0, n = 0;
    uint8_t schema[32];
    for (int i = 0; i < p->n_ranks; i++)
        all += members[i]->n;
    uint8_t(*digests)[32] = cs_calloc(all, sizeof *digests);
    cs_status status = digests != NULL ? cs_dataset_uses_schema(schema, members[0]) : CS_ERR_MEMORY;
    for (int i = 0; status == CS_OK && i < p->n_ranks; i++)
        status = check_each(digests, &n, members[i], i, schema, p->certified);
    cs_free(digests);
    for (int i = 0; status == CS_OK && i < p->n_ranks; i++)
        status = check_shard(members[i], i, p);
    return status;
}

/* ------------------------------------------------------------ JSON */

static json_t *limit_to_json(size_t limit) {
    return limit == CS_NO_LIMIT ? json_null() : json_integer((json_int_t)limit);
}

static json_t *certificate_to_json(const cs_dataset_use *u) {
    return u->has_certificate ? cs_document_hex_to_json(u->certificate, 32) : json_null();
}

static json_t *use_to_json(const cs_dataset_use *u, bool digests) {
    uint8_t digest[32];
    if (!digests)
        return json_pack("{s:o, s:o, s:o, s:o, s:f}", "certificate", certificate_to_json(u), "document",
                         cs_dataset_doc_to_json(&u->doc), "per_epoch", limit_to_json(u->per_epoch), "total",
                         limit_to_json(u->total), "weight", u->weight);
    if (cs_dataset_doc_digest(digest, &u->doc) != CS_OK)
        return NULL;
    return json_pack("{s:o, s:o, s:I, s:o, s:o, s:f}", "certificate", certificate_to_json(u), "digest",
                     cs_document_hex_to_json(digest, 32), "rows", (json_int_t)u->doc.rows, "per_epoch",
                     limit_to_json(u->per_epoch), "total", limit_to_json(u->total), "weight", u->weight);
}

json_t *cs_dataset_uses_to_json(const cs_dataset_uses *u, bool digests) {
    json_t *out = json_array();
    for (size_t k = 0; out != NULL && k < u->n; k++)
        if (json_array_append_new(out, use_to_json(&u->use[k], digests)) != 0) {
            json_decref(out);
            return NULL;
        }
    return out;
}

static cs_status read_limit(size_t *out, const cs_json *v) {
    if (v->value == NULL || json_is_null(v->value))
        return CS_OK;
    return cs_json_size(out, v, 1, (size_t)1 << 40);
}

cs_status cs_dataset_use_read_limits(cs_dataset_use *out, const cs_json *v) {
    const cs_json weight = cs_json_get(v, "weight"), epoch = cs_json_get(v, "per_epoch"), total = cs_json_get(v, "total");
    if (weight.value != NULL)
        CS_TRY(cs_json_number(&out->weight, &weight, 0x1p-40, 1));
    CS_TRY(read_limit(&out->per_epoch, &epoch));
    return read_limit(&out->total, &total);
}

static const cs_json_field USE[] = {
    {"certificate", true}, {"document", true}, {"per_epoch", true}, {"total", true}, {"weight", true}};
static const cs_json_shape USE_SHAPE = {"datasets[][]", USE, sizeof USE / sizeof *USE};

cs_status cs_dataset_uses_from_json(cs_dataset_uses *out, const cs_json *v) {
    size_t n;
    CS_TRY(cs_json_array(&n, v, 1, CS_MAX_DATASETS));
    CS_TRY(cs_dataset_uses_new(out, n));
    for (size_t k = 0; k < n; k++) {
        cs_dataset_use *u = &out->use[k];
        const cs_json item = cs_json_at(v, k), doc = cs_json_get(&item, "document"),
                      certificate = cs_json_get(&item, "certificate");
        CS_TRY(cs_document_object(&item, &USE_SHAPE, 0));
        CS_TRY(cs_dataset_use_read_limits(u, &item));
        CS_TRY(cs_dataset_doc_from_json(&u->doc, &doc));
        u->has_certificate = !json_is_null(certificate.value);
        if (u->has_certificate)
            CS_TRY(cs_json_hex32(u->certificate, &certificate));
    }
    return CS_OK;
}

cs_status cs_dataset_uses_count_passes(size_t *out, const cs_dataset_uses *u, size_t n_draws) {
    cs_piece *pieces;
    cs_pieces shard;
    size_t extent;
    cs_status status = cs_dataset_uses_place(&pieces, &shard, &extent, u);
    if (status == CS_OK)
        status = cs_passes_count(out, &shard, n_draws);
    cs_free(pieces);
    if (status == CS_OK && *out == 0)
        return cs_fail(CS_ERR_INPUT, "the total quotas of the datasets do not allow %zu draws", n_draws);
    return status;
}
