#include "train/proof.h"
#include "base/memory.h"
#include "finale/finale.h"
#include "relation/padding.h"
#include "train/kept_sums.h"
#include <string.h>

cs_status cs_train_open_instance(cs_proof *p, const cs_instance *instance, cs_shard *shard) {
    p->instance = instance;
    p->params = instance->params;
    p->shard = shard;
    p->bt = cs_params_step_bits(p->params);
    p->bb = cs_params_batch_bits(p->params);
    CS_TRY(cs_train_layout(&p->layout, p->params, instance->blocks));
    return cs_train_lookups_new(p);
}

void cs_train_close_instance(cs_proof *p) {
    for (size_t l = 1; l <= CS_MAX_LAYERS; l++) {
        cs_tensor_free(&p->deltas[l]);
        for (unsigned k = 0; k < p->n_weight_claims[l]; k++)
            cs_expr_free(&p->weight_claims[l][k].value);
    }
    if (p->witness.session)
        cs_witness_free(&p->witness);
    cs_layout_free(&p->layout);
    cs_free(p->lookup_list);
    cs_session_free(&p->session);
    cs_free(p);
}

cs_status cs_train_commit(cs_proof *p) {
    cs_session *s = &p->session;
    const size_t n = (size_t)s->n_ranks;
    cs_g1_affine **certified = CS_NEW(cs_g1_affine *, n);
    cs_fr *blindings = NULL;
    cs_status status = certified ? CS_OK : CS_ERR_MEMORY;
    for (int i = 0; status == CS_OK && i < s->n_ranks; i++) {
        certified[i] = CS_NEW(cs_g1_affine, cs_layout_count(&p->layout, i, true));
        status = certified[i] ? cs_train_certified(p->instance, &p->layout, i, NULL, certified[i], NULL) : CS_ERR_MEMORY;
    }
    if (status == CS_OK && cs_holds(s)) {
        blindings = CS_NEW(cs_fr, cs_layout_count(&p->layout, s->rank, true));
        status = blindings ? cs_train_certified(p->instance, &p->layout, s->rank, p->shard, NULL, blindings) : CS_ERR_MEMORY;
        if (status == CS_OK)
            status = cs_train_make_deltas(p);
        if (status == CS_OK)
            status = cs_train_count_lookups(p);
    }
    status = cs_session_fail(s, status);
    if (status == CS_OK)
        status = cs_witness_new(&p->witness, s, &p->layout, certified, p->shard ? p->shard->tensors : NULL, blindings,
                                p->shard ? p->shard->rows : NULL);
    for (size_t i = 0; certified && i < n; i++)
        cs_free(certified[i]);
    cs_free(certified);
    cs_free(blindings);
    return status;
}

/* What happens within a step: products with the weights, softmax. */
static cs_status add_steps(cs_proof *p, cs_relations *all) {
    for (size_t l = 1; l <= p->params->layers; l++)
        CS_TRY(cs_train_forward(p, l, all));
    CS_TRY(cs_train_softmax(p, all));
    for (size_t l = 1; l < p->params->layers; l++)
        CS_TRY(cs_train_backward(p, l, all));
    if (p->shard && p->shard->kept) /* there are no more tables */
        cs_kept_sums_free(p->shard->kept);
    return CS_OK;
}

static cs_status add_updates(cs_proof *p, cs_relations *all) {
    for (size_t l = 1; l <= p->params->layers; l++) {
        CS_TRY(cs_train_final_model(p, l));
        CS_TRY(cs_train_reduce_weights(p, l, all));
    }
    return CS_OK;
}

static cs_status add_errors(cs_proof *p, cs_relations *all) {
    for (size_t l = 1; l < p->params->layers; l++)
        if (p->n_error_claims[l] > 0) /* there are some of each layer, but when a single table is in doubt */
            CS_TRY(cs_train_reduce_errors(p, l, all));
    return CS_OK;
}

cs_status cs_train_together(cs_proof *p, cs_status (*add)(cs_proof *p, cs_relations *all), cs_label label, bool own) {
    cs_relations all = {.n = 0};
    const cs_status status = add(p, &all);
    if (status == CS_OK)
        return cs_train_prove_relations(p, &all, label, own);
    cs_train_free_relations(&all);
    return status;
}

cs_status cs_train_all_errors(cs_proof *p) {
    CS_TRY(cs_train_together(p, add_errors, CS_LABEL_ERROR_MIX, false));
    return cs_train_reduce_output_errors(p);
}

static cs_status relations(cs_proof *p, const cs_progress *progress) {
    cs_progress_report(progress, "relations", 0);
    CS_TRY(cs_train_together(p, add_steps, CS_LABEL_STEP_VALUES, false));
    CS_TRY(cs_train_together(p, add_updates, CS_LABEL_UPDATE_PART, true));
    CS_TRY(cs_train_all_errors(p));
    cs_progress_report(progress, "lookups", 0);
    CS_TRY(cs_lookup_prove(&p->witness, &p->lookups));
    if (!p->params->certified)
        CS_TRY(cs_train_labels_one_hot(p));
    CS_TRY(cs_train_hidden_draws(p));
    return cs_relation_zero_padding(&p->witness);
}

/* The whole protocol, in the one order that both roles follow. */
static cs_status run(cs_proof *p, const cs_progress *progress) {
    cs_progress_report(progress, "commitments", 0);
    CS_TRY(cs_train_commit(p));
    if (p->shard && p->shard->save_memory)
        p->lookups.long_bits = 1;
    CS_TRY(relations(p, progress));
    cs_progress_report(progress, "opening", 0);
    CS_TRY(cs_witness_open(&p->witness));
    cs_progress_report(progress, "finale", 0);
    cs_finale *finale = NULL;
    cs_status status = cs_finale_fold(&p->session, &finale);
    const bool mine = !cs_proving(&p->session) || cs_is_root(&p->session);
    if (p->session.judge) {
        cs_finale_free(finale);
        return status; /* what the root made of the answers is nobody else's affair */
    }
    if (status == CS_OK && mine)
        status = cs_finale_prove(finale);
    if (status == CS_OK)
        status = cs_witness_prove_opening(&p->witness);
    cs_finale_free(finale);
    if (status != CS_OK)
        return cs_proving(&p->session) ? cs_comm_raise(p->session.comm, status) : status;
    return cs_session_finish(&p->session);
}

static void fill_stats(const cs_proof *p, int rank, cs_proof_stats *out) {
    if (!out)
        return;
    const cs_ledger *l = &p->session.ledger;
    *out = (cs_proof_stats){.messages = p->session.messages,
                            .variables = l->n_vars,
                            .products = l->n_products,
                            .linears = l->n_linears,
                            .columns = (size_t)1 << p->layout.column_bits};
    if (rank < 0) /* idle */
        return;
    out->lookups = cs_train_real_lookups(p, rank);
    out->rows = cs_layout_count(&p->layout, rank, false) + cs_layout_count(&p->layout, rank, true);
    for (size_t k = 0; k < p->layout.n; k++)
        if (cs_block_held(&p->layout.blocks[k], rank))
            out->committed += p->layout.blocks[k].size;
}

cs_status cs_train_prove(cs_comm *comm, const cs_keyring *keys, cs_pads *pads, const cs_instance *instance, cs_shard *shard,
                         const cs_progress *progress, cs_buffer *proof, cs_proof_stats *stats) {
    cs_proof *p = CS_NEW(cs_proof, 1);
    if (!p)
        return cs_comm_raise(comm, CS_ERR_MEMORY);
    cs_status status =
        cs_session_prove(&p->session, comm, keys, pads, instance->digest, instance->params->ledger_width, proof);
    p->session.progress = progress;
    p->session.signing = shard->signing;
    if (status == CS_OK && comm->rank == 0 && shard->record) {
        status = cs_record_new(shard->record, comm->size);
        memcpy(shard->record->nonce, keys->nonce, sizeof keys->nonce);
        p->session.record = shard->record;
    }
#ifdef CS_TAMPER
    p->session.attack = shard->attack;
#endif
    if (status == CS_OK)
        status = cs_train_open_instance(p, instance, shard);
    status = cs_session_fail(&p->session, status);
    if (status == CS_OK)
        status = run(p, progress);
#ifdef CS_TAMPER
    if (shard->attack && shard->attack->observe)
        shard->attack->observe(shard->attack->context, &p->session);
#endif
    if (status == CS_OK)
        fill_stats(p, p->session.rank, stats);
    cs_train_close_instance(p);
    return status;
}

cs_status cs_train_rows_of(const cs_instance *instance, int rank, size_t *at, size_t *size) {
    cs_layout layout;
    CS_TRY(cs_train_layout(&layout, instance->params, instance->blocks));
    *at = 0;
    for (int i = 0; i < rank; i++)
        *at += 32 * cs_layout_count(&layout, i, false);
    *size = 32 * cs_layout_count(&layout, rank, false);
    cs_layout_free(&layout);
    return CS_OK;
}

cs_status cs_train_check_size(const cs_params *p, const cs_blocks *blocks, size_t size) {
    size_t least = 0;
    for (size_t k = 0; k < blocks->n; k++)
        if (!blocks->info[k].certified)
            least += cs_block_rows(&blocks->info[k], p->column_bits) * (size_t)p->n_ranks;
    return size / 32 >= least
               ? CS_OK
               : cs_fail(CS_ERR_INPUT, "proof: %zu bytes cannot have the %zu commitments of the witness", size, least);
}

cs_status cs_train_verify(const cs_instance *instance, const uint8_t *proof, size_t size, const cs_deferred *earlier,
                          cs_proof_stats *stats) {
    CS_TRY(cs_train_check_size(instance->params, instance->blocks, size));
    cs_proof *p = CS_NEW(cs_proof, 1);
    if (!p)
        return CS_ERR_MEMORY;
    cs_status status = cs_session_verify(&p->session, instance->params->n_ranks, instance->digest,
                                         instance->params->ledger_width, proof, size);
    if (status == CS_OK && earlier != NULL)
        status = cs_deferred_merge(&p->session.deferred, earlier);
    if (status == CS_OK)
        status = cs_train_open_instance(p, instance, NULL);
    if (status == CS_OK)
        status = run(p, NULL);
    if (status == CS_OK)
        fill_stats(p, 0, stats);
    cs_train_close_instance(p);
    return status;
}

cs_status cs_train_judge(const cs_instance *instance, const uint8_t *proof, size_t size, cs_judge *judge, size_t *used) {
    *used = 0;
    CS_TRY(cs_train_check_size(instance->params, instance->blocks, size));
    cs_proof *p = CS_NEW(cs_proof, 1);
    if (!p)
        return CS_ERR_MEMORY;
    cs_status status = cs_session_verify(&p->session, instance->params->n_ranks, instance->digest,
                                         instance->params->ledger_width, proof, size);
    if (status == CS_OK)
        status = cs_judge_begin(judge, &p->session);
    if (status == CS_OK)
        status = cs_train_open_instance(p, instance, NULL);
    if (status == CS_OK)
        status = run(p, NULL);
    *used = p->session.in_pos;
    cs_train_close_instance(p);
    return status;
}
