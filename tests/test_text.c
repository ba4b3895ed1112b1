/* Numbers as text: exactness, shortest forms, locales. */
#include "counting.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>

#include "base/rng.h"

static double parse(const char *s) {
  double x = -12345.0;
  assert_true(weiri_parse_real(s, strlen(s), &x));
  return x;
}

static uint64_t bits_of(double x) {
  uint64_t b;
  memcpy(&b, &x, sizeof b);
  return b;
}

static void assert_same(double a, double b) {
  assert_int_equal(bits_of(a), bits_of(b));
}

static void parses(void **state) {
  (void)state;
  assert_same(parse("0"), 0.0);
  assert_same(parse("-0"), -0.0);
  assert_same(parse("-0.000e99999999999999999999"), -0.0);
  assert_same(parse("1.5"), 1.5);
  assert_same(parse("+.5"), 0.5);
  assert_same(parse("5."), 5.0);
  assert_same(parse("1e22"), 1e22);
  assert_same(parse("1e23"), 1e23);
  assert_same(parse("123456789012345e-22"), 123456789012345e-22);
  assert_same(parse("0.1"), 0.1);
  assert_same(parse("1E+2"), 100.0);
  assert_same(parse("000000000000000000000000001.250"), 1.25);
  assert_same(parse("1.7976931348623157e308"), DBL_MAX);
  assert_same(parse("4.9406564584124654e-324"), 4.9406564584124654e-324);
  assert_same(parse("2.2250738585072011e-308"), 2.2250738585072011e-308);
  assert_same(parse("1e999"), INFINITY);
  assert_same(parse("-1e99999999999999999999999"), -INFINITY);
  assert_same(parse("1e-999"), 0.0);
  assert_same(parse("inf"), INFINITY);
  assert_same(parse("-Infinity"), -INFINITY);
  assert_true(isnan(parse("NaN")));
}

static void refuses(void **state) {
  (void)state;
  static const char *const bad[] = {"", "-", "+", ".", "e5", "1e", "1e+", "1,5", " 1",
      "1 ", "0x10", "1.2.3", "--1", "1e5.0", "infi", "nan(1)", "1f", "in", "infinityx"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    double x = 7.0;
    assert_false(weiri_parse_real(bad[i], strlen(bad[i]), &x));
    assert_same(x, 7.0);
  }
  double x;
  assert_true(weiri_parse_real("1.5,2", 3, &x)); /* a field without a NUL */
  assert_same(x, 1.5);
}

/* The midpoint of 1 and 1 + 2^-52 goes to the even 1; anything above it, however far
 * behind, to the other. */
static void rounds_correctly(void **state) {
  (void)state;
  char text[3000] = "1.00000000000000011102230246251565404236316680908203125";
  assert_same(parse(text), 1.0);
  const size_t len = strlen(text);
  memset(text + len, '0', sizeof text - len);
  text[2500] = '1';
  text[2501] = '\0';
  assert_same(parse(text), 1.0 + DBL_EPSILON);
  memset(text, '0', 2500);
  text[0] = '.';
  memcpy(text + 2400, "25e2399", 8);
  assert_same(parse(text), 0.25);
  memset(text, '0', 2500);
  text[0] = '3';
  memcpy(text + 2401, "e-2400", 7);
  assert_same(parse(text), 3.0);
}

static void integers(void **state) {
  (void)state;
  int64_t i;
  assert_true(weiri_parse_int("9223372036854775807", 19, &i) && i == INT64_MAX);
  assert_true(weiri_parse_int("-9223372036854775808", 20, &i) && i == INT64_MIN);
  assert_true(weiri_parse_int("+007", 4, &i) && i == 7);
  assert_false(weiri_parse_int("9223372036854775808", 19, &i));
  assert_false(weiri_parse_int("-9223372036854775809", 20, &i));
  assert_false(weiri_parse_int("92233720368547758070", 20, &i));
  assert_false(weiri_parse_int("", 0, &i));
  assert_false(weiri_parse_int("-", 1, &i));
  assert_false(weiri_parse_int("1.0", 3, &i));
  assert_false(weiri_parse_int("1 ", 2, &i));
}

static void check_print(double x, bool single, const char *expected) {
  char buf[32];
  assert_int_equal(weiri_print_real(buf, x, single), strlen(expected));
  assert_string_equal(buf, expected);
}

static void prints(void **state) {
  (void)state;
  check_print(0.0, false, "0");
  check_print(-0.0, false, "-0");
  check_print(NAN, false, "nan");
  check_print(-INFINITY, false, "-inf");
  check_print(INFINITY, true, "inf");
  check_print(0.1, false, "0.1");
  check_print(0.1 + 0.2, false, "0.30000000000000004");
  check_print(-1234567.0, false, "-1234567");
  check_print(1e15, false, "1e+15");
  check_print(1e22, false, "1e+22");
  check_print(5e-324, false, "5e-324");
  check_print(DBL_MAX, false, "1.7976931348623157e+308");
  check_print((double)0.1f, true, "0.1");
  check_print((double)FLT_MAX, true, "3.4028235e+38");
  check_print((double)1e-45f, true, "1e-45");
  check_print((double)16777216.0f, true, "16777216");
}

/* Random bit patterns of all magnitudes come back; as float too. */
static void round_trips(void **state) {
  (void)state;
  const weiri_rng rng = {1, 2};
  for (uint64_t i = 0; i < 50000; i++) {
    uint32_t w[4];
    char buf[32];
    weiri_philox(rng, i, w);
    const uint64_t b = w[0] | (uint64_t)w[1] << 32;
    double x;
    float f;
    memcpy(&x, &b, sizeof x);
    memcpy(&f, &w[2], sizeof f);
    if (isfinite(x)) {
      (void)weiri_print_real(buf, x, false);
      assert_same(parse(buf), x);
      assert_same(strtod(buf, NULL), x);
      (void)snprintf(buf, sizeof buf, "%.*g", (int)(i % 17) + 1, x);
      assert_same(parse(buf), strtod(buf, NULL));
    }
    if (isfinite(f)) {
      assert_true(weiri_print_real(buf, (double)f, true) <= 15);
      assert_true((float)parse(buf) == f && strtof(buf, NULL) == f);
    }
  }
}

/* Under a locale with a decimal comma, where the machine has one. */
static void other_locales(void **state) {
  static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
      "fr_FR.utf8", "nl_NL.UTF-8", "ru_RU.UTF-8", "comma", NULL};
  int i = 0;
  while (commas[i] != NULL && setlocale(LC_ALL, commas[i]) == NULL) {
    i++;
  }
  if (commas[i] == NULL || localeconv()->decimal_point[0] != ',') {
    (void)setlocale(LC_ALL, "C");
    skip();
  }
  assert_same(parse("1234.5678901234567890123"), 1234.5678901234567890123);
  check_print(1.5, false, "1.5");
  check_print(0.1 + 0.2, false, "0.30000000000000004");
  prints(state);
  refuses(state);
  (void)setlocale(LC_ALL, "C");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parses),
      cmocka_unit_test(refuses),
      cmocka_unit_test(rounds_correctly),
      cmocka_unit_test(integers),
      cmocka_unit_test(prints),
      cmocka_unit_test(round_trips),
      cmocka_unit_test(other_locales),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
