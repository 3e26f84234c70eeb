/* Decimal numbers in text. Internal to src/data. Local. */
#ifndef CS_DATA_NUMBER_H
#define CS_DATA_NUMBER_H

#include <locale.h>
#include <stdbool.h>
#include <stddef.h>

#define CS_NUMBER_MAX_LENGTH 400 /* characters; the longest exact decimal fraction worth writing is shorter */

/** Reads all of text[length] as [+-] digits [. digits] [e [+-] digits] (a digit on at least one side of the point): the
 * nearest double, ties to even, whatever the program's locale. No spaces, no hexadecimal, no "inf", no "nan"; a number too
 * large for a double gives an infinity. Returns false, with *out untouched, if it is anything else. `c_locale` is a "C"
 * locale. */
bool cs_number_parse(double *out, const char *text, size_t length, locale_t c_locale);

#endif
