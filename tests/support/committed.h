/* Small synthetic datasets as documents with openings, for tests and benchmarks. */
#ifndef CS_TESTS_SUPPORT_COMMITTED_H
#define CS_TESTS_SUPPORT_COMMITTED_H

#include "provenance/wellformed.h"

typedef struct cs_committed_options {
    size_t rows, features, classes, columns;
    size_t n_maps;        /* 1: every feature in [-4, 3]; `features`: feature k in [-(k % 3), 2 + k % 5] */
    const cs_affine *map; /* the map of all features instead, or NULL */
    uint64_t seed;
    bool proof; /* make one, and name it in the document */
} cs_committed_options;

typedef struct cs_committed {
    cs_dataset_doc doc;
    cs_dataset_opening opening;
    cs_buffer proof;
} cs_committed;

/** 5 rows, 3 features, 2 classes, 8 columns, one map, with a proof. */
cs_committed_options cs_committed_defaults(void);

/** Values and labels are uniform in their ranges. Free with cs_committed_free, also after a failure. */
cs_status cs_committed_new(cs_committed *c, const cs_committed_options *o);
void cs_committed_free(cs_committed *c);

#endif
