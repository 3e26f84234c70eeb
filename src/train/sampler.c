#include "train/sampler.h"

#include "base/memory.h"
#include "train/stream.h"

static size_t smallest(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t cs_piece_share(const cs_piece *k, size_t used) {
    const size_t wanted = (size_t)(k->weight * (double)k->rows);
    return smallest(smallest(wanted, k->per_epoch), k->total - used);
}

size_t cs_pieces_first_pass(const cs_pieces *pieces) {
    size_t n = 0;
    for (size_t k = 0; k < pieces->n; k++)
        n += cs_piece_share(&pieces->pieces[k], 0);
    return n;
}

cs_status cs_pieces_check(const cs_pieces *pieces, size_t rows) {
    size_t end = 0;
    if (pieces->n == 0)
        return cs_fail(CS_ERR_INPUT, "there is no dataset");
    for (size_t k = 0; k < pieces->n; k++) {
        const cs_piece *x = &pieces->pieces[k];
        if (x->offset < end || x->offset > rows || x->rows > rows - x->offset)
            return cs_fail(CS_ERR_INPUT, "dataset %zu: rows %zu to %zu overlap others, or leave the shard's %zu", k,
                           x->offset, x->offset + x->rows, rows);
        if (!(x->weight > 0 && x->weight <= 1))
            return cs_fail(CS_ERR_INPUT, "dataset %zu: the weight is %g; it must be above 0 and at most 1", k, x->weight);
        if (cs_piece_share(x, 0) == 0)
            return cs_fail(CS_ERR_INPUT, "dataset %zu: its %zu rows with weight %g and its limits give no record to a pass",
                           k, x->rows, x->weight);
        end = x->offset + x->rows;
    }
    return CS_OK;
}

/* One rank at work. */
typedef struct sampler {
    const cs_pieces *shard;
    size_t *used;   /* [shard->n] records given by the passes so far */
    uint32_t *pass; /* [all rows of the pieces] the records of a pass */
    uint32_t *rows; /* [rows of the largest piece] 0, 1, …, between two shuffles */
    cs_stream stream;
} sampler;

static void sampler_free(sampler *s) {
    cs_free(s->used);
    cs_free(s->pass);
    cs_free(s->rows);
}

static cs_status sampler_new(sampler *s, const cs_pieces *shard) {
    size_t all = 0, largest = 0;
    for (size_t k = 0; k < shard->n; k++) {
        const size_t rows = shard->pieces[k].rows;
        all += rows;
        largest = rows > largest ? rows : largest;
    }
    *s = (sampler){
        .shard = shard, .used = CS_NEW(size_t, shard->n), .pass = CS_NEW(uint32_t, all), .rows = CS_NEW(uint32_t, largest)};
    if (s->used == NULL || s->pass == NULL || s->rows == NULL) {
        sampler_free(s);
        return CS_ERR_MEMORY;
    }
    for (size_t row = 0; row < largest; row++)
        s->rows[row] = (uint32_t)row;
    return CS_OK;
}

/* The first n entries of a shuffle of order[size] (Durstenfeld's form), which may be `order` itself. */
static void shuffle(uint32_t *out, size_t n, uint32_t *order, size_t size, cs_stream *stream) {
    for (size_t k = 0; k < n; k++) {
        const size_t other = k + cs_stream_below(stream, size - k);
        const uint32_t drawn = order[other];
        order[other] = order[k];
        out[k] = drawn;
    }
}

/* The first n entries of a shuffle of a piece's rows. An index that the shuffle changed is among the entries that it drew,
 * so a pass costs what it draws, however many rows there are. */
static void draw_piece(uint32_t *out, size_t n, sampler *s, const cs_piece *piece) {
    shuffle(out, n, s->rows, piece->rows, &s->stream);
    for (size_t k = 0; k < n; k++) {
        s->rows[out[k]] = out[k];
        out[k] += (uint32_t)piece->offset;
    }
}

/* Fills s->pass; returns its length, 0 if all totals are used up. */
static size_t next_pass(sampler *s) {
    size_t length = 0;
    for (size_t k = 0; k < s->shard->n; k++) {
        const cs_piece *piece = &s->shard->pieces[k];
        const size_t n = cs_piece_share(piece, s->used[k]);
        draw_piece(s->pass + length, n, s, piece);
        s->used[k] += n;
        length += n;
    }
    if (s->shard->n > 1)
        shuffle(s->pass, length, s->pass, length, &s->stream);
    return length;
}

cs_status cs_draws_of_rank(uint32_t *out, size_t n, const cs_pieces *shard, const uint8_t seed[32], int rank) {
    sampler s;
    CS_TRY(sampler_new(&s, shard));
    cs_stream_init(&s.stream, seed, CS_STREAM_DRAWS, (uint32_t)rank);
    cs_status status = CS_OK;
    for (size_t done = 0; done < n && status == CS_OK;) {
        const size_t length = smallest(next_pass(&s), n - done);
        if (length == 0)
            status = cs_fail(CS_ERR_INPUT,
                             "rank %d needs %zu draws; the total quotas of its datasets allow %zu: take fewer steps or a "
                             "smaller batch, or other datasets",
                             rank, n, done);
        for (size_t k = 0; k < length; k++)
            out[done++] = s.pass[k];
    }
    sampler_free(&s);
    return status;
}

cs_status cs_draws_new(uint32_t ***out, const cs_params *p, const cs_pieces *shards, const uint8_t seed[32]) {
    const size_t ranks = (size_t)p->n_ranks, per_rank = p->steps * p->batch;
    const size_t pointers = ranks * sizeof(uint32_t *) / sizeof(uint32_t);
    uint32_t *block = CS_NEW(uint32_t, pointers + ranks * per_rank);
    *out = NULL;
    if (block == NULL)
        return CS_ERR_MEMORY;
    uint32_t **draws = (uint32_t **)(void *)block;
    for (size_t i = 0; i < ranks; i++) {
        const cs_piece whole = {.rows = p->rows[i], .weight = 1, .per_epoch = CS_NO_LIMIT, .total = CS_NO_LIMIT};
        const cs_pieces one = {.pieces = &whole, .n = 1};
        draws[i] = block + pointers + i * per_rank;
        const cs_status status = cs_draws_of_rank(draws[i], per_rank, shards == NULL ? &one : &shards[i], seed, (int)i);
        if (status != CS_OK) {
            cs_free(block);
            return status;
        }
    }
    *out = draws;
    return CS_OK;
}

void cs_draws_free(uint32_t **draws) {
    cs_free(draws);
}
