/* Solves, factors and determinants of small matrices; functions written in C. */
#include "dist_check.h"

#include "op/op.h"

static weir_tape *tape_of(rig *r, weir_dtype dtype) {
  weir_tape *t;
  memset(r, 0, sizeof *r);
  OK(weir_ctx_create(&r->ctx, NULL));
  OK(weir_tape_create(&t, r->ctx, dtype));
  return t;
}

static void close_tape(rig *r, weir_tape *t) {
  weir_tape_destroy(&t);
  rig_close(r);
}

/* The triangle that solve_tri reads, as a full matrix op(A). */
static void triangle(int64_t d, const double *a, weir_tri_opts o, double *out) {
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) {
      const double v = i == j ? (o.unit ? 1.0 : a[i * d + j])
                              : ((j < i) == o.lower ? a[i * d + j] : 0.0);
      out[o.transpose ? j * d + i : i * d + j] = v;
    }
  }
}

/* x op(A)' = b for every kind of triangle, batch and vector, in both types. */
static void solves(void **state) {
  (void)state;
  enum { D = 5, M = 3, B = 2 };
  for (int bits = 0; bits < 32; bits++) {
    rig r;
    const weir_dtype dtype = (bits & 8) != 0 ? WEIR_F32 : WEIR_F64;
    weir_tape *t = tape_of(&r, dtype);
    const weir_tri_opts o = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
    const bool batched = (bits & 16) != 0;
    double *a = normals(B * D * D, 41, 0.4), *b = normals(B * M * D, 42, 1.0);
    double full[B * D * D], x[B * M * D], back[B * M * D];
    for (int64_t i = 0; i < B * D; i++) {
      a[i * D + i % D] += 2.0;
    }
    for (int64_t i = 0; i < B; i++) {
      triangle(D, a + (batched ? i * D * D : 0), o, full + i * D * D);
    }
    const weir_shape rows_shape = weir_shape_3(B, M, D);
    const weir_var matrix =
        weir_leaf_f64(t, batched ? weir_shape_3(B, D, D) : weir_shape_2(D, D), a);
    const weir_var v = weir_solve_tri(t, matrix, weir_leaf_f64(t, rows_shape, b), o);
    OK(weir_var_read(t, v, x));
    for (int64_t i = 0; i < B * M; i++) {
      for (int64_t j = 0; j < D; j++) {
        back[i * D + j] = 0.0;
        for (int64_t k = 0; k < D; k++) {
          back[i * D + j] += full[(i / M) * D * D + j * D + k] * x[i * D + k];
        }
        near(back[i * D + j], b[i * D + j], dtype == WEIR_F32 ? 1e-5 : 1e-13, "solve");
      }
    }
    free(a);
    free(b);
    close_tape(&r, t);
  }
}

/* Differently shaped triangles have gradients too: through a scalar of the solution. */
static weir_tri_opts kind;
static weir_var solved(rig *r, weir_var x, weir_var b) {
  weir_tape *t = r->run->tape;
  const weir_var eye =
      weir_leaf_f64(t, weir_shape_2(3, 3), (double[]){2, 0, 0, 0, 2, 0, 0, 0, 2});
  return weir_sum_all(t, weir_sin(t, weir_solve_tri(t, weir_add(t, x, eye), b, kind)));
}

static void solve_gradients(void **state) {
  (void)state;
  for (int bits = 0; bits < 8; bits++) {
    rig r;
    rig_open(&r, 0);
    rig_ready(&r, 0);
    kind = (weir_tri_opts){(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
    double *a = normals(9, 43, 0.5), *b = normals(12, 44, 1.0);
    const point p = {3, 3, 3, a, b};
    check_gradients(&r, solved, &p);
    free(a);
    free(b);
    rig_close(&r);
  }
}

/* log |det|, inverse and Cholesky factor agree with each other. */
static void consistent(void **state) {
  (void)state;
  static const int64_t sizes[] = {0, 1, 2, 5, 20, 63};
  for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
    rig r;
    const int64_t d = sizes[k];
    weir_tape *t = tape_of(&r, WEIR_F64);
    double *a = normals(d * d, 45, 1.0), log_det[2];
    double *one = malloc((size_t)(d * d + 1) * sizeof *one);
    for (int64_t i = 0; i < d; i++) {
      a[i * d + i] += 0.5 * sqrt((double)d);
    }
    const weir_var m = weir_leaf_f64(t, weir_shape_2(d, d), a);
    const weir_var square = weir_matmul(t, m, m, false, true);
    const weir_var l = weir_cholesky(t, square);
    OK(weir_var_read(t, weir_logdet(t, m), &log_det[0]));
    OK(weir_var_read(t, weir_logdet(t, l), &log_det[1]));
    near(log_det[1], log_det[0], 1e-10, "log-determinants");
    const weir_var id = weir_matmul(t, m, weir_inverse(t, m), false, false);
    OK(weir_var_read(t, id, one));
    for (int64_t i = 0; i < d * d; i++) {
      near(one[i], i / d == i % d ? 1.0 : 0.0, 1e-9, "inverse");
    }
    OK(weir_var_read(t, weir_sub(t, weir_matmul(t, l, l, false, true), square), one));
    for (int64_t i = 0; i < d * d; i++) {
      near(one[i], 0.0, 1e-10, "Cholesky");
    }
    free(a);
    free(one);
    close_tape(&r, t);
  }
}

static void singular(void **state) {
  (void)state;
  rig r;
  weir_tape *t = tape_of(&r, WEIR_F64);
  double y;
  const weir_var s = weir_leaf_f64(t, weir_shape_2(2, 2), (double[]){1, 2, 2, 4});
  OK(weir_var_read(t, weir_logdet(t, s), &y));
  assert_true(isinf(y) && y < 0);
  const weir_var p =
      weir_leaf_f64(t, weir_shape_2(2, 2), (double[]){0, 3, 1, 0}); /* needs a pivot */
  OK(weir_var_read(t, weir_logdet(t, p), &y));
  near(y, log(3.0), 1e-15, "pivot");
  assert_false(weir_var_ok(weir_cholesky(t, weir_neg(t, s))));
  assert_int_equal(weir_tape_status(t), WEIR_E_NUMERIC);
  assert_non_null(strstr(weir_error(), "cholesky: matrix 1 of 1"));
  weir_tape_reset(t);
  assert_false(weir_var_ok(weir_logdet(t, weir_fill(t, weir_shape_2(2, 3), 1.0))));
  assert_int_equal(weir_tape_status(t), WEIR_E_SHAPE);
  weir_tape_reset(t);
  const weir_tri_opts o = {0};
  weir_solve_tri(t, weir_fill(t, weir_shape_2(3, 3), 1.0),
      weir_fill(t, weir_shape_2(3, 2), 1.0), o);
  assert_int_equal(weir_tape_status(t), WEIR_E_SHAPE);
  close_tape(&r, t);
}

/* ---- C functions ---- */

/* f(x) = sum_j sin(x_j) (j + user) */
static weir_status waves(
    void *user, int64_t n, int64_t d, const double *x, double *value, double *grad) {
  const double shift = *(const double *)user;
  for (int64_t i = 0; i < n; i++) {
    value[i] = 0.0;
    for (int64_t j = 0; j < d; j++) {
      value[i] += sin(x[i * d + j]) * ((double)j + shift);
      if (grad != NULL) {
        grad[i * d + j] = cos(x[i * d + j]) * ((double)j + shift);
      }
    }
  }
  return shift < 0 ? WEIR_E_DATA : WEIR_OK;
}

static double shift = 0.5;
static weir_var through_c(rig *r, weir_var x, weir_var context) {
  (void)context;
  weir_tape *t = r->run->tape;
  const weir_var y = weir_custom(t, weir_square(t, x), waves, &shift);
  return weir_sum_all(t, weir_square(t, y));
}

static void custom(void **state) {
  (void)state;
  rig r;
  rig_open(&r, 0);
  rig_ready(&r, 0);
  double *x = normals(12, 46, 1.0);
  const point p = {4, 3, 0, x, NULL};
  check_gradients(&r, through_c, &p);
  free(x);
  weir_tape *t = r.run->tape;
  weiri_run_reset(r.run);
  const weir_var none = weir_var_none(), v = weir_fill(t, weir_shape_2(2, 2), 1.0);
  weir_var g;
  OK(weir_grad(t, weir_custom(t, v, waves, &shift), none, 1, &v, &g, true));
  assert_int_equal(weir_grad(t, g, none, 1, &v, &g, false), WEIR_E_UNSUPPORTED);
  weiri_run_reset(r.run);
  double bad = -1.0;
  assert_false(
      weir_var_ok(weir_custom(t, weir_fill(t, weir_shape_2(2, 2), 1.0), waves, &bad)));
  assert_int_equal(weir_tape_status(t), WEIR_E_DATA);
  rig_close(&r);
  t = tape_of(&r, WEIR_F32);
  double y[2];
  OK(weir_var_read(
      t, weir_custom(t, weir_fill(t, weir_shape_2(2, 1), 2.0), waves, &shift), y));
  near(y[1], 0.5 * sin(2.0), 1e-7, "float32");
  close_tape(&r, t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(solves),
      cmocka_unit_test(solve_gradients),
      cmocka_unit_test(consistent),
      cmocka_unit_test(singular),
      cmocka_unit_test(custom),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
