/* Transitions: the leapfrog step goes back the way it came and keeps volume; every
 * kernel leaves known targets as they are. */
#include "infer_help.h"

#include <math.h>
#include <string.h>

#include "base/chol.h"

enum { D = 3 };

typedef struct place {
  double x[D], grad[D], p[D], v[D];
} place;

/* A curved metric for the tests. */
static void metric_of(weiri_metric *m, bool dense, double *inverse, double *root) {
  *m = (weiri_metric){D, dense, inverse, root};
  for (int i = 0; i < D; i++) {
    for (int j = 0; dense && j < D; j++) {
      inverse[i * D + j] = i == j ? 1.0 + i : 0.4;
    }
    if (!dense) {
      inverse[i] = 0.5 + i;
    }
  }
  assert_true(weiri_metric_factor(m));
}

static void leap(const weiri_mover *m, place *at, int steps, double step) {
  weiri_point q = {at->x, at->grad, 0.0};
  assert_int_equal(weiri_point_evaluate(m, &q), WEIR_OK);
  for (int i = 0; i < steps; i++) {
    assert_int_equal(weiri_leapfrog(m, step, &q, at->p, at->v), WEIR_OK);
  }
}

static void start(place *at) {
  for (int i = 0; i < D; i++) {
    at->x[i] = 0.3 * i - 0.2;
    at->p[i] = 0.5 - 0.7 * i;
  }
}

static void test_reversible(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f, "funnel", "dim", D);
  for (int dense = 0; dense < 2; dense++) {
    double inverse[D * D], root[D * D];
    weiri_metric metric;
    metric_of(&metric, dense == 1, inverse, root);
    const weiri_mover m = fixture_mover(&f, &metric, 0.1);
    place a, b;
    start(&a);
    b = a;
    leap(&m, &b, 13, 0.1);
    assert_true(fabs(b.x[2] - a.x[2]) > 0.05); /* it went somewhere */
    for (int i = 0; i < D; i++) {
      b.p[i] = -b.p[i];
    }
    leap(&m, &b, 13, 0.1);
    for (int i = 0; i < D; i++) {
      assert_true(fabs(b.x[i] - a.x[i]) < 1e-10);
      assert_true(fabs(b.p[i] + a.p[i]) < 1e-10);
    }
  }
  fixture_close(&f);
}

/* Determinant of the Jacobian of (x, p) -> (x, p) by central differences. */
static void test_volume(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f, "funnel", "dim", D);
  double inverse[D * D], root[D * D], jacobian[4 * D * D], gram[4 * D * D];
  weiri_metric metric;
  metric_of(&metric, true, inverse, root);
  const weiri_mover m = fixture_mover(&f, &metric, 0.2);
  const double h = 1e-5;
  for (int j = 0; j < 2 * D; j++) {
    place side[2];
    for (int s = 0; s < 2; s++) {
      start(&side[s]);
      double *at = j < D ? side[s].x + j : side[s].p + j - D;
      *at += s == 0 ? h : -h;
      leap(&m, &side[s], 5, 0.2);
    }
    for (int i = 0; i < 2 * D; i++) {
      const double up = i < D ? side[0].x[i] : side[0].p[i - D];
      const double down = i < D ? side[1].x[i] : side[1].p[i - D];
      jacobian[i * 2 * D + j] = (up - down) / (2.0 * h);
    }
  }
  for (int i = 0; i < 2 * D; i++) { /* |det|^2 = det of J J' */
    for (int j = 0; j < 2 * D; j++) {
      gram[i * 2 * D + j] = 0.0;
      for (int k = 0; k < 2 * D; k++) {
        gram[i * 2 * D + j] += jacobian[i * 2 * D + k] * jacobian[j * 2 * D + k];
      }
    }
  }
  assert_true(weiri_chol(2 * D, gram));
  double log_det = 0.0;
  for (int i = 0; i < 2 * D; i++) {
    log_det += log(gram[i * 2 * D + i]);
  }
  assert_true(fabs(log_det) < 1e-7);
  fixture_close(&f);
}

/* ---- invariance: exact draws, some transitions, still exact draws ---- */

typedef weir_status kernel(
    const weiri_mover *m, weiri_chance *c, weiri_point *at, weiri_moved *out);

static weir_status short_hmc(
    const weiri_mover *m, weiri_chance *c, weiri_point *at, weiri_moved *out) {
  return weiri_hmc(m, c, 4, at, out);
}

static weir_status nuts(
    const weiri_mover *m, weiri_chance *c, weiri_point *at, weiri_moved *out) {
  return weiri_nuts(m, c, 6, at, out);
}

/* z of the mean of f over n independent chains against its exact mean and variance. */
static double z_of(int64_t n, double sum, double mean, double variance) {
  return (sum / (double)n - mean) / sqrt(variance / (double)n);
}

/* On a correlated Gaussian: means, squares and products of neighbours. */
static void check_gaussian(
    kernel *move, double step, bool dense, double accept_lo, double accept_hi) {
  enum { N = 20000, MOVES = 3 };
  fixture f;
  fixture_open(&f, "normal", "dim", D);
  double inverse[D * D], root[D * D], first[D] = {0}, second[D] = {0}, cross = 0.0;
  double accept = 0.0;
  weiri_metric metric;
  metric_of(&metric, dense, inverse, root);
  const weiri_mover m = fixture_mover(&f, &metric, step);
  for (int i = 0; i < N; i++) {
    double x[D], grad[D];
    weiri_point at = {x, grad, 0.0};
    assert_int_equal(weir_target_sample(f.target, 7, i, 1, x), WEIR_OK);
    assert_int_equal(weiri_point_evaluate(&m, &at), WEIR_OK);
    for (int k = 0; k < MOVES; k++) {
      weiri_chance c = weiri_chance_of(11, "test", (uint64_t)i, (uint64_t)k);
      weiri_moved r;
      assert_int_equal(move(&m, &c, &at, &r), WEIR_OK);
      accept += r.accept / (N * MOVES);
    }
    for (int j = 0; j < D; j++) {
      first[j] += x[j];
      second[j] += x[j] * x[j];
    }
    cross += x[0] * x[1];
  }
  for (int j = 0; j < D; j++) {
    assert_true(fabs(z_of(N, first[j], 0.0, 1.0)) < 5.0);
    assert_true(fabs(z_of(N, second[j], 1.0, 2.0)) < 5.0);
  }
  assert_true(fabs(z_of(N, cross, 0.5, 1.25)) < 5.0); /* rho, 1 + rho^2 */
  assert_true(accept > accept_lo && accept < accept_hi);
  fixture_close(&f);
}

static void test_random_walk(void **state) {
  (void)state;
  check_gaussian(weiri_random_walk, 1.0, false, 0.1, 0.7);
  check_gaussian(weiri_random_walk, 0.8, true, 0.1, 0.7);
}

static void test_langevin(void **state) {
  (void)state;
  check_gaussian(weiri_langevin, 1.0, false, 0.2, 0.9);
  check_gaussian(weiri_langevin, 0.8, true, 0.2, 0.9);
}

static void test_hmc(void **state) {
  (void)state;
  check_gaussian(short_hmc, 0.7, false, 0.4, 0.97);
  check_gaussian(short_hmc, 0.6, true, 0.4, 0.97);
}

static void test_nuts(void **state) {
  (void)state;
  check_gaussian(nuts, 0.7, false, 0.4, 0.97);
  check_gaussian(nuts, 0.6, true, 0.4, 0.97);
}

/* One leapfrog step of HMC is a Langevin proposal: the same acceptance from the same
 * noise. p = z / s makes the proposals equal for a diagonal metric. */
static void test_langevin_is_one_step(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f, "funnel", "dim", D);
  double inverse[D * D], root[D * D];
  weiri_metric metric;
  metric_of(&metric, false, inverse, root);
  const weiri_mover m = fixture_mover(&f, &metric, 0.4);
  for (uint64_t i = 0; i < 50; i++) {
    place a, b;
    start(&a);
    start(&b);
    a.x[0] = b.x[0] = 0.02 * (double)i;
    weiri_point pa = {a.x, a.grad, 0.0}, pb = {b.x, b.grad, 0.0};
    assert_int_equal(weiri_point_evaluate(&m, &pa), WEIR_OK);
    assert_int_equal(weiri_point_evaluate(&m, &pb), WEIR_OK);
    weiri_chance ca = weiri_chance_of(3, "same", 0, i), cb = ca;
    weiri_moved ra, rb;
    assert_int_equal(weiri_langevin(&m, &ca, &pa, &ra), WEIR_OK);
    assert_int_equal(weiri_hmc(&m, &cb, 1, &pb, &rb), WEIR_OK);
    assert_true(fabs(ra.accept - rb.accept) < 1e-9);
    for (int j = 0; j < D; j++) {
      assert_true(fabs(a.x[j] - b.x[j]) < 1e-12);
    }
  }
  fixture_close(&f);
}

/* Many points at once move as each would alone, also beside one that is lost in the
 * funnel's neck. */
static void test_hmc_rows(void **state) {
  (void)state;
  enum { N = 5, STEPS = 7 };
  fixture f;
  fixture_open(&f, "funnel", "dim", D);
  double inverse[D * D], root[D * D], x[N * D], alone[N * D], accept[N];
  weiri_metric metric;
  metric_of(&metric, false, inverse, root);
  const weiri_mover m = fixture_mover(&f, &metric, 0.3);
  int moved = 0, stayed = 0;
  for (uint64_t k = 0; k < 20; k++) {
    weiri_chance chance[N];
    for (int i = 0; i < N; i++) {
      chance[i] = weiri_chance_of(9, "rows", (uint64_t)i, k);
      for (int j = 0; j < D; j++) {
        x[i * D + j] = j == 0 ? (i == 2 ? -6.0 : 0.2 * i) : 0.3 * i - 0.2 * j;
      }
    }
    memcpy(alone, x, sizeof x);
    for (int i = 0; i < N; i++) {
      double grad[D];
      weiri_point at = {alone + i * D, grad, 0.0};
      weiri_chance c = chance[i];
      weiri_moved r;
      assert_int_equal(weiri_point_evaluate(&m, &at), WEIR_OK);
      assert_int_equal(weiri_hmc(&m, &c, STEPS, &at, &r), WEIR_OK);
      accept[i] = r.accept;
      moved += r.accepted;
      stayed += !r.accepted;
    }
    double together[N];
    assert_int_equal(weiri_hmc_rows(&m, N, chance, STEPS, x, together), WEIR_OK);
    for (int i = 0; i < N; i++) {
      assert_true(fabs(together[i] - accept[i]) < 1e-9);
      for (int j = 0; j < D; j++) {
        assert_true(fabs(x[i * D + j] - alone[i * D + j]) < 1e-9);
      }
    }
  }
  assert_true(moved > 20 && stayed > 20);
  fixture_close(&f);
}

/* ---- densities that cannot be had ---- */

static weir_status broken(
    void *user, int64_t n, const double *x, double *value, double *grad) {
  (void)user;
  for (int64_t i = 0; i < n; i++) {
    if (x[i] > 1.0) {
      return WEIR_E_NUMERIC;
    }
    value[i] = x[i] < -1.0 ? NAN : -0.5 * x[i] * x[i];
    if (grad != NULL) {
      grad[i] = -x[i];
    }
  }
  return WEIR_OK;
}

/* Failures and NaN are rejected: the truncated normal remains, and they are counted. */
static void test_failures(void **state) {
  (void)state;
  enum { N = 20000 };
  fixture f;
  fixture_open(&f, "normal", "dim", 1);
  weir_target_destroy(&f.target);
  assert_int_equal(weir_target_create(&f.target, f.ctx, 1, broken, NULL), WEIR_OK);
  double inverse = 1.0, root, x = 0.0, grad, square = 0.0;
  weiri_metric metric = {1, false, &inverse, &root};
  assert_true(weiri_metric_factor(&metric));
  const weiri_mover m = fixture_mover(&f, &metric, 0.9);
  weiri_point at = {&x, &grad, 0.0};
  assert_int_equal(weiri_point_evaluate(&m, &at), WEIR_OK);
  for (uint64_t i = 0; i < N; i++) {
    weiri_chance c = weiri_chance_of(5, "broken", 0, i);
    weiri_moved r;
    assert_int_equal(i % 2 == 0 ? weiri_random_walk(&m, &c, &at, &r)
                                : weiri_nuts(&m, &c, 5, &at, &r),
        WEIR_OK);
    assert_true(fabs(x) <= 1.0);
    square += x * x / N;
  }
  /* Variance of N(0, 1) within (-1, 1): 1 - 2 phi(1) / (2 Phi(1) - 1). */
  assert_true(fabs(square - 0.29112) < 0.02);
  assert_true(f.failed > 1000);
  fixture_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_reversible),
      cmocka_unit_test(test_volume), cmocka_unit_test(test_random_walk),
      cmocka_unit_test(test_langevin), cmocka_unit_test(test_hmc),
      cmocka_unit_test(test_nuts), cmocka_unit_test(test_langevin_is_one_step),
      cmocka_unit_test(test_hmc_rows), cmocka_unit_test(test_failures)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
