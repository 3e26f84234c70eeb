/* Every label of the transcript, in one table: X(identifier, text). */
#ifndef CS_TRANSCRIPT_LABELS_H
#define CS_TRANSCRIPT_LABELS_H

#define CS_LABELS(X)                                                                                                        \
    X(STATEMENT, "statement")                                                                                               \
    X(WITNESS, "witness/rows")                                                                                              \
    X(SC_ROUND, "sumcheck/round")                                                                                           \
    X(SC_CHALLENGE, "sumcheck/challenge")                                                                                   \
    X(SC_FINAL, "sumcheck/final")                                                                                           \
    X(FORWARD_POINT, "forward/point")                                                                                       \
    X(FORWARD_RANKS, "forward/ranks")                                                                                       \
    X(FORWARD_VALUE, "forward/value")                                                                                       \
    X(FORWARD_TABLE, "forward/table")                                                                                       \
    X(BACKWARD_POINT, "backward/point")                                                                                     \
    X(BACKWARD_RANKS, "backward/ranks")                                                                                     \
    X(BACKWARD_VALUE, "backward/value")                                                                                     \
    X(BACKWARD_TABLE, "backward/table")                                                                                     \
    X(STEP_VALUES, "step/values")                                                                                           \
    X(CLAIM_RANKS, "claim/ranks")                                                                                           \
    X(SOFTMAX_POINT, "softmax/point")                                                                                       \
    X(SOFTMAX_RANKS, "softmax/ranks")                                                                                       \
    X(SOFTMAX_MIX, "softmax/mix")                                                                                           \
    X(SOFTMAX_VALUES, "softmax/values")                                                                                     \
    X(FINAL_MODEL_POINT, "final-model/point")                                                                               \
    X(FINAL_MODEL_VALUE, "final-model/value")                                                                               \
    X(INITIAL_MODEL_VALUE, "initial-model/value")                                                                           \
    X(UPDATE_PART, "update/part")                                                                                           \
    X(UPDATE_SUM, "update/sum")                                                                                             \
    X(UPDATE_RANKS, "update/ranks")                                                                                         \
    X(ERROR_RANKS, "error/ranks")                                                                                           \
    X(ERROR_MIX, "error/mix")                                                                                               \
    X(LABELS_RANKS, "labels/ranks")                                                                                         \
    X(LABELS_POINT, "labels/point")                                                                                         \
    X(LABELS_BITS_POINT, "labels/bits-point")                                                                               \
    X(LABELS_BITS, "labels/bits")                                                                                           \
    X(DRAWS_RANKS, "draws/ranks")                                                                                           \
    X(DRAWS_POINT, "draws/point")                                                                                           \
    X(DRAWS_MIX, "draws/mix")                                                                                               \
    X(DRAWS_COUNT, "draws/count")                                                                                           \
    X(DRAWS_RECORDS, "draws/records")                                                                                       \
    X(DRAWS_DIGITS, "draws/digits")                                                                                         \
    X(DRAWS_BITS, "draws/bits")                                                                                             \
    X(DRAWS_LABELS, "draws/labels")                                                                                         \
    X(PADDING_RANKS, "padding/ranks")                                                                                       \
    X(PADDING_MIX, "padding/mix")                                                                                           \
    X(PADDING_POINT, "padding/point")                                                                                       \
    X(LOOKUP_ALPHA, "lookup/alpha")                                                                                         \
    X(LOOKUP_BETA, "lookup/beta")                                                                                           \
    X(LOOKUP_ROOT, "lookup/root")                                                                                           \
    X(LOOKUP_INVERTIBLE, "lookup/invertible")                                                                               \
    X(LOOKUP_LAMBDA, "lookup/lambda")                                                                                       \
    X(LOOKUP_RANKS, "lookup/ranks")                                                                                         \
    X(LOOKUP_MERGE, "lookup/merge")                                                                                         \
    X(OPEN_CLAIMS, "open/claims")                                                                                           \
    X(OPEN_RANKS, "open/ranks")                                                                                             \
    X(OPEN_MASK, "open/mask")                                                                                               \
    X(OPEN_MASK_VALUE, "open/mask-value")                                                                                   \
    X(OPEN_CHALLENGE, "open/challenge")                                                                                     \
    X(OPEN_ANSWER, "open/answer")                                                                                           \
    X(OPEN_VALUE, "open/value")                                                                                             \
    X(IPA_BASE, "ipa/base")                                                                                                 \
    X(IPA_ROUND, "ipa/round")                                                                                               \
    X(IPA_CHALLENGE, "ipa/challenge")                                                                                       \
    X(IPA_LAST, "ipa/last")                                                                                                 \
    X(FINALE_LINEAR, "finale/linear")                                                                                       \
    X(FINALE_MASK, "finale/mask")                                                                                           \
    X(FINALE_CROSS, "finale/cross")                                                                                         \
    X(FINALE_ERROR, "finale/error")                                                                                         \
    X(FINALE_CHALLENGE, "finale/challenge")                                                                                 \
    X(FINALE_ANSWER, "finale/answer")                                                                                       \
    X(FINALE_ROW_POINT, "finale/row-point")                                                                                 \
    X(FINALE_ROWS, "finale/rows")                                                                                           \
    X(FINALE_ROW_CHALLENGE, "finale/row-challenge")                                                                         \
    X(FINALE_ABC, "finale/abc")                                                                                             \
    X(FINALE_MIX, "finale/mix")                                                                                             \
    X(FINALE_COLUMNS, "finale/columns")                                                                                     \
    X(FINALE_COLUMN_CHALLENGE, "finale/column-challenge")                                                                   \
    X(FINALE_OPENING, "finale/opening")                                                                                     \
    X(SENT_VIEW, "sent/view")                                                                                               \
    X(AGREE, "agree")                                                                                                       \
    X(HANDSHAKE, "handshake")                                                                                               \
    X(GRADIENT, "gradient")                                                                                                 \
    X(GRADIENT_CHECK, "gradient/check")                                                                                     \
    X(GRADIENT_AGAIN, "gradient/again")                                                                                     \
    X(TABLE_VERDICT, "table/verdict")                                                                                       \
    X(SUMS_KEPT, "sums/kept")                                                                                               \
    X(SUMS_SHOWN, "sums/shown")                                                                                             \
    X(ATTRIBUTION_SENT, "attribution/sent")                                                                                 \
    X(ATTRIBUTION_POINT, "attribution/point")                                                                               \
    X(ATTRIBUTION_MIX, "attribution/mix")                                                                                   \
    X(ATTRIBUTION_PART, "attribution/part")                                                                                 \
    X(ATTRIBUTION_RANKS, "attribution/ranks")                                                                               \
    X(ATTRIBUTION_VALUE, "attribution/value")                                                                               \
    X(ATTRIBUTION_PADS, "attribution/pads")                                                                                 \
    X(PAD_KEYS, "pads/keys")                                                                                                \
    X(ATTRIBUTION_SHOW, "attribution/show")                                                                                 \
    X(RESUMED, "resumed")                                                                                                   \
    X(DONE, "done")

#define CS_LABEL_ENUM_(id, text) CS_LABEL_##id,
typedef enum cs_label { CS_LABELS(CS_LABEL_ENUM_) CS_LABEL_COUNT } cs_label;

/** The label's text; static storage. */
const char *cs_label_text(cs_label label);

#endif
