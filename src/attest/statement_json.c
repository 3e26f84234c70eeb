#include "attest/statement_json.h"

#include "attest/params_json.h"
#include "data/schema_json.h"

static json_t *points_to_json(const cs_g1_affine *points, size_t n) {
    json_t *out = json_array();
    for (size_t k = 0; out != NULL && k < n; k++) {
        uint8_t bytes[32];
        char text[65];
        cs_g1_encode(bytes, points[k]);
        cs_hex32(text, bytes);
        if (json_array_append_new(out, json_string(text)) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

json_t *cs_datasets_to_json(const cs_statement *s) {
    const size_t rows = cs_dataset_row_count(&s->params);
    json_t *out = json_array();
    for (int i = 0; out != NULL && i < s->params.n_ranks; i++)
        if (json_array_append_new(out, points_to_json(s->datasets[i], rows)) != 0) {
            json_decref(out);
            return NULL;
        }
    return out;
}

static json_t *members_to_json(const cs_statement *s) {
    json_t *out = json_array();
    for (int i = 0; out != NULL && i < s->params.n_ranks; i++) {
        char key[65];
        cs_hex32(key, s->members[i]);
        if (json_array_append_new(out, json_pack("{s:s, s:s}", "name", s->member_names[i], "key", key)) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static json_t *digest_to_json(const char *name, const uint8_t digest[32]) {
    char text[65];
    cs_hex32(text, digest);
    return json_pack("{s:s}", name, text);
}

static json_t *final_to_json(const cs_statement *s) {
    if (!s->complete)
        return json_null();
    if (s->params.final_public)
        return digest_to_json("public", s->final_digest);
    return json_pack("{s:o}", "committed", points_to_json(s->final_rows, cs_final_row_count(&s->params)));
}

json_t *cs_statement_to_json(const cs_statement *s) {
    return json_pack("{s:i, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "version", CS_STATEMENT_VERSION, "name", s->name,
                     "params", cs_params_to_json(&s->params), "members", members_to_json(s), "beacon", s->beacon, "features",
                     cs_features_to_json(s->features, s->n_features), "classes",
                     cs_classes_to_json(s->classes, s->params.widths[s->params.layers]), "datasets", cs_datasets_to_json(s),
                     "initial", s->initial_given ? digest_to_json("digest", s->initial_digest) : json_string("seed"),
                     "final", final_to_json(s));
}
