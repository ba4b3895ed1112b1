/* The baselines against closed forms: maximum-likelihood Gaussians, log-normals, logit
 * normals, frequencies, regressions, and a mixture that is known. */
#include "train_help.h"

typedef struct tableau {
  weir_ctx *ctx;
  weir_table *table;
  weir_schema *schema;
  weir_frame *frame;
  weir_row_set all;
} tableau;

static void open_tableau(tableau *t, int64_t n, int64_t d, const double *x, int64_t k,
    const char *const *types) {
  static const char *const names[] = {"a", "b", "c"};
  weir_schema_opts so = WEIR_SCHEMA_OPTS_INIT;
  so.n_types = k;
  so.types = types;
  memset(t, 0, sizeof *t);
  t->ctx = context_of(2, NULL, NULL);
  OK(weir_table_from_arrays(&t->table, t->ctx, n, d, x, names, "rows"));
  OK(weir_schema_guess(&t->schema, t->ctx, t->table, &so));
  OK(weir_frame_create(&t->frame, t->ctx, t->schema, t->table, NULL));
  t->all = (weir_row_set){t->frame, NULL, n};
}

static void close_tableau(tableau *t) {
  weir_frame_destroy(&t->frame);
  weir_schema_destroy(&t->schema);
  weir_table_destroy(&t->table);
  weir_ctx_destroy(&t->ctx);
}

static weir_baselines fit_all(const tableau *t) {
  weir_baselines b;
  OK(weir_baselines_fit(&b, t->ctx, t->schema, t->all, t->all, t->all, 1));
  return b;
}

static double normal(uint64_t stream, int64_t i) {
  const weiri_rng rng = {7, weiri_stream("test.normal", stream)};
  return weiri_normal(rng, (uint64_t)i);
}

/* Maximum-likelihood variance of n numbers s apart; *mean too. */
static double variance(const double *x, int64_t n, int64_t s, double *mean) {
  double m = 0.0, v = 0.0;
  for (int64_t i = 0; i < n; i++) {
    m += x[i * s] / (double)n;
  }
  for (int64_t i = 0; i < n; i++) {
    v += (x[i * s] - m) * (x[i * s] - m) / (double)n;
  }
  *mean = m;
  return v;
}

#define HALF_LOG_2PIE 1.4189385332046727

/* On its own rows a Gaussian has mean log-likelihood -log(2 pi e)/2 per column less
 * half the log-determinant of the covariance. */
static void real_columns(void **state) {
  (void)state;
  enum { N = 2000 };
  double x[2 * N], mx, my, cov = 0.0;
  for (int i = 0; i < N; i++) {
    x[2 * i] = 1000.0 + 5.0 * normal(0, i);
    x[2 * i + 1] = 0.1 * x[2 * i] + 0.2 * normal(1, i);
  }
  const double vx = variance(x, N, 2, &mx), vy = variance(x + 1, N, 2, &my);
  for (int i = 0; i < N; i++) {
    cov += (x[2 * i] - mx) * (x[2 * i + 1] - my) / N;
  }
  tableau t;
  open_tableau(&t, N, 2, x, 0, NULL);
  const weir_baselines b = fit_all(&t);
  const double expect = -2.0 * HALF_LOG_2PIE - 0.5 * log(vx * vy - cov * cov);
  assert_near(b.gaussian.mean_log_prob, expect, 1e-6);
  assert_true(b.gaussian.standard_error > 0.0 && b.gaussian.standard_error < 0.1);
  assert_int_equal(b.gaussian.n, N);
  assert_true(b.mixture.mean_log_prob > expect - 0.02);
  assert_true(b.components >= 2);
  close_tableau(&t);
}

static void positive_and_interval_columns(void **state) {
  (void)state;
  enum { N = 1500 };
  static const char *const types[] = {"a=positive", "b=interval(-1,3)"};
  double x[2 * N], z[2 * N], m, jacobian = 0.0;
  for (int i = 0; i < N; i++) {
    z[2 * i] = 0.4 + 0.7 * normal(2, i);
    z[2 * i + 1] = 0.5 * normal(3, i);
    x[2 * i] = exp(z[2 * i]);
    const double u = 1.0 / (1.0 + exp(-z[2 * i + 1]));
    x[2 * i + 1] = -1.0 + 4.0 * u;
    jacobian -= (z[2 * i] + log(u * (1.0 - u) * 4.0)) / N;
  }
  double cov = 0.0, m2;
  const double va = variance(z, N, 2, &m), vb = variance(z + 1, N, 2, &m2);
  for (int i = 0; i < N; i++) {
    cov += (z[2 * i] - m) * (z[2 * i + 1] - m2) / N;
  }
  tableau t;
  open_tableau(&t, N, 2, x, 2, types);
  const double expect =
      -2.0 * HALF_LOG_2PIE - 0.5 * log(va * vb - cov * cov) + jacobian;
  assert_near(fit_all(&t).gaussian.mean_log_prob, expect, 1e-6);
  close_tableau(&t);
}

/* Categories alone: the entropy of the smoothed frequencies. */
static void categories(void **state) {
  (void)state;
  enum { N = 400 };
  static const char *const types[] = {"a=categorical"};
  double x[N], expect = 0.0;
  const double count[] = {100, 200, 100};
  for (int i = 0; i < N; i++) {
    x[i] = i % 4 == 3 ? 2 : i % 2 == 0 ? 1 : 0;
  }
  for (int c = 0; c < 3; c++) {
    expect += count[c] / N * log((count[c] + 1.0) / (N + 3.0));
  }
  tableau t;
  open_tableau(&t, N, 1, x, 1, types);
  const weir_baselines b = fit_all(&t);
  assert_near(b.gaussian.mean_log_prob, expect, 1e-9);
  assert_near(b.mixture.mean_log_prob, expect, 1e-9);
  close_tableau(&t);
}

/* With a context that explains a column, what is left is the noise. */
static void context(void **state) {
  (void)state;
  enum { N = 3000 };
  static const char *const types[] = {"b=context"};
  double x[2 * N];
  for (int i = 0; i < N; i++) {
    x[2 * i + 1] = 10.0 * normal(4, i);
    x[2 * i] = 3.0 * x[2 * i + 1] + 0.5 * normal(5, i);
  }
  tableau t;
  open_tableau(&t, N, 2, x, 1, types);
  assert_near(fit_all(&t).gaussian.mean_log_prob, -HALF_LOG_2PIE - log(0.5), 0.05);
  close_tableau(&t);
}

/* Counts: a bound on log P, below the entropy of the frequencies and not far from it.
 */
static void ordinal_columns(void **state) {
  (void)state;
  enum { N = 4000 };
  static const char *const types[] = {"a=ordinal"};
  double x[N], count[64] = {0}, entropy = 0.0;
  for (int i = 0; i < N; i++) {
    x[i] = floor(30.0 + 5.0 * normal(6, i));
    x[i] = x[i] < 0 ? 0 : x[i] > 63 ? 63 : x[i];
    count[(int)x[i]] += 1.0;
  }
  for (int c = 0; c < 64; c++) {
    entropy += count[c] > 0 ? count[c] / N * log(count[c] / N) : 0.0;
  }
  tableau t;
  open_tableau(&t, N, 1, x, 1, types);
  const weir_baselines b = fit_all(&t);
  assert_true(b.gaussian.mean_log_prob < entropy);
  assert_true(b.gaussian.mean_log_prob > entropy - 0.05);
  assert_near(b.gaussian.bits_per_dim, -b.gaussian.mean_log_prob / log(2.0), 1e-12);
  close_tableau(&t);
}

/* Points around 0 and 360 degrees are one cloud. */
static void circular_columns(void **state) {
  (void)state;
  enum { N = 2000 };
  static const char *const types[] = {"a=circular(0,360)"};
  double x[N];
  for (int i = 0; i < N; i++) {
    x[i] = fmod(360.0 + 2.0 + 10.0 * normal(8, i), 360.0);
  }
  tableau t;
  open_tableau(&t, N, 1, x, 1, types);
  assert_near(fit_all(&t).gaussian.mean_log_prob, -HALF_LOG_2PIE - log(10.0), 0.05);
  close_tableau(&t);
}

/* Three clouds far apart: held out, the mixture comes near their own likelihood, which
 * one Gaussian does not; the same on any number of threads. */
static void a_known_mixture(void **state) {
  (void)state;
  enum { N = 6000, H = 3000 };
  double x[2 * N], truth = 0.0;
  for (int i = 0; i < N; i++) {
    x[2 * i] = 10.0 * (i % 3) + normal(9, i);
    x[2 * i + 1] = (i % 3 == 1 ? 5.0 : 0.0) + normal(10, i);
    truth +=
        i < H
            ? 0.0
            : (-log(3.0) - 2.0 * 0.9189385332046727 -
                  0.5 * (normal(9, i) * normal(9, i) + normal(10, i) * normal(10, i))) /
                  (N - H);
  }
  int64_t rows[N];
  for (int i = 0; i < N; i++) {
    rows[i] = i;
  }
  tableau t;
  open_tableau(&t, N, 2, x, 0, NULL);
  const weir_row_set train = {t.frame, rows, H}, test = {t.frame, rows + H, N - H};
  const weir_row_set none = {NULL, NULL, 0};
  weir_baselines a, b;
  OK(weir_baselines_fit(&a, t.ctx, t.schema, train, none, test, 1));
  assert_true(a.mixture.mean_log_prob > truth - 0.03);
  assert_true(a.gaussian.mean_log_prob < truth - 0.5);
  assert_true(a.components >= 4);
  weir_ctx *one = context_of(1, NULL, NULL);
  OK(weir_baselines_fit(&b, one, t.schema, train, none, test, 1));
  assert_memory_equal(
      &a.mixture.mean_log_prob, &b.mixture.mean_log_prob, sizeof(double));
  weir_ctx_destroy(&one);
  close_tableau(&t);
}

/* The Gaussian preset trained on the same rows agrees: same measure, same transforms.
 */
static void agrees_with_a_trained_gaussian(void **state) {
  (void)state;
  bench b;
  weir_baselines base;
  weir_score s;
  bench_open(&b, context_of(2, NULL, NULL), 1200, 31, "gaussian");
  OK(bench_fit(&b, "{epochs: 150, learning_rate: 0.02, patience: -1}", NULL, NULL));
  OK(weir_model_score(b.model, b.train, &s));
  OK(weir_baselines_fit(&base, b.ctx, b.schema, b.train, b.valid, b.train, 1));
  assert_near(base.gaussian.mean_log_prob, s.mean_log_prob, 0.03);
  bench_close(&b);
}

static void too_few_rows(void **state) {
  (void)state;
  const double x[] = {1, 2, 3, 5};
  tableau t;
  open_tableau(&t, 2, 2, x, 0, NULL);
  weir_baselines b;
  assert_int_equal(
      weir_baselines_fit(&b, t.ctx, t.schema, t.all, t.all, t.all, 1), WEIR_E_DATA);
  close_tableau(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(real_columns),
      cmocka_unit_test(positive_and_interval_columns),
      cmocka_unit_test(categories),
      cmocka_unit_test(context),
      cmocka_unit_test(ordinal_columns),
      cmocka_unit_test(circular_columns),
      cmocka_unit_test(a_known_mixture),
      cmocka_unit_test(agrees_with_a_trained_gaussian),
      cmocka_unit_test(too_few_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
