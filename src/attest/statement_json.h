/* The statement as a JSON document. Internal to statement and manifest. */
#ifndef CS_ATTEST_STATEMENT_JSON_H
#define CS_ATTEST_STATEMENT_JSON_H

#include "attest/statement.h"

/** New objects; NULL without memory. */
json_t *cs_statement_to_json(const cs_statement *s);

/** Per member its datasets (cs_dataset_uses_to_json). */
json_t *cs_statement_datasets_to_json(const cs_statement *s, bool digests);

/** [hex, …], or null. */
json_t *cs_statement_contributions_to_json(const cs_statement *s);

/** "seed", or {"digest": hex}. */
json_t *cs_statement_initial_to_json(const cs_statement *s);

/** {"ed25519": hex, "name": "…"}, or null. */
json_t *cs_signer_to_json(const cs_signer *signer);

#endif
