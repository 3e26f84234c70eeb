/* Internal to the session: bytes in and out of the transcript and the proof. */
#ifndef CS_SESSION_WIRE_H
#define CS_SESSION_WIRE_H

#include "session/session.h"

/** The verifier reads count * 32 bytes and absorbs them; *out points into the proof. CS_ERR_INPUT if it is too short. */
cs_status cs_wire_read(cs_session *s, cs_label label, size_t count, const uint8_t **out);

/** The verifier reads points or scalars; anything but canonical encodings is CS_ERR_INPUT. */
cs_status cs_wire_read_points(cs_session *s, cs_label label, cs_g1_affine *out, size_t count);
cs_status cs_wire_read_scalars(cs_session *s, cs_label label, cs_fr *out, size_t count);

/** The root shows `data` to every rank (unless it is alone), and every rank absorbs it; the root appends it to the proof. On
 * other ranks `data` receives the bytes, which must be `size` long. */
cs_status cs_wire_show(cs_session *s, cs_label label, cs_buffer *data, size_t size);

/** A point as it travels between ranks: 64 bytes, x and y. decode: is it one (the identity included)? */
void cs_session_append_points(cs_buffer *b, const cs_g1_affine *p, size_t n);
bool cs_session_decode_point(cs_g1_affine *out, const uint8_t raw[CS_SENT_POINT_SIZE]);

/** Exactly n points that the rank sent; CS_ERR_ABORT names it otherwise. */
cs_status cs_session_decode_points(const cs_buffer *b, int rank, cs_g1_affine *out, size_t n);

/** Computes this rank's share of a message and its commitment rows; mine[rows], common[rows]. */
cs_status cs_member_commit(cs_session *s, const cs_kind *kinds, const cs_fr *values, size_t n, cs_g1_affine *mine,
                           bool *common);

#endif
