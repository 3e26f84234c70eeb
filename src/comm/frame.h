/* Internal to comm/: what a frame looks like. A header of five little-endian words (magic, kind, tag, length in two halves),
 * and content. */
#ifndef CS_COMM_FRAME_H
#define CS_COMM_FRAME_H

#include "base/bytes.h"
#include "comm/comm.h"

enum { CS_FRAME_HEADER = 20, CS_FRAME_MAGIC = 0x31465343 };

/** Has it a header, and does its tag say that the content is masked? */
static inline bool cs_frame_is_masked(const uint8_t *frame, size_t size) {
    return size >= CS_FRAME_HEADER && cs_load_u32(frame) == CS_FRAME_MAGIC && (cs_load_u32(frame + 8) & CS_COMM_MASKED) != 0;
}

#endif
