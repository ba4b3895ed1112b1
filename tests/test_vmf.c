/* Hyperspherical parts: Bessel functions against mpmath (golden/make_bessel.py). */
#include <stdio.h>

#include "dist_check.h"

#include "op/bessel.h"

#define PI 3.14159265358979323846

/* ---- Bessel functions ---- */

static void bessel(void **state) {
  (void)state;
  json_t *root = json_load_file(WEIR_SOURCE_DIR "/tests/golden/bessel.json", 0, NULL);
  const json_t *rows = json_object_get(root, "rows");
  assert_int_equal(json_array_size(rows), 99);
  for (size_t i = 0; i < json_array_size(rows); i++) {
    double c[7];
    for (size_t k = 0; k < 7; k++) {
      c[k] = json_number_value(json_array_get(json_array_get(rows, i), k));
    }
    const double m = c[0], x = c[1], nu = 0.5 * m - 1.0;
    const weiri_bessel b = weiri_bessel_at(nu, x);
    char what[64];
    snprintf(what, sizeof what, "m = %g, kappa = %g", m, x);
    const double log_i = b.log + x + nu * log(x);
    if (fabs(log_i - c[2]) > 1e-14 * (fabs(x) + fabs(c[2]) + fabs(nu * log(x)) + 1)) {
      fail_msg("%s: log %.17g, expected %.17g", what, log_i, c[2]);
    }
    if (fabs(b.ratio - c[3]) > 1e-13 * c[3]) {
      fail_msg("%s: ratio %.17g, expected %.17g", what, b.ratio, c[3]);
    }
    if (fabs(b.gap - c[4]) > 2e-13 * c[4]) {
      fail_msg("%s: gap %.17g, expected %.17g", what, b.gap, c[4]);
    }
    if (fabs(b.slope - c[5]) > 3e-13 * (10 + x) * c[5]) {
      fail_msg("%s: slope %.17g, expected %.17g", what, b.slope, c[5]);
    }
  }
  json_decref(root);
}

/* Limits at 0, and what is not a number. */
static void bessel_ends(void **state) {
  (void)state;
  for (int m = 2; m < 1001; m = 2 * m + 1) {
    const double nu = 0.5 * m - 1.0;
    const weiri_bessel b = weiri_bessel_at(nu, 0.0);
    near(b.log, -nu * log(2.0) - lgamma(nu + 1.0), 1e-14, "log at 0");
    assert_true(b.ratio == 0.0 && b.gap == 1.0);
    near(b.slope * m, 1.0, 1e-11, "slope at 0");
  }
  assert_true(isnan(weiri_bessel_at(1.0, -1.0).log));
  assert_true(isnan(weiri_bessel_at(1.0, INFINITY).gap));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bessel),
      cmocka_unit_test(bessel_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
