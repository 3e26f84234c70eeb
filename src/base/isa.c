#include "base/isa.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>
#endif

static const char *const NAMES[CS_ISA_COUNT] = {"portable", "x86_64", "avx512ifma"};

const char *cs_isa_name(cs_isa isa) {
    return NAMES[isa];
}

#ifdef __x86_64__

/* XCR0: the operating system saves SSE and AVX state; mask and 512-bit state as well. */
enum { YMM_STATE = 0x06, ZMM_STATE = 0xe6 };

typedef struct features {
    unsigned ecx1, ebx7, ecx7; /* of leaves 1 and 7 of CPUID; zeros if there is none */
} features;

static features ask(void) {
    features f = {0};
    unsigned eax, ebx, ecx, edx;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx))
        f.ecx1 = ecx;
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
        f.ebx7 = ebx;
        f.ecx7 = ecx;
    }
    return f;
}

/* Found out once: asking takes tens of microseconds in a virtual machine. Every thread would find the same. */
static features detect(void) {
    static atomic_uint ecx1, ebx7, ecx7;
    static atomic_bool known;
    if (!atomic_load_explicit(&known, memory_order_acquire)) {
        const features f = ask();
        atomic_store_explicit(&ecx1, f.ecx1, memory_order_relaxed);
        atomic_store_explicit(&ebx7, f.ebx7, memory_order_relaxed);
        atomic_store_explicit(&ecx7, f.ecx7, memory_order_relaxed);
        atomic_store_explicit(&known, true, memory_order_release);
    }
    return (features){.ecx1 = atomic_load_explicit(&ecx1, memory_order_relaxed),
                      .ebx7 = atomic_load_explicit(&ebx7, memory_order_relaxed),
                      .ecx7 = atomic_load_explicit(&ecx7, memory_order_relaxed)};
}

#if defined(CS_HAVE_X86_64) || defined(CS_HAVE_AVX512IFMA)
static bool has_all(unsigned bits) {
    return (detect().ebx7 & bits) == bits;
}
#endif

static bool saves(unsigned state) {
    if (!(detect().ecx1 & bit_OSXSAVE))
        return false;
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & state) == state;
}

#endif

bool cs_isa_available(cs_isa isa) {
    switch (isa) {
    case CS_ISA_PORTABLE:
        return true;
#if defined(CS_ASSUME_X86_64)
    case CS_ISA_X86_64: /* in tests only: valgrind has the instructions, and hides that it has */
        return true;
#elif defined(CS_HAVE_X86_64)
    case CS_ISA_X86_64:
        return has_all(bit_BMI2 | bit_ADX);
#endif
#if defined(CS_EMULATE_AVX512)
    case CS_ISA_AVX512IFMA: /* in tests only: the kernels without the instructions */
        return true;
#elif defined(CS_HAVE_AVX512IFMA)
    case CS_ISA_AVX512IFMA:
        return has_all(bit_BMI2 | bit_ADX | bit_AVX512F | bit_AVX512DQ | bit_AVX512VL | bit_AVX512BW | bit_AVX512IFMA) &&
               saves(ZMM_STATE);
#endif
    default:
        return false;
    }
}

/* CONSORT_ISA, or CS_ISA_COUNT if it names nothing. */
static unsigned named(const char *wanted) {
    unsigned k = 0;
    while (k < CS_ISA_COUNT && strcmp(wanted, NAMES[k]) != 0)
        k++;
    return k;
}

cs_isa cs_isa_chosen(void) {
    const char *wanted = getenv("CONSORT_ISA");
    unsigned k = CS_ISA_COUNT - 1;
    if (wanted && *wanted)
        k = named(wanted) < CS_ISA_COUNT ? named(wanted) : 0;
    else
        while (!cs_isa_available((cs_isa)k))
            k--;
    return cs_isa_available((cs_isa)k) ? (cs_isa)k : CS_ISA_PORTABLE;
}

#ifdef __x86_64__
/* What the processor has, whatever is wanted. */
static bool has_part(cs_isa_part part) {
    const features f = detect();
    const unsigned wide = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    const bool avx2 = f.ebx7 & bit_AVX2 && saves(YMM_STATE), aes = f.ecx1 & bit_AES && f.ecx1 & bit_SSSE3;
    const bool avx512 = (f.ebx7 & wide) == wide && f.ecx7 & bit_AVX512VBMI && saves(ZMM_STATE);
    switch (part) {
    case CS_ISA_AVX2:
        return avx2;
    case CS_ISA_AES:
        return aes;
    case CS_ISA_VAES:
        return avx2 && aes && f.ecx7 & bit_VAES;
    case CS_ISA_AVX512:
        return avx2 && avx512;
    default:
        return avx2 && avx512 && aes && f.ecx7 & bit_VAES;
    }
}
#endif

bool cs_isa_has(cs_isa_part part) {
#ifdef __x86_64__
    const char *wanted = getenv("CONSORT_ISA");
    const cs_isa least = part < CS_ISA_AVX512 ? CS_ISA_X86_64 : CS_ISA_AVX512IFMA;
    if (wanted && *wanted && cs_isa_chosen() < least)
        return false;
    return has_part(part);
#else
    (void)part;
    return false;
#endif
}

cs_status cs_isa_check(void) {
    const char *wanted = getenv("CONSORT_ISA");
    char list[64] = "";
    size_t used = 0;
    if (!wanted || !*wanted)
        return CS_OK;
    const unsigned k = named(wanted);
    if (k < CS_ISA_COUNT && cs_isa_available((cs_isa)k))
        return CS_OK;
    for (unsigned i = 0; i < CS_ISA_COUNT; i++)
        if (cs_isa_available((cs_isa)i))
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "", NAMES[i]);
    return cs_fail(CS_ERR_USAGE, "CONSORT_ISA=%.40s %s; available: %s", wanted,
                   k < CS_ISA_COUNT ? "is not available in this build or on this machine" : "names no implementation", list);
}
