/* Objectives against slow literal implementations of their formulas, on a
 * linear-Gaussian autoencoder whose every density is written out here; their gradients.
 */
#include "infer/objective.h"
#include "vae_check.h"

enum { ROWS = 5, MOST_DRAWS = 6, LATENTS = 2, COLUMNS = 3 };
#define HALF_LOG_2PI 0.91893853320467274178
#define DIAGONAL "{\"name\": \"normal\", \"kind\": \"diagonal\"}"

static const double share[ROWS] = {0.1, 0.3, 0.2, 0.25, 0.15};

typedef struct bench {
  rig r;
  weiri_objective *o;
  double *x; /* [ROWS, COLUMNS] */
} bench;

static void bench_open(bench *b, const char *objective, const char *posterior) {
  char spec[2048];
  snprintf(spec, sizeof spec,
      "{\"name\": \"flow\", \"layers\": [{\"name\": \"variational\", \"latent_dim\": "
      "2, "
      "\"posterior\": %s, " LIKELIHOOD "}], \"base\": \"normal\"}",
      posterior);
  rig_dist(&b->r, spec, COLUMNS, 0);
  json_t *o = spec_of(objective);
  OK(weiri_objective_make(&b->o, b->r.ctx, o, "train.objective", NULL));
  json_decref(o);
  weiri_objective_wants(b->o, &b->r.run->wants);
  b->x = normals(ROWS * COLUMNS, 71, 1.2);
}

static void bench_close(bench *b) {
  weiri_objective_destroy(&b->o);
  free(b->x);
  rig_close(&b->r);
}

/* The objective on a fresh tape, as a function for differences. */
static weiri_objective *current;
static weir_var value_of(rig *r, weir_var x, weir_var context) {
  const weir_var w = weir_leaf_f64(r->run->tape, weir_shape_1(ROWS), share);
  weir_dist_parts(r->dist, r->run, x, context);
  return weiri_objective_value(current, r->run, w);
}

static double value_at(bench *b, uint64_t step) {
  const point p = {ROWS, COLUMNS, 0, b->x, NULL};
  current = b->o;
  b->r.run->step = step;
  return scalar_at(&b->r, value_of, &p);
}

static double param(const rig *r, const char *name, int64_t i) {
  const int32_t k = weiri_params_find(r->params, name);
  assert_true(k >= 0);
  return ((const double *)weiri_params_data(r->params, k))[i];
}
#define POSTERIOR "m.d.layers[0].posterior"
#define LIKELY "m.d.layers[0].likelihood"

/* Mean and log scale of q(z_j | x). */
static void encode_row(const rig *r, const double *x, double m[2], double s[2]) {
  for (int j = 0; j < LATENTS; j++) {
    m[j] = param(r, POSTERIOR ".loc", j);
    s[j] = param(r, POSTERIOR ".log_scale", j);
    for (int i = 0; i < COLUMNS; i++) {
      m[j] += param(r, POSTERIOR ".weight", j * COLUMNS + i) * x[i];
      s[j] += param(r, POSTERIOR ".weight", (LATENTS + j) * COLUMNS + i) * x[i];
    }
  }
}

static double log_normal(double x, double m, double s) {
  const double e = (x - m) * exp(-s);
  return -0.5 * e * e - s - HALF_LOG_2PI;
}

static double log_likelihood(const rig *r, const double *x, const double *z) {
  double sum = 0.0;
  for (int i = 0; i < COLUMNS; i++) {
    double m = param(r, LIKELY ".loc", i), s = param(r, LIKELY ".log_scale", i);
    for (int j = 0; j < LATENTS; j++) {
      m += param(r, LIKELY ".weight", i * LATENTS + j) * z[j];
      s += param(r, LIKELY ".weight", (COLUMNS + i) * LATENTS + j) * z[j];
    }
    sum += log_normal(x[i], m, s);
  }
  return sum;
}

/* log p(z_j) - log q(z_j | x) */
static double rate(const double m[2], const double s[2], const double *z, int j) {
  return log_normal(z[j], 0.0, 0.0) - log_normal(z[j], m[j], s[j]);
}

/* Everything about one row's draws. */
typedef struct row {
  int k;
  double m[2], s[2], z[MOST_DRAWS][2], likelihood[MOST_DRAWS], rate[MOST_DRAWS][2],
      log_w[MOST_DRAWS];
} row;

static void literal(bench *b, uint64_t step, row out[ROWS]) {
  rig *r = &b->r;
  const int k = (int)(r->run->wants.samples > 1 ? r->run->wants.samples : 1);
  double z[ROWS * MOST_DRAWS * LATENTS];
  weiri_run_reset(r->run);
  r->run->step = step;
  r->run->replicas = k;
  const weir_var e = weir_run_normal(r->run, POSTERIOR, ROWS * (int64_t)k, LATENTS);
  OK(weir_var_read(r->run->tape, e, z));
  weiri_run_reset(r->run);
  for (int i = 0; i < ROWS; i++) {
    row *o = &out[i];
    o->k = k;
    encode_row(r, b->x + i * COLUMNS, o->m, o->s);
    for (int h = 0; h < k; h++) {
      for (int j = 0; j < LATENTS; j++) {
        o->z[h][j] = o->m[j] + exp(o->s[j]) * z[(i * k + h) * LATENTS + j];
      }
      o->likelihood[h] = log_likelihood(r, b->x + i * COLUMNS, o->z[h]);
      o->log_w[h] = o->likelihood[h];
      for (int j = 0; j < LATENTS; j++) {
        o->rate[h][j] = rate(o->m, o->s, o->z[h], j);
        o->log_w[h] += o->rate[h][j];
      }
    }
  }
}

static double closed_kl(const row *o, int j) {
  return 0.5 * (exp(2 * o->s[j]) + o->m[j] * o->m[j] - 1.0) - o->s[j];
}

/* sum_i share_i mean_k likelihood, and the same of the closed KL. */
static void sums(const row *rows, double *likelihood, double kl[2]) {
  *likelihood = kl[0] = kl[1] = 0.0;
  for (int i = 0; i < ROWS; i++) {
    for (int h = 0; h < rows[i].k; h++) {
      *likelihood += share[i] * rows[i].likelihood[h] / rows[i].k;
    }
    for (int j = 0; j < LATENTS; j++) {
      kl[j] += share[i] * closed_kl(&rows[i], j);
    }
  }
}

/* log mean exp(power log w) / power, weighted over rows. */
static double weighted_bound(const row *rows, double power) {
  double total = 0.0;
  for (int i = 0; i < ROWS; i++) {
    double sum = 0.0;
    for (int h = 0; h < rows[i].k; h++) {
      sum += exp(power * rows[i].log_w[h]) / rows[i].k;
    }
    total += share[i] * log(sum) / power;
  }
  return total;
}

static void elbo(void **state) {
  (void)state;
  static const struct {
    const char *spec;
    uint64_t step;
    double beta;
  } cases[] = {{"\"elbo\"", 3, 1.0}, {"{\"name\": \"elbo\", \"samples\": 4}", 3, 1.0},
      {"{\"beta\": 2.5}", 3, 2.5}, {"{\"name\": \"elbo\", \"warmup\": 10}", 4, 0.4},
      {"{\"name\": \"elbo\", \"warmup\": 10}", 40, 1.0},
      {"{\"beta\": 2, \"warmup\": 10, \"warmup_from\": 0.5}", 5, 1.5},
      {"{\"warmup\": 10, \"cycle\": 20}", 47, 0.7}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    bench b;
    bench_open(&b, cases[c].spec, DIAGONAL);
    row rows[ROWS];
    double likelihood, kl[2];
    literal(&b, cases[c].step, rows);
    sums(rows, &likelihood, kl);
    near(value_at(&b, cases[c].step), likelihood - cases[c].beta * (kl[0] + kl[1]),
        1e-12, cases[c].spec);
    bench_close(&b);
  }
}

/* Estimator A, the model's density annealed, and a step without warm-up is the ELBO. */
static void joint(void **state) {
  (void)state;
  bench b;
  bench_open(
      &b, "{\"anneal\": \"joint\", \"warmup\": 100, \"warmup_from\": 0.01}", DIAGONAL);
  row rows[ROWS];
  const uint64_t step = 30;
  const double beta = 0.01 + 0.99 * 0.3;
  double expected = 0.0;
  literal(&b, step, rows);
  for (int i = 0; i < ROWS; i++) {
    const double *z = rows[i].z[0];
    double log_q = 0.0, prior = 0.0;
    for (int j = 0; j < LATENTS; j++) {
      log_q += log_normal(z[j], rows[i].m[j], rows[i].s[j]);
      prior += log_normal(z[j], 0.0, 0.0);
    }
    expected += share[i] * (beta * (rows[i].likelihood[0] + prior) - log_q);
  }
  near(value_at(&b, step), expected, 1e-12, "annealed joint");
  bench_close(&b);
}

static void capacity(void **state) {
  (void)state;
  bench b;
  bench_open(&b,
      "{\"name\": \"capacity\", \"gamma\": 30, \"capacity\": 4, \"steps\": 10}",
      DIAGONAL);
  for (uint64_t step = 0; step < 20; step += 5) {
    row rows[ROWS];
    double likelihood, kl[2];
    literal(&b, step, rows);
    sums(rows, &likelihood, kl);
    const double target = step < 10 ? 0.4 * (double)step : 4.0;
    near(value_at(&b, step), likelihood - 30.0 * fabs(kl[0] + kl[1] - target), 1e-11,
        "capacity");
  }
  bench_close(&b);
}

/* Floors on either side of the KL of a latent: the maximum is per group and after the
 * average over rows. */
static void free_bits(void **state) {
  (void)state;
  static const char *const groups[] = {"latent", "layer"};
  for (int g = 0; g < 2; g++) {
    for (int f = 0; f < 3; f++) {
      char spec[128];
      bench b;
      row rows[ROWS];
      double likelihood, kl[2];
      bench_open(&b, "\"elbo\"", DIAGONAL);
      literal(&b, 2, rows);
      sums(rows, &likelihood, kl);
      const double between = 0.5 * (kl[0] + kl[1]);
      const double floors[3] = {1e-3, between, 3.0 * (kl[0] + kl[1])};
      snprintf(spec, sizeof spec,
          "{\"name\": \"free_bits\", \"lambda\": %.17g, \"groups\": \"%s\"}", floors[f],
          groups[g]);
      bench_close(&b);
      bench_open(&b, spec, DIAGONAL);
      const double penalty = g == 0 ? fmax(kl[0], floors[f]) + fmax(kl[1], floors[f])
                                    : fmax(kl[0] + kl[1], floors[f]);
      near(value_at(&b, 2), likelihood - penalty, 1e-12, spec);
      bench_close(&b);
    }
  }
}

/* Without a closed form (a planar step) groups fall together and the rate is sampled.
 */
static void free_bits_of_a_flow(void **state) {
  (void)state;
  bench b;
  bench_open(&b, "{\"name\": \"free_bits\", \"lambda\": 1000}", PLANAR_POSTERIOR);
  const double free_value = value_at(&b, 2);
  weiri_run_reset(b.r.run);
  weir_dist_parts(b.r.dist, b.r.run, rows(&b.r, ROWS, COLUMNS, b.x), weir_var_none());
  double likelihood[ROWS], expected = -1000.0;
  OK(weir_var_read(b.r.run->tape, b.r.run->parts[0].value, likelihood));
  for (int i = 0; i < ROWS; i++) {
    expected += share[i] * likelihood[i];
  }
  near(free_value, expected, 1e-12, "one group");
  bench_close(&b);
}

static void importance(void **state) {
  (void)state;
  static const struct {
    const char *spec;
    double power;
  } cases[] = {{"{\"name\": \"iwae\", \"samples\": 6, \"gradient\": \"plain\"}", 1.0},
      {"{\"name\": \"iwae\", \"samples\": 6, \"gradient\": \"stl\"}", 1.0},
      {"{\"name\": \"renyi\", \"samples\": 5, \"alpha\": 0.3}", 0.7},
      {"{\"name\": \"renyi\", \"samples\": 5, \"alpha\": -1.5}", 2.5},
      {"{\"name\": \"renyi\", \"samples\": 5, \"alpha\": 3}", -2.0}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    bench b;
    row rows[ROWS];
    bench_open(&b, cases[c].spec, DIAGONAL);
    literal(&b, 8, rows);
    near(value_at(&b, 8), weighted_bound(rows, cases[c].power), 1e-11, cases[c].spec);
    bench_close(&b);
  }
}

/* Estimators that stop nothing: gradients against differences of their value. */
static void gradients(void **state) {
  (void)state;
  static const char *const specs[] = {"{\"name\": \"elbo\", \"samples\": 3}",
      "{\"name\": \"elbo\", \"beta\": 0.3, \"warmup\": 9}",
      "{\"anneal\": \"joint\", \"warmup\": 9}",
      "{\"name\": \"capacity\", \"gamma\": 3, \"steps\": 0}",
      "{\"name\": \"free_bits\", \"lambda\": 0.4}",
      "{\"name\": \"iwae\", \"samples\": 4, \"gradient\": \"plain\"}",
      "{\"name\": \"renyi\", \"samples\": 4, \"alpha\": 0.5}"};
  for (size_t c = 0; c < sizeof specs / sizeof *specs; c++) {
    bench b;
    bench_open(&b, specs[c], DIAGONAL);
    b.r.run->step = 4;
    current = b.o;
    const point p = {ROWS, COLUMNS, 0, b.x, NULL};
    check_gradients(&b.r, value_of, &p);
    bench_close(&b);
  }
}

/* The gradient in the posterior's loc and in the likelihood's loc. */
static void gradient_at(bench *b, uint64_t step, double loc[2], double model[3]) {
  weir_run *run = b->r.run;
  weiri_run_reset(run);
  run->step = step;
  const weir_slot slots[2] = {{weiri_params_find(b->r.params, POSTERIOR ".loc")},
      {weiri_params_find(b->r.params, LIKELY ".loc")}};
  const weir_var in[2] = {weir_run_param(run, slots[0]), weir_run_param(run, slots[1])};
  weir_var g[2];
  const weir_var y = value_of(&b->r, rows(&b->r, ROWS, COLUMNS, b->x), weir_var_none());
  OK(weir_grad(run->tape, y, weir_var_none(), 2, in, g, false));
  OK(weir_var_read(run->tape, g[0], loc));
  OK(weir_var_read(run->tape, g[1], model));
}

/* log w at a draw, q's parameters held. */
static double log_w_at(const bench *b, const row *o, int i, const double z[2]) {
  return log_likelihood(&b->r, b->x + i * COLUMNS, z) + rate(o->m, o->s, z, 0) +
         rate(o->m, o->s, z, 1);
}

/* Estimators that stop or drop terms, written out: with v_k = w_k / sum w and dz/dloc
 * the identity, the gradient in loc is sum_k v_k^p dlog w_k / dz_k, p 1 (STL) or 2
 * (DReG), the derivative by differences of log w with q's parameters held; the model's
 * part is that of the plain bound. */
static void stopped(void **state) {
  (void)state;
  static const char *const names[] = {"stl", "dreg"};
  for (int e = 0; e < 2; e++) {
    char spec[96];
    snprintf(spec, sizeof spec,
        "{\"name\": \"iwae\", \"samples\": 5, \"gradient\": \"%s\"}", names[e]);
    bench b, plain;
    row rows[ROWS];
    double loc[2], model[3], expected[2] = {0, 0}, unused[2], plain_model[3];
    bench_open(&b, spec, DIAGONAL);
    bench_open(&plain, "{\"name\": \"iwae\", \"samples\": 5, \"gradient\": \"plain\"}",
        DIAGONAL);
    literal(&b, 6, rows);
    for (int i = 0; i < ROWS; i++) {
      const row *o = &rows[i];
      double sum = 0.0;
      for (int h = 0; h < o->k; h++) {
        sum += exp(o->log_w[h]);
      }
      for (int h = 0; h < o->k; h++) {
        const double v = exp(o->log_w[h]) / sum, power = e == 0 ? v : v * v;
        for (int j = 0; j < LATENTS; j++) {
          double up[2] = {o->z[h][0], o->z[h][1]}, down[2] = {up[0], up[1]};
          up[j] += 1e-5;
          down[j] -= 1e-5;
          expected[j] += share[i] * power *
                         (log_w_at(&b, o, i, up) - log_w_at(&b, o, i, down)) / 2e-5;
        }
      }
    }
    current = b.o;
    gradient_at(&b, 6, loc, model);
    current = plain.o;
    gradient_at(&plain, 6, unused, plain_model);
    for (int j = 0; j < LATENTS; j++) {
      near(loc[j], expected[j], 1e-7, names[e]);
    }
    for (int j = 0; j < COLUMNS; j++) {
      near(model[j], plain_model[j], 1e-11, "gradient of the model");
    }
    bench_close(&b);
    bench_close(&plain);
  }
}

/* DReG has the mean of the plain gradient; at the exact posterior both it and STL have
 * no gradient in the encoder at all. */
static void unbiased(void **state) {
  (void)state;
  enum { TIMES = 4000 };
  bench dreg, plain;
  bench_open(&dreg, "{\"name\": \"iwae\", \"samples\": 3}", DIAGONAL);
  bench_open(&plain, "{\"name\": \"iwae\", \"samples\": 3, \"gradient\": \"plain\"}",
      DIAGONAL);
  double *gap[2] = {malloc(TIMES * sizeof(double)), malloc(TIMES * sizeof(double))};
  for (int i = 0; i < TIMES; i++) {
    double a[2], b[2], unused[3];
    current = dreg.o;
    gradient_at(&dreg, (uint64_t)i, a, unused);
    current = plain.o;
    gradient_at(&plain, (uint64_t)(i + TIMES), b, unused);
    gap[0][i] = a[0] - b[0];
    gap[1][i] = a[1] - b[1];
  }
  assert_true(fabs(z_score(TIMES, gap[0], 0.0)) < 5.0);
  assert_true(fabs(z_score(TIMES, gap[1], 0.0)) < 5.0);
  free(gap[0]);
  free(gap[1]);
  bench_close(&dreg);
  bench_close(&plain);
  static const char *const specs[] = {
      "{\"name\": \"iwae\", \"samples\": 3, \"gradient\": \"stl\"}",
      "{\"name\": \"iwae\", \"samples\": 3, \"gradient\": \"dreg\"}"};
  for (int e = 0; e < 2; e++) {
    bench b;
    double loc[2], unused[3];
    bench_open(&b, specs[e], EXACT_POSTERIOR);
    set_likelihood(&b.r, &vae_of_standard_prior);
    set_exact_posterior(&b.r, &vae_of_standard_prior);
    current = b.o;
    gradient_at(&b, 1, loc, unused);
    near(loc[0], 0.0, 1e-12, "landing");
    near(loc[1], 0.0, 1e-12, "landing");
    bench_close(&b);
  }
}

static void refusals(void **state) {
  (void)state;
  static const struct {
    const char *spec, *says;
  } cases[] = {{"\"elbow\"", "did you mean 'elbo'"},
      {"{\"name\": \"renyi\", \"alpha\": 1}", "take objective elbo"},
      {"{\"warmup\": 10, \"cycle\": 5}", "expected more than the 10 steps"},
      {"{\"name\": \"iwae\", \"samples\": 0}", "samples"}, {"7", "expected the name"}};
  weir_ctx *ctx = NULL;
  OK(weir_ctx_create(&ctx, NULL));
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    weiri_objective *o = NULL;
    json_t *spec = spec_of(cases[c].spec);
    assert_int_equal(
        weiri_objective_make(&o, ctx, spec, "train.objective", NULL), WEIR_E_CONFIG);
    if (strstr(weir_error(), cases[c].says) == NULL) {
      fail_msg("%s: %s", cases[c].spec, weir_error());
    }
    assert_null(o);
    json_decref(spec);
  }
  weir_ctx_destroy(&ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(elbo),
      cmocka_unit_test(joint),
      cmocka_unit_test(capacity),
      cmocka_unit_test(free_bits),
      cmocka_unit_test(free_bits_of_a_flow),
      cmocka_unit_test(importance),
      cmocka_unit_test(gradients),
      cmocka_unit_test(stopped),
      cmocka_unit_test(unbiased),
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
