/* Planar flow, closed from the latent to the data (Rezende & Mohamed 2015, eq. 10):
 *     x = z + u_hat tanh(w . z + b),  log |det dx/dz| = log(1 + (w . u_hat) h'),
 *     u_hat = u + (m(w . u) - w . u) w / |w|^2,  m(a) = softplus(a) - 1 > -1,
 * so that 1 + (w . u_hat) h' > 0 everywhere. With s = 1 + w . u_hat > 0 the determinant
 * is h^2 + s (1 - h^2): nothing cancels. The way back has no closed form. With a
 * context u, w and b are functions of it. */
#include "layer/rows.h"
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

/* u_hat [m, d], and s = 1 + w . u_hat [m, 1]: softplus(w . u), but 1 + w . u as far as
 * the guard takes the second term away. */
static weir_var u_hat(weir_tape *t, weir_var u, weir_var w, weir_var *s) {
  const weir_var wu = weiri_row_dot(t, w, u), norm = weiri_row_dot(t, w, w);
  const weir_var guarded = weir_max(t, norm, weir_fill(t, weir_shape_0(), TINY));
  const weir_var soft = weir_softplus(t, wu), share = weir_div(t, norm, guarded);
  const weir_var rest = weir_affine(t, share, -1.0, 1.0);
  const weir_var more = weir_sub(t, weir_shift(t, soft, -1.0), wu);
  *s = weir_add(t, weir_mul(t, share, soft), weir_mul(t, rest, weir_shift(t, wu, 1.0)));
  return weir_add(t, u, weir_mul(t, weir_div(t, more, guarded), w));
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  const planar *p = (const planar *)l;
  weir_tape *t = run->tape;
  const int64_t d = l->data.features;
  const weir_var theta = weiri_theta_apply(&p->theta, run, context);
  const weir_var w = weiri_theta_part(run, p->w, theta, d, d);
  const weir_var u = weiri_theta_part(run, p->u, theta, 0, d);
  const weir_var bias = weiri_theta_part(run, p->b, theta, 2 * d, 1);
  weir_var s;
  const weir_var hat = u_hat(t, u, w, &s);
  const weir_var h = weir_tanh(t, weir_add(t, weiri_row_dot(t, z, w), bias));
  const weir_var square = weir_square(t, h);
  const weir_var slope = weir_affine(t, square, -1.0, 1.0);
  weiri_push_rows(
      l, run, weir_log(t, weir_add(t, square, weir_mul(t, s, slope))), false);
  return weir_add(t, z, weir_mul(t, hat, h));
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)l;
  (void)x;
  (void)context;
  return weir_op_fail(run->tape, WEIR_E_UNSUPPORTED,
      "a planar flow has no closed form from the data to the latent, so it knows "
      "the density of its own draws only");
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
