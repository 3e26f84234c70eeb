#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "attest/segments.h"

enum {
    OPT_OUT = 256,
    OPT_PLAN,
    OPT_JSON,
    OPT_QUIET,
    OPT_DATA,
    OPT_LABELS,
    OPT_OPENING,
    OPT_KEY,
    OPT_PASSPHRASE,
    OPT_MEMBER,
    OPT_EXCLUDE,
    OPT_ATTRIBUTABLE,
    OPT_NETWORK,
    OPT_TIMEOUT,
    OPT_PROFILE,
    OPT_PROGRESS,
    OPT_MEMORY,
    OPT_SEGMENTS,
    OPT_SPEED,
    OPT_CHECKPOINT,
    OPT_EVERY,
    OPT_RESUME,
    OPT_HELP,
    OPT_VERSION
};

static const struct option OPTIONS[] = {{"out", required_argument, NULL, OPT_OUT},
                                        {"plan", no_argument, NULL, OPT_PLAN},
                                        {"json", no_argument, NULL, OPT_JSON},
                                        {"quiet", no_argument, NULL, OPT_QUIET},
                                        {"data", required_argument, NULL, OPT_DATA},
                                        {"labels", required_argument, NULL, OPT_LABELS},
                                        {"opening", required_argument, NULL, OPT_OPENING},
                                        {"key", required_argument, NULL, OPT_KEY},
                                        {"passphrase-file", required_argument, NULL, OPT_PASSPHRASE},
                                        {"member", required_argument, NULL, OPT_MEMBER},
                                        {"exclude", required_argument, NULL, OPT_EXCLUDE},
                                        {"attributable", no_argument, NULL, OPT_ATTRIBUTABLE},
                                        {"network", required_argument, NULL, OPT_NETWORK},
                                        {"timeout", required_argument, NULL, OPT_TIMEOUT},
                                        {"profile", required_argument, NULL, OPT_PROFILE},
                                        {"progress", no_argument, NULL, OPT_PROGRESS},
                                        {"memory", required_argument, NULL, OPT_MEMORY},
                                        {"segments", required_argument, NULL, OPT_SEGMENTS},
                                        {"speed", required_argument, NULL, OPT_SPEED},
                                        {"checkpoint", required_argument, NULL, OPT_CHECKPOINT},
                                        {"checkpoint-every", required_argument, NULL, OPT_EVERY},
                                        {"resume", no_argument, NULL, OPT_RESUME},
                                        {"help", no_argument, NULL, OPT_HELP},
                                        {"version", no_argument, NULL, OPT_VERSION},
                                        {NULL, 0, NULL, 0}};

const char *cs_prove_usage(void) {
    return "usage: mpirun -n MEMBERS consort-prove JOB --out DIR [options]\n"
           "       consort-prove JOB --plan [--json]\n"
           "\n"
           "Trains the job's model together with the other members and proves it. One rank per member, in the job's order;\n"
           "each rank reads its own member's data only. Members with machines of their own give their own options:\n"
           "  mpirun -n 1 consort-prove JOB --out DIR --data a.csv : -n 1 consort-prove JOB --out DIR --data b.csv\n"
           "\n"
           "  --out DIR        where the first member writes NAME.attestation, NAME.safetensors and NAME.report.json\n"
           "  --plan           print what the job will cost and stop; needs no mpirun\n"
           "  --data PATH      this member's data, instead of the job's\n"
           "  --labels PATH    the labels that belong to it, if they have a file of their own\n"
           "  --opening PATH   the secret blindings of this member's data (made if missing; default: DATA.opening)\n"
           "  --key FILE       this member's secret key (consort keygen)\n"
           "  --passphrase-file FILE   the passphrase of that key, if it has one (default: $CONSORT_PASSPHRASE_FILE)\n"
           "  --member NAME    fail unless this rank is that member\n"
           "  --exclude NAMES  run the job without these members (a,b), as if it did not name them\n"
           "  --attributable   if a proof fails, find out also who sent a wrong part of a sum; for all members or for none\n"
           "  --network LATENCY[,BANDWIDTH]   as if all ranks were so far apart (0, 10ms, 0.1ms,10Gbit), for measuring;\n"
           "                   the report then says what bounds the run on other networks\n"
           "  --timeout SECONDS   give up when another rank is not heard of for so long (0: never; default: 10 minutes and\n"
           "                   ten times the planned time of the run)\n"
           "  --profile FILE   a timeline of all ranks, for chrome://tracing or ui.perfetto.dev\n"
           "  --progress       stage, part done and seconds left as lines of JSON on standard error, for a log\n"
           "  --memory SIZE    what this rank may take (800M, 1.5G; default: its share of what the machine has): a job "
           "that\n"
           "                   needs more is cut into segments, which are proved one after the other\n"
           "  --segments N     at least so many segments\n"
           "  --speed X        this rank counts as X times as fast as it was measured at the start (0.5: half): slower "
           "ranks\n"
           "                   get less of the work that is shared out\n"
           "  --checkpoint DIR   write checkpoints there, sealed under this member's key; on TERM or USR1 one more, and "
           "leave\n"
           "  --checkpoint-every SECONDS|Nsteps   while training (600; the first member's counts)\n"
           "  --resume         go on from the latest checkpoint that all members have\n"
           "  --json           the report as JSON\n"
           "  --quiet          no progress and no report\n"
           "  --version, --help\n"
           "\n"
           "Exit status: 0 done, 2 wrong usage, 3 bad input, 4 file error, 5 memory, 6 a value left its range,\n"
           "7 another rank failed, 8 a rank's own check failed, 1 the proof did not verify, 9 defect, 10 stopped on "
           "request.\n";
}

/* 0 on the command line is for ever, which the run calls negative. */
static cs_status take_seconds(double *out, const char *text) {
    static const double MAX_SECONDS = 1e7;
    char *end;
    const double seconds = strtod(text, &end);
    if (end == text || *end != 0 || !(seconds >= 0 && seconds <= MAX_SECONDS))
        return cs_fail(CS_ERR_USAGE, "--timeout %s: a number of seconds is expected, from 0 to %.0f", text, MAX_SECONDS);
    *out = seconds > 0 ? seconds : -1;
    return CS_OK;
}

static cs_status take_speed(double *out, const char *text) {
    static const double LEAST = 0.01, MOST = 100;
    char *end;
    const double x = strtod(text, &end);
    if (end == text || *end != 0 || !(x >= LEAST && x <= MOST))
        return cs_fail(CS_ERR_USAGE, "--speed %s: a number is expected, from %g to %g", text, LEAST, MOST);
    *out = x;
    return CS_OK;
}

/* "90", seconds, or "500steps". */
static cs_status take_interval(cs_prove_options *out, const char *text) {
    char *end;
    errno = 0;
    const unsigned long long n = strtoull(text, &end, 10);
    const bool steps = strcmp(end, "steps") == 0;
    if (text[0] < '0' || text[0] > '9' || errno != 0 || n == 0 || n > INT32_MAX || (*end != '\0' && !steps))
        return cs_fail(CS_ERR_USAGE, "--checkpoint-every %s: seconds (90) or steps (500steps) are expected", text);
    out->run.checkpoint_seconds = steps ? 0 : (double)n;
    out->run.checkpoint_steps = steps ? (size_t)n : 0;
    return CS_OK;
}

static cs_status take(cs_prove_options *out, int option, char **argv) {
    switch (option) {
    case OPT_OUT:
        out->run.out = optarg;
        return CS_OK;
    case OPT_DATA:
        out->run.data = optarg;
        return CS_OK;
    case OPT_LABELS:
        out->run.labels = optarg;
        return CS_OK;
    case OPT_OPENING:
        out->run.opening = optarg;
        return CS_OK;
    case OPT_KEY:
        out->run.key = optarg;
        return CS_OK;
    case OPT_PASSPHRASE:
        out->run.passphrase_file = optarg;
        return CS_OK;
    case OPT_MEMBER:
        out->run.member = optarg;
        return CS_OK;
    case OPT_EXCLUDE:
        out->run.exclude = optarg;
        return CS_OK;
    case OPT_ATTRIBUTABLE:
        out->run.attributable = true;
        return CS_OK;
    case OPT_PROFILE:
        out->run.profile = optarg;
        return CS_OK;
    case OPT_PROGRESS:
        out->progress = true;
        return CS_OK;
    case OPT_NETWORK:
        out->has_network = true;
        return cs_network_parse(&out->network, optarg);
    case OPT_TIMEOUT:
        return take_seconds(&out->run.timeout, optarg);
    case OPT_MEMORY:
        return cs_memory_size(&out->run.memory, "--memory", optarg);
    case OPT_SEGMENTS:
        return cs_segments_number(&out->run.segments, "--segments", optarg);
    case OPT_SPEED:
        return take_speed(&out->run.speed, optarg);
    case OPT_CHECKPOINT:
        out->run.checkpoint = optarg;
        return CS_OK;
    case OPT_EVERY:
        return take_interval(out, optarg);
    case OPT_RESUME:
        out->run.resume = true;
        return CS_OK;
    case OPT_PLAN:
        out->plan = true;
        return CS_OK;
    case OPT_JSON:
        out->json = true;
        return CS_OK;
    case OPT_QUIET:
        out->quiet = true;
        return CS_OK;
    case OPT_HELP:
        out->help = true;
        return CS_OK;
    case OPT_VERSION:
        out->version = true;
        return CS_OK;
    default:
        return cs_fail(CS_ERR_USAGE, "%s: unknown option, or its value is missing; see --help", argv[optind - 1]);
    }
}

cs_status cs_prove_options_parse(cs_prove_options *out, int argc, char **argv) {
    *out = (cs_prove_options){.run.passphrase_file = getenv("CONSORT_PASSPHRASE_FILE")};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":", OPTIONS, NULL)) != -1;)
        CS_TRY(take(out, option, argv));
    if (out->help || out->version)
        return CS_OK;
    if (optind + 1 != argc)
        return cs_fail(CS_ERR_USAGE,
                       optind == argc ? "the job file is missing; see --help" : "%s: one job file is expected; see --help",
                       argv[argc - 1]);
    out->run.job = argv[optind];
    if (!out->plan && out->run.out == NULL)
        return cs_fail(CS_ERR_USAGE, "--out DIR is missing; see --help");
    return CS_OK;
}
