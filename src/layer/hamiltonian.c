/* A step of a Hamiltonian flow (Rezende & Mohamed 2015, section 3.2; Salimans, Kingma &
 * Welling 2015): a fresh momentum p ~ N(0, I) and leapfrog steps of the target's
 * dynamics, which keep volume and can be undone by turning the momentum round. The way
 * towards the data contributes
 *     log N(p'; 0, I) - log N(p; 0, I),
 * p' the momentum at its end; the more exactly energy is kept, the nearer that is to
 * log p(z) - log p(x). */
#include "layer/bridge.h"

typedef struct hamiltonian {
  weir_layer base;
  weiri_bridge bridge;
  int64_t steps;
} hamiltonian;

static const weir_opt opts[] = {WEIRI_BRIDGE_OPTIONS(hamiltonian),
    {"steps", WEIR_OPT_INT, offsetof(hamiltonian, steps), "5", 1, 100000, NULL,
        "leapfrog steps"},
    {0}};

static weir_status setup(weir_layer *l, weir_build *b) {
  return weiri_bridge_setup(&((hamiltonian *)l)->bridge, l, b);
}

static void teardown(weir_layer *l) {
  weiri_bridge_teardown(&((hamiltonian *)l)->bridge);
}

/* Either way: p and -p are equally likely, so turning round changes nothing. */
static weir_var take_step(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  const hamiltonian *h = (const hamiltonian *)l;
  weir_tape *t = run->tape;
  (void)context;
  const weir_var first =
      weir_run_normal(run, l->path, weir_var_dim(t, x, 0), l->data.features);
  const weir_var step = weir_exp(t, weir_run_param(run, h->bridge.log_step));
  const weir_var half = weir_scale(t, step, 0.5);
  weir_var p = weir_add(t, first, weir_mul(t, half, weiri_bridge_at(&h->bridge, t, x)));
  for (int64_t i = 0; i < h->steps; i++) {
    x = weir_add(t, x, weir_mul(t, step, p));
    p = weir_add(t, p,
        weir_mul(t, i + 1 < h->steps ? step : half, weiri_bridge_at(&h->bridge, t, x)));
  }
  weir_run_part(run, WEIR_PART_BOUND, l->path,
      weir_scale(t,
          weir_sub(t, weir_sum_last(t, weir_square(t, first)),
              weir_sum_last(t, weir_square(t, p))),
          0.5),
      weir_var_none());
  return x;
}

const weir_layer_class weir_layer_hamiltonian = {
    .is = {"hamiltonian", "a trajectory of Hamiltonian dynamics towards a target",
        "Rezende & Mohamed 2015; Salimans et al. 2015", sizeof(hamiltonian), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = take_step,
    .to_data = take_step,
    .exactness = WEIR_LOWER_BOUND,
};
