/* The reverse walk: gx_i = sum over paths from y to x_i of seed * dy / dx_i.
 * Gradient rules record expressions, so results can be differentiated again. */
#include <string.h>

#include "ad/tape.h"

typedef struct walk {
  weir_tape *t;
  uint32_t lowest, last; /* nodes that can matter */
  bool *reached;         /* [last + 1]: depends on one of the x */
  bool *stop;            /* [last + 1]: an x that cuts the paths below it; or NULL */
  weir_var *grad;        /* [last + 1] */
  bool twice;
} walk;

static weir_status run_walk(weir_tape *t, weir_var y, weir_var seed, int n,
    const weir_var *x, weir_var *gx, bool twice, bool cut);

static bool differentiable(const weir_node *node) {
  return node->op != NULL && (node->op->vjp != NULL || node->op->expand != NULL);
}

static void mark(walk *w, int n, const weir_var *x) {
  memset(w->reached, 0, w->last + 1);
  for (int i = 0; i < n; i++) {
    if (x[i].id <= w->last) {
      w->reached[x[i].id] = true;
    }
  }
  for (uint32_t id = w->lowest; id <= w->last; id++) {
    const weir_node *node = weiri_tape_node(w->t, id);
    if (!differentiable(node)) {
      continue;
    }
    for (int i = 0; i < node->n_in && !w->reached[id]; i++) {
      w->reached[id] = w->reached[node->in[i]->id];
    }
  }
}

/* The gradients of one node with respect to its inputs, into gx. The inputs may depend
 * on each other, so the expanded form is walked down to them and no further. */
static weir_status step_back(
    walk *w, const weir_node *node, weir_var gy, bool *want, weir_var *gx) {
  weir_var *in = weiri_tape_take_small(w->t, (size_t)node->n_in * sizeof *in);
  if (in == NULL) {
    return weir_tape_status(w->t);
  }
  for (int i = 0; i < node->n_in; i++) {
    want[i] = w->reached[node->in[i]->id];
    gx[i] = weir_var_none();
    in[i] = weir_node_var(w->t, node->in[i]);
  }
  if (node->op->expand != NULL && (w->twice || node->op->vjp == NULL)) {
    const weir_var y = node->op->expand(w->t, node);
    return run_walk(w->t, y, gy, node->n_in, in, gx, w->twice, true);
  }
  node->op->vjp(w->t, node, gy, want, gx);
  return WEIR_OK;
}

static weir_status visit(walk *w, uint32_t id) {
  const weir_node *node = weiri_tape_node(w->t, id);
  const weir_var gy = w->grad[id];
  if (!w->reached[id] || !weir_var_ok(gy) || !differentiable(node) ||
      (w->stop != NULL && w->stop[id])) {
    return WEIR_OK;
  }
  bool *want = weiri_tape_take_small(w->t, (size_t)node->n_in + 1);
  weir_var *gx = weiri_tape_take_small(w->t, (size_t)(node->n_in + 1) * sizeof *gx);
  if (want == NULL || gx == NULL) {
    return weir_tape_status(w->t);
  }
  WEIR_TRY(step_back(w, node, gy, want, gx));
  for (int i = 0; i < node->n_in; i++) {
    if (want[i] && weir_var_ok(gx[i])) {
      weir_var *g = &w->grad[node->in[i]->id];
      *g = weir_var_ok(*g) ? weiri_tape_add(w->t, *g, gx[i]) : gx[i];
    }
  }
  return weir_tape_status(w->t);
}

static weir_status walk_create(walk *w, int n, const weir_var *x, bool cut) {
  const size_t size = (size_t)w->last + 1;
  w->reached = weiri_tape_take_small(w->t, size);
  w->grad = weiri_tape_take_small(w->t, size * sizeof *w->grad);
  w->stop = cut ? weiri_tape_take_small(w->t, size) : NULL;
  if (w->reached == NULL || w->grad == NULL || (cut && w->stop == NULL)) {
    return weir_tape_status(w->t);
  }
  memset(w->grad, 0, size * sizeof *w->grad);
  w->lowest = w->last;
  for (int i = 0; i < n; i++) {
    w->lowest = x[i].id < w->lowest ? x[i].id : w->lowest;
  }
  mark(w, n, x);
  if (cut) {
    memset(w->stop, 0, size);
    for (int i = 0; i < n; i++) {
      if (x[i].id <= w->last) {
        w->stop[x[i].id] = true;
      }
    }
  }
  return WEIR_OK;
}

static weir_status run_walk(weir_tape *t, weir_var y, weir_var seed, int n,
    const weir_var *x, weir_var *gx, bool twice, bool cut) {
  WEIR_TRY(weir_tape_status(t));
  walk w = {.t = t, .last = y.id, .twice = twice};
  WEIR_TRY(walk_create(&w, n, x, cut));
  w.grad[w.last] = seed;
  for (uint32_t id = w.last; id >= w.lowest && id > 0; id--) {
    WEIR_TRY(visit(&w, id));
  }
  for (int i = 0; i < n; i++) {
    gx[i] = x[i].id <= w.last ? w.grad[x[i].id] : weir_var_none();
  }
  return weir_tape_status(t);
}

weir_status weir_grad(weir_tape *t, weir_var y, weir_var seed, int n, const weir_var *x,
    weir_var *gx, bool twice) {
  WEIR_TRY(weir_tape_status(t));
  const weir_node *top = weir_var_node(t, y);
  for (int i = 0; i < n && top != NULL; i++) {
    top = weir_var_node(t, x[i]) == NULL ? NULL : top;
  }
  if (top == NULL) {
    WEIR_TRY(weir_tape_status(t));
    return weiri_fail(WEIR_E_ARGUMENT, "gradient with a poisoned variable");
  }
  if (!weir_var_ok(seed)) {
    seed = weir_fill(t, top->shape, 1.0);
  }
  const weir_shape seed_shape = weir_var_shape(t, seed);
  if (!weir_shape_equal(&seed_shape, &top->shape)) {
    return weiri_fail(WEIR_E_SHAPE, "gradient: the seed is not shaped as y");
  }
  WEIR_TRY(run_walk(t, y, seed, n, x, gx, twice, false));
  for (int i = 0; i < n; i++) {
    if (!weir_var_ok(gx[i])) {
      gx[i] = weir_fill(t, weir_var_shape(t, x[i]), 0.0);
    }
  }
  return weir_tape_status(t);
}
