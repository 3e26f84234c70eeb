#include "provenance/cawg.h"

#include <stdlib.h>
#include <string.h>

#include "provenance/document.h"

enum { N_ENTRIES = 4, MAX_TERMS = 16 << 10 };

static const char LABEL[] = "cawg.training-mining";
static const char *const ENTRIES[N_ENTRIES] = {"cawg.ai_generative_training", "cawg.ai_inference", "cawg.ai_training",
                                               "cawg.data_mining"};

static const cs_json_field ASSERTION_FIELDS[] = {{"label", true}, {"data", true}};
static const cs_json_shape ASSERTION_SHAPE = {"", ASSERTION_FIELDS, 2};
static const cs_json_field DATA_FIELDS[] = {{"entries", true}};
static const cs_json_shape DATA_SHAPE = {"data", DATA_FIELDS, 1};
static const cs_json_field ENTRIES_FIELDS[N_ENTRIES] = {{"cawg.ai_generative_training", true},
                                                        {"cawg.ai_inference", true},
                                                        {"cawg.ai_training", true},
                                                        {"cawg.data_mining", true}};
static const cs_json_shape ENTRIES_SHAPE = {"data.entries", ENTRIES_FIELDS, N_ENTRIES};
static const cs_json_field ENTRY_FIELDS[] = {{"use", true}, {"constraint_info", false}};
static const cs_json_shape ENTRY_SHAPE = {"data.entries.*", ENTRY_FIELDS, 2};

static const char *use_of(const cs_licence *l) {
    const bool free_of_terms = l->n_purposes == 0 && l->per_epoch == CS_NO_QUOTA && l->total == CS_NO_QUOTA &&
                               l->expires[0] == '\0' && l->attribution[0] == '\0';
    return l->deny ? "notAllowed" : free_of_terms ? "allowed" : "constrained";
}

json_t *cs_cawg_from_licence(const cs_licence *l) {
    json_t *terms = cs_licence_to_json(l), *entries = json_object();
    char *text = terms == NULL ? NULL : cs_json_canonical(terms);
    bool made = text != NULL && entries != NULL;
    for (int k = 0; k < N_ENTRIES && made; k++)
        made = json_object_set_new(entries, ENTRIES[k],
                                   json_pack("{s:s, s:s}", "use", use_of(l), "constraint_info", text)) == 0;
    json_decref(terms);
    free(text);
    if (!made) {
        json_decref(entries);
        return NULL;
    }
    return json_pack("{s:s, s:{s:o}}", "label", LABEL, "data", "entries", entries);
}

static cs_status refuse(const cs_json *v, const char *text) {
    return cs_refuse(CS_REFUSAL_UNKNOWN, "%s: %s: %s", v->file, v->path, text);
}

/* The licence in a constraint_info, if it is one. */
static cs_status read_terms(cs_licence *out, const cs_json *info) {
    json_t *terms;
    const char *text = "";
    CS_TRY(cs_json_string(&text, info, 1, MAX_TERMS));
    if (cs_document_parse(&terms, info->file, text, strlen(text)) != CS_OK)
        return refuse(info, "a constraint in free text; write a licence that says the same");
    const cs_json v = {.file = info->file, .value = terms, .path = "constraint_info"};
    const cs_status status = cs_licence_from_json(out, &v);
    json_decref(terms);
    return status;
}

/* An assertion by somebody else: yes or no, without conditions. */
static cs_status read_plain(cs_licence *out, const cs_json *use, const char *value) {
    *out = (cs_licence){.name = "CAWG", .per_epoch = CS_NO_QUOTA, .total = CS_NO_QUOTA};
    out->deny = strcmp(value, "notAllowed") == 0;
    return out->deny || strcmp(value, "allowed") == 0 ? CS_OK : refuse(use, "constrained, and not by which terms");
}

cs_status cs_cawg_to_licence(cs_licence *out, const cs_json *v) {
    const char *label = "", *use = "";
    CS_TRY(cs_document_object(v, &ASSERTION_SHAPE, 0));
    const cs_json named = cs_json_get(v, "label"), data = cs_json_get(v, "data");
    CS_TRY(cs_json_string(&label, &named, 1, 64));
    if (strcmp(label, LABEL) != 0)
        return cs_json_fail(&named, "\"%s\" is not \"%s\"", label, LABEL);
    CS_TRY(cs_document_object(&data, &DATA_SHAPE, 0));
    const cs_json entries = cs_json_get(&data, "entries"), first = cs_json_get(&entries, ENTRIES[0]);
    CS_TRY(cs_document_object(&entries, &ENTRIES_SHAPE, 0));
    CS_TRY(cs_document_object(&first, &ENTRY_SHAPE, 0));
    for (int k = 1; k < N_ENTRIES; k++) {
        const cs_json other = cs_json_get(&entries, ENTRIES[k]);
        if (!json_equal(first.value, other.value))
            return refuse(&other, "another value than for the first entry; one licence cannot say both");
    }
    const cs_json stated = cs_json_get(&first, "use"), info = cs_json_get(&first, "constraint_info");
    CS_TRY(cs_json_string(&use, &stated, 1, 16));
    CS_TRY(info.value == NULL ? read_plain(out, &stated, use) : read_terms(out, &info));
    return strcmp(use, use_of(out)) == 0 ? CS_OK : refuse(&stated, "the terms in constraint_info say something else");
}
