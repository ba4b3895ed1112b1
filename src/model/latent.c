/* Points of a latent space. */
#include <math.h>
#include <string.h>

#include "model/model.h"

bool weir_model_latent_on_sphere(const weir_model *model) {
  const weir_layer *l = weiri_flow_layer(model->dist);
  return l != NULL && l->latent.features > 0 &&
         l->latent.support[0].kind == WEIR_SPHERE;
}

/* The coordinates of z [k] but for j become `length` long together, in the direction
 * they have. */
static void scale_others(int64_t k, int64_t j, double length, double *z) {
  double square = 0.0;
  for (int64_t i = 0; i < k; i++) {
    square += i == j ? 0.0 : z[i] * z[i];
  }
  for (int64_t i = 0; i < k; i++) {
    if (i != j) {
      z[i] =
          square > 0.0 ? z[i] * length / sqrt(square) : length / sqrt((double)(k - 1));
    }
  }
}

weir_status weir_model_latent_line(const weir_model *model, const double *centre,
    int64_t j, double lo, double hi, int64_t steps, double *z) {
  const int64_t k = model->dist->latent;
  const bool sphere = weir_model_latent_on_sphere(model);
  if (steps < 2 || j < 0 || j >= k) {
    return weiri_fail(WEIR_E_ARGUMENT,
        "a line through latents: expected 2 steps or more of a variable from 0 to %lld",
        (long long)k - 1);
  }
  if (sphere && !(fabs(lo) <= 1.0 && fabs(hi) <= 1.0)) {
    return weiri_fail(WEIR_E_ARGUMENT,
        "the latent is a unit vector: its coordinates lie in [-1, 1], not in [%g, %g]",
        lo, hi);
  }
  for (int64_t i = 0; i < steps; i++) {
    double *at = z + i * k;
    memcpy(at, centre, (size_t)k * sizeof *at);
    at[j] = lo + (hi - lo) * (double)i / (double)(steps - 1);
    if (sphere) {
      scale_others(k, j, sqrt(1.0 - at[j] * at[j]), at);
    }
  }
  return WEIR_OK;
}
