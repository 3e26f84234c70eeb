#include "train/loop.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/packed.h"
#include "base/spy.h"

typedef struct loop {
    const cs_packed_kernel *packed;
    cs_comm *comm;
    cs_pads *pads;
    cs_trainer *trainer;
    const cs_params *p;
    const uint8_t *digest;
    size_t step;
    size_t weights; /* gradient entries */
    const cs_train_control *control;
    size_t n;         /* the same, and what the control adds */
    uint64_t *values; /* [n] */
    size_t width;     /* bytes of an entry on the wire */
    cs_sent_sums *sums;
    bool noise;     /* a sum was beyond its bound, and sums are kept */
    uint8_t *bytes; /* [width n] */
} loop;

/* Bytes that hold a sum of gradients, and so much more that a vector of noise is beyond its bounds: each of the n entries
 * with probability 1 - 2^-slack at least, where n slack >= 64. */
static size_t entry_width(const cs_params *p, size_t n) {
    const unsigned slack = n < 64 ? (unsigned)((64 + n - 1) / n) : 1;
    const uint64_t most = (uint64_t)cs_params_gradient_max(p);
    unsigned bits = 1 + slack; /* the sign */
    while (bits - 1 - slack < 64 && most >> (bits - 1 - slack) != 0)
        bits++;
    return bits >= 64 ? 8 : (bits + 7) / 8;
}

static void store(void *context, size_t first, size_t count, uint8_t *out) {
    const loop *s = context;
    s->packed->store(out, s->values + first, count, s->width);
}

static cs_status add(void *context, int rank, size_t first, size_t count, const uint8_t *part) {
    loop *s = context;
    if (s->sums != NULL)
        CS_TRY(cs_sent_sums_receive(s->sums, rank, part, s->width * count, part + s->width * count));
    s->packed->add(s->values + first, part, count, s->width, false);
    return CS_OK;
}

static void show(void *context, size_t first, size_t count, uint8_t *out) {
    const loop *s = context;
#ifdef CS_TAMPER
    cs_trainer_tamper_sum(s->trainer, s->step, s->values + first, count);
#endif
    store(context, first, count, out);
    if (s->sums != NULL)
        cs_sent_sums_show(s->sums, out, s->width * count);
    cs_pads_mask_part(s->pads, CS_LABEL_GRADIENT, s->step, s->width * first, out, s->width * count);
}

static void give(void *context, cs_comm_note which, uint8_t *out) {
    const loop *s = context;
    cs_sent_sums_give(s->sums, which, out);
}

static void take(void *context, int rank, const uint8_t *note) {
    const loop *s = context;
    cs_sent_sums_take(s->sums, rank, note);
}

/* This rank's padded gradient in s->values, and its wishes: all that leaves it. */
static cs_status prepare(loop *s) {
    CS_TRY(cs_trainer_gradient(s->trainer, s->step, s->values));
    if (s->control != NULL) {
        s->values[s->weights] = s->control->due(s->control->context);
        s->values[s->weights + 1] = s->control->stop(s->control->context);
    }
    CS_SPY("own-gradient", (store(s, 0, s->n, s->bytes), s->bytes), s->width * s->n);
    const size_t after = s->n - s->weights;
    const uint8_t wishes[2] = {after > 0 ? (uint8_t)s->values[s->weights] : 0,
                               after > 1 ? (uint8_t)s->values[s->weights + 1] : 0};
    uint8_t view[32];
    cs_pads_view(s->pads, CS_LABEL_GRADIENT, s->step, s->digest, NULL, view);
    CS_TRY(cs_pads_zero_shares_u64(s->pads, CS_LABEL_GRADIENT, s->step, s->digest, NULL, s->values, s->n, s->width));
    store(s, 0, s->n, s->bytes);
    if (s->sums != NULL)
        cs_sent_sums_begin(s->sums, view, wishes, s->bytes);
    return CS_OK;
}

static cs_status apply(loop *s) {
    cs_pads_mask_broadcast(s->pads, CS_LABEL_GRADIENT, s->step, s->bytes, s->width * s->n);
    cs_pads_receive(s->pads, CS_LABEL_GRADIENT, s->bytes, s->width * s->n);
    if (s->sums != NULL)
        CS_TRY(cs_sent_sums_end(s->sums, s->bytes));
    s->packed->load(s->values, s->bytes, s->n, s->width);
    const cs_status status = cs_trainer_update(s->trainer, s->step, s->values);
    s->noise = status == CS_ERR_ABORT && s->sums != NULL;
    CS_TRY(status);
    CS_SPY("gradient-sum", s->bytes, s->width * s->n);
    for (size_t l = 0; l < cs_trainer_model(s->trainer)->layers; l++)
        CS_SPY("weights", cs_trainer_model(s->trainer)->w[l],
               8 * cs_trainer_model(s->trainer)->rows[l] * cs_trainer_model(s->trainer)->columns[l]);
    return CS_OK;
}

/* All ranks have the same sums, so they do the same. */
static cs_status heed(const loop *s) {
    if (s->control == NULL)
        return CS_OK;
    const uint64_t due = s->values[s->weights], stop = s->values[s->weights + 1], ranks = (uint64_t)s->comm->size;
    if (due > ranks || stop > ranks)
        return cs_fail(CS_ERR_ABORT, "step %zu: %llu of %llu ranks are said to want to stop", s->step,
                       (unsigned long long)stop, (unsigned long long)ranks);
    if (stop > 0 || (due > 0 && s->step + 1 < s->p->steps)) /* the end is saved in any case */
        CS_TRY(s->control->save(s->control->context));
    return stop == 0
               ? CS_OK
               : cs_fail(CS_ERR_STOPPED, "stopped on request after %zu steps; --resume goes on from there", s->step + 1);
}

/* A sum out of its bounds is so for all ranks: was somebody shown other sums before? */
static cs_status explain_noise(loop *s) {
    char text[512];
    snprintf(text, sizeof text, "%s", cs_error_text());
    const cs_status status = cs_sent_sums_agree(s->sums, s->comm, s->pads);
    return status == CS_OK ? cs_fail(CS_ERR_ABORT, "%s", text) : status;
}

/* A failure of this rank takes the place of the exchange that would come next. */
static cs_status run_step(loop *s) {
    cs_comm_reduction how = {.element = s->width, .context = s, .add = add, .store = store, .show = show};
    if (s->sums != NULL) {
        how.direct = true;
        how.give = give;
        how.take = take;
        for (int which = 0; which < CS_COMM_NOTES; which++)
            how.note[which] = cs_sent_sums_note(s->sums, (cs_comm_note)which);
    }
    cs_status status = prepare(s);
    if (status != CS_OK)
        return cs_comm_raise(s->comm, status);
    CS_TRY(cs_comm_sum(s->comm, CS_LABEL_GRADIENT | CS_COMM_MASKED, s->bytes, s->n, &how));
    status = apply(s);
    if (status == CS_ERR_ABORT && s->noise)
        status = explain_noise(s);
    if (status == CS_OK)
        status = heed(s);
    return status == CS_OK ? CS_OK : cs_comm_raise(s->comm, status);
}

/* A failure in the last update has no sum of a next step to stop, so there is one more exchange without content. */
static cs_status finish(loop *s) {
    if (s->sums != NULL)
        CS_TRY(cs_comm_raise(s->comm, cs_sent_sums_agree(s->sums, s->comm, s->pads)));
    return cs_comm_agree(s->comm, CS_LABEL_DONE, CS_OK);
}

static cs_status allocate(loop *s) {
    s->values = CS_NEW(uint64_t, s->n);
    s->bytes = CS_NEW(uint8_t, s->width * s->n);
    if (s->values == NULL || s->bytes == NULL)
        return CS_ERR_MEMORY;
    return s->sums != NULL
               ? cs_sent_sums_new(s->sums, s->comm, s->p, cs_pads_nonce(s->pads), s->digest, s->step, s->n, s->width)
               : CS_OK;
}

static void release(loop *s) {
    cs_free(s->values);
    cs_free(s->bytes);
}

cs_status cs_train_run(cs_comm *comm, cs_pads *pads, cs_trainer *trainer, const cs_params *p, const uint8_t digest[32],
                       const cs_train_control *control, cs_sent_sums *sums, const cs_progress *progress) {
    const size_t weights = cs_trainer_size(trainer);
    loop s = {.packed = cs_packed_best(),
              .comm = comm,
              .pads = pads,
              .trainer = trainer,
              .p = p,
              .digest = digest,
              .control = control,
              .sums = sums,
              .step = cs_trainer_done(trainer),
              .weights = weights,
              .n = weights + (control != NULL ? 2 : 0)};
    s.width = entry_width(p, s.n);
    cs_status status = allocate(&s);
    if (status != CS_OK)
        (void)cs_comm_raise(comm, status);
    for (; s.step < p->steps && status == CS_OK; s.step++) {
        status = run_step(&s);
        cs_progress_report(progress, "training", (double)(s.step + 1) / (double)p->steps);
    }
    if (status == CS_OK)
        status = finish(&s);
    release(&s);
    return status;
}
