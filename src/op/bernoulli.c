/* y_i = sum_j x_ij l_ij - log(1 + exp(l_ij)): log-probability of 0/1 rows x [n, d]
 * under logits l [n, d]. Its adjoint is one sweep too: gl = gy (x - sigmoid(l)). */
#include "op/op.h"

#define ROWS 8 /* per chunk */

typedef struct job {
  const weiri_kern *kern;
  weir_dtype dtype;
  int64_t n, d;
  const char *x, *l, *gy;
  char *y;
} job;

static size_t row_bytes(const job *j) {
  return (size_t)j->d * weir_dtype_size(j->dtype);
}

/* s[j] = x[j] l[j] - s[j] */
static void combine(
    weir_dtype dtype, int64_t d, const void *x, const void *l, void *s) {
  for (int64_t j = 0; dtype == WEIR_F32 && j < d; j++) {
    ((float *)s)[j] = ((const float *)x)[j] * ((const float *)l)[j] - ((float *)s)[j];
  }
  for (int64_t j = 0; dtype != WEIR_F32 && j < d; j++) {
    ((double *)s)[j] =
        ((const double *)x)[j] * ((const double *)l)[j] - ((double *)s)[j];
  }
}

static void forward_chunk(void *arg, int64_t chunk, void *scratch) {
  const job *j = arg;
  const size_t size = weir_dtype_size(j->dtype);
  for (int64_t i = chunk * ROWS; i < j->n && i < (chunk + 1) * ROWS; i++) {
    const size_t at = (size_t)i * row_bytes(j);
    j->kern->softplus[j->dtype](j->d, j->l + at, scratch);
    combine(j->dtype, j->d, j->x + at, j->l + at, scratch);
    j->kern->sum_rows[j->dtype](1, j->d, scratch, j->y + (size_t)i * size);
  }
}

static void adjoint_chunk(void *arg, int64_t chunk, void *scratch) {
  (void)scratch;
  const job *j = arg;
  for (int64_t i = chunk * ROWS; i < j->n && i < (chunk + 1) * ROWS; i++) {
    const size_t at = (size_t)i * row_bytes(j);
    const void *x = j->x + at;
    void *y = j->y + at;
    j->kern->sigmoid[j->dtype](j->d, j->l + at, y);
    const double g = j->dtype == WEIR_F32
                         ? (double)((const float *)(const void *)j->gy)[i]
                         : ((const double *)(const void *)j->gy)[i];
    for (int64_t k = 0; j->dtype == WEIR_F32 && k < j->d; k++) {
      ((float *)y)[k] = (float)g * (((const float *)x)[k] - ((float *)y)[k]);
    }
    for (int64_t k = 0; j->dtype != WEIR_F32 && k < j->d; k++) {
      ((double *)y)[k] = g * (((const double *)x)[k] - ((double *)y)[k]);
    }
  }
}

static job make_job(weir_tape *t, const weir_node *y) {
  return (job){.kern = weiri_tape_kern(t),
      .dtype = weir_tape_dtype(t),
      .n = y->in[0]->shape.dim[0],
      .d = y->in[0]->shape.dim[1],
      .x = y->in[0]->data,
      .l = y->in[1]->data,
      .y = y->data};
}

static void run(weir_tape *t, job *j, size_t scratch,
    void (*chunk)(void *arg, int64_t i, void *scratch)) {
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), (j->n + ROWS - 1) / ROWS,
                         20.0 * (double)(j->n * j->d), scratch, chunk, j));
}

static void eval(weir_tape *t, const weir_node *y) {
  job j = make_job(t, y);
  run(t, &j, row_bytes(&j) + 64, forward_chunk);
}

static void adjoint_eval(weir_tape *t, const weir_node *y) {
  job j = make_job(t, y);
  j.gy = y->in[2]->data;
  run(t, &j, 0, adjoint_chunk);
}
static const weir_op_class adjoint_class = {
    "bernoulli_adjoint", adjoint_eval, NULL, NULL, NULL};

static weir_var column(weir_tape *t, weir_var g) {
  return weir_reshape(t, g, weir_shape_2(weir_var_dim(t, g, 0), 1));
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const weir_var in[3] = {weir_node_var(t, y->in[0]), weir_node_var(t, y->in[1]), gy};
  if (want[0]) {
    gx[0] = weir_mul(t, column(t, gy), in[1]);
  }
  if (want[1]) {
    gx[1] = weir_op_apply(t, &adjoint_class, y->in[1]->shape, 3, in, NULL, 0);
  }
}

static weir_var expand(weir_tape *t, const weir_node *y) {
  const weir_var x = weir_node_var(t, y->in[0]), l = weir_node_var(t, y->in[1]);
  return weir_sum_last(t, weir_sub(t, weir_mul(t, x, l), weir_softplus(t, l)));
}

static weir_var build(weir_tape *t, const weir_var *in) {
  return weir_bernoulli(t, in[0], in[1]);
}
static const weir_probe probe = {2, {{2, {3, 5}}, {2, {3, 5}}}, -3, 3, build};
const weir_op_class weir_op_bernoulli = {"bernoulli", eval, vjp, expand, &probe};

weir_var weir_bernoulli(weir_tape *t, weir_var x, weir_var logits) {
  const weir_shape s = weir_var_shape(t, x);
  if (!weir_var_ok(x) || !weir_var_ok(logits)) {
    return weir_var_none();
  }
  if (s.rank != 2) {
    char a[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "bernoulli: rows %s, expected [n, d]",
        weiri_shape_text(&s, a));
  }
  const weir_var in[2] = {x, weir_broadcast(t, logits, s)};
  return weir_var_ok(in[1]) ? weir_op_apply(t, &weir_op_bernoulli,
                                  weir_shape_1(s.dim[0]), 2, in, NULL, 0)
                            : weir_var_none();
}
