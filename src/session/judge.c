#include "session/judge.h"

#include "base/memory.h"
#include "session/wire.h"

static const char *const OFFENCES[] = {"nothing",
                                       "its answer does not open its own commitments",
                                       "it gave a part to what belongs to another rank",
                                       "its answer does not satisfy its own row",
                                       "what it signed is not what it sent and was shown",
                                       "what it worked out for the root is wrong",
                                       "what it says it sent while training is not what it sent",
                                       "the sums that it showed are not those of what it got",
                                       "it commits to other tensors than before",
                                       "the gradient that it sent is not that of its committed tensors",
                                       "it does not agree with another rank on the pads of both",
                                       "it signed two different accounts of what it sent and showed",
                                       "the pads that it committed to are not those that it shares with another rank",
                                       "the share of the weight table that it sent is not that of its committed tensors",
                                       "it says of a weight table that is right that it is wrong"};

const char *cs_offence_text(cs_offence offence) {
    return OFFENCES[offence];
}

cs_status cs_judge_new(cs_judge *j, size_t n) {
    *j = (cs_judge){.ranks = CS_NEW(cs_judged, n)};
    if (j->ranks == NULL)
        return CS_ERR_MEMORY;
    j->n = n;
    return CS_OK;
}

void cs_judge_free(cs_judge *j) {
    for (size_t k = 0; k < j->n; k++) {
        cs_free(j->ranks[k].points);
        for (int which = 0; which < CS_ANSWER_COUNT; which++)
            cs_free(j->ranks[k].answers[which]);
    }
    cs_free(j->ranks);
    cs_free(j->row_at);
    cs_free(j->row_labels);
    cs_buffer_free(&j->common);
    *j = (cs_judge){0};
}

void cs_judge_find(cs_judged *rank, cs_offence offence, cs_label stage) {
    if (rank->offence != CS_OFFENCE_NONE)
        return;
    rank->offence = offence;
    rank->stage = stage;
}

cs_status cs_judge_search(cs_judge *j, size_t from, size_t to, const void *context,
                          cs_status (*hold)(const void *context, const cs_judge *j, size_t from, size_t to),
                          cs_status (*found)(const void *context, cs_judge *j, size_t k)) {
    const cs_status status = from < to ? hold(context, j, from, to) : CS_OK;
    const size_t middle = from + (to - from) / 2;
    if (status != CS_REJECT)
        return status;
    if (to - from == 1)
        return found(context, j, from);
    CS_TRY(cs_judge_search(j, from, middle, context, hold, found));
    return cs_judge_search(j, middle, to, context, hold, found);
}

static cs_status decode_points(cs_judged *r) {
    const cs_buffer *b = &r->sent->points;
    r->n_points = b->size / CS_SENT_POINT_SIZE;
    r->points = CS_NEW(cs_g1_affine, r->n_points);
    if (r->points == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < r->n_points; k++)
        if (!cs_session_decode_point(&r->points[k], b->data + k * CS_SENT_POINT_SIZE))
            return cs_fail(CS_ERR_INPUT, "commitment %zu of rank %d is not a point of the curve", k, r->rank);
    return b->size % CS_SENT_POINT_SIZE == 0 ? CS_OK : cs_fail(CS_ERR_INPUT, "rank %d: half a commitment", r->rank);
}

cs_status cs_judge_begin(cs_judge *j, cs_session *s) {
    s->judge = j;
    for (size_t k = 0; k < j->n; k++) {
        cs_sent_begin(&j->ranks[k].chain, j->nonce, s->digest, j->ranks[k].rank);
        CS_TRY(decode_points(&j->ranks[k]));
    }
    return CS_OK;
}

cs_status cs_judge_sum(cs_judge *j, cs_label label, size_t count) {
    for (size_t k = 0; k < j->n; k++) {
        cs_judged *r = &j->ranks[k];
        if (count > r->n_points - j->taken)
            return cs_fail(CS_ERR_INPUT, "commitments of rank %d end at %s", r->rank, cs_label_text(label));
        cs_transcript_absorb(&r->chain, label, r->sent->points.data + j->taken * CS_SENT_POINT_SIZE,
                             count * CS_SENT_POINT_SIZE);
    }
    j->taken += count;
    return CS_OK;
}

cs_status cs_judge_each(cs_judge *j, cs_label label, const size_t *counts, cs_g1_affine *const *all) {
    cs_buffer bytes = {0};
    cs_status status = CS_OK;
    for (size_t k = 0; status == CS_OK && k < j->n; k++) {
        const int rank = j->ranks[k].rank;
        cs_buffer_clear(&bytes);
        cs_session_append_points(&bytes, all[rank], counts[rank]);
        status = cs_buffer_status(&bytes);
        if (status == CS_OK)
            cs_transcript_absorb(&j->ranks[k].chain, label, bytes.data, bytes.size);
    }
    cs_buffer_free(&bytes);
    return status;
}

static cs_status reserve_rows(cs_judge *j, size_t first, size_t end) {
    if (end > j->cap_rows) {
        size_t *at = cs_grow(j->row_at, first, 2 * end, sizeof *at);
        if (at == NULL)
            return CS_ERR_MEMORY;
        j->row_at = at;
        j->cap_rows = 2 * end;
    }
    if (end > j->cap_labels) {
        cs_label *labels = cs_grow(j->row_labels, first, 2 * end, sizeof *labels);
        if (labels == NULL)
            return CS_ERR_MEMORY;
        j->row_labels = labels;
        j->cap_labels = 2 * end;
    }
    return CS_OK;
}

cs_status cs_judge_rows(cs_judge *j, cs_label label, size_t first, size_t count) {
    CS_TRY(reserve_rows(j, first, first + count));
    for (size_t k = 0; k < count; k++) {
        j->row_at[first + k] = j->taken - count + k;
        j->row_labels[first + k] = label;
    }
    return CS_OK;
}

cs_status cs_judge_told(cs_judge *j, cs_label label, cs_told which, size_t size) {
    for (size_t k = 0; k < j->n; k++) {
        const cs_buffer *told = &j->ranks[k].sent->told[which];
        if (told->size != size)
            return cs_fail(CS_ERR_INPUT, "rank %d told %zu bytes at %s; %zu are expected", j->ranks[k].rank, told->size,
                           cs_label_text(label), size);
        cs_transcript_absorb(&j->ranks[k].chain, label, told->data, told->size);
    }
    return CS_OK;
}

static cs_status decode_answer(cs_judged *r, cs_answer which, size_t n) {
    const cs_buffer *b = &r->sent->answer[which];
    if (b->size != n * CS_SENT_SCALAR_SIZE)
        return cs_fail(CS_ERR_INPUT, "answer %d of rank %d has %zu bytes; %zu are expected", (int)which, r->rank, b->size,
                       n * CS_SENT_SCALAR_SIZE);
    r->answers[which] = CS_NEW(cs_fr, n);
    if (r->answers[which] == NULL)
        return CS_ERR_MEMORY;
    r->n_answers[which] = n;
    for (size_t k = 0; k < n; k++)
        if (!cs_fr_decode(&r->answers[which][k], b->data + k * CS_SENT_SCALAR_SIZE))
            return cs_fail(CS_ERR_INPUT, "answer %d of rank %d: scalar %zu is not reduced", (int)which, r->rank, k);
    return CS_OK;
}

cs_status cs_judge_answer(cs_judge *j, const cs_transcript *view, cs_answer which, cs_label label, size_t n) {
    for (size_t k = 0; k < j->n; k++) {
        cs_judged *r = &j->ranks[k];
        if (r->answers[which] != NULL)
            return cs_fail(CS_ERR_INTERNAL, "%s: a rank answers once", cs_label_text(label));
        CS_TRY(decode_answer(r, which, n));
        cs_sent_answer(&r->chain, view, label, &r->sent->answer[which]);
        if (which != CS_ANSWER_FINALE)
            continue;
        if (j->taken != r->n_points)
            return cs_fail(CS_ERR_INPUT, "rank %d: %zu commitments too many", r->rank, r->n_points - j->taken);
        r->is_signed = r->key != NULL && r->sent->is_signed && cs_sent_check(r->sent->signature, &r->chain, r->key);
    }
    return CS_OK;
}
