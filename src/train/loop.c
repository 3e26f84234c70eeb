#include "train/loop.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/spy.h"
#include "train/entries.h"

typedef struct loop {
    cs_comm *comm;
    cs_pads *pads;
    cs_trainer *trainer;
    const cs_params *p;
    const uint8_t *digest;
    size_t step;
    size_t weights; /* gradient entries */
    const cs_train_control *control;
    size_t n;           /* the same, and what the control adds */
    cs_entries entries; /* [n] */
    cs_sent_sums *sums;
    cs_kept_sums *kept;
    bool noise;     /* a sum was beyond its bound, and sums are kept */
    uint8_t *bytes; /* [cs_entries_room], as they travel */
} loop;

/* Bytes that hold a sum of gradients, and so much more that a vector of noise is beyond its bounds: each of the n entries
 * with probability 1 - 2^-slack at least, where n slack >= 64. */
static size_t full_width(const cs_params *p, size_t n) {
    const unsigned slack = n < 64 ? (unsigned)((64 + n - 1) / n) : 1;
    const uint64_t most = (uint64_t)cs_params_gradient_max(p);
    unsigned bits = 1 + slack; /* the sign */
    while (bits - 1 - slack < 64 && most >> (bits - 1 - slack) != 0)
        bits++;
    return bits >= 64 ? 8 : (bits + 7) / 8;
}

static void store(void *context, size_t first, size_t count, uint8_t *out) {
    const loop *s = context;
    cs_entries_store(&s->entries, first, count, out);
}

static cs_status add(void *context, int rank, size_t first, size_t count, const uint8_t *part) {
    loop *s = context;
    const size_t size = s->entries.width * count;
    if (s->sums != NULL)
        CS_TRY(cs_sent_sums_receive(s->sums, rank, part, size, part + size));
    cs_entries_add(&s->entries, first, count, part);
    return CS_OK;
}

static void show(void *context, size_t first, size_t count, uint8_t *out) {
    const loop *s = context;
    const size_t width = s->entries.width;
#ifdef CS_TAMPER
    cs_trainer_tamper_sum(s->trainer, s->step, s->entries.values + first, first < s->n ? count : 0);
#endif
    store(context, first, count, out);
    if (s->sums != NULL)
        cs_sent_sums_show(s->sums, out, width * count);
    cs_pads_mask_part(s->pads, CS_LABEL_GRADIENT, s->step, width * first, out, width * count);
}

static void give(void *context, cs_comm_note which, uint8_t *out) {
    const loop *s = context;
    cs_sent_sums_give(s->sums, which, out);
}

static void take(void *context, int rank, const uint8_t *note) {
    const loop *s = context;
    cs_sent_sums_take(s->sums, rank, note);
}

static cs_status pad(loop *s) {
    cs_entries *e = &s->entries;
    if (e->width < e->full)
        CS_TRY(cs_pads_zero_shares_u64(s->pads, CS_LABEL_GRADIENT_CHECK, s->step, s->digest, NULL, &e->check, 1, 8));
    return cs_pads_zero_shares_u64(s->pads, CS_LABEL_GRADIENT, s->step, s->digest, NULL, e->values, s->n, e->width);
}

/* A single rank's gradient and wishes are the sums: nothing is packed, as nothing leaves it. */
static bool is_alone(const loop *s) {
    return s->comm->size == 1 && s->sums == NULL;
}

static cs_status make_gradient(loop *s) {
    uint64_t *values = s->entries.values;
    CS_TRY(cs_trainer_gradient(s->trainer, s->step, values));
    if (s->control != NULL) {
        values[s->weights] = s->control->due(s->control->context);
        values[s->weights + 1] = s->control->stop(s->control->context);
    }
    return CS_OK;
}

/* This rank's padded gradient in s->entries, and its wishes: all that leaves it. */
static cs_status prepare(loop *s) {
    const uint64_t *values = s->entries.values;
    const size_t count = cs_entries_count(&s->entries), after = s->n - s->weights;
    CS_TRY(make_gradient(s));
    CS_SPY("own-gradient", (store(s, 0, count, s->bytes), s->bytes), s->entries.width * s->n);
    const uint8_t wishes[2] = {after > 0 ? (uint8_t)values[s->weights] : 0, after > 1 ? (uint8_t)values[s->weights + 1] : 0};
    uint8_t view[32];
    cs_entries_seal(&s->entries);
    cs_pads_view(s->pads, CS_LABEL_GRADIENT, s->step, s->digest, NULL, view);
    CS_TRY(pad(s));
    store(s, 0, count, s->bytes);
    if (s->sums != NULL)
        cs_sent_sums_begin(s->sums, view, wishes, s->bytes);
    return CS_OK;
}

/* The sums, unmasked, in s->entries. */
static cs_status take_sums(loop *s) {
    const size_t size = s->entries.width * cs_entries_count(&s->entries);
    cs_pads_mask_broadcast(s->pads, CS_LABEL_GRADIENT, s->step, s->bytes, size);
    cs_pads_receive(s->pads, CS_LABEL_GRADIENT, s->bytes, size);
    if (s->sums != NULL)
        CS_TRY(cs_sent_sums_end(s->sums, s->bytes));
    cs_entries_load(&s->entries, s->bytes);
    return CS_OK;
}

static cs_status apply(loop *s) {
    const cs_status status = cs_trainer_update(s->trainer, s->step, s->entries.values);
    s->noise = status == CS_ERR_ABORT && s->sums != NULL;
    CS_TRY(status);
    CS_SPY("gradient-sum", s->bytes, s->entries.width * s->n);
    for (size_t l = 0; l < cs_trainer_model(s->trainer)->layers; l++)
        CS_SPY("weights", cs_trainer_model(s->trainer)->w[l],
               8 * cs_trainer_model(s->trainer)->rows[l] * cs_trainer_model(s->trainer)->columns[l]);
    return CS_OK;
}

/* All ranks have the same sums, so they do the same. */
static cs_status heed(const loop *s) {
    if (s->control == NULL)
        return CS_OK;
    const uint64_t due = s->entries.values[s->weights], stop = s->entries.values[s->weights + 1],
                   ranks = (uint64_t)s->comm->size;
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

static cs_status add_up(loop *s, bool again) {
    cs_comm_reduction how = {.element = s->entries.width, .context = s, .add = add, .store = store, .show = show};
    if (s->sums != NULL) {
        how.direct = true;
        how.give = give;
        how.take = take;
        for (int which = 0; which < CS_COMM_NOTES; which++)
            how.note[which] = cs_sent_sums_note(s->sums, (cs_comm_note)which);
    }
    const uint32_t tag = again ? CS_LABEL_GRADIENT_AGAIN : CS_LABEL_GRADIENT;
    return cs_comm_sum(s->comm, tag | CS_COMM_MASKED, s->bytes, cs_entries_count(&s->entries), &how);
}

/* Once more in full if the sums do not fit. A failure of this rank takes the place of the exchange that would come next. */
static cs_status run_step(loop *s) {
    cs_status status;
    bool again = false;
    if (is_alone(s))
        status = make_gradient(s);
    else
        do {
            status = prepare(s);
            if (status != CS_OK)
                return cs_comm_raise(s->comm, status);
            CS_TRY(add_up(s, again));
            status = take_sums(s);
            again = status == CS_OK && !cs_entries_fit(&s->entries);
        } while (again);
    if (status == CS_OK)
        status = apply(s);
    if (status == CS_OK && s->kept != NULL)
        status = cs_kept_sums_keep(s->kept, s->step, s->entries.values, s->weights);
    if (status == CS_ERR_ABORT && s->noise)
        status = explain_noise(s);
    if (status == CS_OK)
        status = heed(s);
    if (status == CS_OK)
        cs_entries_next(&s->entries);
    return status == CS_OK ? CS_OK : cs_comm_raise(s->comm, status);
}

/* A failure in the last update has no sum of a next step to stop, so there is one more exchange without content. */
static cs_status finish(loop *s) {
    if (s->sums != NULL)
        CS_TRY(cs_comm_raise(s->comm, cs_sent_sums_agree(s->sums, s->comm, s->pads)));
    return cs_comm_agree(s->comm, CS_LABEL_DONE, CS_OK);
}

/* A vector that can be opened again (sent_sums.h) is always full. */
static cs_status allocate(loop *s) {
    const size_t width = full_width(s->p, s->n);
    CS_TRY(cs_entries_new(&s->entries, s->n, width, s->sums == NULL && s->comm->size > 1));
    s->bytes = CS_NEW(uint8_t, cs_entries_room(&s->entries));
    if (s->bytes == NULL)
        return CS_ERR_MEMORY;
    if (s->kept != NULL)
        CS_TRY(cs_kept_sums_new(s->kept, s->comm, s->p));
    return s->sums != NULL
               ? cs_sent_sums_new(s->sums, s->comm, s->p, cs_pads_nonce(s->pads), s->digest, s->step, s->n, width)
               : CS_OK;
}

static void release(loop *s) {
    cs_entries_free(&s->entries);
    cs_free(s->bytes);
}

cs_status cs_train_run(cs_comm *comm, cs_pads *pads, cs_trainer *trainer, const cs_params *p, const uint8_t digest[32],
                       const cs_train_control *control, cs_sent_sums *sums, cs_kept_sums *kept,
                       const cs_progress *progress) {
    const size_t weights = cs_trainer_size(trainer);
    loop s = {.comm = comm,
              .pads = pads,
              .trainer = trainer,
              .p = p,
              .digest = digest,
              .control = control,
              .sums = sums,
              .kept = kept,
              .step = cs_trainer_done(trainer),
              .weights = weights,
              .n = weights + (control != NULL ? 2 : 0)};
    cs_status status = allocate(&s);
    if (status != CS_OK)
        (void)cs_comm_raise(comm, status);
    if (status == CS_OK && sums != NULL)
        status = cs_sent_sums_promise(sums, comm, pads);
    for (; s.step < p->steps && status == CS_OK; s.step++) {
        status = run_step(&s);
        cs_progress_report(progress, "training", (double)(s.step + 1) / (double)p->steps);
    }
    if (status == CS_OK)
        status = finish(&s);
    release(&s);
    return status;
}
