/* Eight schools (Rubin 1981; Gelman et al., Bayesian Data Analysis, section 5.5):
 *
 *     y_j ~ N(theta_j, s_j^2),  theta_j ~ N(mu, tau^2),
 *     mu ~ N(0, 5^2),  tau ~ half-Cauchy(0, 5)
 *
 * centred: coordinates mu, tau, theta. noncentred: mu, tau, eta with theta = mu + tau
 * eta, eta ~ N(0, 1); theta is shown too. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "part/target.h"

#define PI 3.14159265358979323846
#define SCALE 5.0
enum { SCHOOLS = 8, CENTRED = 0, NONCENTRED = 1, MU = 0, TAU = 1, FIRST = 2 };

typedef struct schools {
  weir_target base;
  int form;
  double y[SCHOOLS];
} schools;

static const double observed[SCHOOLS] = {28, 8, -3, 7, -1, 1, 18, 12};
static const double error[SCHOOLS] = {15, 10, 16, 11, 9, 11, 10, 18};

static const weir_opt opts[] = {
    {"form", WEIR_OPT_CHOICE, offsetof(schools, form), "\"noncentred\"", 0, 0,
        "centred|noncentred",
        "the schools' effects, or their distances from the mean in units of tau"},
    {0}};

static weir_status setup(weir_target *t) {
  schools *s = (schools *)t;
  const bool centred = s->form == CENTRED;
  if (s->y[0] == 0.0) { /* else: simulated */
    memcpy(s->y, observed, sizeof observed);
  }
  WEIR_TRY(
      weir_target_shape(t, FIRST + SCHOOLS, FIRST + SCHOOLS + (centred ? 0 : SCHOOLS)));
  t->support[TAU] = (weir_support){WEIR_POSITIVE, 0.0, 0.0};
  WEIR_TRY(weir_target_names(t, MU, 0, "mu"));
  WEIR_TRY(weir_target_names(t, TAU, 0, "tau"));
  WEIR_TRY(weir_target_names(t, FIRST, SCHOOLS, centred ? "theta" : "eta"));
  return centred ? WEIR_OK : weir_target_names(t, FIRST + SCHOOLS, SCHOOLS, "theta");
}

/* Priors of mu and tau, and their derivatives into grad. */
static double hyper(const double *x, double *grad) {
  const double m = x[MU] / SCALE, c = x[TAU] / SCALE;
  if (grad != NULL) {
    grad[MU] = -m / SCALE;
    grad[TAU] = -2.0 * c / (1.0 + c * c) / SCALE;
  }
  return -0.5 * m * m - log1p(c * c);
}

static double centred(const schools *s, const double *x, double *grad) {
  double sum = hyper(x, grad) - SCHOOLS * log(x[TAU]);
  if (grad != NULL) {
    grad[TAU] -= SCHOOLS / x[TAU];
  }
  for (int j = 0; j < SCHOOLS; j++) {
    const double a = (s->y[j] - x[FIRST + j]) / error[j];
    const double b = (x[FIRST + j] - x[MU]) / x[TAU];
    sum -= 0.5 * (a * a + b * b);
    if (grad != NULL) {
      grad[FIRST + j] = a / error[j] - b / x[TAU];
      grad[MU] += b / x[TAU];
      grad[TAU] += b * b / x[TAU];
    }
  }
  return sum;
}

static double noncentred(const schools *s, const double *x, double *grad) {
  double sum = hyper(x, grad);
  for (int j = 0; j < SCHOOLS; j++) {
    const double eta = x[FIRST + j];
    const double a = (s->y[j] - x[MU] - x[TAU] * eta) / error[j];
    sum -= 0.5 * (a * a + eta * eta);
    if (grad != NULL) {
      grad[FIRST + j] = a * x[TAU] / error[j] - eta;
      grad[MU] += a / error[j];
      grad[TAU] += a * eta / error[j];
    }
  }
  return sum;
}

static weir_status log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  const schools *s = (const schools *)t;
  for (int64_t i = 0; i < n; i++) {
    const double *row = x + i * t->dim;
    double *g = grad == NULL ? NULL : grad + i * t->dim;
    value[i] = s->form == CENTRED ? centred(s, row, g) : noncentred(s, row, g);
  }
  return WEIR_OK;
}

static weir_status outputs(const weir_target *t, uint64_t seed, int64_t first,
    int64_t n, const double *x, double *out) {
  const schools *s = (const schools *)t;
  (void)seed;
  (void)first;
  for (int64_t i = 0; i < n; i++, x += t->dim, out += t->outputs) {
    memcpy(out, x, (size_t)t->dim * sizeof *x);
    for (int j = 0; s->form == NONCENTRED && j < SCHOOLS; j++) {
      out[t->dim + j] = x[MU] + x[TAU] * x[FIRST + j];
    }
  }
  return WEIR_OK;
}

extern const weir_target_class weiri_target_eight_schools;

static weir_status simulate(
    const weir_target *t, uint64_t seed, double *x, weir_target **posterior) {
  const schools *s = (const schools *)t;
  const weiri_rng rng = {seed, weiri_stream("target.eight_schools", 0)};
  const weiri_rng uniform = {seed, weiri_stream("target.eight_schools.tau", 0)};
  schools *other = weiri_calloc(t->ctx, 1, sizeof *other);
  if (other == NULL) {
    return WEIR_E_MEMORY;
  }
  other->form = s->form;
  x[MU] = SCALE * weiri_normal(rng, 0);
  x[TAU] = SCALE * tan(0.5 * PI * weiri_uniform(uniform, 0));
  for (int j = 0; j < SCHOOLS; j++) {
    const double eta = weiri_normal(rng, (uint64_t)(1 + j));
    const double theta = x[MU] + x[TAU] * eta;
    x[FIRST + j] = s->form == CENTRED ? theta : eta;
    other->y[j] = theta + error[j] * weiri_normal(rng, (uint64_t)(1 + SCHOOLS + j));
  }
  return weiri_target_set_up(
      posterior, t->ctx, &weiri_target_eight_schools, other, NULL);
}

const weir_target_class weiri_target_eight_schools = {
    .is = {"eight_schools", "the eight schools, centred or not", "Rubin 1981",
        sizeof(schools), opts},
    .setup = setup,
    .log_density = log_density,
    .outputs = outputs,
    .from_outputs = weiri_outputs_lead,
    .simulate = simulate};
