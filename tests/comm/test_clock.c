/* The time of day jumps by an hour while ranks wait for each other: their patience is as long as it was. */
#define _GNU_SOURCE /* syscall */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/timer.h"
#include "comm/threads.h"

static time_t jump; /* seconds */

/* In place of the C library's, for everything that is linked into this program. */
int clock_gettime(clockid_t id, struct timespec *out) {
    const long status = syscall(SYS_clock_gettime, id, out);
    if (status == 0 && id == CLOCK_REALTIME)
        out->tv_sec += jump;
    return (int)status;
}

typedef struct plan {
    double patience, sleeps; /* seconds; the second rank sleeps before it says anything */
} plan;

static cs_status talk(cs_comm *c, void *arg) {
    const plan *p = arg;
    c->timeout = p->patience;
    if (c->rank == 1)
        nanosleep(&(struct timespec){.tv_nsec = (long)(1e9 * p->sleeps)}, NULL);
    return cs_comm_agree(c, 1, CS_OK);
}

static double run(cs_comm_outcome outcomes[2], plan p) {
    void *const args[2] = {&p, &p};
    const double start = cs_wall_seconds();
    (void)cs_comm_run_threads(2, talk, args, outcomes);
    return cs_wall_seconds() - start;
}

static void patience_is_not_the_time_of_day(void **state) {
    static const time_t jumps[] = {0, 3600, -3600};
    (void)state;
    for (size_t k = 0; k < sizeof jumps / sizeof *jumps; k++) {
        cs_comm_outcome outcomes[2];
        struct timespec now, shifted;
        jump = 0;
        assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
        jump = jumps[k];
        assert_int_equal(clock_gettime(CLOCK_REALTIME, &shifted), 0);
        assert_in_range(shifted.tv_sec - now.tv_sec - jumps[k] + 10, 10, 20);
        assert_true(run(outcomes, (plan){.patience = 20, .sleeps = 0.1}) < 15);
        assert_int_equal(outcomes[0].status, CS_OK);
        assert_int_equal(outcomes[1].status, CS_OK);
        assert_true(run(outcomes, (plan){.patience = 0.2, .sleeps = 0.9}) < 15);
        assert_int_equal(outcomes[0].status, CS_ERR_RANK);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(patience_is_not_the_time_of_day)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
