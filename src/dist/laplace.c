/* Independent Laplace columns: log p(x) = sum_j -|x_j - m_j| / b_j - log(2 b_j). */
#include "dist/located.h"

#define LOG_2 0.69314718055994530942

typedef struct laplace {
  weir_dist base;
  weiri_located at;
} laplace;

static const weir_opt opts[] = {WEIRI_OPT_LOCATED(laplace, at), {0}};

static weir_status setup(weir_dist *d, weir_build *b) {
  WEIR_TRY(weir_event_require_real(&d->event, d->path));
  return weiri_located_setup(&((laplace *)d)->at, b, d->event.features);
}

static void teardown(weir_dist *d) {
  weiri_located_teardown(&((laplace *)d)->at);
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  weir_tape *t = run->tape;
  weir_var m, s;
  weiri_located_bind(&((const laplace *)d)->at, run, context, &m, &s);
  const weir_var e =
      weir_mul(t, weir_abs(t, weir_sub(t, x, m)), weir_exp(t, weir_neg(t, s)));
  weiri_located_push(d, run, weir_affine(t, e, -1.0, -LOG_2), s);
}

/* The inverse distribution function at u: sign(u - 1/2) times an exponential. */
static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  weir_tape *t = run->tape;
  weir_var m, s;
  weiri_located_bind(&((const laplace *)d)->at, run, context, &m, &s);
  const weir_var v =
      weir_affine(t, weir_run_uniform(run, d->path, n, d->event.features), 2.0, -1.0);
  const weir_var size = weir_neg(t, weir_log1p(t, weir_neg(t, weir_abs(t, v))));
  const weir_var e =
      weir_scale(t, weir_mul(t, weir_sign(t, v), size), weir_run_temperature(run));
  weiri_located_push(d, run, weir_affine(t, weir_abs(t, e), -1.0, -LOG_2), s);
  return weir_add(t, m, weir_mul(t, e, weir_exp(t, s)));
}

static weir_var mean(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  return weir_broadcast(run->tape,
      weiri_located_loc(&((const laplace *)d)->at, run, context),
      weir_shape_2(n, d->event.features));
}

static weir_var score(
    const weir_dist *d, weir_tape *t, weir_var e, double *information) {
  (void)d;
  *information = 1.0;
  return weir_sign(t, e);
}

static bool local(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context, weir_local *out) {
  return weiri_located_local(&((const laplace *)d)->at, d, run, x, context, score, out);
}

const weir_dist_class weir_dist_laplace = {
    .is = {"laplace", "independent Laplace columns", NULL, sizeof(laplace), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
    .mean = mean,
    .local = local,
};
