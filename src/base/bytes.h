/* Little-endian integers in byte strings. */
#ifndef CS_BASE_BYTES_H
#define CS_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint32_t cs_load_u32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t cs_load_u64(const uint8_t *p) {
    return (uint64_t)cs_load_u32(p) | (uint64_t)cs_load_u32(p + 4) << 32;
}

static inline void cs_store_u32(uint8_t *p, uint32_t v) {
    for (int k = 0; k < 4; k++)
        p[k] = (uint8_t)(v >> (8 * k));
}

static inline void cs_store_u64(uint8_t *p, uint64_t v) {
    for (int k = 0; k < 8; k++)
        p[k] = (uint8_t)(v >> (8 * k));
}

#endif
