/* Batches of points, portable. */
#define CS_KERNELS     cs_g1_kernels_portable
#define CS_KERNELS_ISA CS_ISA_PORTABLE
#include "curve/portable/g1_batch_scalar.h"
