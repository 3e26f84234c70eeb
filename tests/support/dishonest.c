#include "support/dishonest.h"

#ifdef CS_TAMPER

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/timer.h"
#include "comm/frame.h"
#include "curve/generators.h"
#include "session/session.h"

enum { FRAME_KIND = 4, FRAME_TAG = 8, KIND_PART = 1, MAX_SECONDS = 10, EARLIER = 16 };

/* Seconds that a rank is waited for: short where one will not come. */
static const double PATIENCE = 5, LITTLE_PATIENCE = 0.5, DELAY = 0.05;

/* The network of one rank. */
typedef struct net {
    const cs_comm_ops *inner;
    cs_comm_ops ops;
    size_t seen;                     /* frames with the strategy's tag */
    size_t answers[CS_ANSWER_COUNT]; /* answers that the rank sent */
    bool silent;
    cs_buffer before[EARLIER]; /* the last frames with this tag */
    size_t n_before;
    cs_buffer *sent;                   /* frames of the whole session, to be replayed in the next one */
    size_t n_sent, cap_sent, replayed; /* replayed: how far */
} net;

static struct {
    const cs_strategy *strategy;
    int n;
    bool cheats[CS_DISHONEST_RANKS];
    bool acted[CS_DISHONEST_RANKS]; /* the cheat had something to change */
    bool recording;                 /* an honest session, whose frames will be replayed */
    net nets[CS_DISHONEST_RANKS];
    cs_cheat_run run;
    uint8_t last_nonce[32];
} trial;

/* ---- frames ---- */

/* A frame without content can only be held back, sent late or sent twice. */
static bool of_strategy(const uint8_t *frame, size_t size) {
    const size_t least = CS_FRAME_HEADER + (trial.strategy->frames < CS_MEDDLING_HOLD);
    return size >= least && (cs_load_u32(frame + FRAME_TAG) & ~CS_COMM_MASKED) == (uint32_t)trial.strategy->label;
}

/* Another point where there are points, else another low bit. */
static void change(uint8_t *frame, size_t size) {
    cs_g1_affine p;
    cs_generators gens;
    uint8_t *content = frame + CS_FRAME_HEADER;
    const size_t n = size - CS_FRAME_HEADER;
    if (n % 32 == 0 && cs_g1_decode(&p, content) && !cs_frame_is_masked(frame, size) && cs_generators_get(&gens, 8) == CS_OK)
        cs_g1_encode(content, gens.g[7]);
    else
        content[0] ^= 1;
}

static void record(net *of, const uint8_t *frame, size_t size) {
    if (of->n_sent == of->cap_sent) {
        cs_buffer *grown = cs_grow(of->sent, of->n_sent, 2 * of->cap_sent + 64, sizeof *grown);
        if (grown == NULL)
            return;
        memset(grown + of->n_sent, 0, (of->cap_sent + 64) * sizeof *grown);
        of->sent = grown;
        of->cap_sent = 2 * of->cap_sent + 64;
    }
    cs_buffer_append(&of->sent[of->n_sent++], frame, size);
}

/* The frame of the session before at the same place: the next one with the same head. */
static const cs_buffer *replay(net *of, const uint8_t *frame, size_t size) {
    for (size_t k = of->replayed; k < of->n_sent; k++)
        if (of->sent[k].size == size && memcmp(of->sent[k].data, frame, CS_FRAME_HEADER) == 0) {
            of->replayed = k + 1;
            return &of->sent[k];
        }
    return NULL;
}

static int first_honest(void) {
    int i = 0;
    while (trial.cheats[i])
        i++;
    return i;
}

static size_t shorter(const cs_buffer *a, const cs_buffer *b) {
    return a->size < b->size ? a->size : b->size;
}

/* Something that went before, as far as it goes, and different: as long as the frame if there is such; NULL if nothing. */
static const cs_buffer *other(const net *of, const cs_buffer *now) {
    const cs_buffer *found = NULL;
    for (size_t k = 0; k < EARLIER; k++) {
        const cs_buffer *one = &of->before[k];
        const size_t size = shorter(one, now);
        const bool differs = size > CS_FRAME_HEADER &&
                             memcmp(one->data + CS_FRAME_HEADER, now->data + CS_FRAME_HEADER, size - CS_FRAME_HEADER) != 0;
        if (differs && (found == NULL || one->size == now->size))
            found = one;
    }
    return found;
}

/* What goes out in the place of the frame; `out` is a copy of it. False: nothing goes out. */
static bool meddle(int rank, int to, net *of, cs_buffer *out, bool *changed) {
    const cs_strategy *s = trial.strategy;
    const bool counts = of_strategy(out->data, out->size) &&
                        (s->frames != CS_MEDDLING_ONE || to < 0 || to == first_honest()) &&
                        (s->frames != CS_MEDDLING_REPEAT || other(of, out) != NULL);
    const bool hit = counts && of->seen++ == s->occurrence;
    *changed = false;
    const bool greets = cs_load_u32(out->data + FRAME_TAG) == CS_LABEL_HANDSHAKE;
    if (s->frames == CS_MEDDLING_REPLAY && greets != (s->label == CS_LABEL_HANDSHAKE))
        return true;
    if (s->frames == CS_MEDDLING_REPLAY) {
        const cs_buffer *old = replay(of, out->data, out->size);
        if (old != NULL && memcmp(old->data, out->data, out->size) != 0) {
            memcpy(out->data, old->data, out->size);
            trial.acted[rank] = true;
        }
        return true;
    }
    if (!hit && !of->silent) {
        if (of_strategy(out->data, out->size)) {
            cs_buffer *before = &of->before[of->n_before++ % EARLIER];
            cs_buffer_clear(before);
            cs_buffer_append(before, out->data, out->size);
        }
        return true;
    }
    trial.acted[rank] = true;
    if (s->frames == CS_MEDDLING_CHANGE || s->frames == CS_MEDDLING_ONE) {
        change(out->data, out->size);
        *changed = true;
    } else if (s->frames == CS_MEDDLING_REPEAT) {
        const cs_buffer *old = other(of, out);
        memcpy(out->data + CS_FRAME_HEADER, old->data + CS_FRAME_HEADER, shorter(old, out) - CS_FRAME_HEADER);
    } else if (s->frames == CS_MEDDLING_LATE) {
        const struct timespec delay = {.tv_nsec = (long)(1e9 * DELAY)};
        nanosleep(&delay, NULL);
    } else if (s->frames == CS_MEDDLING_HOLD) {
        of->silent = true;
    }
    return s->frames != CS_MEDDLING_HOLD;
}

static void watch(int rank, net *of, const uint8_t *frame, size_t size) {
    if (size < CS_FRAME_HEADER)
        return;
    const uint32_t tag = cs_load_u32(frame + FRAME_TAG);
    if (cs_load_u32(frame + FRAME_KIND) == KIND_PART && rank != 0) {
        of->answers[CS_ANSWER_OPENING] += tag == CS_LABEL_OPEN_ANSWER && size > CS_FRAME_HEADER;
        of->answers[CS_ANSWER_FINALE] += tag == CS_LABEL_FINALE_ANSWER;
    }
    if (trial.recording)
        record(of, frame, size);
}

/* One frame to one rank (`to` < 0: the root's to all). */
static cs_status pass(cs_comm *c, int to, const void *data, size_t size, bool to_root) {
    net *of = &trial.nets[c->rank];
    cs_buffer out = {0};
    bool changed = false, send = true;
    watch(c->rank, of, data, size);
    cs_buffer_append(&out, data, size);
    cs_status status = cs_buffer_status(&out);
    if (status == CS_OK && trial.cheats[c->rank] && !trial.recording && size >= CS_FRAME_HEADER)
        send = meddle(c->rank, to, of, &out, &changed);
    const bool one = changed && trial.strategy->frames == CS_MEDDLING_ONE;
    const int times = trial.strategy->frames == CS_MEDDLING_TWICE && of->seen == trial.strategy->occurrence + 1 &&
                              trial.cheats[c->rank] && of_strategy(out.data, out.size)
                          ? 2
                          : 1;
    for (int k = 0; status == CS_OK && send && k < times; k++) {
        if (to >= 0)
            status = of->inner->send(c, to, one && to != first_honest() ? data : out.data, size);
        else if (to_root)
            status = of->inner->to_root(c, out.data, size);
        else if (!one)
            status = of->inner->to_all(c, out.data, size);
        for (int i = 1; status == CS_OK && to < 0 && !to_root && one && i < c->size; i++)
            status = of->inner->send(c, i, i == first_honest() ? out.data : data, size);
    }
    cs_buffer_free(&out);
    return status;
}

static cs_status to_root(cs_comm *c, const void *data, size_t size) {
    return pass(c, -1, data, size, true);
}

static cs_status to_all(cs_comm *c, const void *data, size_t size) {
    return pass(c, -1, data, size, false);
}

static cs_status send_one(cs_comm *c, int rank, const void *data, size_t size) {
    return pass(c, rank, data, size, false);
}

static void install(cs_example_rank *r, cs_comm *comm) {
    net *of = &trial.nets[r->rank];
    of->inner = comm->ops;
    of->ops = *comm->ops;
    of->ops.to_root = to_root;
    of->ops.to_all = to_all;
    of->ops.send = send_one;
    comm->ops = &of->ops;
    comm->timeout = trial.strategy->frames == CS_MEDDLING_HOLD ? LITTLE_PATIENCE : PATIENCE;
}

/* ---- lies ---- */

static void lie_in_message(void *context, int rank, cs_label label, size_t occurrence, cs_fr *values, size_t n) {
    const cs_strategy *s = trial.strategy;
    (void)context;
    if (trial.recording || label != s->label || occurrence != s->occurrence)
        return;
    trial.acted[rank] = true;
    for (size_t k = 0; k < n; k++)
        values[k] = cs_fr_add(values[k], cs_fr_from_u64(k + 1));
}

static void lie_in_answer(void *context, int rank, cs_label label, cs_fr *scalars, size_t n) {
    const cs_strategy *s = trial.strategy;
    (void)context;
    if (trial.recording || label != s->label)
        return;
    trial.acted[rank] = true;
    scalars[s->position % n] = cs_fr_add(scalars[s->position % n], CS_FR_ONE);
}

static void lie_in_training(void *context, int rank, size_t step, int what, size_t layer, size_t limb, int64_t *values,
                            size_t rows, size_t columns) {
    const cs_cheat *c = &trial.strategy->witness;
    (void)context;
    const bool has_layer = what == CS_BLOCK_Z || what == CS_BLOCK_R || what == CS_BLOCK_A || what == CS_BLOCK_S ||
                           what == CS_BLOCK_V || what == CS_BLOCK_RV || what == CS_TAMPER_GRADIENT;
    if (trial.recording || step != c->step || what != c->what || (has_layer && layer != c->layer) || limb != c->limb)
        return;
    trial.acted[rank] = true;
    c->change(values, rows, columns);
}

static void lie_in_tensors(cs_example_rank *r, void *context) {
    trial.acted[r->rank] = true;
    trial.strategy->before_proof(r, context);
}

static void arm(cs_example_rank *r) {
    const cs_strategy *s = trial.strategy;
    r->network = install;
    if (!trial.cheats[r->rank])
        return;
    r->attack.dishonest = !s->stands_down;
    r->skip_table_checks = !s->stands_down;
    r->attack.message = s->message ? lie_in_message : NULL;
    r->attack.answer = s->answer ? lie_in_answer : NULL;
    if (s->witness.change != NULL)
        r->tamper = lie_in_training;
    if (s->before_proof != NULL)
        r->before_proof = lie_in_tensors;
    if (s->foreign_key && !trial.recording)
        r->example->secrets[r->rank][0] ^= 1;
}

/* ---- what must hold ---- */

static bool fails(const char *what, int rank) {
    printf("%s, %d ranks, cheats", trial.strategy->name, trial.n);
    for (int i = 0; i < trial.n; i++)
        if (trial.cheats[i])
            printf(" %d", i);
    printf(": %s", what);
    if (rank >= 0)
        printf(" (rank %d: %s; %s)", rank, trial.run.e.outcomes[rank].text, cs_offence_text(trial.run.offence[rank]));
    printf("\n");
    return false;
}

/* Evidence is what the rank signed; SIGNATURE says that there is none. */
static bool convicted(int rank) {
    return trial.run.offence[rank] != CS_OFFENCE_NONE && trial.run.offence[rank] != CS_OFFENCE_SIGNATURE;
}

static bool honest_are_safe(void) {
    bool good = true;
    for (int i = 0; i < trial.n; i++) {
        const net *of = &trial.nets[i];
        if (trial.cheats[i])
            continue;
        if (convicted(i) || (trial.run.offence[i] != CS_OFFENCE_NONE && !trial.cheats[0]))
            good = fails("an honest rank is named", i);
        if (of->answers[CS_ANSWER_OPENING] > 1 || of->answers[CS_ANSWER_FINALE] > 1)
            good = fails("an honest rank answers twice", i);
        if (trial.run.e.outcomes[i].status == CS_ERR_ABORT && of->answers[CS_ANSWER_FINALE] > 0)
            good = fails("an honest rank answers with rows that do not hold", i);
    }
    return good;
}

static bool cheats_are_named(void) {
    const bool refused = trial.run.prove == CS_OK && trial.run.verify == CS_REJECT;
    bool good = refused || fails("no proof was refused", -1);
    for (int i = 0; refused && i < trial.n; i++)
        if (trial.cheats[i] && trial.acted[i] && trial.run.offence[i] == CS_OFFENCE_NONE)
            good = fails("a cheat is not named", i);
    return good;
}

static bool ending_is_right(void) {
    const cs_strategy *s = trial.strategy;
    bool acted = false, named = false;
    for (int i = 0; i < trial.n; i++) {
        acted |= trial.acted[i];
        named |= trial.run.offence[i] != CS_OFFENCE_NONE;
    }
    const bool accepted = trial.run.prove == CS_OK && trial.run.verify == CS_OK;
    if (!acted && !(s->root_only && !trial.cheats[0]))
        return fails("nothing was changed", -1);
    if (!acted || s->ending == CS_ENDING_ACCEPTED)
        return accepted || fails("a good run is not accepted", first_honest());
    if (accepted && s->ending != CS_ENDING_REPAIRED)
        return fails("a false statement is accepted", -1);
    if (s->ending == CS_ENDING_NAMED)
        return cheats_are_named();
    return s->ending == CS_ENDING_EITHER || !named || fails("somebody is named", -1);
}

/* A session's nonce is never that of another one, whatever the cheats send. */
static bool session_is_fresh(void) {
    const uint8_t *nonce = trial.run.e.record.nonce;
    const bool fresh = memcmp(nonce, trial.last_nonce, 32) != 0;
    if (trial.run.e.record.n_ranks != 0)
        memcpy(trial.last_nonce, nonce, 32);
    return fresh || trial.run.e.record.n_ranks == 0 || fails("a session has the nonce of another", -1);
}

/* ---- one run ---- */

static cs_status run_once(bool recording) {
    cs_example_options o = cs_example_defaults();
    o.n_ranks = trial.n;
    o.hidden_draws = trial.strategy->hidden;
    if (trial.strategy->label == CS_LABEL_FORWARD_TABLE || trial.strategy->label == CS_LABEL_BACKWARD_TABLE)
        o.steps = CS_DISHONEST_RANKS + 1; /* each rank has one whose sum it keeps */
    trial.recording = recording;
    CS_TRY(cs_cheat_new(&trial.run, &o, NULL));
    for (int i = 0; i < trial.n; i++) {
        trial.nets[i].seen = trial.nets[i].replayed = 0;
        trial.nets[i].silent = false;
        memset(trial.nets[i].answers, 0, sizeof trial.nets[i].answers);
        arm(&trial.run.e.ranks[i]);
    }
    cs_cheat_go(&trial.run);
    return CS_OK;
}

static void forget(void) {
    for (int i = 0; i < CS_DISHONEST_RANKS; i++) {
        net *of = &trial.nets[i];
        for (size_t k = 0; k < EARLIER; k++)
            cs_buffer_free(&of->before[k]);
        for (size_t k = 0; k < of->n_sent; k++)
            cs_buffer_free(&of->sent[k]);
        cs_free(of->sent);
        *of = (net){0};
    }
}

bool cs_dishonest_run(const cs_strategy *s, int n_ranks, const bool *cheats) {
    trial.strategy = s;
    trial.n = n_ranks;
    memset(trial.acted, 0, sizeof trial.acted);
    memcpy(trial.cheats, cheats, (size_t)n_ranks * sizeof *cheats);
    if (s->frames == CS_MEDDLING_REPLAY) {
        if (run_once(true) != CS_OK)
            return fails("no first session", -1);
        (void)session_is_fresh();
        cs_cheat_free(&trial.run);
    }
    const double start = cs_wall_seconds();
    bool good = run_once(false) == CS_OK || fails("no run", -1);
    if (cs_wall_seconds() - start > MAX_SECONDS)
        good = fails("the run does not end", -1);
    good &= session_is_fresh();
    good &= honest_are_safe();
    good &= ending_is_right();
    cs_cheat_free(&trial.run);
    forget();
    return good;
}

bool cs_dishonest_run_all(const cs_strategy *list, size_t n) {
    static const bool without_root[3][4] = {{false, true}, {false, true, true}, {false, true, true, true}};
    static const bool with_root[3][4] = {{true, false}, {true, false, true}, {true, true, false, true}};
    bool good = true;
    for (size_t k = 0; k < n; k++)
        for (int ranks = 2; ranks <= CS_DISHONEST_RANKS; ranks++) {
            const bool root = (k + (size_t)ranks) % 2 == 0;
            good &= cs_dishonest_run(&list[k], ranks, root ? with_root[ranks - 2] : without_root[ranks - 2]);
        }
    return good;
}

#else

/* Not empty in ordinary builds: a translation unit needs a declaration. */
typedef int cs_dishonest_unused;

#endif
