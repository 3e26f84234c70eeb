#include "train/sent_sums.h"

#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "base/sha256.h"

/* Statistical distance of what is uncovered from what says nothing: below 2^-SECURITY. */
enum { SECURITY = 40, WIDE_BITS = 127 };
enum { SENT, RECEIVED, SHOWN, CHAINS };

static unsigned bits_of(uint64_t x) {
    unsigned bits = 0;
    for (; x != 0; x >>= 1)
        bits++;
    return bits;
}

/* A rank's padded entry is at most N - 1 pads and a gradient: less than N 2^pad_bits. The pads of one other honest rank hide
 * an entry but for 2 |gradient| / 2^pad_bits; n entries of at most N steps are uncovered. */
static cs_status choose_pads(cs_sent_sums *s, const cs_params *p) {
    const unsigned ranks = bits_of((uint64_t)s->size - 1), gradient = bits_of((uint64_t)cs_params_gradient_max(p));
    s->pad_bits = WIDE_BITS - 1 - ranks;
    const unsigned needed = gradient + 1 + bits_of(s->n) + ranks + SECURITY;
    return needed <= s->pad_bits ? CS_OK
                                 : cs_fail(CS_ERR_RANGE,
                                           "--attributable: gradients of %u bits of %zu parameters need pads of %u bits; %u "
                                           "are possible. Run the job without this option",
                                           gradient, s->n, needed, s->pad_bits);
}

cs_status cs_sent_sums_new(cs_sent_sums *s, const cs_comm *comm, const cs_params *p, size_t first, size_t n, size_t width) {
    cs_sent_sums_free(s);
    *s = (cs_sent_sums){.comm = comm,
                        .rank = comm->rank,
                        .size = comm->size,
                        .first = first,
                        .room = p->steps - first,
                        .n = n,
                        .width = width};
    CS_TRY(choose_pads(s, p));
    const size_t each = s->room * (size_t)s->size;
    s->views = cs_calloc(s->room + 1, 32);
    s->wishes = cs_calloc(s->room + 1, 2);
    s->sent = cs_calloc(each + 1, 32);
    s->shown = cs_calloc(each + 1, 32);
    s->chains = cs_calloc(CHAINS * (size_t)s->size, 32);
    return s->views != NULL && s->wishes != NULL && s->sent != NULL && s->shown != NULL && s->chains != NULL ? CS_OK
                                                                                                             : CS_ERR_MEMORY;
}

void cs_sent_sums_free(cs_sent_sums *s) {
    cs_free(s->views);
    cs_free(s->wishes);
    cs_free(s->sent);
    cs_free(s->shown);
    cs_free(s->chains);
    cs_buffer_free(&s->all);
    *s = (cs_sent_sums){0};
}

double cs_sent_sums_bytes(size_t steps, int size) {
    return 32.0 * (double)steps * (1 + 2 * (double)size);
}

static void extend(uint8_t chain[32], const uint8_t hash[32]) {
    uint8_t both[64];
    memcpy(both, chain, 32);
    memcpy(both + 32, hash, 32);
    cs_sha256(chain, both, sizeof both);
}

static uint8_t *chain_of(const cs_sent_sums *s, int which, int rank) {
    return s->chains[which * s->size + rank];
}

/* Hashes of each rank's part of a vector. */
static void hash_parts(const cs_sent_sums *s, const uint8_t *bytes, uint8_t (*out)[32], int but) {
    for (int k = 0; k < s->size; k++) {
        size_t first, count;
        cs_comm_sum_part(s->comm, s->n, k, &first, &count);
        if (k != but)
            cs_sha256(out[k], bytes + s->width * first, s->width * count);
    }
}

void cs_sent_sums_begin(cs_sent_sums *s, const uint8_t view[32], const uint8_t wishes[2], const uint8_t *addends) {
    uint8_t(*sent)[32] = s->sent + s->made * (size_t)s->size;
    memcpy(s->views[s->made], view, 32);
    memcpy(s->wishes + 2 * s->made, wishes, 2);
    hash_parts(s, addends, sent, s->rank);
    for (int k = 0; k < s->size; k++)
        if (k != s->rank)
            extend(chain_of(s, SENT, k), sent[k]);
}

void cs_sent_sums_receive(cs_sent_sums *s, int rank, const uint8_t *addends, size_t size) {
    uint8_t hash[32];
    cs_sha256(hash, addends, size);
    extend(chain_of(s, RECEIVED, rank), hash);
}

void cs_sent_sums_end(cs_sent_sums *s, const uint8_t *sums) {
    uint8_t(*shown)[32] = s->shown + s->made * (size_t)s->size;
    hash_parts(s, sums, shown, -1);
    for (int k = 0; k < s->size; k++)
        extend(chain_of(s, SHOWN, k), shown[k]);
    s->made++;
}

static const uint8_t *said(const cs_sent_sums *s, int who, int which, int rank) {
    return s->all.data + 32 * (size_t)((CHAINS * who + which) * s->size + rank);
}

static bool same(const uint8_t *a, const uint8_t *b) {
    return memcmp(a, b, 32) == 0;
}

bool cs_sent_sums_are(const cs_sent_sums *s, int from, int to, const uint8_t *hashes) {
    uint8_t chain[32] = {0};
    for (size_t k = 0; k < s->made; k++)
        extend(chain, hashes + 32 * k);
    return same(chain, said(s, from, SENT, to));
}

static cs_status compare(const cs_sent_sums *s) {
    if (memcmp(said(s, s->rank, 0, 0), s->chains, 32 * CHAINS * (size_t)s->size) != 0)
        return cs_fail(CS_ERR_ABORT, "rank 0 shows other hashes of sums than this rank gave");
    for (int i = 0; i < s->size; i++)
        for (int k = 0; k < s->size; k++)
            if (i != k && !same(said(s, i, SENT, k), said(s, k, RECEIVED, i)))
                return cs_fail(
                    CS_ERR_ABORT,
                    "ranks %d and %d do not agree on the gradients that the first sent to the second: one of them "
                    "lies",
                    i, k);
    for (int k = 0; k < s->size; k++)
        for (int i = 0; i < s->size; i++)
            if (i != k && !same(said(s, i, SHOWN, k), said(s, k, SHOWN, k)))
                return cs_fail(CS_ERR_ABORT,
                               "ranks %d and %d do not agree on the sums that the first showed to the second: one of them "
                               "lies",
                               k, i);
    return CS_OK;
}

cs_status cs_sent_sums_agree(cs_sent_sums *s, cs_comm *comm, cs_pads *pads) {
    const size_t part = 32 * CHAINS * (size_t)s->size, size = (size_t)s->size;
    const bool root = comm->rank == 0;
    cs_buffer *parts = root ? CS_NEW(cs_buffer, size) : NULL;
    if (root && parts == NULL)
        return cs_comm_raise(comm, CS_ERR_MEMORY);
    cs_buffer_clear(&s->all);
    cs_status status = cs_comm_gather(comm, CS_LABEL_SUMS_KEPT, s->chains, part, parts);
    for (size_t i = 0; root && status == CS_OK && i < size; i++) {
        if (parts[i].size != part)
            status = cs_comm_raise(
                comm, cs_fail(CS_ERR_ABORT, "rank %zu sent %zu bytes of hashes instead of %zu", i, parts[i].size, part));
        cs_buffer_append(&s->all, parts[i].data, parts[i].size);
    }
    for (size_t i = 0; root && i < size; i++)
        cs_buffer_free(&parts[i]);
    cs_free(parts);
    if (root && status == CS_OK)
        status = cs_comm_raise(comm, cs_buffer_status(&s->all));
    if (status == CS_OK)
        status = cs_comm_reply(comm, CS_LABEL_SUMS_KEPT, &s->all);
    if (status == CS_OK && s->all.size != part * size)
        status = cs_fail(CS_ERR_ABORT, "rank 0 showed %zu bytes of hashes instead of %zu", s->all.size, part * size);
    CS_TRY(status);
    cs_pads_receive(pads, CS_LABEL_SUMS_KEPT, s->all.data, s->all.size);
    return compare(s);
}
