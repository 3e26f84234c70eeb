#include "attest/verify.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "commands.h"

enum { JSON, QUIET, MODEL, TRUST, AT, REQUIRE, EXPORT, N_OPTIONS };

static const struct option OPTIONS[] = {{"json", no_argument, NULL, JSON},
                                        {"quiet", no_argument, NULL, QUIET},
                                        {"model", required_argument, NULL, MODEL},
                                        {"trust", required_argument, NULL, TRUST},
                                        {"at", required_argument, NULL, AT},
                                        {"require", required_argument, NULL, REQUIRE},
                                        {"export", required_argument, NULL, EXPORT},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static const char USAGE[] =
    "usage: consort verify FILE.attestation... [--trust AUTHORITIES.json] [--at YYYY-MM-DD] [--require POLICY.json]\n"
    "                      [--model FILE.safetensors] [--export FILE] [--json] [--quiet]\n\n"
    "Checks the attestation: that members who committed to their datasets trained the model on them exactly as the\n"
    "statement says; and manifest, signatures, certificates and datasets' proofs that come with it. Prints what it "
    "checked.\n"
    "Needs no other file. Several files are a chain: each goes on from the model that the one before it ended with;\n"
    "NAME.chain stands for the files that it lists.\n\n"
    "  --trust FILE   the authorities whose certificates you accept (consort trust add); without it nobody's word on where\n"
    "                 records come from is taken\n"
    "  --at DAY       judge certificates and licences at this day (today, UTC)\n"
    "  --require FILE also fail unless the demands of this policy are met\n"
    "  --model FILE   also fail unless FILE holds exactly the released model\n"
    "  --export FILE  also fail unless FILE is an unedited export of this attestation\n"
    "  --json         the result as JSON\n"
    "  --quiet        exit status only\n\n"
    "Exit status: 0 accepted, 1 or 20 + kind rejected (docs/cli.md), 3 malformed, 4 unreadable.\n";

static json_t *report_to_json(const cs_verify_report *r, cs_status status) {
    return json_pack("{s:b, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:I, s:I, s:I, s:s, s:s, s:f, "
                     "s:f, s:f, s:f}",
                     "accepted", status == CS_OK, "status", cs_status_name(status), "refusal", r->refusal, "reason",
                     status == CS_OK ? "" : cs_error_text(), "job", r->job, "segments", (json_int_t)r->segments, "members",
                     (json_int_t)r->members, "rows", (json_int_t)r->rows, "parameters", (json_int_t)r->parameters, "steps",
                     (json_int_t)r->steps, "batch", (json_int_t)r->batch, "draws", (json_int_t)r->draws, "model_public",
                     (int)r->model_public, "initial_given", (int)r->initial_given, "file_bytes", (json_int_t)r->file_bytes,
                     "proof_bytes", (json_int_t)r->proof_bytes, "messages", (json_int_t)r->messages, "statement_digest",
                     r->statement_digest, "model_digest", r->model_digest, "read_seconds", r->read_seconds, "derive_seconds",
                     r->derive_seconds, "provenance_seconds", r->provenance_seconds, "proof_seconds", r->proof_seconds);
}

/* Of --export: only what was accepted. */
static json_t *export_to_json(const cs_export_report *r) {
    char key[65];
    cs_hex32(key, r->signer.key);
    return r->c2pa ? json_pack("{s:s, s:s, s:s}", "kind", "c2pa", "signer", r->signer.name, "key", key)
                   : json_pack("{s:s}", "kind", "model-card");
}

static void export_to_text(cs_buffer *out, const cs_export_report *r) {
    char key[65];
    cs_hex32(key, r->signer.key);
    if (r->c2pa)
        cs_text_append(out, "  export        an unedited C2PA-style manifest, signed by %s, key %s\n", r->signer.name, key);
    else
        cs_text_append(out, "  export        an unedited model card\n");
}

/* Of one attestation an object, of a chain an array. */
static json_t *facts_to_json(const cs_verify_result *r) {
    if (r->n == 1)
        return cs_facts_to_json(r->facts);
    json_t *out = json_array();
    for (size_t k = 0; k < r->n && out != NULL; k++)
        if (json_array_append_new(out, cs_facts_to_json(&r->facts[k])) != 0) {
            json_decref(out);
            return NULL;
        }
    return out;
}

/* Facts only if they are established: null where the attestation itself is refused. */
static json_t *to_json(const cs_verify_result *r, cs_status status) {
    json_t *out = report_to_json(&r->report, status);
    const bool established = status == CS_OK || r->has_verdict || r->has_export;
    const bool good = out != NULL && json_object_set_new(out, "facts", established ? facts_to_json(r) : json_null()) == 0 &&
                      (!r->has_verdict || json_object_set_new(out, "policy", cs_policy_verdict_to_json(&r->verdict)) == 0) &&
                      (!r->has_export ||
                       json_object_set_new(out, "export", status == CS_OK ? export_to_json(&r->export) : json_null()) == 0);
    if (good)
        return out;
    json_decref(out);
    return NULL;
}

/* A job's last segments may be missing: that is no fault, and is said. */
static void show_completeness(cs_buffer *out, const cs_verify_result *result) {
    const cs_facts *last = &result->facts[result->n - 1];
    const uint64_t end = last->segment_from + last->compute.steps;
    if (last->segment_of > end)
        cs_text_append(out, "  the job goes on: steps %llu to %llu of %llu are not among these files\n",
                       (unsigned long long)end + 1, (unsigned long long)last->segment_of,
                       (unsigned long long)last->segment_of);
}

static void to_text(cs_buffer *out, const cs_verify_result *result) {
    const cs_verify_report *r = &result->report;
    char size[32];
    if (result->n > 1)
        cs_text_append(out, "accepted: %s, a chain of %zu attestations\n", r->job, result->n);
    else
        cs_text_append(out, "accepted: %s\n", r->job);
    cs_text_append(out, "  %zu members with %zu committed records trained %zu parameters in %zu steps", r->members, r->rows,
                   r->parameters, r->steps);
    if (r->batch > 0)
        cs_text_append(out, " of %zu records\n", r->batch);
    else
        cs_text_append(out, ", %zu records in all\n", r->draws);
    show_completeness(out, result);
    for (size_t k = 0; k < result->n; k++) {
        if (result->n > 1)
            cs_text_append(out, "  segment %zu of %zu\n", k + 1, result->n);
        cs_facts_to_text(out, &result->facts[k]);
    }
    if (result->has_verdict)
        cs_policy_verdict_to_text(out, &result->verdict);
    if (result->has_export)
        export_to_text(out, &result->export);
    cs_text_append(out, "  proof %s, checked in %.3f s\n", cs_text_bytes(size, (double)r->proof_bytes),
                   r->read_seconds + r->derive_seconds + r->provenance_seconds + r->proof_seconds);
}

static cs_status print(const cs_verify_result *r, cs_status status, bool json) {
    cs_buffer text = {0};
    if (json)
        return cs_cli_print_json(to_json(r, status));
    if (status == CS_OK)
        to_text(&text, r);
    else if (r->has_verdict)
        cs_policy_verdict_to_text(&text, &r->verdict);
    return cs_cli_print(&text);
}

/* A refusal keeps its kind and reason, even if nothing can be printed. */
static cs_status conclude(const cs_verify_result *r, cs_status status, const char *const *values) {
    char reason[1024];
    const int kind = cs_error_kind();
    snprintf(reason, sizeof reason, "%s", cs_error_text());
    const cs_status printed = values[QUIET] != NULL ? CS_OK : print(r, status, values[JSON] != NULL);
    return status == CS_OK ? printed : cs_fail_kind(status, kind, "%s", reason);
}

cs_status cs_cli_verify(int argc, char **argv) {
    const char *values[N_OPTIONS] = {0}, *const * files;
    size_t n;
    int help;
    CS_TRY(cs_cli_parse_list(argc, argv, OPTIONS, values, &files, &n, USAGE, &help));
    if (help)
        return CS_OK;
    const cs_verify_options options = {.model_path = values[MODEL],
                                       .trust_path = values[TRUST],
                                       .at = values[AT],
                                       .policy_path = values[REQUIRE],
                                       .export_path = values[EXPORT]};
    cs_verify_result *result = CS_NEW(cs_verify_result, 1);
    if (result == NULL)
        return CS_ERR_MEMORY;
    const cs_status status = cs_verify_attestations(result, files, n, &options);
    const cs_status concluded = conclude(result, status, values);
    cs_verify_result_free(result);
    cs_free(result);
    return concluded;
}
