/* What a cheat does to a tensor or a vector of its own: v[rows][columns] is changed in place. */
#ifndef CS_TESTS_SUPPORT_CHANGES_H
#define CS_TESTS_SUPPORT_CHANGES_H

#include <stddef.h>
#include <stdint.h>

static inline void plus_one(int64_t *v, size_t rows, size_t columns) {
    (void)rows, (void)columns;
    v[0] += 1;
}

static inline void plus_two(int64_t *v, size_t rows, size_t columns) {
    (void)rows, (void)columns;
    v[0] += 2;
}

static inline void minus_one(int64_t *v, size_t rows, size_t columns) {
    (void)rows, (void)columns;
    v[0] -= 1;
}

static inline void flip_all(int64_t *v, size_t rows, size_t columns) {
    for (size_t k = 0; k < rows * columns; k++)
        v[k] = 1 - v[k];
}

#endif
