/* Philox against Random123's known answers; ranges, moments, and the same numbers
 * however they are asked for. */
#include "counting.h"

#include <math.h>

#include "base/rng.h"

static void check_philox(
    const uint32_t c[4], const uint32_t k[2], const uint32_t y[4]) {
  const weiri_rng rng = {k[0] | (uint64_t)k[1] << 32, c[2] | (uint64_t)c[3] << 32};
  uint32_t out[4];
  weiri_philox(rng, c[0] | (uint64_t)c[1] << 32, out);
  assert_memory_equal(out, y, sizeof out);
}

/* kat_vectors of the Random123 distribution, philox4x32 10 */
static void known_answers(void **state) {
  (void)state;
  check_philox((uint32_t[4]){0, 0, 0, 0}, (uint32_t[2]){0, 0},
      (uint32_t[4]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  check_philox((uint32_t[4]){~0u, ~0u, ~0u, ~0u}, (uint32_t[2]){~0u, ~0u},
      (uint32_t[4]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  check_philox((uint32_t[4]){0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
      (uint32_t[2]){0xa4093822, 0x299f31d0},
      (uint32_t[4]){0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

static void streams(void **state) {
  (void)state;
  assert_int_equal(weiri_stream("dropout", 3), weiri_stream("dropout", 3));
  assert_int_not_equal(weiri_stream("dropout", 3), weiri_stream("dropout", 4));
  assert_int_not_equal(weiri_stream("dropout", 3), weiri_stream("shuffle", 3));
}

/* Every start and length gives the numbers of the single calls. */
static void fills_agree(void **state) {
  (void)state;
  const weiri_rng rng = {42, weiri_stream("test", 0)};
  double u[400];
  double z[400];
  float zf[400];
  float uf[400];
  for (uint64_t first = 0; first < 4; first++) {
    for (int64_t n = 0; n < 400; n += 1 + n / 3) {
      weiri_fill_uniform(rng, first, n, WEIR_F64, u);
      weiri_fill_uniform(rng, first, n, WEIR_F32, uf);
      weiri_fill_normal(rng, first, n, WEIR_F64, z);
      weiri_fill_normal(rng, first, n, WEIR_F32, zf);
      for (int64_t i = 0; i < n; i++) {
        const double ui = weiri_uniform(rng, first + (uint64_t)i);
        const double zi = weiri_normal(rng, first + (uint64_t)i);
        assert_memory_equal(&ui, &u[i], sizeof ui);
        assert_memory_equal(&zi, &z[i], sizeof zi);
        assert_true(zf[i] == (float)zi);
        assert_true(fabs((double)uf[i] - ui) <= 0x1p-23);
        assert_true(uf[i] > 0.0f && uf[i] < 1.0f);
      }
    }
  }
}

/* Box-Muller again with the mathematical library, over many magnitudes. */
static void normals_against_libm(void **state) {
  (void)state;
  const weiri_rng rng = {7, 8};
  for (uint64_t i = 0; i < 200000; i += 2) {
    const double r = sqrt(-2.0 * log(weiri_uniform(rng, i)));
    const double t = 6.283185307179586 * weiri_uniform(rng, i + 1);
    assert_true(fabs(weiri_normal(rng, i) - r * cos(t)) < 1e-14 * (1.0 + r));
    assert_true(fabs(weiri_normal(rng, i + 1) - r * sin(t)) < 1e-14 * (1.0 + r));
  }
}

enum { N = 1 << 20 };

static double *draws(void (*fill)(weiri_rng, uint64_t, int64_t, weir_dtype, void *)) {
  double *x = malloc(N * sizeof *x);
  assert_non_null(x);
  fill((weiri_rng){2024, 5}, 0, N, WEIR_F64, x);
  return x;
}

/* |z| < 5 for the mean of g(x), whose mean and variance are known. */
static void check_mean(const double *g, double mean, double var) {
  double sum = 0.0;
  for (int i = 0; i < N; i++) {
    sum += g[i];
  }
  assert_true(fabs(sum / N - mean) < 5.0 * sqrt(var / N));
}

static void uniform_moments(void **state) {
  (void)state;
  double *u = draws(weiri_fill_uniform);
  double *g = malloc(N * sizeof *g);
  assert_non_null(g);
  check_mean(u, 0.5, 1.0 / 12.0);
  for (int i = 0; i < N; i++) {
    assert_true(u[i] > 0.0 && u[i] < 1.0);
    g[i] = (u[i] - 0.5) * (u[(i + 1) % N] - 0.5);
  }
  check_mean(g, 0.0, 1.0 / 144.0);
  for (int i = 0; i < N; i++) {
    g[i] = u[i] * u[i];
  }
  check_mean(g, 1.0 / 3.0, 1.0 / 5.0 - 1.0 / 9.0);
  free(g);
  free(u);
}

static void normal_moments(void **state) {
  (void)state;
  static const double mean[5] = {0, 0, 1, 0, 3};
  static const double square[5] = {0, 1, 3, 15, 105};
  double *z = draws(weiri_fill_normal);
  double *g = malloc(N * sizeof *g);
  assert_non_null(g);
  for (int p = 1; p <= 4; p++) {
    for (int i = 0; i < N; i++) {
      g[i] = pow(z[i], p);
    }
    check_mean(g, mean[p], square[p] - mean[p] * mean[p]);
  }
  for (int i = 0; i < N; i++) {
    g[i] = z[i] * z[i ^ 1]; /* the two of a pair */
  }
  check_mean(g, 0.0, 1.0);
  for (int i = 0; i < N; i++) {
    g[i] = fabs(z[i]) > 3.0;
  }
  const double tail = erfc(3.0 / sqrt(2.0));
  check_mean(g, tail, tail * (1.0 - tail));
  free(g);
  free(z);
}

static void integers_below(void **state) {
  (void)state;
  const weiri_rng rng = {3, 4};
  int64_t counts[7] = {0};
  const int64_t huge = INT64_C(1) << 62;
  double sum = 0.0;
  for (uint64_t i = 0; i < 70000; i++) {
    const int64_t k = weiri_below(rng, i, 7);
    assert_true(k >= 0 && k < 7);
    counts[k]++;
    const int64_t h = weiri_below(rng, i, huge);
    assert_true(h >= 0 && h < huge);
    sum += (double)h / (double)huge;
  }
  for (int k = 0; k < 7; k++) {
    assert_true(fabs((double)counts[k] - 1e4) < 5.0 * sqrt(1e4 * 6.0 / 7.0));
  }
  assert_true(fabs(sum / 7e4 - 0.5) < 5.0 * sqrt(1.0 / 12.0 / 7e4));
  assert_int_equal(weiri_below(rng, 9, 1), 0);
}

static void permutations(void **state) {
  (void)state;
  int64_t p[1000];
  int seen[1000] = {0};
  weiri_permutation((weiri_rng){1, 1}, 1000, p);
  int fixed = 0;
  for (int i = 0; i < 1000; i++) {
    assert_true(p[i] >= 0 && p[i] < 1000);
    assert_int_equal(seen[p[i]]++, 0);
    fixed += p[i] == i;
  }
  assert_true(fixed < 10);
  int counts[6] = {0};
  for (uint64_t s = 0; s < 6000; s++) {
    weiri_permutation((weiri_rng){s, 0}, 3, p);
    counts[2 * p[0] + (p[1] > p[2])]++;
  }
  for (int i = 0; i < 6; i++) {
    assert_true(fabs(counts[i] - 1e3) < 5.0 * sqrt(1e3 * 5.0 / 6.0));
  }
  weiri_permutation((weiri_rng){1, 1}, 0, p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_answers),
      cmocka_unit_test(streams),
      cmocka_unit_test(fills_agree),
      cmocka_unit_test(normals_against_libm),
      cmocka_unit_test(uniform_moments),
      cmocka_unit_test(normal_moments),
      cmocka_unit_test(integers_below),
      cmocka_unit_test(permutations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
