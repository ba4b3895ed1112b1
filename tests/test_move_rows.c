/* Langevin moves of many data at once on posteriors that are known: z ~ N(0, I), x_i ~
 * N(z_i, s_i^2 I), so z_i given x_i is N(x_i / (1 + s_i^2), s_i^2 / (1 + s_i^2)). */
#include "infer_help.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "move/rows.h"

enum { N = 3, D = 2, H = 5 };

typedef struct data {
  double x[N][D], s[N];
  int first; /* datum of row 0 */
} data;

static const data all = {{{1.0, -2.0}, {0.5, 3.0}, {-1.5, 0.2}}, {0.5, 1.0, 2.0}, 0};

static weir_status joint(
    void *user, int64_t n, int64_t d, const double *z, double *value, double *grad) {
  const data *m = user;
  for (int64_t i = 0; i < n; i++) {
    const int64_t k = i + m->first;
    const double precision = 1.0 / (m->s[k] * m->s[k]);
    value[i] = 0.0;
    for (int64_t j = 0; j < d; j++) {
      const double a = z[i * d + j], b = m->x[k][j] - a;
      value[i] -= 0.5 * (a * a + b * b * precision);
      grad[i * d + j] = -a + b * precision;
    }
  }
  return WEIR_OK;
}

/* Sums for means and variances with batch means for their errors. */
typedef struct tally {
  double first[N][D][2], second[N][D][2]; /* of batch means: sum, sum of squares */
  int64_t batches;
} tally;

static void take(tally *t, double (*mean)[D], double (*square)[D]) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < D; j++) {
      t->first[i][j][0] += mean[i][j];
      t->first[i][j][1] += mean[i][j] * mean[i][j];
      t->second[i][j][0] += square[i][j];
      t->second[i][j][1] += square[i][j] * square[i][j];
    }
  }
  t->batches++;
}

static double z_of(const double *sum, int64_t n, double expected) {
  const double mean = sum[0] / (double)n, v = sum[1] / (double)n - mean * mean;
  return (mean - expected) / sqrt(v / (double)(n - 1));
}

static void check(const tally *t, double *worst) {
  *worst = 0.0;
  for (int i = 0; i < N; i++) {
    const double v = all.s[i] * all.s[i] / (1.0 + all.s[i] * all.s[i]);
    for (int j = 0; j < D; j++) {
      const double m = all.x[i][j] / (1.0 + all.s[i] * all.s[i]);
      *worst = fmax(*worst, fabs(z_of(t->first[i][j], t->batches, m)));
      *worst = fmax(*worst, fabs(z_of(t->second[i][j], t->batches, v + m * m)));
    }
  }
}

enum { BATCH = 500, BATCHES = 200 };

typedef void mover(void *state, uint64_t iteration);

/* Runs a chain of all rows whose z are at z. */
static void tally_of(tally *t, mover *move, void *state, const double *z) {
  memset(t, 0, sizeof *t);
  uint64_t iteration = 0;
  for (int b = -5; b < BATCHES; b++) {
    double mean[N][D] = {{0.0}}, square[N][D] = {{0.0}};
    for (int k = 0; k < BATCH; k++) {
      move(state, iteration++);
      for (int i = 0; i < N * D; i++) {
        mean[i / D][i % D] += z[i] / BATCH;
        square[i / D][i % D] += z[i] * z[i] / BATCH;
      }
    }
    if (b >= 0) {
      take(t, mean, square);
    }
  }
}

/* ---- each row on its own ---- */

typedef struct rows {
  weiri_rows_state s;
  double z[N * D], grad[N * D], value[N], work[N * (3 * D + 1)];
  weiri_rows_density density;
  double step;
  bool correct;
  int64_t accepted[N], moves;
} rows;

static void rows_open(rows *r, double step, bool correct) {
  *r = (rows){.step = step, .correct = correct};
  r->density = (weiri_rows_density){joint, (void *)(uintptr_t)&all};
  r->s = (weiri_rows_state){N, D, r->z, r->grad, r->value, NULL, false};
  assert_int_equal(weiri_rows_evaluate(&r->s, &r->density), WEIR_OK);
}

static void rows_move(void *state, uint64_t iteration) {
  rows *r = state;
  bool accepted[N];
  assert_int_equal(weiri_langevin_rows(&r->s, &r->density, r->step, r->correct, 9,
                       iteration, r->work, accepted),
      WEIR_OK);
  for (int i = 0; i < N; i++) {
    r->accepted[i] += accepted[i] ? 1 : 0;
  }
  r->moves++;
}

static void test_rows(void **state) {
  (void)state;
  static rows r;
  static tally t;
  double worst;
  rows_open(&r, 0.3, true);
  tally_of(&t, rows_move, &r, r.z);
  check(&t, &worst);
  assert_true(worst < 5.0);
  /* The sharp posterior of the first datum refuses more than the wide one of the last:
   * acceptance is each row's own. */
  const double first = (double)r.accepted[0] / (double)r.moves;
  const double last = (double)r.accepted[2] / (double)r.moves;
  assert_true(first > 0.1 && first < 0.9);
  assert_true(last > first + 0.05);
  /* Without the correction the law is visibly another. */
  rows_open(&r, 0.3, false);
  tally_of(&t, rows_move, &r, r.z);
  check(&t, &worst);
  assert_true(worst > 8.0);
}

/* A row moves the same whatever stands beside it. */
static void test_rows_alone(void **state) {
  (void)state;
  static rows r;
  data part = all;
  part.first = 1;
  const int64_t index = 1;
  double z[D] = {0.0}, grad[D], value, work[3 * D + 1];
  weiri_rows_state one = {1, D, z, grad, &value, &index, false};
  const weiri_rows_density density = {joint, &part};
  rows_open(&r, 0.3, true);
  assert_int_equal(weiri_rows_evaluate(&one, &density), WEIR_OK);
  for (uint64_t i = 0; i < 50; i++) {
    rows_move(&r, i);
    assert_int_equal(
        weiri_langevin_rows(&one, &density, 0.3, true, 9, i, work, NULL), WEIR_OK);
    assert_memory_equal(z, r.z + D, sizeof z);
  }
}

/* ---- amortised ---- */

typedef struct amortized {
  weiri_amortized_state s;
  double phi[D * H], g[N * H], z[N * D], grad[N * D], value[N];
  double work[N * (2 * D + 1) + 3 * D * H];
  weiri_rows_density density;
  double step, accept;
  bool correct;
  int64_t moves;
} amortized;

static void amortized_open(amortized *a, double step, bool correct) {
  *a = (amortized){.step = step, .correct = correct};
  for (int i = 0; i < N * H; i++) {
    a->g[i] = (i / H == i % H ? 1.0 : 0.0) + 0.2 * sin(2.3 * i + 0.4); /* of rank N */
  }
  a->density = (weiri_rows_density){joint, (void *)(uintptr_t)&all};
  a->s = (weiri_amortized_state){
      H, a->phi, a->g, {N, D, a->z, a->grad, a->value, NULL, false}};
  assert_int_equal(weiri_amortized_evaluate(&a->s, &a->density), WEIR_OK);
}

static void amortized_move(void *state, uint64_t iteration) {
  amortized *a = state;
  weiri_moved out;
  assert_int_equal(weiri_langevin_amortized(&a->s, &a->density, a->step, a->correct, 4,
                       iteration, a->work, &out),
      WEIR_OK);
  a->accept += out.accept;
  a->moves++;
}

/* The outputs are draws from their data's posteriors. */
static void test_amortized(void **state) {
  (void)state;
  static amortized a;
  static tally t;
  double worst;
  amortized_open(&a, 0.06, true);
  tally_of(&t, amortized_move, &a, a.z);
  check(&t, &worst);
  const double accept = a.accept / (double)a.moves;
  assert_true(worst < 5.0);
  assert_true(accept > 0.1 && accept < 0.95);
  amortized_open(&a, 0.06, false);
  tally_of(&t, amortized_move, &a, a.z);
  check(&t, &worst);
  assert_true(worst > 8.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows),
      cmocka_unit_test(test_rows_alone), cmocka_unit_test(test_amortized)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
