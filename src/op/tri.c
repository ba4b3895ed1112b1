/* Matrix products of a masked linear layer whose units are in degree order: unit j of h
 * sees the first prefix[j] of k inputs. Three products, closed under differentiation:
 *   forward  F(x, w) = x w'         [n, h]   sums of column j over k < prefix[j]
 *   data     D(g, w) = g w          [n, k]   sums of column c over j with prefix[j] > c
 *   weight   W(g, x) = mask(g' x)   [h, k]   zero at and beyond prefix[j]
 * dF = D(G, w), W(G, x);  dD = F(G, w), W(g, G);  dW = F(x, mask G), D(g, mask G). */
#include "op/op.h"

#include <string.h>

typedef struct attr {
  int64_t kind; /* weiri_tri */
  int64_t h, k;
  const int64_t *prefix; /* [h] */
  const int64_t *first;  /* [k]: the first unit that sees input c */
} attr;

static weiri_gemm product_of(const weir_node *y) {
  const attr *a = y->attr;
  const int64_t n = y->in[0]->shape.dim[0];
  weiri_gemm g = {.a = y->in[0]->data, .b = y->in[1]->data, .c = y->data};
  if (a->kind == WEIRI_TRI_FORWARD) {
    g.m = n, g.n = g.ldc = a->h, g.k = g.lda = g.ldb = a->k;
    g.tb = true;
    g.k_hi = a->prefix;
  } else if (a->kind == WEIRI_TRI_DATA) {
    g.m = n, g.n = g.ldc = g.ldb = a->k, g.k = g.lda = a->h;
    g.k_lo = a->first;
  } else {
    g.m = g.lda = a->h, g.n = g.ldc = g.ldb = a->k, g.k = n;
    g.ta = true;
    g.n_hi = a->prefix;
  }
  return g;
}

static void eval(weir_tape *t, const weir_node *y) {
  const weiri_gemm g = product_of(y);
  weiri_gemm_run(t, &g);
}

/* Gradients with respect to W's result may be nonzero where W is zero by structure. */
static void mask_eval(weir_tape *t, const weir_node *y) {
  const attr *a = y->attr;
  const size_t size = weir_dtype_size(weir_tape_dtype(t));
  memset(y->data, 0, (size_t)(a->h * a->k) * size);
  for (int64_t j = 0; j < a->h; j++) {
    const size_t at = (size_t)(j * a->k) * size;
    memcpy((char *)y->data + at, (const char *)y->in[0]->data + at,
        (size_t)a->prefix[j] * size);
  }
}

static weir_var mask(weir_tape *t, weir_var g, const attr *a);

static void mask_vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  (void)want;
  gx[0] = mask(t, gy, y->attr);
}
static const weir_op_class mask_class = {
    "prefix_mask", mask_eval, mask_vjp, NULL, NULL};

static weir_var mask(weir_tape *t, weir_var g, const attr *a) {
  return weir_op_apply(t, &mask_class, weir_shape_2(a->h, a->k), 1, &g, a, sizeof *a);
}

static weir_var product(
    weir_tape *t, weiri_tri kind, weir_var p, weir_var q, const attr *from);

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const attr *a = y->attr;
  const weir_var p = weir_node_var(t, y->in[0]), q = weir_node_var(t, y->in[1]);
  const weir_var g = a->kind == WEIRI_TRI_WEIGHT ? mask(t, gy, a) : gy;
  if (a->kind == WEIRI_TRI_FORWARD) {
    gx[0] = want[0] ? product(t, WEIRI_TRI_DATA, g, q, a) : gx[0];
    gx[1] = want[1] ? product(t, WEIRI_TRI_WEIGHT, g, p, a) : gx[1];
  } else if (a->kind == WEIRI_TRI_DATA) {
    gx[0] = want[0] ? product(t, WEIRI_TRI_FORWARD, g, q, a) : gx[0];
    gx[1] = want[1] ? product(t, WEIRI_TRI_WEIGHT, p, g, a) : gx[1];
  } else {
    gx[0] = want[0] ? product(t, WEIRI_TRI_FORWARD, q, g, a) : gx[0];
    gx[1] = want[1] ? product(t, WEIRI_TRI_DATA, p, g, a) : gx[1];
  }
}

static const weir_op_class tri_class = {"prefix_product", eval, vjp, NULL, NULL};

bool weiri_tri_gemm(const weir_node *y, weiri_gemm *g) {
  if (y->op != &tri_class) {
    return false;
  }
  *g = product_of(y);
  return g->n_hi == NULL;
}

bool weiri_tri_weight_gemm(const weir_node *y, weiri_gemm *g) {
  if (y->op != &tri_class || ((const attr *)y->attr)->kind != WEIRI_TRI_WEIGHT) {
    return false;
  }
  *g = product_of(y);
  return true;
}

static weir_var product(
    weir_tape *t, weiri_tri kind, weir_var p, weir_var q, const attr *from) {
  attr a = *from;
  a.kind = kind;
  const int64_t n = weir_var_dim(t, p, 0);
  const weir_shape shape = kind == WEIRI_TRI_FORWARD ? weir_shape_2(n, a.h)
                           : kind == WEIRI_TRI_DATA  ? weir_shape_2(n, a.k)
                                                     : weir_shape_2(a.h, a.k);
  const weir_var in[2] = {p, q};
  return weir_op_apply(t, &tri_class, shape, 2, in, &a, sizeof a);
}

/* first[c] = number of units j with prefix[j] <= c. */
static const int64_t *first_units(
    weir_tape *t, const int64_t *prefix, int64_t h, int64_t k) {
  int64_t *first = weiri_tape_take(t, (size_t)(k > 0 ? k : 1) * sizeof *first);
  for (int64_t c = 0, j = 0; first != NULL && c < k; c++) {
    while (j < h && prefix[j] <= c) {
      j++;
    }
    first[c] = j;
  }
  return first;
}

weir_var weiri_tri_product(weir_tape *t, weiri_tri kind, weir_var a, weir_var b,
    const int64_t *prefix, int64_t h) {
  const int64_t k = weir_var_dim(t, b, 1);
  const attr base = {kind, h, k, prefix, first_units(t, prefix, h, k)};
  return base.first == NULL ? weir_var_none() : product(t, kind, a, b, &base);
}

bool weiri_tri_keeps(const weir_node *y, const unsigned char *keep) {
  const attr *a = y->attr;
  if (y->op != &tri_class || a->kind != WEIRI_TRI_WEIGHT) {
    return false;
  }
  for (int64_t i = 0; i < a->h * a->k; i++) {
    if (!keep[i] && i % a->k < a->prefix[i / a->k]) {
      return false;
    }
  }
  return true;
}
