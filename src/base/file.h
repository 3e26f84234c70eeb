/* Whole files. Local. */
#ifndef CS_BASE_FILE_H
#define CS_BASE_FILE_H

#include <stdbool.h>

#include "base/buffer.h"

/** Appends the file's bytes to `out`. CS_ERR_IO if it cannot be read, CS_ERR_INPUT if it is longer than `limit` bytes. */
cs_status cs_file_read(const char *path, size_t limit, cs_buffer *out);

/** Writes and syncs a file before it gets the name `path`: that never holds a part of a file. A new file has no name at all
 *  until then where the file system allows it, so a process that is killed leaves nothing; one that replaces another, or
 *  lies elsewhere (NFS), has a temporary name beside `path`. `mode` as for open (0644, or 0600 for secrets). */
cs_status cs_file_write(const char *path, const void *data, size_t size, unsigned mode);

/** Whether group or others have any right to it; false if there is no such file. */
bool cs_file_others_may_use(const char *path);

/** Creates a folder and its missing parents. An existing folder is fine. */
cs_status cs_file_make_folder(const char *path);

/** CS_OK if nothing exists at `path`, CS_ERR_IO with a text otherwise. */
cs_status cs_file_must_not_exist(const char *path);

/** "dir/of/base" + "name" -> newly allocated "dir/of/name"; an absolute `name` is copied. NULL without memory. cs_free. */
char *cs_path_beside(const char *base, const char *name);

#endif
