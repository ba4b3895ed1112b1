/* Yield of mesquite bushes, a regression of logarithms (Gelman & Hill 2007, ch. 4). */
#include "posterior.h"
#include "regression.h"

bool posterior_load(posterior *p, const json_t *data) {
  static const char *const name[7] = {
      NULL, "diam1", "diam2", "canopy_height", "total_height", "density", "group"};
  regression *r = posterior_new(p, sizeof *r);
  double *weight;
  int64_t n;
  if (!posterior_vector(p, data, "weight", &weight, &n) ||
      !regression_make(p, r, n, 7)) {
    return false;
  }
  for (int64_t i = 0; i < n; i++) {
    r->y[i] = log(weight[i]);
  }
  for (int j = 0; j < 7; j++) {
    if (!regression_column(p, r, data, j, name[j], j > 0 && j < 6 ? log : NULL)) {
      return false;
    }
  }
  return posterior_reals(p, "beta", 7) && posterior_positive(p, "sigma");
}
