#include "attest/derive.h"

#include <string.h>

#include "base/bits.h"

static cs_status derive_initial(cs_derived *out, const cs_statement *s, const cs_model *initial) {
    if (s->initial_given != (initial != NULL))
        return cs_fail(CS_ERR_INPUT, s->initial_given
                                         ? "initial: the statement names a given W(0), which is not at hand"
                                         : "initial: there is a W(0), but the statement derives it from the seed");
    if (initial == NULL)
        CS_TRY(cs_model_from_seed(&out->initial, &s->params, out->seed));
    else
        CS_TRY(cs_model_copy(&out->initial, initial));
    CS_TRY(cs_fail_prefix(cs_model_validate(&out->initial, &s->params, true), "W(0)"));
    cs_model_digest(out->initial_digest, &out->initial);
    if (initial != NULL && memcmp(out->initial_digest, s->initial_digest, 32) != 0)
        return cs_fail(CS_ERR_INPUT, "initial: the given W(0) does not have the digest that the statement names");
    return CS_OK;
}

static cs_status derive(cs_derived *out, const cs_statement *s, const cs_model *initial) {
    CS_TRY(cs_statement_seed(out->seed, s));
    CS_TRY(derive_initial(out, s, initial));
    CS_TRY(cs_table_new(&out->table, &s->params));
    cs_table_digest(out->table_digest, &out->table);
    CS_TRY(cs_blocks_new(&out->blocks, &s->params, out->table.n));
    CS_TRY(cs_draws_new(&out->draws, &s->params, NULL, out->seed));
    return cs_statement_training_digest(out->training_digest, s, out->initial_digest);
}

cs_status cs_derived_new(cs_derived *out, const cs_statement *s, const cs_model *initial) {
    memset(out, 0, sizeof *out);
    out->statement = s;
    const cs_status status = derive(out, s, initial);
    if (status != CS_OK)
        cs_derived_free(out);
    return status;
}

static cs_status take_final(cs_derived *d, const cs_model *final) {
    const cs_statement *s = d->statement;
    uint8_t digest[32];
    if (s->params.final_public != (final != NULL))
        return cs_fail(CS_ERR_INPUT, s->params.final_public
                                         ? "final: the statement names a public model, which is not at hand"
                                         : "final: there is a model, but the statement only commits to it");
    if (final == NULL)
        return CS_OK;
    CS_TRY(cs_fail_prefix(cs_model_validate(final, &s->params, false), "W(T)"));
    cs_model_digest(digest, final);
    if (memcmp(digest, s->final_digest, 32) != 0)
        return cs_fail(CS_ERR_INPUT, "final: the released model does not have the digest that the statement names");
    return cs_model_copy(&d->final, final);
}

cs_status cs_derived_complete(cs_derived *d, const cs_model *final) {
    const cs_statement *s = d->statement;
    CS_TRY(take_final(d, final));
    d->instance = (cs_instance){.params = &s->params,
                                .table = &d->table,
                                .blocks = &d->blocks,
                                .initial = &d->initial,
                                .final = final == NULL ? NULL : &d->final,
                                .dataset_rows = s->datasets,
                                .final_rows = s->final_rows,
                                .draws = d->draws};
    return cs_statement_digest(d->instance.digest, s, d->seed, d->initial_digest, d->table_digest);
}

void cs_derived_free(cs_derived *d) {
    cs_model_free(&d->initial);
    cs_model_free(&d->final);
    cs_table_free(&d->table);
    cs_blocks_free(&d->blocks);
    cs_draws_free(d->draws);
    memset(d, 0, sizeof *d);
}
