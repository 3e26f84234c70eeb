/* Chains: each attestation goes on from the final model of the one before. */
#include <string.h>

#include "attest/verification.h"
#include "provenance/refusal.h"

static bool is(const uint8_t a[32], const uint8_t b[32]) {
    return memcmp(a, b, 32) == 0;
}

static cs_status refuse_beginning(void) {
    return cs_refuse(CS_REFUSAL_CHAIN,
                     "chain: this attestation goes on from another one: give that one, and all before it, first");
}

/* Where the chain is broken, as exactly as the files at hand tell. */
static cs_status refuse_place(const cs_facts *chain, size_t k) {
    const cs_facts *now = &chain[k];
    for (size_t j = 0; j < k; j++)
        if (is(chain[j].statement, now->statement))
            return cs_refuse(CS_REFUSAL_CHAIN, "chain: file %zu is file %zu once more", k + 1, j + 1);
    if (!now->has_previous)
        return cs_refuse(CS_REFUSAL_CHAIN, "chain: file %zu begins a chain of its own: it does not go on from file %zu",
                         k + 1, k);
    for (size_t j = 0; j + 1 < k; j++)
        if (is(chain[j].statement, now->previous))
            return cs_refuse(CS_REFUSAL_CHAIN, "chain: files %zu and %zu both go on from file %zu: the chain forks", j + 2,
                             k + 1, j + 1);
    return cs_refuse(CS_REFUSAL_CHAIN, "chain: file %zu does not go on from file %zu: something is missing between them",
                     k + 1, k);
}

/* The model where the earlier run ended is the one where this run starts: the same integers, within known bounds. */
static cs_status check_model(const cs_statement *before, const cs_statement *s, size_t k) {
    const cs_params *p = &before->params, *q = &s->params;
    bool same = p->layers == q->layers && p->a == q->a && p->w == q->w && p->final_public != q->initial_committed;
    for (size_t l = 0; same && l <= p->layers; l++)
        same = p->widths[l] == q->widths[l];
    if (!same)
        return cs_refuse(CS_REFUSAL_CHAIN,
                         "chain: file %zu starts from a model of another shape, scale or form than file %zu "
                         "ended with",
                         k + 1, k);
    if (p->final_public)
        same = s->initial_given && is(s->initial_digest, before->final_digest);
    else
        same = p->column_bits == q->column_bits &&
               memcmp(s->initial_rows, before->final_rows, cs_final_row_count(p) * sizeof *s->initial_rows) == 0;
    if (!same)
        return cs_refuse(CS_REFUSAL_INITIAL, "chain: file %zu does not start from the model that file %zu ended with", k + 1,
                         k);
    for (size_t l = 1; q->initial_committed && l <= q->layers; l++)
        if (q->initial_max[l - 1] < cs_params_weight_max(p, l))
            return cs_refuse(
                CS_REFUSAL_CHAIN,
                "chain: file %zu takes layer %zu of its committed initial model to be smaller than file %zu shows", k + 1, l,
                k);
    return CS_OK;
}

/* What the digests do not show: with a segment's draws go those of all segments before. */
cs_status cs_verify_segment(const cs_statement *before, const cs_statement *s, size_t k) {
    bool same;
    if (s->segment.from == 0)
        return CS_OK;
    if (k == 0)
        return refuse_beginning();
    CS_TRY(cs_statement_same_run(&same, before, s));
    if (!same)
        return cs_refuse(CS_REFUSAL_CHAIN, "chain: file %zu is a segment of another run than file %zu", k + 1, k);
    if (before->segment.to != s->segment.from)
        return cs_refuse(CS_REFUSAL_CHAIN,
                         "chain: file %zu ends before step %zu of the job and file %zu begins with step %zu: something is "
                         "missing between them, or they are in another order",
                         k, before->segment.to, k + 1, s->segment.from);
    return CS_OK;
}

cs_status cs_verify_link(const cs_statement *before, const cs_statement *s, const cs_facts *chain, size_t k) {
    if (k == 0 && chain->has_previous)
        return refuse_beginning();
    if (k == 0)
        return CS_OK;
    if (!chain[k].has_previous || !is(chain[k].previous, chain[k - 1].statement))
        return refuse_place(chain, k);
    return check_model(before, s, k);
}

/* Draws of a dataset in the whole chain, whoever holds it. */
static uint64_t draws_of(const cs_facts *chain, size_t n, const uint8_t digest[32]) {
    uint64_t draws = 0;
    for (size_t f = 0; f < n; f++)
        for (size_t i = 0; i < chain[f].n_members; i++)
            for (size_t k = 0; k < chain[f].members[i].n_datasets; k++)
                if (is(chain[f].members[i].datasets[k].digest, digest))
                    draws += chain[f].members[i].datasets[k].draws;
    return draws;
}

cs_status cs_verify_chain_quotas(const cs_facts *chain, size_t n) {
    for (size_t f = 0; f < n; f++)
        for (size_t i = 0; i < chain[f].n_members; i++)
            for (size_t k = 0; k < chain[f].members[i].n_datasets; k++) {
                const cs_fact_dataset *d = &chain[f].members[i].datasets[k];
                const uint64_t draws = draws_of(chain, n, d->digest);
                if (draws > d->quota)
                    return cs_refuse(CS_REFUSAL_QUOTA,
                                     "chain: dataset \"%s\" of \"%s\": %llu draws in all files; its licence allows %llu",
                                     d->name, chain[f].members[i].name, (unsigned long long)draws,
                                     (unsigned long long)d->quota);
            }
    return CS_OK;
}
