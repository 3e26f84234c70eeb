/* Batches of points, x86_64. */
#define CS_KERNELS     cs_g1_kernels_x86_64
#define CS_KERNELS_ISA CS_ISA_X86_64
#include "curve/portable/g1_batch_scalar.h"
