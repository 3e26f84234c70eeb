/* Hidden draws: a member's own choice, of which the others learn how many records of each dataset the last pass takes. */
#include <sodium.h>
#include <string.h>

#include "attest/exchange.h"
#include "attest/run_state.h"
#include "base/bytes.h"
#include "base/memory.h"

enum { TAG_DRAWS = 0x10010 };

/* This rank's draws from a seed that nobody else has, and their blocks of the witness. */
static cs_status choose(cs_run_state *r, const cs_pieces *shard, cs_buffer *counts) {
    const cs_params *p = &r->statement.params;
    const size_t n = p->steps * p->batch;
    cs_passes passes = {0};
    r->own_draws = CS_NEW(uint32_t, n);
    if (r->own_draws == NULL)
        return CS_ERR_MEMORY;
    if (!r->saves.resuming) /* else it is that of the checkpoint */
        randombytes_buf(r->saves.draws, sizeof r->saves.draws);
    cs_status status = cs_draws_of_rank(r->own_draws, n, shard, r->saves.draws, cs_run_me(r));
    if (status == CS_OK)
        status = cs_passes_new(&passes, shard, r->own_draws, n);
    if (status == CS_OK)
        status = cs_hidden_draws_fill(r->tensors, &r->blocks, p, &passes, r->own_draws);
    for (size_t k = 0; status == CS_OK && k < shard->n; k++)
        cs_buffer_append_u64(counts, cs_passes_last(&passes)[k]);
    cs_passes_free(&passes);
    return status == CS_OK ? cs_buffer_status(counts) : status;
}

static cs_status choose_own(cs_run_state *r, cs_buffer *counts) {
    const cs_dataset_uses *u = &r->statement.members[cs_run_me(r)].datasets;
    cs_piece *pieces;
    cs_pieces shard;
    size_t extent;
    if (!cs_run_holds(r)) /* it draws nothing */
        return CS_OK;
    cs_status status = cs_dataset_uses_place(&pieces, &shard, &extent, u);
    if (status == CS_OK)
        status = choose(r, &shard, counts);
    cs_free(pieces);
    return status;
}

/* Whether they add up is checked when the passes are made (attest/derive.h). */
static cs_status take_counts(cs_statement *s, int member, int rank, const cs_buffer *part) {
    const size_t n = s->members[member].datasets.n;
    if (part->size != 8 * n)
        return cs_fail(CS_ERR_ABORT, "rank %d sent %zu bytes of counts of its draws; %zu are expected", rank, part->size,
                       8 * n);
    s->last_pass[member] = CS_NEW(size_t, n);
    if (s->last_pass[member] == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < n; k++)
        s->last_pass[member][k] = (size_t)cs_load_u64(part->data + 8 * k);
    return CS_OK;
}

cs_status cs_run_choose_draws(cs_run_state *r) {
    const size_t ranks = (size_t)r->comm->size;
    cs_buffer counts = {0}, *parts = CS_NEW(cs_buffer, ranks);
    cs_status status = parts == NULL ? CS_ERR_MEMORY : choose_own(r, &counts);
    if (status == CS_OK)
        status = cs_exchange_parts(r->comm, TAG_DRAWS, &counts, 8 * (size_t)CS_MAX_DATASETS, parts, "the counts of draws");
    for (size_t i = 0; status == CS_OK && i < ranks; i++)
        status = take_counts(&r->statement, cs_run_member(r, (int)i), (int)i, &parts[i]);
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): CS_OK: the counts are there */
    if (status == CS_OK && counts.size > 0 && memcmp(parts[r->comm->rank].data, counts.data, counts.size) != 0)
        status = cs_fail(CS_ERR_ABORT, "the root changed the counts of this member's draws");
    for (size_t i = 0; parts != NULL && i < ranks; i++)
        cs_buffer_free(&parts[i]);
    cs_free(parts);
    cs_buffer_free(&counts);
    return status;
}
