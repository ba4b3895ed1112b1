/* The variational mixture of posteriors (Tomczak & Welling 2018, eq. 10): the encoder
 * at K learned pseudo-inputs u_k, p(z) = 1/K sum_k q(z | u_k), for posteriors that are
 * diagonal Gaussians. The squares are multiplied out, so that rows meet components in
 * two matrix products: sum_j (z_j - m_kj)^2 v_kj = z^2 v_k' - 2 z (m v)_k' + sum_j
 * m_kj^2 v_kj. */
#include <math.h>

#include "dist/mixture.h"
#include "dist/normal.h"
#include "weir/sys/op.h"

#define LOG_2PI 1.8378770664093454836

enum { UNIT, REAL };

typedef struct vamp {
  weir_dist base;
  int64_t components;
  int range;
  const weir_dist *posterior; /* borrowed from the layer */
  weir_slot inputs;           /* [k, columns of the data] */
  char *pick_path;
} vamp;

static const weir_opt opts[] = {{"components", WEIR_OPT_INT, offsetof(vamp, components),
                                    "500", 1, 1000000, NULL, "pseudo-inputs"},
    {"range", WEIR_OPT_CHOICE, offsetof(vamp, range), "\"unit\"", 0, 0, "unit|real",
        "pseudo-inputs between 0 and 1, as grey levels, or any numbers"},
    {0}};

static weir_status setup(weir_dist *d, weir_build *b) {
  vamp *v = (vamp *)d;
  v->posterior = b->posterior;
  if (v->posterior == NULL || b->context > 0) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: 'vamp' is a prior of a variational layer without a context, %s", d->path,
        v->posterior == NULL ? "and there is none before it" : "this one has one");
  }
  v->pick_path = weiri_format(b->ctx, "%s.component", d->path);
  d->context = 0;
  return v->pick_path == NULL ? WEIR_E_MEMORY
                              : weir_build_param(b, &v->inputs, "inputs",
                                    weir_shape_2(v->components, v->posterior->context),
                                    (weir_init){WEIR_INIT_NORMAL, 1.0}, NULL);
}

static void teardown(weir_dist *d) {
  weiri_free(d->ctx, ((vamp *)d)->pick_path);
}

/* The encoder at the pseudo-inputs: means and log scales [k, d]. */
static bool bind(const vamp *v, weir_run *run, weir_var *loc, weir_var *log_scale) {
  weir_tape *t = run->tape;
  const weir_shape shape = weir_shape_2(v->components, v->base.event.features);
  weir_var u = weir_run_param(run, v->inputs);
  u = v->range == UNIT ? weir_sigmoid(t, weir_shift(t, u, -2.0)) : u;
  const weir_dist *q = weir_dist_settle(v->posterior, run, &u);
  if (q->cls != &weir_dist_normal || !weiri_normal_bind(q, run, u, loc, log_scale) ||
      !weir_var_ok(*loc)) {
    weir_op_fail(t, WEIR_E_CONFIG,
        "%s: 'vamp' needs a posterior that is a diagonal Gaussian, not '%s'",
        v->base.path, q->cls->is.name);
    return false;
  }
  *loc = weir_broadcast(t, *loc, shape);
  *log_scale = weir_broadcast(t, *log_scale, shape);
  return true;
}

static weir_var density(
    const vamp *v, weir_tape *t, weir_var z, weir_var loc, weir_var log_scale) {
  const double d = (double)v->base.event.features;
  const weir_var inverse = weir_exp(t, weir_scale(t, log_scale, -2.0));
  const weir_var weighted = weir_mul(t, loc, inverse);
  const weir_var of_k = weir_sum_last(
      t, weir_add(t, weir_mul(t, loc, weighted), weir_scale(t, log_scale, 2.0)));
  const weir_var square = weir_matmul(t, weir_square(t, z), inverse, false, true);
  const weir_var cross = weir_matmul(t, z, weighted, false, true);
  const weir_var sum =
      weir_add(t, weir_sub(t, square, weir_scale(t, cross, 2.0)), of_k);
  const double log_k = log((double)v->components);
  return weir_logsumexp(t, weir_affine(t, sum, -0.5, -0.5 * d * LOG_2PI - log_k));
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  weir_var loc, log_scale;
  if (bind((const vamp *)d, run, &loc, &log_scale)) {
    weir_run_part(run, WEIR_PART_BASE, d->path,
        density((const vamp *)d, run->tape, z, loc, log_scale), weir_var_none());
  }
}

static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  (void)context;
  const vamp *v = (const vamp *)d;
  weir_tape *t = run->tape;
  weir_var loc, log_scale;
  if (!bind(v, run, &loc, &log_scale)) {
    return weir_var_none();
  }
  const weir_var u =
      weir_reshape(t, weir_run_uniform(run, v->pick_path, n, 1), weir_shape_1(n));
  const weir_var even = weir_fill(t, weir_shape_2(n, v->components), 0.0);
  const weir_var pick = weiri_choose(t, even, u);
  const weir_var e = weir_scale(t, weir_run_normal(run, d->path, n, d->event.features),
      weir_run_temperature(run));
  const weir_var scale = weir_matmul(t, pick, weir_exp(t, log_scale), false, false);
  const weir_var z =
      weir_add(t, weir_matmul(t, pick, loc, false, false), weir_mul(t, e, scale));
  weir_run_part(
      run, WEIR_PART_BASE, d->path, density(v, t, z, loc, log_scale), weir_var_none());
  return z;
}

const weir_dist_class weir_dist_vamp = {
    .is = {"vamp", "prior: the encoder's mixture over learned pseudo-inputs",
        "Tomczak & Welling 2018, eq. 10", sizeof(vamp), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
};
