/* The primitives of field/portable/mont.h with mulx, adcx and adox: two carry chains run side by side, one for the low and
 * one for the high halves of the products. Included by mont.h in files compiled for x86_64 (CS_MULX). No branches. */
#ifndef CS_FIELD_X86_64_MONT_X86_64_H
#define CS_FIELD_X86_64_MONT_X86_64_H

/* Four limbs as one operand in memory; limb k is 8k+%[name]. */
typedef struct __attribute__((may_alias)) cs_four_limbs {
    uint64_t v[4];
} cs_four_limbs;
#define CS_FOUR(x) (*(const cs_four_limbs *)(const void *)(x))

/* clang-format off */

/* t0..t4 = rdx * a. */
#define CS_MULX_FIRST(t0, t1, t2, t3, t4)                                                                                   \
    "mulxq %[a], %[" t0 "], %[" t1 "]\n\t"                                                                                 \
    "mulxq 8+%[a], %[lo], %[" t2 "]\n\t"                                                                                     \
    "addq %[lo], %[" t1 "]\n\t"                                                                                             \
    "mulxq 16+%[a], %[lo], %[" t3 "]\n\t"                                                                                     \
    "adcq %[lo], %[" t2 "]\n\t"                                                                                             \
    "mulxq 24+%[a], %[lo], %[" t4 "]\n\t"                                                                                     \
    "adcq %[lo], %[" t3 "]\n\t"                                                                                             \
    "adcq $0, %[" t4 "]\n\t"

#define CS_MULX_STEP(x, t, up)                                                                                              \
    "mulxq " x ", %[lo], %[hi]\n\t"                                                                                      \
    "adcxq %[lo], %[" t "]\n\t"                                                                                             \
    "adoxq %[hi], %[" up "]\n\t"

/* t0..t3 += rdx * a; t4 is set to what comes out. */
#define CS_MULX_ROW(t0, t1, t2, t3, t4)                                                                                     \
    "xorl %k[" t4 "], %k[" t4 "]\n\t"                                                                                       \
    CS_MULX_STEP("%[a]", t0, t1) CS_MULX_STEP("8+%[a]", t1, t2) CS_MULX_STEP("16+%[a]", t2, t3)                                        \
    "mulxq 24+%[a], %[lo], %[hi]\n\t"                                                                                         \
    "adcxq %[lo], %[" t3 "]\n\t"                                                                                            \
    "adoxq %[" t4 "], %[hi]\n\t"                                                                                            \
    "adcxq %[hi], %[" t4 "]\n\t"

/* t0..t4 += q m with the q that makes t0 zero. */
#define CS_MULX_REDUCE(t0, t1, t2, t3, t4)                                                                                  \
    "movq %[n0], %%rdx\n\t"                                                                                                 \
    "imulq %[" t0 "], %%rdx\n\t"                                                                                            \
    "xorl %k[lo], %k[lo]\n\t"                                                                                               \
    CS_MULX_STEP("%[m]", t0, t1) CS_MULX_STEP("8+%[m]", t1, t2) CS_MULX_STEP("16+%[m]", t2, t3) CS_MULX_STEP("24+%[m]", t3, t4)             \
    "adcq $0, %[" t4 "]\n\t"

/** As in mont.h: r = a b / 2^256 mod m, below 2m, for a and b below 2m, or a below m and any b. Each line is a round of the
 * interleaved product and reduction; the register that a round empties is the next one's top. */
CS_INLINE void cs_mont_mul_lazy(uint64_t r[4], const uint64_t a[4], const uint64_t b[4], const uint64_t m[4], uint64_t n0) {
    uint64_t t0, t1, t2, t3, t4, lo, hi;
    __asm__("movq %[b], %%rdx\n\t" CS_MULX_FIRST("t0", "t1", "t2", "t3", "t4") CS_MULX_REDUCE("t0", "t1", "t2", "t3", "t4")
            "movq 8+%[b], %%rdx\n\t" CS_MULX_ROW("t1", "t2", "t3", "t4", "t0") CS_MULX_REDUCE("t1", "t2", "t3", "t4", "t0")
            "movq 16+%[b], %%rdx\n\t" CS_MULX_ROW("t2", "t3", "t4", "t0", "t1") CS_MULX_REDUCE("t2", "t3", "t4", "t0", "t1")
            "movq 24+%[b], %%rdx\n\t" CS_MULX_ROW("t3", "t4", "t0", "t1", "t2") CS_MULX_REDUCE("t3", "t4", "t0", "t1", "t2")
            : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [a] "m"(CS_FOUR(a)), [b] "m"(CS_FOUR(b)), [m] "m"(CS_FOUR(m)), [n0] "r"(n0)
            : "rdx", "cc");
    r[0] = t4;
    r[1] = t0;
    r[2] = t1;
    r[3] = t2;
}

/** acc += a b, 9 limbs. */
CS_INLINE void cs_limbs_mul_add(uint64_t acc[9], const uint64_t a[4], const uint64_t b[4]) {
    uint64_t t0, t1, t2, t3, t4, t5, t6, t7, lo, hi;
    __asm__("movq %[b], %%rdx\n\t" CS_MULX_FIRST("t0", "t1", "t2", "t3", "t4")
            "movq 8+%[b], %%rdx\n\t" CS_MULX_ROW("t1", "t2", "t3", "t4", "t5")
            "movq 16+%[b], %%rdx\n\t" CS_MULX_ROW("t2", "t3", "t4", "t5", "t6")
            "movq 24+%[b], %%rdx\n\t" CS_MULX_ROW("t3", "t4", "t5", "t6", "t7")
            "addq %[t0], %[s]\n\t"
            "adcq %[t1], 8+%[s]\n\t"
            "adcq %[t2], 16+%[s]\n\t"
            "adcq %[t3], 24+%[s]\n\t"
            "adcq %[t4], 32+%[s]\n\t"
            "adcq %[t5], 40+%[s]\n\t"
            "adcq %[t6], 48+%[s]\n\t"
            "adcq %[t7], 56+%[s]\n\t"
            "adcq $0, 64+%[s]\n\t"
            : [t0] "=&r"(t0), [t1] "=&r"(t1), [t2] "=&r"(t2), [t3] "=&r"(t3), [t4] "=&r"(t4), [t5] "=&r"(t5), [t6] "=&r"(t6),
              [t7] "=&r"(t7), [lo] "=&r"(lo), [hi] "=&r"(hi), [s] "+m"(*(uint64_t(*)[9])acc)
            : [a] "m"(CS_FOUR(a)), [b] "m"(CS_FOUR(b))
            : "rdx", "cc");
}

/** r = (a + q m) / 2^256, at most m, congruent to a / 2^256, for any a. */
CS_INLINE void cs_mont_redc_lazy(uint64_t r[4], const uint64_t a[4], const uint64_t m[4], uint64_t n0) {
    uint64_t t0 = a[0], t1 = a[1], t2 = a[2], t3 = a[3], t4 = 0, lo, hi;
    __asm__(CS_MULX_REDUCE("t0", "t1", "t2", "t3", "t4")
            CS_MULX_REDUCE("t1", "t2", "t3", "t4", "t0") /* a register that a round made zero is the next one's top */
            CS_MULX_REDUCE("t2", "t3", "t4", "t0", "t1")
            CS_MULX_REDUCE("t3", "t4", "t0", "t1", "t2")
            : [t0] "+&r"(t0), [t1] "+&r"(t1), [t2] "+&r"(t2), [t3] "+&r"(t3), [t4] "+&r"(t4), [lo] "=&r"(lo), [hi] "=&r"(hi)
            : [m] "m"(CS_FOUR(m)), [n0] "r"(n0)
            : "rdx", "cc");
    r[0] = t4;
    r[1] = t0;
    r[2] = t1;
    r[3] = t2;
}

/** r = a mod m for a < 2m. */
CS_INLINE void cs_mont_reduce_once(uint64_t r[4], const uint64_t a[4], const uint64_t m[4]) {
    const uint64_t t0 = a[0], t1 = a[1], t2 = a[2], t3 = a[3];
    uint64_t s0 = t0, s1 = t1, s2 = t2, s3 = t3;
    __asm__("subq %[m], %[s0]\n\t"
            "sbbq 8+%[m], %[s1]\n\t"
            "sbbq 16+%[m], %[s2]\n\t"
            "sbbq 24+%[m], %[s3]\n\t"
            "cmovcq %[t0], %[s0]\n\t"
            "cmovcq %[t1], %[s1]\n\t"
            "cmovcq %[t2], %[s2]\n\t"
            "cmovcq %[t3], %[s3]\n\t"
            : [s0] "+&r"(s0), [s1] "+&r"(s1), [s2] "+&r"(s2), [s3] "+&r"(s3)
            : [t0] "r"(t0), [t1] "r"(t1), [t2] "r"(t2), [t3] "r"(t3), [m] "m"(CS_FOUR(m))
            : "cc");
    r[0] = s0;
    r[1] = s1;
    r[2] = s2;
    r[3] = s3;
}

/** r = a - b mod m. */
CS_INLINE void cs_mont_sub(uint64_t r[4], const uint64_t a[4], const uint64_t b[4], const uint64_t m[4]) {
    uint64_t s0 = a[0], s1 = a[1], s2 = a[2], s3 = a[3], k0, k1, k2, k3;
    __asm__("subq %[b], %[s0]\n\t"
            "sbbq 8+%[b], %[s1]\n\t"
            "sbbq 16+%[b], %[s2]\n\t"
            "sbbq 24+%[b], %[s3]\n\t"
            "sbbq %[k0], %[k0]\n\t" /* all ones after a borrow */
            "movq %[k0], %[k1]\n\t"
            "movq %[k0], %[k2]\n\t"
            "movq %[k0], %[k3]\n\t"
            "andq %[m], %[k0]\n\t"
            "andq 8+%[m], %[k1]\n\t"
            "andq 16+%[m], %[k2]\n\t"
            "andq 24+%[m], %[k3]\n\t"
            "addq %[k0], %[s0]\n\t"
            "adcq %[k1], %[s1]\n\t"
            "adcq %[k2], %[s2]\n\t"
            "adcq %[k3], %[s3]\n\t"
            : [s0] "+&r"(s0), [s1] "+&r"(s1), [s2] "+&r"(s2), [s3] "+&r"(s3), [k0] "=&r"(k0), [k1] "=&r"(k1), [k2] "=&r"(k2),
              [k3] "=&r"(k3)
            : [b] "m"(CS_FOUR(b)), [m] "m"(CS_FOUR(m))
            : "cc");
    r[0] = s0;
    r[1] = s1;
    r[2] = s2;
    r[3] = s3;
}

/** r = a + b mod m. */
CS_INLINE void cs_mont_add(uint64_t r[4], const uint64_t a[4], const uint64_t b[4], const uint64_t m[4]) {
    uint64_t s[4] = {a[0], a[1], a[2], a[3]};
    __asm__("addq %[b], %[s0]\n\t"
            "adcq 8+%[b], %[s1]\n\t"
            "adcq 16+%[b], %[s2]\n\t"
            "adcq 24+%[b], %[s3]\n\t"
            : [s0] "+&r"(s[0]), [s1] "+&r"(s[1]), [s2] "+&r"(s[2]), [s3] "+&r"(s[3])
            : [b] "m"(CS_FOUR(b))
            : "cc");
    cs_mont_reduce_once(r, s, m);
}

/* clang-format on */

#endif
