/* y' = f(t, y) from t0 through ascending times by the Dormand-Prince pair of orders 5
 * and 4 with step control on the weighted root mean square error (Hairer, Norsett &
 * Wanner, Solving Ordinary Differential Equations I, II.4 and II.5). */
#ifndef ODE_H
#define ODE_H

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define ODE_MOST 64
#define ODE_STEPS 20000
#define ODE_TIMES 256

typedef void ode_fn(const void *user, double t, const double *y, double *dy);

/* One step: y5 [n] and the error estimate e [n]; k[0] holds f(t, y), k[6] receives
 * f(t + h, y5). */
static inline void ode_step(ode_fn *f, const void *user, int n, double t, double h,
    const double *y, double k[7][ODE_MOST], double *y5, double *e) {
  static const double c[7] = {0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1};
  static const double a[7][6] = {{0}, {1. / 5}, {3. / 40, 9. / 40},
      {44. / 45, -56. / 15, 32. / 9},
      {19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
      {9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
      {35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84}};
  static const double d[7] = {
      71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200, 22. / 525, -1. / 40};
  for (int s = 1; s < 7; s++) {
    for (int i = 0; i < n; i++) {
      double sum = 0.0;
      for (int r = 0; r < s; r++) {
        sum += a[s][r] * k[r][i];
      }
      y5[i] = y[i] + h * sum;
    }
    f(user, t + c[s] * h, y5, k[s]);
  }
  for (int i = 0; i < n; i++) {
    e[i] = 0.0;
    for (int s = 0; s < 7; s++) {
      e[i] += h * d[s] * k[s][i];
    }
  }
}

static inline double ode_norm(
    int n, const double *y, const double *e, double relative, double absolute) {
  double sum = 0.0;
  for (int i = 0; i < n; i++) {
    const double w = e[i] / (absolute + relative * fabs(y[i]));
    sum += w * w;
  }
  return sqrt(sum / n);
}

/* out [times, n]; false when a step becomes too small or too many are needed. */
static inline bool ode_solve(ode_fn *f, const void *user, int n, double t0,
    const double *y0, int times, const double *at, double relative, double absolute,
    double *out) {
  double y[ODE_MOST], y5[ODE_MOST], e[ODE_MOST], k[7][ODE_MOST];
  double t = t0, h = 1e-3 * (at[0] - t0);
  int steps = 0;
  memcpy(y, y0, (size_t)n * sizeof *y);
  f(user, t, y, k[0]);
  for (int j = 0; j < times; j++) {
    while (t < at[j]) {
      const bool last = t + h >= at[j];
      const double step = last ? at[j] - t : h;
      ode_step(f, user, n, t, step, y, k, y5, e);
      const double error = ode_norm(n, y5, e, relative, absolute);
      const double factor = 0.9 * pow(error, -0.2);
      if (error <= 1.0) {
        t = last ? at[j] : t + step;
        memcpy(y, y5, (size_t)n * sizeof *y);
        memcpy(k[0], k[6], (size_t)n * sizeof *y);
      }
      /* A step shortened to meet a time says nothing against the longer one. */
      const double next = step * fmin(5.0, fmax(0.2, factor));
      h = error <= 1.0 && last ? fmax(h, next) : next;
      if (!isfinite(error) || ++steps > ODE_STEPS || h < 1e-14 * fabs(at[j])) {
        return false;
      }
    }
    memcpy(out + j * n, y, (size_t)n * sizeof *y);
  }
  return true;
}

#endif
