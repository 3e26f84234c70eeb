/* What `consort dataset certify` and `show` share. */
#ifndef CS_CLI_CERTIFIED_H
#define CS_CLI_CERTIFIED_H

#include "provenance/certificate.h"
#include "provenance/wellformed.h"

/** Reads and verifies the folder's proof. CS_REJECT (PROOF) if it does not hold or there is none. */
cs_status cs_cli_check_proof(const char *folder, const cs_dataset_doc *doc);

/** What certificates say of this dataset. CS_ERR_MEMORY. */
cs_status cs_cli_certified_dataset(cs_certified_dataset *out, const cs_dataset_doc *doc);

/** For people. Lack of memory is sticky in the buffer. */
void cs_cli_show_certificate(cs_buffer *out, const cs_certificate *c);

#endif
