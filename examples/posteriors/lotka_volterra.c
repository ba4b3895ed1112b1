/* Hares u and lynxes v by the Lotka-Volterra equations
 *     u' = (alpha - beta v) u,   v' = (-gamma + delta u) v,
 * measured with lognormal errors (Carpenter 2018, Stan case study; Hudson's Bay Company
 * pelts). theta = (alpha, beta, gamma, delta). Gradients by forward sensitivities:
 * S' = (df/dy) S + df/dp with p = (theta, initial state). */
#include "ode.h"
#include "posterior.h"
#include "terms.h"

#define PARAMETERS 6
#define STATES (2 + 2 * PARAMETERS)

typedef struct lotka {
  int64_t n;
  double *ts, *y, *y0;
} lotka;

bool posterior_load(posterior *p, const json_t *data) {
  lotka *l = posterior_new(p, sizeof *l);
  int64_t two, rows, columns;
  return posterior_vector(p, data, "ts", &l->ts, &l->n) &&
         posterior_vector(p, data, "y_init", &l->y0, &two) &&
         posterior_matrix(p, data, "y", &l->y, &rows, &columns) &&
         posterior_sizes(p, two == 2 && columns == 2 && rows == l->n,
             "y_init [2], y [n, 2] and ts [n]") &&
         posterior_positives(p, "theta", 4) && posterior_positives(p, "z_init", 2) &&
         posterior_positives(p, "sigma", 2);
}

/* y = u, v, then du/dp and dv/dp. */
static void rate(const void *user, double t, const double *y, double *dy) {
  const double *theta = user, u = y[0], v = y[1];
  const double uu = theta[0] - theta[1] * v, uv = -theta[1] * u;
  const double vu = theta[3] * v, vv = -theta[2] + theta[3] * u;
  const double fu[PARAMETERS] = {u, -u * v}, fv[PARAMETERS] = {0, 0, -v, u * v};
  const double *su = y + 2, *sv = y + 2 + PARAMETERS;
  (void)t;
  dy[0] = uu * u;
  dy[1] = vv * v;
  for (int i = 0; i < PARAMETERS; i++) {
    dy[2 + i] = uu * su[i] + uv * sv[i] + fu[i];
    dy[2 + PARAMETERS + i] = vu * su[i] + vv * sv[i] + fv[i];
  }
}

static bool solve(const lotka *l, const double *x, double *path) {
  double y0[STATES] = {x[4], x[5]};
  y0[2 + 4] = 1;
  y0[2 + PARAMETERS + 5] = 1;
  return ode_solve(rate, x, STATES, 0.0, y0, (int)l->n, l->ts, 1e-8, 1e-8, path);
}

static double priors(const double *x, double *g) {
  return normal_term(x[0], 1, 0.5, &g[0]) + normal_term(x[1], 0.05, 0.05, &g[1]) +
         normal_term(x[2], 1, 0.5, &g[2]) + normal_term(x[3], 0.05, 0.05, &g[3]) +
         lognormal_term(x[4], log(10), 1, &g[4]) +
         lognormal_term(x[5], log(10), 1, &g[5]) + lognormal_term(x[6], -1, 1, &g[6]) +
         lognormal_term(x[7], -1, 1, &g[7]);
}

bool posterior_density(const void *self, const double *x, double *value, double *grad) {
  const lotka *l = self;
  double path[ODE_TIMES * STATES];
  memset(grad, 0, 8 * sizeof *grad);
  *value = priors(x, grad);
  if (l->n > ODE_TIMES || !solve(l, x, path)) {
    return false;
  }
  for (int k = 0; k < 2; k++) {
    *value += measured_term(l->y0[k], x[4 + k], x[6 + k], &grad[4 + k], &grad[6 + k]);
    for (int64_t i = 0; i < l->n; i++) {
      const double *state = path + i * STATES, *s = state + 2 + k * PARAMETERS;
      double g = 0;
      *value += measured_term(l->y[2 * i + k], state[k], x[6 + k], &g, &grad[6 + k]);
      for (int j = 0; j < PARAMETERS; j++) {
        grad[j] += g * s[j];
      }
    }
  }
  return true;
}
