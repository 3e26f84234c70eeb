#include "train/loop.h"

#include "base/bytes.h"
#include "base/memory.h"

typedef struct loop {
    cs_comm *comm;
    cs_pads *pads;
    cs_trainer *trainer;
    const uint8_t *digest;
    size_t n;         /* gradient entries */
    uint64_t *values; /* [n] */
    uint8_t *bytes;   /* [8 n] */
    cs_buffer *parts; /* [ranks] on the root */
    cs_buffer sum;    /* the reply */
} loop;

/* This rank's padded gradient in s->bytes: all that leaves it. */
static cs_status prepare(loop *s, size_t step) {
    CS_TRY(cs_trainer_gradient(s->trainer, step, s->values));
    CS_TRY(cs_pads_zero_shares_u64(s->pads, CS_LABEL_GRADIENT, step, s->digest, NULL, s->values, s->n));
    for (size_t k = 0; k < s->n; k++)
        cs_store_u64(s->bytes + 8 * k, s->values[k]);
    return CS_OK;
}

/* Root: the masked sum of all parts in s->sum. */
static cs_status add_up(loop *s, size_t step) {
    for (int i = 0; i < s->comm->size; i++)
        if (s->parts[i].size != 8 * s->n)
            return cs_fail(CS_ERR_RANK, "rank %d sent %zu bytes of gradients instead of %zu", i, s->parts[i].size, 8 * s->n);
    CS_TRY(cs_buffer_resize(&s->sum, 8 * s->n));
    for (size_t k = 0; k < s->n; k++) {
        uint64_t total = 0;
        for (int i = 0; i < s->comm->size; i++)
            total += cs_load_u64(s->parts[i].data + 8 * k);
        cs_store_u64(s->sum.data + 8 * k, total);
    }
    cs_pads_mask_broadcast(s->pads, CS_LABEL_GRADIENT, step, s->sum.data, s->sum.size);
    return CS_OK;
}

static cs_status apply(loop *s, size_t step) {
    if (s->sum.size != 8 * s->n)
        return cs_fail(CS_ERR_RANK, "the root sent %zu bytes of summed gradients instead of %zu", s->sum.size, 8 * s->n);
    cs_pads_mask_broadcast(s->pads, CS_LABEL_GRADIENT, step, s->sum.data, s->sum.size);
    cs_pads_receive(s->pads, CS_LABEL_GRADIENT, s->sum.data, s->sum.size);
    for (size_t k = 0; k < s->n; k++)
        s->values[k] = cs_load_u64(s->sum.data + 8 * k);
    return cs_trainer_update(s->trainer, step, s->values);
}

/* A failure of this rank before the gather or before the reply takes the place of that exchange; one after the reply takes
 * the place of the next gather. */
static cs_status run_step(loop *s, size_t step) {
    cs_status status = prepare(s, step);
    if (status != CS_OK)
        return cs_comm_raise(s->comm, status);
    CS_TRY(cs_comm_gather(s->comm, CS_LABEL_GRADIENT | CS_COMM_MASKED, s->bytes, 8 * s->n, s->parts));
    status = s->comm->rank == 0 ? add_up(s, step) : CS_OK;
    if (status != CS_OK)
        return cs_comm_raise(s->comm, status);
    CS_TRY(cs_comm_reply(s->comm, CS_LABEL_GRADIENT | CS_COMM_MASKED, &s->sum));
    status = apply(s, step);
    return status == CS_OK ? CS_OK : cs_comm_raise(s->comm, status);
}

/* A failure in the last update has no gather of a next step to stop, so there is one more exchange without content. */
static cs_status finish(loop *s) {
    CS_TRY(cs_comm_gather(s->comm, CS_LABEL_DONE, NULL, 0, s->parts));
    cs_buffer_clear(&s->sum);
    return cs_comm_reply(s->comm, CS_LABEL_DONE, &s->sum);
}

static cs_status allocate(loop *s) {
    s->values = CS_NEW(uint64_t, s->n);
    s->bytes = CS_NEW(uint8_t, 8 * s->n);
    if (s->comm->rank == 0)
        s->parts = CS_NEW(cs_buffer, (size_t)s->comm->size);
    return s->values == NULL || s->bytes == NULL || (s->comm->rank == 0 && s->parts == NULL) ? CS_ERR_MEMORY : CS_OK;
}

static void release(loop *s) {
    for (int i = 0; s->parts != NULL && i < s->comm->size; i++)
        cs_buffer_free(&s->parts[i]);
    cs_free(s->parts);
    cs_free(s->values);
    cs_free(s->bytes);
    cs_buffer_free(&s->sum);
}

cs_status cs_train_run(cs_comm *comm, cs_pads *pads, cs_trainer *trainer, const cs_params *p, const uint8_t digest[32],
                       const cs_progress *progress) {
    loop s = {.comm = comm, .pads = pads, .trainer = trainer, .digest = digest, .n = cs_trainer_size(trainer)};
    cs_status status = allocate(&s);
    if (status != CS_OK)
        (void)cs_comm_raise(comm, status);
    for (size_t step = 0; step < p->steps && status == CS_OK; step++) {
        status = run_step(&s, step);
        cs_progress_report(progress, "training", (double)(step + 1) / (double)p->steps);
    }
    if (status == CS_OK)
        status = finish(&s);
    release(&s);
    return status;
}
