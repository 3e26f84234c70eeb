/* Days: "YYYY-MM-DD" in UTC, of the Gregorian calendar. They compare as strings do. Local. */
#ifndef CS_PROVENANCE_DATE_H
#define CS_PROVENANCE_DATE_H

#include "data/json.h"

enum { CS_DATE_SIZE = 11 }; /* with its NUL */

/** Exactly ten characters of a day that exists, 0001-01-01 to 9999-12-31. */
bool cs_date_is_valid(const char *text);

/** Today's. CS_ERR_INTERNAL without a clock. */
cs_status cs_date_today(char out[CS_DATE_SIZE]);

/** Copies a day given by a user; `what` ("--at") is for messages; CS_ERR_USAGE. */
cs_status cs_date_read(char out[CS_DATE_SIZE], const char *what, const char *text);

cs_status cs_date_from_json(char out[CS_DATE_SIZE], const cs_json *v);

#endif
