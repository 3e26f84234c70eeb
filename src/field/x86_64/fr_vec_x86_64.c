/* Batch kernels on F with mulx, adcx and adox. */
#define CS_KERNELS     cs_fr_kernels_x86_64
#define CS_KERNELS_ISA CS_ISA_X86_64
#include "field/x86_64/fr_rows.h"

#include "field/portable/fr_vec_scalar.h"
