#include "attest/plan.h"

#include "commands.h"

enum { JSON, N_OPTIONS };

static const struct option OPTIONS[] = {
    {"json", no_argument, NULL, JSON}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

static const char USAGE[] = "usage: consort plan JOB.json [--json]\n\n"
                            "Reads and checks the job and prints what it will cost: committed integers, memory, proof, "
                            "verification. Reads no data.\n";

cs_status cs_cli_plan(int argc, char **argv) {
    const char *values[N_OPTIONS] = {0}, *file;
    int help;
    CS_TRY(cs_cli_parse(argc, argv, OPTIONS, values, &file, 1, USAGE, &help));
    if (help)
        return CS_OK;
    cs_job job;
    cs_plan plan;
    cs_buffer text = {0};
    CS_TRY(cs_job_load(&job, file));
    cs_status status = cs_plan_new(&plan, &job.params);
    if (status == CS_OK && values[JSON] == NULL)
        cs_plan_to_text(&text, &plan, &job);
    if (status == CS_OK)
        status = values[JSON] != NULL ? cs_cli_print_json(cs_plan_to_json(&plan)) : cs_cli_print(&text);
    cs_job_free(&job);
    return status;
}
