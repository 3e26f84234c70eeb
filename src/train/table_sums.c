#include "train/table_sums.h"

#include <string.h>

void cs_table_sums_free(cs_table_sums *t) {
    cs_sent_sums_free(&t->sums);
    cs_buffer_free(&t->addends);
    *t = (cs_table_sums){0};
}

cs_status cs_table_sums_new(cs_table_sums *t, const cs_sent_sums *gradients, const cs_params *p) {
    cs_table_sums_free(t);
    return cs_sent_sums_continue(&t->sums, gradients, cs_table_count(p));
}

/* ------------------------------------------------------------ a sum */

static void give(void *context, cs_comm_note which, uint8_t *out) {
    cs_table_sums *t = context;
    cs_sent_sums_give(&t->sums, which, out);
}

static void take(void *context, int rank, const uint8_t *note) {
    cs_table_sums *t = context;
    cs_sent_sums_take(&t->sums, rank, note);
}

static cs_status begin(void *context, const uint8_t view[32], const uint8_t *addends, size_t n) {
    static const uint8_t no_wishes[2];
    cs_table_sums *t = context;
    cs_sent_sums_begin(&t->sums, view, no_wishes, addends);
    cs_buffer_clear(&t->addends);
    cs_buffer_append(&t->addends, addends, CS_SUMS_ELEMENT * n);
    return cs_buffer_status(&t->addends);
}

static cs_status receive(void *context, int rank, const uint8_t *addends, size_t size, const uint8_t *note) {
    cs_table_sums *t = context;
    return cs_sent_sums_receive(&t->sums, rank, addends, size, note);
}

static void show(void *context, const uint8_t *sums, size_t size) {
    cs_table_sums *t = context;
    cs_sent_sums_show(&t->sums, sums, size);
}

static cs_status end(void *context, const uint8_t *sums) {
    cs_table_sums *t = context;
    return cs_sent_sums_end(&t->sums, sums);
}

cs_sum_keeper cs_table_sums_keeper(cs_table_sums *t, cs_table_name which, size_t n) {
    cs_sum_keeper k = {
        .context = t, .give = give, .take = take, .begin = begin, .receive = receive, .show = show, .end = end};
    t->last = which;
    cs_sent_sums_reshape(&t->sums, n);
    for (int note = 0; note < CS_COMM_NOTES; note++)
        k.note[note] = cs_sent_sums_note(&t->sums, (cs_comm_note)note);
    return k;
}

/* ------------------------------------------------------------ which, and how long */

size_t cs_table_count(const cs_params *p) {
    return 2 * p->layers - 1;
}

/* Forward layer by layer, then backward, where the first layer has none. */
size_t cs_table_number(const cs_params *p, cs_table_name which) {
    return which.backward ? p->layers + which.layer - 2 : which.layer - 1;
}

uint64_t cs_table_key(const cs_params *p, cs_table_name which) {
    return p->steps + cs_table_number(p, which);
}

cs_label cs_table_label(cs_table_name which) {
    return which.backward ? CS_LABEL_BACKWARD_TABLE : CS_LABEL_FORWARD_TABLE;
}

size_t cs_table_steps(const cs_params *p) {
    return p->steps == (size_t)1 << cs_params_step_bits(p) ? p->steps - 1 : p->steps;
}

size_t cs_table_width(const cs_params *p, cs_table_name which) {
    return which.backward ? p->widths[which.layer] : p->widths[which.layer - 1] + 1;
}

size_t cs_table_size(const cs_params *p, cs_table_name which) {
    return cs_table_steps(p) * cs_table_width(p, which);
}

/* ------------------------------------------------------------ challenges */

static void draw(cs_transcript *t, cs_label label, cs_fr *out, size_t n) {
    for (size_t k = 0; k < n; k++)
        out[k] = cs_transcript_challenge(t, label);
}

/* The errors of a layer reach the rows of the next layer's weights, but for the bias. */
cs_axis cs_table_input_axis(const cs_params *p, size_t l, const cs_fr *point) {
    const unsigned bits = cs_params_width_bits(p, l), long_bits = cs_params_long_width_bits(p, l);
    cs_fr long_point[CS_AXIS_BITS] = {CS_FR_ZERO};
    memcpy(long_point + (long_bits - bits), point, bits * sizeof *long_point);
    return cs_axis_eq_below(long_point, long_bits, p->widths[l]);
}

/* As in section 11, item 2: nothing is sent before the last table. */
cs_axis cs_table_vector(const cs_params *p, cs_table_name which, const uint8_t rows[32]) {
    const unsigned before = cs_params_step_bits(p) + cs_params_batch_bits(p);
    cs_fr point[3 * CS_AXIS_BITS], other;
    cs_transcript t;
    memcpy(t.state, rows, sizeof t.state);
    for (size_t l = 1; l <= p->layers; l++) {
        draw(&t, CS_LABEL_FORWARD_POINT, point, before + cs_params_width_bits(p, l));
        if (!which.backward && l == which.layer)
            return cs_axis_eq(point + before, cs_params_width_bits(p, l));
        draw(&t, CS_LABEL_FORWARD_RANKS, &other, 1);
    }
    draw(&t, CS_LABEL_SOFTMAX_POINT, point, before + cs_params_width_bits(p, p->layers));
    draw(&t, CS_LABEL_SOFTMAX_RANKS, &other, 1);
    draw(&t, CS_LABEL_SOFTMAX_MIX, &other, 1);
    for (size_t l = 1; l + 1 < which.layer; l++) {
        draw(&t, CS_LABEL_BACKWARD_POINT, point, before + cs_params_width_bits(p, l));
        draw(&t, CS_LABEL_BACKWARD_RANKS, &other, 1);
    }
    draw(&t, CS_LABEL_BACKWARD_POINT, point, before + cs_params_width_bits(p, which.layer - 1));
    return cs_table_input_axis(p, which.layer - 1, point + before);
}

void cs_table_doubts(cs_doubts *out, const cs_table_sums *t, const cs_params *p) {
    *out = (cs_doubts){0};
    for (int i = 0; i < t->sums.size; i++) {
        const uint64_t claim = t->claims[i]; /* row s + 1 is the first that knows the gradient of step s */
        bool known = claim < 2 || claim - 2 >= cs_table_steps(p);
        for (size_t k = 0; k < out->n; k++)
            known |= out->steps[k] == claim - 2;
        if (!known)
            out->steps[out->n++] = (size_t)claim - 2;
    }
}
