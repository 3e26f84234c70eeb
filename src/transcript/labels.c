#include "transcript/labels.h"

#include <stddef.h>

#define LABEL_TEXT(id, text) text,

static const char *const texts[CS_LABEL_COUNT] = {CS_LABELS(LABEL_TEXT)};

const char *cs_label_text(cs_label label) {
    return (size_t)label < CS_LABEL_COUNT ? texts[label] : "";
}
