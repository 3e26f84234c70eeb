/* The primitives of field/portable/mont.h with mulx, adcx and adox: two carry chains run side by side, one for the low and
 * one for the high halves of the products. Included by mont.h in files compiled for x86_64 (CS_MULX). No branches. */
#ifndef CS_FIELD_X86_64_MONT_X86_64_H
#define CS_FIELD_X86_64_MONT_X86_64_H

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): the arguments are names of operands, pieces of the text that the assembler reads */

/* Limb k of what x points to. Operands are pointers in registers, with "memory" clobbered: compilers give each operand in
 * memory an address register of its own, and there are not enough. */
#define CS_LIMB(x, k) "8*(" #k ")(%[" x "])"
#define CS_RDX(x, k) "movq " CS_LIMB(x, k) ", %%rdx\n\t"
#define CS_FOUR(x) [x##0] "r"(x[0]), [x##1] "r"(x[1]), [x##2] "r"(x[2]), [x##3] "r"(x[3])

/* t0..t4 = rdx * the four limbs from limb k of x. */
#define CS_MULX_FIRST(x, k, t0, t1, t2, t3, t4)                                                                             \
    "mulxq " CS_LIMB(x, k) ", %[" t0 "], %[" t1 "]\n\t"                                                                     \
    "mulxq " CS_LIMB(x, k + 1) ", %[lo], %[" t2 "]\n\t"                                                                     \
    "addq %[lo], %[" t1 "]\n\t"                                                                                             \
    "mulxq " CS_LIMB(x, k + 2) ", %[lo], %[" t3 "]\n\t"                                                                     \
    "adcq %[lo], %[" t2 "]\n\t"                                                                                             \
    "mulxq " CS_LIMB(x, k + 3) ", %[lo], %[" t4 "]\n\t"                                                                     \
    "adcq %[lo], %[" t3 "]\n\t"                                                                                             \
    "adcq $0, %[" t4 "]\n\t"

#define CS_MULX_STEP(x, k, t, up)                                                                                           \
    "mulxq " CS_LIMB(x, k) ", %[lo], %[hi]\n\t"                                                                             \
    "adcxq %[lo], %[" t "]\n\t"                                                                                             \
    "adoxq %[hi], %[" up "]\n\t"

/* t0..t3 += rdx * the four limbs from limb k of x; t4 is set to what comes out. */
#define CS_MULX_ROW_AT(x, k, t0, t1, t2, t3, t4)                                                                            \
    "xorl %k[" t4 "], %k[" t4 "]\n\t"                                                                                       \
    CS_MULX_STEP(x, k, t0, t1) CS_MULX_STEP(x, k + 1, t1, t2) CS_MULX_STEP(x, k + 2, t2, t3)                                \
    "mulxq " CS_LIMB(x, k + 3) ", %[lo], %[hi]\n\t"                                                                         \
    "adcxq %[lo], %[" t3 "]\n\t"                                                                                            \
    "adoxq %[" t4 "], %[hi]\n\t"                                                                                            \
    "adcxq %[hi], %[" t4 "]\n\t"

#define CS_MULX_ROW(x, t0, t1, t2, t3, t4) CS_MULX_ROW_AT(x, 0, t0, t1, t2, t3, t4)

/* t0..t4 += rdx * the four limbs from limb k of x, which fits. */
#define CS_MULX_ADD(x, k, t0, t1, t2, t3, t4)                                                                               \
    "xorl %k[lo], %k[lo]\n\t"                                                                                               \
    CS_MULX_STEP(x, k, t0, t1) CS_MULX_STEP(x, k + 1, t1, t2) CS_MULX_STEP(x, k + 2, t2, t3)                                \
    CS_MULX_STEP(x, k + 3, t3, t4)                                                                                          \
    "adcq $0, %[" t4 "]\n\t"

/* t0..t4 += q m with the q that makes t0 zero. */
#define CS_MULX_RED(t0, t1, t2, t3, t4)                                                                                     \
    "movq %[n0], %%rdx\n\t"                                                                                                 \
    "imulq %[" t0 "], %%rdx\n\t"                                                                                            \
    CS_MULX_ADD("m", 0, t0, t1, t2, t3, t4)

/* t1..t4, t0 (its top) = (t0..t4) / 2^64 mod m, by adding t0 (2^-64 mod m) to t1..t4: unlike CS_MULX_RED it need not wait
 * for a q, but is only good in the middle, because it leaves up to 2^64 m. */
#define CS_MULX_FOLD(t0, t1, t2, t3, t4) "movq %[" t0 "], %%rdx\n\t" CS_MULX_ROW_AT("m", 4, t1, t2, t3, t4, t0)

/** As in mont.h: r = a b / 2^256 mod m. The two lowest limbs of the product are folded, the next two reduced: after the
 * second fold what is left is below 2^64 m, after the first reduction below 5m and a limb short. A register that a round
 * empties is a later one's top. */
CS_INLINE void cs_mont_mul_lazy(uint64_t r[4], const uint64_t a[4], const uint64_t b[4], const uint64_t m[4], uint64_t n0) {
    uint64_t t0, t1, t2, t3, t4, t5, lo, hi;
    __asm__(CS_RDX("b", 0) CS_MULX_FIRST("a", 0, "t0", "t1", "t2", "t3", "t4")
            CS_RDX("b", 1) CS_MULX_ROW("a", "t1", "t2", "t3", "t4", "t5")
            CS_MULX_FOLD("t0", "t1", "t2", "t3", "t4")
            "addq %[t0], %[t5]\n\t"
            CS_MULX_FOLD("t1", "t2", "t3", "t4", "t5")
            CS_RDX("b", 2) CS_MULX_ADD("a", 0, "t2", "t3", "t4", "t5", "t1") CS_MULX_RED("t2", "t3", "t4", "t5", "t1")
            CS_RDX("b", 3) CS_MULX_ROW("a", "t3", "t4", "t5", "t1", "t2") CS_MULX_RED("t3", "t4", "t5", "t1", "t2")
            : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4), [t5] "=&r"(t5), [lo] "=&r"(lo),
              [hi] "=&r"(hi)
            : [a] "r"(a), [b] "r"(b), [m] "r"(m), [n0] "r"(n0)
            : "rdx", "cc", "memory");
    r[0] = t4;
    r[1] = t5;
    r[2] = t1;
    r[3] = t2;
}

/** As in mont.h: r = (a b + c d) / 2^256 mod m. */
CS_INLINE void cs_mont_mul2_lazy(uint64_t r[4], const uint64_t a[4], const uint64_t b[4], const uint64_t c[4],
                                 const uint64_t d[4], const uint64_t m[4], uint64_t n0) {
    uint64_t t0, t1, t2, t3, t4, lo, hi;
    __asm__(CS_RDX("b", 0) CS_MULX_FIRST("a", 0, "t0", "t1", "t2", "t3", "t4")
            CS_RDX("d", 0) CS_MULX_ADD("c", 0, "t0", "t1", "t2", "t3", "t4") CS_MULX_RED("t0", "t1", "t2", "t3", "t4")
            CS_RDX("b", 1) CS_MULX_ROW("a", "t1", "t2", "t3", "t4", "t0")
            CS_RDX("d", 1) CS_MULX_ADD("c", 0, "t1", "t2", "t3", "t4", "t0") CS_MULX_RED("t1", "t2", "t3", "t4", "t0")
            CS_RDX("b", 2) CS_MULX_ROW("a", "t2", "t3", "t4", "t0", "t1")
            CS_RDX("d", 2) CS_MULX_ADD("c", 0, "t2", "t3", "t4", "t0", "t1") CS_MULX_RED("t2", "t3", "t4", "t0", "t1")
            CS_RDX("b", 3) CS_MULX_ROW("a", "t3", "t4", "t0", "t1", "t2")
            CS_RDX("d", 3) CS_MULX_ADD("c", 0, "t3", "t4", "t0", "t1", "t2") CS_MULX_RED("t3", "t4", "t0", "t1", "t2")
            : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), [b] "r"(b), [c] "r"(c), [d] "r"(d), [m] "r"(m), [n0] "ri"(n0)
            : "rdx", "cc", "memory");
    r[0] = t4;
    r[1] = t0;
    r[2] = t1;
    r[3] = t2;
}

/** As in mont.h: r = a t / 2^256 mod m, below 5m, for any a. */
CS_INLINE void cs_mont_mul_fixed(uint64_t r[4], const uint64_t a[4], const cs_mont_fixed *t, const uint64_t m[4],
                                 uint64_t n0) {
    uint64_t t0, t1, t2, t3, t4, lo, hi;
    __asm__(CS_RDX("a", 0) CS_MULX_FIRST("t", 0, "t0", "t1", "t2", "t3", "t4")
            CS_RDX("a", 1) CS_MULX_ADD("t", 4, "t0", "t1", "t2", "t3", "t4")
            CS_RDX("a", 2) CS_MULX_ADD("t", 8, "t0", "t1", "t2", "t3", "t4")
            CS_RDX("a", 3) CS_MULX_ADD("t", 12, "t0", "t1", "t2", "t3", "t4") CS_MULX_RED("t0", "t1", "t2", "t3", "t4")
            : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), [t] "r"(t), [m] "r"(m), [n0] "r"(n0)
            : "rdx", "cc", "memory");
    r[0] = t1;
    r[1] = t2;
    r[2] = t3;
    r[3] = t4;
}

/** acc += a b, 9 limbs. */
CS_INLINE void cs_limbs_mul_add(uint64_t acc[9], const uint64_t a[4], const uint64_t b[4]) {
    uint64_t t0, t1, t2, t3, t4, t5, t6, t7, lo, hi;
    __asm__ volatile(CS_RDX("b", 0) CS_MULX_FIRST("a", 0, "t0", "t1", "t2", "t3", "t4")
            CS_RDX("b", 1) CS_MULX_ROW("a", "t1", "t2", "t3", "t4", "t5")
            CS_RDX("b", 2) CS_MULX_ROW("a", "t2", "t3", "t4", "t5", "t6")
            CS_RDX("b", 3) CS_MULX_ROW("a", "t3", "t4", "t5", "t6", "t7")
            "addq %[t0], " CS_LIMB("s", 0) "\n\t"
            "adcq %[t1], " CS_LIMB("s", 1) "\n\t"
            "adcq %[t2], " CS_LIMB("s", 2) "\n\t"
            "adcq %[t3], " CS_LIMB("s", 3) "\n\t"
            "adcq %[t4], " CS_LIMB("s", 4) "\n\t"
            "adcq %[t5], " CS_LIMB("s", 5) "\n\t"
            "adcq %[t6], " CS_LIMB("s", 6) "\n\t"
            "adcq %[t7], " CS_LIMB("s", 7) "\n\t"
            "adcq $0, " CS_LIMB("s", 8) "\n\t"
            : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4), [t5] "=&r"(t5), [t6] "=&r"(t6),
              [t7] "=&r"(t7), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), [b] "r"(b), [s] "r"(acc)
            : "rdx", "cc", "memory");
}

/** r = (a + q m) / 2^256, at most m, congruent to a / 2^256, for any a. */
CS_INLINE void cs_mont_redc_lazy(uint64_t r[4], const uint64_t a[4], const uint64_t m[4], uint64_t n0) {
    uint64_t t0 = a[0], t1 = a[1], t2 = a[2], t3 = a[3], t4 = 0, lo, hi;
    __asm__(CS_MULX_RED("t0", "t1", "t2", "t3", "t4")
            CS_MULX_RED("t1", "t2", "t3", "t4", "t0") /* a register that a round made zero is the next one's top */
            CS_MULX_RED("t2", "t3", "t4", "t0", "t1")
            CS_MULX_RED("t3", "t4", "t0", "t1", "t2")
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [t4] "+&r"(t4), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [m] "r"(m), [n0] "r"(n0)
            : "rdx", "cc", "memory");
    r[0] = t4;
    r[1] = t0;
    r[2] = t1;
    r[3] = t2;
}

/** r = the low four limbs of a x. */
CS_INLINE void cs_limbs_mul1_low(uint64_t r[4], const uint64_t a[4], uint64_t x) {
    uint64_t t0, t1, t2, t3, t4, lo;
    __asm__(CS_MULX_FIRST("a", 0, "t0", "t1", "t2", "t3", "t4")
            : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4), [lo] "=&r"(lo)
            : [a] "r"(a), "d"(x)
            : "cc", "memory");
    r[0] = t0;
    r[1] = t1;
    r[2] = t2;
    r[3] = t3;
}

/** As in mont.h: r = (a + q m) / 2^64. */
CS_INLINE void cs_mont_redc_short(uint64_t r[4], const uint64_t a[5], const uint64_t m[4], uint64_t n0) {
    uint64_t t0 = a[0], t1 = a[1], t2 = a[2], t3 = a[3], t4 = a[4], lo, hi;
    __asm__(CS_MULX_RED("t0", "t1", "t2", "t3", "t4")
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [t4] "+&r"(t4), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [m] "r"(m), [n0] "r"(n0)
            : "rdx", "cc", "memory");
    r[0] = t1;
    r[1] = t2;
    r[2] = t3;
    r[3] = t4;
}

/** acc += a x, 5 limbs, which fits. */
CS_INLINE void cs_limbs_mul1_add5(uint64_t acc[5], const uint64_t a[4], uint64_t x) {
    uint64_t s0 = acc[0], s1 = acc[1], s2 = acc[2], s3 = acc[3], s4 = acc[4], lo, hi;
    __asm__(CS_MULX_ADD("a", 0, "s0", "s1", "s2", "s3", "s4")
            : [s0] "+&r"(s0), [s1] "+&r"(s1), [s2] "+&r"(s2), [s3] "+&r"(s3), [s4] "+&r"(s4), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "r"(a), "d"(x)
            : "cc", "memory");
    acc[0] = s0;
    acc[1] = s1;
    acc[2] = s2;
    acc[3] = s3;
    acc[4] = s4;
}

/** acc += a x, 6 limbs. */
CS_INLINE void cs_limbs_mul1_add(uint64_t acc[6], const uint64_t a[4], uint64_t x) {
    uint64_t s0 = acc[0], s1 = acc[1], s2 = acc[2], s3 = acc[3], s4 = acc[4], s5 = acc[5], lo, hi;
    __asm__("xorl %k[lo], %k[lo]\n\t"
            CS_MULX_STEP("a", 0, "s0", "s1") CS_MULX_STEP("a", 1, "s1", "s2") CS_MULX_STEP("a", 2, "s2", "s3")
            CS_MULX_STEP("a", 3, "s3", "s4")
            "movl $0, %k[lo]\n\t"
            "adoxq %[lo], %[s5]\n\t"
            "adcxq %[lo], %[s4]\n\t"
            "adcxq %[lo], %[s5]\n\t"
            : [s0] "+&r"(s0), [s1] "+&r"(s1), [s2] "+&r"(s2), [s3] "+&r"(s3), [s4] "+&r"(s4), [s5] "+&r"(s5), [lo] "=&r"(lo),
              [hi] "=&r"(hi)
            : [a] "r"(a), "d"(x)
            : "cc", "memory");
    acc[0] = s0;
    acc[1] = s1;
    acc[2] = s2;
    acc[3] = s3;
    acc[4] = s4;
    acc[5] = s5;
}

/** r = a + b, returns the carry. */
CS_INLINE uint64_t cs_limbs_add(uint64_t r[4], const uint64_t a[4], const uint64_t b[4]) {
    uint64_t s0 = a[0], s1 = a[1], s2 = a[2], s3 = a[3], carry = 0;
    __asm__("addq %[b0], %[s0]\n\t"
            "adcq %[b1], %[s1]\n\t"
            "adcq %[b2], %[s2]\n\t"
            "adcq %[b3], %[s3]\n\t"
            "adcq $0, %[c]\n\t"
            : [s0] "+&r"(s0), [s1] "+&r"(s1), [s2] "+&r"(s2), [s3] "+&r"(s3), [c] "+&r"(carry)
            : CS_FOUR(b)
            : "cc");
    r[0] = s0;
    r[1] = s1;
    r[2] = s2;
    r[3] = s3;
    return carry;
}

/** r = a - b, returns the borrow. */
CS_INLINE uint64_t cs_limbs_sub(uint64_t r[4], const uint64_t a[4], const uint64_t b[4]) {
    uint64_t s0 = a[0], s1 = a[1], s2 = a[2], s3 = a[3], borrow = 0;
    __asm__("subq %[b0], %[s0]\n\t"
            "sbbq %[b1], %[s1]\n\t"
            "sbbq %[b2], %[s2]\n\t"
            "sbbq %[b3], %[s3]\n\t"
            "adcq $0, %[c]\n\t"
            : [s0] "+&r"(s0), [s1] "+&r"(s1), [s2] "+&r"(s2), [s3] "+&r"(s3), [c] "+&r"(borrow)
            : CS_FOUR(b)
            : "cc");
    r[0] = s0;
    r[1] = s1;
    r[2] = s2;
    r[3] = s3;
    return borrow;
}

/** r = a mod m for a < 2m. */
CS_INLINE void cs_mont_reduce_once(uint64_t r[4], const uint64_t a[4], const uint64_t m[4]) {
    const uint64_t t0 = a[0], t1 = a[1], t2 = a[2], t3 = a[3];
    uint64_t s0 = t0, s1 = t1, s2 = t2, s3 = t3;
    __asm__("subq %[m0], %[s0]\n\t"
            "sbbq %[m1], %[s1]\n\t"
            "sbbq %[m2], %[s2]\n\t"
            "sbbq %[m3], %[s3]\n\t"
            "cmovcq %[t0], %[s0]\n\t"
            "cmovcq %[t1], %[s1]\n\t"
            "cmovcq %[t2], %[s2]\n\t"
            "cmovcq %[t3], %[s3]\n\t"
            : [s0] "+&r"(s0), [s1] "+&r"(s1), [s2] "+&r"(s2), [s3] "+&r"(s3)
            : [t0] "r"(t0), [t1] "r"(t1), [t2] "r"(t2), [t3] "r"(t3), CS_FOUR(m)
            : "cc");
    r[0] = s0;
    r[1] = s1;
    r[2] = s2;
    r[3] = s3;
}

/** r = a - b mod m. */
CS_INLINE void cs_mont_sub(uint64_t r[4], const uint64_t a[4], const uint64_t b[4], const uint64_t m[4]) {
    uint64_t s[4], back[4];
    const uint64_t mask = -cs_limbs_sub(s, a, b);
    for (int k = 0; k < 4; k++)
        back[k] = m[k] & mask;
    (void)cs_limbs_add(r, s, back);
}

/** r = a + b mod m. */
CS_INLINE void cs_mont_add(uint64_t r[4], const uint64_t a[4], const uint64_t b[4], const uint64_t m[4]) {
    uint64_t s[4];
    (void)cs_limbs_add(s, a, b);
    cs_mont_reduce_once(r, s, m);
}

/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

#endif
