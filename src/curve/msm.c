/* Multi-scalar multiplication by buckets (Pippenger; in the form of Bernstein, Doumen, Lange, Oosterwijk, "Faster batch
 * forgery identification", section 4), with signed digits. Bucket b of a window is the sum of the points with digit ±b; the
 * buckets of several windows are summed at once. The sum of b * bucket b is split in two: with b - 1 = (row, column) it is
 * the sum of width * row * (sum of the row) + (column + 1) * (sum of the column), and these sums are lists too: two
 * additions in a batch per bucket, instead of two Jacobian ones for running sums. */
#include "curve/msm.h"

#include <string.h>

#include "base/memory.h"
#include "curve/list_sums.h"

enum { FIELD_BITS = 255, MAX_WINDOW = 16 }; /* with a sign */
enum { ENOUGH = 1 << 16 };                  /* terms sorted at a time: with few points, several windows share the passes */

typedef struct msm {
    size_t n;
    const cs_g1_affine *points;
    cs_int_type type;
    const void *ints;   /* the scalars, of integer types */
    uint64_t (*fr)[4];  /* the scalars, of type CS_INT_FR: plain, plus the offset */
    uint64_t offset[4]; /* 2^(c-1) in every window but the highest: digits shifted by it are unsigned */
    unsigned bits, windows;
    unsigned group;      /* windows in work at a time */
    size_t rows, width;  /* buckets of a window: rows * width = 2^(bits - 1) */
    int32_t *digits;     /* [group][n] */
    cs_list_sums bucket; /* lists [group][buckets] */
    cs_list_sums split;  /* lists [group][rows + width] */
} msm;

static size_t buckets(const msm *m) {
    return m->rows * m->width;
}

/* Window size with the least work: an addition for every point and two for every bucket, in each window. */
static unsigned choose_bits(size_t n, unsigned scalar_bits) {
    unsigned best = 1;
    double least = 0;
    for (unsigned c = 1; c <= MAX_WINDOW; c++) {
        const unsigned windows = (scalar_bits - 1) / c + 1;
        const double all = (double)((size_t)1 << (c - 1));
        const double cost = (double)windows * ((double)n + 1.5 * all + 200);
        if (c == 1 || cost < least) {
            least = cost;
            best = c;
        }
    }
    return best;
}

static void set_offset(msm *m) {
    for (unsigned w = 0; w + 1 < m->windows; w++) {
        const unsigned bit = w * m->bits + m->bits - 1;
        m->offset[bit / 64] |= (uint64_t)1 << (bit % 64);
    }
}

/* m->fr = plain scalars + offset, below 2^256. */
static void prepare_field(msm *m, const cs_fr *k) {
    for (size_t j = 0; j < m->n; j++) {
        unsigned __int128 sum = 0;
        cs_fr_to_limbs(m->fr[j], k[j]);
        for (int i = 0; i < 4; i++) {
            sum += (unsigned __int128)m->fr[j][i] + m->offset[i];
            m->fr[j][i] = (uint64_t)sum;
            sum >>= 64;
        }
    }
}

static void field_digits(const msm *m, int32_t *digits, unsigned w) {
    const unsigned bit = w * m->bits, limb = bit / 64, shift = bit % 64;
    const bool two = shift + m->bits > 64 && limb < 3;
    const uint64_t mask = ((uint64_t)1 << m->bits) - 1;
    const int32_t half = w + 1 < m->windows ? (int32_t)1 << (m->bits - 1) : 0;
    for (size_t j = 0; j < m->n; j++) {
        uint64_t u = m->fr[j][limb] >> shift;
        if (two)
            u |= m->fr[j][limb + 1] << (64 - shift);
        digits[j] = (int32_t)(u & mask) - half;
    }
}

static void int_digits(const msm *m, int32_t *digits, unsigned w) {
    const __int128 offset = (__int128)((unsigned __int128)m->offset[1] << 64 | m->offset[0]);
    const unsigned shift = w * m->bits;
    const bool top = w + 1 == m->windows;
    const int64_t half = (int64_t)1 << (m->bits - 1), mask = 2 * half - 1;
    for (size_t j = 0; j < m->n; j++) {
        const int64_t u = (int64_t)((cs_int_at(m->type, m->ints, j) + offset) >> shift);
        digits[j] = (int32_t)(top ? u : (u & mask) - half);
    }
}

static size_t magnitude(int32_t d) {
    return (size_t)(d < 0 ? -d : d);
}

/* Counting sort by window and bucket of the terms of windows first .. first + count. Zero digits and identities are left
 * out. */
static void fill_buckets(msm *m, unsigned first, unsigned count) {
    const size_t each = buckets(m);
    cs_list_sums *s = &m->bucket;
    uint32_t *const next = s->start + 1; /* next[l]: first the length of list l - 1, then where its next term goes */
    s->lists = count * each;
    memset(s->start, 0, (s->lists + 2) * sizeof *s->start);
    for (unsigned w = 0; w < count; w++) {
        int32_t *digits = m->digits + w * m->n;
        (m->fr ? field_digits : int_digits)(m, digits, first + w);
        for (size_t j = 0; j < m->n; j++) {
            if (digits[j] && cs_g1_affine_is_identity(m->points[j]))
                digits[j] = 0;
            if (digits[j])
                next[w * each + magnitude(digits[j])]++;
        }
    }
    for (size_t l = 1; l <= s->lists; l++)
        next[l] += next[l - 1];
    for (unsigned w = 0; w < count; w++) {
        const int32_t *digits = m->digits + w * m->n;
        for (size_t j = 0; j < m->n; j++)
            if (digits[j])
                s->codes[next[w * each + magnitude(digits[j]) - 1]++] = 2 * (uint32_t)j + (digits[j] < 0);
    }
}

/* Lists of the buckets of each row, and of each column, of a window. */
static void fill_split(msm *m, unsigned count) {
    cs_list_sums *s = &m->split;
    size_t terms = 0;
    s->lists = 0;
    for (unsigned w = 0; w < count; w++) {
        const size_t base = w * buckets(m);
        for (size_t l = 0; l < m->rows + m->width; l++) {
            const bool row = l < m->rows;
            const size_t step = row ? 1 : m->width, n = row ? m->width : m->rows;
            const size_t from = base + (row ? l * m->width : l - m->rows);
            s->start[s->lists++] = (uint32_t)terms;
            for (size_t b = from; b < from + n * step; b += step)
                if (!cs_g1_affine_is_identity(m->bucket.sums[b]))
                    s->codes[terms++] = 2 * (uint32_t)b;
        }
    }
    s->start[s->lists] = (uint32_t)terms;
}

/* sum of (l + 1) * list first + l, for l < n. */
static cs_g1 weighted(const cs_list_sums *s, size_t first, size_t n) {
    cs_g1 run = CS_G1_IDENTITY, total = CS_G1_IDENTITY;
    for (size_t l = n; l-- > 0;) {
        run = cs_g1_add_affine(run, s->sums[first + l]);
        total = cs_g1_add(total, run);
    }
    return total;
}

/* Sum of b * bucket b of window w of the group. */
static cs_g1 sum_window(const msm *m, unsigned w) {
    const size_t first = w * (m->rows + m->width);
    cs_g1 sum = weighted(&m->split, first + 1, m->rows - 1);
    for (size_t x = 1; x < m->width; x *= 2)
        sum = cs_g1_double(sum);
    return cs_g1_add(sum, weighted(&m->split, first + m->rows, m->width));
}

/* Groups of windows, from the highest. */
static cs_g1 add_windows(msm *m) {
    cs_g1 sum = CS_G1_IDENTITY;
    for (unsigned first = m->windows; first > 0;) {
        const unsigned count = first < m->group ? first : m->group;
        first -= count;
        fill_buckets(m, first, count);
        cs_list_sums_run(&m->bucket, m->points);
        fill_split(m, count);
        cs_list_sums_run(&m->split, m->bucket.sums);
        for (unsigned w = count; w-- > 0;) {
            for (unsigned b = 0; b < m->bits; b++)
                sum = cs_g1_double(sum);
            sum = cs_g1_add(sum, sum_window(m, w));
        }
    }
    return sum;
}

/* Windows for scalars of that many bits, sign included, and room for the work. */
static cs_status plan(msm *m, unsigned scalar_bits) {
    m->bits = choose_bits(m->n, scalar_bits);
    m->windows = (scalar_bits - 1) / m->bits + 1;
    m->width = (size_t)1 << (m->bits / 2);
    m->rows = ((size_t)1 << (m->bits - 1)) / m->width;
    const size_t groups = m->n * m->windows / ENOUGH + 1;
    m->group = groups > m->windows ? 1 : (unsigned)((m->windows + groups - 1) / groups);
    set_offset(m);
    m->digits = CS_NEW(int32_t, m->group * m->n);
    if (!m->digits)
        return CS_ERR_MEMORY;
    CS_TRY(cs_list_sums_new(&m->bucket, m->group * buckets(m), m->group * m->n));
    return cs_list_sums_new(&m->split, m->group * (m->rows + m->width), 2 * m->group * buckets(m));
}

static void release(msm *m) {
    cs_free(m->fr);
    cs_free(m->digits);
    cs_list_sums_free(&m->bucket);
    cs_list_sums_free(&m->split);
}

cs_status cs_msm_var(cs_g1 *out, const cs_fr *k, const cs_g1_affine *p, size_t n) {
    msm m = {.n = n, .points = p, .type = CS_INT_FR, .fr = cs_calloc(n, sizeof *m.fr)};
    cs_status status = m.fr ? plan(&m, FIELD_BITS) : CS_ERR_MEMORY;
    *out = CS_G1_IDENTITY;
    if (status == CS_OK) {
        prepare_field(&m, k);
        *out = add_windows(&m);
    }
    release(&m);
    return status;
}

/* Bits of two's complement that hold the range. */
static unsigned signed_bits(int64_t min, int64_t max) {
    unsigned bits = 1;
    while (bits < 64 && (min < -((int64_t)1 << (bits - 1)) || max >= (int64_t)1 << (bits - 1)))
        bits++;
    return bits;
}

cs_status cs_msm_int_var(cs_g1 *out, cs_int_type type, const void *k, int64_t min, int64_t max, const cs_g1_affine *p,
                         size_t n) {
    msm m = {.n = n, .points = p, .type = type, .ints = k};
    *out = CS_G1_IDENTITY;
    for (size_t j = 0; j < n; j++)
        if (cs_int_at(type, k, j) < min || cs_int_at(type, k, j) > max)
            return cs_fail(CS_ERR_INTERNAL, "scalar %zu of a multi-scalar multiplication is outside its declared range", j);
    cs_status status = plan(&m, signed_bits(min, max));
    if (status == CS_OK)
        *out = add_windows(&m);
    release(&m);
    return status;
}
