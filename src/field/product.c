/* Chooses the implementation of single products, once per process: the first product finds out which. Every thread would
 * choose the same. */
#include "field/product.h"

#include "base/isa.h"
#include "field/portable/fp_inline.h"
#include "field/portable/fr_inline.h"

cs_fr cs_fr_product_portable(const cs_fr *a, const cs_fr *b) {
    cs_fr r;
    cs_fr_mul_to(&r, a, b);
    return r;
}

cs_fp cs_fp_product_portable(const cs_fp *a, const cs_fp *b) {
    cs_fp r;
    cs_fp_mul_to(&r, a, b);
    return r;
}

static void choose(void) {
    cs_fr_product_fn *fr = cs_fr_product_portable;
    cs_fp_product_fn *fp = cs_fp_product_portable;
#ifdef CS_HAVE_X86_64
    if (cs_isa_chosen() != CS_ISA_PORTABLE) {
        fr = cs_fr_product_x86_64;
        fp = cs_fp_product_x86_64;
    }
#endif
    atomic_store_explicit(&cs_fr_product, fr, memory_order_relaxed);
    atomic_store_explicit(&cs_fp_product, fp, memory_order_relaxed);
}

static cs_fr first_fr_product(const cs_fr *a, const cs_fr *b) {
    choose();
    return cs_fr_mul(*a, *b);
}

static cs_fp first_fp_product(const cs_fp *a, const cs_fp *b) {
    choose();
    return cs_fp_mul(*a, *b);
}

_Atomic(cs_fr_product_fn *) cs_fr_product = first_fr_product;
_Atomic(cs_fp_product_fn *) cs_fp_product = first_fp_product;
