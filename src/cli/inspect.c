#include "attest/attestation.h"
#include "base/text.h"
#include "certified.h"
#include "commands.h"

enum { JSON, N_OPTIONS };

static const struct option OPTIONS[] = {
    {"json", no_argument, NULL, JSON}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

static const char USAGE[] =
    "usage: consort inspect FILE.attestation [--json]\n\n"
    "Shows the statement of an attestation: who, what, which licences, how much. Checks that it is well "
    "formed, and checks\n"
    "no proof and no signature: consort verify does.\n"
    "--json prints the statement itself.\n";

static void show_use(cs_buffer *out, const cs_dataset_use *u, const cs_certificate *c) {
    cs_text_append(out, "      %s: %zu records", u->doc.name, u->doc.rows);
    if (u->weight < 1)
        cs_text_append(out, ", %g of them in a pass", u->weight);
    if (u->per_epoch != CS_NO_LIMIT)
        cs_text_append(out, ", at most %zu draws in a pass", u->per_epoch);
    if (u->total != CS_NO_LIMIT)
        cs_text_append(out, ", at most %zu draws in all", u->total);
    cs_text_append(out, u->doc.has_proof ? ", with a proof of its own\n" : "\n");
    if (c != NULL)
        cs_cli_show_certificate(out, c);
}

static void show_members(cs_buffer *out, const cs_attestation *a) {
    const cs_statement *s = &a->statement;
    const cs_certificate *next = a->evidence.certificates;
    for (int i = 0; i < cs_statement_members(s); i++) {
        const cs_statement_member *m = &s->members[i];
        char key[65];
        cs_hex32(key, m->signer.identified ? m->signer.ed25519 : m->key);
        cs_text_append(out, "    %-16s %s%s key %s%s\n", m->name, m->signer.name,
                       m->signer.identified ? ", Ed25519" : "X25519", key,
                       i < s->params.n_ranks ? "" : ", idle: no records");
        for (size_t k = 0; k < m->datasets.n; k++) {
            const cs_dataset_use *u = &m->datasets.use[k];
            show_use(out, u, u->has_certificate ? next++ : NULL);
        }
    }
}

static void show_agreement(cs_buffer *out, const cs_attestation *a) {
    const cs_statement *s = &a->statement;
    uint8_t digest[32];
    char hex[65];
    if (s->manifest != NULL && cs_statement_manifest_digest(digest, s) == CS_OK) {
        cs_hex32(hex, digest);
        cs_text_append(out, "  manifest    %s, with %zu signatures\n", hex, a->evidence.n_manifest);
    }
    if (s->purpose[0] != '\0')
        cs_text_append(out, "  purpose     %s\n", s->purpose);
    cs_text_append(out, "  seed        %s%s%s%s\n",
                   s->has_contributions ? "contributions of all members" : "no contributions",
                   s->beacon[0] != '\0' ? ", beacon \"" : ", no beacon", s->beacon, s->beacon[0] != '\0' ? "\"" : "");
    cs_text_append(out, "  draws       %s\n", s->hidden ? "at hidden positions, counted" : "from the seed, public");
}

static void show_schedule(cs_buffer *out, const cs_params *p, size_t batch) {
    cs_text_append(out, "  schedule    %zu steps of %zu records", p->steps, batch);
    const double unit = (double)batch / (double)((uint64_t)1 << (p->w - p->a - p->d));
    for (size_t t = 0; t < p->steps; t++)
        if (t == 0 || p->rate[t] != p->rate[t - 1])
            cs_text_append(out, "; rate %g from step %zu", (double)p->rate[t] * unit, t);
    cs_text_append(out, "\n");
}

static void show(cs_buffer *out, const cs_attestation *a) {
    const cs_statement *s = &a->statement;
    const cs_params *p = &s->params;
    char digest[65], size[32];
    cs_text_append(out, "%s\n  members     %d\n", s->name, cs_statement_members(s));
    show_members(out, a);
    for (size_t k = 0; k < s->excluded.n; k++)
        cs_text_append(out, "    %-16s left out\n", s->excluded.names[k]);
    show_agreement(out, a);
    cs_text_append(out, "  model       widths");
    for (size_t l = 0; l <= p->layers; l++)
        cs_text_append(out, "%s%zu", l == 0 ? " " : "-", p->widths[l]);
    cs_text_append(out, "; W(0) %s\n", s->initial_given ? "given" : "from the seed");
    cs_text_append(out, "  scales      activations 2^%u, errors 2^%u, weights 2^%u\n", p->a, p->d, p->w);
    show_schedule(out, p, p->batch * (size_t)p->n_ranks);
    cs_hex32(digest, s->final_digest);
    cs_text_append(out, "  result      %s%s\n",
                   p->final_public ? "released model, SHA-256 " : "a model that is only committed",
                   p->final_public ? digest : "");
    cs_text_append(out, "  statement   with %zu signatures\n", a->evidence.n_statement);
    cs_text_append(out, "  proof       %s (not checked here: consort verify)\n",
                   cs_text_bytes(size, (double)a->container.section[CS_SECTION_PROOF].size));
}

cs_status cs_cli_inspect(int argc, char **argv) {
    const char *values[N_OPTIONS] = {0}, *file;
    int help;
    CS_TRY(cs_cli_parse(argc, argv, OPTIONS, values, &file, 1, USAGE, &help));
    if (help)
        return CS_OK;
    cs_attestation a;
    cs_buffer text = {0};
    CS_TRY(cs_attestation_open(&a, file));
    const cs_buffer *statement = &a.container.section[CS_SECTION_STATEMENT];
    if (values[JSON] == NULL) {
        show(&text, &a);
    } else {
        cs_buffer_append(&text, statement->data, statement->size);
        cs_text_append(&text, "\n");
    }
    cs_attestation_free(&a);
    return cs_cli_print(&text);
}
