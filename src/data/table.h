/* What the decoders of dataset files share: a table is filled record by record. Internal to src/data. Local. */
#ifndef CS_DATA_TABLE_H
#define CS_DATA_TABLE_H

#include "data/dataset.h"
#include <stdbool.h>

typedef struct cs_records {
    const char *file; /* for messages */
    const char *unit; /* "line" or "record", for messages; set by the decoder */
    const cs_dataset_options *options;
    cs_dataset *out;
    bool has_labels;   /* set by the caller: this file holds labels ... */
    bool has_features; /* ... or features, or both */
    size_t columns;    /* of the file */
    size_t label;      /* the label's column, from 0; == columns if the file has none */
    size_t capacity;   /* records there is room for */
    size_t filled;     /* records there are */
    double *row;       /* [columns] the record to hand over next */
} cs_records;

/** Fixes the number of columns and takes memory for at most `records` of them. `label_name_column` is the column (from 0)
 * that bears options->label_name, or `columns` if none does. The caller of the decoder frees table->row and the dataset,
 * failed or not. */
cs_status cs_records_begin(cs_records *table, size_t columns, size_t records, size_t label_name_column);

/** Checks table->row and appends it. `number` is its line or record, from 1, for messages. */
cs_status cs_records_append(cs_records *table, size_t number);

/** The decoders: content of a whole (unpacked) file. */
cs_status cs_csv_decode(cs_records *table, const uint8_t *data, size_t size);
cs_status cs_npy_decode(cs_records *table, const uint8_t *data, size_t size);
cs_status cs_idx_decode(cs_records *table, const uint8_t *data, size_t size);

bool cs_npy_detect(const uint8_t *data, size_t size);
bool cs_idx_detect(const uint8_t *data, size_t size);

#endif
