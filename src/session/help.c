/* What the other ranks work out for the root when the last answers are given (witness/ipa.h). */
#include "base/memory.h"
#include "session/wire.h"
#include <string.h>

enum { SUMS = 2 };

static cs_status keep(cs_session *s, const cs_fr *f, size_t n, size_t rounds) {
    if (s->record == NULL)
        return CS_OK;
    cs_help *h = &s->record->help;
    h->f = CS_NEW(cs_fr, n);
    h->challenges = CS_NEW(cs_fr, rounds);
    h->parts = CS_NEW(cs_g1_affine, SUMS * rounds * (size_t)s->comm->size);
    if (h->f == NULL || h->challenges == NULL || h->parts == NULL)
        return CS_ERR_MEMORY;
    memcpy(h->f, f, n * sizeof *f);
    h->size = n;
    return CS_OK;
}

cs_status cs_session_ask_help(cs_session *s, const cs_buffer *hands, const cs_fr *f, size_t n, size_t rounds) {
    cs_buffer none = {0};
    CS_TRY(keep(s, f, n, rounds));
    CS_TRY(cs_comm_gather(s->comm, CS_LABEL_IPA_BASE, NULL, 0, NULL));
    return cs_comm_deal(s->comm, CS_LABEL_IPA_BASE, hands, &none);
}

cs_status cs_session_offer_help(cs_session *s, cs_buffer *hand) {
    CS_TRY(cs_comm_gather(s->comm, CS_LABEL_IPA_BASE, NULL, 0, NULL));
    return cs_comm_deal(s->comm, CS_LABEL_IPA_BASE, NULL, hand);
}

static cs_status add_parts(cs_session *s, const cs_buffer *parts, cs_g1_affine sums[SUMS]) {
    cs_g1 total[SUMS] = {CS_G1_IDENTITY, CS_G1_IDENTITY};
    for (int i = 1; i < s->comm->size; i++) {
        cs_g1_affine part[SUMS];
        CS_TRY(cs_session_decode_points(&parts[i], i, part, SUMS));
        for (size_t k = 0; k < SUMS; k++)
            total[k] = cs_g1_add_affine(total[k], part[k]);
        if (s->record != NULL) {
            const cs_help *h = &s->record->help;
            memcpy(h->parts + SUMS * (h->rounds * (size_t)s->comm->size + (size_t)i), part, sizeof part);
        }
    }
    for (size_t k = 0; k < SUMS; k++)
        sums[k] = cs_g1_to_affine(total[k]);
    return CS_OK;
}

cs_status cs_session_take_help(cs_session *s, cs_g1_affine sums[SUMS]) {
    cs_buffer *parts = CS_NEW(cs_buffer, (size_t)s->comm->size);
    cs_status status = parts != NULL ? cs_comm_gather(s->comm, CS_LABEL_IPA_ROUND, NULL, 0, parts) : CS_ERR_MEMORY;
    if (status == CS_OK)
        status = add_parts(s, parts, sums);
    for (int i = 0; parts != NULL && i < s->comm->size; i++)
        cs_buffer_free(&parts[i]);
    cs_free(parts);
    return status;
}

cs_status cs_session_tell_helpers(cs_session *s, cs_fr c) {
    cs_buffer data = {0};
    uint8_t raw[32];
    if (s->record != NULL)
        s->record->help.challenges[s->record->help.rounds++] = c;
    cs_fr_encode(raw, c);
    cs_buffer_append(&data, raw, sizeof raw);
    const cs_status status = cs_comm_reply(s->comm, CS_LABEL_IPA_ROUND, &data);
    cs_buffer_free(&data);
    return status;
}

cs_status cs_session_give_help(cs_session *s, const cs_g1_affine sums[SUMS], cs_fr *c) {
    cs_buffer data = {0};
    cs_session_append_points(&data, sums, SUMS);
    cs_status status = cs_buffer_status(&data);
    if (status == CS_OK)
        status = cs_comm_gather(s->comm, CS_LABEL_IPA_ROUND, data.data, data.size, NULL);
    if (status == CS_OK)
        status = cs_comm_reply(s->comm, CS_LABEL_IPA_ROUND, &data);
    if (status == CS_OK && (data.size != 32 || !cs_fr_decode(c, data.data) || cs_fr_is_zero(*c)))
        status = cs_fail(CS_ERR_ABORT, "the root's challenge of the opening's argument is malformed");
    cs_buffer_free(&data);
    return status;
}
