/* CSV after RFC 4180, with LF accepted as CRLF. Quoted fields hold no line breaks, so a record is a line. */
#include "base/memory.h"
#include "data/number.h"
#include "data/table.h"
#include <string.h>

#define QUOTED_MAX 1023
#define SHOWN_MAX  32 /* characters of a bad field that a message shows */

typedef struct csv {
    const char *file;
    const char *at, *end;
    size_t line, column; /* of the field that `field` points at, from 1 */
    bool last;           /* that field ends its line */
    const char *field;
    size_t length;
    locale_t c_locale;
    char unquoted[QUOTED_MAX + 1];
} csv;

static cs_status fail_here(const csv *c, const char *what) {
    return cs_fail(CS_ERR_INPUT, "%s: line %zu, column %zu: %s", c->file, c->line, c->column, what);
}

static cs_status fail_not_numeric(const csv *c) {
    char shown[SHOWN_MAX + 1];
    const size_t length = c->length < SHOWN_MAX ? c->length : SHOWN_MAX;
    for (size_t k = 0; k < length; k++)
        shown[k] = (char)(c->field[k] >= 0x20 && c->field[k] < 0x7f ? c->field[k] : '?');
    shown[length] = '\0';
    return c->length == 0 ? fail_here(c, "empty field, expected a number")
                          : cs_fail(CS_ERR_INPUT, "%s: line %zu, column %zu: \"%s\" is not a number", c->file, c->line,
                                    c->column, shown);
}

static cs_status read_quoted(csv *c) {
    size_t length = 0;
    for (c->at++;; c->at++) {
        if (c->at == c->end || *c->at == '\n')
            return fail_here(c, "the quoted field is not closed on its line");
        if (*c->at == '"' && !(c->at + 1 < c->end && c->at[1] == '"'))
            break;
        if (length == QUOTED_MAX)
            return fail_here(c, "quoted field too long");
        if (*c->at == '"')
            c->at++;
        c->unquoted[length++] = *c->at;
    }
    c->at++;
    c->field = c->unquoted;
    c->length = length;
    return CS_OK;
}

static cs_status read_plain(csv *c) {
    c->field = c->at;
    while (c->at < c->end && *c->at != ',' && *c->at != '\n' && *c->at != '\r') {
        if (*c->at == '"')
            return fail_here(c, "quote inside an unquoted field");
        c->at++;
    }
    c->length = (size_t)(c->at - c->field);
    return CS_OK;
}

/* Reads a field and what ends it; spaces and tabs around it are no part of it. */
static cs_status read_field(csv *c) {
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
        c->at++;
    CS_TRY(c->at < c->end && *c->at == '"' ? read_quoted(c) : read_plain(c));
    while (c->field != c->unquoted && c->length && (c->field[c->length - 1] == ' ' || c->field[c->length - 1] == '\t'))
        c->length--;
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
        c->at++;
    c->last = c->at == c->end || *c->at != ',';
    if (c->at < c->end && *c->at == '\r')
        c->at++;
    else if (c->at == c->end || *c->at == ',') {
        c->at += c->at < c->end;
        return CS_OK;
    }
    if (c->at < c->end && *c->at == '\n') {
        c->at++;
        return CS_OK;
    }
    return fail_here(c, c->at[-1] == '\r' ? "carriage return without a line feed" : "text after a quoted field");
}

static bool field_number(const csv *c, double *out) {
    return cs_number_parse(out, c->field, c->length, c->c_locale);
}

static void skip_line(csv *c) {
    const char *newline = memchr(c->at, '\n', (size_t)(c->end - c->at));
    c->at = newline ? newline + 1 : c->end;
    c->line++;
}

/* Looks at the coming line without moving past it: how many columns, and how many of them numbers. */
static cs_status survey_line(csv *c, size_t *columns, size_t *numbers) {
    const char *start = c->at;
    *columns = *numbers = 0;
    do {
        double ignored;
        c->column = ++*columns;
        CS_TRY(read_field(c));
        *numbers += field_number(c, &ignored);
        if (*columns > CS_DATASET_MAX_FEATURES + 1) /* and the label */
            return fail_here(c, "too many columns");
    } while (!c->last);
    c->at = start;
    return CS_OK;
}

static cs_status header_present(bool *present, const csv *c, const cs_dataset_options *o, size_t columns, size_t numbers) {
    *present = o->header == CS_DATASET_HEADER_PRESENT || (o->header == CS_DATASET_HEADER_AUTO && numbers == 0);
    if (o->header == CS_DATASET_HEADER_AUTO && numbers > 0 && numbers < columns)
        return cs_fail(CS_ERR_INPUT,
                       "%s: line %zu: %zu of %zu fields are numbers: if it is a header, declare it or the lines to skip",
                       c->file, c->line, numbers, columns);
    return CS_OK;
}

/* Reads the header line into newly allocated names[columns]. */
static cs_status read_names(csv *c, char **names, size_t columns) {
    for (size_t k = 0; k < columns; k++) {
        c->column = k + 1;
        CS_TRY(read_field(c));
        for (size_t j = 0; j < c->length; j++)
            if ((unsigned char)c->field[j] < 0x20 || c->field[j] == 0x7f)
                return fail_here(c, "control character in a column name");
        if (c->length > QUOTED_MAX)
            return fail_here(c, "column name too long");
        names[k] = CS_NEW(char, c->length + 1);
        if (!names[k])
            return CS_ERR_MEMORY;
        memcpy(names[k], c->field, c->length);
    }
    c->line++;
    return CS_OK;
}

static cs_status find_label(size_t *column, const csv *c, char **names, size_t columns, const char *label_name) {
    *column = columns;
    for (size_t k = 0; names && label_name && k < columns; k++) {
        if (strcmp(names[k], label_name) != 0)
            continue;
        if (*column < columns)
            return cs_fail(CS_ERR_INPUT, "%s: columns %zu and %zu are both named \"%.64s\"", c->file, *column + 1, k + 1,
                           label_name);
        *column = k;
    }
    return CS_OK;
}

/* No more records than lines are left, and a record that is complete takes two bytes per column. */
static size_t most_records(const csv *c, size_t columns) {
    const size_t bytes = (size_t)(c->end - c->at);
    size_t lines = bytes > 0 && c->end[-1] != '\n';
    for (const char *at = c->at; (at = memchr(at, '\n', (size_t)(c->end - at))) != NULL; at++)
        lines++;
    const size_t fitting = (bytes + 1) / 2 / columns;
    return lines < fitting ? lines : fitting;
}

static cs_status read_row(csv *c, double *row, size_t columns) {
    for (size_t k = 0; k < columns; k++) {
        c->column = k + 1;
        CS_TRY(read_field(c));
        if (c->last && k + 1 < columns)
            return cs_fail(CS_ERR_INPUT, "%s: line %zu: %zu columns, expected %zu", c->file, c->line, k + 1, columns);
        if (!field_number(c, &row[k]))
            return fail_not_numeric(c);
    }
    if (!c->last)
        return cs_fail(CS_ERR_INPUT, "%s: line %zu: more than %zu columns", c->file, c->line, columns);
    return CS_OK;
}

/* Moves the feature columns' names to the dataset; the label's is dropped. */
static void keep_names(cs_records *table, char **names) {
    if (!table->has_features)
        return;
    size_t f = 0;
    cs_free(table->label < table->columns ? names[table->label] : NULL);
    for (size_t k = 0; k < table->columns; k++) {
        if (k != table->label)
            names[f++] = names[k];
    }
    if (f < table->columns)
        names[f] = NULL;
    table->out->names = names;
}

static cs_status decode_names(csv *c, cs_records *table, size_t columns) {
    size_t label;
    cs_status status = CS_OK;
    char **names = CS_NEW(char *, columns);
    if (!names)
        return CS_ERR_MEMORY;
    CS_TRY_OUT(read_names(c, names, columns));
    CS_TRY_OUT(find_label(&label, c, names, columns, table->options->label_name));
    CS_TRY_OUT(cs_records_begin(table, columns, most_records(c, columns), label));
    if (table->has_features) {
        keep_names(table, names);
        return CS_OK;
    }
out:
    for (size_t k = 0; k < columns; k++)
        cs_free(names[k]);
    cs_free(names);
    return status;
}

static cs_status decode_lines(csv *c, cs_records *table) {
    size_t columns, numbers;
    bool header;
    if (c->end - c->at >= 3 && memcmp(c->at, "\xef\xbb\xbf", 3) == 0) /* a byte order mark, as spreadsheets write it */
        c->at += 3;
    for (size_t k = 0; k < table->options->skip_lines && c->at < c->end; k++)
        skip_line(c);
    if (c->at == c->end)
        return cs_fail(CS_ERR_INPUT, "%s: no rows after the first %zu lines", c->file, table->options->skip_lines);
    CS_TRY(survey_line(c, &columns, &numbers));
    CS_TRY(header_present(&header, c, table->options, columns, numbers));
    CS_TRY(header ? decode_names(c, table, columns) : cs_records_begin(table, columns, most_records(c, columns), columns));
    for (; c->at < c->end; c->line++) {
        CS_TRY(read_row(c, table->row, columns));
        CS_TRY(cs_records_append(table, c->line));
    }
    return CS_OK;
}

cs_status cs_csv_decode(cs_records *table, const uint8_t *data, size_t size) {
    csv c = {.file = table->file, .at = (const char *)data, .end = (const char *)data + size, .line = 1};
    c.c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c.c_locale == (locale_t)0)
        return cs_fail(CS_ERR_MEMORY, "%s: no memory for the C locale", table->file);
    table->unit = "line";
    const cs_status status = decode_lines(&c, table);
    freelocale(c.c_locale);
    return status;
}
