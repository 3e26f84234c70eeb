/* Files that are long, secret, and sealed with a key: written and read piece by piece (libsodium's secretstream,
 * XChaCha20-Poly1305). What is changed, cut off or appended is noticed where it is read. Local.
 *
 *   magic (16) | header of the stream (24) | boxes: 65536 bytes and 17 each; the last one is shorter or as long, and marked
 */
#ifndef CS_DATA_SEALED_FILE_H
#define CS_DATA_SEALED_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pipe.h"

enum { CS_SEALED_MAGIC = 16, CS_SEALED_KEY = 32 };

typedef struct cs_sealed_output cs_sealed_output;
typedef struct cs_sealed_input cs_sealed_input;

/** A temporary file beside `path`, which is called <path>.new and takes the place of one that a killed process left; mode
 * 0600. One process at a time. CS_ERR_IO, CS_ERR_MEMORY; *out is NULL then. */
cs_status cs_sealed_create(cs_sealed_output **out, const char *path, const char magic[CS_SEALED_MAGIC],
                           const uint8_t key[CS_SEALED_KEY]);

/** Writes into it; a failure (CS_ERR_IO) is final. The writer is good as long as `out`. */
cs_writer cs_sealed_writer(cs_sealed_output *out);

/** Ends the file, syncs it and gives it its name, if all went well so far; otherwise, or with `keep` false, removes it.
 * Frees `out`. CS_ERR_IO. */
cs_status cs_sealed_close(cs_sealed_output *out, bool keep);

/** Removes the file and what a killed process left of a newer one, if they are there. */
void cs_sealed_remove(const char *path);

/** CS_ERR_IO if there is no such file; CS_ERR_INPUT if it is another kind of file. *out is NULL then. */
cs_status cs_sealed_open(cs_sealed_input **out, const char *path, const char magic[CS_SEALED_MAGIC],
                         const uint8_t key[CS_SEALED_KEY]);

/** Reads from it: CS_ERR_INPUT where a box was not sealed with this key, or where the file ends. */
cs_reader cs_sealed_reader(cs_sealed_input *in);

/** Reads what is left, and that it ends as it was written. CS_ERR_INPUT. */
cs_status cs_sealed_finish(cs_sealed_input *in);
void cs_sealed_end(cs_sealed_input *in);

#endif
