/* Single products on F and on the base field: the implementations that cs_fr_mul and cs_fp_mul choose from. Constant time;
 * identical bytes. Factors are reduced, or one of them is and is the first (field/portable/mont.h, cs_mont_mul). */
#ifndef CS_FIELD_PRODUCT_H
#define CS_FIELD_PRODUCT_H

#include "field/fp.h"
#include "field/fr.h"

cs_fr_product_fn cs_fr_product_portable, cs_fr_product_x86_64;
cs_fp_product_fn cs_fp_product_portable, cs_fp_product_x86_64;

#endif
