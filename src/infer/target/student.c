/* Student's t in any dimension, independent of direction: x = z / sqrt(w / f), z ~ N(0,
 * I), w ~ chi-squared with f degrees of freedom.
 *
 *     log p = lgamma((f + d)/2) - lgamma(f/2) - d/2 log(f pi) - (f + d)/2 log(1 +
 * |x|^2/f)
 */
#include <math.h>

#include "base/rng.h"
#include "part/target.h"

#define PI 3.14159265358979323846

typedef struct student {
  weir_target base;
  int64_t dim;
  double freedom, constant;
} student;

static const weir_opt opts[] = {{"dim", WEIR_OPT_INT, offsetof(student, dim), "2", 1,
                                    100000, NULL, "number of coordinates"},
    {"freedom", WEIR_OPT_REAL, offsetof(student, freedom), "4", 0.1, 1e6, NULL,
        "degrees of freedom; the variance exists above 2"},
    {0}};

static weir_status setup(weir_target *t) {
  student *s = (student *)t;
  const double f = s->freedom, d = (double)s->dim;
  s->constant = lgamma(0.5 * (f + d)) - lgamma(0.5 * f) - 0.5 * d * log(f * PI);
  return weir_target_shape(t, s->dim, s->dim);
}

static double one(const student *s, const double *x, double *grad) {
  const double power = s->freedom + (double)s->dim;
  double square = 0.0;
  for (int64_t j = 0; j < s->dim; j++) {
    square += x[j] * x[j];
  }
  for (int64_t j = 0; grad != NULL && j < s->dim; j++) {
    grad[j] = -power * x[j] / (s->freedom + square);
  }
  return s->constant - 0.5 * power * log1p(square / s->freedom);
}

static weir_status log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  for (int64_t i = 0; i < n; i++) {
    value[i] = one(
        (const student *)t, x + i * t->dim, grad == NULL ? NULL : grad + i * t->dim);
  }
  return WEIR_OK;
}

/* Gamma(a, 1) by Marsaglia and Tsang 2000; normals and uniforms from two streams. */
static double gamma_draw(weiri_rng normal, weiri_rng uniform, double a) {
  const double boost = a < 1.0 ? pow(weiri_uniform(uniform, 0), 1.0 / a) : 1.0;
  const double d = (a < 1.0 ? a + 1.0 : a) - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * d);
  for (uint64_t i = 0;; i++) {
    const double x = weiri_normal(normal, i), v = pow(1.0 + c * x, 3.0);
    const double u = weiri_uniform(uniform, i + 1);
    if (v > 0.0 && log(u) < 0.5 * x * x + d - d * v + d * log(v)) {
      return boost * d * v;
    }
  }
}

static weir_status sample(
    const weir_target *t, uint64_t seed, int64_t first, int64_t n, double *x) {
  const student *s = (const student *)t;
  for (int64_t i = 0; i < n; i++) {
    const uint64_t row = (uint64_t)(first + i);
    const weiri_rng rng = {seed, weiri_stream("target.student", row)};
    const weiri_rng normal = {seed, weiri_stream("target.student.gamma", row)};
    const weiri_rng uniform = {seed, weiri_stream("target.student.accept", row)};
    const double w = 2.0 * gamma_draw(normal, uniform, 0.5 * s->freedom);
    weiri_fill_normal(rng, 0, t->dim, WEIR_F64, x + i * t->dim);
    for (int64_t j = 0; j < t->dim; j++) {
      x[i * t->dim + j] *= sqrt(s->freedom / w);
    }
  }
  return WEIR_OK;
}

static weir_status moments(const weir_target *t, double *mean, double *sd) {
  const double f = ((const student *)t)->freedom;
  for (int64_t j = 0; j < t->dim; j++) {
    mean[j] = f > 1.0 ? 0.0 : NAN;
    sd[j] = f > 2.0 ? sqrt(f / (f - 2.0)) : NAN;
  }
  return WEIR_OK;
}

const weir_target_class weiri_target_student = {
    .is = {"student", "Student's t of any dimension: heavy tails", NULL,
        sizeof(student), opts},
    .setup = setup,
    .log_density = log_density,
    .sample = sample,
    .moments = moments};
