/* The statement as a JSON document. Internal to the statement. */
#ifndef CS_ATTEST_STATEMENT_JSON_H
#define CS_ATTEST_STATEMENT_JSON_H

#include "attest/statement.h"

/** New objects; NULL without memory. */
json_t *cs_statement_to_json(const cs_statement *s);
json_t *cs_datasets_to_json(const cs_statement *s);

#endif
