/* Radial flow (Rezende & Mohamed 2015, eq. 14): from the latent to the data, with
 * r = |z - z0|,
 *     x = z + beta (z - z0) / (alpha + r),  alpha = softplus(a) > 0,
 *     beta = -alpha + softplus(b) > -alpha.
 * With s = alpha + beta > 0 it stretches distances from z0 by (s + r) / (alpha + r), so
 *     log |det dx/dz| = (d - 1) log((s + r) / (alpha + r))
 *                     + log((r^2 + 2 alpha r + alpha s) / (alpha + r)^2).
 * The way back solves r'(alpha + r) = r (s + r), a quadratic in r. With a context z0, a
 * and b are functions of it. */
#include "layer/rows.h"

/* Keeps the slope of a square root finite at 0. */
#define TINY 1e-24

typedef struct radial {
  weir_layer base;
  weiri_theta_opts theta_opts;
  weiri_theta theta; /* [d + 2]: z0, a, b */
  weir_slot centre, a, b;
} radial;

static const weir_opt opts[] = {WEIRI_OPT_CONDITIONAL(radial, "centre, alpha and beta"),
    WEIRI_OPT_CONTEXT_NET(radial), {0}};

static weir_status setup(weir_layer *l, weir_build *b) {
  radial *p = (radial *)l;
  const int64_t d = l->data.features;
  WEIR_TRY(weir_event_require_real(&l->data, l->path));
  WEIR_TRY(weir_event_copy(b->ctx, &l->latent, &l->data));
  const weir_init spread = {WEIR_INIT_NORMAL, 1.0}, small = {WEIR_INIT_NORMAL, 0.1};
  WEIR_TRY(weir_build_param(b, &p->centre, "centre", weir_shape_1(d), spread, NULL));
  WEIR_TRY(weir_build_param(b, &p->a, "a", weir_shape_1(1), small, NULL));
  WEIR_TRY(weir_build_param(b, &p->b, "b", weir_shape_1(1), small, NULL));
  return weiri_theta_setup(&p->theta, b, &p->theta_opts, d + 2);
}

static void teardown(weir_layer *l) {
  weiri_theta_teardown(&((radial *)l)->theta);
}

typedef struct shape {
  weir_var centre, alpha, s; /* [m, d], [m, 1], [m, 1] */
} shape;

static shape bind(const radial *p, weir_run *run, weir_var context) {
  weir_tape *t = run->tape;
  const int64_t d = p->base.data.features;
  const weir_var theta = weiri_theta_apply(&p->theta, run, context);
  const shape q = {weiri_theta_part(run, p->centre, theta, 0, d),
      weir_softplus(t, weiri_theta_part(run, p->a, theta, d, 1)),
      weir_softplus(t, weiri_theta_part(run, p->b, theta, d + 1, 1))};
  return q;
}

static weir_var root(weir_tape *t, weir_var square) {
  return weir_sqrt(t, weir_shift(t, square, TINY));
}

/* log |det dx/dz| at distance r on the latent side: [n, 1]. */
static weir_var log_det_at(weir_tape *t, const shape *q, weir_var r, int64_t d) {
  const weir_var near = weir_log(t, weir_add(t, q->alpha, r));
  const weir_var far = weir_log(t, weir_add(t, q->s, r));
  const weir_var twice = weir_add(t, weir_square(t, r),
      weir_mul(t, q->alpha, weir_add(t, weir_scale(t, r, 2.0), q->s)));
  const weir_var along = weir_sub(t, weir_log(t, twice), weir_scale(t, near, 2.0));
  return weir_add(t, along, weir_scale(t, weir_sub(t, far, near), (double)(d - 1)));
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  weir_tape *t = run->tape;
  const shape q = bind((const radial *)l, run, context);
  const weir_var from = weir_sub(t, z, q.centre);
  const weir_var r = root(t, weiri_row_dot(t, from, from));
  const weir_var stretch = weir_div(t, weir_add(t, q.s, r), weir_add(t, q.alpha, r));
  weiri_push_rows(l, run, log_det_at(t, &q, r, l->data.features), false);
  return weir_add(t, q.centre, weir_mul(t, stretch, from));
}

/* The root r of r^2 - (r' - s) r - alpha r' = 0 that is not negative, from whichever
 * form does not cancel. */
static weir_var distance(weir_tape *t, const shape *q, weir_var far) {
  const weir_var p = weir_sub(t, far, q->s), product = weir_mul(t, q->alpha, far);
  const weir_var d =
      root(t, weir_add(t, weir_square(t, p), weir_scale(t, product, 4.0)));
  const weir_var zero = weir_fill(t, weir_shape_0(), 0.0);
  return weir_where(t, weir_less(t, zero, p), weir_scale(t, weir_add(t, p, d), 0.5),
      weir_div(t, weir_scale(t, product, 2.0), weir_sub(t, d, p)));
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  weir_tape *t = run->tape;
  const shape q = bind((const radial *)l, run, context);
  const weir_var from = weir_sub(t, x, q.centre);
  const weir_var r = distance(t, &q, root(t, weiri_row_dot(t, from, from)));
  const weir_var shrink = weir_div(t, weir_add(t, q.alpha, r), weir_add(t, q.s, r));
  weiri_push_rows(l, run, log_det_at(t, &q, r, l->data.features), true);
  return weir_add(t, q.centre, weir_mul(t, shrink, from));
}

const weir_layer_class weir_layer_radial = {
    .is = {"radial", "radial flow for posteriors, around a learned centre",
        "Rezende & Mohamed 2015", sizeof(radial), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
};
