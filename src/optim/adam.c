/* Adam (Kingma & Ba 2015, algorithm 1):
 *     m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,
 *     w = w - rate (m / c1) / (sqrt(v / c2) + epsilon),  c = 1 - beta^t. */
#include "optim/optim.h"

static void sweep(const weiri_kern *kern, weir_dtype dtype, int64_t n, void *w,
    void *const *state, const void *g, const weiri_update *u, const double c[2]) {
  kern->adam[dtype](n, w, state[0], state[1], g, u->rate, 0.0, u->beta1, u->beta2,
      u->epsilon, c[0], c[1], u->scale);
}

extern const weiri_optim_class weiri_optim_adam;
const weiri_optim_class weiri_optim_adam = {
    .name = "adam",
    .doc = "steps scaled by running moments of the gradient",
    .cite = "Kingma and Ba 2015",
    .blocks = 2,
    .sweep = sweep,
};
