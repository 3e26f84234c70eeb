#include "support/committed.h"

#include "base/memory.h"
#include "base/strings.h"

cs_committed_options cs_committed_defaults(void) {
    return (cs_committed_options){
        .rows = 5, .features = 3, .classes = 2, .columns = 8, .n_maps = 1, .seed = 1, .proof = true};
}

/* SplitMix64. */
static uint64_t next(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static cs_status describe(cs_dataset_doc *d, const cs_committed_options *o) {
    *d = (cs_dataset_doc){.rows = o->rows,
                          .columns = o->columns,
                          .features = o->features,
                          .classes = o->classes,
                          .n_maps = o->n_maps,
                          .maps = CS_NEW(cs_affine, o->n_maps)};
    if (d->maps == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < o->n_maps; k++) {
        const double low = o->n_maps == 1 ? -4 : -(double)(k % 3), high = o->n_maps == 1 ? 3 : 2 + (double)(k % 5);
        d->maps[k] = o->map != NULL ? *o->map : (cs_affine){low, high, 0, 1};
    }
    d->value_bits = cs_affine_value_bits(d->maps, d->n_maps);
    CS_TRY(cs_string_own(&d->name, cs_string_format("synthetic %u", (unsigned)o->seed)));
    return cs_dataset_doc_check(d);
}

static cs_status make_data(cs_dataset *data, const cs_dataset_doc *d, uint64_t seed) {
    *data = (cs_dataset){.rows = d->rows,
                         .features = d->features,
                         .values = CS_NEW(int32_t, d->rows * d->features),
                         .labels = CS_NEW(int32_t, d->rows)};
    if (data->values == NULL || data->labels == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < d->features; k++) {
        int32_t min, max;
        cs_dataset_doc_range(d, k, &min, &max);
        for (size_t row = 0; row < d->rows; row++)
            data->values[row * d->features + k] = min + (int32_t)(next(&seed) % (uint64_t)(max - min + 1));
    }
    for (size_t row = 0; row < d->rows; row++)
        data->labels[row] = (int32_t)(next(&seed) % d->classes);
    return CS_OK;
}

cs_status cs_committed_new(cs_committed *c, const cs_committed_options *o) {
    cs_dataset data = {0};
    *c = (cs_committed){0};
    cs_status status = describe(&c->doc, o);
    if (status == CS_OK)
        status = make_data(&data, &c->doc, o->seed);
    if (status == CS_OK)
        status = cs_dataset_doc_commit(&c->doc, &c->opening, &data);
    if (status == CS_OK && o->proof) {
        status = cs_wellformed_prove(&c->doc, &c->opening, NULL, &c->proof);
        cs_wellformed_seal(&c->doc, &c->proof);
    }
    cs_dataset_free(&data);
    return status;
}

void cs_committed_free(cs_committed *c) {
    cs_dataset_doc_free(&c->doc);
    cs_dataset_opening_free(&c->opening);
    cs_buffer_free(&c->proof);
}
