/* Concentration C of a drug that is absorbed at rate k_a and eliminated by
 * Michaelis-Menten kinetics, one compartment (Margossian & Gillespie 2017, StanCon):
 *     C' = (D / V) k_a exp(-k_a t) - (V_m / V) C / (K_m + C),   C(0) = 0,
 * measured with lognormal errors; half-Cauchy priors. Gradients by forward
 * sensitivities in k_a, K_m, V_m. */
#include "ode.h"
#include "posterior.h"
#include "terms.h"

#define STATES 4

typedef struct compartment {
  int64_t n;
  double *times, *measured, t0, dose, volume;
} compartment;

typedef struct rates {
  const compartment *c;
  const double *x;
} rates;

bool posterior_load(posterior *p, const json_t *data) {
  compartment *c = posterior_new(p, sizeof *c);
  int64_t n;
  return posterior_vector(p, data, "times", &c->times, &c->n) &&
         posterior_vector(p, data, "C_hat", &c->measured, &n) &&
         posterior_sizes(p, n == c->n, "times [n] and C_hat [n]") &&
         posterior_number(p, data, "t0", &c->t0) &&
         posterior_number(p, data, "D", &c->dose) &&
         posterior_number(p, data, "V", &c->volume) && posterior_positive(p, "k_a") &&
         posterior_positive(p, "K_m") && posterior_positive(p, "V_m") &&
         posterior_positive(p, "sigma");
}

static void rate(const void *user, double t, const double *y, double *dy) {
  const rates *r = user;
  const double ka = r->x[0], km = r->x[1], vm = r->x[2], v = r->c->volume, c = y[0];
  const double in = t > 0 ? exp(-ka * t) * r->c->dose / v : 0;
  const double share = c / (km + c), slope = -(vm / v) * km / ((km + c) * (km + c));
  dy[0] = in * ka - vm / v * share;
  dy[1] = slope * y[1] + in * (1 - ka * t);
  dy[2] = slope * y[2] + vm / v * share / (km + c);
  dy[3] = slope * y[3] - share / v;
}

bool posterior_density(const void *self, const double *x, double *value, double *grad) {
  const compartment *c = self;
  const rates r = {c, x};
  const double start[STATES] = {0};
  double path[ODE_TIMES * STATES];
  memset(grad, 0, 4 * sizeof *grad);
  *value = 0;
  for (int i = 0; i < 4; i++) {
    *value += cauchy_term(x[i], 1, &grad[i]);
  }
  if (c->n > ODE_TIMES || !ode_solve(rate, &r, STATES, c->t0, start, (int)c->n,
                              c->times, 1e-9, 1e-10, path)) {
    return false;
  }
  for (int64_t i = 0; i < c->n; i++) {
    const double *state = path + i * STATES;
    double g = 0;
    if (!(state[0] > 0)) {
      return false;
    }
    *value += measured_term(c->measured[i], state[0], x[3], &g, &grad[3]);
    for (int j = 0; j < 3; j++) {
      grad[j] += g * state[1 + j];
    }
  }
  return true;
}
