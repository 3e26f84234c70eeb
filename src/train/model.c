#include "train/model.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/sha256.h"

static cs_status allocate(cs_model *out) {
    for (size_t l = 0; l < out->layers; l++) {
        out->w[l] = CS_NEW(int64_t, out->rows[l] * out->columns[l]);
        if (out->w[l] == NULL) {
            cs_model_free(out);
            return CS_ERR_MEMORY;
        }
    }
    return CS_OK;
}

cs_status cs_model_new(cs_model *out, const cs_params *p) {
    *out = (cs_model){.layers = p->layers};
    for (size_t l = 0; l < p->layers; l++) {
        out->rows[l] = p->widths[l] + 1;
        out->columns[l] = p->widths[l + 1];
    }
    return allocate(out);
}

void cs_model_free(cs_model *m) {
    for (size_t l = 0; l < m->layers; l++)
        cs_free(m->w[l]);
    *m = (cs_model){0};
}

cs_status cs_model_copy(cs_model *out, const cs_model *m) {
    *out = *m;
    memset(out->w, 0, sizeof out->w);
    CS_TRY(allocate(out));
    for (size_t l = 0; l < m->layers; l++)
        memcpy(out->w[l], m->w[l], m->rows[l] * m->columns[l] * sizeof *m->w[l]);
    return CS_OK;
}

size_t cs_model_size(const cs_model *m) {
    size_t size = 0;
    for (size_t l = 0; l < m->layers; l++)
        size += m->rows[l] * m->columns[l];
    return size;
}

static cs_status validate_layer(const cs_model *m, const cs_params *p, size_t l, int64_t bound) {
    const size_t rows = m->rows[l - 1], columns = m->columns[l - 1];
    if (rows != p->widths[l - 1] + 1 || columns != p->widths[l])
        return cs_fail(CS_ERR_INPUT,
                       "model: layer %zu has %zu x %zu weights; the parameters say %zu x %zu (the bias row included)", l,
                       rows, columns, p->widths[l - 1] + 1, p->widths[l]);
    for (size_t k = 0; k < rows; k++)
        for (size_t j = 0; j < columns; j++) {
            const int64_t w = m->w[l - 1][k * columns + j];
            if (w < -bound || w > bound)
                return cs_fail(CS_ERR_INPUT,
                               "model: layer %zu, row %zu, column %zu: weight %" PRId64 " is beyond its bound of %" PRId64,
                               l, k, j, w, bound);
        }
    return CS_OK;
}

cs_status cs_model_validate(const cs_model *m, const cs_params *p, bool initial) {
    if (m->layers != p->layers)
        return cs_fail(CS_ERR_INPUT, "model: %zu layers; the parameters say %zu", m->layers, p->layers);
    for (size_t l = 1; l <= p->layers; l++)
        CS_TRY(validate_layer(m, p, l, initial ? p->initial_max[l - 1] : (int64_t)cs_params_weight_max(p, l)));
    return CS_OK;
}

static void hash_u64(crypto_hash_sha256_state *hash, uint64_t v) {
    uint8_t bytes[8];
    cs_store_u64(bytes, v);
    crypto_hash_sha256_update(hash, bytes, sizeof bytes);
}

void cs_model_digest(uint8_t out[32], const cs_model *m) {
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    hash_u64(&hash, m->layers);
    for (size_t l = 0; l < m->layers; l++) {
        hash_u64(&hash, m->rows[l]);
        hash_u64(&hash, m->columns[l]);
        cs_sha256_update_i64(&hash, m->w[l], m->rows[l] * m->columns[l]);
    }
    crypto_hash_sha256_final(&hash, out);
}

void cs_seed_rows_begin(cs_seed_rows *s, const cs_params *p, const uint8_t seed[32], size_t l) {
    cs_stream_init(&s->stream, seed, CS_STREAM_WEIGHTS, (uint32_t)l);
    s->most = p->initial_max[l - 1];
}

bool cs_seed_rows_are_small(const cs_seed_rows *s) {
    return s->most <= INT32_MAX;
}

void cs_seed_rows_next(cs_seed_rows *s, int32_t *small, int64_t *large, size_t n) {
    if (cs_seed_rows_are_small(s))
        cs_stream_fill_i32(&s->stream, (int32_t)s->most, small, n);
    else
        cs_stream_fill_i64(&s->stream, s->most, large, n);
}

static void fill_from_seed(cs_seed_rows *s, int64_t *out, size_t n) {
    enum { SOME = 1024 };
    int32_t small[SOME] = {0};
    for (size_t k = 0; k < n; k += SOME) {
        const size_t count = n - k < SOME ? n - k : SOME;
        cs_seed_rows_next(s, small, out + k, count);
        for (size_t j = 0; cs_seed_rows_are_small(s) && j < count; j++)
            out[k + j] = small[j];
    }
}

cs_status cs_model_from_seed(cs_model *out, const cs_params *p, const uint8_t seed[32]) {
    CS_TRY(cs_model_new(out, p));
    for (size_t l = 1; l <= p->layers; l++) {
        cs_seed_rows rows;
        cs_seed_rows_begin(&rows, p, seed, l);
        fill_from_seed(&rows, out->w[l - 1], p->widths[l - 1] * p->widths[l]);
    }
    return CS_OK;
}

/* z[j] = round(sum_k x[k] W(k, j) / 2^w), the bias unit 2^a included, cut off at 32 bits so that the next layer's sums fit
 * 128 bits. */
static void predict_layer(int64_t *z, __int128 *sum, const int64_t *x, const cs_model *m, size_t l, const cs_params *p) {
    const size_t rows = m->rows[l], columns = m->columns[l];
    for (size_t j = 0; j < columns; j++)
        sum[j] = (__int128)1 << (p->w - 1);
    for (size_t k = 0; k < rows; k++) {
        const int64_t unit = k + 1 < rows ? x[k] : (int64_t)1 << p->a;
        for (size_t j = 0; j < columns; j++)
            sum[j] += (__int128)unit * m->w[l][k * columns + j];
    }
    for (size_t j = 0; j < columns; j++) {
        const __int128 value = sum[j] >> p->w;
        z[j] = value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int64_t)value;
    }
}

static size_t largest_width(const cs_params *p) {
    size_t width = 0;
    for (size_t l = 0; l <= p->layers; l++)
        width = p->widths[l] > width ? p->widths[l] : width;
    return width;
}

cs_status cs_model_predict(const cs_model *m, const cs_params *p, const int32_t *features, size_t *class_out) {
    const size_t width = largest_width(p);
    int64_t *x = CS_NEW(int64_t, width);
    __int128 *sum = CS_NEW(__int128, width);
    cs_status status = x != NULL && sum != NULL ? CS_OK : CS_ERR_MEMORY;
    if (status != CS_OK)
        goto out;
    for (size_t k = 0; k < p->widths[0]; k++)
        x[k] = features[k];
    for (size_t l = 0; l < m->layers; l++) {
        predict_layer(x, sum, x, m, l, p);
        for (size_t j = 0; l + 1 < m->layers && j < m->columns[l]; j++)
            x[j] = x[j] > 0 ? x[j] : 0;
    }
    size_t best = 0;
    for (size_t j = 1; j < p->widths[p->layers]; j++)
        best = x[j] > x[best] ? j : best;
    *class_out = best;
out:
    cs_free(x);
    cs_free(sum);
    return status;
}
