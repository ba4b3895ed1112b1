/* The unit sphere of R^m: its area, normalised rows, supports. */
#include <math.h>

#include "dist/vmf.h"

#define LOG_PI 1.1447298858494001741
#define LOG_2 0.69314718055994530942
/* Keeps the length of a zero vector away from 0. */
#define TINY 1e-30

/* lgamma writes to a global; m / 2 needs a product only. */
static double log_gamma_half(int64_t m) {
  double sum = m % 2 == 0 ? 0.0 : 0.5 * LOG_PI;
  for (int64_t k = m - 2; k > 0; k -= 2) {
    sum += log(0.5 * (double)k);
  }
  return sum;
}

double weiri_sphere_log_area(int64_t m) {
  return LOG_2 + 0.5 * (double)m * LOG_PI - log_gamma_half(m);
}

weir_var weiri_unit_rows(weir_tape *t, weir_var u) {
  const weir_var square = weir_sum_last(t, weir_square(t, u));
  const weir_var length = weir_sqrt(t, weir_shift(t, square, TINY));
  return weir_div(
      t, u, weir_reshape(t, length, weir_shape_2(weir_var_dim(t, u, 0), 1)));
}

weir_status weiri_require_sphere(const weir_event *event, const char *path) {
  for (int64_t j = 0; j < event->features; j++) {
    if (event->support[j].kind != WEIR_SPHERE) {
      char text[64];
      return weiri_fail(WEIR_E_SUPPORT,
          "%s: column %lld lives on %s, but coordinates of a unit vector are needed "
          "here (for a latent: support sphere)",
          path, (long long)j + 1, weir_support_text(event->support[j], text));
    }
  }
  if (event->features < 2) {
    return weiri_fail(WEIR_E_SUPPORT,
        "%s: a sphere needs two coordinates at least, found %lld", path,
        (long long)event->features);
  }
  return WEIR_OK;
}
