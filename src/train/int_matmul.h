/* The one kernel of integer training: products of small integer matrices, summed mod 2^64. Local; cannot fail. */
#ifndef CS_TRAIN_INT_MATMUL_H
#define CS_TRAIN_INT_MATMUL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/isa.h"

enum {
    CS_INT_MATMUL_BITS = 15,   /* |x| <= 2^15 */
    CS_INT_MATMUL_INNER = 128, /* products summed in doubles at a time: see int_matmul_doubles.h */
    CS_INT_MATMUL_SCRATCH = (96 + 8) * CS_INT_MATMUL_INNER /* doubles */
};

/** c[rows][columns] += x[rows][inner] * m[inner][columns] mod 2^64, all row-major, with |x| <= 2^15 and any m. c overlaps
 * nothing. scratch[CS_INT_MATMUL_SCRATCH] is left with entries of x and m in it. Time does not depend on values. */
typedef void cs_int_matmul_fn(uint64_t *c, const int32_t *x, const int32_t *m, size_t rows, size_t inner, size_t columns,
                              double *scratch);

typedef struct cs_int_matmul_kernel {
    const char *name; /* "portable", "avx2", "fma", "avx512" */
    cs_isa isa;       /* the least value of CONSORT_ISA that allows it */
    cs_int_matmul_fn *run;
} cs_int_matmul_kernel;

/** Kernel k = 0, 1, … that this processor can run, best last; run == NULL from the end on. All give the same numbers. */
cs_int_matmul_kernel cs_int_matmul_kernel_at(size_t k);

/** The best one; under CONSORT_ISA the best one that it allows. */
cs_int_matmul_fn *cs_int_matmul_best(void);

/** The kernel in train/avx512ifma/, for int_matmul.c alone. */
cs_int_matmul_fn cs_int_matmul_avx512;

#endif
