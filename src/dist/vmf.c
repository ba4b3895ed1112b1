/* Von Mises-Fisher on the unit sphere of R^m (Davidson et al. 2018, eq. 3):
 *     log p(z) = kappa mu . z + log C_m(kappa)
 *              = -kappa |z - mu|^2 / 2 - log(exp(-kappa) kappa^-nu I_nu(kappa))
 *                - m/2 log 2 pi,  nu = m/2 - 1,
 * mu the normalised direction, kappa = softplus(concentration) + least. With a context
 * both are functions of it. A draw is w mu + sqrt(1 - w^2) v, w by rejection
 * (vmf_draw.c) and v uniform on the unit sphere across mu: a projected Gaussian.
 * Gradients of the draw are pathwise; what acceptance adds, by kappa (Naesseth et al.
 * 2017), is handed back as the score: the log density of the accepted proposal, kappa w
 * + (m - 1)/2 log(1 - w^2) + log C_m(kappa) + terms without kappa. */
#include "dist/vmf.h"

#include "part/theta.h"

#define LOG_2PI 1.8378770664093454836
#define KAPPA_MOST 1e5 /* beyond, it is said to run away */

typedef struct vmf {
  weir_dist base;
  double least;
  int sampler;
  weiri_theta_opts theta_opts;
  weiri_theta theta; /* [m + 1]: direction, concentration */
  weir_slot direction, concentration;
  char *across, *along; /* streams */
} vmf;

static const weir_opt opts[] = {
    {"least", WEIR_OPT_REAL, offsetof(vmf, least), "1", 0, 1e6, NULL,
        "smallest concentration: kappa = softplus + least"},
    {"sampler", WEIR_OPT_CHOICE, offsetof(vmf, sampler), "\"exact\"", 0, 0,
        "exact|official",
        "official: as the released code of the paper draws, biased for kappa > 10 and "
        "without the score of acceptance; for comparisons only"},
    WEIRI_OPT_CONDITIONAL(vmf, "direction and concentration"),
    WEIRI_OPT_CONTEXT_NET(vmf), WEIRI_OPT_HEAD_SCALE(vmf), {0}};

static weir_status setup(weir_dist *d, weir_build *b) {
  vmf *p = (vmf *)d;
  const int64_t m = d->event.features;
  WEIR_TRY(weiri_require_sphere(&d->event, d->path));
  p->across = weiri_format(b->ctx, "%s.across", d->path);
  p->along = weiri_format(b->ctx, "%s.along", d->path);
  if (p->across == NULL || p->along == NULL) {
    return WEIR_E_MEMORY;
  }
  /* Where the context steers, the free direction must not outweigh it. */
  const bool steered = p->theta_opts.conditional && b->context > 0;
  const weir_init spread = {WEIR_INIT_NORMAL, steered ? 0.05 : 1.0};
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0};
  WEIR_TRY(
      weir_build_param(b, &p->direction, "direction", weir_shape_1(m), spread, NULL));
  WEIR_TRY(weir_build_param(
      b, &p->concentration, "concentration", weir_shape_1(1), zero, NULL));
  return weiri_theta_setup(&p->theta, b, &p->theta_opts, m + 1);
}

static void teardown(weir_dist *d) {
  vmf *p = (vmf *)d;
  weiri_theta_teardown(&p->theta);
  weiri_free(d->ctx, p->across);
  weiri_free(d->ctx, p->along);
}

weir_var weiri_vmf_kappa(const weir_dist *d, weir_run *run, weir_var context) {
  const vmf *p = (const vmf *)d;
  const weir_var theta = weiri_theta_apply(&p->theta, run, context);
  const weir_var raw =
      weiri_theta_part(run, p->concentration, theta, d->event.features, 1);
  const weir_var kappa = weir_shift(run->tape, weir_softplus(run->tape, raw), p->least);
  weiri_run_watch(
      run, (weiri_watch){d->path, "concentration kappa", kappa, 0.0, KAPPA_MOST, 0.0});
  return kappa;
}

static weir_var direction(const weir_dist *d, weir_run *run, weir_var context) {
  const vmf *p = (const vmf *)d;
  const weir_var theta = weiri_theta_apply(&p->theta, run, context);
  return weiri_unit_rows(
      run->tape, weiri_theta_part(run, p->direction, theta, 0, d->event.features));
}

weir_var weiri_vmf_log_norm(weir_tape *t, weir_var kappa, int64_t m) {
  return weir_affine(t, weir_bessel_log(t, kappa, 0.5 * (double)m - 1.0), -1.0,
      -0.5 * (double)m * LOG_2PI);
}

/* kappa (w - 1) + log norm, from gap = 1 - w [n]. */
static weir_var density(weir_tape *t, weir_var kappa, weir_var gap, int64_t m) {
  return weir_sub(t, weiri_vmf_log_norm(t, kappa, m), weir_mul(t, kappa, gap));
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  weir_tape *t = run->tape;
  const weir_var k = weiri_vmf_kappa(d, run, context);
  const weir_var kappa = weir_reshape(t, k, weir_shape_1(weir_var_dim(t, k, 0)));
  const weir_var from = weir_sub(t, x, direction(d, run, context));
  const weir_var gap = weir_scale(t, weir_sum_last(t, weir_square(t, from)), 0.5);
  weir_run_part(run, WEIR_PART_BASE, d->path, density(t, kappa, gap, d->event.features),
      weir_var_none());
}

/* Unit vectors across mu, uniform: [n, m]. */
static weir_var across(const vmf *p, weir_run *run, int64_t n, weir_var mu) {
  weir_tape *t = run->tape;
  const weir_var g = weir_run_normal(run, p->across, n, p->base.event.features);
  const weir_var share = weir_sum_last(t, weir_mul(t, g, mu));
  const weir_var along = weir_mul(t, weir_reshape(t, share, weir_shape_2(n, 1)), mu);
  return weiri_unit_rows(t, weir_sub(t, g, along));
}

/* What depends on kappa in the log density of the accepted proposal: [n]. */
static weir_var acceptance(weir_tape *t, weir_var kappa, weir_var gap, int64_t m) {
  const weir_var square = weir_mul(t, gap, weir_affine(t, gap, -1.0, 2.0));
  return weir_add(t, density(t, kappa, gap, m),
      weir_scale(t, weir_log(t, square), 0.5 * (double)(m - 1)));
}

static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  const vmf *p = (const vmf *)d;
  weir_tape *t = run->tape;
  const int64_t m = d->event.features;
  const weir_var kappa = weir_reshape(t,
      weir_broadcast(t, weiri_vmf_kappa(d, run, context), weir_shape_2(n, 1)),
      weir_shape_1(n));
  const weir_var mu = direction(d, run, context);
  const weir_var noise = weir_run_uniform(run, p->along, n, 3);
  const weir_var gap =
      weiri_vmf_draw(t, kappa, noise, m, (weiri_vmf_sampler)p->sampler);
  const bool scored = m != 3 && p->sampler == WEIRI_VMF_EXACT;
  weir_run_part(run, WEIR_PART_BASE, d->path, density(t, kappa, gap, m),
      scored ? acceptance(t, kappa, gap, m) : weir_var_none());
  const weir_shape column = weir_shape_2(n, 1);
  const weir_var square = weir_mul(t, gap, weir_affine(t, gap, -1.0, 2.0));
  const weir_var side = weir_reshape(t, weir_sqrt(t, square), column);
  const weir_var front = weir_reshape(t, weir_affine(t, gap, -1.0, 1.0), column);
  return weir_add(t, weir_mul(t, front, mu), weir_mul(t, side, across(p, run, n, mu)));
}

/* What stands for the draw where one point must: the direction, which is on the sphere
 * as the mean A(kappa) mu is not. */
static weir_var mean(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  return weir_broadcast(
      run->tape, direction(d, run, context), weir_shape_2(n, d->event.features));
}

const weir_dist_class weir_dist_vmf = {
    .is = {"vmf", "von Mises-Fisher on the unit sphere", "Davidson et al. 2018",
        sizeof(vmf), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
    .mean = mean,
};
