/* Bounds of log p(x) on linear-Gaussian autoencoders, whose log p(x) is known: the ELBO
 * lies below it, importance-weighted bounds rise to it, annealed importance sampling
 * averages to p(x) and its reverse to 1 / p(x), so that the two bracket log p(x). And
 * the same on the sphere, against quadrature. */
#include "vae_check.h"

#include "model/model.h"
#include "train/anneal.h"

#define STANDARD "\"normal\""
#define DIAGONAL "{\"name\": \"normal\", \"kind\": \"diagonal\"}"
static const linear_vae *const v = &vae_of_standard_prior;
static const double points[3][3] = {{0, 0, 0}, {1, -1, 0.5}, {-0.5, 1.4, 0.8}};

/* A model with a distribution as given, over rows x [n, 3]. */
typedef struct bench {
  weir_ctx *ctx;
  weir_table *table;
  weir_schema *schema;
  weir_frame *frame;
  weir_model *model;
  weir_row_set rows;
} bench;

static void bench_open(bench *b, const char *dist, int64_t n, const double *x) {
  *b = (bench){0};
  OK(weir_ctx_create(&b->ctx, NULL));
  OK(weir_table_from_arrays(&b->table, b->ctx, n, 3, x, NULL, NULL));
  const char *const types[] = {"*=real"};
  weir_schema_opts opts = WEIR_SCHEMA_OPTS_INIT;
  opts.types = types;
  opts.n_types = 1;
  opts.allow_constant = true;
  OK(weir_schema_guess(&b->schema, b->ctx, b->table, &opts));
  OK(weir_frame_create(&b->frame, b->ctx, b->schema, b->table, NULL));
  json_t *spec = spec_of(dist), *config = json_object();
  OK(weiri_model_build(&b->model, b->ctx, b->schema, config, spec, WEIR_F64, 3));
  json_decref(spec);
  json_decref(config);
  rig r = {.params = b->model->params};
  set_likelihood(&r, v);
  b->rows = (weir_row_set){b->frame, NULL, n};
}

static void bench_close(bench *b) {
  weir_model_destroy(&b->model);
  weir_frame_destroy(&b->frame);
  weir_schema_destroy(&b->schema);
  weir_table_destroy(&b->table);
  weir_ctx_destroy(&b->ctx);
}

/* An encoder that is not the posterior, but not far from it. */
static void set_rough_posterior(weir_params *params) {
  rig r = {.params = params};
  set_of_layer(&r, "posterior.weight",
      (double[]){0.6, 0.2, -0.2, 0, 0.8, 0.2, 0, 0, 0, 0, 0, 0});
  set_of_layer(&r, "posterior.loc", (double[]){0.1, -0.1});
  set_of_layer(&r, "posterior.log_scale", (double[]){-0.4, -0.5});
}

/* ---- ELBO and importance weights ---- */

/* Means over n draws of log (1/K) sum of K weights, K = 1, 2, 4, ...: each above the
 * one before, none above log p(x), the last near it. */
static void rising(void **state) {
  (void)state;
  enum { N = 8192, LEVELS = 8 };
  rig r;
  rig_dist(&r, VAE(DIAGONAL, STANDARD), 3, 0);
  set_likelihood(&r, v);
  set_rough_posterior(r.params);
  for (int k = 0; k < 3; k++) {
    double *x = copies(N, 3, points[k]), *f = malloc(N * sizeof *f);
    const double exact = exact_log_prob(v, points[k]);
    log_probs(&r, N, x, NULL, f);
    int64_t n = N;
    for (int level = 0; level < LEVELS; level++, n /= 2) {
      const double z = z_score(n, f, exact);
      assert_true(z < 5.0);
      assert_true(level > 2 || z < -5.0); /* few draws: a bound, and a loose one */
      double *gain = calloc((size_t)n / 2, sizeof *gain);
      for (int64_t i = 0; i < n / 2; i++) {
        const double a = f[2 * i], b = f[2 * i + 1], top = fmax(a, b);
        const double both = top + log(0.5 * (exp(a - top) + exp(b - top)));
        f[i] = both; /* 2 i is not read again */
        gain[i] = both - 0.5 * (a + b);
      }
      assert_true(level > 3 || z_score(n / 2, gain, 0.0) > 5.0);
      free(gain);
    }
    double mean = 0.0;
    for (int64_t i = 0; i < n; i++) {
      mean += f[i] / (double)n;
    }
    assert_true(fabs(mean - exact) < 0.05);
    free(x);
    free(f);
  }
  rig_close(&r);
}

/* The same through the program's own weights: figures of rows with K draws. */
static void weighted(void **state) {
  (void)state;
  enum { N = 2000 };
  static const int64_t draws[] = {1, 5, 25, 125};
  double before = -INFINITY;
  double *x = copies(N, 3, points[1]), *f = malloc(N * sizeof *f);
  const double exact = exact_log_prob(v, points[1]);
  bench b;
  bench_open(&b, VAE(DIAGONAL, STANDARD), N, x);
  set_rough_posterior(b.model->params);
  for (int k = 0; k < 4; k++) {
    OK(weir_model_set_samples(b.model, draws[k]));
    OK(weir_model_frame_log_prob(b.model, b.frame, f, NULL));
    double mean = 0.0;
    for (int i = 0; i < N; i++) {
      mean += f[i] / N;
    }
    const double z = z_score(N, f, exact);
    assert_true(k < 2 ? z < -5.0 : z < 5.0);
    assert_true(mean > before);
    before = mean;
  }
  assert_true(exact - before < 0.02);
  bench_close(&b);
  free(x);
  free(f);
}

/* ---- annealing ---- */

static weir_ais_opts options(int64_t temperatures, int64_t chains, bool posterior) {
  weir_ais_opts o = WEIR_AIS_OPTS_INIT;
  o.temperatures = temperatures;
  o.chains = chains;
  o.leapfrogs = 3;
  o.from_posterior = posterior;
  o.seed = 8;
  return o;
}

/* Mean of exp(f - exact) is 1; mean of f is not above exact. */
static void check_lower(int64_t n, double *f, double exact, double loose) {
  const double z = z_score(n, f, exact);
  if (!(z < loose)) {
    fail_msg("mean of a lower bound: z %g", z);
  }
  for (int64_t i = 0; i < n; i++) {
    f[i] = exp(f[i] - exact);
  }
  const double unbiased = z_score(n, f, 1.0);
  if (!(fabs(unbiased) < 5.0)) {
    fail_msg("mean of the weights: z %g", unbiased);
  }
}

/* Chains on one row again and again, for few temperatures, which leave much to the
 * weights: a wrong increment, a move that does not keep its density, or steps that
 * adapt on the way would move their mean. */
static void forward(void **state) {
  (void)state;
  enum { N = 1500 };
  static const struct {
    int64_t temperatures;
    weir_ais_schedule schedule;
    bool posterior;
  } cases[] = {{1, WEIR_AIS_SIGMOID, false}, {4, WEIR_AIS_SIGMOID, false},
      {4, WEIR_AIS_LINEAR, false}, {4, WEIR_AIS_SIGMOID, true}};
  for (int k = 0; k < 4; k++) {
    double *x = copies(N, 3, points[2]), *f = malloc(N * sizeof *f);
    const double exact = exact_log_prob(v, points[2]);
    bench b;
    bench_open(&b, VAE(DIAGONAL, STANDARD), N, x);
    set_rough_posterior(b.model->params);
    weir_ais_opts o = options(cases[k].temperatures, 1, cases[k].posterior);
    o.schedule = cases[k].schedule;
    weir_ais_score s;
    OK(weir_model_ais(b.model, b.rows, &o, &s, f));
    assert_int_equal(s.n, N);
    assert_true(s.effective_chains == 1.0);
    assert_true(
        cases[k].temperatures == 1 || (s.acceptance > 0.4 && s.acceptance < 0.95));
    check_lower(N, f, exact, -5.0);
    bench_close(&b);
    free(x);
    free(f);
  }
}

/* More temperatures and chains come to log p(x), and a row's figure is its own. */
static void converging(void **state) {
  (void)state;
  enum { N = 3 };
  double each[N], alone[2];
  bench b;
  bench_open(&b, VAE(DIAGONAL, STANDARD), N, points[0]);
  set_rough_posterior(b.model->params);
  const weir_ais_opts o = options(200, 32, false);
  weir_ais_score s;
  OK(weir_model_ais(b.model, b.rows, &o, &s, each));
  for (int i = 0; i < N; i++) {
    assert_true(fabs(each[i] - exact_log_prob(v, points[i])) < 0.05);
  }
  assert_true(s.effective_chains > 25.0 && s.effective_chains <= 32.0);
  const int64_t last[2] = {2, 1};
  OK(weir_model_ais(b.model, (weir_row_set){b.frame, last, 2}, &o, &s, alone));
  assert_true(alone[0] == each[2] && alone[1] == each[1]);
  bench_close(&b);
}

/* Rows drawn from the model: the forward mean of w / p(x) is 1, the backward mean of
 * p(x) / w too, and the two bracket log p(x). */
static void bracket(void **state) {
  (void)state;
  enum { N = 1500 };
  double *zeros = calloc(3 * N, sizeof *zeros), *z = malloc(2 * N * sizeof *z);
  double *lower = malloc(N * sizeof *lower), *upper = malloc(N * sizeof *upper);
  double *off = malloc(N * sizeof *off);
  for (int posterior = 0; posterior <= 1; posterior++) {
    bench b;
    bench_open(&b, VAE(DIAGONAL, STANDARD), N, zeros);
    set_rough_posterior(b.model->params);
    const weir_ais_opts o = options(4, 1, posterior == 1);
    weiri_anneal *a;
    OK(weiri_anneal_create(&a, b.model, &o));
    assert_true(a->room >= N);
    OK(weiri_anneal_simulate(a, &b.rows, 0, N, z));
    OK(weiri_anneal_pilot(a));
    OK(weiri_anneal_forward(a, lower));
    OK(weiri_anneal_backward(a, z, upper));
    for (int i = 0; i < N; i++) {
      off[i] = exact_log_prob(v, a->x + 3 * i);
      lower[i] -= off[i];
      upper[i] -= off[i];
    }
    assert_true(z_score(N, upper, 0.0) > 5.0);
    for (int i = 0; i < N; i++) {
      upper[i] = -upper[i];
    }
    check_lower(N, lower, 0.0, -5.0);
    check_lower(N, upper, 0.0, -5.0);
    weiri_anneal_destroy(&a);
    bench_close(&b);
  }
  free(zeros);
  free(z);
  free(lower);
  free(upper);
  free(off);
}

/* The public figures: the bracket closes with temperatures and chains. */
static void gap(void **state) {
  (void)state;
  enum { N = 64 };
  double zeros[3 * N] = {0}, each[2 * N], last = INFINITY;
  static const int64_t temperatures[] = {2, 20, 200};
  bench b;
  bench_open(&b, VAE(DIAGONAL, STANDARD), N, zeros);
  set_rough_posterior(b.model->params);
  for (int k = 0; k < 3; k++) {
    const weir_ais_opts o = options(temperatures[k], 8, false);
    weir_bdmc_score s;
    OK(weir_model_bdmc(b.model, b.rows, &o, &s, each));
    assert_int_equal(s.n, N);
    near(s.upper - s.lower, s.gap, 1e-12, "gap");
    near(each[1] - each[0], s.gap, 20.0, "gap of a row");
    assert_true(s.gap < 0.6 * last);
    last = s.gap;
  }
  assert_true(last < 0.05);
  bench_close(&b);
}

static bool stop_at_half(void *user, double done) {
  *(double *)user = done;
  return done < 0.5;
}

/* A run that is stopped gives what the rows done have given; refusals. */
static void stopping(void **state) {
  (void)state;
  enum { N = 40 };
  double *x = copies(N, 3, points[0]), seen = 0.0;
  bench b;
  bench_open(&b, VAE(DIAGONAL, STANDARD), N, x);
  weir_ais_opts o = options(3, 400, false);
  o.progress = stop_at_half;
  o.user = &seen;
  weir_ais_score s;
  assert_int_equal(weir_model_ais(b.model, b.rows, &o, &s, NULL), WEIR_E_CANCELLED);
  assert_true(s.n > 0 && s.n < N && isfinite(s.log_likelihood));
  assert_true(seen >= 0.5);
  o = options(0, 1, false);
  assert_int_equal(weir_model_ais(b.model, b.rows, &o, &s, NULL), WEIR_E_ARGUMENT);
  bench_close(&b);
  bench_open(&b, VAE(PLANAR_POSTERIOR, STANDARD), N, x);
  o = options(2, 1, true);
  assert_int_equal(weir_model_ais(b.model, b.rows, &o, &s, NULL), WEIR_E_UNSUPPORTED);
  assert_non_null(strstr(weir_error(), "own draws only"));
  o.from_posterior = false;
  OK(weir_model_ais(b.model, b.rows, &o, &s, NULL));
  bench_close(&b);
  free(x);
}

/* ---- on the sphere ---- */

#define SPHERE                                                                         \
  "{\"name\": \"flow\", \"layers\": [{\"name\": \"variational\", \"latent_dim\": 3, "  \
  "\"support\": \"sphere\", \"posterior\": {\"name\": \"vmf\"}, " LIKELIHOOD "}], "    \
  "\"base\": \"uniform_sphere\"}"

static const double sphere_w[3][3] = {
    {1.5, -0.4, 0.2}, {0.3, 1.2, 0.8}, {-0.7, 0.5, 1.0}};

/* log p(x) by the mean over points spread evenly over the sphere. */
static double by_spiral(const double *x) {
  enum { M = 20000 };
  double sum = 0.0;
  for (int k = 0; k < M; k++) {
    const double h = 1.0 - (2.0 * k + 1.0) / M, turn = 2.39996322972865332 * k;
    const double r = sqrt(1.0 - h * h), z[3] = {r * cos(turn), r * sin(turn), h};
    double log_p = -1.5 * 1.8378770664093454836;
    for (int i = 0; i < 3; i++) {
      double e = x[i] - v->b[i];
      for (int j = 0; j < 3; j++) {
        e -= sphere_w[i][j] * z[j];
      }
      log_p -= 0.5 * e * e / (v->s[i] * v->s[i]) + log(v->s[i]);
    }
    sum += exp(log_p);
  }
  return log(sum / M);
}

static void on_the_sphere(void **state) {
  (void)state;
  enum { N = 1500 };
  double weight[18] = {0}, log_scale[3];
  memcpy(weight, sphere_w, sizeof sphere_w);
  for (int i = 0; i < 3; i++) {
    log_scale[i] = log(v->s[i]);
  }
  double *x = copies(N, 3, points[1]), *f = malloc(N * sizeof *f);
  bench b;
  bench_open(&b, VAE(DIAGONAL, STANDARD), N, x);
  weir_model_destroy(&b.model);
  json_t *spec = spec_of(SPHERE), *config = json_object();
  OK(weiri_model_build(&b.model, b.ctx, b.schema, config, spec, WEIR_F64, 3));
  json_decref(spec);
  json_decref(config);
  rig r = {.params = b.model->params};
  set_of_layer(&r, "likelihood.weight", weight);
  set_of_layer(&r, "likelihood.loc", v->b);
  set_of_layer(&r, "likelihood.log_scale", log_scale);
  const weir_ais_opts o = options(4, 1, false);
  weir_ais_score s;
  OK(weir_model_ais(b.model, b.rows, &o, &s, f));
  assert_true(s.acceptance > 0.4 && s.acceptance < 0.95);
  check_lower(N, f, by_spiral(points[1]), -5.0);
  bench_close(&b);
  free(x);
  free(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rising),
      cmocka_unit_test(weighted),
      cmocka_unit_test(forward),
      cmocka_unit_test(converging),
      cmocka_unit_test(bracket),
      cmocka_unit_test(gap),
      cmocka_unit_test(stopping),
      cmocka_unit_test(on_the_sphere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
