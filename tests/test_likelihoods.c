/* Likelihoods of whole numbers: probabilities sum to 1, draws have them, gradients;
 * grey levels to binary rows; what does not fit is refused. */
#include "dist_check.h"

#define NET                                                                            \
  "\"net\": {\"name\": \"mlp\", \"hidden\": [4], \"activation\": \"tanh\", "           \
  "\"last_scale\": 1}"

typedef struct discrete {
  const char *spec;
  int64_t levels[2]; /* of two columns */
} discrete;

static const discrete cases[] = {
    {"\"bernoulli\"", {2, 2}},
    {"{\"name\": \"bernoulli\", " NET "}", {2, 2}},
    {"{\"name\": \"categorical\", " NET "}", {3, 5}},
    {"\"discretized_logistic\"", {4, 6}},
    {"{\"name\": \"discretized_logistic\", \"components\": 3, " NET "}", {5, 4}},
    {"{\"name\": \"encoded\", \"features\": 3, \"activation\": \"tanh\", " NET
     ", \"dist\": \"bernoulli\"}",
        {2, 2}},
};
#define CASES ((int)(sizeof cases / sizeof cases[0]))

static const double condition[2] = {0.4, -0.7};

static void open_case(rig *r, const discrete *c) {
  weir_support s[2];
  for (int j = 0; j < 2; j++) {
    s[j] = (weir_support){WEIR_INTEGERS, 0.0, (double)(c->levels[j] - 1)};
  }
  const weir_event event = {2, s};
  rig_open(r, 2);
  OK(rig_make(r, c->spec, &event, false));
  rig_ready(r, 0.5);
}

/* All rows, and their log-probabilities. */
static int64_t table(rig *r, const discrete *c, double x[64], double log_p[32]) {
  const int64_t n = c->levels[0] * c->levels[1];
  for (int64_t i = 0; i < n; i++) {
    x[2 * i] = (double)(i / c->levels[1]);
    x[2 * i + 1] = (double)(i % c->levels[1]);
  }
  log_probs(r, n, x, condition, log_p);
  return n;
}

static void sums(void **state) {
  (void)state;
  for (int c = 0; c < CASES; c++) {
    rig r;
    double x[64], log_p[32], total = 0.0;
    open_case(&r, &cases[c]);
    const int64_t n = table(&r, &cases[c], x, log_p);
    for (int64_t i = 0; i < n; i++) {
      total += exp(log_p[i]);
    }
    near(total, 1.0, 1e-12, cases[c].spec);
    rig_close(&r);
  }
}

/* Frequencies of draws, their log-probability, and the mean. */
static void draws(void **state) {
  (void)state;
  enum { N = 20000 };
  for (int c = 0; c < CASES; c++) {
    rig r;
    double x[64], log_p[32], *y = malloc(2 * N * sizeof *y),
                             *lp = malloc(N * sizeof *lp);
    int64_t count[32] = {0};
    open_case(&r, &cases[c]);
    const int64_t n = table(&r, &cases[c], x, log_p);
    weiri_run_reset(r.run);
    weir_var density;
    const weir_var context =
        weir_broadcast(r.run->tape, rows(&r, 1, 2, condition), weir_shape_2(N, 2));
    const weir_var v = weir_dist_sample(r.dist, r.run, N, context, &density);
    OK(weir_var_read(r.run->tape, v, y));
    OK(weir_var_read(r.run->tape, density, lp));
    for (int i = 0; i < N; i++) {
      const int64_t at = (int64_t)y[2 * i] * cases[c].levels[1] + (int64_t)y[2 * i + 1];
      assert_true(at >= 0 && at < n);
      near(lp[i], log_p[at], 1e-11, "log-probability of a draw");
      count[at]++;
    }
    for (int64_t i = 0; i < n; i++) {
      const double p = exp(log_p[i]), sd = sqrt(N * p * (1.0 - p));
      if (!(fabs((double)count[i] - N * p) < 5.0 * sd + 1.0)) {
        fail_msg("%s: value %lld: %lld of %g", cases[c].spec, (long long)i,
            (long long)count[i], N * p);
      }
    }
    free(y);
    free(lp);
    rig_close(&r);
  }
}

static weir_var total(rig *r, weir_var x, weir_var context) {
  return weir_sum_all(r->run->tape, weir_dist_log_prob(r->dist, r->run, x, context));
}

/* Of the parameters and the context; the values themselves are whole, so the gradient
 * in x is not looked at: its differences are taken where the density is smooth in x. */
static void gradients(void **state) {
  (void)state;
  for (int c = 0; c < CASES; c++) {
    rig r;
    double x[64], log_p[32], context[8] = {0.3, -0.2, 0.9, 0.1, -1, 0.5, 0.2, 0.2};
    open_case(&r, &cases[c]);
    (void)table(&r, &cases[c], x, log_p);
    weiri_run_reset(r.run);
    const int32_t count = weiri_params_count(r.params);
    for (int32_t k = 0; k < count; k++) {
      const weiri_tensor_info *info = weiri_params_info(r.params, k);
      const point p = {4, 2, 2, x, context};
      double *data = weiri_params_data(r.params, k);
      weiri_run_reset(r.run);
      const weir_var in = weir_run_param(r.run, (weir_slot){k});
      const weir_var y = total(&r, rows(&r, 4, 2, x), rows(&r, 4, 2, context));
      weir_var gx;
      OK(weir_grad(r.run->tape, y, weir_var_none(), 1, &in, &gx, false));
      double *grad = malloc((size_t)(weir_shape_size(&info->shape) + 1) * sizeof *grad);
      OK(weir_var_read(r.run->tape, gx, grad));
      for (int64_t i = 0; i < weir_shape_size(&info->shape); i++) {
        near(grad[i], difference(&r, total, &p, &data[i]), 1e-6, info->name);
      }
      free(grad);
    }
    rig_close(&r);
  }
}

/* Far in the tails of a logistic nothing is lost: log F(a) - F(b) by its expansion. */
static void far_tails(void **state) {
  (void)state;
  rig r;
  weir_support s[1] = {{WEIR_INTEGERS, 0.0, 255.0}};
  const weir_event event = {1, s};
  rig_open(&r, 0);
  OK(rig_make(&r, "\"discretized_logistic\"", &event, false));
  rig_ready(&r, 0.0);
  const double loc = 0.9, log_scale = log(0.004), x = 40.0;
  rig_set(&r, "m.d.loc", &(double){loc - 0.5});
  rig_set(&r, "m.d.log_scale", &log_scale);
  double found;
  log_probs(&r, 1, &x, NULL, &found);
  /* u far below 0: F(u) = e^u (1 - e^u ..), so F(a) - F(b) = e^a (1 - e^-(a - b)) */
  const double scale = 0.005, half = 0.5 / 255.0;
  const double a = (x / 255.0 + half - loc) / scale;
  near(found, a + log1p(-exp(-2.0 * half / scale)), 1e-12, "tail");
  rig_close(&r);
}

/* Means of draws over steps are the grey levels; thresholds cut; back to the ends. */
static void binarize(void **state) {
  (void)state;
  enum { N = 4, TIMES = 4000 };
  weir_support s[2] = {{WEIR_INTEGERS, 0.0, 255.0}, {WEIR_INTERVAL, -1.0, 1.0}};
  const weir_event event = {2, s};
  const double x[2 * N] = {0, -1, 51, -0.5, 204, 0.9, 255, 0.02};
  const double grey[2 * N] = {0, 0, 0.2, 0.25, 0.8, 0.95, 1, 0.51};
  for (int threshold = 0; threshold < 2; threshold++) {
    rig r;
    rig_open(&r, 0);
    OK(rig_make(&r,
        threshold ? "{\"name\": \"binarize\", \"mode\": \"threshold\"}"
                  : "\"binarize\"",
        &event, true));
    rig_ready(&r, 0.0);
    double mean[2 * N] = {0}, z[2 * N], back[2 * N];
    for (int k = 0; k < TIMES; k++) {
      weiri_run_reset(r.run);
      r.run->step = (uint64_t)k;
      const weir_var y =
          weir_layer_to_latent(r.layer, r.run, rows(&r, N, 2, x), weir_var_none());
      OK(weir_var_read(r.run->tape, y, z));
      for (int i = 0; i < 2 * N; i++) {
        assert_true(z[i] == 0.0 || z[i] == 1.0);
        mean[i] += z[i] / TIMES;
      }
    }
    for (int i = 0; i < 2 * N; i++) {
      const double expected = threshold ? (double)(grey[i] > 0.5) : grey[i];
      const double sd = sqrt(expected * (1.0 - expected) / TIMES);
      assert_true(fabs(mean[i] - expected) <= 5.0 * sd + 1e-9);
    }
    weiri_run_reset(r.run);
    const weir_var y =
        weir_layer_to_data(r.layer, r.run, rows(&r, N, 2, z), weir_var_none());
    OK(weir_var_read(r.run->tape, y, back));
    for (int i = 0; i < 2 * N; i++) {
      const double ends[2] = {s[i % 2].lo, s[i % 2].hi};
      near(back[i], ends[(int)z[i]], 1e-15, "end");
    }
    rig_close(&r);
  }
}

/* ---- location and scale ---- */

static double laplace_below(double e) {
  return e < 0 ? 0.5 * exp(e) : 1.0 - 0.5 * exp(-e);
}
static double laplace_density(double e) {
  return 0.5 * exp(-fabs(e));
}
static double t4_below(double e) { /* Student-t with 4 degrees of freedom */
  const double q = e * e / (1.0 + 0.25 * e * e);
  return 0.5 + 0.375 * e / sqrt(1.0 + 0.25 * e * e) * (1.0 - q / 12.0);
}
static double t4_density(double e) {
  return 0.375 * pow(1.0 + 0.25 * e * e, -2.5);
}

typedef struct family {
  const char *name;
  double (*below)(double e), (*density)(double e);
} family;
static const family families[] = {
    {"laplace", laplace_below, laplace_density}, {"student_t", t4_below, t4_density}};
static const char *const scales[] = {"each", "column", "shared", "fixed"};

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Distance of draws from the distribution function, times the root of their number. */
static double kolmogorov(int64_t n, double *e, double (*below)(double)) {
  double most = 0.0;
  qsort(e, (size_t)n, sizeof *e, ascending);
  for (int64_t i = 0; i < n; i++) {
    const double f = below(e[i]);
    most = fmax(most, fmax(f - (double)i / (double)n, (double)(i + 1) / (double)n - f));
  }
  return most * sqrt((double)n);
}

static void located(void **state) {
  (void)state;
  enum { N = 20000 };
  for (int f = 0; f < 2; f++) {
    rig r;
    char spec[160];
    snprintf(spec, sizeof spec, "{\"name\": \"%s\", \"scale_floor\": 0.25}",
        families[f].name);
    rig_dist(&r, spec, 1, 0);
    const double loc = 0.7, log_scale = log(0.5), scale = 0.75; /* 0.25 + 0.5 */
    rig_set(&r, "m.d.loc", &loc);
    rig_set(&r, "m.d.log_scale", &log_scale);
    double x[5] = {-30, -1, 0.7, 0.9, 4}, y[5], *draw = malloc(N * sizeof *draw);
    log_probs(&r, 5, x, NULL, y);
    for (int i = 0; i < 5; i++) {
      near(y[i], log(families[f].density((x[i] - loc) / scale) / scale), 1e-12, spec);
    }
    weiri_run_reset(r.run);
    const weir_var v = weir_dist_sample(r.dist, r.run, N, weir_var_none(), NULL);
    OK(weir_var_read(r.run->tape, v, draw));
    for (int i = 0; i < N; i++) {
      draw[i] = (draw[i] - loc) / scale;
    }
    assert_true(kolmogorov(N, draw, families[f].below) < 2.2); /* p about 1e-4 */
    free(draw);
    rig_close(&r);
  }
}

static void located_gradients(void **state) {
  (void)state;
  for (int i = 0; i < 8; i++) {
    rig r;
    char spec[192];
    snprintf(spec, sizeof spec,
        "{\"name\": \"%s\", \"loc\": \"%s\", \"scale\": \"%s\", \"scale_floor\": "
        "0.1}",
        families[i % 2].name, i < 4 ? "sigmoid" : "linear", scales[i / 2]);
    rig_dist(&r, spec, 2, 2);
    double *x = normals(6, 21, 1.0), *context = normals(6, 22, 1.0);
    const point p = {3, 2, 2, x, context};
    check_gradients(&r, total, &p);
    free(x);
    free(context);
    rig_close(&r);
  }
}

static void refused(const char *spec, weir_support s, bool layer, const char *says) {
  rig r;
  const weir_event event = {1, &s};
  rig_open(&r, 0);
  assert_int_equal(rig_make(&r, spec, &event, layer), WEIR_E_SUPPORT);
  if (strstr(weir_error(), says) == NULL) {
    fail_msg("%s: %s", spec, weir_error());
  }
  rig_close(&r);
}

static void refusals(void **state) {
  (void)state;
  const weir_support real = {WEIR_REAL, 0, 0}, grey = {WEIR_INTEGERS, 0, 255};
  const weir_support unknown = {WEIR_INTEGERS, 0, 0};
  refused("\"bernoulli\"", real, false, "needs values 0 and 1");
  refused("\"bernoulli\"", grey, false, "needs values 0 and 1");
  refused("\"categorical\"", unknown, false, "to a known end");
  refused("\"discretized_logistic\"", real, false, "between two ends");
  refused("\"laplace\"", grey, false, "real columns are needed");
  refused("\"binarize\"", real, true, "two ends");
  refused("\"to_unit\"", unknown, true, "two ends");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums),
      cmocka_unit_test(draws),
      cmocka_unit_test(gradients),
      cmocka_unit_test(far_tails),
      cmocka_unit_test(binarize),
      cmocka_unit_test(located),
      cmocka_unit_test(located_gradients),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
