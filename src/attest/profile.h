/* The timeline of a run: what every rank did when, in the trace event format of Chrome ("Trace Event Format", Google, 2016),
 * which chrome://tracing and ui.perfetto.dev show. Local. */
#ifndef CS_ATTEST_PROFILE_H
#define CS_ATTEST_PROFILE_H

#include "attest/stages.h"
#include "base/buffer.h"
#include "data/json.h"

/** This rank's part, for the root. Of a run in several rounds: each stage's sum over all of them, one stage behind the
 * other. origin: where all ranks' clocks meet, the moment by this rank's cs_wall_seconds at which it left the handshake.
 * host: NULL: not said. The buffer is appended to; lack of memory is sticky. */
void cs_profile_part(cs_buffer *out, const cs_stages *stages, double origin, const char *host);

/** The trace of all ranks, on the root: parts[n] as made by cs_profile_part, members[n] their names; the stages' names are
 * those of `stages`. *out: a new array of events; freed with json_decref. CS_ERR_ABORT: a part is none. CS_ERR_MEMORY. */
cs_status cs_profile_trace(json_t **out, const cs_stages *stages, const cs_buffer *parts, const char *const *members, int n);

/** Writes it by way of a temporary file, one event a line. CS_ERR_IO, CS_ERR_MEMORY. */
cs_status cs_profile_write(const char *path, const json_t *trace);

#endif
