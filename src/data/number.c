#include "data/number.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_DIGITS 15 /* integers of so many digits are doubles, and so are ... */
#define EXACT_POWER  22 /* ... powers of ten up to this one: one IEEE operation on the two rounds correctly */
#define EXPONENT_CAP 9999

static const double POWER_OF_TEN[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

typedef struct decimal {
    uint64_t digits;    /* the first significant ones */
    int significant;    /* how many there are; more than EXACT_DIGITS: `digits` is not all of them */
    int exponent;       /* value = digits * 10^exponent */
    bool negative, any; /* any digit at all */
} decimal;

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static const char *scan_digits(decimal *d, const char *at, const char *end, int exponent_step) {
    for (; at < end && is_digit(*at); at++) {
        d->any = true;
        d->exponent += exponent_step;
        if (d->significant == 0 && *at == '0')
            continue;
        if (d->significant++ < EXACT_DIGITS)
            d->digits = 10 * d->digits + (uint64_t)(*at - '0');
    }
    return at;
}

/* The part behind 'e'; NULL if it has no digit. */
static const char *scan_exponent(decimal *d, const char *at, const char *end) {
    bool negative = false;
    if (at < end && (*at == '+' || *at == '-'))
        negative = *at++ == '-';
    if (at == end || !is_digit(*at))
        return NULL;
    int exponent = 0;
    for (; at < end && is_digit(*at); at++)
        exponent = exponent < EXPONENT_CAP ? 10 * exponent + (*at - '0') : exponent;
    d->exponent += negative ? -exponent : exponent;
    return at;
}

static bool scan(decimal *d, const char *at, const char *end) {
    if (at < end && (*at == '+' || *at == '-'))
        d->negative = *at++ == '-';
    at = scan_digits(d, at, end, 0);
    if (at < end && *at == '.')
        at = scan_digits(d, at + 1, end, -1);
    if (!d->any)
        return false;
    if (at < end && (*at == 'e' || *at == 'E'))
        at = scan_exponent(d, at + 1, end);
    return at == end;
}

static double convert_slowly(const char *text, size_t length, locale_t c_locale) {
    char copy[CS_NUMBER_MAX_LENGTH + 1];
    memcpy(copy, text, length);
    copy[length] = '\0';
    const locale_t before = uselocale(c_locale);
    const double value = strtod(copy, NULL);
    uselocale(before);
    return value;
}

bool cs_number_parse(double *out, const char *text, size_t length, locale_t c_locale) {
    decimal d = {0};
    if (length > CS_NUMBER_MAX_LENGTH || !scan(&d, text, text + length))
        return false;
    if (d.significant > EXACT_DIGITS || d.exponent > EXACT_POWER || d.exponent < -EXACT_POWER) {
        *out = convert_slowly(text, length, c_locale);
        return true;
    }
    const double digits = (double)d.digits;
    const double value = d.exponent < 0 ? digits / POWER_OF_TEN[-d.exponent] : digits * POWER_OF_TEN[d.exponent];
    *out = d.negative ? -value : value;
    return true;
}
