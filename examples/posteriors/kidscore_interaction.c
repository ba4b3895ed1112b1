/* Children's test scores on their mothers' schooling and IQ with an interaction (Gelman
 * & Hill 2007, ch. 3). */
#include "posterior.h"
#include "regression.h"

bool posterior_load(posterior *p, const json_t *data) {
  regression *r = posterior_new(p, sizeof *r);
  double *score;
  int64_t n;
  if (!posterior_vector(p, data, "kid_score", &score, &n) ||
      !regression_make(p, r, n, 4)) {
    return false;
  }
  r->sigma_scale = 2.5;
  memcpy(r->y, score, (size_t)n * sizeof *score);
  if (!regression_column(p, r, data, 0, NULL, NULL) ||
      !regression_column(p, r, data, 1, "mom_hs", NULL) ||
      !regression_column(p, r, data, 2, "mom_iq", NULL)) {
    return false;
  }
  for (int64_t i = 0; i < n; i++) {
    r->x[i * 4 + 3] = r->x[i * 4 + 1] * r->x[i * 4 + 2];
  }
  return posterior_reals(p, "beta", 4) && posterior_positive(p, "sigma");
}
