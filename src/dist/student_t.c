/* Independent Student-t columns with v degrees of freedom: with e = (x - m) / b
 *     log p(x) = sum_j c - (v + 1) / 2 log(1 + e_j^2 / v) - log b_j,
 *     c = log Gamma((v + 1) / 2) - log Gamma(v / 2) - log(v pi) / 2.
 * Draws by Bailey (1994): sqrt(v (u^(-2 / v) - 1)) cos(2 pi w), u and w uniform. */
#include <math.h>

#include "dist/located.h"

#define PI 3.14159265358979323846

typedef struct student_t {
  weir_dist base;
  weiri_located at;
  double df;
  char *angle_path; /* stream of the angle */
} student_t;

static const weir_opt opts[] = {{"df", WEIR_OPT_REAL, offsetof(student_t, df), "4",
                                    0.01, 1e6, NULL, "degrees of freedom"},
    WEIRI_OPT_LOCATED(student_t, at), {0}};

static weir_status setup(weir_dist *d, weir_build *b) {
  student_t *s = (student_t *)d;
  WEIR_TRY(weir_event_require_real(&d->event, d->path));
  s->angle_path = weiri_format(b->ctx, "%s.angle", d->path);
  return s->angle_path == NULL ? WEIR_E_MEMORY
                               : weiri_located_setup(&s->at, b, d->event.features);
}

static void teardown(weir_dist *d) {
  weiri_located_teardown(&((student_t *)d)->at);
  weiri_free(d->ctx, ((student_t *)d)->angle_path);
}

static weir_var shape(const student_t *s, weir_tape *t, weir_var e) {
  const double v = s->df;
  const double c = lgamma(0.5 * (v + 1.0)) - lgamma(0.5 * v) - 0.5 * log(v * PI);
  const weir_var l = weir_log1p(t, weir_scale(t, weir_square(t, e), 1.0 / v));
  return weir_affine(t, l, -0.5 * (v + 1.0), c);
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  const student_t *p = (const student_t *)d;
  weir_tape *t = run->tape;
  weir_var m, s;
  weiri_located_bind(&p->at, run, context, &m, &s);
  const weir_var e = weir_mul(t, weir_sub(t, x, m), weir_exp(t, weir_neg(t, s)));
  weiri_located_push(d, run, shape(p, t, e), s);
}

static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  const student_t *p = (const student_t *)d;
  weir_tape *t = run->tape;
  const int64_t columns = d->event.features;
  weir_var m, s;
  weiri_located_bind(&p->at, run, context, &m, &s);
  const weir_var u = weir_run_uniform(run, d->path, n, columns);
  const weir_var w = weir_run_uniform(run, p->angle_path, n, columns);
  const weir_var power = weir_exp(t, weir_scale(t, weir_log(t, u), -2.0 / p->df));
  const weir_var radius = weir_sqrt(t, weir_affine(t, power, p->df, -p->df));
  const weir_var e = weir_mul(t, radius, weir_cos(t, weir_scale(t, w, 2.0 * PI)));
  const weir_var scaled = weir_scale(t, e, weir_run_temperature(run));
  weiri_located_push(d, run, shape(p, t, scaled), s);
  return weir_add(t, m, weir_mul(t, scaled, weir_exp(t, s)));
}

/* The location: the mean where there is one, the centre in any case. */
static weir_var mean(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  return weir_broadcast(run->tape,
      weiri_located_loc(&((const student_t *)d)->at, run, context),
      weir_shape_2(n, d->event.features));
}

/* (v + 1) e / (v + e^2), whose square has the mean (v + 1) / (v + 3) */
static weir_var score(
    const weir_dist *d, weir_tape *t, weir_var e, double *information) {
  const double v = ((const student_t *)d)->df;
  *information = (v + 1.0) / (v + 3.0);
  return weir_div(t, weir_scale(t, e, v + 1.0), weir_shift(t, weir_square(t, e), v));
}

static bool local(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context, weir_local *out) {
  return weiri_located_local(
      &((const student_t *)d)->at, d, run, x, context, score, out);
}

const weir_dist_class weir_dist_student_t = {
    .is = {"student_t", "independent Student-t columns", "Bailey 1994 (draws)",
        sizeof(student_t), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
    .mean = mean,
    .local = local,
};
