/* G = J L J' of each row, J [d, p] the Jacobian of a network that is linear around the
 * row: J' = W_L D_{L-1} .. D_1 W_1, W_k [h_k, h_{k-1}] the layers, D_k the diagonal of
 * slopes of row i, h_0 = d, h_L = p (Park et al. 2019, section 3); L = diag(w), or
 * diag(w) - c c' within each block of columns. Slopes are constants.
 *
 * Rows are taken a few at a time (jacobian_tiles.c). So memory holds n d^2 numbers,
 * never n d p. */
#include "op/jacobian.h"
#include "op/matrix.h"

enum { LAYERS = WEIRI_JAC_LAYERS, PARTS = WEIRI_JAC_PARTS };

typedef weiri_jac_job job;
typedef weiri_jac_shape shape;

typedef struct attributes {
  int64_t layers, block;
} attributes;

static attributes attributes_of(const weir_node *y) {
  return *(const attributes *)y->attr;
}

static shape shape_of(const weir_node *y) {
  const attributes a = attributes_of(y);
  shape s = {.n = y->in[0]->shape.dim[0],
      .p = y->in[0]->shape.dim[1],
      .layers = a.layers,
      .block = a.block};
  s.d = s.h[0] = y->in[1]->shape.dim[1];
  for (int64_t k = 1; k <= s.layers; k++) {
    s.h[k] = y->in[k]->shape.dim[0];
    s.widest = s.h[k] > s.widest ? s.h[k] : s.widest;
    s.weights += s.h[k] * s.h[k - 1];
  }
  weiri_jac_split(&s);
  return s;
}

static job job_of(weir_tape *t, const weir_node *y) {
  return (job){.kern = weiri_tape_kern(t),
      .dtype = weir_tape_dtype(t),
      .s = shape_of(y),
      .y = y,
      .out = y->data};
}

static double flops(const shape *s) {
  double sum = (double)s->d * (double)s->p;
  for (int64_t k = 2; k <= s->layers; k++) {
    sum += (double)s->h[k] * (double)s->h[k - 1];
  }
  return 2.0 * sum * (double)s->d * (double)s->n;
}

static void eval(weir_tape *t, const weir_node *y) {
  job j = job_of(t, y);
  const size_t room = weiri_jac_room(&j);
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), j.s.tiles, flops(&j.s), room,
                         weiri_jac_forward, &j));
}

static void adjoint_eval(weir_tape *t, const weir_node *y) {
  job j = job_of(t, y);
  const size_t room = weiri_jac_room(&j);
  j.gy = y->in[y->n_in - 1]->data;
  weiri_tape_note(t, weiri_parallel(weiri_tape_team(t), PARTS, 3.0 * flops(&j.s), room,
                         weiri_jac_backward, &j));
}
static const weir_op_class adjoint_class = {
    "jacobian_gram_adjoint", adjoint_eval, NULL, NULL, NULL};

static void vjp(
    weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx) {
  const attributes a = attributes_of(y);
  const shape s = shape_of(y);
  const int64_t parts_at = weiri_jac_parts_at(&s);
  weir_var in[2 * LAYERS + 2];
  for (int i = 0; i < y->n_in; i++) {
    in[i] = weir_node_var(t, y->in[i]);
  }
  in[y->n_in] = gy;
  const weir_var all = weir_op_apply(t, &adjoint_class,
      weir_shape_1(parts_at + PARTS * s.weights), y->n_in + 1, in, &a, sizeof a);
  for (int64_t k = 0; k < (s.block > 0 ? 2 : 1); k++) {
    const int64_t i = k == 0 ? 0 : 2 * s.layers;
    if (want[i]) {
      gx[i] = weir_reshape(
          t, weir_slice(t, all, 0, k * s.n * s.p, s.n * s.p), y->in[i]->shape);
    }
  }
  const weir_var parts =
      weir_reshape(t, weir_slice(t, all, 0, parts_at, PARTS * s.weights),
          weir_shape_2(PARTS, s.weights));
  const weir_var sum = weir_sum(t, parts, 0);
  int64_t first = 0;
  for (int64_t k = 1; k <= s.layers; k++) {
    const int64_t size = s.h[k] * s.h[k - 1];
    if (want[k]) {
      gx[k] = weir_reshape(t, weir_slice(t, sum, 0, first, size), y->in[k]->shape);
    }
    first += size;
  }
}

weir_var weir_gram(weir_tape *t, weir_var j, weir_metric m) {
  const weir_shape s = weir_var_shape(t, j);
  if (!weir_var_ok(j)) {
    return j;
  }
  const int64_t n = s.dim[0], d = s.dim[1], p = s.dim[2];
  weir_var bent = weir_mul(t, j, weir_reshape(t, m.weight, weir_shape_3(n, 1, p)));
  if (m.block > 0) {
    const weir_shape apart = {4, {n, d, p / m.block, m.block}};
    const weir_shape each = {4, {n, 1, p / m.block, m.block}};
    const weir_shape one = {4, {n, d, p / m.block, 1}};
    const weir_var c = weir_reshape(t, m.share, each);
    const weir_var along = weir_sum_last(t, weir_mul(t, weir_reshape(t, j, apart), c));
    const weir_var tied = weir_mul(t, weir_reshape(t, along, one), c);
    bent = weir_sub(t, bent, weir_reshape(t, tied, s));
  }
  return weir_matmul(t, bent, j, false, true);
}

/* J [n, d, p] from matrix products. */
static weir_var expand(weir_tape *t, const weir_node *y) {
  const shape s = shape_of(y);
  const int turn[2] = {1, 0};
  weir_var j = weir_broadcast(t,
      weir_reshape(t, weir_transpose(t, weir_node_var(t, y->in[1]), turn),
          weir_shape_3(1, s.d, s.h[1])),
      weir_shape_3(s.n, s.d, s.h[1]));
  for (int64_t k = 2; k <= s.layers; k++) {
    const weir_var slope = weir_stop(t, weir_node_var(t, y->in[s.layers + k - 1]));
    j = weir_mul(t, j, weir_reshape(t, slope, weir_shape_3(s.n, 1, s.h[k - 1])));
    const weir_var rows = weir_reshape(t, j, weir_shape_2(s.n * s.d, s.h[k - 1]));
    j = weir_reshape(t, weir_matmul(t, rows, weir_node_var(t, y->in[k]), false, true),
        weir_shape_3(s.n, s.d, s.h[k]));
  }
  weir_metric m = {weir_node_var(t, y->in[0]), weir_var_none(), s.block};
  if (s.block > 0) {
    m.share = weir_node_var(t, y->in[2 * s.layers]);
  }
  return weir_gram(t, j, m);
}

static weir_var build(weir_tape *t, const weir_var *in) {
  const weir_var w[2] = {in[1], in[2]};
  static const double bends[] = {1, 0, 0.1, 1, 1, 0, 1, 1, 0, 1};
  const weir_var slope = weir_leaf_f64(t, weir_shape_2(2, 5), bends);
  const weir_var one = weir_linear(t, in[2], weir_slice(t, in[2], 0, 0, 3),
      weir_var_none(), (weir_linear_opts){WEIR_ACT_NONE, NULL}); /* [4, 3] */
  const weir_metric m = {in[0], weir_var_none(), 0};
  const weir_metric tied = {in[0], weir_square(t, in[0]), 2};
  return weir_add(t, weir_jacobian_gram(t, m, 2, w, &slope),
      weir_add(t, weir_jacobian_gram(t, tied, 2, w, &slope),
          weir_jacobian_gram(t, m, 1, &one, NULL)));
}
static const weir_probe probe = {
    3, {{2, {2, 4}}, {2, {5, 3}}, {2, {4, 5}}}, 0.1, 1, build};
const weir_op_class weir_op_jacobian_gram = {
    "jacobian_gram", eval, vjp, expand, &probe};

static bool fits(
    weir_tape *t, weir_metric m, int n, const weir_var *w, const weir_var *slope) {
  const weir_shape s = weir_var_shape(t, m.weight);
  bool ok = s.rank == 2 && n >= 1 && n <= LAYERS;
  if (ok && m.block > 0) {
    const weir_shape c = weir_var_shape(t, m.share);
    ok = weir_shape_equal(&s, &c) && s.dim[1] % m.block == 0;
  }
  for (int k = 0; ok && k < n; k++) {
    const weir_shape a = weir_var_shape(t, w[k]);
    ok = a.rank == 2 && (k == 0 || a.dim[1] == weir_var_dim(t, w[k - 1], 0));
    if (ok && k < n - 1) {
      const weir_shape b = weir_var_shape(t, slope[k]),
                       c = weir_shape_2(s.dim[0], a.dim[0]);
      ok = weir_shape_equal(&b, &c);
    }
  }
  return ok && weir_var_dim(t, w[n - 1], 0) == s.dim[1];
}

weir_var weir_jacobian_gram(
    weir_tape *t, weir_metric m, int n, const weir_var *w, const weir_var *slope) {
  weir_var in[2 * LAYERS + 1] = {m.weight};
  int n_in = 2 * n;
  bool ok = weir_var_ok(m.weight) && (m.block == 0 || weir_var_ok(m.share));
  for (int k = 0; k < n && k < LAYERS; k++) {
    in[1 + k] = w[k];
    ok = ok && weir_var_ok(w[k]);
    if (k < n - 1) {
      in[1 + n + k] = slope[k];
      ok = ok && weir_var_ok(slope[k]);
    }
  }
  if (!ok) {
    return weir_var_none();
  }
  if (!fits(t, m, n, w, slope)) {
    char text[128];
    const weir_shape s = weir_var_shape(t, m.weight);
    return weir_op_fail(t, WEIR_E_SHAPE,
        "jacobian_gram: %d layers do not fit together and to the weight %s", n,
        weiri_shape_text(&s, text));
  }
  if (m.block > 0) {
    in[n_in++] = m.share;
  }
  const attributes a = {n, m.block};
  const int64_t d = weir_var_dim(t, w[0], 1);
  return weir_op_apply(t, &weir_op_jacobian_gram,
      weir_shape_3(weir_var_dim(t, m.weight, 0), d, d), n_in, in, &a, sizeof a);
}
