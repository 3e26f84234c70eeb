/* Whole sumchecks of several ranks, alone and together: true claims fulfil every row of the ledger, both roles count the
 * same messages, and a wrong value anywhere on a message's grid, of a final or of the claim breaks a row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "comm/threads.h"
#include "field/fr_vec.h"
#include "poly/mle.h"
#include "sumcheck/sumcheck.h"

enum { RANKS = 3, JOBS = 4, MOST_BITS = 7, SIZE = 1 << MOST_BITS, MOST_VARS = 2000 };

/* A job: sum over ranks of weight_i times eq or a public table times the product of `factors` tables, the last of them
 * common, plus the first table alone. */
typedef struct shape {
    unsigned bits, factors, single;
    bool eq;
} shape;

typedef struct setting {
    shape shapes[JOBS];
    size_t n;
    cs_fr own[RANKS][JOBS][2][SIZE], common[JOBS][SIZE], pub[JOBS][SIZE], weights[RANKS], points[JOBS][MOST_BITS];
    bool wrong; /* the claim of the last job */
    /* what came of it */
    cs_fr z[RANKS][MOST_VARS];
    bool carried[RANKS][MOST_VARS];
    cs_ledger ledger; /* rank 0's */
    size_t messages;
    cs_buffer proof;
} setting;

static setting now;

static cs_fr pub_at(void *context, int rank, const cs_fr *point) {
    const size_t job = (size_t)((const shape *)context - now.shapes), size = (size_t)1 << now.shapes[job].bits;
    cs_fr eq[SIZE];
    (void)rank;
    cs_fr_vec_eq(eq, point, now.shapes[job].bits);
    return cs_fr_vec_dot(eq, now.pub[job], size);
}

static cs_sumcheck what_of(size_t k) {
    shape *h = &now.shapes[k];
    return (cs_sumcheck){.label = CS_LABEL_FORWARD_VALUE,
                         .bits = h->bits,
                         .n_own = h->factors - 1,
                         .n_common = 1,
                         .n_public = h->eq ? 0 : 1,
                         .n_terms = 2,
                         .single = h->single,
                         .publics = {{pub_at, h, false}},
                         .eq_point = h->eq ? now.points[k] : NULL,
                         .terms = {{now.weights, h->eq ? CS_SC_NO_PUBLIC : 0, h->factors, {0, 1, 2}},
                                   {now.weights, h->eq ? CS_SC_NO_PUBLIC : 0, 1, {0}}}};
}

static cs_fr share(size_t k, int rank) {
    const shape *h = &now.shapes[k];
    const size_t size = (size_t)1 << h->bits;
    cs_fr eq[SIZE], sum = CS_FR_ZERO;
    cs_fr_vec_eq(eq, now.points[k], h->bits);
    for (size_t x = 0; x < size; x++) {
        const cs_fr a = now.own[rank][k][0][x], b = now.own[rank][k][1][x], c = now.common[k][x];
        cs_fr term = cs_fr_add(cs_fr_mul(h->factors == 3 ? cs_fr_mul(a, b) : a, c), a);
        term = cs_fr_mul(term, h->eq ? eq[x] : now.pub[k][x]);
        sum = cs_fr_add(sum, term);
    }
    sum = cs_fr_mul(sum, now.weights[rank]);
    return now.wrong && k + 1 == now.n && rank == 1 ? cs_fr_add(sum, CS_FR_ONE) : sum;
}

/* Claims, as shared variables of one message, and all jobs: together if there are several. */
typedef struct tables {
    cs_fr values[JOBS][4][SIZE]; /* own, own, common, public */
} tables;

static cs_status protocol(cs_session *s) {
    cs_sc_job *jobs = CS_NEW(cs_sc_job, JOBS), *list[JOBS];
    cs_fr values[JOBS];
    tables *mine = CS_NEW(tables, 1);
    cs_var first = 0;
    cs_status status = jobs && mine ? CS_OK : CS_ERR_MEMORY;
    for (size_t k = 0; status == CS_OK && k < now.n; k++) {
        list[k] = &jobs[k];
        jobs[k].what = what_of(k);
        if (!cs_proving(s))
            continue;
        values[k] = share(k, s->rank);
        memcpy(mine->values[k], now.own[s->rank][k], sizeof now.own[0][0]);
        memcpy(mine->values[k][2], now.common[k], sizeof now.common[k]);
        memcpy(mine->values[k][3], now.pub[k], sizeof now.pub[k]);
        for (unsigned t = 0; t < now.shapes[k].factors; t++)
            jobs[k].witness.tables[t].values = mine->values[k][now.shapes[k].factors == 2 && t > 0 ? 2 : t];
        jobs[k].witness.publics[0].values = mine->values[k][3];
    }
    if (status == CS_OK)
        status = cs_session_send_shared(s, CS_LABEL_FORWARD_VALUE, values, now.n, &first);
    for (size_t k = 0; status == CS_OK && k < now.n; k++)
        cs_expr_add_term(&jobs[k].claim, CS_FR_ONE, first + (cs_var)k);
    if (status == CS_OK && now.n == 1)
        status = cs_sumcheck_run(s, &jobs[0].what, &jobs[0].claim, &jobs[0].witness, &jobs[0].result);
    else if (status == CS_OK)
        status = cs_sumcheck_run_together(s, list, now.n);
    cs_free(jobs);
    cs_free(mine);
    return status;
}

static const uint8_t DIGEST[32] = {1, 2, 3};

static cs_status prove(cs_comm *comm, void *arg) {
    cs_identity me;
    cs_keyring keys = {0};
    cs_pads *pads = NULL;
    cs_session s = {0};
    const int rank = comm->rank;
    (void)arg;
    cs_status status = cs_identity_generate(&me);
    if (status == CS_OK)
        status = cs_handshake(comm, &me, NULL, DIGEST, &keys);
    if (status == CS_OK)
        status = cs_pads_new(&pads, &keys);
    if (status == CS_OK)
        status = cs_session_prove(&s, comm, &keys, pads, DIGEST, 16, rank ? NULL : &now.proof);
    if (status == CS_OK)
        status = protocol(&s);
    if (status == CS_OK && s.ledger.n_vars > MOST_VARS)
        status = cs_fail(CS_ERR_INTERNAL, "%zu variables", s.ledger.n_vars);
    if (status == CS_OK) {
        memcpy(now.z[rank], s.member.known, s.ledger.n_vars * sizeof(cs_fr));
        memcpy(now.carried[rank], s.member.carried, s.ledger.n_vars * sizeof(bool));
    }
    if (status == CS_OK && rank == 0) {
        now.messages = s.messages;
        now.ledger = s.ledger;
        s.ledger = (cs_ledger){0};
    }
    cs_session_free(&s);
    cs_pads_free(pads);
    cs_keyring_free(&keys);
    cs_identity_wipe(&me);
    return status;
}

static size_t broken_rows(const cs_fr *z) {
    const cs_ledger *l = &now.ledger;
    size_t broken = 0;
    for (size_t k = 0; k < l->n_linears; k++)
        broken += !cs_fr_is_zero(cs_expr_value(&l->linears[k].e, z, CS_FR_ONE, -1));
    for (size_t k = 0; k < l->n_products; k++) {
        const cs_product *p = &l->products[k];
        const cs_fr ab = cs_fr_mul(cs_expr_value(&p->a, z, CS_FR_ONE, -1), cs_expr_value(&p->b, z, CS_FR_ONE, -1));
        broken += !cs_fr_eq(ab, cs_expr_value(&p->c, z, CS_FR_ONE, -1));
    }
    return broken;
}

/* The verifier's run adds the same variables and rows. */
static void verify(void) {
    cs_session s;
    assert_int_equal(cs_session_verify(&s, RANKS, DIGEST, 16, now.proof.data, now.proof.size), CS_OK);
    assert_int_equal(protocol(&s), CS_OK);
    assert_int_equal(s.messages, now.messages);
    assert_int_equal(s.ledger.n_vars, now.ledger.n_vars);
    assert_int_equal(s.ledger.n_linears, now.ledger.n_linears);
    for (size_t k = 0; k < s.ledger.n_linears; k++)
        assert_true(cs_fr_eq(cs_expr_value(&s.ledger.linears[k].e, now.z[0], CS_FR_ONE, -1),
                             cs_expr_value(&now.ledger.linears[k].e, now.z[0], CS_FR_ONE, -1)));
    assert_int_equal(s.in_pos, s.in_size);
    cs_session_free(&s);
}

static void fill(cs_fr *x, size_t n) {
    for (size_t k = 0; k < n; k++)
        x[k] = cs_fr_random();
}

/* `messages`: of rounds. Each changed variable must break a row. */
static void run(const shape *shapes, size_t n, bool wrong, size_t messages) {
    memset(&now, 0, sizeof now);
    memcpy(now.shapes, shapes, n * sizeof *shapes);
    now.n = n;
    now.wrong = wrong;
    for (int i = 0; i < RANKS; i++)
        fill(&now.own[i][0][0][0], JOBS * 2 * SIZE);
    fill(&now.common[0][0], JOBS * SIZE);
    fill(&now.pub[0][0], JOBS * SIZE);
    fill(&now.points[0][0], JOBS * MOST_BITS);
    fill(now.weights, RANKS);
    assert_int_equal(cs_comm_run_threads(RANKS, prove, NULL, NULL), CS_OK);
    assert_int_equal(now.messages, 2 + messages);
    cs_fr z[MOST_VARS];
    for (size_t v = 0; v < now.ledger.n_vars; v++) {
        z[v] = CS_FR_ZERO;
        for (int i = 0; i < RANKS; i++)
            if (now.carried[i][v])
                z[v] = cs_fr_add(z[v], now.z[i][v]);
    }
    assert_int_equal(broken_rows(z), wrong ? 1 : 0);
    for (size_t v = 0; !wrong && v < now.ledger.n_vars; v++) {
        const cs_fr kept = z[v];
        z[v] = cs_fr_add(z[v], CS_FR_ONE);
        assert_true(broken_rows(z) > 0);
        z[v] = kept;
    }
    memcpy(now.z[0], z, now.ledger.n_vars * sizeof *z);
    verify();
    cs_ledger_free(&now.ledger);
    cs_buffer_free(&now.proof);
}

static void alone(void **state) {
    (void)state;
    for (unsigned bits = 0; bits <= MOST_BITS; bits++)
        for (unsigned factors = 2; factors <= 3; factors++)
            for (int eq = 0; eq < 2; eq++)
                run(&(shape){.bits = bits, .factors = factors, .eq = eq != 0}, 1, false, (bits + 1) / 2);
    run(&(shape){.bits = 5, .factors = 3, .eq = true, .single = 2}, 1, false, 4);
    run(&(shape){.bits = 4, .factors = 2, .single = 1}, 1, false, 3);
    run(&(shape){.bits = 2, .factors = 2, .single = 2}, 1, false, 2);
}

static void together(void **state) {
    (void)state;
    const shape shapes[JOBS] = {{.bits = 3, .factors = 2},
                                {.bits = 6, .factors = 3, .eq = true},
                                {.bits = 0, .factors = 3},
                                {.bits = 5, .factors = 3, .single = 1}};
    run(shapes, 2, false, 3);
    run(shapes, JOBS, false, 4);
    run(&shapes[2], 1, false, 0);
    const shape ends_early[JOBS] = {{.bits = 1, .factors = 2, .single = 1}, {.bits = 7, .factors = 2, .eq = true}};
    run(ends_early, 2, false, 4);
}

static void false_claims_break_a_row(void **state) {
    (void)state;
    const shape shapes[JOBS] = {{.bits = 3, .factors = 2}, {.bits = 6, .factors = 3, .eq = true}, {.bits = 4, .factors = 3}};
    for (size_t n = 1; n <= 3; n++)
        run(shapes, n, true, n > 1 ? 3 : 2);
}

/* The finals' message counted: pairs from CS_SC_PAIR_BITS = 12 variables on, and not before the single rounds are over. */
static void counts(void **state) {
    (void)state;
    static const struct {
        unsigned bits, single;
        size_t messages;
    } cases[] = {{0, 0, 1},  {1, 0, 2},   {2, 0, 2}, {3, 0, 3}, {12, 0, 7}, {13, 0, 8},
                 {14, 0, 9}, {20, 2, 15}, {5, 2, 5}, {2, 2, 3}, {1, 2, 2}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        assert_int_equal(cs_sumcheck_messages(cases[k].bits, cases[k].single), cases[k].messages);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(alone), cmocka_unit_test(together), cmocka_unit_test(counts),
                                       cmocka_unit_test(false_claims_break_a_row)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
