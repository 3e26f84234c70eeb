#include "comm/secure.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "comm/frame.h"

#define seal   crypto_aead_chacha20poly1305_ietf_encrypt_detached
#define unseal crypto_aead_chacha20poly1305_ietf_decrypt_detached
#define sign   crypto_aead_aes256gcm_encrypt_detached_afternm
#define check  crypto_aead_aes256gcm_decrypt_detached_afternm

/* After the content: magic, mode, number; then the tag. */
enum { MAGIC = 0x53465343, TRAILER = 16, TAG = crypto_aead_chacha20poly1305_ietf_ABYTES };
enum { NONCE = crypto_aead_chacha20poly1305_ietf_NPUBBYTES };
enum { MODE_SEALED = 1, MODE_CLEAR = 2, MODE_GMAC = 3 };

_Static_assert(TRAILER + TAG == CS_SECURE_OVERHEAD && (int)TAG == (int)crypto_aead_aes256gcm_ABYTES, "what sealing adds");
_Static_assert(NONCE == (int)crypto_aead_aes256gcm_NPUBBYTES, "one nonce for all");

typedef struct direction {
    uint8_t key[crypto_aead_chacha20poly1305_ietf_KEYBYTES];
    crypto_aead_aes256gcm_state gmac; /* expanded key, if by_aes */
    bool by_aes;
    uint64_t next; /* number of the next frame */
    bool broken;   /* a frame was refused: gaps are allowed */
} direction;

typedef struct secure {
    cs_comm below;       /* the transport as it was */
    direction *out, *in; /* [size] by peer */
    cs_buffer frame;     /* a frame that is sent */
} secure;

/* The transport, with what it may have been told since. */
static cs_comm *below(cs_comm *c) {
    secure *s = c->transport;
    s->below.timeout = c->timeout;
    return &s->below;
}

static void number_to_nonce(uint8_t nonce[NONCE], uint64_t number) {
    memset(nonce, 0, NONCE);
    cs_store_u64(nonce + 4, number);
}

/* Of frames that are authenticated only: the same at both ends. */
static uint32_t clear_mode(const direction *d) {
    return d->by_aes ? MODE_GMAC : MODE_CLEAR;
}

/* ------------------------------------------------------------------ sending */

/* In place, and the trailer behind it. */
static cs_status seal_frame(secure *s, int peer, cs_buffer *frame) {
    direction *d = &s->out[peer];
    const size_t size = frame->size;
    const bool clear = cs_frame_is_masked(frame->data, size);
    if (size > CS_COMM_MAX_FRAME - CS_SECURE_OVERHEAD)
        return cs_fail(CS_ERR_INTERNAL, "a frame of %zu bytes is too long to be sealed", size);
    CS_TRY(cs_buffer_resize(frame, size + CS_SECURE_OVERHEAD));
    uint8_t nonce[NONCE], *data = frame->data, *trailer = data + size;
    number_to_nonce(nonce, d->next);
    cs_store_u32(trailer, MAGIC);
    cs_store_u32(trailer + 4, clear ? clear_mode(d) : MODE_SEALED);
    cs_store_u64(trailer + 8, d->next);
    if (clear && d->by_aes)
        (void)sign(data, trailer + TRAILER, NULL, NULL, 0, data, size + TRAILER, NULL, nonce, &d->gmac);
    else if (clear)
        (void)seal(data, trailer + TRAILER, NULL, NULL, 0, data, size + TRAILER, NULL, nonce, d->key);
    else
        (void)seal(data, trailer + TRAILER, NULL, data, size, trailer, TRAILER, NULL, nonce, d->key);
    d->next++;
    return CS_OK;
}

static cs_status give(cs_comm *c, int peer, cs_buffer *frame) {
    secure *s = c->transport;
    CS_TRY(seal_frame(s, peer, frame));
    CS_TRY(cs_comm_give(below(c), peer, frame));
    c->stats.bytes_sent += CS_SECURE_OVERHEAD;
    return CS_OK;
}

static cs_status send(cs_comm *c, int peer, const void *data, size_t size) {
    secure *s = c->transport;
    cs_buffer_clear(&s->frame);
    CS_TRY(cs_buffer_reserve(&s->frame, size + CS_COMM_TRAILERS));
    cs_buffer_append(&s->frame, data, size);
    return give(c, peer, &s->frame);
}

static cs_status flush(cs_comm *c) {
    const secure *s = c->transport;
    return s->below.ops->flush(below(c));
}

static cs_status to_root(cs_comm *c, const void *data, size_t size) {
    CS_TRY(send(c, 0, data, size));
    return flush(c);
}

/* ------------------------------------------------------------------ receiving */

/* In place; the content stays where it is. */
static bool open_frame(const direction *d, cs_buffer *frame, uint64_t *number) {
    if (frame->size < CS_SECURE_OVERHEAD)
        return false;
    const size_t size = frame->size - CS_SECURE_OVERHEAD;
    uint8_t nonce[NONCE], *data = frame->data, *trailer = data + size;
    const uint32_t mode = cs_load_u32(trailer + 4);
    *number = cs_load_u64(trailer + 8);
    number_to_nonce(nonce, *number);
    if (cs_load_u32(trailer) != MAGIC)
        return false;
    if (mode == MODE_SEALED)
        return unseal(data, NULL, data, size, trailer + TRAILER, trailer, TRAILER, nonce, d->key) == 0;
    if (mode != clear_mode(d) || !cs_frame_is_masked(data, size))
        return false;
    if (mode == MODE_CLEAR)
        return unseal(data, NULL, data, 0, trailer + TRAILER, data, size + TRAILER, nonce, d->key) == 0;
    return check(data, NULL, data, 0, trailer + TRAILER, data, size + TRAILER, nonce, &d->gmac) == 0;
}

static cs_status judge(direction *d, int peer, bool authentic, uint64_t number) {
    if (!authentic)
        return cs_fail(CS_ERR_ABORT,
                       "a message of rank %d does not authenticate: it was changed on its way, or is not from that rank",
                       peer);
    if (number < d->next)
        return cs_fail(CS_ERR_ABORT, "message %llu of rank %d came twice, or late", (unsigned long long)number, peer);
    if (number > d->next && !d->broken)
        return cs_fail(CS_ERR_ABORT, "message %llu of rank %d is missing: number %llu came instead",
                       (unsigned long long)d->next, peer, (unsigned long long)number);
    return CS_OK;
}

static cs_status receive(cs_comm *c, int peer, cs_buffer *out) {
    secure *s = c->transport;
    direction *d = &s->in[peer];
    cs_status status = s->below.ops->receive(below(c), peer, out);
    if (status == CS_ERR_MEMORY) /* the frame was dropped */
        d->broken = true;
    CS_TRY(status);
    c->stats.bytes_received += CS_SECURE_OVERHEAD;
    uint64_t number = 0;
    const bool authentic = open_frame(d, out, &number);
    status = judge(d, peer, authentic, number);
    if (authentic && number >= d->next)
        d->next = number + 1;
    d->broken = d->broken || status != CS_OK;
    if (status != CS_OK)
        cs_buffer_clear(out);
    else
        out->size -= CS_SECURE_OVERHEAD;
    return status;
}

static cs_status from_root(cs_comm *c, cs_buffer *out) {
    return receive(c, 0, out);
}

static const cs_comm_ops secure_ops = {.to_root = to_root,
                                       .from_rank = receive,
                                       .to_all = cs_comm_send_each,
                                       .from_root = from_root,
                                       .send = send,
                                       .receive = receive,
                                       .flush = flush,
                                       .give = give};

/* ------------------------------------------------------------------ life */

static void derive(uint8_t key[32], const char *domain, const uint8_t secret[32], const uint8_t nonce[32], int from,
                   int to) {
    uint8_t ranks[8];
    cs_store_u32(ranks, (uint32_t)from);
    cs_store_u32(ranks + 4, (uint32_t)to);
    crypto_generichash_state h;
    crypto_generichash_init(&h, secret, 32, 32);
    crypto_generichash_update(&h, (const unsigned char *)domain, strlen(domain));
    crypto_generichash_update(&h, nonce, 32);
    crypto_generichash_update(&h, ranks, sizeof ranks);
    crypto_generichash_final(&h, key, 32);
    sodium_memzero(&h, sizeof h);
}

static void make_keys(direction *d, bool by_aes, const uint8_t secret[32], const uint8_t nonce[32], int from, int to) {
    uint8_t key[32];
    derive(d->key, "consort/link/1", secret, nonce, from, to);
    d->by_aes = by_aes;
    if (!by_aes)
        return;
    derive(key, "consort/link-gmac/1", secret, nonce, from, to);
    (void)crypto_aead_aes256gcm_beforenm(&d->gmac, key);
    sodium_memzero(key, sizeof key);
}

static void release(secure *s) {
    cs_free(s->out);
    cs_free(s->in);
    cs_buffer_free(&s->frame);
    cs_free(s);
}

cs_status cs_secure_start(cs_comm *c, const uint8_t (*secrets)[32], const uint8_t nonce[32], const bool *by_aes) {
    if (c->size == 1)
        return CS_OK;
#ifdef CS_TAMPER
    if (getenv("CONSORT_UNSEALED") != NULL) /* test builds: what a capture shows then */
        return CS_OK;
#endif
    secure *s = CS_NEW(secure, 1);
    if (s == NULL)
        return CS_ERR_MEMORY;
    s->out = CS_NEW_LOCKED(direction, (size_t)c->size);
    s->in = CS_NEW_LOCKED(direction, (size_t)c->size);
    if (s->out == NULL || s->in == NULL) {
        release(s);
        return CS_ERR_MEMORY;
    }
    for (int peer = 0; peer < c->size; peer++) {
        if (peer == c->rank)
            continue;
        const bool aes = by_aes != NULL && by_aes[peer];
        make_keys(&s->out[peer], aes, secrets[peer], nonce, c->rank, peer);
        make_keys(&s->in[peer], aes, secrets[peer], nonce, peer, c->rank);
    }
    s->below = *c;
    c->ops = &secure_ops;
    c->transport = s;
    return CS_OK;
}

void cs_secure_stop(cs_comm *c) {
    if (c->ops != &secure_ops)
        return;
    secure *s = c->transport;
    c->ops = s->below.ops;
    c->transport = s->below.transport;
    release(s);
}
