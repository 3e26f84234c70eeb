/* Everything that leaves a rank while it proves, leaves through a function of this file:
 *
 *   cs_session_send, _sum_points, _each_points   Pedersen commitments under fresh uniform blindings: perfectly hiding
 *   cs_session_sum_under_pads                    addends plus a zero-sharing keyed by this rank's view: only the sum shows
 *   cs_session_show_rows                         what follows from sums that all ranks were shown, and from challenges
 *   cs_session_answer                            scalars that the caller has masked with uniform ones, once each; with
 *                                                identities a signature on what else has left, which says nothing more
 *   cs_session_agree                             "failed" or nothing
 *   cs_session_give_help (session/help.c)        sums over generators of numbers that the root gave
 *   cs_session_numbers                           what a check of public values found
 *   cs_session_tell_root                         with --attributable, after a failure (train/attribution.c says what)
 *
 * (Training sends padded gradients through train/loop.c, the handshake public keys and nonces through session/keys.c.) */
#include "base/bytes.h"
#include "base/memory.h"
#include "base/spy.h"
#include "session/keystream.h"
#include "session/wire.h"
#include <string.h>

enum { POINT_BYTES = CS_SENT_POINT_SIZE, SCALAR_BYTES = CS_SENT_SCALAR_SIZE };

/* ---- encodings between ranks: uncompressed points, so that the root need not take square roots ---- */

void cs_session_append_points(cs_buffer *b, const cs_g1_affine *p, size_t n) {
    for (size_t k = 0; k < n; k++) {
        uint8_t raw[POINT_BYTES];
        cs_fp_encode(raw, p[k].x);
        cs_fp_encode(raw + 32, p[k].y);
        cs_buffer_append(b, raw, sizeof raw);
    }
}

bool cs_session_decode_point(cs_g1_affine *out, const uint8_t raw[POINT_BYTES]) {
    return cs_fp_decode(&out->x, raw) && cs_fp_decode(&out->y, raw + 32) &&
           (cs_g1_affine_is_identity(*out) || cs_g1_on_curve(*out));
}

static void append_encoded(cs_buffer *b, const cs_g1_affine *p, size_t n) {
    for (size_t k = 0; k < n; k++) {
        uint8_t raw[32];
        cs_g1_encode(raw, p[k]);
        cs_buffer_append(b, raw, sizeof raw);
    }
}

static void append_scalars(cs_buffer *b, const cs_fr *v, size_t n) {
    if (cs_buffer_reserve(b, n * SCALAR_BYTES) != CS_OK)
        return;
    cs_fr_vec_encode(b->data + b->size, v, n);
    b->size += n * SCALAR_BYTES;
}

cs_status cs_session_decode_points(const cs_buffer *b, int rank, cs_g1_affine *out, size_t n) {
    if (b->size != n * POINT_BYTES)
        return cs_fail(CS_ERR_ABORT, "rank %d sent %zu bytes instead of %zu", rank, b->size, n * POINT_BYTES);
    for (size_t k = 0; k < n; k++) {
        if (!cs_session_decode_point(&out[k], b->data + k * POINT_BYTES))
            return cs_fail(CS_ERR_ABORT, "rank %d sent a point that is not on the curve", rank);
    }
    return CS_OK;
}

static cs_status parse_scalars(const cs_buffer *b, int rank, cs_fr *out, size_t n) {
    if (b->size != n * SCALAR_BYTES)
        return cs_fail(CS_ERR_ABORT, "rank %d sent %zu bytes instead of %zu", rank, b->size, n * SCALAR_BYTES);
    if (!cs_fr_vec_decode(out, b->data, n))
        return cs_fail(CS_ERR_ABORT, "rank %d sent a scalar that is not reduced", rank);
    return CS_OK;
}

/* ---- one lockstep: gather, a step on the root, and what it leaves in `reply` ---- */

static void free_parts(const cs_session *s, cs_buffer *parts) {
    for (int i = 0; parts && i < s->comm->size; i++)
        cs_buffer_free(&parts[i]);
    cs_free(parts);
}

static cs_status gather(cs_session *s, uint32_t tag, cs_buffer *mine, cs_buffer **parts) {
    *parts = NULL;
    CS_TRY(cs_session_fail(s, cs_buffer_status(mine)));
    if (cs_is_root(s)) {
        *parts = CS_NEW(cs_buffer, (size_t)s->comm->size);
        if (!*parts)
            return cs_session_fail(s, CS_ERR_MEMORY);
    }
    const cs_status status = cs_comm_gather(s->comm, tag, mine->data, mine->size, *parts);
    if (status != CS_OK) {
        free_parts(s, *parts);
        *parts = NULL;
    }
    return status;
}

/* On the root: only the parts of ranks with data are left, in their order. The others have no share of anything, so
 * whatever they send is none. */
static cs_status take_idle_out(cs_session *s, cs_label label, cs_buffer *parts) {
    for (int rank = 0, next = 0; rank < s->comm->size; rank++) {
        if (cs_comm_holder_of(s->comm, rank) < 0) {
            if (parts[rank].size != 0)
                return cs_fail(CS_ERR_ABORT, "rank %d is idle, and sent %zu bytes as its part of %s: it has none", rank,
                               parts[rank].size, cs_label_text(label));
            continue;
        }
        if (next != rank) {
            const cs_buffer none = parts[next];
            parts[next] = parts[rank];
            parts[rank] = none;
        }
        next++;
    }
    return CS_OK;
}

/* A gather of shares: what ranks with data have. */
static cs_status gather_shares(cs_session *s, cs_label label, cs_buffer *mine, cs_buffer **parts) {
#ifdef CS_TAMPER
    if (!cs_holds(s) && s->attack && s->attack->intrude)
        s->attack->intrude(s->attack->context, s->comm->rank, label, mine);
#endif
    CS_TRY(gather(s, label, mine, parts));
    return *parts != NULL && s->comm->idle ? cs_session_fail(s, take_idle_out(s, label, *parts)) : CS_OK;
}

/* ---- commitments ---- */

/* Common rows are the first holder's alone: another one's part would make it look as if that one had changed them. */
static cs_status check_foreign(const cs_g1_affine *part, const bool *common, size_t count, int rank, int first) {
    for (size_t k = 0; rank != first && common && k < count; k++)
        if (common[k] && !cs_g1_affine_is_identity(part[k]))
            return cs_fail(CS_ERR_ABORT, "rank %d sent a commitment to a common variable, which is rank %d's", rank, first);
    return CS_OK;
}

static cs_status add_parts(cs_session *s, const cs_buffer *parts, const bool *common, size_t count, cs_g1_affine *sum) {
    const size_t n_ranks = (size_t)s->n_ranks;
    cs_g1_affine *all = CS_NEW(cs_g1_affine, n_ranks * count);
    cs_status status = all ? CS_OK : CS_ERR_MEMORY;
    for (size_t i = 0; status == CS_OK && i < n_ranks; i++) {
        const int rank = cs_comm_rank_of(s->comm, (int)i);
        status = cs_session_decode_points(&parts[i], rank, all + i * count, count);
        if (status == CS_OK)
            status = check_foreign(all + i * count, common, count, rank, cs_comm_rank_of(s->comm, 0));
    }
    if (status == CS_OK)
        status = cs_g1_vec_sum(sum, all, n_ranks, count);
    for (int i = 0; status == CS_OK && s->record && i < s->n_ranks; i++) {
        cs_buffer_append(&s->record->ranks[i].points, parts[i].data, parts[i].size);
        status = cs_buffer_status(&s->record->ranks[i].points);
    }
    cs_free(all);
    return status;
}

/* A member opens the common rows without a message: it knows their values and blindings. */
static cs_status check_common(const cs_session *s, const cs_g1_affine *mine, const bool *common, size_t count,
                              const cs_buffer *shown) {
    if (cs_session_dishonest(s))
        return CS_OK;
    for (size_t k = 0; common && cs_holds(s) && k < count; k++) {
        uint8_t raw[32];
        cs_g1_encode(raw, mine[k]);
        if (common[k] && memcmp(raw, shown->data + 32 * k, 32) != 0)
            return cs_fail(CS_ERR_ABORT, "a common variable is not the one that this rank knows");
    }
    return CS_OK;
}

static cs_status prove_sum_points(cs_session *s, cs_label label, const cs_g1_affine *mine, const bool *common, size_t count,
                                  cs_g1_affine *sum) {
    cs_buffer out = {0}, shown = {0}, *parts = NULL;
    for (size_t k = 0; cs_holds(s) && k < count; k++)
        cs_session_append_points(&out, common && common[k] && s->rank ? &CS_G1_AFFINE_IDENTITY : &mine[k], 1);
    cs_transcript_absorb(&s->sent, label, out.data, out.size);
    cs_status status = gather_shares(s, label, &out, &parts);
    if (status == CS_OK && parts != NULL) {
        status = add_parts(s, parts, common, count, sum);
#ifdef CS_TAMPER
        if (status == CS_OK && s->attack && s->attack->show)
            s->attack->show(s->attack->context, label, sum, count);
#endif
        if (status == CS_OK)
            append_encoded(&shown, sum, count);
        status = cs_session_fail(s, status == CS_OK ? cs_buffer_status(&shown) : status);
    }
    if (status == CS_OK)
        status = cs_wire_show(s, label, &shown, 32 * count);
    if (status == CS_OK)
        status = cs_session_fail(s, check_common(s, mine, common, count, &shown));
    free_parts(s, parts);
    cs_buffer_free(&out);
    cs_buffer_free(&shown);
    return status;
}

cs_status cs_session_sum_points(cs_session *s, cs_label label, const cs_g1_affine *mine, const bool *common, size_t count,
                                cs_g1_affine *sum) {
    if (cs_proving(s))
        return prove_sum_points(s, label, mine, common, count, sum);
    if (s->judge)
        CS_TRY(cs_judge_sum(s->judge, label, count));
    return cs_wire_read_points(s, label, sum, count);
}

/* What a rank signs later is about all that it was shown, so nobody else's words may stand there for its own. */
static cs_status check_own(const cs_session *s, const cs_g1_affine *mine, const size_t *counts, const cs_buffer *shown) {
    cs_buffer own = {0};
    size_t before = 0;
    for (int i = 0; i < s->rank; i++)
        before += counts[i];
    append_encoded(&own, mine, counts[s->rank]);
    cs_status status = cs_buffer_status(&own);
    if (status == CS_OK && own.size > 0 && memcmp(own.data, shown->data + 32 * before, own.size) != 0)
        status = cs_fail(CS_ERR_ABORT, "the root shows other commitments of this rank than it gave");
    cs_buffer_free(&own);
    return status;
}

static cs_status prove_each_points(cs_session *s, cs_label label, const cs_g1_affine *mine, const size_t *counts,
                                   cs_g1_affine **all) {
    cs_buffer out = {0}, shown = {0}, *parts = NULL;
    size_t total = 0;
    for (int i = 0; i < s->n_ranks; i++)
        total += counts[i];
    if (cs_holds(s))
        cs_session_append_points(&out, mine, counts[s->rank]);
    cs_transcript_absorb(&s->sent, label, out.data, out.size);
    cs_status status = gather_shares(s, label, &out, &parts);
    if (status == CS_OK && parts != NULL) {
        for (int i = 0; status == CS_OK && i < s->n_ranks; i++) {
            status = cs_session_decode_points(&parts[i], cs_comm_rank_of(s->comm, i), all[i], counts[i]);
            if (status == CS_OK)
                append_encoded(&shown, all[i], counts[i]);
        }
        status = cs_session_fail(s, status == CS_OK ? cs_buffer_status(&shown) : status);
    }
    if (status == CS_OK)
        status = cs_wire_show(s, label, &shown, 32 * total);
    if (status == CS_OK)
        status = cs_holds(s) ? cs_session_fail(s, check_own(s, mine, counts, &shown)) : CS_OK;
    free_parts(s, parts);
    cs_buffer_free(&out);
    cs_buffer_free(&shown);
    return status;
}

cs_status cs_session_each_points(cs_session *s, cs_label label, const cs_g1_affine *mine, const size_t *counts,
                                 cs_g1_affine **all) {
    if (cs_proving(s))
        return prove_each_points(s, label, mine, counts, all);
    size_t total = 0, bad = 0;
    for (int i = 0; i < s->n_ranks; i++)
        total += counts[i];
    const uint8_t *data = NULL;
    CS_TRY(cs_wire_read(s, label, total, &data));
    for (int i = 0; i < s->n_ranks; i++) {
        bad += cs_g1_vec_decode(all[i], data, counts[i]) != counts[i];
        data += 32 * counts[i];
    }
    if (bad)
        return cs_fail(CS_ERR_INPUT, "proof: bad point at %s", cs_label_text(label));
    return s->judge ? cs_judge_each(s->judge, label, counts, all) : CS_OK;
}

/* ---- a message: this rank's share and its blindings ---- */

static cs_status grow_member(cs_session *s, size_t n, size_t rows) {
    cs_member *m = &s->member;
    const size_t vars = s->ledger.n_vars, old_rows = s->ledger.n_rows;
    if (vars + n > m->cap_known) {
        const size_t capacity = 2 * (vars + n);
        cs_fr *known = cs_grow(m->known, vars, capacity, sizeof *known);
        if (!known)
            return CS_ERR_MEMORY;
        m->known = known;
        m->cap_known = capacity;
    }
    if (vars + n > m->cap_carried) {
        const size_t capacity = 2 * (vars + n);
        bool *carried = cs_grow(m->carried, vars, capacity, sizeof *carried);
        if (!carried)
            return CS_ERR_MEMORY;
        m->carried = carried;
        m->cap_carried = capacity;
    }
    if (old_rows + rows > m->cap_blindings) {
        const size_t capacity = 2 * (old_rows + rows);
        cs_fr *blindings = cs_grow(m->blindings, old_rows, capacity, sizeof *blindings);
        if (!blindings)
            return CS_ERR_MEMORY;
        m->blindings = blindings;
        m->cap_blindings = capacity;
    }
    return CS_OK;
}

static void note_values(cs_session *s, const cs_kind *kinds, const cs_fr *values, size_t n) {
    cs_member *m = &s->member;
    for (size_t k = 0; k < n; k++) {
        m->known[s->ledger.n_vars + k] = cs_knows(s, kinds[k]) ? values[k] : CS_FR_ZERO;
        m->carried[s->ledger.n_vars + k] = cs_knows(s, kinds[k]) && (kinds[k] != CS_COMMON || s->rank == 0);
    }
}

static cs_g1 commit_row(cs_session *s, const cs_fr *row, cs_span mine, size_t index, bool common) {
    const cs_fr blinding = common ? cs_pads_common_scalar(s->pads, CS_COMMON_BLINDING, index) : cs_fr_random();
    s->member.blindings[index] = common && s->rank ? CS_FR_ZERO : blinding;
    return cs_commit_span(s->member.committer, row, mine, blinding);
}

cs_status cs_member_commit(cs_session *s, const cs_kind *kinds, const cs_fr *values, size_t n, cs_g1_affine *mine,
                           bool *common) {
    const size_t rows = cs_ledger_message_rows(&s->ledger, kinds, n), width = s->ledger.width;
    const bool holds = cs_holds(s);
    if (holds) {
        CS_TRY(grow_member(s, n, rows));
        note_values(s, kinds, values, n);
    }
    cs_fr *row = CS_NEW(cs_fr, width);
    cs_g1 *points = CS_NEW(cs_g1, rows);
    cs_status status = row && points ? CS_OK : CS_ERR_MEMORY;
    size_t r = 0;
    for (int pass = 0; status == CS_OK && pass < 2; pass++) {
        size_t used = 0;
        cs_span known = {0};
        for (size_t k = 0; k <= n; k++) {
            if (k < n && (kinds[k] == CS_COMMON) == (pass == 1)) {
                if (cs_knows(s, kinds[k]))
                    cs_span_cover(&known, used);
                row[used++] = holds ? s->member.known[s->ledger.n_vars + k] : CS_FR_ZERO;
            }
            if (used == 0 || (used < width && k < n))
                continue;
            if (holds)
                points[r] = commit_row(s, row, known, s->ledger.n_rows + r, pass == 1);
            common[r++] = pass == 1;
            used = 0;
            known = (cs_span){0};
        }
    }
    if (status == CS_OK && holds)
        status = cs_g1_vec_to_affine(mine, points, rows);
    cs_free(row);
    cs_free(points);
    return status;
}

/* ---- sums under pads ---- */

/* A sum under pads in progress. */
typedef struct padded {
    const cs_session *s;
    cs_label label;
    uint64_t index;
    cs_fr *values;
    const cs_sum_keeper *keeper;
} padded;

static void store_scalars(void *context, size_t first, size_t count, uint8_t *out) {
    const padded *p = context;
    cs_fr_vec_encode(out, p->values + first, count);
}

static cs_status add_part(void *context, int rank, size_t first, size_t count, const uint8_t *part) {
    padded *p = context;
    const size_t size = SCALAR_BYTES * count;
    if (p->keeper != NULL)
        CS_TRY(p->keeper->receive(p->keeper->context, rank, part, size, part + size));
    for (size_t k = 0; k < count; k++) {
        cs_fr v;
        if (!cs_fr_decode(&v, part + SCALAR_BYTES * k))
            return cs_fail(CS_ERR_ABORT, "rank %d sent a scalar that is not reduced", rank);
        p->values[first + k] = cs_fr_add(p->values[first + k], v);
    }
    return CS_OK;
}

static void show_scalars(void *context, size_t first, size_t count, uint8_t *out) {
    const padded *p = context;
#ifdef CS_TAMPER
    if (count > 0 && p->s->attack && p->s->attack->add_up)
        p->s->attack->add_up(p->s->attack->context, p->s->comm->rank, p->label, p->values + first, count);
#endif
    store_scalars(context, first, count, out);
    if (p->keeper != NULL)
        p->keeper->show(p->keeper->context, out, SCALAR_BYTES * count);
    cs_pads_mask_part(p->s->pads, p->label, p->index, SCALAR_BYTES * first, out, SCALAR_BYTES * count);
}

/* What all were shown, unmasked; it becomes part of this rank's view. */
static void take_shown(const cs_session *s, cs_label label, uint64_t index, uint8_t *shown, size_t size) {
    cs_pads_mask_broadcast(s->pads, label, index, shown, size);
    cs_pads_receive(s->pads, label, shown, size);
}

/* Who can find out later what is wrong with the sum goes on with it. */
static cs_status take_sums(const padded *p, uint8_t *shown, size_t n) {
    take_shown(p->s, p->label, p->index, shown, SCALAR_BYTES * n);
    for (size_t k = 0; k < n; k++)
        if (!cs_fr_decode(&p->values[k], shown + SCALAR_BYTES * k)) {
            if (p->keeper == NULL)
                return cs_fail(CS_ERR_ABORT, "%s: this rank was shown a sum that is not reduced", cs_label_text(p->label));
            p->values[k] = CS_FR_ZERO;
        }
    return p->keeper != NULL ? p->keeper->end(p->keeper->context, shown) : CS_OK;
}

/* This rank's addends under its pads, in `bytes`. */
static cs_status pad_addends(const padded *p, uint8_t *bytes, size_t n) {
    const cs_session *s = p->s;
    uint8_t view[32];
    cs_pads_view(s->pads, p->label, p->index, s->digest, s->transcript.state, view);
    CS_TRY(cs_pads_zero_shares_fr(s->pads, p->label, p->index, s->digest, s->transcript.state, p->values, n));
    cs_fr_vec_encode(bytes, p->values, n);
    return p->keeper != NULL ? p->keeper->begin(p->keeper->context, view, bytes, n) : CS_OK;
}

/* The keeper is asked by the names of the reduction. */
static void give_note(void *context, cs_comm_note which, uint8_t *out) {
    const padded *p = context;
    p->keeper->give(p->keeper->context, which, out);
}

static void take_note(void *context, int rank, const uint8_t *note) {
    const padded *p = context;
    p->keeper->take(p->keeper->context, rank, note);
}

cs_status cs_session_sum_under_pads(cs_session *s, cs_label label, uint64_t index, cs_fr *values, size_t n,
                                    const cs_sum_keeper *keeper) {
    padded p = {.s = s, .label = label, .index = index, .values = values, .keeper = keeper};
    cs_comm_reduction how = {
        .element = SCALAR_BYTES, .context = &p, .add = add_part, .store = store_scalars, .show = show_scalars};
    uint8_t *bytes = CS_NEW(uint8_t, SCALAR_BYTES * n);
    cs_status status = bytes != NULL ? CS_OK : CS_ERR_MEMORY;
    if (keeper != NULL) {
        how.direct = true;
        how.give = give_note;
        how.take = take_note;
        memcpy(how.note, keeper->note, sizeof how.note);
    }
#ifdef CS_TAMPER
    if (s->attack && s->attack->message)
        s->attack->message(s->attack->context, s->comm->rank, label, s->attack->occurrences[label]++, values, n);
#endif
    if (status == CS_OK)
        status = pad_addends(&p, bytes, n);
    status = cs_session_fail(s, status);
    if (status == CS_OK)
        status = cs_comm_sum(s->comm, (uint32_t)label | CS_COMM_MASKED, bytes, n, &how);
    if (status == CS_OK)
        status = cs_session_fail(s, take_sums(&p, bytes, n));
    cs_free(bytes);
    return status;
}

/* ---- what all ranks know, shown by one of them ---- */

/* A row on the wire begins where a unit of the mask does. */
static size_t row_bytes(size_t width) {
    const size_t unit = CS_KEYSTREAM_UNIT;
    return (SCALAR_BYTES * width + unit - 1) / unit * unit;
}

/* This rank's rows, masked. */
static void store_rows(cs_session *s, cs_label label, uint64_t index, cs_fr *values, size_t n, size_t width,
                       uint8_t *bytes) {
    const size_t element = row_bytes(width);
    size_t first, count;
    cs_comm_part(s->comm, n, &first, &count);
#ifdef CS_TAMPER
    if (s->attack && s->attack->message)
        s->attack->message(s->attack->context, s->comm->rank, label, s->attack->occurrences[label]++, values + first * width,
                           count * width);
#endif
    for (size_t row = first; row < first + count; row++)
        cs_fr_vec_encode(bytes + row * element, values + row * width, width);
    CS_SPY("table-rows", bytes + first * element, count * element);
    cs_pads_mask_part(s->pads, label, index, first * element, bytes + first * element, count * element);
}

static cs_status take_rows(const cs_session *s, cs_label label, uint64_t index, cs_fr *values, size_t n, size_t width,
                           uint8_t *shown) {
    const size_t element = row_bytes(width);
    bool reduced = true;
    take_shown(s, label, index, shown, n * element);
    for (size_t row = 0; row < n; row++)
        reduced &= cs_fr_vec_decode(values + row * width, shown + row * element, width);
    return reduced ? CS_OK
                   : cs_fail(CS_ERR_ABORT, "%s: this rank was shown a number that is not reduced", cs_label_text(label));
}

cs_status cs_session_show_rows(cs_session *s, cs_label label, uint64_t index, cs_fr *values, size_t n, size_t width) {
    uint8_t *bytes = CS_NEW(uint8_t, n * row_bytes(width));
    CS_TRY(cs_session_fail(s, bytes != NULL ? CS_OK : CS_ERR_MEMORY));
    store_rows(s, label, index, values, n, width, bytes);
    cs_status status = cs_comm_show(s->comm, (uint32_t)label | CS_COMM_MASKED, bytes, n, row_bytes(width));
    if (status == CS_OK)
        status = cs_session_fail(s, take_rows(s, label, index, values, n, width, bytes));
    cs_free(bytes);
    return status;
}

/* ---- masked answers ---- */

/* The scalars, and with identities a signature on all that this rank sent and was shown. */
static void append_answer(cs_session *s, cs_label label, const cs_fr *mine, size_t n, cs_buffer *out) {
    append_scalars(out, mine, n);
    if (cs_buffer_status(out) != CS_OK)
        return;
    cs_sent_answer(&s->sent, &s->transcript, label, out);
    if (s->signing) {
        uint8_t signature[CS_SENT_SIGNATURE_SIZE];
        cs_sent_sign(signature, &s->sent, s->signing);
        cs_buffer_append(out, signature, sizeof signature);
    }
}

/* Root: the signature goes off the answer, and both into the record, if there is one. */
static cs_status keep_answer(cs_session *s, cs_answer which, int rank, cs_buffer *part) {
    if (s->signing) {
        if (part->size < CS_SENT_SIGNATURE_SIZE)
            return cs_fail(CS_ERR_ABORT, "rank %d sent an answer without a signature", cs_comm_rank_of(s->comm, rank));
        part->size -= CS_SENT_SIGNATURE_SIZE;
    }
    if (!s->record)
        return CS_OK;
    cs_sent *sent = &s->record->ranks[rank];
    sent->is_signed = s->signing != NULL;
    if (sent->is_signed)
        memcpy(sent->signature, part->data + part->size, CS_SENT_SIGNATURE_SIZE);
    cs_buffer_free(&sent->answer[which]);
    sent->answer[which] = *part;
    *part = (cs_buffer){0};
    return CS_OK;
}

static cs_status take_answers(cs_session *s, cs_answer which, cs_buffer *parts, size_t n, cs_fr *sum,
                              const cs_answer_use *use) {
    for (int i = 0; i < s->n_ranks; i++)
        CS_TRY(keep_answer(s, which, i, &parts[i]));
    cs_fr *one = CS_NEW(cs_fr, n);
    cs_status status = one ? CS_OK : CS_ERR_MEMORY;
    memset(sum, 0, n * sizeof *sum);
    for (int i = 0; status == CS_OK && i < s->n_ranks; i++) {
        const cs_buffer *part = s->record ? &s->record->ranks[i].answer[which] : &parts[i];
        status = parse_scalars(part, cs_comm_rank_of(s->comm, i), one, n);
        if (status == CS_OK)
            cs_fr_vec_add(sum, sum, one, n);
        if (status == CS_OK && use)
            use->take(use->context, i, one);
    }
    cs_free(one);
    return status;
}

cs_status cs_session_answer(cs_session *s, cs_answer which, cs_label label, cs_fr *mine, size_t n, cs_fr *sum,
                            const cs_answer_use *use) {
    if (!cs_proving(s))
        return s->judge ? cs_judge_answer(s->judge, &s->transcript, which, label, n) : CS_OK;
    if (s->member.answered[which])
        return cs_session_fail(s, cs_fail(CS_ERR_ABORT, "%s: a rank answers once", cs_label_text(label)));
    s->member.answered[which] = true;
    cs_buffer out = {0}, nothing = {0}, *parts = NULL;
#ifdef CS_TAMPER
    if (cs_holds(s) && s->attack && s->attack->answer)
        s->attack->answer(s->attack->context, s->comm->rank, label, mine, n);
#endif
    if (cs_holds(s))
        append_answer(s, label, mine, n, &out);
    cs_status status = gather_shares(s, label, &out, &parts);
    if (status == CS_OK && parts != NULL)
        status = cs_session_fail(s, take_answers(s, which, parts, n, sum, use));
    if (status == CS_OK)
        status = cs_comm_reply(s->comm, (uint32_t)label, &nothing);
    free_parts(s, parts);
    cs_buffer_free(&out);
    cs_buffer_free(&nothing);
    return status;
}

cs_status cs_session_agree(cs_session *s, cs_status status) {
    if (!cs_proving(s))
        return CS_OK;
    return cs_comm_agree(s->comm, CS_LABEL_AGREE, status);
}

/* ---- after a failure ---- */

cs_status cs_session_numbers(cs_session *s, cs_label label, uint64_t mine, uint64_t *all) {
    const int ranks = s->comm->size;
    const size_t size = sizeof mine * (size_t)ranks;
    cs_buffer out = {0}, shown = {0}, *parts = NULL;
#ifdef CS_TAMPER
    if (s->attack && s->attack->message) {
        uint64_t limbs[4];
        cs_fr number = cs_fr_from_u64(mine);
        s->attack->message(s->attack->context, s->comm->rank, label, s->attack->occurrences[label]++, &number, 1);
        cs_fr_to_limbs(limbs, number);
        mine = limbs[0];
    }
#endif
    cs_buffer_append_u64(&out, mine);
    cs_status status = gather(s, label, &out, &parts);
    for (int i = 0; status == CS_OK && parts != NULL && i < ranks; i++) {
        if (parts[i].size != sizeof mine)
            status = cs_session_fail(s, cs_fail(CS_ERR_ABORT, "rank %d sent %zu bytes instead of 8", i, parts[i].size));
        cs_buffer_append(&shown, parts[i].data, parts[i].size);
    }
    if (status == CS_OK)
        status = cs_session_fail(s, cs_buffer_status(&shown));
    if (status == CS_OK)
        status = cs_comm_reply(s->comm, (uint32_t)label, &shown);
    if (status == CS_OK && shown.size != size)
        status = cs_session_fail(s, cs_fail(CS_ERR_ABORT, "%s: the root showed %zu bytes instead of %zu",
                                            cs_label_text(label), shown.size, size));
    for (int i = 0; status == CS_OK && i < ranks; i++)
        all[i] = cs_load_u64(shown.data + sizeof mine * (size_t)i);
    if (status == CS_OK && all[s->comm->rank] != mine)
        status = cs_session_fail(
            s, cs_fail(CS_ERR_ABORT, "%s: the root shows another number of this rank than it gave", cs_label_text(label)));
    free_parts(s, parts);
    cs_buffer_free(&out);
    cs_buffer_free(&shown);
    return status;
}

static cs_status keep_told(cs_session *s, cs_told which, const cs_buffer *parts, size_t size) {
    for (int i = 0; i < s->comm->size; i++) {
        cs_buffer *told = &s->record->ranks[cs_comm_place_of(s->comm, i)].told[which];
        if (parts[i].size != size)
            return cs_fail(CS_ERR_ABORT, "rank %d sent %zu bytes instead of %zu", i, parts[i].size, size);
        cs_buffer_append(told, parts[i].data, size);
        CS_TRY(cs_buffer_status(told));
    }
    return CS_OK;
}

cs_status cs_session_tell_root(cs_session *s, cs_label label, cs_told which, const cs_buffer *mine, size_t size) {
    if (!cs_proving(s))
        return s->judge ? cs_judge_told(s->judge, label, which, size) : CS_OK;
    cs_buffer nothing = {0}, out = *mine, *parts = NULL;
    cs_transcript_absorb(&s->sent, label, out.data, out.size);
    cs_status status = gather(s, label, &out, &parts);
    if (status == CS_OK && parts != NULL)
        status = cs_session_fail(s, keep_told(s, which, parts, size));
    if (status == CS_OK)
        status = cs_comm_reply(s->comm, (uint32_t)label, &nothing);
    free_parts(s, parts);
    cs_buffer_free(&nothing);
    return status;
}

/* ---- the root's own messages ---- */

/* While the ranks run, the root's data is an exchange like any other, in which they send nothing. */
static cs_status show_from_root(cs_session *s, cs_label label, cs_buffer *data, size_t size) {
    CS_TRY(cs_session_fail(s, cs_buffer_status(data)));
    if (!s->alone) {
        cs_buffer nothing = {0}, *parts = NULL;
        const cs_status status = gather(s, label, &nothing, &parts);
        free_parts(s, parts);
        CS_TRY(status);
    }
    return cs_wire_show(s, label, data, size);
}

cs_status cs_session_root_points(cs_session *s, cs_label label, cs_g1_affine *points, size_t n) {
    if (!cs_proving(s))
        return cs_wire_read_points(s, label, points, n);
    cs_buffer data = {0};
    if (cs_is_root(s))
        append_encoded(&data, points, n);
    const cs_status status = show_from_root(s, label, &data, 32 * n);
    cs_buffer_free(&data);
    return status;
}

cs_status cs_session_root_scalars(cs_session *s, cs_label label, cs_fr *scalars, size_t n) {
    if (!cs_proving(s))
        return cs_wire_read_scalars(s, label, scalars, n);
    cs_buffer data = {0};
    if (cs_is_root(s))
        append_scalars(&data, scalars, n);
    cs_status status = show_from_root(s, label, &data, 32 * n);
    if (status == CS_OK && !cs_fr_vec_decode(scalars, data.data, n))
        status = cs_session_fail(
            s, cs_fail(CS_ERR_ABORT, "%s: the root showed a scalar that is not reduced", cs_label_text(label)));
    cs_buffer_free(&data);
    return status;
}
