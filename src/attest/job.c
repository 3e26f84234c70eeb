#include "attest/job_parts.h"

#include <string.h>

#include "attest/params_json.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/strings.h"
#include "data/schema_json.h"
#include "provenance/document.h"

/* Takes the members that are left out off the document, so that all else is read without them. */
static cs_status leave_out(json_t *document, const cs_job *job) {
    json_t *members = json_object_get(document, "members");
    for (size_t e = 0; e < job->excluded.n; e++) {
        const char *name = job->excluded.names[e];
        size_t k = 0;
        for (; k < json_array_size(members); k++) {
            const char *its = json_string_value(json_object_get(json_array_get(members, k), "name"));
            if (its != NULL && strcmp(its, name) == 0)
                break;
        }
        if (json_array_remove(members, k) != 0)
            return cs_fail(CS_ERR_USAGE, "%s has no member \"%s\" who could be left out", job->file, name);
    }
    if (job->excluded.n > 0 && json_array_size(members) == 0)
        return cs_fail(CS_ERR_USAGE, "%s: all members are left out", job->file);
    return CS_OK;
}

static cs_status parse(cs_job *out, const char *file, const void *text, size_t size, const char *excluded) {
    memset(out, 0, sizeof *out);
    json_t *document = NULL;
    if (size > CS_JOB_MAX_BYTES)
        return cs_fail(CS_ERR_INPUT, "%s: %zu bytes; a job file has at most %zu", file, size, CS_JOB_MAX_BYTES);
    cs_status status = cs_string_own(&out->file, cs_string_copy(file));
    if (status == CS_OK)
        status = cs_json_parse(&document, file, text, size);
    if (status == CS_OK && excluded != NULL)
        status = cs_excluded_parse(&out->excluded, excluded);
    if (status == CS_OK)
        status = leave_out(document, out);
    if (status == CS_OK) {
        const cs_json root = cs_json_root(out->file, document);
        status = cs_job_read(out, &root);
    }
    json_decref(document);
    if (status != CS_OK)
        cs_job_free(out);
    return status;
}

cs_status cs_job_parse(cs_job *out, const char *file, const void *text, size_t size) {
    return parse(out, file, text, size, NULL);
}

cs_status cs_job_load_without(cs_job *out, const char *path, const char *excluded) {
    cs_buffer text = {0};
    memset(out, 0, sizeof *out);
    cs_status status = cs_file_read(path, CS_JOB_MAX_BYTES, &text);
    if (status == CS_OK)
        status = parse(out, path, text.data, text.size, excluded);
    cs_buffer_free(&text);
    return status;
}

cs_status cs_job_load(cs_job *out, const char *path) {
    return cs_job_load_without(out, path, NULL);
}

void cs_job_free(cs_job *job) {
    for (size_t k = 0; k < CS_MAX_RANKS; k++) {
        cs_free(job->members[k].name);
        cs_free(job->members[k].data);
        cs_free(job->members[k].labels);
        cs_free(job->members[k].opening);
        for (size_t d = 0; d < job->members[k].datasets.n; d++) {
            if (job->members[k].folders != NULL)
                cs_free(job->members[k].folders[d]);
            if (job->members[k].certificates != NULL)
                cs_certificate_free(&job->members[k].certificates[d]);
        }
        cs_free(job->members[k].certificates);
        cs_free(job->members[k].folders);
        cs_dataset_uses_free(&job->members[k].datasets);
    }
    for (size_t k = 0; job->classes != NULL && k < job->params.widths[job->params.layers]; k++)
        cs_free(job->classes[k]);
    cs_free(job->classes);
    cs_excluded_free(&job->excluded);
    cs_free(job->file);
    cs_free(job->name);
    cs_free(job->purpose);
    cs_free(job->manifest);
    cs_free(job->beacon);
    cs_free(job->beacon_source);
    cs_free(job->initial);
    cs_job_previous_free(&job->previous);
    cs_free(job->label_name);
    cs_free(job->affine);
    cs_free(job->test_data);
    cs_free(job->test_labels);
    cs_params_free(&job->params);
    memset(job, 0, sizeof *job);
}

int cs_job_member_at(const cs_job *job, int rank) {
    int k = 0;
    while (job->members[k].rank != rank)
        k++;
    return k;
}

/* Who is idle, and at which place of the file. */
static json_t *idle_to_json(const cs_job *job) {
    json_t *out = json_array();
    for (int i = job->params.n_ranks; i < cs_job_members(job); i++) {
        const cs_job_member *m = &job->members[i];
        json_array_append_new(out, json_pack("[i, s, o, o]", m->rank, m->name,
                                             m->has_key ? cs_document_hex_to_json(m->key, sizeof m->key) : json_null(),
                                             m->signer.identified ? json_string(m->signer.name) : json_null()));
    }
    return out;
}

static json_t *members_to_json(const cs_job *job) {
    json_t *out = json_array();
    for (int i = 0; i < job->params.n_ranks; i++) {
        const cs_job_member *m = &job->members[i];
        json_array_append_new(out, json_pack("[s, o, o, o]", m->name,
                                             m->has_key ? cs_document_hex_to_json(m->key, sizeof m->key) : json_null(),
                                             m->signer.identified ? json_string(m->signer.name) : json_null(),
                                             cs_dataset_uses_to_json(&m->datasets, true)));
    }
    return out;
}

cs_status cs_job_digest(uint8_t out[32], const cs_job *job, const uint8_t *initial_digest) {
    json_t *v =
        json_pack("{s:s, s:s, s:o, s:s, s:s?, s:b, s:b, s:o, s:o, s:o, s:b, s:b, s:o, s:o, s:I, s:b, s:i}", "name",
                  job->name, "purpose", job->purpose, "params", cs_params_to_json(&job->params), "beacon", job->beacon,
                  "beacon_source", job->beacon_source, "contributions", (int)job->contributions, "hidden", (int)job->hidden,
                  "previous", job->previous.given ? cs_document_hex_to_json(job->previous.digest, 32) : json_null(),
                  "initial", initial_digest != NULL ? cs_document_hex_to_json(initial_digest, 32) : json_string("seed"),
                  "members", members_to_json(job), "final_public", (int)job->params.final_public, "honest_but_curious",
                  (int)job->honest_but_curious, "features", cs_features_to_json(job->affine, job->affine_count), "classes",
                  cs_classes_to_json(job->classes, job->params.widths[job->params.layers]), "segments",
                  (json_int_t)job->segments, "between_public", (int)job->between_public, "pad_partners", job->pad_partners);
    if (v != NULL && job->excluded.n > 0)
        json_object_set_new(v, "excluded", cs_excluded_to_json(&job->excluded));
    if (v != NULL && job->n_idle > 0)
        json_object_set_new(v, "idle", idle_to_json(job));
    const cs_status status = cs_document_label_digest(out, "consort/job/4", v);
    json_decref(v);
    return status;
}

cs_dataset_options cs_job_dataset_options(const cs_job *job, const char *labels, size_t rows) {
    const cs_params *p = &job->params;
    return (cs_dataset_options){.format = job->format,
                                .header = job->header,
                                .skip_lines = job->skip_lines,
                                .label_name = labels == NULL ? job->label_name : NULL,
                                .label_column = labels == NULL ? job->label_column : 0,
                                .label_path = labels,
                                .features = p->widths[0],
                                .classes = (uint32_t)p->widths[p->layers],
                                .affine = job->affine,
                                .affine_count = job->affine_count,
                                .max_rows = rows};
}
