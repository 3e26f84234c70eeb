/* Multi-scalar multiplication. */
#include "curve/msm.h"

#include "base/memory.h"

cs_status cs_msm_var(cs_g1 *out, const cs_fr *k, const cs_g1_affine *p, size_t n) {
    uint64_t(*e)[4] = cs_calloc(n, sizeof *e);
    if (e == NULL)
        return CS_ERR_MEMORY;
    for (size_t j = 0; j < n; j++)
        cs_fr_to_limbs(e[j], k[j]);
    cs_g1 sum = CS_G1_IDENTITY;
    for (int bit = 253; bit >= 0; bit--) {
        sum = cs_g1_double(sum);
        for (size_t j = 0; j < n; j++)
            if (e[j][bit / 64] >> (bit % 64) & 1)
                sum = cs_g1_add_affine(sum, p[j]);
    }
    cs_free(e);
    *out = sum;
    return CS_OK;
}
