#include "attest/exchange.h"

#include "base/bytes.h"
#include "base/memory.h"

static void free_parts(cs_buffer *parts, int n) {
    for (int i = 0; parts != NULL && i < n; i++)
        cs_buffer_free(&parts[i]);
    cs_free(parts);
}

/* Local, on the root: one frame of all parts, each after its length unless all are to have `size` bytes. */
static cs_status join(cs_buffer *all, const cs_buffer *parts, int n, const size_t *size, size_t limit, const char *what) {
    for (int i = 0; i < n; i++) {
        if (size != NULL ? parts[i].size != *size : parts[i].size > limit)
            return cs_fail(CS_ERR_ABORT, "rank %d sent %zu bytes as its part of %s; %s %zu are expected", i, parts[i].size,
                           what, size != NULL ? "exactly" : "at most", size != NULL ? *size : limit);
        if (size == NULL)
            cs_buffer_append_u64(all, parts[i].size);
        cs_buffer_append(all, parts[i].data, parts[i].size);
    }
    return cs_buffer_status(all);
}

static cs_status gather_and_reply(cs_comm *comm, uint32_t tag, const void *mine, size_t mine_size, cs_buffer *all,
                                  const size_t *size, size_t limit, const char *what) {
    cs_buffer *parts = comm->rank == 0 ? CS_NEW(cs_buffer, (size_t)comm->size) : NULL;
    cs_buffer_clear(all);
    if (comm->rank == 0 && parts == NULL)
        return CS_ERR_MEMORY;
    cs_status status = cs_comm_gather(comm, tag, mine, mine_size, parts);
    if (status == CS_OK && parts != NULL)
        status = join(all, parts, comm->size, size, limit, what);
    free_parts(parts, comm->size);
    return status == CS_OK ? cs_comm_reply(comm, tag, all) : status;
}

cs_status cs_exchange(cs_comm *comm, uint32_t tag, const void *mine, size_t size, cs_buffer *all, const char *what) {
    CS_TRY(gather_and_reply(comm, tag, mine, size, all, &size, 0, what));
    if (all->size != size * (size_t)comm->size)
        return cs_fail(CS_ERR_ABORT, "the root sent %zu bytes as %s; %zu are expected", all->size, what,
                       size * (size_t)comm->size);
    return CS_OK;
}

static cs_status split(cs_buffer *parts, int n, const cs_buffer *all, size_t limit, const char *what) {
    size_t at = 0;
    for (int i = 0; i < n; i++) {
        const uint64_t size = all->size - at < 8 ? UINT64_MAX : cs_load_u64(all->data + at);
        if (size > limit || size > all->size - at - 8)
            return cs_fail(CS_ERR_ABORT, "the root's frame with %s does not come apart", what);
        cs_buffer_append(&parts[i], all->data + at + 8, (size_t)size);
        CS_TRY(cs_buffer_status(&parts[i]));
        at += 8 + (size_t)size;
    }
    return at == all->size ? CS_OK : cs_fail(CS_ERR_ABORT, "the root's frame with %s is too long", what);
}

cs_status cs_exchange_parts(cs_comm *comm, uint32_t tag, const cs_buffer *mine, size_t limit, cs_buffer *parts,
                            const char *what) {
    cs_buffer all = {0};
    cs_status status = gather_and_reply(comm, tag, mine->data, mine->size, &all, NULL, limit, what);
    if (status == CS_OK)
        status = split(parts, comm->size, &all, limit, what);
    cs_buffer_free(&all);
    return status;
}
