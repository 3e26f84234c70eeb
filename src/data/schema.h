/* How data files look and how their numbers become integers: the "data" object of a job file, and by itself the schema file
 * of a dataset (docs/formats.md). Local. */
#ifndef CS_DATA_SCHEMA_H
#define CS_DATA_SCHEMA_H

#include "data/dataset.h"
#include "data/json.h"

/** Longest schema file in bytes. */
#define CS_SCHEMA_MAX_BYTES ((size_t)1 << 26)

enum { CS_SCHEMA_FIELD_COUNT = 6, CS_SCHEMA_FEATURES_FIELD_COUNT = 4 };

/** The fields of the object, and of its field "features". */
extern const cs_json_field CS_SCHEMA_FIELDS[CS_SCHEMA_FIELD_COUNT];
extern const cs_json_field CS_SCHEMA_FEATURES_FIELDS[CS_SCHEMA_FEATURES_FIELD_COUNT];

/** All pointers are owned. */
typedef struct cs_schema {
    cs_dataset_format format;
    cs_dataset_header header;
    size_t skip_lines;
    char *label_name;    /* NULL: label_column */
    size_t label_column; /* from 1; 0: the last */
    size_t n_classes;    /* 0: not said */
    char **classes;      /* [n_classes] names, or NULL */
    cs_affine *affine;   /* [affine_count]: one for all features, or one each; passed cs_affine_check */
    size_t affine_count;
} cs_schema;

/** Reads the object. features, classes: how many there are, 0: whatever it says. Freed by cs_schema_free; empty after a
 * failure. CS_ERR_INPUT names file and field; CS_ERR_MEMORY. */
cs_status cs_schema_read(cs_schema *out, const cs_json *v, size_t features, size_t classes);

/** A schema file, which must say how many classes there are. Also CS_ERR_IO. */
cs_status cs_schema_load(cs_schema *out, const char *path);

/** Frees and empties; a zeroed one is fine. */
void cs_schema_free(cs_schema *s);

#endif
