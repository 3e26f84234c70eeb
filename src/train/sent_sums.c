#include "train/sent_sums.h"

#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "train/table_sums.h"

/* Statistical distance of what is uncovered from what says nothing: below 2^-SECURITY. */
enum { SECURITY = 40, WIDE_BITS = 127 };

/* What a rank says of another one's chain: state, signature. */
enum { WORD = 32 + CS_SENT_SIGNATURE_SIZE };

static unsigned bits_of(uint64_t x) {
    unsigned bits = 0;
    for (; x != 0; x >>= 1)
        bits++;
    return bits;
}

unsigned cs_sent_sums_pad_bits(int ranks) {
    return WIDE_BITS - 1 - bits_of((uint64_t)ranks - 1);
}

/* A rank's padded entry is at most N - 1 pads and a gradient: less than N 2^pad_bits. The pads of one other honest rank hide
 * an entry but for 2 |gradient| / 2^pad_bits; n entries of at most N steps are uncovered. */
static cs_status choose_pads(cs_sent_sums *s, const cs_params *p) {
    const unsigned ranks = bits_of((uint64_t)s->size - 1), gradient = bits_of((uint64_t)cs_params_gradient_max(p));
    s->pad_bits = cs_sent_sums_pad_bits(s->size);
    const unsigned needed = gradient + 1 + bits_of(s->n) + ranks + SECURITY;
    return needed <= s->pad_bits ? CS_OK
                                 : cs_fail(CS_ERR_RANGE,
                                           "--attributable: gradients of %u bits of %zu parameters need pads of %u bits; %u "
                                           "are possible. Run the job without this option",
                                           gradient, s->n, needed, s->pad_bits);
}

static bool is_root(const cs_sent_sums *s) {
    return s->rank == 0;
}

static cs_status allocate(cs_sent_sums *s) {
    const size_t n = (size_t)s->size, each = s->room * n;
    s->views = cs_calloc(s->room + 1, 32);
    s->wishes = cs_calloc(s->room + 1, 2);
    s->sent = cs_calloc(each + 1, 32);
    s->chains = CS_NEW(cs_transcript, n);
    s->words = CS_NEW(cs_sums_word, (is_root(s) ? s->room + 1 : 1) * n);
    s->odd = CS_NEW(bool, n);
    s->apart = CS_NEW(bool, n);
    s->liars = CS_NEW(cs_sums_liar, n);
    return s->views && s->wishes && s->sent && s->chains && s->words && s->odd && s->apart && s->liars ? CS_OK
                                                                                                       : CS_ERR_MEMORY;
}

/* The one who says something in this session. */
static cs_sums_speaker speaker_of(const cs_sent_sums *s, int rank) {
    cs_sums_speaker who = s->speaker;
    who.rank = rank;
    return who;
}

cs_status cs_sent_sums_new(cs_sent_sums *s, const cs_comm *comm, const cs_params *p, const uint8_t nonce[32],
                           const uint8_t digest[32], size_t first, size_t n, size_t width) {
    cs_sent_sums before = *s;
    cs_sent_sums_free(s);
    *s = (cs_sent_sums){.who = before.who,
#ifdef CS_TAMPER
                        .attack = before.attack,
#endif
                        .comm = comm,
                        .rank = comm->rank,
                        .size = comm->size,
                        .what = "step",
                        .first = first,
                        .room = p->steps - first,
                        .tables = cs_table_count(p),
                        .n = n,
                        .width = width};
    memcpy(s->speaker.nonce, nonce, 32);
    memcpy(s->speaker.digest, digest, 32);
    CS_TRY(choose_pads(s, p));
    CS_TRY(allocate(s));
    for (int k = 0; k < s->size; k++) {
        const cs_sums_speaker speaker = speaker_of(s, k);
        cs_sums_begin(&s->chains[k], &speaker);
    }
    cs_sent_sums_reshape(s, n);
    return CS_OK;
}

cs_status cs_sent_sums_continue(cs_sent_sums *s, const cs_sent_sums *from, size_t room) {
    cs_sent_sums_free(s);
    *s = (cs_sent_sums){.who = from->who,
                        .comm = from->comm,
                        .rank = from->rank,
                        .size = from->size,
                        .what = "weight table",
                        .proving = true,
                        .speaker = from->speaker,
                        .before = from->before + from->made,
                        .first = 1,
                        .room = room,
                        .width = CS_SUMS_ELEMENT};
    CS_TRY(allocate(s));
    memcpy(s->chains, from->chains, (size_t)s->size * sizeof *s->chains);
    return CS_OK;
}

void cs_sent_sums_reshape(cs_sent_sums *s, size_t n) {
    s->n = n;
    for (int k = 0; k < s->size; k++)
        cs_comm_sum_part(s->comm, n, k, &s->starts[k], &s->counts[k]);
    cs_sums_shape(s->shape, s->starts, s->counts, s->size, s->width);
}

void cs_sent_sums_free(cs_sent_sums *s) {
    cs_free(s->views);
    cs_free(s->wishes);
    cs_free(s->sent);
    cs_free(s->chains);
    cs_free(s->words);
    cs_free(s->odd);
    cs_free(s->apart);
    cs_free(s->liars);
    cs_buffer_free(&s->promises);
    *s = (cs_sent_sums){0};
}

double cs_sent_sums_bytes(size_t steps, int size) {
    return (double)steps * (34 + (double)size * (32 + sizeof(cs_sums_word)));
}

/* ------------------------------------------------------------ a step */

static cs_sums_word *word_of(const cs_sent_sums *s, size_t at, int rank) {
    return &s->words[(is_root(s) ? at * (size_t)s->size : 0) + (size_t)rank];
}

const cs_sums_word *cs_sent_sums_word(const cs_sent_sums *s, size_t at, int rank) {
    return word_of(s, at, rank);
}

/* Rank `rank` has sent addends with these hashes, under pads of this view. */
static void note_addends(cs_sent_sums *s, int rank, const uint8_t view[32], const uint8_t *hashes) {
    cs_sums_word *word = word_of(s, s->made, rank);
    memcpy(word->before, s->chains[rank].state, 32);
    memcpy(word->view, view, 32);
    cs_sha256(word->sent, hashes, 32 * (size_t)s->size);
    memcpy(word->shape, s->shape, sizeof word->shape);
    cs_sums_addends(&s->chains[rank], word);
}

void cs_sent_sums_begin(cs_sent_sums *s, const uint8_t view[32], const uint8_t wishes[2], const uint8_t *addends) {
    uint8_t(*sent)[32] = s->sent + s->made * (size_t)s->size;
    memcpy(s->views[s->made], view, 32);
    memcpy(s->wishes + 2 * s->made, wishes, 2);
    for (int k = 0; k < s->size; k++)
        cs_sha256(sent[k], addends + s->width * s->starts[k], s->width * s->counts[k]);
    note_addends(s, s->rank, view, sent[0]);
}

size_t cs_sent_sums_note(const cs_sent_sums *s, cs_comm_note which) {
    return which == CS_COMM_NOTE_ADDENDS ? 32 * (1 + (size_t)s->size)
                                         : 64 + (s->who.secret != NULL ? (size_t)CS_SENT_SIGNATURE_SIZE : 0);
}

void cs_sent_sums_give(cs_sent_sums *s, cs_comm_note which, uint8_t *out) {
    if (which == CS_COMM_NOTE_ADDENDS) {
        memcpy(out, s->views[s->made], 32);
        memcpy(out + 32, s->sent + s->made * (size_t)s->size, 32 * (size_t)s->size);
        return;
    }
    const cs_sums_speaker me = speaker_of(s, s->rank);
    cs_sums_word *word = word_of(s, s->made, s->rank);
    cs_sums_hash_states(word->states, s->chains, s->size);
    cs_sums_shown(&s->chains[s->rank], word);
    memcpy(out, word->states, 32);
    memcpy(out + 32, word->shown, 32);
    if (s->who.secret == NULL)
        return;
    cs_sums_sign(word->signature, &me, s->before + s->made + 1, s->chains[s->rank].state, s->who.secret);
    memcpy(out + 64, word->signature, CS_SENT_SIGNATURE_SIZE);
}

static bool same(const uint8_t *a, const uint8_t *b) {
    return memcmp(a, b, 32) == 0;
}

cs_status cs_sent_sums_receive(cs_sent_sums *s, int rank, const uint8_t *addends, size_t size, const uint8_t *note) {
    uint8_t hash[32];
    cs_sha256(hash, addends, size);
    if (!same(hash, note + 32 * (1 + (size_t)s->rank)))
        return cs_fail(CS_ERR_ABORT, "%s %zu: rank %d says of the addends that it sent that they are others", s->what,
                       s->first + s->made, rank);
    s->apart[rank] = !same(note, s->views[s->made]);
    s->odd[rank] |= s->apart[rank] && !s->proving;
    s->strangers |= s->apart[rank] && s->proving;
    note_addends(s, rank, note, note + 32);
    return CS_OK;
}

void cs_sent_sums_show(cs_sent_sums *s, const uint8_t *sums, size_t size) {
    cs_sha256(word_of(s, s->made, s->rank)->shown, sums, size);
}

void cs_sent_sums_take(cs_sent_sums *s, int rank, const uint8_t *note) {
    cs_sums_word *word = word_of(s, s->made, rank);
    memcpy(word->states, note, 32);
    memcpy(word->shown, note + 32, 32);
    if (s->who.secret != NULL)
        memcpy(word->signature, note + 64, CS_SENT_SIGNATURE_SIZE);
}

/* Of all that it sent and showed to this rank. */
static cs_status check_signature(const cs_sent_sums *s, int rank) {
    const cs_sums_speaker who = speaker_of(s, rank);
    if (s->who.secret == NULL || s->made == 0 || rank == s->rank ||
        cs_sums_check(word_of(s, s->made - 1, rank)->signature, &who, s->before + s->made, s->chains[rank].state,
                      s->who.keys[rank]))
        return CS_OK;
    return cs_fail(CS_ERR_ABORT, "rank %d has not signed what it sent and showed to this rank, up to %s %zu", rank, s->what,
                   s->first + s->made - 1);
}

/* Who has another view has seen other sums before, as this rank's own may have been: then neither can read what the other
 * shows, sums are noise, and all compare what they know. */
static cs_status end_of(cs_sent_sums *s, int rank, const uint8_t *part, size_t size) {
    const cs_sums_word *word = word_of(s, s->made, rank);
    uint8_t hash[32];
    cs_sha256(hash, part, size);
    if (!s->apart[rank] && !same(hash, word->shown))
        return cs_fail(CS_ERR_ABORT, "%s %zu: rank %d says of the sums that it showed that they are others", s->what,
                       s->first + s->made, rank);
    s->odd[rank] |= !same(word->states, word_of(s, s->made, s->rank)->states);
    cs_sums_shown(&s->chains[rank], word);
    return CS_OK;
}

cs_status cs_sent_sums_end(cs_sent_sums *s, const uint8_t *sums) {
    for (int k = 0; k < s->size; k++)
        if (k != s->rank)
            CS_TRY(end_of(s, k, sums + s->width * s->starts[k], s->width * s->counts[k]));
    const size_t turn = s->made++;
    if (s->size > 1 && !is_root(s))
        return check_signature(s, (s->rank + 1 + (int)(turn % (size_t)(s->size - 1))) % s->size);
    for (int k = 1; k < s->size; k++) /* evidence is about one step, so the root needs every signature */
        CS_TRY(check_signature(s, k));
    return CS_OK;
}

/* ------------------------------------------------------------ do all say the same? */

/* This rank's words. */
static cs_status say(const cs_sent_sums *s, cs_buffer *out) {
    static const uint8_t none[CS_SENT_SIGNATURE_SIZE];
    for (int k = 0; k < s->size; k++) {
        cs_buffer_append(out, s->chains[k].state, 32);
        cs_buffer_append(out, s->made > 0 ? word_of(s, s->made - 1, k)->signature : none, CS_SENT_SIGNATURE_SIZE);
    }
    return cs_buffer_status(out);
}

static const uint8_t *said(const cs_sent_sums *s, const cs_buffer *all, int who, int of) {
    return all->data + WORD * ((size_t)who * (size_t)s->size + (size_t)of);
}

/* Does the word have the signature of whom it is about? Of what this rank has it knows. */
static bool is_signed(const cs_sent_sums *s, const uint8_t *word, int of) {
    const cs_sums_speaker who = speaker_of(s, of);
    if (same(word, s->chains[of].state) &&
        memcmp(word + 32, word_of(s, s->made - 1, of)->signature, CS_SENT_SIGNATURE_SIZE) == 0)
        return true;
    return cs_sums_check(word + 32, &who, s->before + s->made, word, s->who.keys[of]);
}

static bool is_liar(const cs_sent_sums *s, int rank) {
    for (size_t k = 0; k < s->n_liars; k++)
        if (s->liars[k].rank == rank)
            return true;
    return false;
}

static void add_liar(cs_sent_sums *s, int rank, cs_buffer *text, const char *what) {
    if (is_liar(s, rank))
        return;
    s->liars[s->n_liars++].rank = rank;
    cs_text_append(text, "%srank %d %s", text->size > 0 ? "; " : "", rank, what);
}

static void add_double(cs_sent_sums *s, int rank, cs_buffer *text, const uint8_t *one, const uint8_t *other) {
    if (is_liar(s, rank))
        return;
    add_liar(s, rank, text, "signed two different accounts of what it sent and showed");
    cs_sums_liar *liar = &s->liars[s->n_liars - 1];
    liar->twice = true;
    memcpy(liar->state[0], one, 32);
    memcpy(liar->signature[0], one + 32, CS_SENT_SIGNATURE_SIZE);
    memcpy(liar->state[1], other, 32);
    memcpy(liar->signature[1], other + 32, CS_SENT_SIGNATURE_SIZE);
}

/* Signatures decide: who is said to have said something has signed it, or the one who says so lies. */
static void find_liars(cs_sent_sums *s, const cs_buffer *all, cs_buffer *text) {
    for (int i = 0; i < s->size; i++) {
        const uint8_t *own = said(s, all, i, i);
        if (!is_signed(s, own, i)) {
            add_liar(s, i, text, "does not sign what it sent and showed");
            continue;
        }
        for (int k = 0; k < s->size; k++) {
            const uint8_t *word = said(s, all, k, i);
            if (same(word, own))
                continue;
            if (is_signed(s, word, i))
                add_double(s, i, text, own, word);
            else
                add_liar(s, k, text, "says of what it got what the sender has not signed");
        }
    }
    for (int k = 0; k < s->size && s->n_liars == 0; k++)
        if (s->odd[k])
            add_liar(s, k, text, "says of what it got what nobody else knows of");
}

/* Without signatures it is one word against another. */
static void find_pairs(const cs_sent_sums *s, const cs_buffer *all, cs_buffer *text) {
    for (int i = 0; i < s->size && text->size == 0; i++)
        for (int k = 0; k < s->size && text->size == 0; k++)
            if (!same(said(s, all, k, i), said(s, all, i, i)))
                cs_text_append(text,
                               "ranks %d and %d do not agree on what the first sent and showed: one of them lies, and "
                               "without identities nothing says which",
                               i, k);
    for (int k = 0; k < s->size && text->size == 0; k++)
        if (s->odd[k])
            cs_text_append(text, "rank %d says of what it got what nobody else knows of", k);
}

static cs_status compare(cs_sent_sums *s, const cs_buffer *all) {
    cs_buffer text = {0};
    if (memcmp(said(s, all, s->rank, s->rank), s->chains[s->rank].state, 32) != 0)
        return cs_fail(CS_ERR_ABORT, "rank 0 shows other hashes of sums than this rank gave");
    if (s->who.secret != NULL && s->made > 0)
        find_liars(s, all, &text);
    else
        find_pairs(s, all, &text);
    if (s->strangers && text.size == 0)
        cs_text_append(&text, "rank 0 showed the ranks different proofs, or one of them says so and it is not");
    s->agreed = text.size == 0;
    cs_buffer_append(&text, "", 1);
    cs_status status = cs_buffer_status(&text);
    if (status == CS_OK && !s->agreed)
        status = cs_fail(CS_ERR_ABORT, "%s", (const char *)text.data);
    cs_buffer_free(&text);
    return status;
}

/* Root: all parts, one after the other. */
static cs_status join(cs_buffer *all, const cs_buffer *parts, size_t n, size_t part, const char *what) {
    for (size_t i = 0; i < n; i++) {
        if (parts[i].size != part)
            return cs_fail(CS_ERR_ABORT, "rank %zu sent %zu bytes of %s instead of %zu", i, parts[i].size, what, part);
        cs_buffer_append(all, parts[i].data, parts[i].size);
    }
    return cs_buffer_status(all);
}

cs_status cs_sent_sums_exchange(const cs_sent_sums *s, cs_comm *comm, cs_label label, const cs_buffer *mine,
                                cs_buffer *all) {
    const size_t size = (size_t)s->size;
    cs_buffer *parts = is_root(s) ? CS_NEW(cs_buffer, size) : NULL;
    if (is_root(s) && parts == NULL)
        return cs_comm_raise(comm, CS_ERR_MEMORY);
    cs_status status = cs_comm_gather(comm, (uint32_t)label, mine->data, mine->size, parts);
    if (parts != NULL && status == CS_OK)
        status = cs_comm_raise(comm, join(all, parts, size, mine->size, cs_label_text(label)));
    for (size_t i = 0; parts != NULL && i < size; i++)
        cs_buffer_free(&parts[i]);
    cs_free(parts);
    if (status == CS_OK)
        status = cs_comm_reply(comm, (uint32_t)label, all);
    if (status == CS_OK && all->size != mine->size * size)
        status = cs_fail(CS_ERR_ABORT, "rank 0 showed %zu bytes of %s instead of %zu", all->size, cs_label_text(label),
                         mine->size * size);
    return status;
}

cs_status cs_sent_sums_agree(cs_sent_sums *s, cs_comm *comm, cs_pads *pads) {
    cs_buffer mine = {0}, all = {0};
    cs_status status = CS_OK;
    for (int k = 0; k < s->size && status == CS_OK; k++)
        status = check_signature(s, k);
    if (status == CS_OK)
        status = say(s, &mine);
    status = cs_comm_raise(comm, status);
    if (status == CS_OK)
        status = cs_sent_sums_exchange(s, comm, CS_LABEL_SUMS_KEPT, &mine, &all);
    if (status == CS_OK) {
        cs_pads_receive(pads, CS_LABEL_SUMS_KEPT, all.data, all.size);
        status = compare(s, &all);
    }
    cs_buffer_free(&mine);
    cs_buffer_free(&all);
    return status;
}
