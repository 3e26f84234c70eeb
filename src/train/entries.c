#include "train/entries.h"

#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { MARGIN_BITS = 1, GRAIN = 64, CHECK = 8, CHUNK = 2048 };
enum { MISS_COST = 64, MOST_CREDIT = 8 * MISS_COST }; /* one sum in 64 may be made twice, and eight more at first */

/* splitmix64 (Steele, Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014): public and the same for all
 * ranks; nothing rests on its quality but how seldom a sum that does not fit goes unnoticed. */
static void choose_factors(uint32_t *factors, size_t n) {
    uint64_t state = 0;
    for (size_t k = 0; k < n; k++) {
        uint64_t z = state += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        factors[k] = (uint32_t)(z >> 32) | 1;
    }
}

/* ------------------------------------------------------------------ all numbers together */

static void gather_portable(cs_entries_gist *g, const uint64_t *values, const uint32_t *factors, size_t n) {
    uint64_t check = 0, used = 0;
    for (size_t k = 0; k < n; k++) {
        check += factors[k] * values[k];
        used |= values[k] ^ (0 - (values[k] >> 63));
    }
    g->check += check;
    g->used |= used;
}

#ifdef __x86_64__

/* Four at a time; a factor of 32 bits takes two products. */
__attribute__((target("avx2"))) static void gather_avx2(cs_entries_gist *g, const uint64_t *values, const uint32_t *factors,
                                                        size_t n) {
    const size_t fours = n & ~(size_t)3;
    __m256i low = _mm256_setzero_si256(), high = low, used = low;
    for (size_t k = 0; k < fours; k += 4) {
        const __m256i v = _mm256_loadu_si256((const void *)(values + k));
        const __m256i f = _mm256_cvtepu32_epi64(_mm_loadu_si128((const void *)(factors + k)));
        low = _mm256_add_epi64(low, _mm256_mul_epu32(v, f));
        high = _mm256_add_epi64(high, _mm256_mul_epu32(_mm256_srli_epi64(v, 32), f));
        used = _mm256_or_si256(used, _mm256_xor_si256(v, _mm256_cmpgt_epi64(_mm256_setzero_si256(), v)));
    }
    uint64_t sums[4], bits[4];
    _mm256_storeu_si256((void *)sums, _mm256_add_epi64(low, _mm256_slli_epi64(high, 32)));
    _mm256_storeu_si256((void *)bits, used);
    for (size_t k = 0; k < 4; k++) {
        g->check += sums[k];
        g->used |= bits[k];
    }
    gather_portable(g, values + fours, factors + fours, n - fours);
}

static cs_entries_gather *best_gather(void) {
    return cs_isa_has(CS_ISA_AVX2) ? gather_avx2 : gather_portable;
}

#else

static cs_entries_gather *best_gather(void) {
    return gather_portable;
}

#endif

/* ------------------------------------------------------------------ life */

cs_status cs_entries_new(cs_entries *e, size_t n, size_t full, bool narrow) {
    *e = (cs_entries){.packed = cs_packed_best(),
                      .gather = best_gather(),
                      .n = n,
                      .full = full,
                      .width = full,
                      .credit = MOST_CREDIT,
                      .values = CS_NEW(uint64_t, n)};
    if (e->values == NULL)
        return CS_ERR_MEMORY;
    if (!narrow || full < 2)
        return CS_OK;
    e->factors = CS_NEW(uint32_t, n);
    if (e->factors == NULL)
        return CS_ERR_MEMORY;
    choose_factors(e->factors, n);
    return CS_OK;
}

void cs_entries_free(cs_entries *e) {
    cs_free(e->values);
    cs_free(e->factors);
    *e = (cs_entries){0};
}

/* ------------------------------------------------------------------ one vector */

static bool is_narrow(const cs_entries *e) {
    return e->width < e->full;
}

/* Where the check begins. */
static size_t check_at(const cs_entries *e) {
    return (e->n + GRAIN - 1) / GRAIN * GRAIN;
}

static size_t check_entries(size_t width) {
    return (CHECK + width - 1) / width;
}

size_t cs_entries_count(const cs_entries *e) {
    return is_narrow(e) ? check_at(e) + check_entries(e->width) : e->n;
}

size_t cs_entries_room(const cs_entries *e) {
    size_t most = e->n * e->full;
    for (size_t width = 1; width < e->full; width++) {
        const size_t room = (check_at(e) + check_entries(width)) * width;
        most = room > most ? room : most;
    }
    return most;
}

void cs_entries_seal(cs_entries *e) {
    cs_entries_gist own = {0};
    if (is_narrow(e))
        e->gather(&own, e->values, e->factors, e->n);
    e->check = own.check;
}

/* Of entries first, …, so many are numbers; the check is there if the part reaches it. */
static size_t numbers_in(const cs_entries *e, size_t first, size_t count) {
    return first >= e->n ? 0 : count < e->n - first ? count : e->n - first;
}

static bool has_check(const cs_entries *e, size_t first, size_t count) {
    return is_narrow(e) && count > 0 && first + count > check_at(e);
}

void cs_entries_store(const cs_entries *e, size_t first, size_t count, uint8_t *out) {
    const size_t numbers = numbers_in(e, first, count);
    if (numbers > 0)
        e->packed->store(out, e->values + first, numbers, e->width);
    memset(out + numbers * e->width, 0, (count - numbers) * e->width);
    if (has_check(e, first, count))
        cs_store_u64(out + (check_at(e) - first) * e->width, e->check);
}

void cs_entries_add(cs_entries *e, size_t first, size_t count, const uint8_t *part) {
    const size_t numbers = numbers_in(e, first, count);
    if (numbers > 0)
        e->packed->add(e->values + first, part, numbers, e->width, false);
    if (has_check(e, first, count))
        e->check += cs_load_u64(part + (check_at(e) - first) * e->width);
}

/* The numbers are looked at together while they are in the cache. */
void cs_entries_load(cs_entries *e, const uint8_t *bytes) {
    e->gist = (cs_entries_gist){0};
    for (size_t first = 0; first < e->n; first += CHUNK) {
        const size_t count = e->n - first < CHUNK ? e->n - first : CHUNK;
        e->packed->load(e->values + first, bytes + first * e->width, count, e->width);
        if (e->factors != NULL)
            e->gather(&e->gist, e->values + first, e->factors + first, count);
    }
    if (is_narrow(e))
        e->check = cs_load_u64(bytes + check_at(e) * e->width);
}

bool cs_entries_fit(cs_entries *e) {
    if (!is_narrow(e) || e->gist.check == e->check)
        return true;
    e->credit -= MISS_COST;
    e->width = e->full;
    return false;
}

void cs_entries_next(cs_entries *e) {
    if (e->factors == NULL)
        return;
    unsigned bits = MARGIN_BITS + 1; /* the sign */
    for (uint64_t used = e->gist.used; used != 0; used >>= 1)
        bits++;
    const size_t width = (bits + 7) / 8;
    e->credit += e->credit < MOST_CREDIT;
    e->width = width < e->full && e->credit > MISS_COST ? width : e->full;
}
