/* Test builds only (-DCS_TAMPER): a rank writes down what it knows, so that a test can look for it where it must not be.
 * Nothing of it exists in other builds. */
#ifndef CS_BASE_SPY_H
#define CS_BASE_SPY_H

#ifdef CS_TAMPER

#include <stddef.h>

/** Appends a line "NAME HEX" to the file that $CONSORT_SPY names, followed by a dot and the process's number. No effect
 *  without that variable, or without bytes. */
void cs_spy(const char *name, const void *data, size_t size);

#define CS_SPY(name, data, size) cs_spy((name), (data), (size))

#else

#define CS_SPY(name, data, size) ((void)0)

#endif

#endif
