/* Householder flow (Tomczak & Welling 2016): a product of reflections
 *     x = H_k .. H_1 z,  H_i z = z - 2 v_i (v_i . z) / |v_i|^2,  log |det| = 0.
 * chained: v_1 alone depends on the context, and v_{i+1} = W_i v_i + c_i. */
#include <stdio.h>

#include "layer/rows.h"

typedef struct householder {
  weir_layer base;
  int64_t reflections;
  bool chained;
  weiri_theta_opts theta_opts;
  weiri_theta theta; /* [k d], or [d] when chained */
  weir_slot vectors;
  weir_slot *weight, *bias; /* [k - 1] each, when chained */
} householder;

static const weir_opt opts[] = {
    {"reflections", WEIR_OPT_INT, offsetof(householder, reflections), "1", 1, 10000,
        NULL, "how many"},
    {"chained", WEIR_OPT_BOOL, offsetof(householder, chained), "false", 0, 0, NULL,
        "each vector a linear function of the one before it"},
    WEIRI_OPT_CONDITIONAL(householder, "the vectors"),
    WEIRI_OPT_CONTEXT_NET(householder), {0}};

static weir_status setup_chain(householder *h, weir_build *b, int64_t d) {
  const int64_t k = h->reflections;
  h->weight = weiri_calloc(b->ctx, (size_t)(2 * k), sizeof *h->weight);
  if (h->weight == NULL) {
    return WEIR_E_MEMORY;
  }
  h->bias = h->weight + k;
  const weir_init spread = {WEIR_INIT_NORMAL, 1.0}, some = {WEIR_INIT_NORMAL, 0.1};
  for (int64_t i = 0; i < k - 1; i++) {
    char name[48];
    snprintf(name, sizeof name, "chain[%lld].weight", (long long)i);
    WEIR_TRY(weir_build_param(b, &h->weight[i], name, weir_shape_2(d, d), some, NULL));
    snprintf(name, sizeof name, "chain[%lld].bias", (long long)i);
    WEIR_TRY(weir_build_param(b, &h->bias[i], name, weir_shape_1(d), spread, NULL));
  }
  return WEIR_OK;
}

static weir_status setup(weir_layer *l, weir_build *b) {
  householder *h = (householder *)l;
  const int64_t d = l->data.features, own = h->chained ? 1 : h->reflections;
  WEIR_TRY(weir_event_require_real(&l->data, l->path));
  WEIR_TRY(weir_event_copy(b->ctx, &l->latent, &l->data));
  const weir_init spread = {WEIR_INIT_NORMAL, 1.0};
  WEIR_TRY(
      weir_build_param(b, &h->vectors, "vectors", weir_shape_1(own * d), spread, NULL));
  if (h->chained) {
    WEIR_TRY(setup_chain(h, b, d));
  }
  return weiri_theta_setup(&h->theta, b, &h->theta_opts, own * d);
}

static void teardown(weir_layer *l) {
  householder *h = (householder *)l;
  weiri_theta_teardown(&h->theta);
  weiri_free(l->ctx, h->weight);
}

/* All vectors side by side: [m, k d]. */
static weir_var vectors(const householder *h, weir_run *run, weir_var context) {
  weir_tape *t = run->tape;
  const weir_linear_opts dense = {WEIR_ACT_NONE, NULL};
  const weir_var theta = weiri_theta_apply(&h->theta, run, context);
  weir_var all = weiri_theta_part(run, h->vectors, theta, 0, h->theta.size), last = all;
  for (int64_t i = 0; h->chained && i < h->reflections - 1; i++) {
    last = weir_linear(t, last, weir_run_param(run, h->weight[i]),
        weir_run_param(run, h->bias[i]), dense);
    const weir_var both[2] = {all, last};
    all = weir_concat(t, 2, both, 1);
  }
  return all;
}

static weir_var apply(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context, bool turned) {
  const householder *h = (const householder *)l;
  weir_tape *t = run->tape;
  const weir_var v = vectors(h, run, context);
  weiri_push_rows(
      l, run, weir_fill(t, weir_shape_1(weir_var_dim(t, x, 0)), 0.0), false);
  return weiri_reflect(t, x, v, h->reflections, l->data.features, turned);
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  return apply(l, run, z, context, false);
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  return apply(l, run, x, context, true);
}

const weir_layer_class weir_layer_householder = {
    .is = {"householder", "reflections in learned directions: rotates a posterior",
        "Tomczak & Welling 2016", sizeof(householder), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
};
