/* Everyone's bytes to everyone, through the root. Collective. */
#ifndef CS_ATTEST_EXCHANGE_H
#define CS_ATTEST_EXCHANGE_H

#include "comm/comm.h"

/** Every rank gives `mine` of `size` bytes, the same size on all; `all` (replaced) becomes the parts of all ranks one after
 * the other. `what` is for messages ("the datasets' commitments"). CS_ERR_ABORT if a part has another size; CS_ERR_MEMORY;
 * CS_ERR_RANK. */
cs_status cs_exchange(cs_comm *comm, uint32_t tag, const void *mine, size_t size, cs_buffer *all, const char *what);

/** The same with parts of any size up to `limit` bytes: parts[size of comm], zero-initialised by the caller, who frees
 * them. CS_ERR_ABORT if a part is longer, or the root sends something that does not come apart. */
cs_status cs_exchange_parts(cs_comm *comm, uint32_t tag, const cs_buffer *mine, size_t limit, cs_buffer *parts,
                            const char *what);

#endif
