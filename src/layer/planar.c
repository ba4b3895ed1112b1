/* Planar flow, closed from the latent to the data (Rezende & Mohamed 2015, eq. 10):
 *     x = z + u_hat tanh(w . z + b),  log |det dx/dz| = log(1 + (w . u_hat) h'),
 *     u_hat = u + (m(w . u) - w . u) w / |w|^2,  m(a) = softplus(a) - 1 > -1,
 * so that 1 + (w . u_hat) h' > 0 everywhere. The way back has no closed form. With a
 * context u, w and b are functions of it. */
#include "part/theta.h"
#include "weir/sys/op.h"

/* Keeps u_hat finite at w = 0. */
#define TINY 1e-12

typedef struct planar {
  weir_layer base;
  weiri_theta_opts theta_opts;
  weiri_theta theta; /* [2 d + 1]: u, w, b */
  weir_slot u, w, b;
} planar;

static const weir_opt opts[] = {
    WEIRI_OPT_CONDITIONAL(planar, "u, w and b"), WEIRI_OPT_CONTEXT_NET(planar), {0}};

static weir_status setup(weir_layer *l, weir_build *b) {
  planar *p = (planar *)l;
  const int64_t d = l->data.features;
  WEIR_TRY(weir_event_require_real(&l->data, l->path));
  WEIR_TRY(weir_event_copy(b->ctx, &l->latent, &l->data));
  const weir_init small = {WEIR_INIT_NORMAL, 0.1}, zero = {WEIR_INIT_CONSTANT, 0.0};
  WEIR_TRY(weir_build_param(b, &p->u, "u", weir_shape_1(d), small, NULL));
  WEIR_TRY(weir_build_param(b, &p->w, "w", weir_shape_1(d), small, NULL));
  WEIR_TRY(weir_build_param(b, &p->b, "b", weir_shape_1(1), zero, NULL));
  return weiri_theta_setup(&p->theta, b, &p->theta_opts, 2 * d + 1);
}

static void teardown(weir_layer *l) {
  weiri_theta_teardown(&((planar *)l)->theta);
}

/* Row by row a . b, [m, 1]. */
static weir_var dot(weir_tape *t, weir_var a, weir_var b) {
  const weir_var sum = weir_sum_last(t, weir_mul(t, a, b));
  return weir_reshape(t, sum, weir_shape_2(weir_var_dim(t, sum, 0), 1));
}

static weir_var u_hat(weir_tape *t, weir_var u, weir_var w, weir_var wu) {
  const weir_var m = weir_shift(t, weir_softplus(t, wu), -1.0);
  const weir_var norm = weir_shift(t, dot(t, w, w), TINY);
  return weir_add(t, u, weir_mul(t, weir_div(t, weir_sub(t, m, wu), norm), w));
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  const planar *p = (const planar *)l;
  weir_tape *t = run->tape;
  const int64_t d = l->data.features, n = weir_var_dim(t, z, 0);
  const weir_var theta = weiri_theta_apply(&p->theta, run, context);
  const weir_var w = weiri_theta_part(run, p->w, theta, d, d);
  const weir_var u = weiri_theta_part(run, p->u, theta, 0, d);
  const weir_var bias = weiri_theta_part(run, p->b, theta, 2 * d, 1);
  const weir_var hat = u_hat(t, u, w, dot(t, w, u));
  const weir_var h = weir_tanh(t, weir_add(t, dot(t, z, w), bias));
  const weir_var slope = weir_affine(t, weir_square(t, h), -1.0, 1.0);
  const weir_var log_det = weir_log1p(t, weir_mul(t, dot(t, w, hat), slope));
  weir_run_part(run, WEIR_PART_LOG_DET, l->path,
      weir_reshape(t, log_det, weir_shape_1(n)), weir_var_none());
  return weir_add(t, z, weir_mul(t, hat, h));
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)x;
  (void)context;
  return weir_op_fail(run->tape, WEIR_E_UNSUPPORTED,
      "%s: a planar flow has no closed form from the data to the latent, so it knows "
      "the "
      "density of its own draws only",
      l->path);
}

const weir_layer_class weir_layer_planar = {
    .is = {"planar", "planar flow for posteriors: the density of its own draws only",
        "Rezende & Mohamed 2015", sizeof(planar), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
    .latent_how = WEIR_ABSENT,
};
