/* consort-prove: one rank of a run. */
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attest/segments.h"
#include "base/harden.h"
#include "base/isa.h"
#include "consort/version.h"
#include "curve/generators.h"
#include "fault.h"
#include "options.h"
#include "progress_bar.h"
#include "provenance/refusal.h"
#include "transport.h"

/* mpirun ends with the first failure that it sees: that of a rank which only heard of the failure comes after its cause. */
enum { LATE_NANOSECONDS = 300 * 1000 * 1000 };

/* CS_ERR_IO if not all that was printed has arrived. */
static cs_status finish_output(void) {
    return fflush(stdout) == 0 && !ferror(stdout) ? CS_OK : cs_fail(CS_ERR_IO, "cannot write to the standard output");
}

/* Prints the text and frees the buffer. */
static cs_status print(cs_buffer *text) {
    const cs_status status = cs_buffer_status(text);
    if (status == CS_OK)
        (void)fwrite(text->data, 1, text->size, stdout);
    cs_buffer_free(text);
    return status == CS_OK ? finish_output() : status;
}

/* Prints and releases. */
static cs_status print_json(json_t *v) {
    const bool printed = v != NULL && json_dumpf(v, stdout, JSON_INDENT(2)) == 0;
    json_decref(v);
    if (!printed && !ferror(stdout))
        return cs_fail(CS_ERR_MEMORY, "no memory for the JSON output");
    (void)putchar('\n');
    return finish_output();
}

static cs_status show_plan(const cs_job *job, size_t segments, bool json) {
    cs_buffer text = {0};
    json_t *out;
    if (json) {
        CS_TRY(cs_segments_plan_to_json(&out, job, segments));
        return print_json(out);
    }
    const cs_status status = cs_segments_plan_to_text(&text, job, segments), printed = print(&text);
    return status == CS_OK ? printed : status;
}

/* Under mpirun every process gets here; the first one speaks. As if all members ran on this machine, unless --memory says
 * otherwise. */
static cs_status plan(const cs_prove_options *options) {
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    cs_job job;
    size_t segments;
    CS_TRY(cs_job_load_without(&job, options->run.job, options->run.exclude));
    const double memory = options->run.memory > 0 ? options->run.memory : cs_memory_available() / cs_job_members(&job);
    cs_status status = cs_segments_choose(&segments, &job, memory, options->run.segments);
    if (status == CS_OK && (rank == NULL || strcmp(rank, "0") == 0))
        status = show_plan(&job, segments, options->json);
    cs_job_free(&job);
    return status;
}

static cs_status show(const cs_prove_options *options, const cs_run_report *report) {
    cs_buffer text = {0};
    if (options->json)
        return print_json(cs_run_report_to_json(report));
    if (options->quiet)
        return CS_OK;
    cs_run_report_to_text(&text, report);
    return print(&text);
}

#ifdef CS_TAMPER
/* Test builds only: CONSORT_TAMPER=gradient@RANK makes that rank add to its gradient of the first step; sum@RANK, to the
 * sums that it shows; pads@RANK, to its gradient, and say that it is in its pads with the first other rank. */
static void tamper(void *context, int rank, size_t step, int what, size_t layer, size_t limb, int64_t *values, size_t rows,
                   size_t columns) {
    (void)context, (void)limb, (void)rows;
    const char *wanted = getenv("CONSORT_TAMPER");
    int cheat;
    if (wanted != NULL && (sscanf(wanted, "gradient@%d", &cheat) == 1 || sscanf(wanted, "pads@%d", &cheat) == 1) &&
        cheat == rank && step == 0 && layer == 1 && what == CS_TAMPER_GRADIENT)
        values[0] += 1 << 12;
    if (wanted != NULL && sscanf(wanted, "sum@%d", &cheat) == 1 && cheat == rank && step == 0 && what == CS_TAMPER_SUM &&
        columns > 0)
        values[0] += 1 << 12;
}

/* ... and stand by it when it is asked what it sent. */
static void stand_by(void *context, int rank, size_t step, int64_t *values, size_t n) {
    (void)n;
    tamper(context, rank, step, CS_TAMPER_GRADIENT, 1, 0, values, 1, 1);
}

static void lie_about_pads(void *context, int rank, int peer, size_t step, unsigned __int128 *values, size_t n) {
    const char *wanted = getenv("CONSORT_TAMPER");
    int cheat;
    (void)context, (void)n;
    if (wanted != NULL && sscanf(wanted, "pads@%d", &cheat) == 1 && cheat == rank && peer == (cheat == 0) && step == 0)
        values[0] += 1 << 12;
}

/* CONSORT_TAMPER=LABEL@RANK makes that rank lie in its first message of this label, and go on. */
static void lie(void *context, int rank, cs_label label, size_t occurrence, cs_fr *values, size_t n) {
    const char *wanted = getenv("CONSORT_TAMPER");
    char text[64];
    int cheat;
    (void)context;
    if (wanted == NULL || sscanf(wanted, "%63[^@]@%d", text, &cheat) != 2 || cheat != rank || occurrence != 0 ||
        strcmp(cs_label_text(label), text) != 0)
        return;
    for (size_t k = 0; k < n; k++)
        values[k] = cs_fr_add(values[k], CS_FR_ONE);
}
#endif

/* Collective where mpirun has not said it: under srun. */
static int ranks_here(void) {
    const char *local = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    return local != NULL ? (int)strtol(local, NULL, 10) : cs_mpi_ranks_here();
}

/* ------------------------------------------------------------ stopping on request */

static cs_run_stop stop;

/* A rank that trains saves before it leaves; whatever else it does is in its last checkpoint, or is made again. */
static void on_signal(int number) {
    static const char text[] = "consort-prove: stopped on request; --resume goes on from the last checkpoint\n";
    (void)number;
    if (stop.saving) {
        stop.wanted = 1;
        return;
    }
    const ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    _exit(CS_ERR_STOPPED);
}

/* Those that ask to stop; one that is ignored, as HUP under nohup, stays so. */
static void listen_to_signals(void) {
    static const int all[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
    (void)sigemptyset(&action.sa_mask);
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        if (sigaction(all[k], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            (void)sigaction(all[k], &action, NULL);
}

static void warn(const char *text) {
    fprintf(stderr, "consort-prove: %s\n", text);
}

static cs_status run(cs_comm *comm, cs_prove_options *options) {
    cs_progress_bar bar;
    cs_run_report report;
    char name[32];
    const bool speaks = comm->rank == 0 && !options->quiet;
    options->run.warn = warn;
    options->run.stop = &stop;
    if (options->run.checkpoint != NULL)
        listen_to_signals();
    if (speaks)
        options->run.progress = cs_progress_bar_start(&bar, options->progress);
#ifdef CS_TAMPER
    const char *wanted = getenv("CONSORT_TAMPER"), *at = wanted != NULL ? strchr(wanted, '@') : NULL;
    const bool lies = at != NULL && strncmp(wanted, "gradient@", 9) != 0 && strncmp(wanted, "sum@", 4) != 0;
    cs_attack attack = {
        .dishonest = lies && atoi(at + 1) == comm->rank, .message = lie, .contribution = stand_by, .pads = lie_about_pads};
    options->run.tamper = tamper;
    cs_fault_install(&options->run, comm->rank);
    options->run.attack = &attack;
#endif
    cs_status status = cs_run(comm, &options->run, &report);
    if (speaks)
        cs_progress_bar_end(&bar);
    if (status == CS_OK && comm->rank == 0)
        status = show(options, &report);
    if (status != CS_OK)
        fprintf(stderr, "consort-prove: rank %d%s%s%s: %s: %s\n", comm->rank, report.member[0] ? " (" : "", report.member,
                report.member[0] ? ")" : "", cs_refusal_status_name(name, status), cs_error_text());
    return status;
}

/* Everything that needs no other rank. Returns whether it was that. */
static bool answer_alone(const cs_prove_options *options, cs_status *status) {
    if (options->help)
        fputs(cs_prove_usage(), stdout);
    else if (options->version)
        printf("consort-prove %s (%s)\n", CONSORT_VERSION, cs_isa_name(cs_isa_chosen()));
    else if (options->plan)
        *status = plan(options);
    else
        return false;
    return true;
}

int main(int argc, char **argv) {
    cs_prove_options options;
    cs_delay *delay = NULL;
    cs_comm comm;
    cs_harden_process();
    (void)signal(SIGPIPE, SIG_IGN); /* whoever read the progress may leave: the others' work is not lost with it */
    if (sodium_init() < 0) {
        fprintf(stderr, "consort-prove: libsodium does not start\n");
        return CS_ERR_INTERNAL;
    }
    cs_status status = cs_isa_check();
    if (status == CS_OK)
        status = cs_prove_options_parse(&options, argc, argv);
    if (status == CS_OK && answer_alone(&options, &status)) {
        if (status == CS_OK)
            status = finish_output();
        if (status != CS_OK)
            fprintf(stderr, "consort-prove: %s\n", cs_error_text());
        return cs_refusal_exit_status(status);
    }
    if (status != CS_OK)
        fprintf(stderr, "consort-prove: %s\n", cs_error_text());
    const cs_status started = cs_mpi_comm_init(&comm, &argc, &argv);
    if (started != CS_OK) {
        fprintf(stderr, "consort-prove: %s\n", cs_error_text());
        return (int)started;
    }
    const int here = ranks_here();
    if (status == CS_OK)
        options.run.ranks_here = here;
    if (status == CS_OK && options.has_network)
        status = cs_delay_install(&delay, &comm, &options.network);
    status = status == CS_OK ? run(&comm, &options) : cs_comm_raise(&comm, status);
    cs_delay_remove(delay, &comm);
    cs_mpi_comm_finalize(&comm);
    cs_generators_release();
    if (status == CS_ERR_RANK)
        nanosleep(&(struct timespec){.tv_nsec = LATE_NANOSECONDS}, NULL);
    return cs_refusal_exit_status(status);
}
