#include "relation/contract.h"

void cs_contract_last(cs_fr *out, const cs_view *v, const cs_fr *vector) {
    const size_t width = (size_t)1 << v->width_bits;
    const cs_fr bias = v->bias ? cs_fr_mul(cs_fr_from_i64(v->bias), vector[v->bias_at]) : CS_FR_ZERO;
    for (size_t t = 0; t < v->steps; t++)
        for (size_t b = 0; b < v->batch; b++) {
            const void *row = cs_tensor_at(v->tensor, cs_view_row(v, t, b));
            out[(t << v->batch_bits) + b] = cs_fr_add(cs_fr_vec_dot_int(vector, v->tensor->type, row, width), bias);
        }
}

void cs_view_axpy(cs_fr *row, cs_fr scale, const cs_view *v, size_t t, size_t b) {
    cs_fr_vec_axpy_int(row, scale, v->tensor->type, cs_tensor_at(v->tensor, cs_view_row(v, t, b)),
                       (size_t)1 << v->width_bits);
    if (v->bias)
        row[v->bias_at] = cs_fr_add(row[v->bias_at], cs_fr_mul(scale, cs_fr_from_i64(v->bias)));
}

void cs_contract_batch(cs_fr *out, unsigned out_bits, const cs_view *v, const cs_fr *batch_vector) {
    for (size_t t = 0; t < v->steps; t++)
        for (size_t b = 0; b < v->batch; b++)
            cs_view_axpy(out + (t << out_bits), batch_vector[b], v, t, b);
}

cs_fr cs_contract_all(const cs_tensor *x, const cs_fr *t0, size_t n0, const cs_fr *t1, size_t n1, const cs_fr *t2,
                      size_t n2) {
    cs_fr total = CS_FR_ZERO;
    for (size_t a = 0; a < n0; a++) {
        cs_fr inner = CS_FR_ZERO;
        for (size_t b = 0; b < n1; b++) {
            const cs_fr row = cs_fr_vec_dot_int(t2, x->type, cs_tensor_at(x, (a * n1 + b) * n2), n2);
            inner = cs_fr_add(inner, cs_fr_mul(t1[b], row));
        }
        total = cs_fr_add(total, cs_fr_mul(t0[a], inner));
    }
    return total;
}
