/* s(x) = grad log p(x); the gradient of g . s is H g, since H is symmetric. */
#include "part/score.h"

#include "ad/tape.h"
#include "weir/sys/op.h"

typedef struct attr {
  const weir_target *target;
} attr;

static const weir_target *target_of(const weir_node *y) {
  return ((const attr *)y->attr)->target;
}

static void hessian_eval(weir_tape *t, const weir_node *y) {
  const weir_status status = weir_target_hessian_vector(
      target_of(y), y->shape.dim[0], y->in[0]->data, y->in[1]->data, y->data, NULL);
  if (status != WEIR_OK) {
    weir_op_fail(t, status, "score: %s", weir_error());
  }
}

static void hessian_vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)y;
  (void)gy;
  (void)want;
  gx[0] = weir_op_fail(t, WEIR_E_UNSUPPORTED,
      "score: third derivatives of a target's log density are not known");
}

static const weir_op_class hessian_class = {
    "score_hessian", hessian_eval, hessian_vjp, NULL, NULL};

static void eval(weir_tape *t, const weir_node *y) {
  const int64_t n = y->shape.dim[0];
  double *value = weiri_tape_take(t, (size_t)(n + 1) * sizeof *value);
  const weir_status status = value == NULL ? WEIR_E_MEMORY
                                           : weir_target_log_density(target_of(y), n,
                                                 y->in[0]->data, value, y->data, NULL);
  if (status != WEIR_OK) {
    weir_op_fail(t, status, "score: %s", weir_error());
  }
}

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  const weir_var in[2] = {weir_node_var(t, y->in[0]), gy};
  gx[0] = weir_op_apply(t, &hessian_class, y->shape, 2, in, y->attr, sizeof(attr));
}

static const weir_op_class class = {"score", eval, vjp, NULL, NULL};

weir_var weiri_score(weir_tape *t, const weir_target *target, weir_var x) {
  const attr a = {target};
  const weir_shape shape = weir_var_shape(t, x);
  if (weir_tape_dtype(t) != WEIR_F64) {
    return weir_op_fail(
        t, WEIR_E_UNSUPPORTED, "score: targets are float64, this run is not");
  }
  if (shape.rank != 2 || shape.dim[1] != target->dim) {
    return weir_op_fail(t, WEIR_E_SHAPE,
        "score: expected [n, %lld] for the target, found %lld columns",
        (long long)target->dim, (long long)(shape.rank == 2 ? shape.dim[1] : 0));
  }
  return weir_op_apply(t, &class, shape, 1, &x, &a, sizeof a);
}

weir_var weiri_bridge_score(
    weir_tape *t, const weir_target *target, double power, weir_var x) {
  const weir_var s = weir_scale(t, weiri_score(t, target, x), power);
  return power == 1.0 ? s : weir_sub(t, s, weir_scale(t, x, 1.0 - power));
}
