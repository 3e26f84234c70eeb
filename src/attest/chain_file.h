/* A listing of the attestations of a chain, in order, so that they can be given as one (docs/formats.md). Local. */
#ifndef CS_ATTEST_CHAIN_FILE_H
#define CS_ATTEST_CHAIN_FILE_H

#include <stddef.h>

#include "base/error.h"

#define CS_CHAIN_FIRST_LINE "consort chain 1\n"

/** Paths of attestations; owned. */
typedef struct cs_chain_paths {
    size_t n;
    char **path; /* [n] */
} cs_chain_paths;

/** Each of paths[n] that is a listing is replaced by what it lists: files beside it. A file that is none stays as it is,
 * readable or not. CS_ERR_INPUT names file and line; CS_ERR_IO; CS_ERR_MEMORY. Freed by cs_chain_paths_free, also after a
 * failure. */
cs_status cs_chain_paths_expand(cs_chain_paths *out, const char *const *paths, size_t n);
void cs_chain_paths_free(cs_chain_paths *paths);

#endif
