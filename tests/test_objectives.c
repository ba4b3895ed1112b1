/* Objectives against slow literal implementations of their formulas. */
#include "objective_check.h"

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
      cmocka_unit_test(refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
