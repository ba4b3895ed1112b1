/* A function of each row that C code computes, with its gradient: y[i] = f(x[i, :]),
 * gx[i, :] = gy[i] grad f(x[i, :]). Second derivatives are refused. */
#include "op/op.h"

#include <string.h>

typedef struct attr {
  weir_custom_fn *fn;
  void *user;
} attr;

/* Rows as float64, which is what the callback speaks. */
static const double *rows64(weir_tape *t, const weir_node *x) {
  if (weir_tape_dtype(t) == WEIR_F64) {
    return x->data;
  }
  const int64_t n = weir_shape_size(&x->shape);
  double *copy = weiri_tape_take(t, (size_t)(n + 1) * sizeof *copy);
  for (int64_t i = 0; copy != NULL && i < n; i++) {
    copy[i] = (double)((const float *)x->data)[i];
  }
  return copy;
}

static void store(weir_tape *t, int64_t n, const double *from, void *to) {
  for (int64_t i = 0; i < n; i++) {
    if (weir_tape_dtype(t) == WEIR_F32) {
      ((float *)to)[i] = (float)from[i];
    } else {
      ((double *)to)[i] = from[i];
    }
  }
}

/* Calls f; value [n] and grad [n, d] or NULL. */
static bool call(
    weir_tape *t, const weir_node *y, const weir_node *x, double *value, double *grad) {
  const attr *a = y->attr;
  const double *rows = rows64(t, x);
  if (rows == NULL || value == NULL) {
    return false;
  }
  const weir_status status =
      a->fn(a->user, x->shape.dim[0], x->shape.dim[1], rows, value, grad);
  if (status != WEIR_OK) {
    weir_op_fail(
        t, status, "custom: the function failed: %s", weir_status_text(status));
  }
  return status == WEIR_OK;
}

static void eval(weir_tape *t, const weir_node *y) {
  const int64_t n = y->shape.dim[0];
  double *value = weiri_tape_take(t, (size_t)(n + 1) * sizeof *value);
  if (call(t, y, y->in[0], value, NULL)) {
    store(t, n, value, y->data);
  }
}

static void grad_eval(weir_tape *t, const weir_node *y) {
  const int64_t n = y->shape.dim[0], d = y->shape.dim[1];
  double *value = weiri_tape_take(t, (size_t)(n + 1) * sizeof *value);
  double *grad = weiri_tape_take(t, (size_t)(n * d + 1) * sizeof *grad);
  if (grad != NULL && call(t, y, y->in[0], value, grad)) {
    store(t, n * d, grad, y->data);
  }
}

static void grad_vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)y;
  (void)gy;
  (void)want;
  gx[0] = weir_op_fail(t, WEIR_E_UNSUPPORTED,
      "custom: the gradient of a C function has no gradient of its own");
}
static const weir_op_class grad_class = {
    "custom_grad", grad_eval, grad_vjp, NULL, NULL};

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const weir_var x = weir_node_var(t, y->in[0]);
  weir_op_unplanned(t, "custom");
  const weir_var grad =
      weir_op_apply(t, &grad_class, y->in[0]->shape, 1, &x, y->attr, sizeof(attr));
  gx[0] = weir_mul(t, weir_reshape(t, gy, weir_shape_2(y->shape.dim[0], 1)), grad);
}

const weir_op_class weir_op_custom = {"custom", eval, vjp, NULL, NULL};

weir_var weir_custom(weir_tape *t, weir_var x, weir_custom_fn *fn, void *user) {
  const weir_shape s = weir_var_shape(t, x);
  const attr a = {fn, user};
  if (!weir_var_ok(x)) {
    return x;
  }
  if (s.rank != 2) {
    char text[128];
    return weir_op_fail(t, WEIR_E_SHAPE, "custom: expected rows [n, d], found %s",
        weiri_shape_text(&s, text));
  }
  weir_op_unplanned(t, "custom");
  return weir_op_apply(t, &weir_op_custom, weir_shape_1(s.dim[0]), 1, &x, &a, sizeof a);
}
