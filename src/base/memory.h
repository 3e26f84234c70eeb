/* Memory. All sizes are checked for overflow; all blocks are 64-byte aligned and zeroed; every block that may hold a
 * secret is wiped when it is freed (the allocator keeps its size). Big ones are then kept for the next ones: base/pages.h.
 */
#ifndef CS_BASE_MEMORY_H
#define CS_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/** `count` zeroed elements of `size` bytes; NULL (and a recorded CS_ERR_MEMORY text) on overflow or lack of memory.
 *  count = 0 gives a valid pointer. Owned by the caller: cs_free. */
void *cs_calloc(size_t count, size_t size);

/** The same for keys that live long: never swapped out as far as the system lets this process lock memory (ulimit -l), and
 *  between pages whose touch ends the process. Each block takes whole pages: for a few small ones. */
void *cs_calloc_locked(size_t count, size_t size);

/** Wipes and frees; NULL is allowed. */
void cs_free(void *block);

/** Grows a block of `old_count` elements to `count` (the tail is zeroed); on failure returns NULL and leaves `block` as it
 * was. */
void *cs_grow(void *block, size_t old_count, size_t count, size_t size);

/** Most bytes that were ever live at one time through this allocator, and the bytes live now. */
size_t cs_memory_peak(void);
size_t cs_memory_live(void);

/** From now on an allocation that would bring the live bytes above `bytes` fails as if memory had run out. The default is
 *  SIZE_MAX, no limit. For the whole process; tests of unhappy paths use it. */
void cs_memory_limit(size_t bytes);

#ifdef CS_TAMPER
/** Test builds: asked before every allocation, with the place in the program that wants it; true makes it fail. NULL: none.
 *  Called by all threads. */
void cs_memory_set_fault(bool (*fault)(const void *site));
#endif

#define CS_NEW(type, count)        ((type *)cs_calloc((count), sizeof(type)))
#define CS_NEW_LOCKED(type, count) ((type *)cs_calloc_locked((count), sizeof(type)))

#endif
