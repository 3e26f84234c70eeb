/* Instruction sets that have batch kernels of their own: which are built in, which this machine has, which is in use.
 * Chosen once per process: the best available one, or the one CONSORT_ISA names. Local. */
#ifndef CS_BASE_ISA_H
#define CS_BASE_ISA_H

#include "base/error.h"
#include <stdbool.h>

typedef enum cs_isa { CS_ISA_PORTABLE, CS_ISA_X86_64, CS_ISA_AVX512IFMA } cs_isa;
enum { CS_ISA_COUNT = 3 };

/** "portable", "x86_64" (mulx, adcx, adox), "avx512ifma": the values of CONSORT_ISA. */
const char *cs_isa_name(cs_isa isa);

/** Built in, and supported by this processor and its operating system. Portable always is. */
bool cs_isa_available(cs_isa isa);

/** The one in use, the same for all kernels of the process; portable if CONSORT_ISA asks for what is not available. */
cs_isa cs_isa_chosen(void);

/** Parts of instruction sets that single kernels use on their own: AVX2; AES-NI; AES-NI on vectors of 256 bits, with AVX2;
 * AVX-512 F, BW, DQ, VL and VBMI; the same with AES-NI on vectors of 512 bits. */
typedef enum cs_isa_part { CS_ISA_AVX2, CS_ISA_AES, CS_ISA_VAES, CS_ISA_AVX512, CS_ISA_VAES512 } cs_isa_part;

/** Built in, supported by this processor and its operating system, and not forbidden by CONSORT_ISA: portable forbids all,
 * x86_64 what needs AVX-512. Looks the variable up anew each time: not for inner loops. */
bool cs_isa_has(cs_isa_part part);

/** CS_ERR_USAGE, with a text that lists what is available, if CONSORT_ISA names nothing or something this build or machine
 * lacks. Programs call it before anything else. */
cs_status cs_isa_check(void);

#endif
