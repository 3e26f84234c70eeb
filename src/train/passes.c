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

static cs_status count_passes(size_t *n, const cs_pieces *shard, size_t n_draws, size_t *used, size_t *counts) {
    const size_t most = CS_MAX_PASS_COUNTS / shard->n;
    *n = 0;
    for (size_t done = 0; done < n_draws; ++*n) {
        if (*n == most)
            return cs_fail(CS_ERR_INPUT,
                           "%zu draws take more than %zu passes over %zu datasets, too many for hidden draws: take larger "
                           "datasets, weights or quotas, or public draws",
                           n_draws, most, shard->n);
        const size_t draws = whole_pass(shard, used, counts);
        if (draws == 0) {
            *n = 0;
            return CS_OK;
        }
        done += draws;
    }
    return CS_OK;
}

cs_status cs_passes_count(size_t *out, const cs_pieces *shard, size_t n_draws) {
    size_t *used = CS_NEW(size_t, shard->n), *counts = CS_NEW(size_t, shard->n);
    cs_status status = used != NULL && counts != NULL ? CS_OK : CS_ERR_MEMORY;
    *out = 0;
    if (status == CS_OK)
        status = count_passes(out, shard, n_draws, used, counts);
    cs_free(used);
    cs_free(counts);
    return status;
}

/* All passes but the last; *left: draws of the last, used[shard->n]: records given before it. */
static cs_status start(cs_passes *out, const cs_pieces *shard, size_t n_draws, size_t *used, size_t *left) {
    *out = (cs_passes){.shard = *shard};
    CS_TRY(cs_passes_count(&out->n, shard, n_draws));
    if (out->n == 0)
        return cs_fail(CS_ERR_INPUT, "the total quotas of the datasets do not allow %zu draws", n_draws);
    out->counts = CS_NEW(size_t, out->n * shard->n);
    if (out->counts == NULL)
        return CS_ERR_MEMORY;
    *left = n_draws;
    for (size_t p = 0; p + 1 < out->n; p++)
        *left -= whole_pass(shard, used, out->counts + p * shard->n);
    return CS_OK;
}

/* Adds to counts[shard->n]. */
static cs_status count_draws(size_t *counts, const cs_pieces *shard, const uint32_t *draws, size_t n) {
    for (size_t x = 0; x < n; x++) {
        const size_t k = piece_of(shard, draws[x]);
        if (k == shard->n)
            return cs_fail(CS_ERR_INTERNAL, "row %u of a shard was drawn and belongs to none of its datasets",
                           (unsigned)draws[x]);
        counts[k]++;
    }
    return CS_OK;
}

static cs_status take_last(cs_passes *out, const size_t *last, const size_t *used, size_t left) {
    const cs_pieces *shard = &out->shard;
    for (size_t k = 0; k < shard->n; k++) {
        const size_t share = cs_piece_share(&shard->pieces[k], used[k]), most = share < left ? share : left;
        if (last[k] > most)
            return cs_fail(CS_ERR_INPUT, "the last pass draws %zu records of dataset %zu; it may draw %zu", last[k], k,
                           most);
        out->counts[(out->n - 1) * shard->n + k] = last[k];
        left -= last[k];
    }
    return left == 0 ? CS_OK : cs_fail(CS_ERR_INPUT, "the last pass has %zu draws too few", left);
}

cs_status cs_passes_new(cs_passes *out, const cs_pieces *shard, const uint32_t *draws, size_t n_draws) {
    size_t *used = CS_NEW(size_t, shard->n), left = 0;
    *out = (cs_passes){0};
    cs_status status = used == NULL ? CS_ERR_MEMORY : start(out, shard, n_draws, used, &left);
    if (status == CS_OK)
        status = count_draws(out->counts + (out->n - 1) * shard->n, shard, draws + (n_draws - left), left);
    cs_free(used);
    if (status != CS_OK)
        cs_passes_free(out);
    return status;
}

cs_status cs_passes_stated(cs_passes *out, const cs_pieces *shard, const size_t *last, size_t n_draws) {
    size_t *used = CS_NEW(size_t, shard->n), left = 0;
    *out = (cs_passes){0};
    cs_status status = used == NULL ? CS_ERR_MEMORY : start(out, shard, n_draws, used, &left);
    if (status == CS_OK)
        status = take_last(out, last, used, left);
    cs_free(used);
    if (status != CS_OK)
        cs_passes_free(out);
    return status;
}

/* One pass at a time: of public draws there may be as many passes as draws. */
static cs_status tally(cs_draw_count *out, const cs_pieces *shard, const uint32_t *draws, size_t n_draws, size_t *used,
                       size_t *counts) {
    for (size_t left = n_draws; left > 0;) {
        size_t length = whole_pass(shard, used, counts);
        if (length == 0)
            return cs_fail(CS_ERR_INPUT, "the total quotas of the datasets do not allow %zu draws", n_draws);
        if (length > left) { /* the last */
            length = left;
            memset(counts, 0, shard->n * sizeof *counts);
            CS_TRY(count_draws(counts, shard, draws + (n_draws - left), left));
        }
        for (size_t k = 0; k < shard->n; k++) {
            out[k].total += counts[k];
            out[k].epoch_max = counts[k] > out[k].epoch_max ? counts[k] : out[k].epoch_max;
        }
        left -= length;
    }
    return CS_OK;
}

cs_status cs_passes_tally(cs_draw_count *out, const cs_pieces *shard, const uint32_t *draws, size_t n_draws) {
    size_t *used = CS_NEW(size_t, shard->n), *counts = CS_NEW(size_t, shard->n);
    memset(out, 0, shard->n * sizeof *out);
    const cs_status status =
        used != NULL && counts != NULL ? tally(out, shard, draws, n_draws, used, counts) : CS_ERR_MEMORY;
    cs_free(used);
    cs_free(counts);
    return status;
}

void cs_passes_free(cs_passes *passes) {
    cs_free(passes->counts);
    *passes = (cs_passes){0};
}

const size_t *cs_passes_last(const cs_passes *passes) {
    return passes->counts + (passes->n - 1) * passes->shard.n;
}

cs_draw_count cs_passes_piece(const cs_passes *passes, size_t piece) {
    cs_draw_count out = {0};
    for (size_t p = 0; p < passes->n; p++) {
        const size_t count = passes->counts[p * passes->shard.n + piece];
        out.total += count;
        out.epoch_max = count > out.epoch_max ? count : out.epoch_max;
    }
    return out;
}

size_t cs_pass_draws(const cs_passes *passes, size_t p) {
    size_t draws = 0;
    for (size_t k = 0; k < passes->shard.n; k++)
        draws += passes->counts[p * passes->shard.n + k];
    return draws;
}
