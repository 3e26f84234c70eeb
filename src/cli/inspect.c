#include "attest/attestation.h"
#include "base/text.h"
#include "commands.h"

enum { JSON, N_OPTIONS };

static const struct option OPTIONS[] = {
    {"json", no_argument, NULL, JSON}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

static const char USAGE[] = "usage: consort inspect FILE.attestation [--json]\n\n"
                            "Shows the statement of an attestation: who, what, how much. Checks that it is well formed, and "
                            "does not check the proof.\n"
                            "--json prints the statement itself.\n";

static void show_members(cs_buffer *out, const cs_statement *s) {
    for (int i = 0; i < s->params.n_ranks; i++) {
        char key[65];
        cs_hex32(key, s->members[i].key);
        cs_text_append(out, "    %-16s %zu records, key %s\n", s->members[i].name, s->params.rows[i], key);
    }
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
    cs_text_append(out, "%s\n  members     %d\n", s->name, p->n_ranks);
    show_members(out, s);
    cs_text_append(out, "  model       widths");
    for (size_t l = 0; l <= p->layers; l++)
        cs_text_append(out, "%s%zu", l == 0 ? " " : "-", p->widths[l]);
    cs_text_append(out, "; W(0) %s\n", s->initial_given ? "given" : "from the seed");
    cs_text_append(out, "  scales      activations 2^%u, errors 2^%u, weights 2^%u\n", p->a, p->d, p->w);
    show_schedule(out, p, p->batch * (size_t)p->n_ranks);
    cs_text_append(out, "  beacon      \"%s\"\n", s->beacon);
    cs_hex32(digest, s->final_digest);
    cs_text_append(out, "  result      %s%s\n",
                   p->final_public ? "released model, SHA-256 " : "a model that is only committed",
                   p->final_public ? digest : "");
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
