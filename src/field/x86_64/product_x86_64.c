/* Single products with mulx, adcx and adox. Limbs are stored two at a time: callers copy structures through vector
 * registers, and loads of what was stored limb by limb would wait until it is in the cache. */
#include "field/product.h"

#include <string.h>

#include "field/portable/fp_inline.h"
#include "field/portable/fr_inline.h"

typedef uint64_t limb_pair __attribute__((vector_size(16)));

CS_INLINE void store_pairs(uint64_t r[4], const uint64_t a[4]) {
    const limb_pair low = {a[0], a[1]}, high = {a[2], a[3]};
    memcpy(r, &low, sizeof low);
    memcpy(r + 2, &high, sizeof high);
}

cs_fr cs_fr_product_x86_64(const cs_fr *a, const cs_fr *b) {
    cs_fr product, r;
    cs_fr_mul_to(&product, a, b);
    store_pairs(r.v, product.v);
    return r;
}

cs_fp cs_fp_product_x86_64(const cs_fp *a, const cs_fp *b) {
    cs_fp product, r;
    cs_fp_mul_to(&product, a, b);
    store_pairs(r.v, product.v);
    return r;
}
