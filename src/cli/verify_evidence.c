#include "attest/accusation.h"

#include "base/text.h"
#include "commands.h"
#include "data/json.h"

enum { JSON, QUIET, N_OPTIONS };

static const struct option OPTIONS[] = {{"json", no_argument, NULL, JSON},
                                        {"quiet", no_argument, NULL, QUIET},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static const char USAGE[] =
    "usage: consort verify-evidence FILE.evidence [--json] [--quiet]\n\n"
    "Checks evidence that a member cheated in a run whose proof did not verify: the member signed what it sent and what\n"
    "it was shown, and by that it broke the protocol, at the stage and in the way that the file says. Whoever made the\n"
    "file need not be trusted. Compare the key that is shown with the one that you know the member by.\n\n"
    "  --json         the result as JSON\n"
    "  --quiet        exit status only\n\n"
    "Exit status: 0 the member cheated, 1 or 30 (not signed by it) the file does not show that, 3 malformed,\n"
    "4 unreadable.\n";

static json_t *to_json(const cs_accusation_report *r, cs_status status) {
    char key[65];
    cs_hex32(key, r->signer.ed25519);
    return json_pack("{s:b, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:f}", "cheated", status == CS_OK,
                     "status", cs_status_name(status), "reason", status == CS_OK ? "" : cs_error_text(), "rank", r->rank,
                     "member", r->member, "identity", r->signer.name, "key", key, "stage", r->stage, "offence",
                     r->offence != NULL ? r->offence : "", "statement_digest", r->statement_digest, "session", r->nonce,
                     "file_bytes", (json_int_t)r->file_bytes, "seconds", r->seconds);
}

static cs_status print(const cs_accusation_report *r, cs_status status, bool json) {
    cs_buffer text = {0};
    char key[65];
    if (json)
        return cs_cli_print_json(to_json(r, status));
    if (status != CS_OK)
        return CS_OK;
    cs_hex32(key, r->signer.ed25519);
    if (r->ranks > 0) {
        cs_text_append(&text, "rank %d of %zu (%s) cheated at %s: %s\n", r->rank, r->ranks, r->member, r->stage, r->offence);
        cs_text_append(&text, "  signed by     %s, key %s\n", r->signer.name, key);
    } else {
        cs_text_append(&text, "rank %d cheated at %s: %s\n  signed by     key %s\n", r->rank, r->stage, r->offence, key);
    }
    cs_text_append(&text, "  statement     %s\n  session       %s\n", r->statement_digest, r->nonce);
    cs_text_append(&text, "  judged in %.3f s\n", r->seconds);
    return cs_cli_print(&text);
}

cs_status cs_cli_verify_evidence(int argc, char **argv) {
    const char *values[N_OPTIONS] = {0}, *file;
    int help;
    CS_TRY(cs_cli_parse(argc, argv, OPTIONS, values, &file, 1, USAGE, &help));
    if (help)
        return CS_OK;
    cs_accusation_report report;
    const cs_status status = cs_accusation_verify(&report, file);
    char reason[1024];
    const int kind = cs_error_kind();
    snprintf(reason, sizeof reason, "%s", cs_error_text());
    const cs_status printed = values[QUIET] != NULL ? CS_OK : print(&report, status, values[JSON] != NULL);
    return status == CS_OK ? printed : cs_fail_kind(status, kind, "%s", reason);
}
