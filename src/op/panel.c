/* Which operations go row by row: row i of the result is made of row i of some inputs
 * and of all of the others. A plan computes such nodes in panels of rows. Every kernel
 * gives a row the same bits however many rows there are, so a panel has the bits of the
 * whole.
 *
 * An operation with several results puts them one after the other in one flat tensor,
 * of n times so many numbers each; a panel of it is the same in small. Only slices,
 * sums of two that are cut alike, and the adjoint of such an operation read it. */
#include "op/columns.h"
#include "op/span.h"

enum { PLACES = 64 }; /* of weiri_cut.at */

/* What a rule sees: y, of n rows, and how the nodes before it are cut. */
typedef struct look {
  const weir_node *y;
  int64_t n;
  const weiri_cut *of;
  bool *inputs;
} look;

static const weiri_cut whole = {WEIRI_WHOLE, 0}, by_rows = {WEIRI_ROWS, 0};

static bool inside(const look *l, int i) {
  const weiri_cut *c = &l->of[l->y->in[i]->id];
  return c->kind == WEIRI_ROWS || c->kind == WEIRI_SEVERAL;
}

static bool has_rows(const look *l, const weir_shape *s) {
  return s->rank > 0 && s->dim[0] == l->n;
}

/* Input i has n rows that can be cut apart; if so, they are. */
static bool cut_rows(const look *l, int i) {
  l->inputs[i] =
      has_rows(l, &l->y->in[i]->shape) && l->of[l->y->in[i]->id].kind != WEIRI_SEVERAL;
  return l->inputs[i];
}

/* ---- rules ---- */

static bool is_one_of(const weir_op_class *op, const weir_op_class *const *list) {
  while (*list != NULL && *list != op) {
    list++;
  }
  return *list != NULL;
}

#define WEIR_OP(name, params, doc) extern const weir_op_class weir_op_##name;
#include "weir/ops.def"
#undef WEIR_OP

static const weir_op_class *const elementwise[] = {&weir_op_neg, &weir_op_exp,
    &weir_op_log, &weir_op_log1p, &weir_op_sqrt, &weir_op_recip, &weir_op_square,
    &weir_op_abs, &weir_op_sign, &weir_op_sin, &weir_op_cos, &weir_op_tanh,
    &weir_op_sigmoid, &weir_op_softplus, &weir_op_logsigmoid, &weir_op_relu,
    &weir_op_elu, &weir_op_step, &weir_op_erf, &weir_op_affine, &weir_op_add,
    &weir_op_sub, &weir_op_mul, &weir_op_div, &weir_op_max, &weir_op_min, &weir_op_less,
    &weir_op_lesseq, &weiri_op_gate, NULL};

/* Inputs are cut as the result is, or repeated along its rows. */
static weiri_cut cut_elementwise(const look *l) {
  const weir_node *y = l->y;
  weiri_cut cut = whole;
  for (int i = 0; i < y->n_in; i++) {
    const weir_shape *s = &y->in[i]->shape;
    const weiri_cut *c = &l->of[y->in[i]->id];
    const bool along = s->rank == y->shape.rank && s->rank > 0 &&
                       s->dim[0] == y->shape.dim[0] &&
                       (inside(l, i) || s->dim[0] == l->n);
    const bool repeated =
        !inside(l, i) && (s->rank < y->shape.rank || (s->rank > 0 && s->dim[0] == 1));
    if (!along && !repeated) {
      return whole;
    }
    l->inputs[i] = along;
    if (along && cut.kind != WEIRI_WHOLE && cut.at != c->at) {
      return whole;
    }
    if (along) {
      cut = (weiri_cut){c->kind == WEIRI_SEVERAL ? WEIRI_SEVERAL : WEIRI_ROWS, c->at};
    }
  }
  return cut;
}

static bool product_of(const weir_node *y, weiri_gemm *g) {
  return weiri_linear_gemm(y, g) || weiri_matmul_gemm(y, g) || weiri_tri_gemm(y, g);
}

/* Rows times a whole matrix, plus a whole bias; then a gate and a sum, by rows. */
static weiri_cut cut_product(const look *l, const weir_node *product) {
  weiri_gemm g;
  if (!product_of(product, &g) || g.ta || !cut_rows(l, 0)) {
    return whole;
  }
  for (int i = 1; i < l->y->n_in; i++) {
    if (i < product->n_in ? inside(l, i) : !cut_rows(l, i)) {
      return whole;
    }
  }
  return by_rows;
}

/* Along axes but the outermost. */
static weiri_cut cut_inner(const look *l, int64_t axis) {
  bool rows = axis > 0;
  for (int i = 0; i < l->y->n_in && rows; i++) {
    rows = cut_rows(l, i);
  }
  return rows ? by_rows : whole;
}

/* A place in a flat tensor: bit q of a cut. */
static bool place_of(const look *l, int64_t numbers, int64_t *q) {
  *q = numbers / l->n;
  return numbers % l->n == 0 && *q < PLACES;
}

static weiri_cut cut_embed(const look *l) {
  const weiri_span *at = l->y->attr;
  const weir_shape *s = &l->y->in[0]->shape;
  int64_t first, count, all;
  if (at->axis > 0) {
    return cut_inner(l, at->axis);
  }
  const weiri_cut *c = &l->of[l->y->in[0]->id];
  const bool flat = s->rank == 1 && c->kind != WEIRI_SEVERAL &&
                    (c->kind == WEIRI_ROWS || s->dim[0] == l->n);
  if (!flat || !place_of(l, at->first, &first) || !place_of(l, s->dim[0], &count) ||
      !place_of(l, l->y->shape.dim[0], &all)) {
    return whole;
  }
  l->inputs[0] = true;
  uint64_t bits = first > 0 ? UINT64_C(1) << first : 0;
  bits |= first + count < all ? UINT64_C(1) << (first + count) : 0;
  return (weiri_cut){WEIRI_SEVERAL, bits};
}

/* One result, or some of its numbers, taken out of several. */
static weiri_cut cut_slice(const look *l) {
  const weiri_span *at = l->y->attr;
  const weiri_cut *c = &l->of[l->y->in[0]->id];
  int64_t first, count;
  if (at->axis > 0) {
    return cut_inner(l, at->axis);
  }
  if (c->kind != WEIRI_SEVERAL || !place_of(l, at->first, &first) ||
      !place_of(l, l->y->shape.dim[0], &count) || count == 0) {
    return whole;
  }
  for (int64_t q = first + 1; q < first + count; q++) {
    if (c->at >> q & 1) {
      return whole;
    }
  }
  l->inputs[0] = true;
  return by_rows;
}

static weiri_cut cut_reshape(const look *l) {
  const weiri_cut *c = &l->of[l->y->in[0]->id];
  const weir_shape *s = &l->y->shape;
  if (c->kind == WEIRI_GIVEN) {
    return has_rows(l, s) ? *c : whole;
  }
  l->inputs[0] = c->kind == WEIRI_ROWS && s->rank > 0 && s->dim[0] % l->n == 0;
  return l->inputs[0] ? by_rows : whole;
}

static weiri_cut cut_broadcast(const look *l) {
  const weir_shape *s = &l->y->shape;
  if (!inside(l, 0)) {
    return has_rows(l, s) ? (weiri_cut){WEIRI_GIVEN, 0} : whole;
  }
  return l->y->in[0]->shape.rank == s->rank && has_rows(l, s) && cut_rows(l, 0)
             ? by_rows
             : whole;
}

/* z and then log_det, or the gradients of x and then of theta. */
static weiri_cut cut_couple(const look *l) {
  const int64_t d = l->y->in[0]->shape.dim[l->y->in[0]->shape.rank - 1];
  const uint64_t bit = d < PLACES ? UINT64_C(1) << d : 0;
  if (bit == 0 || !cut_rows(l, 0) || !cut_rows(l, 1)) {
    return whole;
  }
  if (l->y->n_in > 2) {
    const weiri_cut *g = &l->of[l->y->in[2]->id];
    l->inputs[2] = true;
    if (g->kind != WEIRI_SEVERAL || g->at != bit) {
      return whole;
    }
  }
  return (weiri_cut){WEIRI_SEVERAL, bit};
}

static weiri_cut rule(const look *l) {
  const weir_op_class *op = l->y->op;
  const weir_node *fused = weiri_fused_product(l->y);
  if (fused != NULL || op == &weir_op_linear || op == &weir_op_matmul) {
    return cut_product(l, fused == NULL ? l->y : fused);
  }
  if (is_one_of(op, elementwise)) {
    return cut_elementwise(l);
  }
  if (op == &weir_op_gather || op == &weir_op_scatter) {
    return cut_inner(l, l->y->shape.rank - 1);
  }
  if (op == &weir_op_sum || op == &weir_op_concat) {
    return cut_inner(l, *(const int *)l->y->attr);
  }
  if (op == &weir_op_couple || op == &weiri_op_couple_adjoint) {
    return cut_couple(l);
  }
  return op == &weir_op_embed                                 ? cut_embed(l)
         : op == &weir_op_slice || op == &weiri_op_slice_view ? cut_slice(l)
         : op == &weir_op_reshape || op == &weir_op_stop      ? cut_reshape(l)
         : op == &weir_op_broadcast                           ? cut_broadcast(l)
                                                              : cut_product(l, l->y);
}

weiri_cut weiri_cut_node(
    const weir_node *node, int64_t n, const weiri_cut *of, bool *inputs) {
  const look l = {node, n, of, inputs};
  if (node->n_in == 0) {
    return has_rows(&l, &node->shape) ? (weiri_cut){WEIRI_GIVEN, 0} : whole;
  }
  const weiri_cut cut = rule(&l);
  bool any = cut.kind == WEIRI_GIVEN;
  for (int i = 0; i < node->n_in; i++) {
    any = any || (inputs[i] && of[node->in[i]->id].kind != WEIRI_WHOLE);
  }
  return any ? cut : whole;
}

void weiri_copy_view(weir_node *node) {
  node->op = node->op == &weiri_op_slice_view ? &weir_op_slice : node->op;
}

weir_status weiri_panel_node(
    weiri_arena *meta, weir_node *piece, const weir_node *y, int64_t n, int64_t rows) {
  if (weiri_fused_product(y) != NULL) {
    return weiri_fused_panel(meta, piece, y);
  }
  if (y->op != &weir_op_embed && y->op != &weir_op_slice) {
    return WEIR_OK;
  }
  weiri_span *at = weiri_arena_take_small(meta, sizeof *at);
  if (at == NULL) {
    return WEIR_E_MEMORY;
  }
  *at = *(const weiri_span *)y->attr;
  at->first = at->axis == 0 ? at->first / n * rows : at->first;
  piece->attr = at;
  return WEIR_OK;
}

double weiri_node_work(const weir_node *y) {
  const weir_node *fused = weiri_fused_product(y);
  weiri_gemm g;
  if (y->n_in > 1 && product_of(fused == NULL ? y : fused, &g)) {
    return 2.0 * (double)g.m * (double)g.n * (double)g.k;
  }
  double numbers = (double)weir_shape_size(&y->shape);
  for (int i = 0; i < y->n_in; i++) {
    numbers += (double)weir_shape_size(&y->in[i]->shape);
  }
  return 8.0 * numbers;
}
