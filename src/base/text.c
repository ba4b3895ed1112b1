/* Numbers as text, the same in every locale.
 *
 * Reading: a decimal of at most 15 digits and a power of ten up to 22 is one exact
 * product or quotient of doubles (Clinger 1990, "How to read floating point numbers
 * accurately"); others go to strtod in the C locale with at most DIGITS digits, which
 * is enough: the exact midpoint of two doubles has at most 767, and a last 1 stands for
 * what follows. Writing: what %g prints at the least precision that reads back. */
#define _GNU_SOURCE
#include "base/base.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"

enum { DIGITS = 800, EXP_MAX = 99999 };

locale_t weiri_c_locale(void) {
  static _Atomic(locale_t) cached;
  locale_t c = atomic_load(&cached);
  if (c == (locale_t)0) {
    locale_t expected = (locale_t)0;
    c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c != (locale_t)0 && !atomic_compare_exchange_strong(&cached, &expected, c)) {
      freelocale(c);
      c = expected;
    }
  }
  return c;
}

/* 0.d1 d2 d3 ... as an integer of the significant digits, times 10^exp. */
typedef struct decimal {
  int n;                 /* digits kept */
  int64_t exp;           /* of the last digit kept */
  bool negative, sticky; /* sticky: a digit that was not kept is not 0 */
  char digit[DIGITS + 16];
} decimal;

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static void take_digit(decimal *d, char c, bool fraction) {
  if (d->n == 0 && c == '0') {
    d->exp -= fraction;
  } else if (d->n < DIGITS) {
    d->digit[d->n++] = c;
    d->exp -= fraction;
  } else {
    d->sticky = d->sticky || c != '0';
    d->exp += !fraction;
  }
}

/* Reads [digits][.digits], at least one digit; returns where it stopped, or NULL. */
static const char *read_digits(const char *s, const char *end, decimal *d) {
  bool any = false;
  for (; s < end && is_digit(*s); s++, any = true) {
    take_digit(d, *s, false);
  }
  if (s < end && *s == '.') {
    for (s++; s < end && is_digit(*s); s++, any = true) {
      take_digit(d, *s, true);
    }
  }
  return any ? s : NULL;
}

/* Reads e[+-]digits up to the end. */
static bool read_exponent(const char *s, const char *end, decimal *d) {
  if (*s != 'e' && *s != 'E') {
    return false;
  }
  s++;
  const bool negative = s < end && *s == '-';
  if (s < end && (*s == '-' || *s == '+')) {
    s++;
  }
  if (s == end) {
    return false;
  }
  int64_t e = 0;
  for (; s < end; s++) {
    if (!is_digit(*s)) {
      return false;
    }
    if (e < INT64_MAX / 32) {
      e = 10 * e + (*s - '0');
    }
  }
  d->exp += negative ? -e : e;
  return true;
}

static bool exact_value(const decimal *d, double *out) {
  static const double power[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
      1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (FLT_EVAL_METHOD != 0 || d->n > 15 || d->exp < -22 || d->exp > 22) {
    return d->n == 0 ? (*out = 0.0, true) : false;
  }
  int64_t m = 0;
  for (int i = 0; i < d->n; i++) {
    m = 10 * m + (d->digit[i] - '0');
  }
  *out = d->exp < 0 ? (double)m / power[-d->exp] : (double)m * power[d->exp];
  return true;
}

static double slow_value(decimal *d) {
  if (d->sticky) {
    d->digit[d->n++] = '1';
    d->exp--;
  }
  const int64_t e = d->exp < -EXP_MAX ? -EXP_MAX : d->exp > EXP_MAX ? EXP_MAX : d->exp;
  (void)snprintf(d->digit + d->n, 14, "e%d", (int)e);
  return strtod_l(d->digit, NULL, weiri_c_locale());
}

static bool is_word(const char *s, const char *end, const char *word) {
  for (; s < end && *word != '\0' && (*s | 0x20) == *word; s++, word++) {
  }
  return s == end && *word == '\0';
}

bool weiri_parse_real(const char *s, size_t len, double *out) {
  const char *end = s + len;
  decimal d;
  d.n = 0;
  d.exp = 0;
  d.sticky = false;
  d.negative = s < end && *s == '-';
  if (s < end && (*s == '-' || *s == '+')) {
    s++;
  }
  double x;
  if (is_word(s, end, "inf") || is_word(s, end, "infinity")) {
    x = INFINITY;
  } else if (is_word(s, end, "nan")) {
    x = NAN;
  } else {
    s = read_digits(s, end, &d);
    if (s == NULL || (s < end && !read_exponent(s, end, &d))) {
      return false;
    }
    if (!exact_value(&d, &x)) {
      x = slow_value(&d);
    }
  }
  *out = d.negative ? -x : x;
  return true;
}

bool weiri_parse_int(const char *s, size_t len, int64_t *out) {
  const char *end = s + len;
  const bool negative = s < end && *s == '-';
  if (s < end && (*s == '-' || *s == '+')) {
    s++;
  }
  if (s == end) {
    return false;
  }
  int64_t x = 0; /* counted downwards: the negative range is the larger */
  for (; s < end; s++) {
    const int digit = *s - '0';
    if (!is_digit(*s) || x < (INT64_MIN + digit) / 10) {
      return false;
    }
    x = 10 * x - digit;
  }
  if (!negative && x == INT64_MIN) {
    return false;
  }
  *out = negative ? x : -x;
  return true;
}

static bool reads_back(const char *buf, int n, double x, bool single) {
  double y;
  if (!weiri_parse_real(buf, (size_t)n, &y)) {
    return false;
  }
  return single ? (float)y == (float)x : y == x;
}

/* A decimal of 15 digits (6 as float) that reads as x is what x prints as at that
 * precision, so shorter ones need no trial, except for subnormal numbers. */
static int print_shortest(char *buf, double x, bool single) {
  const int sure = single ? FLT_DIG : DBL_DIG;
  const int last = single ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
  const bool subnormal = fabs(x) < (single ? (double)FLT_MIN : DBL_MIN);
  const locale_t before = uselocale(weiri_c_locale());
  int n = 0;
  for (int p = subnormal ? 1 : sure; p <= last; p++) {
    n = snprintf(buf, 32, "%.*g", p, x);
    if (p == last || reads_back(buf, n, x, single)) {
      break;
    }
  }
  (void)uselocale(before);
  return n;
}

int weiri_print_real(char *buf, double x, bool single) {
  if (isnan(x)) {
    return snprintf(buf, 32, "nan");
  }
  if (isinf(x)) {
    return snprintf(buf, 32, x < 0 ? "-inf" : "inf");
  }
  if (x == 0.0) {
    return snprintf(buf, 32, signbit(x) ? "-0" : "0");
  }
  const double limit = single ? 1e6 : 1e15;
  if (fabs(x) < limit && x == (double)(int64_t)x) {
    return snprintf(buf, 32, "%lld", (long long)x);
  }
  return print_shortest(buf, x, single);
}
