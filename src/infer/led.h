/* Targets whose first coordinate leads the others:
 *
 *     x_1 ~ N(0, s^2),  x_2 = m(x_1) + e^l(x_1) n_2,  x_j = e^l(x_1) n_j, j > 2,
 *
 * n ~ N(0, I). What m and l are is the target's own. */
#ifndef WEIRI_LED_H
#define WEIRI_LED_H

#include "part/target.h"

/* m and l at x_1, with their derivatives. */
typedef struct weiri_law {
  double m, dm, l, dl;
} weiri_law;

/* The instance of such a target begins with this; its options fill dim and sd. */
typedef struct weiri_led {
  weir_target base;
  int64_t dim;
  double sd;
  weiri_law (*law)(const struct weiri_led *t, double x); /* set in setup */
} weiri_led;

#define WEIRI_LED_DIM                                                                  \
  {                                                                                    \
    "dim", WEIR_OPT_INT, offsetof(weiri_led, dim), "2", 2, 100000, NULL,               \
        "number of coordinates"                                                        \
  }

weir_status weiri_led_log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad);
weir_status weiri_led_sample(
    const weir_target *t, uint64_t seed, int64_t first, int64_t n, double *x);

#endif
