#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "attest/job_parts.h"
#include "base/bits.h"
#include "base/memory.h"
#include "base/strings.h"
#include "provenance/dataset_folder.h"
#include "provenance/identity_file.h"
#include "provenance/refusal.h"

/* ------------------------------------------------------------ committed datasets */

/* The certificate beside the dataset's document, if there is one. */
static cs_status read_certificate(cs_job_member *m, size_t k) {
    cs_dataset_use *use = &m->datasets.use[k];
    char *path = NULL;
    CS_TRY(cs_string_own(&path, cs_string_format("%s/certificate.json", m->folders[k])));
    cs_status status = CS_OK;
    if (access(path, F_OK) == 0 || errno != ENOENT) {
        status = cs_certificate_load(&m->certificates[k], path);
        use->has_certificate = status == CS_OK;
        memcpy(use->certificate, m->certificates[k].digest, sizeof use->certificate);
    }
    cs_free(path);
    return status;
}

/* "folder", or {"path": "folder", ...}. */
static cs_status read_dataset(cs_job *job, cs_job_member *m, size_t k, const cs_json *v) {
    const cs_json named = cs_json_get(v, "path"), *path = json_is_string(v->value) ? v : &named;
    cs_dataset_use *use = &m->datasets.use[k];
    if (!json_is_string(v->value)) {
        CS_TRY(cs_json_object(v, &CS_JOB_SHAPES[CS_SHAPE_DATASETS]));
        CS_TRY(cs_dataset_use_read_limits(use, v));
    }
    CS_TRY(cs_job_read_path(&m->folders[k], job, path, m->name));
    CS_TRY(cs_dataset_folder_read_doc(&use->doc, m->folders[k]));
    return read_certificate(m, k);
}

/* Records that a first pass over the member's datasets takes: what an epoch of the schedule counts. */
static cs_status count_rows(cs_job_member *m, size_t *extent) {
    cs_piece *pieces;
    cs_pieces shard;
    const cs_status status = cs_dataset_uses_place(&pieces, &shard, extent, &m->datasets);
    if (status == CS_OK)
        m->rows = cs_pieces_first_pass(&shard);
    cs_free(pieces);
    return status;
}

static cs_status read_datasets(cs_job *job, const cs_json *v, cs_job_member *m, size_t *extent) {
    static const char *const others[] = {"rows", "data", "labels", "opening"};
    const cs_json list = cs_json_get(v, "datasets");
    size_t n;
    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        if (json_object_get(v->value, others[k]) != NULL)
            return cs_json_fail(v, "\"%s\" and \"datasets\" exclude each other", others[k]);
    CS_TRY(cs_json_array(&n, &list, 1, CS_MAX_DATASETS));
    CS_TRY(cs_dataset_uses_new(&m->datasets, n));
    m->folders = CS_NEW(char *, n);
    m->certificates = CS_NEW(cs_certificate, n);
    if (m->folders == NULL || m->certificates == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(&list, k);
        CS_TRY(read_dataset(job, m, k, &item));
    }
    return cs_fail_prefix(count_rows(m, extent), "%s: %s", list.file, list.path);
}

/* What the first document says of features and classes. */
static cs_status copy_schema(cs_job *job, const cs_dataset_doc *d) {
    job->affine = CS_NEW(cs_affine, d->n_maps);
    if (job->affine == NULL)
        return CS_ERR_MEMORY;
    memcpy(job->affine, d->maps, d->n_maps * sizeof *d->maps);
    job->affine_count = d->n_maps;
    if (d->class_names == NULL)
        return CS_OK;
    job->classes = CS_NEW(char *, d->classes);
    for (size_t k = 0; k < d->classes; k++) {
        if (job->classes == NULL)
            return CS_ERR_MEMORY;
        CS_TRY(cs_string_own(&job->classes[k], cs_string_copy(d->class_names[k])));
    }
    return CS_OK;
}

static bool same_schema(const cs_job *job, const cs_dataset_doc *d) {
    bool same = job->affine_count == d->n_maps && (job->classes == NULL) == (d->class_names == NULL);
    for (size_t k = 0; same && k < d->n_maps; k++) {
        const cs_affine *a = &job->affine[k], *b = &d->maps[k];
        same = a->min == b->min && a->max == b->max && a->offset == b->offset && a->multiplier == b->multiplier;
    }
    for (size_t k = 0; same && job->classes != NULL && k < d->classes; k++)
        same = strcmp(job->classes[k], d->class_names[k]) == 0;
    return same;
}

cs_status cs_job_take_datasets(cs_job *job) {
    const cs_dataset_uses *uses[CS_MAX_RANKS];
    const cs_dataset_doc *first = &job->members[0].datasets.use[0].doc;
    for (int i = 0; i < job->params.n_ranks; i++)
        uses[i] = &job->members[i].datasets;
    job->params.certified = first->has_proof;
    if (!first->has_proof)
        return cs_fail(CS_ERR_INPUT, "%s: dataset \"%s\" was committed without a well-formedness proof: nobody can use it",
                       job->file, first->name);
    CS_TRY(cs_fail_prefix(cs_dataset_uses_check(uses, &job->params), "%s: members", job->file));
    if (job->affine == NULL)
        return copy_schema(job, first);
    return same_schema(job, first)
               ? CS_OK
               : cs_refuse(CS_REFUSAL_SCHEMA,
                           "%s: data: features or classes mean something else than in the datasets; with "
                           "committed datasets the field can be left out",
                           job->file);
}

/* ------------------------------------------------------------ members */

static cs_status read_identity(cs_job *job, const cs_json *v, cs_job_member *m) {
    cs_public_identity identity;
    char *path = NULL;
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_job_read_path(&path, job, v, m->name));
    const cs_status status = cs_public_identity_load(&identity, path);
    cs_free(path);
    CS_TRY(status);
    if (m->has_key && memcmp(m->key, identity.x25519, sizeof m->key) != 0)
        return cs_json_fail(v, "\"key\" is another X25519 key than that of the identity; leave it out");
    m->has_key = m->signer.identified = true;
    memcpy(m->key, identity.x25519, sizeof m->key);
    memcpy(m->signer.ed25519, identity.ed25519, sizeof m->signer.ed25519);
    memcpy(m->signer.name, identity.name, sizeof m->signer.name);
    return CS_OK;
}

static cs_status check_distinct(const cs_json *v, const cs_job_member *m, const cs_job_member *other) {
    if (strcmp(other->name, m->name) == 0)
        return cs_json_fail(v, "another member is called \"%s\" already", m->name);
    if (other->has_key && m->has_key && memcmp(other->key, m->key, sizeof m->key) == 0)
        return cs_json_fail(v, "\"%s\" has the same key", other->name);
    if (m->signer.identified && (strcmp(other->signer.name, m->signer.name) == 0 ||
                                 memcmp(other->signer.ed25519, m->signer.ed25519, sizeof m->signer.ed25519) == 0))
        return cs_json_fail(v, "\"%s\" has the same identity", other->name);
    return CS_OK;
}

/* A member without data: "rows": 0, or an empty list of datasets. */
static cs_status read_idle(const cs_json *v) {
    static const char *const others[] = {"data", "labels", "opening"};
    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        if (json_object_get(v->value, others[k]) != NULL)
            return cs_json_fail(v, "a member without records (\"rows\": 0, \"datasets\": []) has no \"%s\"", others[k]);
    if (json_object_get(v->value, "rows") != NULL && json_object_get(v->value, "datasets") != NULL)
        return cs_json_fail(v, "\"rows\" and \"datasets\" exclude each other");
    return CS_OK;
}

static bool is_idle(const cs_json *v) {
    const json_t *rows = json_object_get(v->value, "rows"), *datasets = json_object_get(v->value, "datasets");
    return (json_is_integer(rows) && json_integer_value(rows) == 0) ||
           (json_is_array(datasets) && json_array_size(datasets) == 0);
}

static cs_status read_data(cs_job *job, const cs_json *v, cs_job_member *m) {
    const cs_json rows = cs_json_get(v, "rows"), data = cs_json_get(v, "data"), labels = cs_json_get(v, "labels"),
                  opening = cs_json_get(v, "opening");
    CS_TRY(cs_json_size(&m->rows, &rows, 1, (size_t)1 << 31));
    CS_TRY(cs_job_read_path(&m->data, job, &data, m->name));
    CS_TRY(cs_job_read_path(&m->labels, job, &labels, m->name));
    return cs_job_read_path(&m->opening, job, &opening, m->name);
}

/* *extent: rows of the member's shard. */
static cs_status read_member(cs_job *job, const cs_json *v, cs_job_member *m, size_t *extent) {
    const cs_json name = cs_json_get(v, "name"), key = cs_json_get(v, "key"), identity = cs_json_get(v, "identity");
    CS_TRY(cs_json_object(v, &CS_JOB_SHAPES[CS_SHAPE_MEMBERS]));
    CS_TRY(cs_job_read_name(&m->name, &name));
    m->has_key = key.value != NULL;
    if (m->has_key)
        CS_TRY(cs_json_hex32(m->key, &key));
    CS_TRY(read_identity(job, &identity, m));
    for (const cs_job_member *other = job->members; other < m; other++)
        CS_TRY(check_distinct(strcmp(other->name, m->name) == 0 ? &name : identity.value ? &identity : &key, m, other));
    if (is_idle(v))
        return read_idle(v);
    if (json_object_get(v->value, "datasets") != NULL)
        return read_datasets(job, v, m, extent);
    CS_TRY(read_data(job, v, m));
    *extent = m->rows;
    return CS_OK;
}

/* Those with data first, who are the ranks of the proof; then those without. */
static void sort_members(cs_job *job, size_t n, const size_t *extents) {
    cs_job_member sorted[CS_MAX_RANKS];
    size_t next = 0;
    for (int idle = 0; idle < 2; idle++)
        for (size_t k = 0; k < n; k++)
            if ((extents[k] == 0) == (idle == 1)) {
                if (idle == 0)
                    job->params.rows[next] = extents[k];
                sorted[next++] = job->members[k];
            }
    memcpy(job->members, sorted, n * sizeof *sorted);
}

cs_status cs_job_read_members(cs_job *job, const cs_json *v) {
    size_t n, keys = 0, identities = 0, committed = 0, extents[CS_MAX_RANKS] = {0};
    CS_TRY(cs_json_array(&n, v, 1, CS_MAX_RANKS));
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(v, k);
        job->members[k].rank = (int)k;
        CS_TRY(read_member(job, &item, &job->members[k], &extents[k]));
        job->n_idle += extents[k] == 0;
        keys += job->members[k].has_key;
        identities += job->members[k].signer.identified;
        committed += job->members[k].datasets.n != 0;
    }
    if (keys != 0 && keys != n)
        return cs_json_fail(v, "%zu of %zu members have a key: give one to all or to none", keys, n);
    if (identities != 0 && identities != n)
        return cs_json_fail(v, "%zu of %zu members have an identity: give one to all or to none", identities, n);
    if (job->n_idle == n)
        return cs_json_fail(v, "no member has records (\"rows\", \"datasets\"): one at least must");
    if (committed != 0 && committed != n - job->n_idle)
        return cs_json_fail(v, "%zu of %zu members with records have datasets: give them to all, or data to all", committed,
                            n - job->n_idle);
    sort_members(job, n, extents);
    job->params.n_ranks = (int)(n - job->n_idle);
    job->has_datasets = committed != 0;
    return CS_OK;
}
