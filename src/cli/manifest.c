#include <string.h>

#include "attest/job_licences.h"
#include "attest/manifest.h"
#include "attest/model_file.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "commands.h"
#include "provenance/document.h"

enum { KEY, PASSPHRASE, TRUST, AT, JSON, EXCLUDE, N_OPTIONS };

static const struct option INIT_OPTIONS[] = {
    {"exclude", required_argument, NULL, EXCLUDE}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
static const struct option SIGN_OPTIONS[] = {{"key", required_argument, NULL, KEY},
                                             {"passphrase-file", required_argument, NULL, PASSPHRASE},
                                             {"exclude", required_argument, NULL, EXCLUDE},
                                             {"help", no_argument, NULL, 'h'},
                                             {NULL, 0, NULL, 0}};
static const struct option CHECK_OPTIONS[] = {
    {"trust", required_argument, NULL, TRUST},     {"at", required_argument, NULL, AT}, {"json", no_argument, NULL, JSON},
    {"exclude", required_argument, NULL, EXCLUDE}, {"help", no_argument, NULL, 'h'},    {NULL, 0, NULL, 0}};

static const char INIT_USAGE[] =
    "usage: consort manifest init JOB.json [--exclude NAMES]\n\n"
    "Writes what the members of the job are to sign, to the file that the job names as \"manifest\" or else to\n"
    "JOB.manifest.json; never replaces one. The job must name identities and committed datasets of all members.\n\n"
    "  --exclude NAMES   of a run without these members (a,b): JOB.without-a-b.manifest.json, which the others sign\n";

static const char SIGN_USAGE[] =
    "usage: consort manifest sign JOB.json --key MEMBER.key [--passphrase-file FILE] [--exclude NAMES]\n\n"
    "Adds a member's signature, if the manifest says exactly what this job says. Look at the job, the datasets and their\n"
    "certificates first (consort plan, consort dataset show, consort manifest check).\n";

static const char CHECK_USAGE[] =
    "usage: consort manifest check JOB.json [--trust AUTHORITIES.json] [--at YYYY-MM-DD] [--exclude NAMES] [--json]\n\n"
    "Does the manifest say what the job says, are the datasets well formed, do their licences permit it, and who has "
    "signed?\n"
    "Succeeds if all members have.\n\n"
    "  --trust FILE   the authorities whose certificates you accept\n"
    "  --at DAY       judge certificates and licences at this day (today, UTC)\n";

/* A job and what it says in the form of a statement. */
typedef struct work {
    cs_job job;
    cs_model initial;
    cs_statement statement;
    cs_signed manifest;
} work;

/* One that an earlier attestation only commits to is at hand for the first member alone, and named by its commitments. */
static cs_status load_job(work *w, const char *path, const char *const *values) {
    uint8_t digest[32];
    CS_TRY(cs_job_load_without(&w->job, path, values[EXCLUDE]));
    const cs_job_previous *before = &w->job.previous;
    const bool given = before->given ? !before->committed : w->job.initial != NULL;
    if (given && !before->given)
        CS_TRY(cs_model_load(&w->initial, &w->job.params, w->job.initial));
    if (given)
        cs_model_digest(digest, before->given ? &before->model : &w->initial);
    return cs_statement_from_job(&w->statement, &w->job, given ? digest : NULL);
}

static cs_status load(work *w, const char *path, const char *const *values) {
    CS_TRY(load_job(w, path, values));
    CS_TRY(cs_manifest_load(&w->manifest, w->job.manifest));
    return cs_fail_prefix(cs_manifest_compare_job(w->manifest.body, &w->statement, &w->job), "%s: not what %s says",
                          w->job.manifest, w->job.file);
}

static void release(work *w) {
    cs_signed_free(&w->manifest);
    cs_statement_free(&w->statement);
    cs_model_free(&w->initial);
    cs_job_free(&w->job);
    cs_free(w);
}

/* Runs a command on a job that is loaded by it; `w` is freed. */
typedef cs_status command(work *w, const char *path, const char *const *values);

static cs_status run(int argc, char **argv, const struct option *options, const char *usage, command *fn) {
    const char *values[N_OPTIONS] = {0}, *file;
    int help;
    CS_TRY(cs_cli_parse(argc, argv, options, values, &file, 1, usage, &help));
    if (help)
        return CS_OK;
    work *w = CS_NEW(work, 1);
    if (w == NULL)
        return CS_ERR_MEMORY;
    const cs_status status = fn(w, file, values);
    release(w);
    return status;
}

/* ------------------------------------------------------------ init */

static cs_status do_init(work *w, const char *path, const char *const *values) {
    json_t *body;
    char hex[65];
    cs_buffer text = {0};
    CS_TRY(load_job(w, path, values));
    CS_TRY(cs_file_must_not_exist(w->job.manifest));
    CS_TRY(cs_fail_prefix(cs_manifest_body(&body, &w->statement, w->job.beacon_source), "%s", path));
    cs_status status = cs_signed_new(&w->manifest, body);
    if (status == CS_OK) /* the job's beacon must fit as well */
        status = cs_fail_prefix(cs_manifest_compare(body, &w->statement), "%s: seeds", path);
    json_decref(body);
    if (status == CS_OK)
        status = cs_document_save(cs_signed_to_json(&w->manifest), w->job.manifest, 0644);
    if (status != CS_OK)
        return status;
    cs_hex32(hex, w->manifest.digest);
    cs_text_append(&text, "%s: to be signed by %d members\n  digest  %s\n", w->job.manifest, cs_job_members(&w->job), hex);
    return cs_cli_print(&text);
}

static cs_status init(int argc, char **argv) {
    return run(argc, argv, INIT_OPTIONS, INIT_USAGE, do_init);
}

/* ------------------------------------------------------------ sign */

static cs_status add_signature(work *w, const cs_secret_identity *me) {
    for (int i = 0; i < cs_statement_members(&w->statement); i++) {
        const cs_signer *signer = &w->statement.members[i].signer;
        cs_signature signature;
        if (memcmp(signer->ed25519, me->public.ed25519, sizeof signer->ed25519) != 0)
            continue;
        cs_sign(&signature, CS_SIGN_MANIFEST, w->manifest.digest, signer->name, me->ed25519);
        return cs_fail_prefix(cs_signed_add(&w->manifest, &signature), "%s", w->job.manifest);
    }
    return cs_fail(CS_ERR_USAGE, "this is the key of \"%s\", who is no member of %s", me->public.name, w->job.file);
}

static cs_status do_sign(work *w, const char *path, const char *const *values) {
    cs_secret_identity me;
    cs_buffer text = {0};
    if (values[KEY] == NULL)
        return cs_fail(CS_ERR_USAGE, "manifest sign: --key FILE is required; see consort manifest sign --help");
    CS_TRY(load(w, path, values));
    CS_TRY(cs_fail_prefix(cs_signed_check(&w->manifest, CS_SIGN_MANIFEST), "%s", w->job.manifest));
    CS_TRY(cs_cli_load_key(&me, values[KEY], values[PASSPHRASE]));
    cs_status status = add_signature(w, &me);
    cs_secret_identity_wipe(&me);
    if (status == CS_OK)
        status = cs_document_save(cs_signed_to_json(&w->manifest), w->job.manifest, 0644);
    if (status != CS_OK)
        return status;
    cs_text_append(&text, "%s: signed by %zu of %d members\n", w->job.manifest, w->manifest.n, cs_job_members(&w->job));
    return cs_cli_print(&text);
}

static cs_status sign(int argc, char **argv) {
    return run(argc, argv, SIGN_OPTIONS, SIGN_USAGE, do_sign);
}

/* ------------------------------------------------------------ check */

/* Under its own name and key, and it holds. */
static bool has_signed(const work *w, int rank) {
    const cs_signer *signer = &w->statement.members[rank].signer;
    for (size_t k = 0; k < w->manifest.n; k++) {
        const cs_signature *s = &w->manifest.signatures[k];
        if (memcmp(s->key, signer->ed25519, CS_SIGN_KEY_SIZE) == 0)
            return strcmp(s->name, signer->name) == 0 &&
                   cs_signature_check(s, CS_SIGN_MANIFEST, w->manifest.digest) == CS_OK;
    }
    return false;
}

static json_t *to_json(const work *w) {
    json_t *members = json_array();
    for (int i = 0; i < cs_statement_members(&w->statement); i++) {
        const cs_statement_member *m = &w->statement.members[i];
        json_array_append_new(members,
                              json_pack("{s:s, s:s, s:o, s:b}", "name", m->name, "identity", m->signer.name, "ed25519",
                                        cs_document_hex_to_json(m->signer.ed25519, sizeof m->signer.ed25519), "signed",
                                        (int)has_signed(w, i)));
    }
    return json_pack("{s:s, s:o, s:s, s:o}", "manifest", w->job.manifest, "digest",
                     cs_document_hex_to_json(w->manifest.digest, 32), "purpose", w->statement.purpose, "members", members);
}

static void to_text(cs_buffer *out, const work *w, bool trusted) {
    const cs_statement *s = &w->statement;
    char hex[65];
    cs_hex32(hex, w->manifest.digest);
    cs_text_append(out, "%s: what the job says\n  digest   %s\n  purpose  %s\n", w->job.manifest, hex,
                   s->purpose[0] != '\0' ? s->purpose : "none");
    for (int i = 0; i < cs_statement_members(s); i++) {
        const cs_statement_member *m = &s->members[i];
        cs_text_append(out, "  %-16s %s (%s)\n", m->name, m->signer.name, has_signed(w, i) ? "signed" : "has not signed");
        for (size_t k = 0; k < m->datasets.n; k++) {
            const cs_dataset_use *use = &m->datasets.use[k];
            cs_text_append(out, "    %s: %zu records, %s\n", use->doc.name, use->doc.rows,
                           !use->has_certificate ? "no certificate"
                           : trusted             ? "certified, the licence permits the job"
                                                 : "the licence permits the job; its authority was not looked up (--trust)");
        }
    }
}

static cs_status check_licences(const work *w, const char *const *values) {
    char at[CS_DATE_SIZE];
    cs_trust trust = {0};
    CS_TRY(values[AT] == NULL ? cs_date_today(at) : cs_date_read(at, "--at", values[AT]));
    if (values[TRUST] != NULL)
        CS_TRY(cs_trust_load(&trust, values[TRUST]));
    const cs_status status = cs_job_check_licences(&w->job, values[TRUST] != NULL ? &trust : NULL, at);
    cs_trust_free(&trust);
    return status;
}

static cs_status do_check(work *w, const char *path, const char *const *values) {
    cs_buffer text = {0};
    CS_TRY(load(w, path, values));
    CS_TRY(cs_job_check_proofs(&w->job));
    CS_TRY(check_licences(w, values));
    to_text(&text, w, values[TRUST] != NULL);
    if (values[JSON] == NULL)
        CS_TRY(cs_cli_print(&text));
    else
        CS_TRY(cs_cli_print_json(to_json(w)));
    cs_buffer_free(&text);
    return cs_fail_prefix(cs_check_all_signed(w->manifest.signatures, w->manifest.n, CS_SIGN_MANIFEST, w->manifest.digest,
                                              &w->statement, "the manifest", CS_REFUSAL_MANIFEST),
                          "%s", w->job.manifest);
}

static cs_status check(int argc, char **argv) {
    return run(argc, argv, CHECK_OPTIONS, CHECK_USAGE, do_check);
}

static const cs_cli_part PARTS[] = {{"init", "write what the members of a job are to sign", init},
                                    {"check", "does it say what the job says, and who has signed", check},
                                    {"sign", "add a member's signature", sign}};

cs_status cs_cli_manifest(int argc, char **argv) {
    return cs_cli_dispatch(argc, argv, PARTS, sizeof PARTS / sizeof *PARTS);
}
