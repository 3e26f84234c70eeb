#include "provenance/ranges.h"

#include "base/bits.h"
#include "base/memory.h"

enum { WIDTHS = 1 << CS_DATASET_MAX_VALUE_BITS, MAX_TABLE = 1 << 22 };

static cs_status count_rows(cs_ranges *r, const cs_dataset_doc *d) {
    size_t rows = 0;
    for (size_t w = 0; w < WIDTHS; w++)
        r->first[w] = SIZE_MAX;
    for (size_t k = 0; k < d->features; k++) {
        int32_t min, max;
        cs_dataset_doc_range(d, k, &min, &max);
        r->lines[k] = (cs_lookup_line){.tag = max - min, .constant = -min};
        r->first[max - min] = 0;
    }
    for (size_t w = 0; w < WIDTHS; w++)
        if (r->first[w] != SIZE_MAX) {
            r->first[w] = rows;
            rows += w + 1;
        }
    if (rows > MAX_TABLE)
        return cs_fail(CS_ERR_INPUT,
                       "maps: the features' ranges have %zu values in all, each width counted once; at most %d are allowed: "
                       "choose multipliers that give features the same width",
                       rows, MAX_TABLE);
    r->n = rows > 1 ? cs_pow2(rows) : 2; /* a tree has a layer */
    return CS_OK;
}

static cs_status fill(cs_ranges *r) {
    r->tag = CS_NEW(int32_t, r->n);
    r->value = CS_NEW(int32_t, r->n);
    r->none = CS_NEW(int32_t, r->n);
    if (r->tag == NULL || r->value == NULL || r->none == NULL)
        return CS_ERR_MEMORY;
    size_t row = 0;
    for (int32_t w = 0; w < WIDTHS; w++)
        for (int32_t v = 0; r->first[w] != SIZE_MAX && v <= w; v++, row++) {
            r->tag[row] = w;
            r->value[row] = v;
        }
    for (; row < r->n; row++) {
        r->tag[row] = r->tag[0];
        r->value[row] = r->value[0];
    }
    return CS_OK;
}

cs_status cs_ranges_new(cs_ranges *out, const cs_dataset_doc *d) {
    *out = (cs_ranges){.first = CS_NEW(size_t, WIDTHS), .lines = CS_NEW(cs_lookup_line, d->features)};
    cs_status status = out->first != NULL && out->lines != NULL ? count_rows(out, d) : CS_ERR_MEMORY;
    if (status == CS_OK)
        status = fill(out);
    if (status != CS_OK)
        cs_ranges_free(out);
    return status;
}

void cs_ranges_free(cs_ranges *r) {
    cs_free(r->tag);
    cs_free(r->value);
    cs_free(r->none);
    cs_free(r->first);
    cs_free(r->lines);
    *r = (cs_ranges){0};
}

size_t cs_ranges_find(const cs_ranges *r, size_t k, int64_t value) {
    const cs_lookup_line *line = &r->lines[k];
    const int64_t shifted = value + line->constant;
    return shifted < 0 || shifted > line->tag ? SIZE_MAX : r->first[line->tag] + (size_t)shifted;
}
