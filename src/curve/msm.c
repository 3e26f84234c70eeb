/* Multi-scalar multiplication by buckets (Pippenger; in the form of Bernstein, Doumen, Lange, Oosterwijk, "Faster batch
 * forgery identification", section 4), with signed digits. The points of a window are sorted by bucket and each bucket is
 * summed as a tree: every pass adds the pairs of all buckets with one shared inversion, and no two additions of a pass meet
 * in a bucket. */
#include "curve/msm.h"

#include <string.h>

#include "base/memory.h"
#include "curve/batch.h"

enum { SCALAR_BITS = 254, MAX_WINDOW = 16 };

typedef struct msm {
    size_t n;
    unsigned bits, windows;
    int32_t *digits;      /* [windows][n] */
    size_t *start;        /* [buckets + 1] of each bucket among the sorted points */
    cs_g1_affine *sorted; /* [n] */
    cs_g1_affine *left, *right;
    cs_fp *scratch;
} msm;

/* Sorting and bucket sums cost about n + 5 * buckets additions per window. */
static unsigned choose_bits(size_t n) {
    unsigned best = 2;
    double least = 1e300;
    for (unsigned c = 2; c <= MAX_WINDOW; c++) {
        const double windows = (double)(SCALAR_BITS / c + 1);
        const double cost = windows * ((double)n + 5.0 * (double)((size_t)1 << (c - 1)) + 200.0);
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

/* Counting sort of the window's points into buckets 1..2^(c-1) (bucket b at start[b - 1]); zero digits and identities are
 * left out. */
static void sort_points(msm *m, const int32_t *digits, const cs_g1_affine *p) {
    const size_t buckets = (size_t)1 << (m->bits - 1);
    memset(m->start, 0, (buckets + 2) * sizeof *m->start);
    for (size_t j = 0; j < m->n; j++)
        if (digits[j] && !cs_g1_affine_is_identity(p[j]))
            m->start[magnitude(digits[j]) + 1]++;
    for (size_t b = 1; b <= buckets + 1; b++)
        m->start[b] += m->start[b - 1];
    for (size_t j = 0; j < m->n; j++)
        if (digits[j] && !cs_g1_affine_is_identity(p[j]))
            m->sorted[m->start[magnitude(digits[j])]++] = digits[j] < 0 ? cs_g1_affine_neg(p[j]) : p[j];
    memmove(m->start + 1, m->start, (buckets + 1) * sizeof *m->start);
    m->start[0] = 0; /* start[b] .. start[b + 1] is bucket b from now on */
}

/* Adds neighbours in every bucket; true if some bucket still has more than one point. */
static bool add_pairs(msm *m) {
    const size_t buckets = (size_t)1 << (m->bits - 1);
    size_t pairs = 0;
    for (size_t b = 1; b <= buckets; b++)
        for (size_t x = m->start[b]; x + 1 < m->start[b + 1]; x += 2) {
            m->left[pairs] = m->sorted[x];
            m->right[pairs++] = m->sorted[x + 1];
        }
    cs_g1_batch_add(m->left, m->left, m->right, m->scratch, pairs);
    size_t next = 0, to = 0;
    bool more = false;
    for (size_t b = 1; b <= buckets; b++) {
        const size_t from = m->start[b], count = m->start[b + 1] - from, first = to;
        const cs_g1_affine odd = count % 2 ? m->sorted[from + count - 1] : CS_G1_AFFINE_IDENTITY;
        memcpy(m->sorted + to, m->left + next, count / 2 * sizeof *m->sorted);
        next += count / 2;
        to += count / 2;
        if (count % 2)
            m->sorted[to++] = odd;
        more |= to - first > 1;
        m->start[b] = first;
    }
    m->start[buckets + 1] = to;
    return more;
}

/* Sum of b * bucket_b. */
static cs_g1 sum_buckets(const msm *m) {
    cs_g1 run = CS_G1_IDENTITY, total = CS_G1_IDENTITY;
    for (size_t b = (size_t)1 << (m->bits - 1); b > 0; b--) {
        if (m->start[b + 1] > m->start[b])
            run = cs_g1_add_affine(run, m->sorted[m->start[b]]);
        total = cs_g1_add(total, run);
    }
    return total;
}

static cs_g1 add_windows(msm *m, const cs_g1_affine *p) {
    cs_g1 sum = CS_G1_IDENTITY;
    for (unsigned w = m->windows; w-- > 0;) {
        for (unsigned b = 0; b < m->bits; b++)
            sum = cs_g1_double(sum);
        sort_points(m, m->digits + (size_t)w * m->n, p);
        while (add_pairs(m))
            ;
        sum = cs_g1_add(sum, sum_buckets(m));
    }
    return sum;
}

cs_status cs_msm_var(cs_g1 *out, const cs_fr *k, const cs_g1_affine *p, size_t n) {
    msm m = {.n = n, .bits = choose_bits(n)};
    const size_t buckets = (size_t)1 << (m.bits - 1);
    m.windows = SCALAR_BITS / m.bits + 1;
    m.digits = CS_NEW(int32_t, m.windows * n);
    m.start = CS_NEW(size_t, buckets + 2);
    m.sorted = CS_NEW(cs_g1_affine, n);
    m.left = CS_NEW(cs_g1_affine, n);
    m.right = CS_NEW(cs_g1_affine, n);
    m.scratch = CS_NEW(cs_fp, n);
    cs_status status = m.digits && m.start && m.sorted && m.left && m.right && m.scratch ? CS_OK : CS_ERR_MEMORY;
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
    cs_free(m.scratch);
    return status;
}
