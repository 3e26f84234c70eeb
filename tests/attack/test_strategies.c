/* Any ranks but one follow a strategy in what they prove and answer, with 2, 3 and 4 ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/dishonest.h"

#define MESSAGE(text, result, of, nth)                                                                                      \
    { .name = text, .ending = result, .label = of, .occurrence = nth, .message = true }
#define ANSWER(text, of, at)                                                                                                \
    { .name = text, .ending = CS_ENDING_NAMED, .label = of, .answer = true, .position = at }

/* Of rank 0 a lie in a message of common variables is seen at once by the others, who stop. */
static const cs_strategy MESSAGES[] = {
    MESSAGE("values within a step", CS_ENDING_NAMED, CS_LABEL_STEP_VALUES, 0),
    MESSAGE("first round of a sumcheck", CS_ENDING_NAMED, CS_LABEL_SC_ROUND, 0),
    MESSAGE("a later round", CS_ENDING_NAMED, CS_LABEL_SC_ROUND, 7),
    MESSAGE("final values of a sumcheck", CS_ENDING_EITHER, CS_LABEL_SC_FINAL, 0),
    MESSAGE("final values of a later one", CS_ENDING_EITHER, CS_LABEL_SC_FINAL, 3),
    MESSAGE("parts of an update", CS_ENDING_NAMED, CS_LABEL_UPDATE_PART, 0),
    MESSAGE("root of the lookups", CS_ENDING_NAMED, CS_LABEL_LOOKUP_ROOT, 0),
    MESSAGE("value of the opening's mask", CS_ENDING_NAMED, CS_LABEL_OPEN_MASK_VALUE, 0),
    {.name = "hidden draws: their counts",
     .ending = CS_ENDING_NAMED,
     .label = CS_LABEL_DRAWS_COUNT,
     .message = true,
     .hidden = true},
    {.name = "hidden draws: their labels",
     .ending = CS_ENDING_NAMED,
     .label = CS_LABEL_DRAWS_LABELS,
     .message = true,
     .hidden = true},
    ANSWER("opening: a wrong row", CS_LABEL_OPEN_ANSWER, 0),
    ANSWER("opening: a wrong blinding", CS_LABEL_OPEN_ANSWER, (size_t)-1),
    ANSWER("finale: a wrong variable", CS_LABEL_FINALE_ANSWER, 0),
    ANSWER("finale: a wrong blinding", CS_LABEL_FINALE_ANSWER, (size_t)-1),
    {.name = "an answer signed by nobody",
     .ending = CS_ENDING_NAMED,
     .label = CS_LABEL_FINALE_ANSWER,
     .answer = true,
     .position = 1,
     .foreign_key = true},
};

static void messages_and_answers(void **state) {
    (void)state;
    assert_true(cs_dishonest_run_all(MESSAGES, sizeof MESSAGES / sizeof *MESSAGES));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(messages_and_answers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
