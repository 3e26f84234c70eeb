#include "attest/job_parts.h"

#include "data/schema.h"

/* Features are looked up in the table of signed values, so their images must lie in it. */
static cs_status check_affine(const cs_job *job, const cs_json *v, const cs_affine *map) {
    const int32_t half = (int32_t)1 << (job->params.value_bits - 1);
    const int32_t low = cs_affine_apply(map, map->min), high = cs_affine_apply(map, map->max);
    if (low < -half || high >= half)
        return cs_json_fail(v, "[%g, %g] becomes [%d, %d]; allowed with %u value bits: [%d, %d]: lower the multiplier",
                            map->min, map->max, low, high, job->params.value_bits, -half, half - 1);
    return CS_OK;
}

cs_status cs_job_read_data(cs_job *job, const cs_json *v) {
    const cs_json features = cs_json_get(v, "features");
    cs_schema s;
    CS_TRY(cs_schema_read(&s, v, job->params.widths[0], job->params.widths[job->params.layers]));
    job->format = s.format;
    job->header = s.header;
    job->skip_lines = s.skip_lines;
    job->label_name = s.label_name;
    job->label_column = s.label_column;
    job->classes = s.classes;
    job->affine = s.affine;
    job->affine_count = s.affine_count;
    for (size_t k = 0; k < job->affine_count; k++)
        CS_TRY(check_affine(job, &features, &job->affine[k]));
    return CS_OK;
}

cs_status cs_job_read_test(cs_job *job, const cs_json *v) {
    const cs_json data = cs_json_get(v, "data"), labels = cs_json_get(v, "labels");
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_json_object(v, &CS_JOB_SHAPES[CS_SHAPE_TEST]));
    CS_TRY(cs_job_read_path(&job->test_data, job, &data, NULL));
    return cs_job_read_path(&job->test_labels, job, &labels, NULL);
}
