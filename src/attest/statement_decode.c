#include <string.h>

#include "attest/params_json.h"
#include "attest/statement_json.h"
#include "base/memory.h"
#include "base/strings.h"
#include "data/schema_json.h"

enum { NAME_BYTES = 64, BEACON_BYTES = 1024 };

static const cs_json_field ROOT[] = {{"version", true}, {"name", true},     {"params", true},  {"members", true},
                                     {"beacon", true},  {"features", true}, {"classes", true}, {"datasets", true},
                                     {"initial", true}, {"final", true}};
static const cs_json_field MEMBER[] = {{"name", true}, {"key", true}};
static const cs_json_field INITIAL[] = {{"digest", true}};
static const cs_json_field FINAL[] = {{"public", false}, {"committed", false}};
static const cs_json_shape ROOT_SHAPE = {"", ROOT, sizeof ROOT / sizeof *ROOT};
static const cs_json_shape MEMBER_SHAPE = {"members[]", MEMBER, 2};
static const cs_json_shape INITIAL_SHAPE = {"initial", INITIAL, 1};
static const cs_json_shape FINAL_SHAPE = {"final", FINAL, 2};

static cs_status read_text(char **out, const cs_json *v, size_t min, size_t max) {
    const char *text;
    CS_TRY(cs_json_string(&text, v, min, max));
    return cs_string_own(out, cs_string_copy(text));
}

static cs_status read_members(cs_statement *s, const cs_json *v) {
    const size_t ranks = (size_t)s->params.n_ranks;
    size_t n;
    CS_TRY(cs_json_array(&n, v, ranks, ranks));
    for (size_t i = 0; i < n; i++) {
        const cs_json item = cs_json_at(v, i), name = cs_json_get(&item, "name"), key = cs_json_get(&item, "key");
        CS_TRY(cs_json_object(&item, &MEMBER_SHAPE));
        CS_TRY(read_text(&s->member_names[i], &name, 1, NAME_BYTES));
        CS_TRY(cs_json_hex32(s->members[i], &key));
        for (size_t j = 0; j < i; j++) {
            if (strcmp(s->member_names[j], s->member_names[i]) == 0)
                return cs_json_fail(&name, "member %zu has the same name", j);
            if (memcmp(s->members[j], s->members[i], 32) == 0)
                return cs_json_fail(&key, "member %zu has the same key", j);
        }
    }
    return CS_OK;
}

/* Exactly `count` points. The count is compared before memory is taken. */
static cs_status read_points(cs_g1_affine **out, const cs_json *v, size_t count) {
    size_t n;
    CS_TRY(cs_json_array(&n, v, count, count));
    *out = CS_NEW(cs_g1_affine, n);
    if (*out == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(v, k);
        uint8_t bytes[32];
        CS_TRY(cs_json_hex32(bytes, &item));
        if (!cs_g1_decode(&(*out)[k], bytes))
            return cs_json_fail(&item, "not the encoding of a point of the curve");
    }
    return CS_OK;
}

static cs_status read_datasets(cs_statement *s, const cs_json *v) {
    const size_t ranks = (size_t)s->params.n_ranks, rows = cs_dataset_row_count(&s->params);
    size_t n;
    CS_TRY(cs_json_array(&n, v, ranks, ranks));
    for (size_t i = 0; i < n; i++) {
        const cs_json item = cs_json_at(v, i);
        CS_TRY(read_points(&s->datasets[i], &item, rows));
    }
    return CS_OK;
}

static cs_status read_initial(cs_statement *s, const cs_json *v) {
    const char *text;
    if (json_is_string(v->value)) {
        CS_TRY(cs_json_string(&text, v, 1, 64));
        return strcmp(text, "seed") == 0 ? CS_OK : cs_json_fail(v, "\"%s\"; allowed: \"seed\" or a digest", text);
    }
    CS_TRY(cs_json_object(v, &INITIAL_SHAPE));
    const cs_json digest = cs_json_get(v, "digest");
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
static cs_status read_statement(cs_statement *s, const cs_json *v) {
    CS_TRY(cs_json_object(v, &ROOT_SHAPE));
    const cs_json version = cs_json_get(v, "version"), name = cs_json_get(v, "name"), params = cs_json_get(v, "params");
    const cs_json members = cs_json_get(v, "members"), beacon = cs_json_get(v, "beacon"),
                  features = cs_json_get(v, "features");
    const cs_json classes = cs_json_get(v, "classes"), datasets = cs_json_get(v, "datasets"),
                  initial = cs_json_get(v, "initial");
    const cs_json final = cs_json_get(v, "final"), open = cs_json_get(&final, "public"),
                  hidden = cs_json_get(&final, "committed");
    unsigned number;
    CS_TRY(cs_json_unsigned(&number, &version, CS_STATEMENT_VERSION, CS_STATEMENT_VERSION));
    CS_TRY(cs_json_object(&final, &FINAL_SHAPE));
    if ((open.value == NULL) == (hidden.value == NULL))
        return cs_json_fail(&final, "the final model is either public or committed");
    CS_TRY(cs_params_from_json(&s->params, &params, open.value != NULL));
    CS_TRY(read_text(&s->name, &name, 1, NAME_BYTES));
    CS_TRY(read_text(&s->beacon, &beacon, 0, BEACON_BYTES));
    CS_TRY(read_members(s, &members));
    CS_TRY(cs_features_from_json(&s->features, &s->n_features, &features, s->params.widths[0]));
    CS_TRY(cs_classes_from_json(&s->classes, &classes, s->params.widths[s->params.layers]));
    CS_TRY(read_datasets(s, &datasets));
    CS_TRY(read_initial(s, &initial));
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
