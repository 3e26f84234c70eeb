#include "session/wire.h"

cs_status cs_wire_read(cs_session *s, cs_label label, size_t count, const uint8_t **out) {
    if (count > (s->in_size - s->in_pos) / 32)
        return cs_fail(CS_ERR_INPUT, "proof: too short at %s (byte %zu)", cs_label_text(label), s->in_pos);
    *out = s->in + s->in_pos;
    s->in_pos += 32 * count;
    cs_transcript_absorb(&s->transcript, label, *out, 32 * count);
    return CS_OK;
}

cs_status cs_wire_read_points(cs_session *s, cs_label label, cs_g1_affine *out, size_t count) {
    const size_t start = s->in_pos;
    const uint8_t *data = NULL;
    CS_TRY(cs_wire_read(s, label, count, &data));
    const size_t good = cs_g1_vec_decode(out, data, count);
    if (good != count)
        return cs_fail(CS_ERR_INPUT, "proof: bad point at %s (byte %zu)", cs_label_text(label), start + 32 * good);
    return CS_OK;
}

cs_status cs_wire_read_scalars(cs_session *s, cs_label label, cs_fr *out, size_t count) {
    const size_t start = s->in_pos;
    const uint8_t *data = NULL;
    CS_TRY(cs_wire_read(s, label, count, &data));
    for (size_t k = 0; k < count; k++)
        if (!cs_fr_decode(&out[k], data + 32 * k))
            return cs_fail(CS_ERR_INPUT, "proof: scalar not reduced at %s (byte %zu)", cs_label_text(label), start + 32 * k);
    return CS_OK;
}

cs_status cs_wire_show(cs_session *s, cs_label label, cs_buffer *data, size_t size) {
    if (!s->alone) {
        CS_TRY(cs_comm_reply(s->comm, (uint32_t)label, data));
        if (data->size != size)
            return cs_session_fail(s, cs_fail(CS_ERR_ABORT, "%s: the root showed %zu bytes instead of %zu",
                                              cs_label_text(label), data->size, size));
    }
#ifdef CS_TAMPER
    if (size > 0 && s->attack && s->attack->shown_otherwise)
        s->attack->shown_otherwise(s->attack->context, s->comm->rank, label, data->data, size);
#endif
    cs_transcript_absorb(&s->transcript, label, data->data, size);
    if (cs_is_root(s)) {
        cs_buffer_append(s->proof, data->data, size);
        return cs_session_fail(s, cs_buffer_status(s->proof));
    }
    return CS_OK;
}
