#define _GNU_SOURCE /* mremap, MADV_DONTDUMP, MADV_HUGEPAGE */
#include "base/pages.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

/* Sizes are multiples of this, and so of the system's page. */
enum { GRAIN = 1 << 16 };

/* Kept pages, zero but for this at their start. */
typedef struct extent {
    struct extent *next;
    size_t bytes;
} extent;

static struct {
    pthread_mutex_t lock;
    extent *first; /* by address; no two of them touch */
    size_t kept, used, most_used;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t whole_grains(size_t bytes) {
    return (bytes + GRAIN - 1) / GRAIN * GRAIN;
}

static bool touches(const extent *e, const extent *next) {
    return next != NULL && (uintptr_t)e + e->bytes == (uintptr_t)next;
}

/* Makes one extent of two that touch. */
static void join(extent *e) {
    extent *next = e->next;
    e->bytes += next->bytes;
    e->next = next->next;
    *next = (extent){0};
}

static void keep(void *pages, size_t bytes) {
    extent *before = NULL, **at = &pool.first, *e = pages;
    while (*at != NULL && (uintptr_t)*at < (uintptr_t)pages) {
        before = *at;
        at = &before->next;
    }
    *e = (extent){.next = *at, .bytes = bytes};
    *at = e;
    pool.kept += bytes;
    if (touches(e, e->next))
        join(e);
    if (before != NULL && touches(before, e))
        join(before);
}

/* Takes the first bytes of an extent off the list. */
static void *cut(extent **at, size_t bytes) {
    extent *e = *at;
    const extent old = *e;
    *at = old.next;
    *e = (extent){0};
    pool.kept -= bytes;
    if (old.bytes > bytes) {
        *at = (extent *)(void *)((unsigned char *)e + bytes);
        **at = (extent){.next = old.next, .bytes = old.bytes - bytes};
    }
    return e;
}

/* Links to the smallest extent of at least so many bytes, and to the longest one; NULL if there is none. */
static extent **smallest(size_t bytes) {
    extent **best = NULL;
    for (extent **at = &pool.first; *at != NULL; at = &(*at)->next)
        if ((*at)->bytes >= bytes && (best == NULL || (*at)->bytes < (*best)->bytes))
            best = at;
    return best;
}

static extent **longest(void) {
    extent **best = NULL;
    for (extent **at = &pool.first; *at != NULL; at = &(*at)->next)
        if (best == NULL || (*at)->bytes > (*best)->bytes)
            best = at;
    return best;
}

/* Kept pages if some extent is long enough, else the longest one with new pages after it. The system does not lengthen pages
 * that it mapped at different times: all are new then. */
static void *find(size_t bytes) {
    extent **at = smallest(bytes);
    if (at != NULL)
        return cut(at, bytes);
    at = longest();
    if (at != NULL) {
        const size_t had = (*at)->bytes;
        void *old = cut(at, had), *longer = mremap(old, had, bytes, MREMAP_MAYMOVE);
        if (longer != MAP_FAILED)
            return longer;
        keep(old, had);
    }
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return NULL;
    (void)madvise(pages, bytes, MADV_DONTDUMP); /* should there be core dumps after all (base/harden.h) */
    (void)madvise(pages, bytes, MADV_HUGEPAGE); /* fewer faults, fewer misses of the TLB */
    return pages;
}

/* Hands pages back to the system, the smallest extents first, until those kept and used are few enough. */
static void give_back(void) {
    for (extent **at; pool.kept + pool.used > pool.most_used && (at = smallest(0)) != NULL;) {
        const size_t excess = pool.kept + pool.used - pool.most_used, n = (*at)->bytes < excess ? (*at)->bytes : excess;
        (void)munmap(cut(at, n), n);
    }
}

void *cs_pages_take(size_t bytes) {
    bytes = whole_grains(bytes);
    (void)pthread_mutex_lock(&pool.lock);
    void *pages = find(bytes);
    if (pages != NULL) {
        pool.used += bytes;
        if (pool.used > pool.most_used)
            pool.most_used = pool.used;
        give_back();
    }
    (void)pthread_mutex_unlock(&pool.lock);
    return pages;
}

void cs_pages_give(void *pages, size_t bytes) {
    bytes = whole_grains(bytes);
    (void)pthread_mutex_lock(&pool.lock);
    pool.used -= bytes;
    keep(pages, bytes);
    (void)pthread_mutex_unlock(&pool.lock);
}
