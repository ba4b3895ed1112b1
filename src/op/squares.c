/* A product over the rows of a batch, of a plan, that leaves the sums of squares of its
 * rows behind: the norm of a gradient, taken in the pass that makes it, rather than
 * read again from memory. The numbers of the product are those that it has without. */
#include "op/op.h"

/* Sums over rows only: what goes row by row a plan may compute in panels. */
static bool product_of(const weir_node *y, weiri_gemm *g) {
  return (weiri_matmul_gemm(y, g) && g->ta) || weiri_tri_weight_gemm(y, g);
}

static void eval(weir_tape *t, const weir_node *y) {
  const weiri_squares *s = y->attr;
  weiri_gemm g;
  if (product_of(&s->product, &g)) {
    g.c = y->data;
    weiri_gemm_squares(t, &g, s->rows);
  }
}

static const weir_op_class squares_class = {"product_squares", eval, NULL, NULL, NULL};

bool weiri_squares_take(weiri_squares *s, weir_node *y, double *rows) {
  weiri_gemm g;
  if (!product_of(y, &g)) {
    return false;
  }
  s->product = *y;
  s->rows = rows;
  y->op = &squares_class;
  y->attr = s;
  y->attr_size = sizeof *s;
  return true;
}

bool weiri_squares_taken(const weir_node *y) {
  return y->op == &squares_class;
}

const weir_node *weiri_squares_product(const weir_node *y) {
  return weiri_squares_taken(y) ? &((const weiri_squares *)y->attr)->product : y;
}
