/* What the ranks send for the timeline of a run: two parts, the first of as many bytes as the first byte says, eightfold.
 * Whatever they hold, the trace can be written as JSON. */
#include <stdlib.h>

#include "attest/profile.h"
#include "base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const cs_stages stages = {.n = 2, .names = {"handshake", "lookups"}};
    static const char *const members[] = {"alpha", "beta"};
    if (size == 0)
        return 0;
    const size_t before = cs_memory_live(), left = size - 1, first = 8 * (size_t)data[0] < left ? 8 * (size_t)data[0] : left;
    cs_buffer parts[2] = {0};
    json_t *trace = NULL, *event;
    size_t k;
    cs_buffer_append(&parts[0], data + 1, first);
    cs_buffer_append(&parts[1], data + 1 + first, left - first);
    const cs_status status = cs_profile_trace(&trace, &stages, parts, members, 2);
    if (status != CS_OK && (status != CS_ERR_ABORT || trace != NULL))
        abort();
    json_array_foreach(trace, k, event) {
        char *line = json_dumps(event, JSON_COMPACT);
        if (line == NULL || json_integer_value(json_object_get(event, "dur")) < 0)
            abort();
        free(line);
    }
    json_decref(trace);
    for (int i = 0; i < 2; i++)
        cs_buffer_free(&parts[i]);
    if (cs_memory_live() != before)
        abort();
    return 0;
}
