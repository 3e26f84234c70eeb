/* Multi-scalar multiplication by buckets (Pippenger; in the form of Bernstein, Doumen, Lange, Oosterwijk, "Faster batch
 * forgery identification", section 4), with signed digits. The points of a window are sorted by bucket and each bucket is
 * summed as a tree: every pass adds the pairs of all buckets, a block of pairs with one shared inversion, and no two
 * additions of a pass meet. */
#include "curve/msm.h"

#include <string.h>

#include "base/memory.h"
#include "curve/batch.h"

enum { SCALAR_BITS = 254, MAX_WINDOW = 16 };
enum { BLOCK = 1024 };     /* additions that share an inversion */
enum { ENOUGH = 1 << 13 }; /* points sorted at a time: with few of them, several windows share the passes */

typedef struct msm {
    size_t n;
    unsigned bits, windows;
    size_t buckets;             /* 2^(bits - 1) per window */
    unsigned group;             /* windows in work at a time */
    int32_t *digits;            /* [windows][n] */
    size_t *start;              /* [group * buckets + 2] of each bucket among the sorted points */
    cs_g1_affine *sorted;       /* [group * n] */
    cs_g1_affine *left, *right; /* [BLOCK] pairs to be added, and where the sums go among the sorted points */
    size_t *target;
    size_t pairs;
    cs_fp *scratch;
} msm;

/* Bucket sums cost about four batch-affine additions per bucket. */
static unsigned choose_bits(size_t n) {
    unsigned best = 2;
    double least = 1e300;
    for (unsigned c = 2; c <= MAX_WINDOW; c++) {
        const double windows = (double)(SCALAR_BITS / c + 1);
        const double cost = windows * ((double)n + 4.0 * (double)((size_t)1 << (c - 1)));
        if (cost < least) {
            least = cost;
            best = c;
        }
    }
    return best;
}

/* Signed digits in [-2^(c-1), 2^(c-1)], least significant window first. */
static void recode(const msm *m, const cs_fr *k) {
    const int32_t base = (int32_t)1 << m->bits, half = base / 2;
    for (size_t j = 0; j < m->n; j++) {
        uint64_t limbs[5] = {0};
        int32_t carry = 0;
        cs_fr_to_limbs(limbs, k[j]);
        for (unsigned w = 0; w < m->windows; w++) {
            const unsigned bit = w * m->bits, limb = bit / 64, shift = bit % 64;
            uint64_t u = limb < 4 ? limbs[limb] >> shift : 0;
            if (limb < 4 && shift + m->bits > 64)
                u |= limbs[limb + 1] << (64 - shift);
            int32_t d = (int32_t)(u & (uint64_t)(base - 1)) + carry;
            carry = d > half;
            d -= carry ? base : 0;
            m->digits[(size_t)w * m->n + j] = d;
        }
    }
}

static size_t magnitude(int32_t d) {
    return (size_t)(d < 0 ? -d : d);
}

/* Counting sort of the points of windows first .. first + count by window and bucket: bucket b in 1..2^(c-1) of window
 * first + w becomes start[w * buckets + b] .. start[w * buckets + b + 1]. Zero digits and identities are left out. */
static void sort_points(msm *m, unsigned first, unsigned count, const cs_g1_affine *p) {
    const size_t all = count * m->buckets;
    const int32_t *digits = m->digits + first * m->n;
    memset(m->start, 0, (all + 2) * sizeof *m->start);
    for (unsigned w = 0; w < count; w++)
        for (size_t j = 0; j < m->n; j++)
            if (digits[w * m->n + j] && !cs_g1_affine_is_identity(p[j]))
                m->start[w * m->buckets + magnitude(digits[w * m->n + j]) + 1]++;
    for (size_t b = 1; b <= all + 1; b++)
        m->start[b] += m->start[b - 1];
    for (unsigned w = 0; w < count; w++)
        for (size_t j = 0; j < m->n; j++) {
            const int32_t d = digits[w * m->n + j];
            if (d && !cs_g1_affine_is_identity(p[j]))
                m->sorted[m->start[w * m->buckets + magnitude(d)]++] = d < 0 ? cs_g1_affine_neg(p[j]) : p[j];
        }
    memmove(m->start + 1, m->start, (all + 1) * sizeof *m->start);
}

static void add_block(msm *m) {
    cs_g1_batch_add(m->left, m->left, m->right, m->scratch, m->pairs);
    for (size_t x = 0; x < m->pairs; x++)
        m->sorted[m->target[x]] = m->left[x];
    m->pairs = 0;
}

/* Adds neighbours in every bucket and closes the gaps; true if some bucket still has more than one point. */
static bool add_pairs(msm *m, size_t all) {
    size_t to = 0; /* never ahead of what was read */
    bool more = false;
    for (size_t b = 1; b <= all; b++) {
        const size_t from = m->start[b], end = m->start[b + 1], first = to;
        size_t x = from;
        for (; x + 1 < end; x += 2) {
            m->left[m->pairs] = m->sorted[x];
            m->right[m->pairs] = m->sorted[x + 1];
            m->target[m->pairs++] = to++;
            if (m->pairs == BLOCK)
                add_block(m);
        }
        if (x < end)
            m->sorted[to++] = m->sorted[x];
        more |= to - first > 1;
        m->start[b] = first;
    }
    add_block(m);
    m->start[all + 1] = to;
    return more;
}

/* Sum of b * bucket b of window w of the group. */
static cs_g1 sum_buckets(const msm *m, unsigned w) {
    const size_t *start = m->start + w * m->buckets;
    cs_g1 run = CS_G1_IDENTITY, total = CS_G1_IDENTITY;
    for (size_t b = m->buckets; b > 0; b--) {
        if (start[b + 1] > start[b])
            run = cs_g1_add_affine(run, m->sorted[start[b]]);
        total = cs_g1_add(total, run);
    }
    return total;
}

/* Groups of windows, from the highest. */
static cs_g1 add_windows(msm *m, const cs_g1_affine *p) {
    cs_g1 sum = CS_G1_IDENTITY;
    for (unsigned first = m->windows; first > 0;) {
        const unsigned count = first < m->group ? first : m->group;
        first -= count;
        sort_points(m, first, count, p);
        while (add_pairs(m, count * m->buckets))
            ;
        for (unsigned w = count; w-- > 0;) {
            for (unsigned b = 0; b < m->bits; b++)
                sum = cs_g1_double(sum);
            sum = cs_g1_add(sum, sum_buckets(m, w));
        }
    }
    return sum;
}

cs_status cs_msm_var(cs_g1 *out, const cs_fr *k, const cs_g1_affine *p, size_t n) {
    msm m = {.n = n, .bits = choose_bits(n)};
    m.buckets = (size_t)1 << (m.bits - 1);
    m.windows = SCALAR_BITS / m.bits + 1;
    m.group = n * m.windows <= ENOUGH ? m.windows : n < ENOUGH ? (unsigned)(ENOUGH / n) : 1;
    m.digits = CS_NEW(int32_t, m.windows * n);
    m.start = CS_NEW(size_t, m.group * m.buckets + 2);
    m.sorted = CS_NEW(cs_g1_affine, m.group * n);
    m.left = CS_NEW(cs_g1_affine, BLOCK);
    m.right = CS_NEW(cs_g1_affine, BLOCK);
    m.target = CS_NEW(size_t, BLOCK);
    m.scratch = CS_NEW(cs_fp, cs_g1_scratch(BLOCK));
    cs_status status = m.digits && m.start && m.sorted && m.left && m.right && m.target && m.scratch ? CS_OK : CS_ERR_MEMORY;
    *out = CS_G1_IDENTITY;
    if (status == CS_OK) {
        recode(&m, k);
        *out = add_windows(&m, p);
    }
    cs_free(m.digits);
    cs_free(m.start);
    cs_free(m.sorted);
    cs_free(m.left);
    cs_free(m.right);
    cs_free(m.target);
    cs_free(m.scratch);
    return status;
}
