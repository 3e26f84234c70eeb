#include "attest/params_json.h"

#include <string.h>

#include "base/memory.h"
#include "provenance/document.h"

/* Run-length pieces [[first step, c], …]. */
static json_t *rates_to_json(const cs_params *p) {
    json_t *out = json_array();
    for (size_t t = 0; out != NULL && t < p->steps; t++)
        if (t == 0 || p->rate[t] != p->rate[t - 1])
            if (json_array_append_new(out, json_pack("[I, I]", (json_int_t)t, (json_int_t)p->rate[t])) != 0) {
                json_decref(out);
                return NULL;
            }
    return out;
}

static json_t *sizes_to_json(const size_t *x, size_t n) {
    json_t *out = json_array();
    for (size_t k = 0; k < n; k++)
        json_array_append_new(out, json_integer((json_int_t)x[k]));
    return out;
}

static json_t *bounds_to_json(const cs_params *p) {
    json_t *out = json_array();
    for (size_t l = 0; l < p->layers; l++)
        json_array_append_new(out, json_integer(p->initial_max[l]));
    return out;
}

static json_t *limbs_to_json(const cs_params *p) {
    json_t *out = json_array();
    for (unsigned k = 0; k < p->n_limbs; k++)
        json_array_append_new(out, json_integer((json_int_t)p->limb_bits[k]));
    return out;
}

json_t *cs_params_to_json(const cs_params *p) {
    return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}",             /* */
                     "a", (int)p->a, "d", (int)p->d, "w", (int)p->w,                                       /* */
                     "value_bits", (int)p->value_bits, "exp_bits", (int)p->exp_bits,                       /* */
                     "column_bits", (int)p->column_bits, "ledger_width", (json_int_t)p->ledger_width,      /* */
                     "steps", (json_int_t)p->steps, "batch", (json_int_t)p->batch,                         /* */
                     "widths", sizes_to_json(p->widths, p->layers + 1),                                    /* */
                     "rows", sizes_to_json(p->rows, (size_t)p->n_ranks), "initial_max", bounds_to_json(p), /* */
                     "limb_bits", limbs_to_json(p), "rates", rates_to_json(p));
}

static const cs_json_field FIELDS[] = {{"a", true},
                                       {"d", true},
                                       {"w", true},
                                       {"value_bits", true},
                                       {"exp_bits", true},
                                       {"column_bits", true},
                                       {"ledger_width", true},
                                       {"steps", true},
                                       {"batch", true},
                                       {"widths", true},
                                       {"rows", true},
                                       {"initial_max", true},
                                       {"limb_bits", true},
                                       {"rates", true}};

static const cs_json_shape SHAPE = {"params", FIELDS, sizeof FIELDS / sizeof *FIELDS};

/* At most 64 bits of anything is ever shifted; cs_params_validate has the real limits. */
static cs_status read_scales(cs_params *p, const cs_json *v) {
    const cs_json a = cs_json_get(v, "a"), d = cs_json_get(v, "d"), w = cs_json_get(v, "w");
    const cs_json value = cs_json_get(v, "value_bits"), exp = cs_json_get(v, "exp_bits");
    const cs_json column = cs_json_get(v, "column_bits"), width = cs_json_get(v, "ledger_width");
    CS_TRY(cs_json_unsigned(&p->a, &a, 1, 64));
    CS_TRY(cs_json_unsigned(&p->d, &d, 1, 64));
    CS_TRY(cs_json_unsigned(&p->w, &w, 1, 64));
    CS_TRY(cs_json_unsigned(&p->value_bits, &value, 2, 16));
    CS_TRY(cs_json_unsigned(&p->exp_bits, &exp, 1, 64));
    CS_TRY(cs_json_unsigned(&p->column_bits, &column, 0, 20));
    return cs_json_size(&p->ledger_width, &width, 1, 4096);
}

static cs_status read_shapes(cs_params *p, const cs_json *v) {
    size_t n;
    const cs_json widths = cs_json_get(v, "widths"), rows = cs_json_get(v, "rows"), bounds = cs_json_get(v, "initial_max");
    const cs_json limbs = cs_json_get(v, "limb_bits");
    CS_TRY(cs_json_array(&n, &widths, 2, CS_MAX_LAYERS + 1));
    p->layers = n - 1;
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(&widths, k);
        CS_TRY(cs_json_size(&p->widths[k], &item, 1, (size_t)1 << 32));
    }
    CS_TRY(cs_json_array(&n, &rows, 1, CS_MAX_RANKS));
    p->n_ranks = (int)n;
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(&rows, k);
        CS_TRY(cs_json_size(&p->rows[k], &item, 1, (size_t)1 << 32));
    }
    CS_TRY(cs_json_array(&n, &bounds, p->layers, p->layers));
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(&bounds, k);
        CS_TRY(cs_json_integer(&p->initial_max[k], &item, 1, (int64_t)1 << 62));
    }
    CS_TRY(cs_json_array(&n, &limbs, 1, CS_MAX_LIMBS));
    p->n_limbs = (unsigned)n;
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(&limbs, k);
        CS_TRY(cs_json_unsigned(&p->limb_bits[k], &item, 1, 16));
    }
    return CS_OK;
}

static cs_status read_schedule(cs_params *p, const cs_json *v) {
    const cs_json steps = cs_json_get(v, "steps"), batch = cs_json_get(v, "batch"), rates = cs_json_get(v, "rates");
    size_t pieces;
    CS_TRY(cs_json_size(&p->steps, &steps, 1, CS_MAX_STEPS));
    CS_TRY(cs_json_size(&p->batch, &batch, 1, CS_MAX_DRAWS));
    if (p->batch > CS_MAX_DRAWS / p->steps / (size_t)p->n_ranks)
        return cs_json_fail(&batch, "steps x batch x ranks is above the limit of %zu draws", CS_MAX_DRAWS);
    CS_TRY(cs_json_array(&pieces, &rates, 1, p->steps));
    p->rate = CS_NEW(int64_t, p->steps);
    if (p->rate == NULL)
        return CS_ERR_MEMORY;
    size_t done = 0;
    for (size_t k = 0; k < pieces; k++) {
        const cs_json piece = cs_json_at(&rates, k), next_piece = cs_json_at(&rates, k + 1);
        const cs_json first = cs_json_at(&piece, 0), c = cs_json_at(&piece, 1), next = cs_json_at(&next_piece, 0);
        size_t n, start, end = p->steps;
        int64_t rate;
        CS_TRY(cs_json_array(&n, &piece, 2, 2));
        CS_TRY(cs_json_size(&start, &first, done, done));
        CS_TRY(cs_json_integer(&rate, &c, 0, INT64_MAX));
        if (k + 1 < pieces)
            CS_TRY(cs_json_size(&end, &next, start + 1, p->steps - 1));
        while (done < end)
            p->rate[done++] = rate;
    }
    return CS_OK;
}

cs_status cs_params_from_json(cs_params *out, const cs_json *v, bool final_public) {
    memset(out, 0, sizeof *out);
    cs_status status = cs_document_object(v, &SHAPE, 0);
    if (status == CS_OK)
        status = read_scales(out, v);
    if (status == CS_OK)
        status = read_shapes(out, v);
    if (status == CS_OK)
        status = read_schedule(out, v);
    out->final_public = final_public;
    if (status == CS_OK)
        status = cs_fail_prefix(cs_params_validate(out), "%s: %s", v->file, v->path);
    if (status != CS_OK)
        cs_params_free(out);
    return status;
}
