/* How right the time to finish would have been on an idle machine with a core for each rank: a run's CPU seconds by stage
 * (the largest of the ranks') are the clock, and stages that report how far they are do so evenly. For machines with other
 * work, whose clock on the wall says little. Without the verification, whose CPU is not in the report. One JSON line: the
 * worst error from a tenth to nine tenths of the run, of the whole and of what was left; the stages' shares, forecast and
 * measured.
 *
 *   bench_forecast JOB.json JOB.report.json */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "attest/forecast.h"
#include "attest/job.h"

enum { STAGES = 24, POINTS = 200 };

typedef struct run {
    size_t n;
    const char *names[STAGES];
    double seconds[STAGES], all;
} run;

static cs_status read_report(run *out, const json_t *report) {
    size_t k;
    const json_t *stage;
    *out = (run){0};
    json_array_foreach(json_object_get(report, "stages"), k, stage) {
        if (out->n == STAGES)
            break;
        out->names[out->n] = json_string_value(json_object_get(stage, "stage"));
        out->seconds[out->n] = json_number_value(json_object_get(stage, "cpu_max"));
        if (out->names[out->n] == NULL || out->seconds[out->n] <= 0)
            continue; /* the report is made before the verification's CPU is known */
        out->all += out->seconds[out->n++];
    }
    return out->n > 0 && out->all > 0 ? CS_OK : cs_fail(CS_ERR_INPUT, "no stages in the report");
}

static int reports_progress(const char *stage) {
    return strcmp(stage, "training") == 0 || strcmp(stage, "commitments") == 0 || strcmp(stage, "lookups") == 0;
}

/* Seconds left that would have been told at time t. */
static double told(const cs_forecast *f, const run *r, double t) {
    double seconds[STAGES];
    size_t k = 0;
    for (; k + 1 < r->n && t >= r->seconds[k]; k++) {
        seconds[k] = r->seconds[k];
        t -= seconds[k];
    }
    const int reports = reports_progress(r->names[k]);
    seconds[k] = t;
    return cs_forecast_left(f, r->names, seconds, k + 1, reports ? t / r->seconds[k] : 0, reports ? 0 : t);
}

static void show(const cs_forecast *f, const run *r, const char *job, int ranks) {
    double worst = 0, worst_left = 0, planned = 0;
    for (int point = POINTS / 10; point <= POINTS * 9 / 10; point++) {
        const double t = r->all * point / POINTS, left = told(f, r, t), error = fabs(t + left - r->all);
        worst = fmax(worst, error / r->all);
        worst_left = fmax(worst_left, error / (r->all - t));
    }
    printf(
        "{\"job\": \"%s\", \"ranks\": %d, \"cpu_s\": %.3f, \"error_of_all\": %.3f, \"error_of_rest\": %.3f, \"shares\": {",
        job, ranks, r->all, worst, worst_left);
    for (size_t i = 0; i < f->n; i++)
        planned += f->seconds[i];
    for (size_t k = 0, shown = 0; k < r->n; k++)
        for (size_t i = 0; i < f->n; i++)
            if (strcmp(f->names[i], r->names[k]) == 0)
                printf("%s\"%s\": [%.3f, %.3f]", shown++ > 0 ? ", " : "", r->names[k], f->seconds[i] / planned,
                       r->seconds[k] / r->all);
    printf("}}\n");
}

static cs_status compare(const char *job_path, const json_t *report) {
    cs_job job;
    cs_plan plan;
    cs_forecast forecast;
    run r;
    CS_TRY(read_report(&r, report));
    CS_TRY(cs_job_load(&job, job_path));
    const cs_status status = cs_plan_new(&plan, &job.params);
    if (status == CS_OK) {
        cs_forecast_new(&forecast, &plan, &job.params, 1);
        forecast.n--; /* the verification */
        show(&forecast, &r, job.name, job.params.n_ranks);
    }
    cs_job_free(&job);
    return status;
}

int main(int argc, char **argv) {
    json_t *report = argc == 3 ? json_load_file(argv[2], 0, NULL) : NULL;
    cs_status status =
        report != NULL ? compare(argv[1], report) : cs_fail(CS_ERR_USAGE, "usage: bench_forecast JOB.json JOB.report.json");
    json_decref(report);
    if (status != CS_OK)
        fprintf(stderr, "bench_forecast: %s\n", cs_error_text());
    return (int)status;
}
