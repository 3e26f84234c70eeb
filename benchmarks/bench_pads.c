/* Pads of one rank: nanoseconds per entry and partner, by each cipher, for gradients of 1 to 8 bytes and for elements of F;
 * and nanoseconds per byte of what all ranks do with the sums. One JSON line each.
 * Arguments: entries (101,770), partners (15). */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/timer.h"
#include "session/aes.h"
#include "session/pads.h"

enum { SECONDS = 1, MAX_PARTNERS = 1000 };

static cs_status make(cs_pads **out, int size, bool aes) {
    cs_keyring keys = {.size = size,
                       .members = cs_calloc((size_t)size, CS_KEY_SIZE),
                       .seeds = cs_calloc((size_t)size, 32),
                       .by_aes = CS_NEW(bool, (size_t)size),
                       .common_by_aes = aes};
    cs_status status = keys.members && keys.seeds && keys.by_aes ? CS_OK : CS_ERR_MEMORY;
    for (int j = 0; status == CS_OK && j < size; j++)
        keys.by_aes[j] = aes;
    if (status == CS_OK)
        status = cs_pads_new(out, &keys);
    cs_keyring_free(&keys);
    return status;
}

/* Width 0: elements of F. */
static cs_status measure_pads(const char *cipher, cs_pads *pads, void *values, size_t n, int partners, size_t width) {
    static const uint8_t digest[32];
    static uint64_t index;
    size_t rounds = 0;
    const double start = cs_cpu_seconds();
    double seconds;
    do {
        const cs_status status =
            width > 0 ? cs_pads_zero_shares_u64(pads, CS_LABEL_GRADIENT, index++, digest, NULL, values, n, width)
                      : cs_pads_zero_shares_fr(pads, CS_LABEL_GRADIENT, index++, digest, NULL, values, n);
        CS_TRY(status);
        rounds++;
        seconds = cs_cpu_seconds() - start;
    } while (seconds < SECONDS);
    const double each = seconds / (double)rounds / (double)n / partners;
    printf("{\"benchmark\": \"pads\", \"cipher\": \"%s\", \"entries\": %zu, \"partners\": %d, \"width\": %zu, "
           "\"ns_per_entry_and_partner\": %.3f, \"gb_per_s\": %.2f}\n",
           cipher, n, partners, width, 1e9 * each, (double)(width > 0 ? width : 48) / each / 1e9);
    return CS_OK;
}

static void measure_shared(const char *cipher, cs_pads *pads, uint8_t *bytes, size_t size) {
    for (int what = 0; what < 2; what++) {
        size_t rounds = 0;
        const double start = cs_cpu_seconds();
        double seconds;
        do {
            if (what == 0)
                cs_pads_mask_broadcast(pads, CS_LABEL_GRADIENT, rounds, bytes, size);
            else
                cs_pads_receive(pads, CS_LABEL_GRADIENT, bytes, size);
            rounds++;
            seconds = cs_cpu_seconds() - start;
        } while (seconds < SECONDS);
        printf("{\"benchmark\": \"%s\", \"cipher\": \"%s\", \"bytes\": %zu, \"ns_per_byte\": %.3f}\n",
               what == 0 ? "mask" : "history", cipher, size, 1e9 * seconds / (double)rounds / (double)size);
    }
}

static cs_status measure(size_t n, int partners, bool aes) {
    const char *cipher = aes ? cs_aes_best()->name : "chacha20";
    cs_pads *pads = NULL;
    cs_fr *values = CS_NEW(cs_fr, n);
    cs_status status = values != NULL ? make(&pads, partners + 1, aes) : CS_ERR_MEMORY;
    for (size_t width = 0; status == CS_OK && width <= 8; width++)
        status = measure_pads(cipher, pads, values, n, partners, width);
    if (status == CS_OK)
        measure_shared(cipher, pads, (uint8_t *)values, 5 * n);
    cs_pads_free(pads);
    cs_free(values);
    return status;
}

int main(int argc, char **argv) {
    const size_t n = argc > 1 ? (size_t)atol(argv[1]) : 101770;
    const int partners = argc > 2 ? atoi(argv[2]) : 15;
    if (n == 0 || partners < 1 || partners > MAX_PARTNERS || sodium_init() < 0) {
        fprintf(stderr, "usage: %s [entries] [partners]\n", argv[0]);
        return CS_ERR_USAGE;
    }
    cs_status status = measure(n, partners, false);
    if (status == CS_OK && cs_aes_available())
        status = measure(n, partners, true);
    if (status != CS_OK)
        fprintf(stderr, "%s: %s\n", cs_status_name(status), cs_error_text());
    return (int)status;
}
