#include "session/channel.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "comm/secure.h"
#include "transcript/labels.h"

enum { HOST_SIZE = 64 };

/* What a rank sends. */
typedef struct greeting {
    uint8_t nonce[32];    /* of the session, as it knows it */
    char host[HOST_SIZE]; /* zero-padded */
} greeting;

static void greet(greeting *out, const cs_keyring *keys) {
    *out = (greeting){0};
    memcpy(out->nonce, keys->nonce, sizeof out->nonce);
    if (gethostname(out->host, HOST_SIZE - 1) != 0)
        out->host[0] = 0;
}

/* Another rank's bytes: ended, and nothing in them that a terminal would obey. */
static void clean_host(char out[HOST_SIZE], const char *host) {
    size_t k = 0;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the list was checked to be as long as it must be */
    for (; k < HOST_SIZE - 1 && host[k] != 0; k++)
        memcpy(out + k, host[k] > ' ' && host[k] < 127 ? host + k : "?", 1);
    out[k] = 0;
}

static cs_status check(const cs_buffer *all, const cs_keyring *keys) {
    if (all->size != (size_t)keys->size * sizeof(greeting))
        return cs_fail(CS_ERR_ABORT, "the root's list of hosts is %zu bytes long, not %zu", all->size,
                       (size_t)keys->size * sizeof(greeting));
    for (int j = 0; j < keys->size; j++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): the list is as long as was checked */
        if (memcmp(all->data + (size_t)j * sizeof(greeting), keys->nonce, sizeof keys->nonce) != 0)
            return cs_fail(CS_ERR_ABORT, "rank %d saw another handshake than rank %d: the root or the network changed it", j,
                           keys->rank);
    return CS_OK;
}

static cs_status join(cs_buffer *all, const cs_buffer *parts, int size) {
    for (int j = 0; j < size; j++) {
        if (parts[j].size != sizeof(greeting)) /* NOLINT(clang-analyzer-core.NullDereference): the root has parts */
            return cs_fail(CS_ERR_ABORT, "rank %d sent %zu bytes as its greeting, not %zu", j, parts[j].size,
                           sizeof(greeting));
        cs_buffer_append(all, parts[j].data, parts[j].size);
    }
    return cs_buffer_status(all);
}

static cs_status set_names(cs_comm *comm, const cs_buffer *all, const char *const *names) {
    for (int j = 0; j < comm->size; j++) {
        char host[HOST_SIZE], name[CS_COMM_NAME_SIZE];
        clean_host(host, (const char *)all->data + (size_t)j * sizeof(greeting) + offsetof(greeting, host));
        snprintf(name, sizeof name, "%s%s%s", names != NULL ? names[j] : "", names != NULL ? " on " : "", host);
        CS_TRY(cs_comm_set_name(comm, j, name));
    }
    return CS_OK;
}

static cs_status exchange(cs_comm *comm, const cs_keyring *keys, cs_buffer *parts, cs_buffer *all) {
    greeting mine;
    greet(&mine, keys);
    CS_TRY(cs_comm_gather(comm, CS_LABEL_HANDSHAKE, &mine, sizeof mine, parts));
    cs_status status = comm->rank == 0 ? join(all, parts, comm->size) : CS_OK;
    if (status == CS_OK && comm->rank == 0)
        status = check(all, keys);
    if (status != CS_OK)
        return cs_comm_raise(comm, status);
    CS_TRY(cs_comm_reply(comm, CS_LABEL_HANDSHAKE, all));
    return cs_comm_raise(comm, check(all, keys));
}

cs_status cs_channel_open(cs_comm *comm, const cs_keyring *keys, const char *const *names) {
    cs_buffer *parts = comm->rank == 0 ? CS_NEW(cs_buffer, (size_t)comm->size) : NULL, all = {0};
    cs_status status = comm->rank == 0 && parts == NULL ? CS_ERR_MEMORY : CS_OK;
    if (status == CS_OK)
        status = cs_secure_start(comm, (const uint8_t(*)[32])keys->seeds, keys->nonce, keys->by_aes);
    if (status == CS_OK)
        status = exchange(comm, keys, parts, &all);
    if (status == CS_OK)
        status = set_names(comm, &all, names);
    for (int j = 0; parts != NULL && j < comm->size; j++)
        cs_buffer_free(&parts[j]);
    cs_free(parts);
    cs_buffer_free(&all);
    return cs_comm_raise(comm, status);
}
