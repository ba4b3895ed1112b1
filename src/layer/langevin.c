/* A step of a Langevin flow (Rezende & Mohamed 2015, section 3.2; discretised, with the
 * weight of its path as in Thin et al. 2021): with s the score of the target,
 *     f(x | z) = N(x; z + h s(z), 2 h I),   backwards r(z | x) = N(z; x + h s(x), 2 h
 * I), the direction towards the data contributes log r(z | x) - log f(x | z). Where the
 * step leaves a density p invariant that is log p(z) - log p(x). */
#include "layer/bridge.h"

typedef struct langevin {
  weir_layer base;
  weiri_bridge bridge;
} langevin;

static const weir_opt opts[] = {WEIRI_BRIDGE_OPTIONS(langevin), {0}};

static weir_status setup(weir_layer *l, weir_build *b) {
  return weiri_bridge_setup(&((langevin *)l)->bridge, l, b);
}

static void teardown(weir_layer *l) {
  weiri_bridge_teardown(&((langevin *)l)->bridge);
}

/* One step, either way: the kernel is its own way back. Pushes the log density of going
 * back less that of having come. */
static weir_var take_step(
    const weir_layer *l, weir_run *run, weir_var a, weir_var context) {
  const langevin *g = (const langevin *)l;
  weir_tape *t = run->tape;
  (void)context;
  const weir_var e =
      weir_run_normal(run, l->path, weir_var_dim(t, a, 0), l->data.features);
  const weir_var h = weir_exp(t, weir_run_param(run, g->bridge.log_step));
  const weir_var spread = weir_sqrt(t, weir_scale(t, h, 2.0));
  const weir_var drift = weir_mul(t, h, weiri_bridge_at(&g->bridge, t, a));
  const weir_var b = weir_add(t, weir_add(t, a, drift), weir_mul(t, spread, e));
  const weir_var back = weir_mul(t, h, weiri_bridge_at(&g->bridge, t, b));
  const weir_var miss = weir_div(t, weir_sub(t, weir_sub(t, a, b), back), spread);
  const weir_var value = weir_scale(t,
      weir_sub(t, weir_sum_last(t, weir_square(t, e)),
          weir_sum_last(t, weir_square(t, miss))),
      0.5);
  weir_run_part(run, WEIR_PART_BOUND, l->path, value, weir_var_none());
  return b;
}

const weir_layer_class weir_layer_langevin = {
    .is = {"langevin", "a step of Langevin dynamics towards a target",
        "Rezende & Mohamed 2015", sizeof(langevin), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = take_step,
    .to_data = take_step,
    .exactness = WEIR_LOWER_BOUND,
};
