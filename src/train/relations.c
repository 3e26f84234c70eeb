/* Relations that run together: one message of values, one sumcheck after another in the same messages. */
#include "base/memory.h"
#include "train/proof.h"

cs_status cs_train_add_relation(cs_relations *all, cs_relation *r) {
    if (!r)
        return CS_ERR_MEMORY;
    if (all->n == CS_MAX_RELATIONS) {
        r->free(r);
        return cs_fail(CS_ERR_INTERNAL, "training: more than %d relations at once", (int)CS_MAX_RELATIONS);
    }
    all->list[all->n++] = r;
    return CS_OK;
}

/* The values of all, in their order; of every rank, if they are the ranks' own. */
static cs_status send_values(cs_proof *p, const cs_relations *all, cs_label label, bool own) {
    cs_session *s = &p->session;
    cs_fr values[CS_MAX_RELATIONS * CS_RELATION_VALUES];
    size_t n = 0;
    for (size_t k = 0; k < all->n; k++) {
        const cs_relation *r = all->list[k];
        for (unsigned v = 0; v < r->n_values; v++)
            values[n++] = r->values[v];
    }
    cs_var next;
    CS_TRY(own ? cs_session_send_own(s, label, values, n, NULL, 0, &next)
               : cs_session_send_shared(s, label, values, n, &next));
    for (size_t k = 0; k < all->n; k++) {
        all->list[k]->first = next;
        all->list[k]->stride = n;
        next += all->list[k]->n_values;
    }
    return CS_OK;
}

static cs_status prove(cs_proof *p, cs_relations *all, cs_label label, bool own) {
    cs_sc_job *jobs[CS_MAX_RELATIONS];
    CS_TRY(send_values(p, all, label, own));
    for (size_t k = 0; k < all->n; k++) {
        jobs[k] = &all->list[k]->job;
        CS_TRY(all->list[k]->claim(p, all->list[k]));
    }
    CS_TRY(cs_sumcheck_run_together(&p->session, jobs, all->n));
    for (size_t k = 0; k < all->n; k++)
        CS_TRY(all->list[k]->finish(p, all->list[k]));
    return CS_OK;
}

cs_status cs_train_prove_relations(cs_proof *p, cs_relations *all, cs_label label, bool own) {
    const cs_status status = prove(p, all, label, own);
    cs_train_free_relations(all);
    return status;
}

void cs_train_free_relations(cs_relations *all) {
    for (size_t k = 0; k < all->n; k++) {
        cs_expr_free(&all->list[k]->job.claim);
        all->list[k]->free(all->list[k]);
    }
    all->n = 0;
}
