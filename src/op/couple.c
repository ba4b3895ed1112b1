/* An affine map of some columns of x [n, d], the heart of Real NVP (Dinh et al. 2017,
 * eqs. 7 and 8): with (u, a) = theta of column j and s = s(u),
 *     z_j = s x_j + a,          log_det =  sum log s,
 *     z_j = (x_j - a) / s,      log_det = -sum log s     (inverse);
 * other columns pass. s(u) is exp(u); exp(b tanh(u / b)); sigmoid(u + 2) + 1e-3;
 * softplus(u) + 1e-3; or 1, when theta is the shift alone. One pass over x and theta,
 * by blocks of rows; the values of z and then of log_det lie in one tensor [n d + n].
 * Its gradient is one pass too: with l' = d log s / du, forward: gx = gz s,  ga = gz,
 * gu = ( gz x s + gl) l', inverse: gx = gz / s, ga = -gz / s, gu = (-gz z - gl) l'. */
#include <string.h>

#include "op/columns.h"

#define LEAST 1e-3
#define SIGMOID_SHIFT 2.0
#define BLOCK 2048 /* numbers of a column block */
#define COST 60.0  /* operations per number */
enum { LANES = 6 };

typedef struct attr {
  weiri_columns columns;
  int64_t scale; /* weir_scale_kind */
  double bound;
  int64_t inverse;
} attr;

typedef struct job {
  const weiri_kern *kern;
  weir_dtype dtype;
  const attr *a;
  int64_t n, d, m, p, rows; /* rows per chunk */
  const char *x, *theta, *gz, *gl;
  char *z, *log_det, *gx, *gtheta;
} job;

/* What a block of count numbers needs: each [rows, m]. */
typedef struct lanes {
  void *v;     /* of x */
  void *shift; /* a */
  void *s, *log_s;
  void *slope; /* l' */
  void *g;     /* of gz */
} lanes;

/* s, log s and, unless NULL, l' of u, which lies in l->s. */
static void scales(const job *j, int64_t n, const lanes *l, bool slope) {
  const weir_dtype t = j->dtype;
  const weiri_kern *k = j->kern;
  const double b = j->a->bound;
  switch ((weir_scale_kind)j->a->scale) {
  case WEIR_SCALE_EXP:
    memcpy(l->log_s, l->s, (size_t)n * weir_dtype_size(t));
    k->exp[t](n, l->log_s, l->s);
    k->affine[t](slope ? n : 0, 0.0, 1.0, l->log_s, l->slope);
    break;
  case WEIR_SCALE_TANH_EXP:
    k->affine[t](n, 1.0 / b, 0.0, l->s, l->slope);
    k->tanh[t](n, l->slope, l->s);
    k->affine[t](n, b, 0.0, l->s, l->log_s);
    if (slope) { /* 1 - tanh^2 */
      k->square[t](n, l->s, l->slope);
      k->affine[t](n, -1.0, 1.0, l->slope, l->s);
      memcpy(l->slope, l->s, (size_t)n * weir_dtype_size(t));
    }
    k->exp[t](n, l->log_s, l->s);
    break;
  case WEIR_SCALE_SIGMOID:
    k->affine[t](n, 1.0, SIGMOID_SHIFT, l->s, l->log_s);
    k->sigmoid[t](n, l->log_s, l->slope);
    k->affine[t](n, 1.0, LEAST, l->slope, l->s);
    k->log[t](n, l->s, l->log_s);
    break;
  case WEIR_SCALE_SOFTPLUS:
    k->sigmoid[t](slope ? n : 0, l->s, l->slope);
    k->softplus[t](n, l->s, l->log_s);
    k->affine[t](n, 1.0, LEAST, l->log_s, l->s);
    k->log[t](n, l->s, l->log_s);
    break;
  case WEIR_SCALE_NONE:
    break;
  }
}

/* The loops over rows, once per number type. */
#define LOOPS(T, name)                                                                 \
  static void name##_take(const job *j, int64_t r0, int64_t n, const lanes *l) {       \
    const T *x = (const T *)(const void *)j->x + r0 * j->d;                            \
    const T *theta = (const T *)(const void *)j->theta + r0 * j->m * j->p;             \
    T *v = l->v, *a = l->shift, *u = l->s;                                             \
    for (int64_t i = 0, k = 0; i < n; i++) {                                           \
      for (int64_t c = 0; c < j->m; c++, k++) {                                        \
        v[k] = x[i * j->d + j->a->columns.index[c]];                                   \
        a[k] = theta[k * j->p + j->p - 1];                                             \
        u[k] = theta[k * j->p];                                                        \
      }                                                                                \
    }                                                                                  \
  }                                                                                    \
  static void name##_map(const job *j, int64_t n, const lanes *l) {                    \
    T *v = l->v;                                                                       \
    const T *a = l->shift, *s = l->s;                                                  \
    const bool scaled = j->p == 2;                                                     \
    for (int64_t k = 0; k < n; k++) {                                                  \
      v[k] = !scaled         ? (j->a->inverse ? v[k] - a[k] : v[k] + a[k])             \
             : j->a->inverse ? (v[k] - a[k]) / s[k]                                    \
                             : s[k] * v[k] + a[k];                                     \
    }                                                                                  \
  }                                                                                    \
  static void name##_put(const job *j, int64_t r0, int64_t n, const lanes *l) {        \
    const T *x = (const T *)(const void *)j->x + r0 * j->d, *v = l->v,                 \
            *log_s = l->log_s;                                                         \
    T *z = (T *)(void *)j->z + r0 * j->d, *out = (T *)(void *)j->log_det + r0;         \
    memcpy(z, x, (size_t)(n * j->d) * sizeof *z);                                      \
    for (int64_t i = 0, k = 0; i < n; i++) {                                           \
      double sum = 0.0;                                                                \
      for (int64_t c = 0; c < j->m; c++, k++) {                                        \
        z[i * j->d + j->a->columns.index[c]] = v[k];                                   \
        sum += j->p == 2 ? (double)log_s[k] : 0.0;                                     \
      }                                                                                \
      out[i] = (T)(j->a->inverse ? -sum : sum);                                        \
    }                                                                                  \
  }                                                                                    \
  /* v holds z when inverse, else x. Sigmoid and softplus: l' = (ds / du) / s. */      \
  static void name##_back(const job *j, int64_t r0, int64_t n, const lanes *l) {       \
    const T *gz = (const T *)(const void *)j->gz + r0 * j->d;                          \
    const T *gl = (const T *)(const void *)j->gl + r0;                                 \
    T *gx = (T *)(void *)j->gx + r0 * j->d;                                            \
    T *gt = (T *)(void *)j->gtheta + r0 * j->m * j->p;                                 \
    const T *v = l->v, *s = l->s, *slope = l->slope;                                   \
    const weir_scale_kind kind = (weir_scale_kind)j->a->scale;                         \
    memcpy(gx, gz, (size_t)(n * j->d) * sizeof *gx);                                   \
    for (int64_t i = 0, k = 0; i < n; i++) {                                           \
      for (int64_t c = 0; c < j->m; c++, k++) {                                        \
        const int64_t at = i * j->d + j->a->columns.index[c];                          \
        const T g = gz[at];                                                            \
        if (kind == WEIR_SCALE_NONE) {                                                 \
          gt[k] = j->a->inverse ? -g : g;                                              \
          continue;                                                                    \
        }                                                                              \
        const T one = kind == WEIR_SCALE_SIGMOID    ? slope[k] * (1 - slope[k]) / s[k] \
                      : kind == WEIR_SCALE_SOFTPLUS ? slope[k] / s[k]                  \
                                                    : slope[k];                        \
        gx[at] = j->a->inverse ? g / s[k] : g * s[k];                                  \
        gt[2 * k + 1] = j->a->inverse ? -gx[at] : g;                                   \
        gt[2 * k] = (j->a->inverse ? -g * v[k] - gl[i] : gx[at] * v[k] + gl[i]) * one; \
      }                                                                                \
    }                                                                                  \
  }
LOOPS(float, f32)
LOOPS(double, f64)

static lanes lanes_of(const job *j, void *scratch) {
  char *p = scratch;
  const size_t step = (size_t)(j->rows * j->m) * weir_dtype_size(j->dtype);
  return (lanes){p, p + step, p + 2 * step, p + 3 * step, p + 4 * step, p + 5 * step};
}

static int64_t rows_of(const job *j, int64_t chunk, int64_t *r0) {
  *r0 = chunk * j->rows;
  return j->n - *r0 < j->rows ? j->n - *r0 : j->rows;
}

static void forward(void *arg, int64_t chunk, void *scratch) {
  const job *j = arg;
  int64_t r0;
  const int64_t n = rows_of(j, chunk, &r0), count = n * j->m;
  const lanes l = lanes_of(j, scratch);
  const bool single = j->dtype == WEIR_F32;
  (single ? f32_take : f64_take)(j, r0, n, &l);
  scales(j, count, &l, false);
  (single ? f32_map : f64_map)(j, count, &l);
  (single ? f32_put : f64_put)(j, r0, n, &l);
}

static void backward(void *arg, int64_t chunk, void *scratch) {
  const job *j = arg;
  int64_t r0;
  const int64_t n = rows_of(j, chunk, &r0), count = n * j->m;
  const lanes l = lanes_of(j, scratch);
  const bool single = j->dtype == WEIR_F32;
  (single ? f32_take : f64_take)(j, r0, n, &l);
  scales(j, count, &l, true);
  if (j->a->inverse) {
    (single ? f32_map : f64_map)(j, count, &l);
  }
  (single ? f32_back : f64_back)(j, r0, n, &l);
}

static void run(
    weir_tape *t, job *j, void (*fn)(void *arg, int64_t chunk, void *scratch)) {
  const size_t size = weir_dtype_size(j->dtype);
  j->m = j->a->columns.n;
  j->p = j->a->scale == WEIR_SCALE_NONE ? 1 : 2;
  j->rows = j->m > BLOCK ? 1 : BLOCK / (j->m > 0 ? j->m : 1);
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), (j->n + j->rows - 1) / j->rows,
                         COST * (double)(j->n * j->m),
                         LANES * (size_t)(j->rows * j->m) * size + 1, fn, j));
}

static void eval(weir_tape *t, const weir_node *y) {
  const weir_shape *s = &y->in[0]->shape;
  job j = {.kern = weiri_tape_kern(t),
      .dtype = weir_tape_dtype(t),
      .a = y->attr,
      .n = s->dim[0],
      .d = s->dim[1],
      .x = y->in[0]->data,
      .theta = y->in[1]->data,
      .z = y->data};
  j.log_det = j.z + (size_t)(j.n * j.d) * weir_dtype_size(j.dtype);
  run(t, &j, forward);
}

/* in: x, theta, the gradient [n d + n]; gives gx and then gtheta. */
static void adjoint_eval(weir_tape *t, const weir_node *y) {
  const weir_shape *s = &y->in[0]->shape;
  job j = {.kern = weiri_tape_kern(t),
      .dtype = weir_tape_dtype(t),
      .a = y->attr,
      .n = s->dim[0],
      .d = s->dim[1],
      .x = y->in[0]->data,
      .theta = y->in[1]->data,
      .gz = y->in[2]->data,
      .gx = y->data};
  const size_t rows = (size_t)(j.n * j.d) * weir_dtype_size(j.dtype);
  j.gl = j.gz + rows;
  j.gtheta = j.gx + rows;
  run(t, &j, backward);
}

const weir_op_class weiri_op_couple_adjoint = {
    "couple_adjoint", adjoint_eval, NULL, NULL, NULL};

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const weir_shape sx = y->in[0]->shape, st = y->in[1]->shape;
  const int64_t n = weir_shape_size(&sx), k = weir_shape_size(&st);
  const weir_var in[3] = {weir_node_var(t, y->in[0]), weir_node_var(t, y->in[1]), gy};
  const weir_var both = weir_op_apply(
      t, &weiri_op_couple_adjoint, weir_shape_1(n + k), 3, in, y->attr, sizeof(attr));
  if (want[0]) {
    gx[0] = weir_reshape(t, weir_slice(t, both, 0, 0, n), sx);
  }
  if (want[1]) {
    gx[1] = weir_reshape(t, weir_slice(t, both, 0, n, k), st);
  }
}

/* ---- the reference form ---- */

static weir_var scale_of(weir_tape *t, const attr *a, weir_var u, weir_var *log_s) {
  weir_var s;
  switch ((weir_scale_kind)a->scale) {
  case WEIR_SCALE_EXP:
    *log_s = u;
    return weir_exp(t, u);
  case WEIR_SCALE_TANH_EXP:
    *log_s = weir_scale(t, weir_tanh(t, weir_scale(t, u, 1.0 / a->bound)), a->bound);
    return weir_exp(t, *log_s);
  case WEIR_SCALE_SIGMOID:
    s = weir_shift(t, weir_sigmoid(t, weir_shift(t, u, SIGMOID_SHIFT)), LEAST);
    break;
  default:
    s = weir_shift(t, weir_softplus(t, u), LEAST);
    break;
  }
  *log_s = weir_log(t, s);
  return s;
}

/* z of the columns at hand, [n, m], and the sum of log s. */
static weir_var map_columns(
    weir_tape *t, const attr *a, weir_var x, weir_var theta, weir_var *log_det) {
  const int64_t n = weir_var_dim(t, x, 0), m = a->columns.n;
  const weir_shape flat = weir_shape_2(n, m);
  if (a->scale == WEIR_SCALE_NONE) {
    const weir_var shift = weir_reshape(t, theta, flat);
    *log_det = weir_fill(t, weir_shape_1(n), 0.0);
    return a->inverse ? weir_sub(t, x, shift) : weir_add(t, x, shift);
  }
  const weir_var pairs = weir_reshape(t, theta, weir_shape_3(n, m, 2));
  const weir_var u = weir_reshape(t, weir_slice(t, pairs, 2, 0, 1), flat);
  const weir_var shift = weir_reshape(t, weir_slice(t, pairs, 2, 1, 1), flat);
  weir_var log_s;
  const weir_var s = scale_of(t, a, u, &log_s);
  const weir_var sum = weir_sum_last(t, log_s);
  *log_det = a->inverse ? weir_neg(t, sum) : sum;
  return a->inverse ? weir_div(t, weir_sub(t, x, shift), s)
                    : weir_add(t, weir_mul(t, s, x), shift);
}

static weir_var expand(weir_tape *t, const weir_node *y) {
  const attr *a = y->attr;
  const weir_var x = weir_node_var(t, y->in[0]), theta = weir_node_var(t, y->in[1]);
  const int64_t n = y->in[0]->shape.dim[0], d = y->in[0]->shape.dim[1];
  int64_t *place = weiri_tape_take(t, (size_t)(d + 1) * sizeof *place);
  if (place == NULL) {
    return weir_var_none();
  }
  for (int64_t j = 0; j < d; j++) {
    place[j] = j;
  }
  for (int64_t c = 0; c < a->columns.n; c++) {
    place[a->columns.index[c]] = d + c;
  }
  weir_var log_det, part[2] = {x};
  part[1] = map_columns(
      t, a, weir_gather(t, x, a->columns.n, a->columns.index), theta, &log_det);
  const weir_var z = weir_gather(t, weir_concat(t, 2, part, 1), d, place);
  part[0] = weir_reshape(t, z, weir_shape_1(n * d));
  part[1] = log_det;
  return weir_concat(t, 2, part, 0);
}

static weir_var both(weir_tape *t, weir_var x, weir_var theta, weir_couple_opts o) {
  weir_var log_det;
  const weir_var z = weir_couple(t, x, theta, o, &log_det);
  return weir_add(t, z, weir_reshape(t, log_det, weir_shape_2(3, 1)));
}

static weir_var build(weir_tape *t, const weir_var *in) {
  static const int64_t index[2] = {3, 1};
  weir_couple_opts o = {2, index, WEIR_SCALE_EXP, 3.0, false};
  weir_var sum = weir_fill(t, weir_shape_0(), 0.0);
  for (int k = 0; k < 10; k++) {
    o.scale = (weir_scale_kind)(k / 2);
    o.inverse = k % 2 == 1;
    const weir_var theta =
        o.scale == WEIR_SCALE_NONE ? weir_slice(t, in[1], 1, 1, 2) : in[1];
    sum = weir_add(t, sum, both(t, in[0], theta, o));
  }
  return sum;
}
static const weir_probe probe = {2, {{2, {3, 4}}, {2, {3, 4}}}, -1.5, 1.5, build};
const weir_op_class weir_op_couple = {"couple", eval, vjp, expand, &probe};

weir_var weir_couple(
    weir_tape *t, weir_var x, weir_var theta, weir_couple_opts o, weir_var *log_det) {
  const weir_shape sx = weir_var_shape(t, x), st = weir_var_shape(t, theta);
  const int64_t p = o.scale == WEIR_SCALE_NONE ? 1 : 2;
  *log_det = weir_var_none();
  if (!weir_var_ok(x) || !weir_var_ok(theta)) {
    return weir_var_none();
  }
  if (sx.rank != 2 || weir_shape_size(&st) != sx.dim[0] * o.n * p) {
    char a[128], b[128];
    return weir_op_fail(t, WEIR_E_SHAPE,
        "couple: x %s with theta %s for %lld columns of %lld numbers",
        weiri_shape_text(&sx, a), weiri_shape_text(&st, b), (long long)o.n,
        (long long)p);
  }
  const attr a = {weiri_columns_copy(t, "couple", o.n, o.index, sx.dim[1]),
      (int64_t)o.scale, o.bound, o.inverse};
  if (a.columns.index == NULL) {
    return weir_var_none();
  }
  const int64_t n = sx.dim[0], size = n * sx.dim[1];
  const weir_var in[2] = {x, theta};
  const weir_var both =
      weir_op_apply(t, &weir_op_couple, weir_shape_1(size + n), 2, in, &a, sizeof a);
  *log_det = weir_slice(t, both, 0, size, n);
  return weir_reshape(t, weir_slice(t, both, 0, 0, size), sx);
}
