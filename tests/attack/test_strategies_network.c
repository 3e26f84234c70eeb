/* Any ranks but one follow a strategy in what they send and when, with 2, 3 and 4 ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "comm/comm.h"
#include "session/session.h"
#include "support/dishonest.h"
#include "support/tiny_run.h"

#define FRAMES(text, how, of, nth, result)                                                                                  \
    { .name = text, .frames = how, .label = of, .occurrence = nth, .ending = result }
#define OF_ROOT(text, how, of, nth, result)                                                                                 \
    { .name = text, .frames = how, .label = of, .occurrence = nth, .ending = result, .root_only = true }

static const cs_strategy FRAMES_SENT[] = {
    /* wrong aggregates and weights, to all or to one; the first sum of gradients is a full one, which is not made again */
    FRAMES("a wrong sum of gradients", CS_MEDDLING_CHANGE, CS_LABEL_GRADIENT, 0, CS_ENDING_UNNAMED),
    FRAMES("gradients for one rank", CS_MEDDLING_ONE, CS_LABEL_GRADIENT, 0, CS_ENDING_UNNAMED),
    FRAMES("a wrong weight table", CS_MEDDLING_CHANGE, CS_LABEL_FORWARD_TABLE, 0, CS_ENDING_UNNAMED),
    FRAMES("a weight table for one rank", CS_MEDDLING_ONE, CS_LABEL_BACKWARD_TABLE, 0, CS_ENDING_UNNAMED),
    OF_ROOT("other commitments to the witness", CS_MEDDLING_CHANGE, CS_LABEL_WITNESS, 0, CS_ENDING_UNNAMED),
    OF_ROOT("other commitments for one rank", CS_MEDDLING_ONE, CS_LABEL_SC_ROUND, 2, CS_ENDING_EITHER),
    OF_ROOT("another mask for one rank", CS_MEDDLING_ONE, CS_LABEL_FINALE_MASK, 0, CS_ENDING_EITHER),
    OF_ROOT("another cross term for one rank", CS_MEDDLING_ONE, CS_LABEL_FINALE_CROSS, 0, CS_ENDING_EITHER),
    OF_ROOT("another answer of the opening for one rank", CS_MEDDLING_ONE, CS_LABEL_OPEN_ANSWER, 0, CS_ENDING_EITHER),
    /* what was shown before, and so its challenge, once more; another session's */
    FRAMES("a round once more", CS_MEDDLING_REPEAT, CS_LABEL_SC_ROUND, 2, CS_ENDING_EITHER),
    FRAMES("gradients once more", CS_MEDDLING_REPEAT, CS_LABEL_GRADIENT, 0, CS_ENDING_REPAIRED),
    FRAMES("a whole session once more", CS_MEDDLING_REPLAY, CS_LABEL_WITNESS, 0, CS_ENDING_EITHER),
    FRAMES("the handshake of another session, nonce and all", CS_MEDDLING_REPLAY, CS_LABEL_HANDSHAKE, 0, CS_ENDING_UNNAMED),
    /* nothing, too late, twice */
    FRAMES("no gradient", CS_MEDDLING_HOLD, CS_LABEL_GRADIENT, 0, CS_ENDING_UNNAMED),
    FRAMES("no commitments", CS_MEDDLING_HOLD, CS_LABEL_WITNESS, 0, CS_ENDING_UNNAMED),
    FRAMES("no round", CS_MEDDLING_HOLD, CS_LABEL_SC_ROUND, 3, CS_ENDING_UNNAMED),
    FRAMES("no answer to the opening", CS_MEDDLING_HOLD, CS_LABEL_OPEN_ANSWER, 0, CS_ENDING_UNNAMED),
    FRAMES("no answer to the finale", CS_MEDDLING_HOLD, CS_LABEL_FINALE_ANSWER, 0, CS_ENDING_UNNAMED),
    FRAMES("a late round", CS_MEDDLING_LATE, CS_LABEL_SC_ROUND, 1, CS_ENDING_ACCEPTED),
    FRAMES("a late answer", CS_MEDDLING_LATE, CS_LABEL_FINALE_ANSWER, 0, CS_ENDING_ACCEPTED),
    FRAMES("an answer twice", CS_MEDDLING_TWICE, CS_LABEL_OPEN_ANSWER, 0, CS_ENDING_EITHER),
    FRAMES("a message twice", CS_MEDDLING_TWICE, CS_LABEL_SC_ROUND, 0, CS_ENDING_EITHER),
};

static void frames(void **state) {
    (void)state;
    assert_true(cs_dishonest_run_all(FRAMES_SENT, sizeof FRAMES_SENT / sizeof *FRAMES_SENT));
}

/* Whatever the root does to be asked again: a session gives each of its answers once. */
static void a_rank_answers_once(void **state) {
    (void)state;
    static const uint8_t digest[32] = {1};
    cs_comm alone;
    cs_session s;
    cs_buffer proof = {0};
    cs_fr mine[2] = {CS_FR_ONE, CS_FR_ZERO}, sum[2];
    cs_comm_self(&alone);
    assert_int_equal(cs_session_prove(&s, &alone, NULL, NULL, digest, 16, &proof), CS_OK);
    for (int which = 0; which < CS_ANSWER_COUNT; which++) {
        const cs_label label = which ? CS_LABEL_FINALE_ANSWER : CS_LABEL_OPEN_ANSWER;
        assert_int_equal(cs_session_answer(&s, (cs_answer)which, label, mine, 2, sum, NULL), CS_OK);
    }
    assert_int_equal(cs_session_answer(&s, CS_ANSWER_OPENING, CS_LABEL_OPEN_ANSWER, mine, 2, sum, NULL), CS_ERR_ABORT);
    cs_session_free(&s);
    cs_comm_free(&alone);
    cs_buffer_free(&proof);
}

/* Bob and Carol would each be the other: with the job as it is, and with jobs of their own in which they are. */
static void swapped_identities(void **state) {
    (void)state;
    cs_tiny t;
    char other[128];
    assert_int_equal(cs_tiny_new(&t, "public"), CS_OK);
    assert_int_equal(cs_tiny_identify(&t), CS_OK);
    t.options[1].key = t.keys[2];
    t.options[2].key = t.keys[1];
    assert_int_equal(cs_tiny_run(&t, "out"), CS_ERR_USAGE);
    snprintf(other, sizeof other, "%s/other.json", t.folder);
    cs_buffer job = {0};
    assert_int_equal(cs_file_read(t.job, 1 << 20, &job), CS_OK);
    assert_int_equal(cs_file_write(other, job.data, job.size, 0644), CS_OK);
    assert_int_equal(cs_tiny_edit(&t, "other.json", "bob.pub", "x.pub"), CS_OK);
    assert_int_equal(cs_tiny_edit(&t, "other.json", "carol.pub", "bob.pub"), CS_OK);
    assert_int_equal(cs_tiny_edit(&t, "other.json", "x.pub", "carol.pub"), CS_OK);
    t.options[1].job = t.options[2].job = other;
    assert_int_not_equal(cs_tiny_run(&t, "out"), CS_OK);
    assert_int_equal(t.outcomes[0].status, CS_ERR_INPUT);
    assert_non_null(strstr(t.outcomes[0].text, "rank 1"));
    cs_buffer_free(&job);
    cs_tiny_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames),
        cmocka_unit_test(a_rank_answers_once),
        cmocka_unit_test(swapped_identities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
