/* GMAC, which authenticates and encrypts nothing (NIST SP 800-38D), with AES-256, 96-bit nonces and 128-bit tags, by the
 * processor's own instructions for AES and for products of polynomials over GF(2): no table, no branch and no address
 * depends on the key. Several times as fast as Poly1305 where there are such instructions; there is no version without.
 * Local; cannot fail. */
#ifndef CS_COMM_GMAC_H
#define CS_COMM_GMAC_H

#include "base/aes.h"

enum { CS_GMAC_NONCE = 12, CS_GMAC_TAG = 16, CS_GMAC_BLOCK = 16, CS_GMAC_GROUP = 16 };

typedef struct cs_gmac_kernel cs_gmac_kernel;

/** An expanded key; secret. The owner wipes it. */
typedef struct cs_gmac {
    const cs_gmac_kernel *kernel;
    const cs_aes_kernel *cipher;
    cs_aes_key key;
    uint8_t powers[CS_GMAC_GROUP][CS_GMAC_BLOCK]; /* of the hash key H: H^16, …, H, as the kernels take them */
} cs_gmac;

/** Takes state[16], its bytes in reverse order, through data[16 * 16 * groups]. */
struct cs_gmac_kernel {
    const char *name; /* "pclmul": a block at a time; "vpclmul": two in a vector */
    void (*absorb)(uint8_t state[CS_GMAC_BLOCK], const cs_gmac *g, const uint8_t *data, size_t groups);
};

/** Kernel k = 0, 1, … that this processor can run and CONSORT_ISA allows, best last; NULL from the end on. All give the
 * same tags. There is one wherever cs_aes_available. */
const cs_gmac_kernel *cs_gmac_kernel_at(size_t k);

/** The best one, or NULL. Chosen anew each time: not for inner loops. */
const cs_gmac_kernel *cs_gmac_best(void);

void cs_gmac_init(cs_gmac *out, const cs_gmac_kernel *kernel, const uint8_t key[32]);

/** The tag of data[size], which counts as associated data. A nonce is for one message under a key. */
void cs_gmac_tag(uint8_t tag[CS_GMAC_TAG], const cs_gmac *g, const uint8_t nonce[CS_GMAC_NONCE], const uint8_t *data,
                 size_t size);

#endif
