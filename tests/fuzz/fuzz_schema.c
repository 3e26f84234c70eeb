/* A schema file. What is read keeps the promises of data/schema.h. */
#include <stdlib.h>

#include "base/memory.h"
#include "data/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const cs_schema *s) {
    if (s->affine_count == 0 || s->affine_count > CS_DATASET_MAX_FEATURES || (s->classes != NULL && s->n_classes == 0))
        abort();
    for (size_t k = 0; k < s->affine_count; k++)
        if (cs_affine_check(&s->affine[k]) != CS_OK)
            abort();
    for (size_t k = 0; s->classes != NULL && k < s->n_classes; k++)
        if (s->classes[k] == NULL || s->classes[k][0] == 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const size_t shapes[][2] = {{0, 0}, {2, 0}, {0, 3}, {3, 2}}; /* features, classes */
    const size_t before = cs_memory_live();
    json_t *root;
    if (cs_json_parse(&root, "schema.json", data, size) != CS_OK)
        return 0;
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        const cs_json v = cs_json_root("schema.json", root);
        cs_schema s;
        if (cs_schema_read(&s, &v, shapes[k][0], shapes[k][1]) == CS_OK)
            check(&s);
        cs_schema_free(&s);
    }
    json_decref(root);
    if (cs_memory_live() != before)
        abort();
    return 0;
}
