/* The timeline of a run, and the stage that held it up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/bottleneck.h"
#include "attest/profile.h"
#include "base/bytes.h"
#include "transcript/labels.h"

/* Two stages of one and two seconds from `start` on; the second waits for 0.5 s and sends for 0.25 s. */
static cs_stages some_stages(double start) {
    return (cs_stages){.n = 2,
                       .names = {"handshake", "lookups"},
                       .begun = {start, start + 1},
                       .seconds = {1, 2},
                       .cpu_seconds = {0.75, 1.25},
                       .waiting = {0, 0.5},
                       .sending = {0, 0.25},
                       .n_waits = 2,
                       .waits = {{.stage = 1, .tag = CS_LABEL_GRADIENT, .received = 7, .waiting = 0.5},
                                 {.stage = 1, .tag = 0x10001, .sent = 3, .sending = 0.25}}};
}

static const json_t *find(const json_t *trace, int rank, const char *name) {
    size_t k;
    json_t *event;
    json_array_foreach(trace, k,
                       event) if (json_integer_value(json_object_get(event, "pid")) == rank &&
                                  strcmp(json_string_value(json_object_get(event, "name")), name) == 0) return event;
    fail_msg("no event \"%s\" of rank %d", name, rank);
    return NULL;
}

static json_int_t number(const json_t *event, const char *key) {
    const json_t *v = json_object_get(event, key);
    assert_true(json_is_integer(v));
    return json_integer_value(v);
}

/* The second rank's clock is 1000 s ahead, and it came to the handshake half a second later. */
static void ranks_share_one_clock(void **state) {
    (void)state;
    const cs_stages first = some_stages(50), second = some_stages(1050.5);
    const char *const members[] = {"alpha", "beta"};
    cs_buffer parts[2] = {0};
    json_t *trace = NULL;
    cs_profile_part(&parts[0], &first, 51, "north");
    cs_profile_part(&parts[1], &second, 1051, NULL);
    assert_int_equal(cs_profile_trace(&trace, &first, parts, members, 2), CS_OK);
    assert_string_equal(json_string_value(json_object_get(json_object_get(find(trace, 0, "process_name"), "args"), "name")),
                        "rank 0: alpha (north)");
    assert_string_equal(json_string_value(json_object_get(json_object_get(find(trace, 1, "process_name"), "args"), "name")),
                        "rank 1: beta");
    assert_int_equal(number(find(trace, 0, "handshake"), "ts"), 0);
    assert_int_equal(number(find(trace, 1, "handshake"), "ts"), 500000);
    assert_int_equal(number(find(trace, 1, "handshake"), "dur"), 1000000);
    json_decref(trace);
    for (int i = 0; i < 2; i++)
        cs_buffer_free(&parts[i]);
}

static void what_a_stage_did_lies_within_it(void **state) {
    (void)state;
    const cs_stages stages = some_stages(50);
    const char *const members[] = {"alpha"};
    cs_buffer part = {0};
    json_t *trace = NULL;
    cs_profile_part(&part, &stages, 51, NULL);
    assert_int_equal(cs_profile_trace(&trace, &stages, &part, members, 1), CS_OK);
    const json_t *lookups = find(trace, 0, "lookups"), *waiting = find(trace, 0, "waiting for gradient");
    char text[64];
    snprintf(text, sizeof text, "sending run/%x", 0x10001 - CS_LABEL_COUNT);
    const json_t *sending = find(trace, 0, text);
    assert_int_equal(number(waiting, "ts"), number(lookups, "ts") + 1250000);
    assert_int_equal(number(waiting, "dur"), 500000);
    assert_int_equal(number(json_object_get(waiting, "args"), "frames"), 7);
    assert_int_equal(number(sending, "ts"), number(waiting, "ts") + 500000);
    assert_int_equal(number(sending, "ts") + number(sending, "dur"), number(lookups, "ts") + number(lookups, "dur"));
    assert_int_equal(json_array_size(trace), 1 + 2 + 2 + 2); /* name, stages, computing, exchanges */
    json_decref(trace);
    cs_buffer_free(&part);
}

static void what_is_no_timeline_is_refused(void **state) {
    (void)state;
    const cs_stages stages = some_stages(50);
    cs_stages longer = some_stages(50);
    const char *const members[] = {"alpha"};
    cs_buffer part = {0};
    json_t *trace = NULL;
    longer.n = 1;
    cs_profile_part(&part, &stages, 51, "a host");
    assert_int_equal(cs_profile_trace(&trace, &longer, &part, members, 1), CS_ERR_ABORT);
    for (size_t size = 0; size < part.size; size++) {
        const cs_buffer shorter = {.data = part.data, .size = size};
        assert_int_equal(cs_profile_trace(&trace, &stages, &shorter, members, 1), CS_ERR_ABORT);
        assert_null(trace);
    }
    cs_store_u64(part.data, UINT64_MAX);
    assert_int_equal(cs_profile_trace(&trace, &stages, &part, members, 1), CS_ERR_ABORT);
    cs_store_u64(part.data, 6);
    cs_store_u64(part.data + 24, UINT64_MAX); /* waits */
    assert_int_equal(cs_profile_trace(&trace, &stages, &part, members, 1), CS_ERR_ABORT);
    cs_buffer_free(&part);
}

static void the_file_is_json_or_is_not_there(void **state) {
    (void)state;
    const cs_stages stages = some_stages(50);
    const char *const members[] = {"al\"pha"};
    char folder[] = "/tmp/consort-profile-XXXXXX", path[64];
    cs_buffer part = {0};
    json_t *trace = NULL;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/trace.json", folder);
    cs_profile_part(&part, &stages, 51, NULL);
    assert_int_equal(cs_profile_trace(&trace, &stages, &part, members, 1), CS_OK);
    assert_int_equal(cs_profile_write(path, trace), CS_OK);
    json_t *read = json_load_file(path, 0, NULL);
    assert_true(json_equal(read, trace));
    json_decref(read);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(cs_profile_write(path, trace), CS_ERR_IO);
    json_decref(trace);
    cs_buffer_free(&part);
}

/* The watch puts what an exchange takes where it belongs, and does not forget what it has no room for. */
static void waits_are_counted_by_stage_and_label(void **state) {
    (void)state;
    cs_stages s;
    cs_stages_start(&s, NULL, "input");
    const cs_comm_watch watch = cs_stages_watch(&s);
    const cs_progress progress = cs_stages_progress(&s);
    watch.fn(watch.context, 5, CS_COMM_WAITING, 1);
    watch.fn(watch.context, 5, CS_COMM_WAITING, 2);
    watch.fn(watch.context, 5, CS_COMM_SENDING, 4);
    watch.fn(watch.context, 6, CS_COMM_WAITING, 8);
    cs_progress_report(&progress, "training", 0);
    for (uint32_t tag = 0; tag < 2 * CS_MAX_STAGE_WAITS; tag++)
        watch.fn(watch.context, tag, CS_COMM_WAITING, 1);
    cs_stages_stop(&s);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.n_waits, CS_MAX_STAGE_WAITS);
    assert_int_equal(s.waits[0].received, 2);
    assert_int_equal(s.waits[0].sent, 1);
    assert_true(s.waits[0].waiting == 3 && s.waits[0].sending == 4 && s.waiting[0] == 11 && s.sending[0] == 4);
    assert_int_equal(s.waits[2].stage, 1);
    assert_true(s.waiting[1] == 2 * CS_MAX_STAGE_WAITS);
}

static void hear(void *context, const char *stage, double done, double seconds_left) {
    (void)stage, (void)done;
    *(double *)context = seconds_left;
}

/* Many small exchanges on a slow network say nothing of how long the proof will take. */
static void waiting_while_training_does_not_slow_the_forecast(void **state) {
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        double left = -1;
        cs_stages s;
        cs_stages_start(&s, &(cs_run_progress){.fn = hear, .context = &left}, "training");
        s.forecast = (cs_forecast){.n = 2, .names = {"training", "commitments"}, .seconds = {10, 90}};
        s.seconds[0] += 1000;
        s.waiting[0] += waits ? 980 : 0;
        s.sending[0] += waits ? 10 : 0;
        const cs_progress progress = cs_stages_progress(&s);
        cs_progress_report(&progress, "commitments", 0);
        assert_true(waits ? left > 80 && left < 100 : left > 1000);
    }
}

static cs_run_report *a_report(void) {
    cs_run_report *r = calloc(1, sizeof *r);
    assert_non_null(r);
    *r = (cs_run_report){.ranks = 2, .members = {"alpha", "beta"}, .wall_seconds = 10};
    r->stages = (cs_stages){.n = 2, .names = {"training", "lookups"}, .seconds = {3, 6}, .cpu_seconds = {1, 1}};
    for (int i = 0; i < 2; i++)
        r->per_rank[i] = (cs_rank_figures){.stage_seconds = {3, 6}, .stage_cpu = {3, 6}};
    return r;
}

static void assert_sentence(const cs_run_report *r, const char *wanted) {
    cs_buffer text = {0};
    cs_bottleneck_to_text(&text, r);
    cs_buffer_append(&text, "", 1);
    assert_int_equal(cs_buffer_status(&text), CS_OK);
    assert_string_equal((const char *)text.data, wanted);
    cs_buffer_free(&text);
}

static void the_rank_that_computes_most_holds_up_the_run(void **state) {
    (void)state;
    cs_run_report *r = a_report();
    r->per_rank[0].stage_waiting[1] = 4;
    assert_sentence(r, "bottleneck: lookups on rank 1 (beta), 60 % of the run, computing");
    r->per_rank[1].stage_cpu[1] = 3;
    assert_sentence(r,
                    "bottleneck: lookups on rank 1 (beta), 60 % of the run, computing (with a core for 50 % of that time)");
    free(r);
}

static void a_stage_of_exchanges_waits_or_sends(void **state) {
    (void)state;
    cs_run_report *r = a_report();
    r->per_rank[0].stage_waiting[1] = 4;
    r->per_rank[1].stage_waiting[1] = 5;
    assert_sentence(r, "bottleneck: lookups on rank 1 (beta), 60 % of the run, waiting");
    r->per_rank[0].stage_waiting[1] = 0;
    r->per_rank[0].stage_sending[1] = 5.5;
    assert_sentence(r, "bottleneck: lookups on rank 0 (alpha), 60 % of the run, sending");
    json_t *v = cs_bottleneck_to_json(r);
    assert_string_equal(json_string_value(json_object_get(v, "doing")), "sending");
    assert_string_equal(json_string_value(json_object_get(v, "member")), "alpha");
    assert_true(json_real_value(json_object_get(v, "share")) == 0.6);
    json_decref(v);
    free(r);
}

/* Of what comes after the proof only the root has figures. */
static void the_roots_own_work_counts(void **state) {
    (void)state;
    cs_run_report *r = a_report();
    r->stages.names[2] = "verification";
    r->stages.seconds[2] = r->stages.cpu_seconds[2] = 8;
    r->stages.n = 3;
    r->wall_seconds = 20;
    assert_sentence(r, "bottleneck: verification on rank 0 (alpha), 40 % of the run, computing");
    free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranks_share_one_clock),
                                       cmocka_unit_test(what_a_stage_did_lies_within_it),
                                       cmocka_unit_test(what_is_no_timeline_is_refused),
                                       cmocka_unit_test(the_file_is_json_or_is_not_there),
                                       cmocka_unit_test(waits_are_counted_by_stage_and_label),
                                       cmocka_unit_test(waiting_while_training_does_not_slow_the_forecast),
                                       cmocka_unit_test(the_rank_that_computes_most_holds_up_the_run),
                                       cmocka_unit_test(a_stage_of_exchanges_waits_or_sends),
                                       cmocka_unit_test(the_roots_own_work_counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
