#include "base/memory.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/pages.h"

/* A block is a 64-byte header, then the caller's bytes. Small ones lie in memory from calloc, big ones in pages of their
 * own, locked ones in libsodium's, between pages that cannot be touched. The address sanitizer sees what calloc gives only.
 */
enum { ALIGNMENT = 64 };
#ifdef CS_SANITIZED
static const size_t BIG = SIZE_MAX;
#else
static const size_t BIG = 128 << 10;
#endif

typedef struct header {
    void *raw;
    size_t bytes;
    bool locked;
} header;

_Static_assert(sizeof(header) <= ALIGNMENT, "the header fits before the block");

static atomic_size_t live_bytes, peak_bytes;
static atomic_size_t limit_bytes = SIZE_MAX;

#ifdef CS_TAMPER
static _Atomic(bool (*)(const void *)) fault;

void cs_memory_set_fault(bool (*f)(const void *site)) {
    atomic_store(&fault, f);
}
#endif

/* Test builds: is this allocation to fail? */
static bool fails(const void *site) {
#ifdef CS_TAMPER
    bool (*const f)(const void *) = atomic_load(&fault);
    return f != NULL && f(site);
#else
    (void)site;
    return false;
#endif
}

static header *header_of(void *block) {
    return (header *)(void *)((unsigned char *)block - ALIGNMENT);
}

static void count_block(size_t bytes) {
    const size_t live = atomic_fetch_add(&live_bytes, bytes) + bytes;
    size_t peak = atomic_load(&peak_bytes);
    while (live > peak && !atomic_compare_exchange_weak(&peak_bytes, &peak, live)) {
    }
}

/* Locked as far as the system allows. */
static void *take_locked(size_t bytes) {
    void *raw = sodium_init() >= 0 ? sodium_malloc(bytes) : NULL;
    if (raw != NULL)
        memset(raw, 0, bytes);
    return raw;
}

static void *allocate(size_t count, size_t size, bool locked, const void *site) {
    if (size != 0 && count > (PTRDIFF_MAX - 2 * ALIGNMENT) / size) {
        (void)cs_fail(CS_ERR_MEMORY, "an array of %zu elements of %zu bytes is too large for this machine", count, size);
        return NULL;
    }
    const size_t bytes = count * size, limit = atomic_load(&limit_bytes), live = atomic_load(&live_bytes);
    /* an empty block has an address inside of its memory, so that leak checkers see it held */
    const size_t with_header = (bytes == 0 ? 1 : bytes) + 2 * ALIGNMENT;
    unsigned char *raw = NULL;
    if (bytes <= limit && live <= limit - bytes && !fails(site))
        raw = locked ? take_locked(with_header) : bytes < BIG ? calloc(1, with_header) : cs_pages_take(with_header);
    if (raw == NULL) {
        (void)cs_fail(CS_ERR_MEMORY, "no memory for %zu bytes (%zu in use); use more ranks or a smaller job", bytes, live);
        return NULL;
    }
    unsigned char *block = raw + 2 * ALIGNMENT - (uintptr_t)raw % ALIGNMENT;
    *header_of(block) = (header){.raw = raw, .bytes = bytes, .locked = locked};
    count_block(bytes);
    return block;
}

void *cs_calloc(size_t count, size_t size) {
    return allocate(count, size, false, __builtin_return_address(0));
}

void *cs_calloc_locked(size_t count, size_t size) {
    return allocate(count, size, true, __builtin_return_address(0));
}

void cs_free(void *block) {
    if (block == NULL)
        return;
    const header h = *header_of(block);
    sodium_memzero(block, h.bytes);
    *header_of(block) = (header){0};
    atomic_fetch_sub(&live_bytes, h.bytes);
    if (h.locked)
        sodium_free(h.raw);
    else if (h.bytes < BIG)
        free(h.raw);
    else
        cs_pages_give(h.raw, h.bytes + 2 * ALIGNMENT);
}

void *cs_grow(void *block, size_t old_count, size_t count, size_t size) {
    void *grown = cs_calloc(count, size);
    if (grown == NULL)
        return NULL;
    if (block != NULL)
        memcpy(grown, block, (old_count < count ? old_count : count) * size);
    cs_free(block);
    return grown;
}

size_t cs_memory_peak(void) {
    return atomic_load(&peak_bytes);
}

size_t cs_memory_live(void) {
    return atomic_load(&live_bytes);
}

void cs_memory_limit(size_t bytes) {
    atomic_store(&limit_bytes, bytes);
}
