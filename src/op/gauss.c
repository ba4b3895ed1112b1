/* y_i = -sum_j (e_ij^2 / 2 + l_ij) - d log(2 pi) / 2, e = (x - m) exp(-l): log-density
 * of rows x [n, d] under independent normals with means m and log standard deviations
 * l, both [n, d]. Its adjoint is one sweep too: with r = gy e exp(-l), gx = -r,  gm =
 * r,  gl = gy (e^2 - 1). */
#include "op/op.h"

#define ROWS 8 /* per chunk */
#define HALF_LOG_2PI 0.91893853320467274178

typedef struct job {
  const weiri_kern *kern;
  weir_dtype dtype;
  int64_t n, d;
  const char *x, *m, *l, *gy;
  char *y; /* the adjoint: gx, gm, gl [3, n, d] */
} job;

/* The loops over a row, once per number type; s holds exp(-l). */
#define LOOPS(T, name)                                                                 \
  static void name##_row(                                                              \
      int64_t d, const void *px, const void *pm, const void *pl, void *ps) {           \
    const T *x = px, *m = pm, *l = pl;                                                 \
    T *s = ps;                                                                         \
    for (int64_t j = 0; j < d; j++) {                                                  \
      const T e = (x[j] - m[j]) * s[j];                                                \
      s[j] = (T)-0.5 * e * e - l[j];                                                   \
    }                                                                                  \
  }                                                                                    \
  static void name##_back(int64_t d, T gy, const void *px, const void *pm, void *pgx,  \
      void *pgm, void *pgl) {                                                          \
    const T *x = px, *m = pm;                                                          \
    T *gx = pgx, *gm = pgm, *s = pgl;                                                  \
    for (int64_t j = 0; j < d; j++) {                                                  \
      const T e = (x[j] - m[j]) * s[j], r = gy * e * s[j];                             \
      gx[j] = -r;                                                                      \
      gm[j] = r;                                                                       \
      s[j] = gy * (e * e - 1);                                                         \
    }                                                                                  \
  }
LOOPS(float, f32)
LOOPS(double, f64)

/* exp(-l) of a row into s. */
static void inverse_scales(const job *j, size_t at, void *s, void *room) {
  j->kern->neg[j->dtype](j->d, j->l + at, room);
  j->kern->exp[j->dtype](j->d, room, s);
}

static void shift_rows(const job *j, int64_t first, int64_t last) {
  const double c = -HALF_LOG_2PI * (double)j->d;
  for (int64_t i = first; i < last; i++) {
    if (j->dtype == WEIR_F32) {
      float *y = (float *)(void *)j->y + i;
      *y = (float)((double)*y + c);
    } else {
      ((double *)(void *)j->y)[i] += c;
    }
  }
}

static void forward_chunk(void *arg, int64_t chunk, void *scratch) {
  const job *j = arg;
  const size_t size = weir_dtype_size(j->dtype), wide = (size_t)j->d * size;
  const int64_t first = chunk * ROWS, end = first + ROWS;
  const int64_t last = end < j->n ? end : j->n;
  for (int64_t i = first; i < last; i++) {
    const size_t at = (size_t)i * wide;
    inverse_scales(j, at, scratch, (char *)scratch + wide);
    (j->dtype == WEIR_F32 ? f32_row : f64_row)(
        j->d, j->x + at, j->m + at, j->l + at, scratch);
    j->kern->sum_rows[j->dtype](1, j->d, scratch, j->y + (size_t)i * size);
  }
  shift_rows(j, first, last);
}

static void adjoint_chunk(void *arg, int64_t chunk, void *scratch) {
  const job *j = arg;
  const size_t wide = (size_t)j->d * weir_dtype_size(j->dtype);
  const size_t whole = (size_t)j->n * wide;
  for (int64_t i = chunk * ROWS; i < j->n && i < (chunk + 1) * ROWS; i++) {
    const size_t at = (size_t)i * wide;
    char *gx = j->y + at, *gm = gx + whole, *gl = gm + whole;
    inverse_scales(j, at, gl, scratch);
    if (j->dtype == WEIR_F32) {
      f32_back(j->d, ((const float *)(const void *)j->gy)[i], j->x + at, j->m + at, gx,
          gm, gl);
    } else {
      f64_back(j->d, ((const double *)(const void *)j->gy)[i], j->x + at, j->m + at, gx,
          gm, gl);
    }
  }
}

static void run(weir_tape *t, const weir_node *y,
    void (*chunk)(void *arg, int64_t i, void *scratch)) {
  job j = {.kern = weiri_tape_kern(t),
      .dtype = weir_tape_dtype(t),
      .n = y->in[0]->shape.dim[0],
      .d = y->in[0]->shape.dim[1],
      .x = y->in[0]->data,
      .m = y->in[1]->data,
      .l = y->in[2]->data,
      .gy = y->n_in > 3 ? y->in[3]->data : NULL,
      .y = y->data};
  const size_t scratch = 2 * (size_t)j.d * weir_dtype_size(j.dtype) + 64;
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), (j.n + ROWS - 1) / ROWS,
                         20.0 * (double)(j.n * j.d), scratch, chunk, &j));
}

static void eval(weir_tape *t, const weir_node *y) {
  run(t, y, forward_chunk);
}

static void adjoint_eval(weir_tape *t, const weir_node *y) {
  run(t, y, adjoint_chunk);
}

static const weir_op_class adjoint_class = {
    "gauss_adjoint", adjoint_eval, NULL, NULL, NULL};

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const weir_shape s = y->in[0]->shape;
  const weir_var in[4] = {weir_node_var(t, y->in[0]), weir_node_var(t, y->in[1]),
      weir_node_var(t, y->in[2]), gy};
  const weir_var all = weir_op_apply(
      t, &adjoint_class, weir_shape_3(3, s.dim[0], s.dim[1]), 4, in, NULL, 0);
  for (int i = 0; i < 3; i++) {
    gx[i] = want[i] ? weir_reshape(t, weir_slice(t, all, 0, i, 1), s) : gx[i];
  }
}

static weir_var expand(weir_tape *t, const weir_node *y) {
  const weir_var x = weir_node_var(t, y->in[0]), m = weir_node_var(t, y->in[1]);
  const weir_var l = weir_node_var(t, y->in[2]);
  const weir_var e = weir_mul(t, weir_sub(t, x, m), weir_exp(t, weir_neg(t, l)));
  const weir_var each = weir_sub(t, weir_scale(t, weir_square(t, e), -0.5), l);
  const double d = (double)y->in[0]->shape.dim[1];
  return weir_shift(t, weir_sum_last(t, each), -HALF_LOG_2PI * d);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_gauss(t, in[0], in[1], in[2]);
}
static const weir_probe probe = {
    3, {{2, {3, 4}}, {2, {3, 4}}, {2, {3, 4}}}, -1.5, 1.5, build};
const weir_op_class weir_op_gauss = {"gauss", eval, vjp, expand, &probe};

weir_var weir_gauss(weir_tape *t, weir_var x, weir_var loc, weir_var log_scale) {
  const weir_shape s = weir_var_shape(t, x), a = weir_var_shape(t, loc);
  const weir_shape b = weir_var_shape(t, log_scale);
  if (!weir_var_ok(x) || !weir_var_ok(loc) || !weir_var_ok(log_scale)) {
    return weir_var_none();
  }
  if (s.rank != 2 || !weir_shape_equal(&s, &a) || !weir_shape_equal(&s, &b)) {
    char tx[128], ta[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "gauss: rows %s with means %s",
        weiri_shape_text(&s, tx), weiri_shape_text(&a, ta));
  }
  const weir_var in[3] = {x, loc, log_scale};
  return weir_op_apply(t, &weir_op_gauss, weir_shape_1(s.dim[0]), 3, in, NULL, 0);
}
