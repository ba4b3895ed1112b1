/* Gradients of objectives: against differences, against their estimators written out,
 * and their means. */
#include "objective_check.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gradients),
      cmocka_unit_test(stopped),
      cmocka_unit_test(unbiased),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
