#include "support/cheat.h"

#ifdef CS_TAMPER

#include <stdio.h>

#include "base/memory.h"
#include "session/session.h"

static void observe(void *context, const cs_session *s) {
    cs_cheat_run *r = context;
    cs_seen *seen = &r->seen[s->rank];
    const cs_ledger *l = &s->ledger;
    cs_fr *share = CS_NEW(cs_fr, l->n_vars);
    seen->shares = CS_NEW(cs_fr, l->n_linears);
    seen->cross = CS_NEW(bool, l->n_linears);
    seen->labels = CS_NEW(cs_label, l->n_linears);
    if (share && seen->shares && seen->cross && seen->labels) {
        for (size_t v = 0; v < l->n_vars; v++)
            share[v] = s->member.carried[v] ? s->member.known[v] : CS_FR_ZERO;
        for (size_t x = 0; x < l->n_linears; x++) {
            seen->shares[x] = cs_expr_value(&l->linears[x].e, share, CS_FR_ONE, s->rank);
            seen->cross[x] = l->linears[x].cross;
            seen->labels[x] = l->linears[x].label;
        }
        seen->n_linears = l->n_linears;
        for (size_t x = 0; x < l->n_products; x++) {
            const cs_product *p = &l->products[x];
            const cs_fr ab = cs_fr_mul(cs_expr_value(&p->a, s->member.known, CS_FR_ONE, -1),
                                       cs_expr_value(&p->b, s->member.known, CS_FR_ONE, -1));
            if (p->owner == s->rank && !cs_fr_eq(ab, cs_expr_value(&p->c, s->member.known, CS_FR_ONE, -1)))
                seen->product_broken[p->label] = true;
        }
    }
    cs_free(share);
}

static void tamper(void *context, int rank, size_t step, int what, size_t layer, size_t limb, int64_t *values, size_t rows,
                   size_t columns) {
    const cs_cheat *c = context;
    const bool has_layer = what == CS_BLOCK_Z || what == CS_BLOCK_R || what == CS_BLOCK_A || what == CS_BLOCK_S ||
                           what == CS_BLOCK_V || what == CS_BLOCK_RV || what == CS_TAMPER_GRADIENT;
    if (c->change && rank == c->rank && step == c->step && what == c->what && (!has_layer || layer == c->layer) &&
        limb == c->limb)
        c->change(values, rows, columns);
}

cs_status cs_cheat_new(cs_cheat_run *r, const cs_example_options *o, const cs_cheat *cheat) {
    *r = (cs_cheat_run){0};
    if (cheat)
        r->cheat = *cheat;
    CS_TRY(cs_example_new(&r->e, o));
    for (int i = 0; i < o->n_ranks; i++) {
        cs_example_rank *rank = &r->e.ranks[i];
        rank->tamper = tamper;
        rank->tamper_context = &r->cheat;
        rank->attack.observe = observe;
        rank->attack.context = r;
    }
    return CS_OK;
}

void cs_cheat_dishonest(cs_cheat_run *r, int rank, bool tables) {
    r->e.ranks[rank].attack.dishonest = true;
    r->e.ranks[rank].skip_table_checks = !tables;
}

static void judge(cs_cheat_run *r) {
    cs_judge j;
    r->judge = cs_example_judge(&r->e, &j);
    for (size_t k = 0; k < j.n; k++) {
        r->offence[k] = j.ranks[k].offence;
        r->stage[k] = j.ranks[k].stage;
        if (j.ranks[k].answers[CS_ANSWER_FINALE] != NULL && !j.ranks[k].is_signed)
            r->offence[k] = CS_OFFENCE_SIGNATURE;
    }
    cs_judge_free(&j);
}

void cs_cheat_go(cs_cheat_run *r) {
    r->prove = cs_example_prove(&r->e);
    r->verify = r->prove == CS_OK ? cs_example_verify(&r->e, r->e.proof.data, r->e.proof.size) : CS_ERR_INTERNAL;
    if (r->prove == CS_OK)
        judge(r);
}

bool cs_cheat_named(const cs_cheat_run *r, int rank, cs_offence offence, cs_label stage) {
    bool as_expected = r->judge == CS_OK;
    if (!as_expected)
        printf("judging failed: %s\n", cs_status_name(r->judge));
    for (int i = 0; i < r->e.params.n_ranks; i++) {
        const bool same = i == rank ? r->offence[i] == offence && r->stage[i] == stage : r->offence[i] == CS_OFFENCE_NONE;
        if (!same)
            printf("rank %d: %s, at %s\n", i, cs_offence_text(r->offence[i]), cs_label_text(r->stage[i]));
        as_expected &= same;
    }
    return as_expected;
}

bool cs_cheat_broken(const cs_cheat_run *r, cs_label label) {
    const int n = r->e.params.n_ranks;
    for (int i = 0; i < n; i++)
        if (r->seen[i].product_broken[label])
            return true;
    for (size_t x = 0; x < r->seen[0].n_linears; x++) {
        cs_fr sum = CS_FR_ZERO;
        for (int i = 0; i < n; i++)
            sum = cs_fr_add(sum, r->seen[i].shares[x]);
        if (r->seen[0].labels[x] == label && !cs_fr_is_zero(sum))
            return true;
    }
    return false;
}

bool cs_cheat_broken_exactly(const cs_cheat_run *r, const cs_label *labels) {
    bool same = true;
    for (int label = 0; label < CS_LABEL_COUNT; label++) {
        bool wanted = false;
        for (const cs_label *l = labels; *l != CS_LABEL_COUNT; l++)
            wanted |= (int)*l == label;
        if (wanted != cs_cheat_broken(r, (cs_label)label)) {
            printf("rows of %s: %s\n", cs_label_text((cs_label)label), wanted ? "hold, but should not" : "do not hold");
            same = false;
        }
    }
    return same;
}

void cs_cheat_free(cs_cheat_run *r) {
    for (int i = 0; i < r->e.params.n_ranks; i++) {
        cs_free(r->seen[i].shares);
        cs_free(r->seen[i].cross);
        cs_free(r->seen[i].labels);
    }
    cs_example_free(&r->e);
}

#else

/* Not empty in ordinary builds: a translation unit needs a declaration. */
typedef int cs_cheat_unused;

#endif
