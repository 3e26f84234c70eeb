#include "train/passes.h"

#include <string.h>

#include "base/memory.h"

/* Which piece a row of the shard belongs to; shard->n if none. */
static size_t piece_of(const cs_pieces *shard, size_t row) {
    size_t k = 0;
    while (k < shard->n && (row < shard->pieces[k].offset || row - shard->pieces[k].offset >= shard->pieces[k].rows))
        k++;
    return k;
}

/* What the next pass takes of each piece: counts[shard->n], added to used; returns their sum. */
static size_t whole_pass(const cs_pieces *shard, size_t *used, size_t *counts) {
    size_t draws = 0;
    for (size_t k = 0; k < shard->n; k++) {
        counts[k] = cs_piece_share(&shard->pieces[k], used[k]);
        used[k] += counts[k];
        draws += counts[k];
    }
    return draws;
}

static size_t count_passes(const cs_pieces *shard, size_t n_draws, size_t *used, size_t *counts) {
    size_t n = 0;
    for (size_t done = 0; done < n_draws; n++) {
        const size_t draws = whole_pass(shard, used, counts);
        if (draws == 0)
            return 0;
        done += draws;
    }
    return n;
}

/* The last pass may be cut off: its draws are counted one by one. */
static cs_status fill(cs_passes *out, const uint32_t *draws, size_t n_draws, size_t *used) {
    const cs_pieces *shard = &out->shard;
    size_t done = 0;
    for (size_t p = 0; p + 1 < out->n; p++)
        done += whole_pass(shard, used, out->counts + p * shard->n);
    for (size_t x = done; x < n_draws; x++) {
        const size_t k = piece_of(shard, draws[x]);
        if (k == shard->n)
            return cs_fail(CS_ERR_INTERNAL, "row %u of a shard was drawn and belongs to none of its datasets",
                           (unsigned)draws[x]);
        out->counts[(out->n - 1) * shard->n + k]++;
    }
    return CS_OK;
}

cs_status cs_passes_new(cs_passes *out, const cs_pieces *shard, const uint32_t *draws, size_t n_draws) {
    size_t *used = CS_NEW(size_t, shard->n), *scratch = CS_NEW(size_t, shard->n);
    cs_status status = used != NULL && scratch != NULL ? CS_OK : CS_ERR_MEMORY;
    *out = (cs_passes){.shard = *shard};
    if (status == CS_OK) {
        out->n = count_passes(shard, n_draws, used, scratch);
        out->counts = CS_NEW(size_t, out->n * shard->n);
        status = out->n == 0           ? cs_fail(CS_ERR_INTERNAL, "draws: the datasets cannot give %zu records", n_draws)
                 : out->counts == NULL ? CS_ERR_MEMORY
                                       : CS_OK;
    }
    if (status == CS_OK) {
        memset(used, 0, shard->n * sizeof *used);
        status = fill(out, draws, n_draws, used);
    }
    cs_free(used);
    cs_free(scratch);
    if (status != CS_OK)
        cs_passes_free(out);
    return status;
}

void cs_passes_free(cs_passes *passes) {
    cs_free(passes->counts);
    *passes = (cs_passes){0};
}

size_t cs_pass_draws(const cs_passes *passes, size_t p) {
    size_t draws = 0;
    for (size_t k = 0; k < passes->shard.n; k++)
        draws += passes->counts[p * passes->shard.n + k];
    return draws;
}

static cs_status check_counts(const cs_passes *m, size_t n_draws, size_t *used) {
    const size_t n = m->shard.n;
    size_t left = n_draws;
    for (size_t p = 0; p < m->n; p++)
        for (size_t k = 0; k < n; k++) {
            const size_t count = m->counts[p * n + k], share = cs_piece_share(&m->shard.pieces[k], used[k]);
            const bool last = p + 1 == m->n;
            if (count > left || count > share || (!last && count != share))
                return cs_fail(CS_ERR_INPUT, "pass %zu draws %zu records of dataset %zu; %s %zu are its share", p, count, k,
                               last ? "at most" : "exactly", share < left ? share : left);
            used[k] += count;
            left -= count;
        }
    if (left != 0)
        return cs_fail(CS_ERR_INPUT, "the passes have %zu draws; the schedule has %zu", n_draws - left, n_draws);
    return CS_OK;
}

cs_status cs_passes_check(const cs_passes *passes, size_t rows, size_t n_draws) {
    CS_TRY(cs_pieces_check(&passes->shard, rows));
    if (passes->n == 0)
        return cs_fail(CS_ERR_INPUT, "there is no pass");
    if (cs_pass_draws(passes, passes->n - 1) == 0)
        return cs_fail(CS_ERR_INPUT, "the last pass draws nothing");
    size_t *used = CS_NEW(size_t, passes->shard.n);
    const cs_status status = used == NULL ? CS_ERR_MEMORY : check_counts(passes, n_draws, used);
    cs_free(used);
    return status;
}
