/* A product and what is done to its result at once, as one kernel of a plan:
 *     y = gate(x w', h),     y = x w' + a,     y = gate(x w', h) + a,
 * (a residual sum; the gradient of a rectifier; both). A tape computes them apart,
 * which is the reference form: the bits are the same, since what follows is done to the
 * same sums in the same order. */
#include "op/op.h"

typedef struct attr {
  const weir_node *product;
  int64_t gate, plus; /* which inputs, or 0 */
} attr;

static bool product_of(const weir_node *y, weiri_gemm *g) {
  return weiri_linear_gemm(y, g) || weiri_matmul_gemm(y, g) || weiri_tri_gemm(y, g);
}

static void eval(weir_tape *t, const weir_node *y) {
  const attr *a = y->attr;
  weiri_gemm g;
  if (product_of(a->product, &g)) {
    g.c = y->data;
    g.gate = a->gate > 0 ? y->in[a->gate]->data : NULL;
    g.plus = a->plus > 0 ? y->in[a->plus]->data : NULL;
    weiri_gemm_run(t, &g);
  }
}

static const weir_op_class fused_class = {"product_and", eval, NULL, NULL, NULL};

const weir_node *weiri_fused_product(const weir_node *y) {
  return y->op == &fused_class ? ((const attr *)y->attr)->product : NULL;
}

weir_status weiri_fused_panel(weiri_arena *meta, weir_node *piece, const weir_node *y) {
  attr *a = weiri_arena_take_small(meta, sizeof *a);
  weir_node *product = weiri_arena_take_small(meta, sizeof *product);
  if (a == NULL || product == NULL) {
    return WEIR_E_MEMORY;
  }
  *a = *(const attr *)y->attr;
  *product = *a->product;
  product->shape = piece->shape;
  product->in = piece->in;
  a->product = product;
  piece->attr = a;
  return WEIR_OK;
}

/* x as a product that may be continued; false where it is none. */
static bool open_product(const weir_node *x, bool gate, attr *a) {
  weiri_gemm g;
  if (x->op == &fused_class) {
    *a = *(const attr *)x->attr;
    return a->plus == 0 && !gate;
  }
  *a = (attr){x, 0, 0};
  return product_of(x, &g);
}

/* y becomes x, continued with one more input. */
static weir_status continue_with(weiri_arena *meta, weir_node *y, const weir_node *x,
    const weir_node *more, const attr *a) {
  const size_t n = (size_t)x->n_in;
  const weir_node **in = weiri_arena_take_small(meta, (n + 1) * sizeof *in);
  attr *copy = weiri_arena_take_small(meta, sizeof *copy);
  if (in == NULL || copy == NULL) {
    return WEIR_E_MEMORY;
  }
  for (size_t i = 0; i < n; i++) {
    in[i] = x->in[i];
  }
  in[n] = more;
  *copy = *a;
  y->op = &fused_class;
  y->in = in;
  y->n_in = (int)n + 1;
  y->attr = copy;
  y->attr_size = sizeof *copy;
  return WEIR_OK;
}

weir_status weiri_fuse(weiri_arena *meta, const bool *alone, weir_node *y) {
  const bool gate = y->op == &weiri_op_gate;
  if (!gate && y->op != &weir_op_add) {
    return WEIR_OK;
  }
  for (int i = 0; i < (gate ? 1 : 2); i++) {
    const weir_node *x = y->in[i], *more = y->in[1 - i];
    attr a;
    if (!alone[x->id] || !weir_shape_equal(&x->shape, &more->shape) ||
        !open_product(x, gate, &a)) {
      continue;
    }
    *(gate ? &a.gate : &a.plus) = x->n_in;
    return continue_with(meta, y, x, more, &a);
  }
  return WEIR_OK;
}
