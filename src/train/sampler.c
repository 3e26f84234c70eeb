#include "train/sampler.h"

#include "base/memory.h"
#include "train/stream.h"

/* One pass after the other: each starts from 0, 1, …, rows-1 and draws the next entry by Durstenfeld's form of the shuffle.
 */
static void draw_rank(uint32_t *out, size_t n, uint32_t *order, size_t rows, cs_stream *stream) {
    for (size_t done = 0; done < n;) {
        for (size_t k = 0; k < rows; k++)
            order[k] = (uint32_t)k;
        for (size_t k = 0; k < rows && done < n; k++) {
            const size_t other = k + cs_stream_below(stream, rows - k);
            out[done++] = order[other];
            order[other] = order[k];
        }
    }
}

cs_status cs_draws_new(uint32_t ***out, const cs_params *p, const uint8_t seed[32]) {
    const size_t ranks = (size_t)p->n_ranks, per_rank = p->steps * p->batch;
    const size_t pointers = ranks * sizeof(uint32_t *) / sizeof(uint32_t);
    uint32_t *block = CS_NEW(uint32_t, pointers + ranks * per_rank);
    uint32_t *order = CS_NEW(uint32_t, (size_t)1 << cs_params_row_bits(p));
    if (block == NULL || order == NULL) {
        cs_free(block);
        cs_free(order);
        *out = NULL;
        return CS_ERR_MEMORY;
    }
    uint32_t **draws = (uint32_t **)(void *)block;
    for (size_t i = 0; i < ranks; i++) {
        cs_stream stream;
        cs_stream_init(&stream, seed, CS_STREAM_DRAWS, (uint32_t)i);
        draws[i] = block + pointers + i * per_rank;
        draw_rank(draws[i], per_rank, order, p->rows[i], &stream);
    }
    cs_free(order);
    *out = draws;
    return CS_OK;
}

void cs_draws_free(uint32_t **draws) {
    cs_free(draws);
}
