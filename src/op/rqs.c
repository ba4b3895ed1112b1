/* Rational-quadratic spline (Durkan et al. 2019, eqs. 4-8): with bin k, slope s = h /
 * w, t = (x - x_k) / w and c = d_k + d_{k+1} - 2 s, z = y_k + h (s t^2 + d_k t (1 - t))
 * / (s + c t (1 - t)). One pass gives z and log dz/dx, stacked; one more their adjoint.
 */
#include "op/rqs.h"

#include <string.h>

#include "op/op.h"

#define ROWS 256 /* elements per chunk */

typedef struct job {
  const weiri_kern *kern;
  weir_dtype dtype;
  const weiri_rqs *spline;
  int64_t n;
  const char *x, *theta, *gz, *gl;
  char *a, *b; /* z and log-derivative, or gx and gtheta */
} job;

static void forward_chunk(void *arg, int64_t i, void *scratch) {
  const job *j = arg;
  const int64_t first = i * ROWS, n = j->n - first < ROWS ? j->n - first : ROWS;
  const size_t size = weir_dtype_size(j->dtype), at = (size_t)first * size;
  j->kern->rqs[j->dtype](j->spline, n, j->x + at,
      j->theta + at * (size_t)j->spline->params, j->a + at, j->b + at, scratch);
}

static void adjoint_chunk(void *arg, int64_t i, void *scratch) {
  const job *j = arg;
  const int64_t first = i * ROWS, n = j->n - first < ROWS ? j->n - first : ROWS;
  const size_t size = weir_dtype_size(j->dtype), at = (size_t)first * size;
  const size_t wide = at * (size_t)j->spline->params;
  j->kern->rqs_adjoint[j->dtype](j->spline, n, j->x + at, j->theta + wide, j->gz + at,
      j->gl + at, j->a + at, j->b + wide, scratch);
}

static job make_job(weir_tape *t, const weir_node *y) {
  const weir_dtype dtype = weir_tape_dtype(t);
  return (job){.kern = weiri_tape_kern(t),
      .dtype = dtype,
      .spline = y->attr,
      .n = weir_shape_size(&y->in[0]->shape),
      .x = y->in[0]->data,
      .theta = y->in[1]->data};
}

static void run(weir_tape *t, job *j, double cost,
    void (*chunk)(void *arg, int64_t i, void *scratch)) {
  const size_t scratch =
      (size_t)(WEIRI_RQS_BLOCK * j->spline->params) * weir_dtype_size(j->dtype);
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), (j->n + ROWS - 1) / ROWS,
                         cost * (double)(j->n * j->spline->bins), scratch, chunk, j));
}

static void eval(weir_tape *t, const weir_node *y) {
  job j = make_job(t, y);
  j.a = y->data;
  j.b = j.a + (size_t)j.n * weir_dtype_size(j.dtype);
  run(t, &j, 40.0, forward_chunk);
}

/* The adjoint's result holds gx and gtheta one after the other, as one row. */
static void adjoint_eval(weir_tape *t, const weir_node *y) {
  job j = make_job(t, y);
  j.gz = y->in[2]->data;
  j.gl = j.gz + (size_t)j.n * weir_dtype_size(j.dtype);
  j.a = y->data;
  j.b = j.a + (size_t)j.n * weir_dtype_size(j.dtype);
  run(t, &j, 80.0, adjoint_chunk);
}
static const weir_op_class adjoint_class = {
    "rqs_adjoint", adjoint_eval, NULL, NULL, NULL};

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const weiri_rqs *s = y->attr;
  const int64_t n = weir_shape_size(&y->in[0]->shape), wide = n * s->params;
  const weir_var in[3] = {weir_node_var(t, y->in[0]), weir_node_var(t, y->in[1]), gy};
  const weir_var both =
      weir_op_apply(t, &adjoint_class, weir_shape_1(n + wide), 3, in, s, sizeof *s);
  if (want[0]) {
    gx[0] = weir_reshape(t, weir_slice(t, both, 0, 0, n), y->in[0]->shape);
  }
  if (want[1]) {
    gx[1] = weir_reshape(t, weir_slice(t, both, 0, n, wide), y->in[1]->shape);
  }
}

static weir_var expand(weir_tape *t, const weir_node *y) {
  return weiri_rqs_reference(
      t, y->attr, weir_node_var(t, y->in[0]), weir_node_var(t, y->in[1]));
}

static weir_var build(weir_tape *t, const weir_var *in) {
  const weir_rqs_opts o = {4, WEIR_RQS_LINEAR, -2, 2, 0.7, false};
  weir_rqs_opts back = o, circle = o;
  back.inverse = true;
  circle.tails = WEIR_RQS_CIRCULAR;
  const weir_var theta = weir_slice(t, in[1], 2, 0, 11);
  return weir_add(t,
      weir_add(t, weir_rqs(t, in[0], theta, o), weir_rqs(t, in[0], theta, back)),
      weir_rqs(t, in[0], in[1], circle));
}
static const weir_probe probe = {2, {{2, {3, 4}}, {3, {3, 4, 12}}}, -1.9, 1.9, build};
const weir_op_class weir_op_rqs = {"rqs", eval, vjp, expand, &probe};

weir_var weir_rqs(weir_tape *t, weir_var x, weir_var theta, weir_rqs_opts o) {
  static const weiri_rqs_tails tails[] = {
      WEIRI_RQS_LINEAR, WEIRI_RQS_BOUNDED, WEIRI_RQS_CIRCULAR};
  static const int64_t extra[] = {-1, 1, 0};
  weiri_rqs s;
  memset(&s, 0, sizeof s); /* padding too: attributes are compared byte by byte */
  s.bins = o.bins;
  s.params = 3 * o.bins + extra[o.tails];
  s.tails = tails[o.tails];
  s.lo = o.lo;
  s.hi = o.hi;
  s.scale = o.scale;
  s.inverse = o.inverse;
  const weir_shape sx = weir_var_shape(t, x), st = weir_var_shape(t, theta);
  if (!weir_var_ok(x) || !weir_var_ok(theta)) {
    return weir_var_none();
  }
  if (sx.rank != 2 || st.rank != 3 || st.dim[0] != sx.dim[0] ||
      st.dim[1] != sx.dim[1] || st.dim[2] != s.params) {
    char a[128], b[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "rqs: x %s with theta %s, expected %lld last",
        weiri_shape_text(&sx, a), weiri_shape_text(&st, b), (long long)s.params);
  }
  const weir_var in[2] = {x, theta};
  return weir_op_apply(
      t, &weir_op_rqs, weir_shape_3(2, sx.dim[0], sx.dim[1]), 2, in, &s, sizeof s);
}
