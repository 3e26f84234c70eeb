/* A root that lies to the others when they go on from checkpoints: about where each of them is, about the past, about how
 * the job is cut; and members who change their own checkpoints. Ranks 1 and 2 are honest where the root is not. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/checkpoint.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/timer.h"
#include "comm/frame.h"
#include "consort/verify.h"
#include "data/sealed_file.h"
#include "provenance/identity_file.h"
#include "support/tiny_run.h"

enum { FRAME_KIND = 4, FRAME_TAG = 8, PART = 1, REPLY = 3, ADDEND = 5, SUM = 6 };
enum { TAG_FINAL = 0x10001, TAG_AGREE = 0x10040, MAX_SECONDS = 30 };

/* A rank's entry in the exchange in which all agree where they go on: two numbers, then its two offers. */
enum { OFFER = 80, WISH = 24 + 2 * OFFER, WISHES = CS_FRAME_HEADER };

static const char *const MEMBERS[] = {"alice", "bob", "carol"};

/* ------------------------------------------------------------ the network */

/* What goes to `to`, or came from `from` to the root; may be changed. Runs on the root's thread. */
typedef void lie(int rank, uint32_t kind, uint32_t tag, uint8_t *frame, size_t size);

typedef struct net {
    const cs_comm_ops *inner;
    size_t gradients, answers; /* of them, how often this rank sent one */
    cs_buffer items;           /* what it sent in the proof, but for the commitments to its witness */
} net;

static struct {
    net nets[CS_TINY_RANKS];
    lie *to, *from;
    size_t seen; /* by the lie */
    uint8_t wish[WISH];
    bool keep_items, leave_with_answers;
    size_t answers; /* that the root has */
} trial;

static void watch(int rank, const uint8_t *frame, size_t size) {
    net *n = &trial.nets[rank];
    const uint32_t kind = cs_load_u32(frame + FRAME_KIND), tag = cs_load_u32(frame + FRAME_TAG) & ~CS_COMM_MASKED;
    if (kind == ADDEND && tag == CS_LABEL_GRADIENT)
        n->gradients++;
    if (kind != PART || size == CS_FRAME_HEADER)
        return;
    n->answers += tag == CS_LABEL_OPEN_ANSWER || tag == CS_LABEL_FINALE_ANSWER;
    if (trial.keep_items && tag > CS_LABEL_WITNESS && tag < CS_LABEL_SENT_VIEW)
        cs_buffer_append(&n->items, frame + CS_FRAME_HEADER, size - CS_FRAME_HEADER);
}

static cs_status send_one(cs_comm *c, int rank, const void *data, size_t size) {
    const net *n = &trial.nets[c->rank];
    cs_buffer copy = {0};
    watch(c->rank, data, size);
    if (c->rank != 0 || trial.to == NULL)
        return n->inner->send(c, rank, data, size);
    cs_buffer_append(&copy, data, size);
    cs_status status = cs_buffer_status(&copy);
    if (status == CS_OK)
        trial.to(rank, cs_load_u32(copy.data + FRAME_KIND), cs_load_u32(copy.data + FRAME_TAG) & ~CS_COMM_MASKED, copy.data,
                 size);
    status = status == CS_OK ? n->inner->send(c, rank, copy.data, size) : status;
    cs_buffer_free(&copy);
    return status;
}

static cs_status to_root(cs_comm *c, const void *data, size_t size) {
    return send_one(c, 0, data, size);
}

static cs_status from_rank(cs_comm *c, int rank, cs_buffer *out) {
    CS_TRY(trial.nets[0].inner->from_rank(c, rank, out));
    const uint32_t kind = cs_load_u32(out->data + FRAME_KIND), tag = cs_load_u32(out->data + FRAME_TAG) & ~CS_COMM_MASKED;
    if (trial.from != NULL)
        trial.from(rank, kind, tag, out->data, out->size);
    trial.answers += kind == PART && tag == CS_LABEL_FINALE_ANSWER;
    if (trial.leave_with_answers && trial.answers == CS_TINY_RANKS - 1)
        return cs_fail(CS_ERR_MEMORY, "the root has the answers and leaves");
    return CS_OK;
}

static void install(cs_comm *comm) {
    static cs_comm_ops ops[CS_TINY_RANKS];
    trial.nets[comm->rank].inner = comm->ops;
    ops[comm->rank] = *comm->ops;
    ops[comm->rank].send = send_one;
    ops[comm->rank].to_root = to_root;
    ops[comm->rank].from_rank = from_rank;
    comm->ops = &ops[comm->rank];
}

/* ------------------------------------------------------------ runs */

typedef struct fixture {
    cs_tiny t;
    cs_run_stop stop;
    char folder[96], copy[96];
} fixture;

static void must(cs_status status) {
    if (status != CS_OK)
        fail_msg("status %d: %s", (int)status, cs_error_text());
}

/* Layers wide enough, and a root said to be fast enough, that each rank adds up a part of each gradient. */
static void begin(fixture *f, const char *output) {
    *f = (fixture){0};
    must(cs_tiny_new(&f->t, output));
    must(cs_tiny_edit(&f->t, "job.json", "[3, 3, 2]", "[3, 40, 2]"));
    snprintf(f->folder, sizeof f->folder, "%s/saves", f->t.folder);
    snprintf(f->copy, sizeof f->copy, "%s/copy", f->t.folder);
    f->t.network = install;
    for (int i = 0; i < CS_TINY_RANKS; i++) {
        f->t.options[i].checkpoint = f->folder;
        f->t.options[i].checkpoint_steps = 1;
        f->t.options[i].speed = i == 0 ? 100 : 0.1;
    }
    f->t.options[1].stop = &f->stop;
}

static void resume(fixture *f) {
    for (int i = 0; i < CS_TINY_RANKS; i++)
        f->t.options[i].resume = true;
}

static void forget(void) {
    for (int i = 0; i < CS_TINY_RANKS; i++)
        cs_buffer_free(&trial.nets[i].items);
    memset(&trial, 0, sizeof trial);
}

static cs_status session(fixture *f, const char *out, lie *to, lie *from) {
    const bool keep_items = trial.keep_items, leave = trial.leave_with_answers;
    const double start = cs_wall_seconds();
    forget();
    trial.to = to;
    trial.from = from;
    trial.keep_items = keep_items;
    trial.leave_with_answers = leave;
    const cs_status status = cs_tiny_run(&f->t, out);
    assert_true(cs_wall_seconds() - start < MAX_SECONDS);
    return status;
}

static void interrupt(fixture *f) {
    f->stop.wanted = 1;
    assert_int_equal(session(f, "out", NULL, NULL), CS_ERR_STOPPED);
    f->stop.wanted = 0;
    resume(f);
}

static void slot_path(char out[160], const char *folder, int member, int slot) {
    snprintf(out, 160, "%s/tiny.%s.%d.checkpoint", folder, MEMBERS[member], slot);
}

static void copy_file(const char *from, const char *to) {
    cs_buffer b = {0};
    if (access(from, F_OK) != 0)
        return;
    must(cs_file_read(from, 1 << 26, &b));
    must(cs_file_write(to, b.data, b.size, 0600));
    cs_buffer_free(&b);
}

/* One member's checkpoints and key. */
static void copy_member(int member, const char *from, const char *to) {
    char a[160], b[160];
    must(cs_file_make_folder(to));
    for (int slot = 0; slot < 2; slot++) {
        slot_path(a, from, member, slot);
        slot_path(b, to, member, slot);
        (void)unlink(b);
        copy_file(a, b);
    }
    snprintf(a, sizeof a, "%s/tiny.%s.key", from, MEMBERS[member]);
    snprintf(b, sizeof b, "%s/tiny.%s.key", to, MEMBERS[member]);
    copy_file(a, b);
}

static void expect_no_attestation(const fixture *f) {
    assert_int_equal(access(f->t.attestation, F_OK), -1);
    assert_int_equal(access(f->t.model, F_OK), -1);
    for (int i = 0; i < CS_TINY_RANKS; i++) {
        assert_int_not_equal(f->t.outcomes[i].status, CS_OK);
        assert_true(strlen(f->t.outcomes[i].text) > 10);
    }
}

/* The honest ranks have answered nothing, and noticed within so many gradients. */
static void expect_silence(const fixture *f, size_t gradients) {
    expect_no_attestation(f);
    for (int i = 1; i < CS_TINY_RANKS; i++) {
        if (trial.nets[i].answers != 0 || trial.nets[i].gradients > gradients * (CS_TINY_RANKS - 1))
            fail_msg("rank %d: %zu answers, %zu parts of gradients: %s", i, trial.nets[i].answers, trial.nets[i].gradients,
                     f->t.outcomes[i].text);
    }
}

/* ------------------------------------------------------------ lies about where the others are */

/* In the third step of a session rank 2 is shown another sum than rank 1 ... */
static void split_sums(int rank, uint32_t kind, uint32_t tag, uint8_t *frame, size_t size) {
    if (rank == 2 && kind == SUM && tag == CS_LABEL_GRADIENT && size > CS_FRAME_HEADER && trial.seen++ == 2)
        frame[CS_FRAME_HEADER] ^= 1;
}

/* ... or another commitment to the final model. */
static void split_final(int rank, uint32_t kind, uint32_t tag, uint8_t *frame, size_t size) {
    if (rank == 2 && kind == REPLY && tag == TAG_FINAL && size >= CS_FRAME_HEADER + 64)
        memcpy(frame + CS_FRAME_HEADER, frame + CS_FRAME_HEADER + 32, 32);
}

/* All are told that all others are where they are themselves; the root itself is where rank 1 is. */
static void all_alike(int rank, uint32_t kind, uint32_t tag, uint8_t *frame, size_t size) {
    if (rank != 2 || kind != REPLY || tag != TAG_AGREE || size != WISHES + CS_TINY_RANKS * WISH)
        return;
    trial.seen++;
    for (int i = 0; i < CS_TINY_RANKS; i++)
        memcpy(frame + WISHES + i * WISH, trial.wish, WISH);
}

static uint8_t first_wish[WISH];

static void take_wishes(int rank, uint32_t kind, uint32_t tag, uint8_t *frame, size_t size) {
    if (kind != PART || tag != TAG_AGREE || size != WISHES + WISH)
        return;
    if (rank == 1) {
        memcpy(first_wish, frame + WISHES, WISH);
    } else {
        memcpy(trial.wish, frame + WISHES, WISH);
        memcpy(frame + WISHES, first_wish, WISH);
    }
}

/* A session in which the root shows ranks different things, and one that goes on from it: nobody answers, and no rank sends
 * gradients of more than so many steps. */
static void go_on_from_a_split(fixture *f, const char *output, lie *split, size_t gradients) {
    begin(f, output);
    assert_int_not_equal(session(f, "out", split, NULL), CS_OK);
    expect_silence(f, 4);
    resume(f);
    assert_int_not_equal(session(f, "out", all_alike, take_wishes), CS_OK);
    expect_silence(f, gradients);
}

/* Before the session that is resumed two ranks were shown different sums, and saved. They go on, but nothing adds up: in the
 * first exchange they give noise, and leave. An honest root would have them go on from before the lie. */
static void ranks_with_different_pasts_do_not_meet(void **state) {
    (void)state;
    fixture f;
    cs_verify_report report;
    go_on_from_a_split(&f, "public", split_sums, 1);
    assert_int_equal(trial.seen, 1);
    must(session(&f, "out", NULL, NULL));
    must(cs_verify_file(f.t.attestation, NULL, &report));
    cs_tiny_free(&f.t);
}

/* The same at the end of the training, when only the proof is missing. */
static void nor_do_ranks_with_different_statements(void **state) {
    (void)state;
    fixture f;
    go_on_from_a_split(&f, "committed", split_final, 0);
    cs_tiny_free(&f.t);
}

/* Two runs of one job: the same seed, data, step and model, but not the same run. */
static void nor_do_ranks_of_different_runs(void **state) {
    (void)state;
    fixture f;
    char key[160], other[160];
    begin(&f, "public");
    interrupt(&f);
    copy_member(2, f.folder, f.copy);
    snprintf(key, sizeof key, "%s/tiny.%s.key", f.folder, MEMBERS[2]);
    snprintf(other, sizeof other, "%s/tiny.%s.key", f.copy, MEMBERS[2]);
    for (int i = 0; i < CS_TINY_RANKS; i++) {
        f.t.options[i].resume = false;
        for (int slot = 0; slot < 2; slot++) {
            char path[160];
            slot_path(path, f.folder, i, slot);
            (void)unlink(path);
        }
    }
    interrupt(&f); /* with the keys of the first run, which are there */
    copy_member(2, f.copy, f.folder);
    assert_int_not_equal(session(&f, "out", NULL, NULL), CS_OK);
    assert_non_null(strstr(f.t.outcomes[0].text, "no checkpoint that all ranks have"));
    expect_silence(&f, 0);
    assert_int_not_equal(session(&f, "out", all_alike, take_wishes), CS_OK);
    expect_silence(&f, 1);
    cs_tiny_free(&f.t);
}

/* Rank 2 is told that the others have but the older checkpoint. */
static void hide_newest(int rank, uint32_t kind, uint32_t tag, uint8_t *frame, size_t size) {
    if (rank != 2 || kind != REPLY || tag != TAG_AGREE || size != WISHES + CS_TINY_RANKS * WISH)
        return;
    trial.seen++;
    for (int i = 0; i < CS_TINY_RANKS; i++) {
        uint8_t *offers = frame + WISHES + i * WISH + 24;
        const bool second = cs_load_u64(offers + OFFER + 8) > cs_load_u64(offers + 8);
        if (i != 2)
            memset(offers + (second ? OFFER : 0), 0, OFFER);
    }
}

static void ranks_at_different_steps_do_not_meet(void **state) {
    (void)state;
    fixture f;
    begin(&f, "public");
    interrupt(&f);
    interrupt(&f);
    assert_int_not_equal(session(&f, "out", hide_newest, NULL), CS_OK);
    assert_int_equal(trial.seen, 1);
    expect_silence(&f, 1);
    cs_tiny_free(&f.t);
}

/* ------------------------------------------------------------ other lies in that exchange */

/* Rank 2 hears that rank 1 needs another number of segments. */
static void more_segments(int rank, uint32_t kind, uint32_t tag, uint8_t *frame, size_t size) {
    if (rank == 2 && kind == REPLY && tag == TAG_AGREE && size == WISHES + CS_TINY_RANKS * WISH)
        cs_store_u64(frame + WISHES + WISH, 2);
}

/* Rank 2 hears that it is slow, so that it would add up another part of a sum than the others think. */
static void other_speeds(int rank, uint32_t kind, uint32_t tag, uint8_t *frame, size_t size) {
    if (rank == 2 && kind == REPLY && tag == TAG_AGREE && size == WISHES + CS_TINY_RANKS * WISH)
        cs_store_u64(frame + WISHES + 2 * WISH + 16, 1);
}

/* Rank 2 hears that rank 1 does not resume. */
static void no_resuming(int rank, uint32_t kind, uint32_t tag, uint8_t *frame, size_t size) {
    if (rank == 2 && kind == REPLY && tag == TAG_AGREE && size == WISHES + CS_TINY_RANKS * WISH)
        cs_store_u64(frame + WISHES + WISH + 8, 1);
}

/* Noise in the place of all offers, its own too. */
static void noise(int rank, uint32_t kind, uint32_t tag, uint8_t *frame, size_t size) {
    if (rank == 2 && kind == REPLY && tag == TAG_AGREE && size > WISHES)
        for (size_t k = WISHES + WISH; k < size; k++)
            frame[k] = (uint8_t)(frame[k] * 5 + k + 1);
}

static void other_lies_end_the_run(void **state) {
    (void)state;
    lie *const lies[] = {more_segments, other_speeds, no_resuming, noise};
    for (size_t k = 0; k < sizeof lies / sizeof *lies; k++) {
        fixture f;
        begin(&f, "public");
        if (k > 1)
            interrupt(&f);
        assert_int_not_equal(session(&f, "out", lies[k], NULL), CS_OK);
        expect_silence(&f, 1);
        cs_tiny_free(&f.t);
    }
}

/* Where a resumed run is cut stands in each rank's own checkpoint: this lie changes nothing. */
static void a_resumed_job_is_cut_as_before(void **state) {
    (void)state;
    fixture f;
    cs_verify_report report;
    begin(&f, "public");
    interrupt(&f);
    must(session(&f, "out", more_segments, NULL));
    must(cs_verify_file(f.t.attestation, NULL, &report));
    cs_tiny_free(&f.t);
}

/* ------------------------------------------------------------ answers */

static int compare_items(const void *a, const void *b) {
    return memcmp(a, b, 32);
}

static bool is_zero(const uint8_t *item) {
    uint8_t any = 0;
    for (int k = 0; k < 32; k++)
        any |= item[k];
    return any == 0;
}

static fixture *watched;

static void copy_at_finale(void *context, const char *stage, double done, double left) {
    (void)context, (void)done, (void)left;
    if (strcmp(stage, "finale") == 0 && access(watched->copy, F_OK) != 0)
        for (int i = 0; i < CS_TINY_RANKS; i++)
            copy_member(i, watched->folder, watched->copy);
}

/* The root takes all answers and leaves; then it has the others go on from before, again and again. They answer, but each
 * time under other masks and blindings: of all that a rank sends in the proof, no number and no point comes twice. */
static void no_mask_is_answered_twice(void **state) {
    (void)state;
    enum { SESSIONS = 4 };
    fixture f;
    cs_buffer all = {0};
    begin(&f, "public");
    watched = &f;
    f.t.options[0].progress.fn = copy_at_finale;
    trial.keep_items = trial.leave_with_answers = true;
    for (int k = 0; k < SESSIONS; k++) {
        assert_int_not_equal(session(&f, "out", NULL, NULL), CS_OK);
        expect_no_attestation(&f);
        for (int i = 1; i < CS_TINY_RANKS; i++) {
            assert_int_equal(trial.nets[i].answers, 2);
            assert_int_equal(trial.nets[i].items.size % 32, 0);
            cs_buffer_append(&all, trial.nets[i].items.data, trial.nets[i].items.size);
        }
        resume(&f);
        for (int i = 0; i < CS_TINY_RANKS; i++)
            copy_member(i, f.copy, f.folder); /* however old */
    }
    assert_true(all.size > SESSIONS * (size_t)100 * 32);
    qsort(all.data, all.size / 32, 32, compare_items);
    for (size_t k = 1; k < all.size / 32; k++)
        if (memcmp(all.data + 32 * k, all.data + 32 * (k - 1), 32) == 0 && !is_zero(all.data + 32 * k))
            fail_msg("something was sent twice in %d sessions", SESSIONS);
    cs_buffer_free(&all);
    forget();
    cs_tiny_free(&f.t);
}

/* ------------------------------------------------------------ members who change their own checkpoints */

static void read_sealed(cs_buffer *plain, uint8_t key[32], const fixture *f, int member, const char *path) {
    char key_path[160];
    uint8_t byte;
    cs_secret_identity me;
    cs_sealed_input *in;
    snprintf(key_path, sizeof key_path, "%s/tiny.%s.key", f->folder, MEMBERS[member]);
    must(cs_secret_identity_load(&me, key_path, NULL));
    cs_secret_identity_checkpoint_key(key, &me);
    must(cs_sealed_open(&in, path, CS_CHECKPOINT_MAGIC, key));
    const cs_reader reader = cs_sealed_reader(in);
    *plain = (cs_buffer){0};
    while (cs_read(&reader, &byte, 1) == CS_OK)
        cs_buffer_append(plain, &byte, 1);
    cs_sealed_end(in);
}

/* Before the commitments of its witness, which end the file: their number, found by what it says. */
static size_t start_of_blindings(const cs_buffer *plain) {
    for (size_t n = 1; 64 * n + 8 < plain->size; n++)
        if (cs_load_u64(plain->data + plain->size - 64 * n - 8) == n)
            return plain->size - 64 * n;
    fail_msg("no commitments in the checkpoint");
    return 0;
}

/* back > 0: so many bytes before the end, in the tensors; 0: in the first blinding. */
static void change_checkpoint(const fixture *f, int member, int slot, size_t back) {
    char path[160];
    uint8_t key[32];
    cs_buffer plain;
    cs_sealed_output *out;
    slot_path(path, f->folder, member, slot);
    if (access(path, F_OK) != 0)
        return;
    read_sealed(&plain, key, f, member, path);
    plain.data[back > 0 ? plain.size - back : start_of_blindings(&plain)] ^= 1;
    must(cs_sealed_create(&out, path, CS_CHECKPOINT_MAGIC, key));
    const cs_writer writer = cs_sealed_writer(out);
    must(cs_write(&writer, plain.data, plain.size));
    must(cs_sealed_close(out, true));
    cs_buffer_free(&plain);
}

/* A dishonest member's tensors (the softmax's last numbers), or its blindings, are not those that it had: its own rows fail,
 * or its answer opens nothing. */
static void changed_tensors_prove_nothing(void **state) {
    (void)state;
    fixture f;
    begin(&f, "public");
    for (int k = 0; k < 3; k++)
        interrupt(&f);
    for (int slot = 0; slot < 2; slot++)
        change_checkpoint(&f, 2, slot, 2);
    assert_int_not_equal(session(&f, "out", NULL, NULL), CS_OK);
    expect_no_attestation(&f);
    cs_tiny_free(&f.t);
}

static bool has_commitments(const fixture *f, int member, int slot) {
    char path[160];
    uint8_t key[32];
    cs_buffer plain;
    slot_path(path, f->folder, member, slot);
    read_sealed(&plain, key, f, member, path);
    const bool committed = plain.data[32 + 6 * 32 + 48] == CS_CHECKPOINT_COMMITTED;
    cs_buffer_free(&plain);
    return committed;
}

static void changed_blindings_prove_nothing(void **state) {
    (void)state;
    fixture f;
    begin(&f, "public");
    watched = &f;
    f.t.options[0].progress.fn = copy_at_finale;
    trial.leave_with_answers = true;
    assert_int_not_equal(session(&f, "out", NULL, NULL), CS_OK);
    trial.leave_with_answers = false;
    resume(&f);
    for (int i = 0; i < CS_TINY_RANKS; i++)
        copy_member(i, f.copy, f.folder);
    const int slot = has_commitments(&f, 2, 0) ? 0 : 1;
    assert_true(has_commitments(&f, 2, slot));
    change_checkpoint(&f, 2, slot, 0);
    assert_int_not_equal(session(&f, "out", NULL, NULL), CS_OK);
    expect_no_attestation(&f);
    assert_non_null(strstr(f.t.outcomes[0].text, "rank 2 (carol) cheated at open/answer"));
    cs_tiny_free(&f.t);
}

int main(void) {
    /* What the root changes it changes before links are sealed: it has the keys. */
    if (setenv("CONSORT_UNSEALED", "1", 1) != 0)
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranks_with_different_pasts_do_not_meet),
                                       cmocka_unit_test(nor_do_ranks_with_different_statements),
                                       cmocka_unit_test(nor_do_ranks_of_different_runs),
                                       cmocka_unit_test(ranks_at_different_steps_do_not_meet),
                                       cmocka_unit_test(other_lies_end_the_run),
                                       cmocka_unit_test(a_resumed_job_is_cut_as_before),
                                       cmocka_unit_test(no_mask_is_answered_twice),
                                       cmocka_unit_test(changed_tensors_prove_nothing),
                                       cmocka_unit_test(changed_blindings_prove_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
