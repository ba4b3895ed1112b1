/* Von Mises-Fisher: densities against quadrature, draws against densities, gradients of
 * expectations. */
#include "vmf_check.h"

#include "dist/vmf.h"
#include "op/bessel.h"

#define PI 3.14159265358979323846

/* ---- von Mises-Fisher: what is known of w = mu . z ---- */

static void centre(rig *r, int64_t m, double *mu) {
  double length = 0.0;
  weiri_params_get(r->params, weiri_params_find(r->params, "m.d.direction"), mu);
  for (int64_t j = 0; j < m; j++) {
    length += mu[j] * mu[j];
  }
  for (int64_t j = 0; j < m; j++) {
    mu[j] /= sqrt(length);
  }
}

typedef double of_w(double w);
static double one(double w) {
  (void)w;
  return 1.0;
}
static double first(double w) {
  return w;
}
static double second(double w) {
  return w * w;
}
static double steep(double w) {
  return exp(2.0 * (w - 1.0));
}
static double below(double w) {
  return w < 0.3;
}

/* Integral over w = cos a of f(w) exp(kappa (w - 1)) (1 - w^2)^((m - 3) / 2) by the
 * midpoint rule in a, where the integrand is smooth. */
static double integral(int64_t m, double kappa, of_w *f) {
  enum { STEPS = 20000 };
  double sum = 0.0;
  for (int i = 0; i < STEPS; i++) {
    const double a = (i + 0.5) * PI / STEPS, w = cos(a);
    const double log_s = (double)(m - 2) * log(sin(a));
    sum += f(w) * exp(-2.0 * kappa * sin(0.5 * a) * sin(0.5 * a) + log_s);
  }
  return sum * PI / STEPS;
}

static double expectation(int64_t m, double kappa, of_w *f) {
  return integral(m, kappa, f) / integral(m, kappa, one);
}

typedef struct vmf_case {
  int64_t m;
  double kappa;
} vmf_case;
static const vmf_case cases[] = {{2, 0.7}, {2, 30}, {3, 2}, {3, 200}, {4, 5}, {6, 0.01},
    {11, 1}, {11, 10.5}, {11, 20}, {41, 11}, {101, 100}, {400, 2}};
enum { CASES = sizeof cases / sizeof *cases };

/* The density, which depends on w alone, integrates to 1 over the sphere:
 * area(m - 1) times the integral over w. */
static void density(void **state) {
  (void)state;
  for (int k = 0; k < CASES; k++) {
    const int64_t m = cases[k].m;
    const double kappa = cases[k].kappa;
    rig r;
    open_vmf(&r, m, 0, "");
    set_kappa(&r, kappa);
    double *mu = malloc((size_t)m * sizeof *mu),
           *z = malloc((size_t)(2 * m) * sizeof *z);
    centre(&r, m, mu);
    for (int64_t j = 0; j < m; j++) {
      z[j] = mu[j];
      z[m + j] = -mu[j];
    }
    double log_p[2];
    log_probs(&r, 2, z, NULL, log_p);
    near(log_p[1], log_p[0] - 2.0 * kappa, 1e-12, "density at both poles");
    const double half = 0.5 * (double)(m - 1);
    const double log_area = log(2.0) + half * log(PI) - lgamma(half);
    const double total = exp(log_p[0] + log_area + log(integral(m, kappa, one)));
    near(total, 1.0, 1e-6, "integral of the density");
    free(mu);
    free(z);
    rig_close(&r);
  }
}

/* ---- draws ---- */

/* n draws; w of each, their log densities, and |z| = 1 asserted. */
static void draw_w(rig *r, int64_t n, int64_t m, double *w, double *log_p) {
  weiri_run_reset(r->run);
  weir_var lp;
  const weir_var z = weir_dist_sample(r->dist, r->run, n, weir_var_none(), &lp);
  double *x = malloc((size_t)(n * m) * sizeof *x), *mu = malloc((size_t)m * sizeof *mu);
  OK(weir_var_read(r->run->tape, z, x));
  OK(weir_var_read(r->run->tape, lp, log_p));
  centre(r, m, mu);
  for (int64_t i = 0; i < n; i++) {
    double length = 0.0;
    w[i] = 0.0;
    for (int64_t j = 0; j < m; j++) {
      length += x[i * m + j] * x[i * m + j];
      w[i] += x[i * m + j] * mu[j];
    }
    near(length, 1.0, 1e-12, "length of a draw");
  }
  double again[16];
  log_probs(r, 16, x, NULL, again);
  for (int i = 0; i < 16; i++) {
    near(again[i], log_p[i], 1e-9, "density of a draw");
  }
  free(x);
  free(mu);
}

static double z_of(int64_t n, const double *w, of_w *f, double expected) {
  double mean = 0.0, square = 0.0;
  for (int64_t i = 0; i < n; i++) {
    mean += f(w[i]) / (double)n;
    square += f(w[i]) * f(w[i]) / (double)n;
  }
  const double variance = square - mean * mean;
  return (mean - expected) / sqrt(variance / (double)n + 1e-18);
}

static void draws(void **state) {
  (void)state;
  enum { N = 8000 };
  static of_w *const fs[] = {first, second, steep, below};
  double *w = malloc(N * sizeof *w), *log_p = malloc(N * sizeof *log_p);
  for (int k = 0; k < CASES; k++) {
    rig r;
    open_vmf(&r, cases[k].m, 0, "");
    set_kappa(&r, cases[k].kappa);
    draw_w(&r, N, cases[k].m, w, log_p);
    for (int f = 0; f < 4; f++) {
      const double e = expectation(cases[k].m, cases[k].kappa, fs[f]);
      const double z = z_of(N, w, fs[f], e);
      const bool rare = f == 3 && (e < 1e-3 || e > 0.999); /* no z of so few */
      if (!rare && !(fabs(z) < 5.0)) {
        fail_msg("m = %lld, kappa = %g, f %d: z = %g", (long long)cases[k].m,
            cases[k].kappa, f, z);
      }
    }
    rig_close(&r);
  }
  free(w);
  free(log_p);
}

/* Across mu all directions are alike: means, variances and correlations. */
static void isotropy(void **state) {
  (void)state;
  enum { N = 20000, M = 5 };
  rig r;
  open_vmf(&r, M, 0, "");
  set_kappa(&r, 6.0);
  rig_set(&r, "m.d.direction", (double[M]){0, 0, -2, 0, 0});
  weiri_run_reset(r.run);
  double *x = malloc(N * M * sizeof *x), *f = malloc(N * sizeof *f);
  OK(weir_var_read(
      r.run->tape, weir_dist_sample(r.dist, r.run, N, weir_var_none(), NULL), x));
  const double side = (1.0 - expectation(M, 6.0, second)) / (M - 1);
  static const int pairs[][2] = {
      {0, 0}, {1, 1}, {3, 3}, {4, 4}, {0, 1}, {0, 3}, {1, 4}, {3, 4}, {0, 2}, {2, 4}};
  for (int k = 0; k < 10; k++) {
    const int a = pairs[k][0], b = pairs[k][1];
    for (int i = 0; i < N; i++) {
      f[i] = x[i * M + a] * x[i * M + b];
    }
    assert_true(fabs(z_of(N, f, first, a == b ? side : 0.0)) < 5.0);
  }
  free(x);
  free(f);
  rig_close(&r);
}

/* The released code's constants: means of w at m = 41, kappa = 11, of which the exact
 * one is 0.2520 and theirs 0.0471; and no difference below 10. */
static void official(void **state) {
  (void)state;
  enum { N = 40000 };
  double *w = malloc(N * sizeof *w), *log_p = malloc(N * sizeof *log_p);
  static const double kappa[] = {11, 9.5}, published[] = {0.0471, 0};
  for (int k = 0; k < 2; k++) {
    rig r;
    open_vmf(&r, 41, 0, ", \"sampler\": \"official\"");
    set_kappa(&r, kappa[k]);
    draw_w(&r, N, 41, w, log_p);
    const double exact = expectation(41, kappa[k], first);
    const double z = z_of(N, w, first, exact);
    if (k == 0) {
      near(exact, 0.2520, 1e-4, "exact mean");
      assert_true(z < -100.0);
      double mean = 0.0;
      for (int i = 0; i < N; i++) {
        mean += w[i] / N;
      }
      assert_true(fabs(mean - published[0]) < 5.0 * 0.155 / sqrt(N) * 1.5);
    } else {
      assert_true(fabs(z) < 5.0);
    }
    rig_close(&r);
  }
  free(w);
  free(log_p);
}

/* Where numbers are large: m = 1000, kappa up to 1e6, both number types. */
static void large(void **state) {
  (void)state;
  enum { N = 500 };
  static const double kappa[] = {1e3, 1e6};
  for (int k = 0; k < 2; k++) {
    rig r;
    open_vmf(&r, 1000, 0, "");
    set_kappa(&r, kappa[k]);
    double *w = malloc(N * sizeof *w), *log_p = malloc(N * sizeof *log_p);
    draw_w(&r, N, 1000, w, log_p);
    const weiri_bessel b = weiri_bessel_at(499.0, kappa[k]);
    assert_true(fabs(z_of(N, w, first, b.ratio)) < 5.0);
    free(w);
    free(log_p);
    rig_close(&r);
  }
}

/* ---- gradients ---- */

/* Pathwise, the proposal held fixed: differences with the same random numbers. */
static weir_var value(rig *r, weir_var x, weir_var context) {
  weir_tape *t = r->run->tape;
  const int64_t n = weir_var_dim(t, x, 0);
  weir_var log_p;
  const weir_var z = weir_dist_sample(r->dist, r->run, n, context, &log_p);
  const weir_var at =
      weir_dist_log_prob(r->dist, r->run, weiri_unit_rows(t, x), context);
  return weir_add(t, weir_sum_all(t, weir_sin(t, z)),
      weir_sum_all(t, weir_add(t, log_p, weir_scale(t, at, 0.3))));
}

static void gradients(void **state) {
  (void)state;
  static const double kappa[] = {0.3, 4, 10.4, 25};
  static const int64_t ms[] = {2, 3, 4, 7};
  for (int k = 0; k < 4; k++) {
    for (int s = 0; s < 8; s++) {
      rig r;
      const int64_t m = ms[s / 2];
      open_vmf(&r, m, 1, s % 2 == 0 ? "" : ", \"sampler\": \"official\"");
      set_kappa(&r, kappa[k]);
      double *x = normals(3 * m, 71, 1.0), c[3] = {0.1, -0.2, 0.05};
      const point p = {3, m, 1, x, c};
      check_gradients(&r, value, &p);
      free(x);
      rig_close(&r);
    }
  }
}

/* d E f / d kappa: the mean over draws of the gradient of f + score * stop(f), against
 * differences of quadrature. With the score left out it is another number. */
static double gradient_z(rig *r, int64_t m, double kappa, bool second_f, bool scored) {
  enum { N = 60000 };
  weir_tape *t = r->run->tape;
  weiri_run_reset(r->run);
  double *zero = calloc(N, sizeof *zero), *g = malloc(N * sizeof *g);
  const weir_var c = rows(r, N, 1, zero);
  const weir_var z = r->dist->cls->sample(r->dist, r->run, N, c);
  double *mu = malloc((size_t)m * sizeof *mu);
  centre(r, m, mu);
  const weir_var w =
      weir_sum_last(t, weir_mul(t, z, weir_leaf_f64(t, weir_shape_1(m), mu)));
  const weir_var f =
      second_f ? weir_square(t, w) : weir_exp(t, weir_affine(t, w, 2.0, -2.0));
  weir_var total = f;
  const weir_var score = r->run->parts[0].score;
  if (scored && weir_var_ok(score)) {
    total = weir_add(t, f, weir_mul(t, score, weir_stop(t, f)));
  }
  weir_var gx;
  OK(weir_grad(t, total, weir_var_none(), 1, &c, &gx, false));
  OK(weir_var_read(t, gx, g));
  of_w *const fn = second_f ? second : steep;
  const double h = 1e-4 * kappa;
  const double slope =
      (expectation(m, kappa + h, fn) - expectation(m, kappa - h, fn)) / (2.0 * h);
  const double by_c = -expm1(-kappa); /* d kappa / d c: the slope of softplus */
  const double score_z = z_of(N, g, first, slope * by_c);
  free(zero);
  free(g);
  free(mu);
  return score_z;
}

static void expectations(void **state) {
  (void)state;
  static const vmf_case at[] = {{2, 1.5}, {3, 2}, {4, 3}, {6, 5}, {11, 8}};
  for (int k = 0; k < 5; k++) {
    for (int f = 0; f < 2; f++) {
      rig r;
      open_vmf(&r, at[k].m, 1, "");
      set_kappa(&r, at[k].kappa);
      double *weight = calloc((size_t)at[k].m + 1, sizeof *weight);
      weight[at[k].m] = 1.0;
      rig_set(&r, "m.d.weight", weight);
      const double z = gradient_z(&r, at[k].m, at[k].kappa, f == 1, true);
      if (!(fabs(z) < 5.0)) {
        fail_msg("m = %lld, f %d: z = %g", (long long)at[k].m, f, z);
      }
      if (at[k].m == 4) {
        assert_true(fabs(gradient_z(&r, 4, at[k].kappa, f == 1, false)) > 8.0);
      }
      free(weight);
      rig_close(&r);
    }
  }
}

/* ---- what is refused ---- */

static void refused(void **state) {
  (void)state;
  weir_support s[2] = {{WEIR_SPHERE, 0, 0}, {WEIR_REAL, 0, 0}};
  const weir_event mixed = {2, s}, single = {1, s};
  rig r;
  rig_open(&r, 0);
  assert_int_equal(rig_make(&r, "\"vmf\"", &mixed, false), WEIR_E_SUPPORT);
  assert_non_null(strstr(weir_error(), "column 2 lives on real"));
  assert_int_equal(rig_make(&r, "\"uniform_sphere\"", &single, false), WEIR_E_SUPPORT);
  assert_non_null(strstr(weir_error(), "two coordinates"));
  rig_close(&r);
  open_vmf(&r, 4, 0, "");
  rig_set(&r, "m.d.concentration", (double[]){3e9});
  weir_dist_sample(r.dist, r.run, 2, weir_var_none(), NULL);
  assert_int_equal(weir_tape_status(r.run->tape), WEIR_E_NUMERIC);
  assert_non_null(strstr(weir_error(), "kappa of row 1 of 2 is 3e+09"));
  rig_close(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(density),
      cmocka_unit_test(draws),
      cmocka_unit_test(isotropy),
      cmocka_unit_test(official),
      cmocka_unit_test(large),
      cmocka_unit_test(gradients),
      cmocka_unit_test(expectations),
      cmocka_unit_test(refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
