/* Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019, algorithm
 * 2): w = w - rate (weight_decay w + the step of Adam). */
#include "optim/optim.h"

static void sweep(const weiri_kern *kern, weir_dtype dtype, int64_t n, void *w,
    void *const *state, const void *g, const weiri_update *u, const double c[2]) {
  kern->adam[dtype](n, w, state[0], state[1], g, u->rate, u->rate * u->weight_decay,
      u->beta1, u->beta2, u->epsilon, c[0], c[1], u->scale);
}

extern const weiri_optim_class weiri_optim_adamw;
const weiri_optim_class weiri_optim_adamw = {
    .name = "adamw",
    .doc = "Adam with decoupled weight decay",
    .cite = "Loshchilov and Hutter 2019",
    .blocks = 2,
    .decays = true,
    .sweep = sweep,
};
