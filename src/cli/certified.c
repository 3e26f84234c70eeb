#include "certified.h"

#include <inttypes.h>

#include "base/text.h"

cs_status cs_cli_check_proof(const char *folder, const cs_dataset_doc *doc) {
    cs_buffer proof = {0};
    if (!doc->has_proof)
        return cs_refuse(CS_REFUSAL_PROOF, "%s: the dataset was committed without a well-formedness proof", folder);
    cs_status status = cs_dataset_folder_read_proof(&proof, folder, doc);
    if (status == CS_OK) {
        status = cs_wellformed_verify(doc, proof.data, proof.size);
        if (status == CS_REJECT)
            status =
                cs_refuse(CS_REFUSAL_PROOF, "%s: the dataset is not shown to be well formed: %s", folder, cs_error_text());
    }
    cs_buffer_free(&proof);
    return status;
}

cs_status cs_cli_certified_dataset(cs_certified_dataset *out, const cs_dataset_doc *doc) {
    out->rows = doc->rows;
    CS_TRY(cs_dataset_doc_digest(out->digest, doc));
    return cs_dataset_doc_schema_digest(out->schema, doc);
}

static void show_quota(cs_buffer *out, const char *where, uint64_t quota) {
    if (quota != CS_NO_QUOTA)
        cs_text_append(out, ", at most %" PRIu64 " draws in one %s", quota, where);
}

static void show_licence(cs_buffer *out, const cs_licence *l) {
    cs_text_append(out, "    licence     \"%s\": ", l->name);
    if (l->deny)
        cs_text_append(out, "DENIES every use; else ");
    cs_text_append(out, "for ");
    for (size_t k = 0; k < l->n_purposes; k++)
        cs_text_append(out, "%s%s", k > 0 ? ", " : "", l->purposes[k]);
    cs_text_append(out, "%s", l->n_purposes == 0 ? "any purpose" : "");
    show_quota(out, "pass", l->per_epoch);
    show_quota(out, "run", l->total);
    if (l->expires[0] != '\0')
        cs_text_append(out, ", until %s", l->expires);
    cs_text_append(out, "\n");
    if (l->attribution[0] != '\0')
        cs_text_append(out, "    attribution \"%s\"\n", l->attribution);
}

void cs_cli_show_certificate(cs_buffer *out, const cs_certificate *c) {
    char digest[65], key[65];
    cs_hex32(digest, c->digest);
    cs_hex32(key, c->hidden ? c->set : c->key);
    cs_text_append(out, "  certificate   %s\n", digest);
    if (c->hidden)
        cs_text_append(out, "    authority   hidden: one of the set %s\n", key);
    else
        cs_text_append(out, "    authority   \"%s\", key %s\n", c->authority, key);
    cs_text_append(out, "    source      \"%s\"\n    valid       %s to %s\n", c->source, c->from, c->until);
    show_licence(out, &c->licence);
}
