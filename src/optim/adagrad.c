/* Adagrad (Duchi, Hazan & Singer 2011):
 *     G = G + g^2,  w = w - rate g / (sqrt(G) + epsilon). */
#include <math.h>

#include "optim/optim.h"

#define DEFINE_SWEEP(name, T)                                                          \
  static void name(int64_t n, T *w, T *sum, const T *g, const weiri_update *u) {       \
    const T rate = (T)u->rate, epsilon = (T)u->epsilon, scale = (T)u->scale;           \
    for (int64_t i = 0; i < n; i++) {                                                  \
      const T slope = scale * g[i];                                                    \
      sum[i] += slope * slope;                                                         \
      w[i] -= rate * slope / ((T)sqrt((double)sum[i]) + epsilon);                      \
    }                                                                                  \
  }
DEFINE_SWEEP(sweep_f32, float)
DEFINE_SWEEP(sweep_f64, double)

static void sweep(const weiri_kern *kern, weir_dtype dtype, int64_t n, void *w,
    void *const *state, const void *g, const weiri_update *u, const double c[2]) {
  (void)kern, (void)c;
  if (dtype == WEIR_F32) {
    sweep_f32(n, w, state[0], g, u);
  } else {
    sweep_f64(n, w, state[0], g, u);
  }
}

extern const weiri_optim_class weiri_optim_adagrad;
const weiri_optim_class weiri_optim_adagrad = {
    .name = "adagrad",
    .doc = "steps scaled by all squared gradients so far",
    .cite = "Duchi, Hazan and Singer 2011",
    .blocks = 1,
    .sweep = sweep,
};
