#include "consort/verify.h"

#include <stdio.h>

#include "base/text.h"
#include "commands.h"

enum { JSON, QUIET, MODEL, N_OPTIONS };

static const struct option OPTIONS[] = {{"json", no_argument, NULL, JSON},
                                        {"quiet", no_argument, NULL, QUIET},
                                        {"model", required_argument, NULL, MODEL},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static const char USAGE[] =
    "usage: consort verify FILE.attestation [--model FILE.safetensors] [--json] [--quiet]\n\n"
    "Checks the attestation: that members who committed to their datasets trained the model on them exactly as the\n"
    "statement says. Needs no other file.\n\n"
    "  --model FILE   also fail unless FILE holds exactly the released model\n"
    "  --json         the result as JSON\n"
    "  --quiet        exit status only\n\n"
    "Exit status: 0 accepted, 1 rejected, 3 malformed, 4 unreadable.\n";

static json_t *to_json(const cs_verify_report *r, cs_status status) {
    return json_pack("{s:b, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:I, s:I, s:I, s:s, s:s, s:f, s:f, s:f}",
                     "accepted", status == CS_OK, "status", cs_status_name(status), "reason",
                     status == CS_OK ? "" : cs_error_text(), "job", r->job, "members", (json_int_t)r->members, "rows",
                     (json_int_t)r->rows, "parameters", (json_int_t)r->parameters, "steps", (json_int_t)r->steps, "batch",
                     (json_int_t)r->batch, "draws", (json_int_t)r->draws, "model_public", (int)r->model_public,
                     "initial_given", (int)r->initial_given, "file_bytes", (json_int_t)r->file_bytes, "proof_bytes",
                     (json_int_t)r->proof_bytes, "messages", (json_int_t)r->messages, "statement_digest",
                     r->statement_digest, "model_digest", r->model_digest, "read_seconds", r->read_seconds, "derive_seconds",
                     r->derive_seconds, "proof_seconds", r->proof_seconds);
}

static void to_text(cs_buffer *out, const cs_verify_report *r) {
    char size[32];
    cs_text_append(out, "accepted: %s\n", r->job);
    cs_text_append(out, "  %zu members with %zu committed records trained %zu parameters in %zu steps of %zu records\n",
                   r->members, r->rows, r->parameters, r->steps, r->batch);
    cs_text_append(out, "  initial model %s; final model %s%s\n", r->initial_given ? "given" : "from the seed",
                   r->model_public ? "released, SHA-256 " : "committed only", r->model_digest);
    cs_text_append(out, "  statement %s\n", r->statement_digest);
    cs_text_append(out, "  proof %s, checked in %.3f s\n", cs_text_bytes(size, (double)r->proof_bytes),
                   r->read_seconds + r->derive_seconds + r->proof_seconds);
}

cs_status cs_cli_verify(int argc, char **argv) {
    const char *values[N_OPTIONS] = {0}, *file;
    int help;
    CS_TRY(cs_cli_parse(argc, argv, OPTIONS, values, &file, 1, USAGE, &help));
    if (help)
        return CS_OK;
    const cs_verify_options options = {.model_path = values[MODEL]};
    cs_verify_report report;
    const cs_status status = cs_verify_file(file, &options, &report);
    if (values[QUIET] != NULL)
        return status;
    if (values[JSON] != NULL) {
        const cs_status printed = cs_cli_print_json(to_json(&report, status));
        return status == CS_OK ? printed : status;
    }
    if (status != CS_OK)
        return status;
    cs_buffer text = {0};
    to_text(&text, &report);
    return cs_cli_print(&text);
}
