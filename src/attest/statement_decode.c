#include <string.h>

#include "attest/job_parts.h"
#include "attest/params_json.h"
#include "attest/statement_json.h"
#include "base/memory.h"
#include "base/strings.h"
#include "provenance/document.h"

enum { BEACON_BYTES = 1024 };

static const cs_json_field ROOT[] = {{"version", true},  {"name", true},     {"purpose", true},       {"params", true},
                                     {"members", true},  {"beacon", true},   {"contributions", true}, {"manifest", true},
                                     {"datasets", true}, {"indices", true},  {"previous", true},      {"initial", true},
                                     {"final", true},    {"segment", false}, {"excluded", false},     {"idle", false}};
static const cs_json_field SEGMENT[] = {{"after", true}, {"from", true}, {"to", true}};
static const cs_json_field MEMBER[] = {{"name", true}, {"key", true}, {"identity", true}};
static const cs_json_field SIGNER[] = {{"ed25519", true}, {"name", true}};
static const cs_json_field MANIFEST[] = {{"body", true}, {"digest", true}};
static const cs_json_field INDICES[] = {{"last_pass", true}};
static const cs_json_field INITIAL[] = {{"digest", false}, {"committed", false}};
static const cs_json_field FINAL[] = {{"public", false}, {"committed", false}};
static const cs_json_shape ROOT_SHAPE = {"", ROOT, sizeof ROOT / sizeof *ROOT};
static const cs_json_shape SEGMENT_SHAPE = {"segment", SEGMENT, 3};
static const cs_json_shape MEMBER_SHAPE = {"members[]", MEMBER, 3};
static const cs_json_shape SIGNER_SHAPE = {"members[].identity", SIGNER, 2};
static const cs_json_shape MANIFEST_SHAPE = {"manifest", MANIFEST, 2};
static const cs_json_shape INDICES_SHAPE = {"indices", INDICES, 1};
static const cs_json_shape INITIAL_SHAPE = {"initial", INITIAL, 2};
static const cs_json_shape FINAL_SHAPE = {"final", FINAL, 2};

static cs_status read_text(char **out, const cs_json *v, size_t min, size_t max) {
    const char *text;
    CS_TRY(cs_json_string(&text, v, min, max));
    return cs_string_own(out, cs_string_copy(text));
}

static cs_status read_signer(cs_signer *out, const cs_json *v) {
    if (json_is_null(v->value))
        return CS_OK;
    CS_TRY(cs_document_object(v, &SIGNER_SHAPE, 0));
    const cs_json name = cs_json_get(v, "name"), key = cs_json_get(v, "ed25519");
    const char *text;
    CS_TRY(cs_json_string(&text, &name, 1, CS_PARTY_NAME_BYTES));
    memcpy(out->name, text, strlen(text));
    out->identified = true;
    return cs_json_hex32(out->ed25519, &key);
}

static cs_status check_distinct(const cs_statement_member *m, const cs_statement_member *other, size_t j,
                                const cs_json *item) {
    if (strcmp(other->name, m->name) == 0)
        return cs_json_fail(item, "member %zu has the same name", j);
    if (memcmp(other->key, m->key, 32) == 0)
        return cs_json_fail(item, "member %zu has the same key", j);
    if (other->signer.identified != m->signer.identified)
        return cs_json_fail(item, "either all members have an identity, or none has");
    if (m->signer.identified && (memcmp(other->signer.ed25519, m->signer.ed25519, CS_SIGN_KEY_SIZE) == 0 ||
                                 strcmp(other->signer.name, m->signer.name) == 0))
        return cs_json_fail(item, "member %zu has the same identity", j);
    return CS_OK;
}

/* A list of members, who stand after the first `before`. */
static cs_status read_members(cs_statement *s, const cs_json *v, size_t before, size_t n) {
    for (size_t i = before; i < before + n; i++) {
        cs_statement_member *m = &s->members[i];
        const cs_json item = cs_json_at(v, i - before), name = cs_json_get(&item, "name"), key = cs_json_get(&item, "key"),
                      identity = cs_json_get(&item, "identity");
        CS_TRY(cs_document_object(&item, &MEMBER_SHAPE, 0));
        CS_TRY(cs_job_read_name(&m->name, &name));
        CS_TRY(cs_json_hex32(m->key, &key));
        CS_TRY(read_signer(&m->signer, &identity));
        for (size_t j = 0; j < i; j++)
            CS_TRY(check_distinct(m, &s->members[j], j, &item));
    }
    return CS_OK;
}

static cs_status read_all_members(cs_statement *s, const cs_json *members, const cs_json *idle) {
    const size_t ranks = (size_t)s->params.n_ranks;
    size_t n;
    CS_TRY(cs_json_array(&n, members, ranks, ranks));
    CS_TRY(read_members(s, members, 0, n));
    if (idle->value == NULL)
        return CS_OK;
    CS_TRY(cs_json_array(&s->n_idle, idle, 1, CS_MAX_RANKS));
    if (s->n_idle > CS_MAX_RANKS - ranks) {
        s->n_idle = 0;
        return cs_json_fail(idle, "more than %d members", CS_MAX_RANKS);
    }
    return read_members(s, idle, ranks, s->n_idle);
}

/* Exactly `count` points. The count is compared before memory is taken. */
static cs_status read_points(cs_g1_affine **out, const cs_json *v, size_t count) {
    enum { SOME = 64 }; /* decoded together */
    size_t n;
    CS_TRY(cs_json_array(&n, v, count, count));
    *out = CS_NEW(cs_g1_affine, n);
    if (*out == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < n; k += SOME) {
        const size_t some = n - k < SOME ? n - k : SOME;
        uint8_t bytes[SOME][32];
        for (size_t j = 0; j < some; j++) {
            const cs_json item = cs_json_at(v, k + j);
            CS_TRY(cs_json_hex32(bytes[j], &item));
        }
        const size_t good = cs_g1_vec_decode(*out + k, bytes[0], some);
        if (good < some) {
            const cs_json item = cs_json_at(v, k + good);
            return cs_json_fail(&item, "not the encoding of a point of the curve");
        }
    }
    return CS_OK;
}

static cs_status read_datasets(cs_statement *s, const cs_json *v) {
    const size_t ranks = (size_t)s->params.n_ranks;
    const cs_dataset_uses *uses[CS_MAX_RANKS];
    size_t n;
    CS_TRY(cs_json_array(&n, v, ranks, ranks));
    for (size_t i = 0; i < n; i++) {
        const cs_json item = cs_json_at(v, i);
        CS_TRY(cs_dataset_uses_from_json(&s->members[i].datasets, &item));
    }
    cs_statement_uses(uses, s);
    s->params.certified = s->members[0].datasets.use[0].doc.has_proof;
    return cs_fail_prefix(cs_dataset_uses_check(uses, &s->params), "statement: datasets");
}

static cs_status read_contributions(cs_statement *s, const cs_json *v) {
    const size_t ranks = (size_t)cs_statement_members(s);
    size_t n;
    s->has_contributions = !json_is_null(v->value);
    if (!s->has_contributions)
        return CS_OK;
    CS_TRY(cs_json_array(&n, v, ranks, ranks));
    for (size_t i = 0; i < n; i++) {
        const cs_json item = cs_json_at(v, i);
        CS_TRY(cs_json_hex32(s->contributions[i], &item));
    }
    return CS_OK;
}

/* What is in the body is compared with the rest of the statement later (attest/manifest.h). */
static cs_status read_manifest(cs_statement *s, const cs_json *v) {
    if (json_is_null(v->value))
        return CS_OK;
    CS_TRY(cs_document_object(v, &MANIFEST_SHAPE, 0));
    const cs_json body = cs_json_get(v, "body"), digest = cs_json_get(v, "digest");
    uint8_t stated[32], found[32];
    if (!json_is_object(body.value))
        return cs_json_fail(&body, "an object is required");
    s->manifest = json_incref((json_t *)(uintptr_t)body.value);
    CS_TRY(cs_json_hex32(stated, &digest));
    CS_TRY(cs_statement_manifest_digest(found, s));
    if (memcmp(stated, found, sizeof found) != 0)
        return cs_refuse(CS_REFUSAL_MANIFEST,
                         "statement: manifest: the body does not have the digest that stands beside it");
    return CS_OK;
}

static cs_status read_last_pass(cs_statement *s, const cs_json *v, int rank) {
    const cs_dataset_uses *u = &s->members[rank].datasets;
    size_t n, passes;
    CS_TRY(cs_json_array(&n, v, u->n, u->n));
    s->last_pass[rank] = CS_NEW(size_t, n);
    if (s->last_pass[rank] == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(v, k);
        CS_TRY(cs_json_size(&s->last_pass[rank][k], &item, 0, u->use[k].doc.rows));
    }
    CS_TRY(cs_fail_prefix(cs_dataset_uses_count_passes(&passes, u, s->params.steps * s->params.batch), "statement: %s",
                          v->path));
    s->params.hidden_passes = passes > s->params.hidden_passes ? passes : s->params.hidden_passes;
    return CS_OK;
}

/* After the datasets. What the counts add up to is checked with the passes (attest/derive.h). */
static cs_status read_indices(cs_statement *s, const cs_json *v) {
    const size_t ranks = (size_t)s->params.n_ranks;
    const char *text;
    size_t n;
    if (json_is_string(v->value)) {
        CS_TRY(cs_json_string(&text, v, 1, 64));
        return strcmp(text, "public") == 0 ? CS_OK : cs_json_fail(v, "\"%s\"; allowed: \"public\" or last passes", text);
    }
    CS_TRY(cs_document_object(v, &INDICES_SHAPE, 0));
    const cs_json list = cs_json_get(v, "last_pass");
    s->hidden = true;
    CS_TRY(cs_json_array(&n, &list, ranks, ranks));
    for (size_t i = 0; i < n; i++) {
        const cs_json item = cs_json_at(&list, i);
        CS_TRY(read_last_pass(s, &item, (int)i));
    }
    return cs_fail_prefix(cs_params_validate(&s->params), "statement");
}

static cs_status read_previous(cs_statement *s, const cs_json *v) {
    s->has_previous = !json_is_null(v->value);
    return s->has_previous ? cs_json_hex32(s->previous, v) : CS_OK;
}

/* After the parameters, which are then those of the segment. */
static cs_status read_segment(cs_statement *s, const cs_json *v) {
    const cs_json after = cs_json_get(v, "after"), from = cs_json_get(v, "from"), to = cs_json_get(v, "to");
    size_t start, end;
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_document_object(v, &SEGMENT_SHAPE, 0));
    CS_TRY(cs_json_size(&start, &from, 0, s->params.steps - 1));
    CS_TRY(cs_json_size(&end, &to, start + 1, s->params.steps));
    if (start == 0 && end == s->params.steps)
        return cs_json_fail(v, "a segment of all steps is the whole job");
    if ((start == 0) != json_is_null(after.value))
        return cs_json_fail(&after, "the segment before is named where there is one, and only there");
    CS_TRY(cs_fail_prefix(cs_statement_cut(s, start, end, 0), "statement: segment"));
    return start == 0 ? CS_OK : cs_json_hex32(s->segment.after, &after);
}

/* Hidden draws begin a new pass with each segment; what the segments before took of a limit in total is not known here. */
static cs_status check_segment(const cs_statement *s, const cs_json *v) {
    const cs_json from = cs_json_get(v, "from");
    if (s->segment.from > 0 && !s->initial_given && !s->params.initial_committed)
        return cs_json_fail(&from, "a segment that is not the first does not start from the seed's model");
    for (int i = 0; s->segment.given && s->hidden && i < s->params.n_ranks; i++)
        for (size_t k = 0; k < s->members[i].datasets.n; k++)
            if (s->members[i].datasets.use[k].total != CS_NO_LIMIT)
                return cs_json_fail(v, "hidden draws of a segment, and a limit in total on a dataset of member \"%s\"",
                                    s->members[i].name);
    return CS_OK;
}

static cs_status read_initial(cs_statement *s, const cs_json *v) {
    const char *text;
    if (json_is_string(v->value)) {
        CS_TRY(cs_json_string(&text, v, 1, 64));
        return strcmp(text, "seed") == 0 ? CS_OK : cs_json_fail(v, "\"%s\"; allowed: \"seed\" or a digest", text);
    }
    CS_TRY(cs_document_object(v, &INITIAL_SHAPE, 0));
    const cs_json digest = cs_json_get(v, "digest"), committed = cs_json_get(v, "committed");
    if (s->params.initial_committed) {
        cs_g1_affine *rows = NULL;
        cs_status status = cs_statement_before(s) != NULL
                               ? read_points(&rows, &committed, cs_initial_row_count(&s->params))
                               : cs_json_fail(v, "only the model of an earlier attestation can be committed");
        if (status == CS_OK)
            status = cs_statement_set_initial_rows(s, rows);
        cs_free(rows);
        return status;
    }
    s->initial_given = true;
    return cs_json_hex32(s->initial_digest, &digest);
}

static cs_status read_final(cs_statement *s, const cs_json *v) {
    const cs_json open = cs_json_get(v, "public"), committed = cs_json_get(v, "committed");
    s->complete = true;
    if (s->params.final_public)
        return cs_json_hex32(s->final_digest, &open);
    return read_points(&s->final_rows, &committed, cs_final_row_count(&s->params));
}

/* The parameters first: every later length follows from them. */
static cs_status read_params(cs_statement *s, const cs_json *v, const cs_json *initial, const cs_json *final) {
    const cs_json open = cs_json_get(final, "public"), hidden = cs_json_get(final, "committed");
    CS_TRY(cs_document_object(final, &FINAL_SHAPE, 0));
    if ((open.value == NULL) == (hidden.value == NULL))
        return cs_json_fail(final, "the final model is either public or committed");
    CS_TRY(cs_params_from_json(&s->params, v, open.value != NULL));
    if (!json_is_object(initial->value))
        return CS_OK;
    CS_TRY(cs_document_object(initial, &INITIAL_SHAPE, 0));
    if (json_object_size(initial->value) != 1)
        return cs_json_fail(initial, "a W(0) that is not from the seed is either given or committed");
    s->params.initial_committed = json_object_get(initial->value, "committed") != NULL;
    return cs_params_validate(&s->params);
}

/* After the members, of whom none was left out. */
static cs_status read_excluded(cs_statement *s, const cs_json *v) {
    size_t n;
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_json_array(&n, v, 1, CS_MAX_RANKS));
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(v, k);
        char *name = NULL;
        cs_status status = cs_job_read_name(&name, &item);
        for (int i = 0; status == CS_OK && i < cs_statement_members(s); i++)
            if (strcmp(s->members[i].name, name) == 0)
                status = cs_json_fail(&item, "\"%s\" is a member, and was not left out", name);
        if (status == CS_OK)
            status = cs_excluded_add(&s->excluded, name);
        cs_free(name);
        CS_TRY(status);
    }
    return CS_OK;
}

static cs_status read_statement(cs_statement *s, const cs_json *v) {
    CS_TRY(cs_document_object(v, &ROOT_SHAPE, CS_STATEMENT_VERSION));
    const cs_json name = cs_json_get(v, "name"), purpose = cs_json_get(v, "purpose"), params = cs_json_get(v, "params"),
                  members = cs_json_get(v, "members"), beacon = cs_json_get(v, "beacon"),
                  contributions = cs_json_get(v, "contributions"), manifest = cs_json_get(v, "manifest"),
                  datasets = cs_json_get(v, "datasets"), indices = cs_json_get(v, "indices"),
                  previous = cs_json_get(v, "previous"), initial = cs_json_get(v, "initial"),
                  final = cs_json_get(v, "final"), segment = cs_json_get(v, "segment"),
                  excluded = cs_json_get(v, "excluded"), idle = cs_json_get(v, "idle");
    CS_TRY(read_params(s, &params, &initial, &final));
    CS_TRY(read_segment(s, &segment));
    CS_TRY(cs_job_read_name(&s->name, &name)); /* "tiny, for research" would be shown like a purpose */
    CS_TRY(read_text(&s->purpose, &purpose, 0, CS_PURPOSE_BYTES));
    if (s->purpose[0] != '\0' && !cs_purpose_is_valid(s->purpose))
        return cs_json_fail(&purpose, "a purpose is written with a-z, 0-9 and '-'");
    CS_TRY(read_text(&s->beacon, &beacon, 0, BEACON_BYTES));
    CS_TRY(read_all_members(s, &members, &idle));
    CS_TRY(read_excluded(s, &excluded));
    CS_TRY(read_contributions(s, &contributions));
    CS_TRY(read_manifest(s, &manifest));
    CS_TRY(read_datasets(s, &datasets));
    CS_TRY(read_indices(s, &indices));
    CS_TRY(read_previous(s, &previous));
    CS_TRY(read_initial(s, &initial));
    CS_TRY(check_segment(s, &segment));
    return read_final(s, &final);
}

static cs_status check_canonical(const cs_statement *s, const uint8_t *data, size_t size) {
    cs_buffer again = {0};
    cs_status status = cs_statement_encode(&again, s);
    if (status == CS_OK && (again.size != size || memcmp(again.data, data, size) != 0))
        status = cs_fail(CS_ERR_INPUT,
                         "statement: not in its canonical encoding (sorted keys, no spaces, shortest form of every value)");
    cs_buffer_free(&again);
    return status;
}

cs_status cs_statement_decode(cs_statement *out, const uint8_t *data, size_t size) {
    json_t *document = NULL;
    memset(out, 0, sizeof *out);
    if (size > CS_STATEMENT_MAX_BYTES)
        return cs_fail(CS_ERR_INPUT, "statement: %zu bytes; at most %zu are allowed", size, CS_STATEMENT_MAX_BYTES);
    cs_status status = cs_json_parse(&document, "statement", data, size);
    if (status == CS_OK) {
        const cs_json root = cs_json_root("statement", document);
        status = read_statement(out, &root);
    }
    json_decref(document);
    if (status == CS_OK)
        status = check_canonical(out, data, size);
    if (status != CS_OK)
        cs_statement_free(out);
    return status;
}
