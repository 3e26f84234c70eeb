#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "attest/job_licences.h"
#include "attest/plan.h"
#include "attest/run_state.h"
#include "attest/segments.h"
#include "base/file.h"
#include "base/memory.h"
#include "provenance/identity_file.h"

static bool is_root(const cs_run_state *r) {
    return r->comm->rank == 0;
}

static const cs_job_member *me(const cs_run_state *r) {
    return &r->job.members[cs_run_me(r)];
}

static cs_status check_ranks(const cs_run_state *r) {
    const int members = cs_job_members(&r->job), ranks = r->comm->size;
    if (ranks != members)
        return cs_fail(CS_ERR_USAGE,
                       "%s: the job has %d members, this run has %d ranks; start one rank per member: mpirun -n %d …",
                       r->job.file, members, ranks, members);
    snprintf(r->report->member, sizeof r->report->member, "%s", me(r)->name);
    const char *name = r->options->member;
    if (name != NULL && strcmp(name, me(r)->name) != 0)
        return cs_fail(CS_ERR_USAGE,
                       "--member %s: rank %d is member \"%s\" of %s; give the members' commands in the order of the job",
                       name, r->comm->rank, me(r)->name, r->job.file);
    return CS_OK;
}

/* The lockstep knows who has data: the others have no part in the proof. */
static cs_status set_idle(cs_run_state *r) {
    bool idle[CS_MAX_RANKS];
    for (int i = 0; i < r->comm->size; i++)
        idle[i] = cs_run_member(r, i) >= r->job.params.n_ranks;
    return cs_comm_set_idle(r->comm, r->job.n_idle > 0 ? idle : NULL);
}

static cs_status load_identity(cs_run_state *r, const char *path) {
    char *passphrase = NULL;
    bool sealed;
    CS_TRY(cs_secret_identity_is_sealed(&sealed, path));
    if (sealed && r->options->passphrase_file != NULL)
        CS_TRY(cs_passphrase_load(&passphrase, r->options->passphrase_file));
    const cs_status status = cs_secret_identity_load(&r->identity, path, passphrase);
    cs_free(passphrase);
    return status;
}

static cs_status load_key(cs_run_state *r) {
    const char *path = r->options->key;
    if (path == NULL && me(r)->has_key)
        return cs_fail(CS_ERR_USAGE, "%s names a key for member \"%s\": give its secret key file with --key", r->job.file,
                       me(r)->name);
    if (path == NULL && r->options->checkpoint != NULL)
        return cs_run_key_of_checkpoints(r);
    if (path == NULL)
        return cs_secret_identity_generate(&r->identity, me(r)->name);
    CS_TRY(load_identity(r, path));
    const cs_job_member *m = me(r);
    if ((m->has_key && memcmp(r->identity.public.x25519, m->key, CS_KEY_SIZE) != 0) ||
        (m->signer.identified && memcmp(r->identity.public.ed25519, m->signer.ed25519, CS_SIGN_KEY_SIZE) != 0))
        return cs_fail(CS_ERR_USAGE, "%s is not the key that %s names for member \"%s\"", path, r->job.file, me(r)->name);
    return CS_OK;
}

/* Nobody waits longer for another rank than ten whole runs on one core would take, and ten minutes. */
static cs_status set_timeout(cs_run_state *r) {
    enum { FLOOR_SECONDS = 600, RUNS = 10 };
    cs_plan plan;
    CS_TRY(cs_plan_new(&plan, &r->job.params));
    const double given = r->options->timeout, planned = FLOOR_SECONDS + RUNS * plan.rank_cpu_seconds * r->comm->size;
    r->comm->timeout = given > 0 ? given : given < 0 ? 0 : planned;
    return CS_OK;
}

/* Whether the plan fits this rank's memory, in as many segments as that takes or the job says; and when it would be done. */
static cs_status check_plan(cs_run_state *r) {
    const cs_run_options *o = r->options;
    const int here = o->ranks_here > 0 ? o->ranks_here : r->comm->size;
    const double cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    r->crowd = here > cores && cores >= 1 ? here / cores : 1;
    const double memory = o->memory > 0 ? o->memory : cs_memory_available() / here;
    const double kept = o->attributable ? cs_sent_sums_bytes(r->job.params.steps, r->comm->size) : 0;
    if (memory > 0 && kept >= memory)
        return cs_fail(
            CS_ERR_MEMORY,
            "--attributable: hashes of the sums of %zu steps take %.0f MiB, and this rank may take %.0f MiB: give "
            "it more (--memory), or run the job without the option",
            r->job.params.steps, kept / (1 << 20), memory / (1 << 20));
    /* the plan is that of a rank with data: an idle one has no need to cut the job */
    return cs_segments_choose(&r->segments, &r->job, memory > 0 && cs_run_holds(r) ? memory - kept : 0, o->segments);
}

/* The proof is long work: better no room on the disk now than then. */
static cs_status check_room(const cs_run_state *r) {
    struct statvfs fs;
    cs_plan plan;
    CS_TRY(cs_plan_new(&plan, &r->job.params));
    const double needed = 4 * plan.proof_bytes + 24 * (double)plan.parameters;
    if (statvfs(r->options->out, &fs) != 0)
        return CS_OK;
    const double room = (double)fs.f_bavail * (double)fs.f_frsize;
    if (room < needed)
        return cs_fail(CS_ERR_IO, "%s: %.0f KiB free, about %.0f KiB will be needed", r->options->out, room / 1024,
                       needed / 1024);
    return CS_OK;
}

static cs_status check_outputs(cs_run_state *r) {
    CS_TRY(cs_run_name_outputs(r));
    if (r->options->profile != NULL)
        CS_TRY(cs_file_must_not_exist(r->options->profile));
    CS_TRY(cs_file_make_folder(r->options->out));
    return check_room(r);
}

static cs_status load_test(cs_run_state *r) {
    if (r->job.test_data == NULL)
        return CS_OK;
    const cs_dataset_options options = cs_job_dataset_options(&r->job, r->job.test_labels, 0);
    return cs_dataset_load(&r->test, &options, r->job.test_data);
}

cs_status cs_run_prepare(cs_run_state *r) {
    CS_TRY(cs_job_load_without(&r->job, r->options->job, r->options->exclude));
    CS_TRY(check_ranks(r));
    CS_TRY(set_idle(r));
    if (r->options->attributable && r->job.honest_but_curious)
        return cs_fail(CS_ERR_USAGE, "--attributable: the job declares its members honest_but_curious; take that out of it");
    CS_TRY(set_timeout(r));
    CS_TRY(cs_run_load_initial(r));
    CS_TRY(cs_job_digest(r->job_digest, &r->job, r->initial_given ? r->initial_digest : NULL));
    CS_TRY(cs_run_load_manifest(r));
    CS_TRY(check_plan(r));
    if (is_root(r)) {
        CS_TRY(check_outputs(r));
#ifndef CS_TAMPER /* test builds: a root that does not look */
        CS_TRY(cs_job_check_proofs(&r->job));
#endif
        CS_TRY(load_test(r));
    }
    CS_TRY(cs_run_name_checkpoints(r));
    CS_TRY(load_key(r));
    CS_TRY(cs_run_find_checkpoints(r));
    return cs_run_load_datasets(r);
}
