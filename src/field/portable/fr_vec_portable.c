/* Batch kernels on F in portable C. */
#define CS_KERNELS     cs_fr_kernels_portable
#define CS_KERNELS_ISA CS_ISA_PORTABLE
#include "field/portable/fr_vec_scalar.h"
