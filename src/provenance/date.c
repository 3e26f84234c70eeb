#include "provenance/date.h"

#include <string.h>
#include <time.h>

static int number(const char *digits, int n) {
    int out = 0;
    for (int k = 0; k < n; k++)
        out = 10 * out + digits[k] - '0';
    return out;
}

static int days_of(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

bool cs_date_is_valid(const char *text) {
    static const char form[] = "dddd-dd-dd";
    for (int k = 0; k < CS_DATE_SIZE - 1; k++)
        if (form[k] == 'd' ? text[k] < '0' || text[k] > '9' : text[k] != form[k])
            return false;
    const int year = number(text, 4), month = number(text + 5, 2), day = number(text + 8, 2);
    return text[CS_DATE_SIZE - 1] == '\0' && year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
           day <= days_of(year, month);
}

cs_status cs_date_today(char out[CS_DATE_SIZE]) {
    const time_t now = time(NULL);
    struct tm day;
    if (now == (time_t)-1 || gmtime_r(&now, &day) == NULL || strftime(out, CS_DATE_SIZE, "%Y-%m-%d", &day) == 0)
        return cs_fail(CS_ERR_INTERNAL, "this machine's clock cannot be read");
    return CS_OK;
}

cs_status cs_date_read(char out[CS_DATE_SIZE], const char *what, const char *text) {
    if (!cs_date_is_valid(text))
        return cs_fail(CS_ERR_USAGE, "%s %.40s: no such day; write YYYY-MM-DD", what, text);
    memcpy(out, text, CS_DATE_SIZE);
    return CS_OK;
}

cs_status cs_date_from_json(char out[CS_DATE_SIZE], const cs_json *v) {
    const char *text = "";
    CS_TRY(cs_json_string(&text, v, CS_DATE_SIZE - 1, CS_DATE_SIZE - 1));
    if (!cs_date_is_valid(text))
        return cs_json_fail(v, "\"%s\": no such day; write YYYY-MM-DD", text);
    memcpy(out, text, CS_DATE_SIZE);
    return CS_OK;
}
