#define _XOPEN_SOURCE 700
#include "support/tiny_run.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/strings.h"
#include "provenance/identity_file.h"

static const char JOB[] =
    "{\"name\": \"tiny\", \"model\": {\"widths\": [3, 3, 2]},\n"
    "\"scales\": {\"a\": 3, \"d\": 5, \"value_bits\": 9, \"exp_bits\": 6},\n"
    "\"schedule\": {\"steps\": 4, \"batch\": 2, \"rates\": [{\"from_step\": 0, \"rate\": 0.375}, {\"from_step\": 2, "
    "\"rate\": 0.75}]},\n"
    "\"seeds\": {\"beacon\": \"tiny\"},\n"
    "\"members\": [{\"name\": \"alice\", \"rows\": 6, \"data\": \"{name}.csv\"}, {\"name\": \"bob\", \"rows\": 4, \"data\": "
    "\"{name}.csv\"},\n"
    "{\"name\": \"carol\", \"rows\": 5, \"data\": \"{name}.csv\"}],\n"
    "\"data\": {\"features\": {\"min\": 0, \"max\": 2, \"multiplier\": 4}, \"classes\": [\"low\", \"high\"]},\n"
    "\"test\": {\"data\": \"test.csv\"}, \"output\": {\"model\": \"%s\"}}\n";

static cs_status write_text(const cs_tiny *t, const char *file, const char *text) {
    char path[112];
    snprintf(path, sizeof path, "%s/%s", t->folder, file);
    return cs_file_write(path, text, strlen(text), 0644);
}

/* Class 1 if the first feature is the larger one. */
static cs_status write_data(const cs_tiny *t, const char *file, int rows, int start) {
    char text[1024];
    size_t used = 0;
    for (int k = start; k < start + rows; k++) {
        const double a = (k * 7 % 9) / 4.0, b = (k * 5 % 9) / 4.0, c = (k * 3 % 9) / 4.0;
        used += (size_t)snprintf(text + used, sizeof text - used, "%.2f,%.2f,%.2f,%d\n", a, b, c, a > b);
    }
    return write_text(t, file, text);
}

static cs_status new_folder(cs_tiny *t, int ranks) {
    *t = (cs_tiny){.folder = "/tmp/consort-test-XXXXXX", .ranks = ranks};
    if (mkdtemp(t->folder) == NULL)
        return cs_fail(CS_ERR_IO, "no temporary folder");
    snprintf(t->job, sizeof t->job, "%s/job.json", t->folder);
    return CS_OK;
}

cs_status cs_tiny_new(cs_tiny *t, const char *output) {
    char job[2048];
    CS_TRY(new_folder(t, CS_TINY_RANKS));
    snprintf(job, sizeof job, JOB, output);
    CS_TRY(write_text(t, "job.json", job));
    CS_TRY(write_data(t, "alice.csv", 6, 0));
    CS_TRY(write_data(t, "bob.csv", 4, 6));
    CS_TRY(write_data(t, "carol.csv", 5, 10));
    return write_data(t, "test.csv", 9, 15);
}

cs_status cs_tiny_new_idle(cs_tiny *t, int ranks, unsigned idle, const char *fields) {
    char job[2048], members[1024] = "", name[16];
    size_t used = 0;
    int holders = 0;
    CS_TRY(new_folder(t, ranks));
    t->numbered = true;
    for (int i = 0; i < ranks; i++) {
        const int rows = (idle >> i & 1) != 0 ? 0 : 4 + i;
        snprintf(name, sizeof name, "m%d.csv", i);
        used += (size_t)snprintf(members + used, sizeof members - used, "%s{\"name\": \"m%d\", \"rows\": %d%s}",
                                 i > 0 ? ", " : "", i, rows, rows > 0 ? ", \"data\": \"{name}.csv\"" : "");
        if (rows > 0)
            CS_TRY(write_data(t, name, rows, 5 * i));
        holders += rows > 0;
    }
    snprintf(
        job, sizeof job,
        "{%s\"name\": \"tiny\", \"model\": {\"widths\": [3, 3, 2]}, \"scales\": {\"a\": 3, \"d\": 5, \"value_bits\": 9},"
        "\"schedule\": {\"steps\": 3, \"batch\": 2, \"rates\": [{\"from_step\": 0, \"rate\": %g}]}, \"members\": [%s],"
        "\"data\": {\"features\": {\"min\": 0, \"max\": 2, \"multiplier\": 4}, \"classes\": [\"low\", \"high\"]}}",
        fields, holders / 8.0, members);
    return write_text(t, "job.json", job);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info, (void)type, (void)walk;
    return remove(path);
}

void cs_tiny_free(cs_tiny *t) {
    nftw(t->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

cs_status cs_tiny_edit(const cs_tiny *t, const char *file, const char *what, const char *with) {
    char path[112];
    cs_buffer text = {0};
    snprintf(path, sizeof path, "%s/%s", t->folder, file);
    CS_TRY(cs_file_read(path, 1 << 20, &text));
    cs_buffer_append(&text, "", 1);
    cs_status status = cs_buffer_status(&text);
    if (status == CS_OK && strstr((const char *)text.data, what) == NULL)
        status = cs_fail(CS_ERR_INPUT, "%s has no \"%s\"", file, what);
    char *changed = status == CS_OK ? cs_string_replace((const char *)text.data, what, with) : NULL;
    if (changed != NULL)
        status = write_text(t, file, changed);
    cs_free(changed);
    cs_buffer_free(&text);
    return status;
}

cs_status cs_tiny_identify(cs_tiny *t) {
    static const char *const names[CS_TINY_RANKS] = {"alice", "bob", "carol"};
    char folder[sizeof t->folder];
    memcpy(folder, t->folder, sizeof folder);
    for (int i = 0; i < t->ranks; i++) {
        cs_secret_identity me;
        char path[112], what[64], with[128], number[16];
        snprintf(number, sizeof number, "m%d", i);
        const char *name = t->numbered ? number : names[i];
        snprintf(t->keys[i], sizeof t->keys[i], "%s/%s.key", folder, name);
        snprintf(path, sizeof path, "%s/%s.pub", t->folder, name);
        snprintf(what, sizeof what, "\"name\": \"%s\"", name);
        snprintf(with, sizeof with, "%s, \"identity\": \"%s.pub\"", what, name);
        CS_TRY(cs_secret_identity_generate(&me, name));
        CS_TRY(cs_secret_identity_save(&me, t->keys[i], NULL));
        CS_TRY(cs_secret_identity_publish_file(&me, path));
        CS_TRY(cs_tiny_edit(t, "job.json", what, with));
        t->options[i].key = t->keys[i];
    }
    return CS_OK;
}

static cs_status run_member(cs_comm *comm, void *arg) {
    cs_tiny *t = arg;
    if (t->network != NULL)
        t->network(comm);
    if (t->faults != NULL)
        CS_TRY(cs_faults_install(t->faults, comm));
    const cs_status status = cs_run(comm, &t->options[comm->rank], &t->reports[comm->rank]);
    if (t->faults != NULL)
        cs_faults_remove(t->faults, comm);
    return status;
}

cs_status cs_tiny_run_ranks(cs_tiny *t, const char *out, int ranks) {
    void *args[CS_TINY_MOST];
    snprintf(t->out, sizeof t->out, "%s/%s", t->folder, out);
    snprintf(t->attestation, sizeof t->attestation, "%s/tiny.attestation", t->out);
    snprintf(t->model, sizeof t->model, "%s/tiny.safetensors", t->out);
    snprintf(t->report, sizeof t->report, "%s/tiny.report.json", t->out);
    for (int i = 0; i < ranks; i++) {
        args[i] = t;
        if (t->options[i].job == NULL)
            t->options[i].job = t->job;
        t->options[i].out = t->out;
    }
    return cs_comm_run_threads(ranks, run_member, args, t->outcomes);
}

cs_status cs_tiny_run(cs_tiny *t, const char *out) {
    return cs_tiny_run_ranks(t, out, t->ranks);
}

bool cs_tiny_same_files(const char *a, const char *b) {
    cs_buffer x = {0}, y = {0};
    const bool same = cs_file_read(a, 1 << 24, &x) == CS_OK && cs_file_read(b, 1 << 24, &y) == CS_OK && x.size == y.size &&
                      memcmp(x.data, y.data, x.size) == 0;
    cs_buffer_free(&x);
    cs_buffer_free(&y);
    return same;
}

void cs_tiny_expect_names(const cs_tiny *t, int ranks, unsigned named) {
    for (int who = 0; who < ranks; who++)
        for (int i = 0; i < ranks; i++) {
            char name[24];
            snprintf(name, sizeof name, "rank %d (", i);
            if ((strstr(t->outcomes[who].text, name) != NULL) != ((named >> i & 1) != 0))
                fail_msg("rank %d %s named: %s", i, named >> i & 1 ? "is not" : "is", t->outcomes[who].text);
        }
}
