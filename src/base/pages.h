/* Big blocks of memory for cs_calloc. Freed blocks are kept for the next ones: a page that the system hands out costs a
 * fault and a clearing, and a long proof would otherwise ask for its whole memory several times over. Kept and used pages
 * together never exceed the most that was used at one time, so keeping them does not raise the peak. For all threads. */
#ifndef CS_BASE_PAGES_H
#define CS_BASE_PAGES_H

#include <stddef.h>

/** At least `bytes` > 0 of zeroed memory, aligned to a page; NULL without memory. */
void *cs_pages_take(size_t bytes);

/** Gives back what cs_pages_take gave for `bytes`; the caller has zeroed it. */
void cs_pages_give(void *pages, size_t bytes);

#endif
