#include "train/entries.h"

#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

enum { MARGIN_BITS = 1, GRAIN = 64, CHECK = 8 };
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

cs_status cs_entries_new(cs_entries *e, size_t n, size_t full, bool narrow) {
    *e = (cs_entries){.packed = cs_packed_best(),
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

static uint64_t combine(const cs_entries *e) {
    uint64_t sum = 0;
    for (size_t k = 0; k < e->n; k++)
        sum += e->factors[k] * e->values[k];
    return sum;
}

void cs_entries_seal(cs_entries *e) {
    e->check = is_narrow(e) ? combine(e) : 0;
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

void cs_entries_load(cs_entries *e, const uint8_t *bytes) {
    e->packed->load(e->values, bytes, e->n, e->width);
    if (is_narrow(e))
        e->check = cs_load_u64(bytes + check_at(e) * e->width);
}

bool cs_entries_fit(cs_entries *e) {
    if (!is_narrow(e) || combine(e) == e->check)
        return true;
    e->credit -= MISS_COST;
    e->width = e->full;
    return false;
}

void cs_entries_next(cs_entries *e) {
    uint64_t used = 0; /* bits of the absolute values, or of their complements */
    if (e->factors == NULL)
        return;
    for (size_t k = 0; k < e->n; k++)
        used |= e->values[k] ^ (0 - (e->values[k] >> 63));
    unsigned bits = MARGIN_BITS + 1; /* the sign */
    for (; used != 0; used >>= 1)
        bits++;
    const size_t width = (bits + 7) / 8;
    e->credit += e->credit < MOST_CREDIT;
    e->width = width < e->full && e->credit > MISS_COST ? width : e->full;
}
