#include "attest/segments.h"

#include "commands.h"

enum { JSON, MEMORY, SEGMENTS, N_OPTIONS };

static const struct option OPTIONS[] = {{"json", no_argument, NULL, JSON},
                                        {"memory", required_argument, NULL, MEMORY},
                                        {"segments", required_argument, NULL, SEGMENTS},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static const char USAGE[] = "usage: consort plan JOB.json [--memory SIZE] [--segments N] [--json]\n\n"
                            "Reads and checks the job and prints what it will cost: committed integers, memory, proof, "
                            "verification. Reads no data.\n\n"
                            "  --memory SIZE   how the job is cut into segments if a rank may take that much (800M, 1.5G)\n"
                            "  --segments N    at least so many segments, whatever the job says\n"
                            "  --json          the plan as JSON\n";

static cs_status show(const cs_job *job, size_t segments, bool json) {
    cs_buffer text = {0};
    json_t *out;
    if (json) {
        CS_TRY(cs_segments_plan_to_json(&out, job, segments));
        return cs_cli_print_json(out);
    }
    const cs_status status = cs_segments_plan_to_text(&text, job, segments), printed = cs_cli_print(&text);
    return status == CS_OK ? printed : status;
}

cs_status cs_cli_plan(int argc, char **argv) {
    const char *values[N_OPTIONS] = {0}, *file;
    int help;
    double memory = 0;
    size_t wanted = 1, segments = 1;
    CS_TRY(cs_cli_parse(argc, argv, OPTIONS, values, &file, 1, USAGE, &help));
    if (help)
        return CS_OK;
    if (values[MEMORY] != NULL)
        CS_TRY(cs_memory_size(&memory, "--memory", values[MEMORY]));
    if (values[SEGMENTS] != NULL)
        CS_TRY(cs_segments_number(&wanted, "--segments", values[SEGMENTS]));
    cs_job job;
    CS_TRY(cs_job_load(&job, file));
    cs_status status = cs_segments_choose(&segments, &job, memory, wanted);
    if (status == CS_OK)
        status = show(&job, segments, values[JSON] != NULL);
    cs_job_free(&job);
    return status;
}
