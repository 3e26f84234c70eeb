/* Records of the shape of a job's data: usage: make_data PREFIX ROWS FEATURES CLASSES SEED.
 * Writes PREFIX.npy ([rows, features], 8-bit unsigned) and PREFIX.labels.npy ([rows], 32-bit). The same seed gives the same
 * bytes. A record is noise around its class's pattern, so that there is something to learn: entry k of class c is 96 or 160
 * by a hash of (c, k), the same in every file; the noise is uniform in -96..95. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One step of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). */
static uint64_t next(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* NPY version 1.0: the header fills 128 bytes. */
static int write_header(FILE *f, const char *type, unsigned long rows, unsigned long features) {
    char text[119], shape[64];
    if (features > 0)
        snprintf(shape, sizeof shape, "(%lu, %lu)", rows, features);
    else
        snprintf(shape, sizeof shape, "(%lu,)", rows);
    const int length = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type, shape);
    memset(text + length, ' ', sizeof text - 1 - (size_t)length);
    text[117] = '\n';
    return fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, f) == 10 && fwrite(text, 1, 118, f) == 118;
}

static void fill(uint8_t *record, const uint8_t *pattern, size_t features, uint64_t *state) {
    uint64_t bits = 0;
    for (size_t k = 0; k < features; k++, bits >>= 8) {
        if (k % 8 == 0)
            bits = next(state);
        record[k] = (uint8_t)(pattern[k] - 96u + (bits & 0xff) * 3 / 4);
    }
}

static int write_records(FILE *data, FILE *labels, size_t rows, size_t features, size_t classes, uint64_t seed) {
    uint8_t *patterns = malloc(classes * features), *record = malloc(features);
    uint64_t state = 1;
    int good = patterns != NULL && record != NULL;
    for (size_t k = 0; good && k < classes * features; k++)
        patterns[k] = next(&state) & 1 ? 160 : 96;
    state = seed << 32;
    for (size_t row = 0; good && row < rows; row++) {
        const uint32_t label = (uint32_t)(next(&state) % classes);
        const uint8_t bytes[4] = {(uint8_t)label, (uint8_t)(label >> 8), (uint8_t)(label >> 16), (uint8_t)(label >> 24)};
        fill(record, patterns + label * features, features, &state);
        good = fwrite(record, 1, features, data) == features && fwrite(bytes, 1, 4, labels) == 4;
    }
    free(patterns);
    free(record);
    return good;
}

static FILE *create(const char *prefix, const char *suffix) {
    char path[4096];
    const int length = snprintf(path, sizeof path, "%s%s", prefix, suffix);
    return length > 0 && (size_t)length < sizeof path ? fopen(path, "wb") : NULL;
}

int main(int argc, char **argv) {
    const size_t rows = argc == 6 ? strtoul(argv[2], NULL, 10) : 0, features = argc == 6 ? strtoul(argv[3], NULL, 10) : 0;
    const size_t classes = argc == 6 ? strtoul(argv[4], NULL, 10) : 0;
    if (rows == 0 || features == 0 || classes == 0 || classes > 1u << 20 || features > 1u << 20) {
        fprintf(stderr, "usage: make_data PREFIX ROWS FEATURES CLASSES SEED\n");
        return 2;
    }
    FILE *data = create(argv[1], ".npy"), *labels = create(argv[1], ".labels.npy");
    int good = data != NULL && labels != NULL && write_header(data, "|u1", rows, features) &&
               write_header(labels, "<i4", rows, 0) &&
               write_records(data, labels, rows, features, classes, strtoull(argv[5], NULL, 10));
    good &= data != NULL && fclose(data) == 0;
    good &= labels != NULL && fclose(labels) == 0;
    if (!good) {
        perror(argv[1]);
        return 4;
    }
    return 0;
}
