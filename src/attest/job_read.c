#include "attest/job_parts.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "attest/job_defaults.h"
#include "attest/segments.h"
#include "base/bits.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/strings.h"
#include "data/schema.h"

enum { NAME_BYTES = 64, PATH_BYTES = 4096, BEACON_BYTES = 1024 };

static const cs_json_field ROOT[] = {
    {"name", true},     {"model", true},        {"scales", false},   {"schedule", true}, {"seeds", false},
    {"indices", false}, {"initial", false},     {"previous", false}, {"purpose", false}, {"manifest", false},
    {"members", true},  {"data", false},        {"test", false},     {"output", false},  {"honest_but_curious", false},
    {"columns", false}, {"pad_partners", false}};
static const cs_json_field MODEL[] = {{"widths", true}, {"initial_max", false}};
static const cs_json_field SCALES[] = {
    {"a", false}, {"d", false}, {"value_bits", false}, {"exp_bits", false}, {"limb_bits", false}};
static const cs_json_field SCHEDULE[] = {
    {"epochs", false}, {"steps", false}, {"batch", true}, {"rates", true}, {"segments", false}};
static const cs_json_field RATES[] = {{"from_step", false}, {"from_epoch", false}, {"rate", true}};
static const cs_json_field SEEDS[] = {{"beacon", false}, {"beacon_source", false}, {"contributions", false}};
static const cs_json_field MEMBERS[] = {{"name", true},     {"rows", false}, {"data", false},     {"labels", false},
                                        {"opening", false}, {"key", false},  {"identity", false}, {"datasets", false}};
static const cs_json_field DATASETS[] = {{"path", true}, {"weight", false}, {"per_epoch", false}, {"total", false}};
static const cs_json_field TEST[] = {{"data", true}, {"labels", false}};
static const cs_json_field OUTPUT[] = {{"model", false}, {"between", false}};

#define SHAPE(object, fields)                                                                                               \
    { object, fields, sizeof(fields) / sizeof *(fields) }
const cs_json_shape CS_JOB_SHAPES[] = {SHAPE("", ROOT),
                                       SHAPE("model", MODEL),
                                       SHAPE("scales", SCALES),
                                       SHAPE("schedule", SCHEDULE),
                                       SHAPE("schedule.rates[]", RATES),
                                       SHAPE("seeds", SEEDS),
                                       SHAPE("members[]", MEMBERS),
                                       SHAPE("members[].datasets[]", DATASETS),
                                       SHAPE("data", CS_SCHEMA_FIELDS),
                                       SHAPE("data.features", CS_SCHEMA_FEATURES_FIELDS),
                                       SHAPE("test", TEST),
                                       SHAPE("output", OUTPUT)};
const size_t CS_JOB_SHAPE_COUNT = CS_SHAPE_COUNT;

cs_status cs_job_read_name(char **out, const cs_json *v) {
    const char *text;
    CS_TRY(cs_json_string(&text, v, 1, NAME_BYTES));
    if (strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.") != strlen(text) || text[0] == '.')
        return cs_json_fail(v, "\"%s\": allowed are letters, digits, '_', '-' and '.', not first", text);
    return cs_string_own(out, cs_string_copy(text));
}

cs_status cs_job_read_path(char **out, const cs_job *job, const cs_json *v, const char *member) {
    const char *text;
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_json_string(&text, v, 1, PATH_BYTES));
    if (member == NULL)
        return cs_string_own(out, cs_path_beside(job->file, text));
    char *full = cs_string_replace(text, "{name}", member);
    if (full == NULL)
        return CS_ERR_MEMORY;
    const cs_status status = cs_string_own(out, cs_path_beside(job->file, full));
    cs_free(full);
    return status;
}

static cs_status read_model(cs_job *job, const cs_json *v) {
    const cs_json widths = cs_json_get(v, "widths");
    size_t n;
    CS_TRY(cs_json_object(v, &CS_JOB_SHAPES[CS_SHAPE_MODEL]));
    CS_TRY(cs_json_array(&n, &widths, 2, CS_MAX_LAYERS + 1));
    job->params.layers = n - 1;
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(&widths, k);
        CS_TRY(cs_json_size(&job->params.widths[k], &item, 1, (size_t)1 << 20));
    }
    return CS_OK;
}

static cs_status read_optional(unsigned *out, const cs_json *object, const char *name, unsigned fallback, unsigned min,
                               unsigned max) {
    const cs_json v = cs_json_get(object, name);
    *out = fallback;
    return v.value == NULL ? CS_OK : cs_json_unsigned(out, &v, min, max);
}

static cs_status read_scales(cs_job *job, const cs_json *v) {
    if (v->value != NULL)
        CS_TRY(cs_json_object(v, &CS_JOB_SHAPES[CS_SHAPE_SCALES]));
    CS_TRY(read_optional(&job->params.a, v, "a", CS_DEFAULT_A, 1, 16));
    CS_TRY(read_optional(&job->params.d, v, "d", CS_DEFAULT_D, 1, 16));
    return read_optional(&job->params.value_bits, v, "value_bits", CS_DEFAULT_VALUE_BITS, 2, 16);
}

static cs_status read_limbs(cs_job *job, const cs_json *scales) {
    const cs_json v = cs_json_get(scales, "limb_bits");
    cs_params *p = &job->params;
    size_t n;
    unsigned sum = 0;
    if (v.value == NULL)
        return cs_fail_prefix(cs_default_limbs(p), "%s: schedule.rates", job->file);
    CS_TRY(cs_json_array(&n, &v, 1, CS_MAX_LIMBS));
    p->n_limbs = (unsigned)n;
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(&v, k);
        CS_TRY(cs_json_unsigned(&p->limb_bits[k], &item, 1, p->value_bits));
        sum += p->limb_bits[k];
    }
    if (sum != p->w)
        return cs_json_fail(&v, "the limbs have %u bits together, the weights' scale w = a + d + s = %u + %u + %u = %u", sum,
                            p->a, p->d, job->rate_shift, p->w);
    return CS_OK;
}

static cs_status read_initial_max(cs_job *job, const cs_json *model) {
    const cs_json v = cs_json_get(model, "initial_max");
    cs_params *p = &job->params;
    size_t n;
    cs_default_initial_max(p);
    if (v.value == NULL)
        return CS_OK;
    CS_TRY(cs_json_array(&n, &v, p->layers, p->layers));
    for (size_t l = 0; l < n; l++) {
        const cs_json item = cs_json_at(&v, l);
        double bound;
        CS_TRY(cs_json_number(&bound, &item, ldexp(1, -(int)p->w), 1024));
        p->initial_max[l] = (int64_t)round(ldexp(bound, (int)p->w));
    }
    return CS_OK;
}

static cs_status read_previous(cs_job *job, const cs_json *root) {
    const cs_json v = cs_json_get(root, "previous"), model = cs_json_get(root, "model"),
                  bound = cs_json_get(&model, "initial_max"), initial = cs_json_get(root, "initial");
    CS_TRY(cs_job_read_previous(job, &v));
    if (!job->previous.given)
        return CS_OK;
    if (bound.value != NULL)
        return cs_json_fail(&bound, "with \"previous\" the bound follows from the model there; leave it out");
    if (!job->previous.committed && initial.value != NULL)
        return cs_json_fail(&initial, "the attestation in \"previous\" has its model with it; leave this out");
    if (job->previous.committed && (!json_is_string(initial.value) || strcmp(json_string_value(initial.value), "seed") == 0))
        return cs_json_fail(&v, "its model is only committed: give the first member's file of it as \"initial\"");
    return CS_OK;
}

static cs_status read_form(bool *is_public, const cs_json *v) {
    const char *text;
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_json_string(&text, v, 1, 16));
    *is_public = strcmp(text, "public") == 0;
    if (!*is_public && strcmp(text, "committed") != 0)
        return cs_json_fail(v, "\"%s\"; allowed: \"public\", \"committed\"", text);
    return CS_OK;
}

static cs_status read_output(cs_job *job, const cs_json *v) {
    const cs_json model = cs_json_get(v, "model"), between = cs_json_get(v, "between");
    job->params.final_public = true;
    if (v->value != NULL)
        CS_TRY(cs_json_object(v, &CS_JOB_SHAPES[CS_SHAPE_OUTPUT]));
    CS_TRY(read_form(&job->params.final_public, &model));
    job->between_public = false; /* neighbouring models in public would show the sum of the gradients between them */
    CS_TRY(read_form(&job->between_public, &between));
    if (job->between_public && !job->params.final_public)
        return cs_json_fail(&between, "the models on the way to one that is only committed are only committed, too");
    return CS_OK;
}

/* Those that are best for one segment. */
static cs_status default_columns(cs_job *job) {
    cs_params part;
    CS_TRY(cs_segment_params(&part, &job->params, 0, cs_segment_start(job->params.steps, job->segments, 1)));
    cs_status status = cs_segment_hidden_passes(&part.hidden_passes, job, part.steps);
    if (status == CS_OK)
        status = cs_default_column_bits(&part);
    job->params.column_bits = part.column_bits;
    cs_params_free(&part);
    return status;
}

static cs_status read_columns(cs_job *job, const cs_json *v) {
    cs_params *p = &job->params;
    const unsigned before = p->column_bits; /* of a committed W(0) */
    p->ledger_width = CS_DEFAULT_LEDGER_WIDTH;
    if (job->previous.committed && v->value != NULL)
        return cs_json_fail(v, "the model in \"previous\" was committed with its number of columns already; leave it out");
    if (v->value == NULL && job->previous.committed && !job->has_datasets)
        return cs_fail_prefix(cs_params_validate(p), "%s", job->file);
    if (v->value == NULL && job->has_datasets) {
        p->column_bits = cs_bits(job->members[0].datasets.use[0].doc.columns);
        if (job->previous.committed && before != p->column_bits)
            return cs_json_fail(v, "%s: the datasets were committed with 2^%u columns, the model in \"previous\" with 2^%u",
                                job->file, p->column_bits, before);
        return cs_fail_prefix(cs_params_validate(p), "%s", job->file);
    }
    if (v->value == NULL) {
        p->column_bits = 8;
        CS_TRY(cs_fail_prefix(cs_params_validate(p), "%s", job->file));
        return default_columns(job);
    }
    size_t columns;
    CS_TRY(cs_json_size(&columns, v, 1, (size_t)1 << 20));
    if (job->has_datasets)
        return cs_json_fail(v, "the datasets were committed with their number of columns already; leave it out");
    if ((columns & (columns - 1)) != 0)
        return cs_json_fail(v, "%zu is not a power of two", columns);
    for (p->column_bits = 0; (size_t)1 << p->column_bits < columns;)
        p->column_bits++;
    return cs_fail_prefix(cs_params_validate(p), "%s", job->file);
}

/* After the schedule: how many passes there are is public either way. */
static cs_status read_indices(cs_job *job, const cs_json *v) {
    const char *text;
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_json_string(&text, v, 1, 16));
    job->hidden = strcmp(text, "hidden") == 0;
    if (!job->hidden && strcmp(text, "public") != 0)
        return cs_json_fail(v, "\"%s\"; allowed: \"public\", \"hidden\"", text);
    return cs_segment_hidden_passes(&job->params.hidden_passes, job, job->params.steps);
}

/* Who stays has signed a manifest without those who are left out, if there is one with them. */
static cs_status name_other_manifest(cs_job *job) {
    static const char end[] = ".manifest.json";
    const size_t length = strlen(job->manifest), tail = sizeof end - 1;
    const size_t stem = length > tail && strcmp(job->manifest + length - tail, end) == 0 ? length - tail : length;
    char *without = cs_excluded_suffix(&job->excluded);
    char *path = without != NULL ? cs_string_format("%.*s%s%s", (int)stem, job->manifest, without, end) : NULL;
    cs_free(without);
    job->manifest_named = job->manifest_named || access(job->manifest, F_OK) == 0;
    cs_free(job->manifest);
    return cs_string_own(&job->manifest, path);
}

/* What the model is for, and the manifest that all members signed. */
static cs_status read_agreement(cs_job *job, const cs_json *purpose, const cs_json *manifest) {
    const char *text = "";
    if (purpose->value != NULL)
        CS_TRY(cs_json_string(&text, purpose, 1, CS_PURPOSE_BYTES));
    if (text[0] != '\0' && !cs_purpose_is_valid(text))
        return cs_json_fail(purpose, "\"%s\": a purpose is written with a-z, 0-9 and '-'", text);
    CS_TRY(cs_string_own(&job->purpose, cs_string_copy(text)));
    job->manifest_named = manifest->value != NULL;
    if (job->manifest_named) {
        CS_TRY(cs_job_read_path(&job->manifest, job, manifest, NULL));
    } else {
        const size_t length = strlen(job->file), end = length > 5 && strcmp(job->file + length - 5, ".json") == 0 ? 5 : 0;
        CS_TRY(cs_string_own(&job->manifest, cs_string_format("%.*s.manifest.json", (int)(length - end), job->file)));
    }
    return job->excluded.n > 0 ? name_other_manifest(job) : CS_OK;
}

static cs_status read_seeds(cs_job *job, const cs_json *seeds, const cs_json *initial) {
    const cs_json beacon = cs_json_get(seeds, "beacon"), source = cs_json_get(seeds, "beacon_source"),
                  contributions = cs_json_get(seeds, "contributions");
    const char *text = "";
    if (seeds->value != NULL)
        CS_TRY(cs_json_object(seeds, &CS_JOB_SHAPES[CS_SHAPE_SEEDS]));
    if (beacon.value != NULL)
        CS_TRY(cs_json_string(&text, &beacon, 0, BEACON_BYTES));
    CS_TRY(cs_string_own(&job->beacon, cs_string_copy(text)));
    if (source.value != NULL) {
        CS_TRY(cs_json_string(&text, &source, 1, BEACON_BYTES));
        CS_TRY(cs_string_own(&job->beacon_source, cs_string_copy(text)));
    }
    if (contributions.value != NULL)
        CS_TRY(cs_json_bool(&job->contributions, &contributions));
    if (json_is_string(initial->value) && strcmp(json_string_value(initial->value), "seed") == 0)
        return CS_OK;
    return cs_job_read_path(&job->initial, job, initial, NULL);
}

/* Half of them on each side in rank order. */
static cs_status read_pad_partners(cs_job *job, const cs_json *v) {
    const cs_json partners = cs_json_get(v, "pad_partners");
    int64_t k = 0;
    if (partners.value == NULL)
        return CS_OK;
    CS_TRY(cs_json_integer(&k, &partners, 2, CS_MAX_RANKS));
    if (k % 2 != 0)
        return cs_json_fail(&partners, "an even number is required: half of the partners stand on each side");
    job->pad_partners = (int)k;
    return CS_OK;
}

/* Members before the schedule (epochs count their rows), the schedule before the limbs (w), all before the columns. */
cs_status cs_job_read(cs_job *job, const cs_json *v) {
    CS_TRY(cs_json_object(v, &CS_JOB_SHAPES[CS_SHAPE_ROOT]));
    const cs_json name = cs_json_get(v, "name"), model = cs_json_get(v, "model"), scales = cs_json_get(v, "scales");
    const cs_json schedule = cs_json_get(v, "schedule"), seeds = cs_json_get(v, "seeds"),
                  initial = cs_json_get(v, "initial");
    const cs_json members = cs_json_get(v, "members"), data = cs_json_get(v, "data"), test = cs_json_get(v, "test");
    const cs_json output = cs_json_get(v, "output"), curious = cs_json_get(v, "honest_but_curious"),
                  columns = cs_json_get(v, "columns"), purpose = cs_json_get(v, "purpose"),
                  manifest = cs_json_get(v, "manifest"), indices = cs_json_get(v, "indices");
    CS_TRY(cs_job_read_name(&job->name, &name));
    CS_TRY(read_model(job, &model));
    CS_TRY(cs_job_read_members(job, &members));
    CS_TRY(read_scales(job, &scales));
    CS_TRY(cs_job_read_schedule(job, &schedule));
    CS_TRY(read_limbs(job, &scales));
    CS_TRY(read_optional(&job->params.exp_bits, &scales, "exp_bits", cs_default_exp_bits(&job->params), 1, 16));
    CS_TRY(read_initial_max(job, &model));
    CS_TRY(read_previous(job, v));
    CS_TRY(read_output(job, &output));
    CS_TRY(read_indices(job, &indices));
    CS_TRY(read_columns(job, &columns));
    if (data.value != NULL || !job->has_datasets)
        CS_TRY(cs_job_read_data(job, &data));
    if (job->has_datasets)
        CS_TRY(cs_job_take_datasets(job));
    CS_TRY(cs_job_read_test(job, &test));
    CS_TRY(read_seeds(job, &seeds, &initial));
    CS_TRY(read_agreement(job, &purpose, &manifest));
    if (curious.value != NULL)
        CS_TRY(cs_json_bool(&job->honest_but_curious, &curious));
    CS_TRY(read_pad_partners(job, v));
    return cs_segments_check(job, job->segments);
}
