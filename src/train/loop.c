#include "train/loop.h"

#include "base/bytes.h"
#include "base/memory.h"
#include "base/spy.h"

typedef struct loop {
    cs_comm *comm;
    cs_pads *pads;
    cs_trainer *trainer;
    const uint8_t *digest;
    size_t step;
    size_t n;         /* gradient entries */
    uint64_t *values; /* [n] */
    uint8_t *bytes;   /* [8 n] */
} loop;

static void store(void *context, size_t first, size_t count, uint8_t *out) {
    const loop *s = context;
    for (size_t k = 0; k < count; k++)
        cs_store_u64(out + 8 * k, s->values[first + k]);
}

static cs_status add(void *context, int rank, size_t first, size_t count, const uint8_t *part) {
    loop *s = context;
    (void)rank;
    for (size_t k = 0; k < count; k++)
        s->values[first + k] += cs_load_u64(part + 8 * k);
    return CS_OK;
}

static void show(void *context, size_t first, size_t count, uint8_t *out) {
    const loop *s = context;
    store(context, first, count, out);
    cs_pads_mask_part(s->pads, CS_LABEL_GRADIENT, s->step, 8 * first, out, 8 * count);
}

/* This rank's padded gradient in s->values: all that leaves it. */
static cs_status prepare(loop *s) {
    CS_TRY(cs_trainer_gradient(s->trainer, s->step, s->values));
    CS_SPY("own-gradient", s->values, 8 * s->n);
    CS_TRY(cs_pads_zero_shares_u64(s->pads, CS_LABEL_GRADIENT, s->step, s->digest, NULL, s->values, s->n));
    store(s, 0, s->n, s->bytes);
    return CS_OK;
}

static cs_status apply(loop *s) {
    cs_pads_mask_broadcast(s->pads, CS_LABEL_GRADIENT, s->step, s->bytes, 8 * s->n);
    cs_pads_receive(s->pads, CS_LABEL_GRADIENT, s->bytes, 8 * s->n);
    for (size_t k = 0; k < s->n; k++)
        s->values[k] = cs_load_u64(s->bytes + 8 * k);
    CS_TRY(cs_trainer_update(s->trainer, s->step, s->values));
    CS_SPY("gradient-sum", s->values, 8 * s->n);
    for (size_t l = 0; l < cs_trainer_model(s->trainer)->layers; l++)
        CS_SPY("weights", cs_trainer_model(s->trainer)->w[l],
               8 * cs_trainer_model(s->trainer)->rows[l] * cs_trainer_model(s->trainer)->columns[l]);
    return CS_OK;
}

/* A failure of this rank takes the place of the exchange that would come next. */
static cs_status run_step(loop *s) {
    const cs_comm_reduction how = {.element = 8, .context = s, .add = add, .store = store, .show = show};
    cs_status status = prepare(s);
    if (status != CS_OK)
        return cs_comm_raise(s->comm, status);
    CS_TRY(cs_comm_sum(s->comm, CS_LABEL_GRADIENT | CS_COMM_MASKED, s->bytes, s->n, &how));
    status = apply(s);
    return status == CS_OK ? CS_OK : cs_comm_raise(s->comm, status);
}

/* A failure in the last update has no sum of a next step to stop, so there is one more exchange without content. */
static cs_status finish(loop *s) {
    return cs_comm_agree(s->comm, CS_LABEL_DONE, CS_OK);
}

static cs_status allocate(loop *s) {
    s->values = CS_NEW(uint64_t, s->n);
    s->bytes = CS_NEW(uint8_t, 8 * s->n);
    return s->values == NULL || s->bytes == NULL ? CS_ERR_MEMORY : CS_OK;
}

static void release(loop *s) {
    cs_free(s->values);
    cs_free(s->bytes);
}

cs_status cs_train_run(cs_comm *comm, cs_pads *pads, cs_trainer *trainer, const cs_params *p, const uint8_t digest[32],
                       const cs_progress *progress) {
    loop s = {.comm = comm, .pads = pads, .trainer = trainer, .digest = digest, .n = cs_trainer_size(trainer)};
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
