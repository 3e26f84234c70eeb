/* Members of a job who are left out of a run of it, because they cheated in another one. The run is that of the same job
 * without them: without their data, with so many ranks less. Local. */
#ifndef CS_ATTEST_EXCLUDED_H
#define CS_ATTEST_EXCLUDED_H

#include "data/json.h"
#include "train/params.h"

/** Names in the order in which they were given; distinct. Owns them; zero-initialise it. */
typedef struct cs_excluded {
    size_t n;
    char *names[CS_MAX_RANKS];
} cs_excluded;

void cs_excluded_free(cs_excluded *e);

/** Adds a name; CS_ERR_INPUT if it is there already or there are too many, CS_ERR_MEMORY. */
cs_status cs_excluded_add(cs_excluded *e, const char *name);

/** Adds the names of a list "a,b,c". As above. */
cs_status cs_excluded_parse(cs_excluded *e, const char *list);

cs_status cs_excluded_copy(cs_excluded *out, const cs_excluded *e);
bool cs_excluded_has(const cs_excluded *e, const char *name);

/** "a,b,c". NULL without memory. cs_free. */
char *cs_excluded_join(const cs_excluded *e);

/** For names of files: ".without-a-b", "" if nobody is left out. NULL without memory. cs_free. */
char *cs_excluded_suffix(const cs_excluded *e);

/** An array of names. NULL without memory. */
json_t *cs_excluded_to_json(const cs_excluded *e);

#endif
