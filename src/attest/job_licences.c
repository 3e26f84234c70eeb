#include "attest/job_licences.h"

#include <string.h>

#include "base/memory.h"
#include "provenance/wellformed.h"

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Every pass but the last takes of a dataset what it has to give; the last one takes at most that. */
static cs_draw_count most_draws(const cs_piece *piece, size_t passes, size_t draws) {
    const uint64_t share = smaller(cs_piece_share(piece, 0), draws);
    return (cs_draw_count){.epoch_max = (size_t)share,
                           .total = (size_t)smaller(smaller(share * passes, draws), piece->total)};
}

static cs_status check_one(const cs_certificate *c, const cs_dataset_doc *doc, cs_draw_count most, const cs_job *job,
                           const cs_trust *trust, const char *at) {
    cs_certified_dataset dataset = {.rows = doc->rows};
    CS_TRY(cs_dataset_doc_digest(dataset.digest, doc));
    CS_TRY(cs_dataset_doc_schema_digest(dataset.schema, doc));
    CS_TRY(cs_certificate_check_dataset(c, &dataset));
    CS_TRY(trust != NULL ? cs_certificate_check(c, trust, at) : cs_licence_check(&c->licence, at));
    CS_TRY(cs_licence_check_purpose(&c->licence, job->purpose));
    return cs_licence_check_draws(&c->licence, most.epoch_max, most.total);
}

static cs_status check_member(const cs_job *job, const cs_job_member *m, const cs_trust *trust, const char *at) {
    const size_t draws = job->params.steps * job->params.batch;
    size_t extent, passes;
    cs_piece *pieces;
    cs_pieces shard;
    cs_status status = cs_dataset_uses_place(&pieces, &shard, &extent, &m->datasets);
    if (status == CS_OK)
        status = cs_dataset_uses_count_passes(&passes, &m->datasets, draws);
    for (size_t k = 0; status == CS_OK && k < m->datasets.n; k++)
        if (m->datasets.use[k].has_certificate)
            status = cs_fail_prefix(check_one(&m->certificates[k], &m->datasets.use[k].doc,
                                              most_draws(&pieces[k], passes, draws), job, trust, at),
                                    "dataset \"%s\"", m->datasets.use[k].doc.name);
    cs_free(pieces);
    return status;
}

cs_status cs_job_check_licences(const cs_job *job, const cs_trust *trust, const char *at) {
    for (int i = 0; i < job->params.n_ranks; i++)
        if (job->members[i].datasets.n != 0)
            CS_TRY(cs_fail_prefix(check_member(job, &job->members[i], trust, at), "%s: member \"%s\"", job->file,
                                  job->members[i].name));
    return CS_OK;
}

static cs_status check_proof(const char *folder, const cs_dataset_doc *doc) {
    cs_buffer proof = {0};
    cs_status status = cs_dataset_folder_read_proof(&proof, folder, doc);
    if (status == CS_OK)
        status = cs_fail_prefix(cs_wellformed_verify(doc, proof.data, proof.size), "%s", folder);
    cs_buffer_free(&proof);
    if (status == CS_REJECT && cs_refusal_last() == CS_REFUSAL_NONE)
        return cs_refuse(CS_REFUSAL_PROOF, "%s", cs_error_text());
    return status;
}

cs_status cs_job_check_proofs(const cs_job *job) {
    for (int i = 0; i < job->params.n_ranks; i++)
        for (size_t k = 0; k < job->members[i].datasets.n; k++)
            if (job->members[i].datasets.use[k].doc.has_proof)
                CS_TRY(check_proof(job->members[i].folders[k], &job->members[i].datasets.use[k].doc));
    return CS_OK;
}
