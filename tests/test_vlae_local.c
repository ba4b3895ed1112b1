/* What likelihoods say of themselves around a point, and the precision of the Laplace
 * posteriors that stand on it, against differences. */
#include "vlae_check.h"

enum { P = 3, MOST = 20 };

/* L of row i of a metric, [m, m] into out. */
static void metric_of(
    int64_t m, int64_t block, const double *weight, const double *share, double *out) {
  for (int64_t j = 0; j < m; j++) {
    for (int64_t k = 0; k < m; k++) {
      out[j * m + k] = j == k ? weight[j] : 0.0;
      if (block > 0 && j / block == k / block) {
        out[j * m + k] -= share[j] * share[k];
      }
    }
  }
}

static void read_metric(
    rig *r, weir_metric m, int64_t n, int64_t width, double *weight, double *share) {
  OK(weir_var_read(r->run->tape, m.weight, weight));
  memset(share, 0, (size_t)(n * width) * sizeof *share);
  if (m.block > 0) {
    OK(weir_var_read(r->run->tape, m.share, share));
  }
}

/* The slope is d log p / d eta: taken back to the free parameters it is the gradient of
 * log p. The metric is the mean of slope slope' over draws, all of it: within a column
 * and between columns. */
static void check_form(const char *spec) {
  enum { N = 40000 };
  rig r;
  open_model(&r, spec, P, 2);
  const int32_t found = weiri_params_find(r.params, "m.d.logits");
  const weir_slot bias = {found >= 0 ? found : weiri_params_find(r.params, "m.d.loc")};
  const double c[2] = {0.4, -0.7};
  weir_tape *t = r.run->tape;
  const weir_var given = weir_broadcast(t, rows(&r, 1, 2, c), weir_shape_2(N, 2));
  const weir_var x = weir_stop(t, weir_dist_sample(r.dist, r.run, N, given, NULL));
  weir_local at = {.pieces = {.n = 0}};
  assert_true(weir_dist_local(r.dist, r.run, x, given, &at));
  const int64_t m = weir_var_dim(t, at.eta, 1);
  assert_int_equal(at.pieces.n, 1);
  assert_true(m <= MOST);
  const weir_var b = weir_run_param(r.run, bias);
  const weir_var total = weir_sum_all(t, weir_dist_log_prob(r.dist, r.run, x, given));
  weir_var g[2];
  OK(weir_grad(t, total, weir_var_none(), 1, &b, &g[0], true));
  OK(weir_grad(t, at.eta, weir_stop(t, at.slope), 1, &b, &g[1], false));
  double direct[MOST], back[MOST], L[MOST * MOST];
  double *slope = malloc((size_t)(N * m) * sizeof *slope), *f = malloc(N * sizeof *f);
  double *weight = malloc((size_t)(N * m) * sizeof *slope);
  double *share = malloc((size_t)(N * m) * sizeof *slope);
  OK(weir_var_read(t, g[0], direct));
  OK(weir_var_read(t, g[1], back));
  OK(weir_var_read(t, at.slope, slope));
  read_metric(&r, at.metric, N, m, weight, share);
  const weir_shape of_b = weir_var_shape(t, b);
  for (int64_t j = 0; j < weir_shape_size(&of_b); j++) {
    near(back[j], direct[j], 1e-9, "slope");
  }
  for (int64_t j = 0; j < m; j++) {
    for (int64_t k = 0; k <= j; k++) {
      double largest = 0.0;
      for (int64_t i = 0; i < N; i++) {
        metric_of(m, at.metric.block, weight + i * m, share + i * m, L);
        f[i] = slope[i * m + j] * slope[i * m + k] - L[j * m + k];
        largest = fmax(largest, fabs(f[i]));
      }
      /* Laplace: all squares are equal */
      if (largest > 1e-12 && !(fabs(z_score(N, f, 0.0)) < 5.0)) {
        fail_msg("%s: metric %d %d, z %g", spec, (int)j, (int)k, z_score(N, f, 0.0));
      }
    }
  }
  free(slope), free(f), free(weight), free(share);
  rig_close(&r);
}

static void local_forms(void **state) {
  (void)state;
  static const char *const specs[] = {
      BERNOULLI, GAUSS, SQUASHED, STUDENT, LAPLACE_OUT, FULL_OUT, CATEGORICAL, LEVELS};
  for (int i = 0; i < 8; i++) {
    check_form(specs[i]);
  }
}

/* sum over k of r_k log(w_k P_k) at x in [0, 1], half a bin h, from logits and raw
 * locations; r NULL: log P, and r into given. In long double and by differences of
 * distribution functions, as the definition has it. */
static long double complete(int64_t k, double x, double h, const double *logits,
    const double *loc, const double *scale, const double *r, double *given) {
  long double total = 0.0L, sum = 0.0L, joint[4], q = 0.0L;
  for (int64_t i = 0; i < k; i++) {
    total += expl((long double)logits[i]);
  }
  for (int64_t i = 0; i < k; i++) {
    const long double m = (long double)loc[i] + 0.5L, s = (long double)scale[i];
    const long double above = (x + h - m) / s, below = (x - h - m) / s;
    const long double up = x + 1.5 * h > 1.0 ? 1.0L : 1.0L / (1.0L + expl(-above));
    const long double down = x - 1.5 * h < 0.0 ? 0.0L : 1.0L / (1.0L + expl(-below));
    joint[i] = expl((long double)logits[i]) / total * (up - down);
    sum += joint[i];
    q += r == NULL ? 0.0L : (long double)r[i] * logl(joint[i]);
  }
  for (int64_t i = 0; i < k && given != NULL; i++) {
    given[i] = (double)(joint[i] / sum);
  }
  return r == NULL ? logl(sum) : q;
}

/* Cut logistics against the definition: the slope is that of log P, the metric minus
 * the second derivatives for known components, here by differences. */
static void check_bins(int64_t k) {
  enum { N = 4 };
  char spec[128];
  snprintf(spec, sizeof spec,
      "{\"name\": \"discretized_logistic\", \"components\": %d}", (int)k);
  rig r;
  open_model(&r, spec, 1, 2);
  const double x[N] = {0, 1, 2, 3}, c[2 * N] = {0.4, -0.7, 1, 0.2, -0.3, 0.5, 0.1, 0.6};
  weir_local at = {.pieces = {.n = 0}};
  weir_tape *t = r.run->tape;
  assert_true(
      weir_dist_local(r.dist, r.run, rows(&r, N, 1, x), rows(&r, N, 2, c), &at));
  const int64_t m = weir_var_dim(t, at.eta, 1), first = k > 1 ? k : 0;
  double eta[N * 8], slope[N * 8], weight[N * 8], share[N * 8], L[64], scale[4];
  OK(weir_var_read(t, at.eta, eta));
  OK(weir_var_read(t, at.slope, slope));
  read_metric(&r, at.metric, N, m, weight, share);
  const double *w =
      weiri_params_data(r.params, weiri_params_find(r.params, "m.d.weight"));
  const double *free_scale =
      weiri_params_data(r.params, weiri_params_find(r.params, "m.d.log_scale"));
  for (int i = 0; i < N; i++) {
    double *e = eta + i * m, none[4] = {0}, resp[4];
    for (int64_t j = 0; j < k; j++) {
      const double *row = w + (2 * k + j) * 2;
      scale[j] = 0.001 + exp(free_scale[j] + row[0] * c[2 * i] + row[1] * c[2 * i + 1]);
    }
    metric_of(m, at.metric.block, weight + i * m, share + i * m, L);
#define AT(resp, out)                                                                  \
  complete(k, x[i] / 3.0, 1.0 / 6.0, k > 1 ? e : none, e + first, scale, resp, out)
    (void)AT(NULL, resp);
    const double step = 1e-4;
    for (int64_t a = 0; a < m; a++) {
      const double was = e[a];
      long double f[2];
      for (int s = 0; s < 2; s++) {
        e[a] = was + (s == 0 ? step : -step);
        f[s] = AT(NULL, NULL);
      }
      e[a] = was;
      near(
          slope[i * m + a], (double)(f[0] - f[1]) / (2 * step), 1e-6, "slope of a bin");
      for (int64_t b = 0; b <= a; b++) {
        const double before[2] = {e[a], e[b]};
        long double sum = 0.0L;
        for (int s = 0; s < 4; s++) {
          e[a] += s < 2 ? step : -step;
          e[b] += s % 2 == 0 ? step : -step;
          sum += (s == 0 || s == 3 ? 1.0L : -1.0L) * AT(resp, NULL);
          e[a] = before[0], e[b] = before[1];
        }
        near(L[a * m + b], (double)(-sum / (4 * (long double)step * step)), 1e-5,
            "curve of a bin");
      }
    }
#undef AT
  }
  rig_close(&r);
}

static void bins(void **state) {
  (void)state;
  check_bins(1);
  check_bins(3);
}

/* eta at z, [n, m]. */
static double *eta_at(
    rig *r, int64_t n, int64_t p, const double *x, const double *z, weir_local *at) {
  const weir_layer *l = weiri_flow_layer(r->dist);
  *at = (weir_local){.pieces = {.n = 0}};
  assert_true(
      weir_dist_local(l->likelihood, r->run, rows(r, n, p, x), rows(r, n, 2, z), at));
  double *eta =
      malloc((size_t)(n * weir_var_dim(r->run->tape, at->eta, 1)) * sizeof *eta);
  OK(weir_var_read(r->run->tape, at->eta, eta));
  return eta;
}

/* The precision that the posterior stands on, against J' L J + 1 with J by differences
 * of eta: exact where nothing bends between the points, as here. */
static void check_precision(const char *spec, int64_t p, double h) {
  enum { D = 2, N = 6 };
  rig r;
  open_model(&r, spec, p, 0);
  const weir_layer *l = weiri_flow_layer(r.dist);
  double *x = points(spec, N * p), found[N * (D + D * D)], z[N * D], *eta[2 * D];
  weir_var h_of_q = weir_var_none();
  weir_local at;
  (void)weiri_posterior_of(l, r.run, rows(&r, N, p, x), &h_of_q);
  OK(weir_var_read(r.run->tape, h_of_q, found));
  for (int k = 0; k <= 2 * D; k++) { /* the last in the middle */
    for (int i = 0; i < N * D; i++) {
      z[i] = found[i / D * (D + D * D) + i % D];
      z[i] += k < 2 * D && i % D == k / 2 ? (k % 2 == 0 ? h : -h) : 0.0;
    }
    double *e = eta_at(&r, N, p, x, z, &at);
    if (k < 2 * D) {
      eta[k] = e;
    } else {
      free(e);
    }
  }
  const int64_t m = weir_var_dim(r.run->tape, at.eta, 1);
  double *weight = malloc((size_t)(N * m) * sizeof *weight);
  double *share = malloc((size_t)(N * m) * sizeof *weight);
  double *L = malloc((size_t)(m * m) * sizeof *L);
  read_metric(&r, at.metric, N, m, weight, share);
  for (int i = 0; i < N; i++) {
    const double *factor = found + i * (D + D * D) + D;
    metric_of(m, at.metric.block, weight + i * m, share + i * m, L);
    for (int a = 0; a < D; a++) {
      for (int b = 0; b <= a; b++) {
        double sum = a == b ? 1.0 : 0.0, precision = 0.0;
        for (int64_t j = 0; j < m * m; j++) {
          const int64_t u = i * m + j / m, v = i * m + j % m;
          sum += (eta[2 * a][u] - eta[2 * a + 1][u]) / (2 * h) * L[j] *
                 (eta[2 * b][v] - eta[2 * b + 1][v]) / (2 * h);
        }
        for (int k = 0; k <= b; k++) {
          precision += factor[a * D + k] * factor[b * D + k];
        }
        near(precision, sum, 1e-7, spec);
      }
    }
  }
  for (int k = 0; k < 2 * D; k++) {
    free(eta[k]);
  }
  free(weight), free(share), free(L), free(x);
  rig_close(&r);
}

#define POOLED                                                                         \
  "{\"name\": \"encoded\", \"features\": 16, \"activation\": \"leaky_relu\", "         \
  "\"net\": "                                                                          \
  "{\"name\": \"conv\", \"image\": [4, 4], \"input\": \"features\", \"output\": "      \
  "\"image\", \"blocks\": [{\"name\": \"dense\", \"image\": [8, 8, 2]}, {\"name\": "   \
  "\"max_pool\"}, {\"name\": \"conv\"}]}, \"dist\": "

/* Decoders that are linear piece by piece: dense ones through their layers, one with
 * pooling through the tape. */
static void precisions(void **state) {
  (void)state;
  check_precision(MODEL(AUTO, DECODER("relu", BERNOULLI)), 5, 1e-6);
  check_precision(MODEL(AUTO, DECODER("leaky_relu", GAUSS)), 5, 1e-6);
  check_precision(MODEL(AUTO, DECODER("relu", FULL_OUT)), 5, 1e-6);
  check_precision(MODEL(AUTO, DECODER("relu", CATEGORICAL)), 5, 1e-6);
  check_precision(MODEL(AUTO, DECODER("leaky_relu", LEVELS)), 5, 1e-6);
  check_precision(MODEL(AUTO, DECODER("relu", LEVELS_MIX)), 5, 1e-6);
  check_precision(MODEL(AUTO, POOLED CATEGORICAL "}"), 7, 1e-6);
  check_precision(MODEL(AUTO, POOLED BERNOULLI "}"), 7, 1e-6);
  check_precision(MODEL(AUTO, POOLED GAUSS "}"), 7, 1e-6);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(local_forms),
      cmocka_unit_test(bins),
      cmocka_unit_test(precisions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
