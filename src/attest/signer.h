/* Who signs for a member: part of job, manifest and statement. */
#ifndef CS_ATTEST_SIGNER_H
#define CS_ATTEST_SIGNER_H

#include <stdbool.h>

#include "provenance/sign.h"

typedef struct cs_signer {
    bool identified;                    /* else all of it is zero */
    char name[CS_PARTY_NAME_BYTES + 1]; /* as the identity calls itself */
    uint8_t ed25519[CS_SIGN_KEY_SIZE];
} cs_signer;

#endif
