#include "attest/job_parts.h"

#include <string.h>

#include "base/memory.h"
#include "base/strings.h"

static cs_status read_choice(int *out, const cs_json *v, const char *const *names, int n) {
    const char *text;
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_json_string(&text, v, 1, 32));
    for (*out = 0; *out < n; ++*out)
        if (strcmp(text, names[*out]) == 0)
            return CS_OK;
    return cs_json_fail(v, "\"%s\" is not one of the allowed values (docs/formats.md)", text);
}

static cs_status read_layout(cs_job *job, const cs_json *v) {
    static const char *const formats[] = {"auto", "csv", "idx", "npy"}, *const headers[] = {"auto", "none", "present"};
    const cs_json format = cs_json_get(v, "format"), header = cs_json_get(v, "header"), skip = cs_json_get(v, "skip_lines");
    const cs_json label = cs_json_get(v, "label");
    int f = CS_DATASET_AUTO, h = CS_DATASET_HEADER_AUTO;
    CS_TRY(read_choice(&f, &format, formats, 4));
    CS_TRY(read_choice(&h, &header, headers, 3));
    job->format = (cs_dataset_format)f;
    job->header = (cs_dataset_header)h;
    if (skip.value != NULL)
        CS_TRY(cs_json_size(&job->skip_lines, &skip, 0, 1000000));
    if (json_is_integer(label.value))
        return cs_json_size(&job->label_column, &label, 1, CS_DATASET_MAX_FEATURES);
    if (label.value == NULL)
        return CS_OK;
    const char *text;
    CS_TRY(cs_json_string(&text, &label, 1, 256));
    return cs_string_own(&job->label_name, cs_string_copy(text));
}

static cs_status read_classes(cs_job *job, const cs_json *v) {
    const size_t classes = job->params.widths[job->params.layers];
    size_t n;
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_json_array(&n, v, classes, classes));
    job->classes = CS_NEW(char *, n);
    if (job->classes == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(v, k);
        const char *text;
        CS_TRY(cs_json_string(&text, &item, 1, 256));
        CS_TRY(cs_string_own(&job->classes[k], cs_string_copy(text)));
    }
    return CS_OK;
}

/* A number for all features, or one per feature. `*count` becomes the number of features if it is a list. */
static cs_status count_feature(size_t *count, const cs_job *job, const cs_json *features, const char *name) {
    const cs_json v = cs_json_get(features, name);
    size_t n;
    if (!json_is_array(v.value))
        return CS_OK;
    CS_TRY(cs_json_array(&n, &v, job->params.widths[0], job->params.widths[0]));
    *count = n;
    return CS_OK;
}

static cs_status read_feature(double *out, const cs_json *features, const char *name, size_t k, double fallback) {
    const cs_json v = cs_json_get(features, name), item = cs_json_at(&v, k);
    *out = fallback;
    return v.value == NULL ? CS_OK : cs_json_number(out, json_is_array(v.value) ? &item : &v, -0x1p100, 0x1p100);
}

/* Features are looked up in the table of signed values, so their images must lie in it. */
static cs_status check_affine(const cs_job *job, const cs_json *v, const cs_affine *map) {
    const int32_t half = (int32_t)1 << (job->params.value_bits - 1);
    CS_TRY(cs_fail_prefix(cs_affine_check(map), "%s: %s", v->file, v->path));
    const int32_t low = cs_affine_apply(map, map->min), high = cs_affine_apply(map, map->max);
    if (low < -half || high >= half)
        return cs_json_fail(v, "[%g, %g] becomes [%d, %d]; allowed with %u value bits: [%d, %d]: lower the multiplier",
                            map->min, map->max, low, high, job->params.value_bits, -half, half - 1);
    return CS_OK;
}

static cs_status read_features(cs_job *job, const cs_json *v) {
    static const char *const names[] = {"min", "max", "offset", "multiplier"};
    CS_TRY(cs_json_object(v, &CS_JOB_SHAPES[CS_SHAPE_FEATURES]));
    job->affine_count = 1;
    for (size_t k = 0; k < 4; k++)
        CS_TRY(count_feature(&job->affine_count, job, v, names[k]));
    job->affine = CS_NEW(cs_affine, job->affine_count);
    if (job->affine == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < job->affine_count; k++) {
        cs_affine *map = &job->affine[k];
        CS_TRY(read_feature(&map->min, v, "min", k, 0));
        CS_TRY(read_feature(&map->max, v, "max", k, 0));
        CS_TRY(read_feature(&map->offset, v, "offset", k, 0));
        CS_TRY(read_feature(&map->multiplier, v, "multiplier", k, 0));
        CS_TRY(check_affine(job, v, map));
    }
    return CS_OK;
}

cs_status cs_job_read_data(cs_job *job, const cs_json *v) {
    const cs_json classes = cs_json_get(v, "classes"), features = cs_json_get(v, "features");
    CS_TRY(cs_json_object(v, &CS_JOB_SHAPES[CS_SHAPE_DATA]));
    CS_TRY(read_layout(job, v));
    CS_TRY(read_classes(job, &classes));
    return read_features(job, &features);
}

cs_status cs_job_read_test(cs_job *job, const cs_json *v) {
    const cs_json data = cs_json_get(v, "data"), labels = cs_json_get(v, "labels");
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_json_object(v, &CS_JOB_SHAPES[CS_SHAPE_TEST]));
    CS_TRY(cs_job_read_path(&job->test_data, job, &data, NULL));
    return cs_job_read_path(&job->test_labels, job, &labels, NULL);
}
