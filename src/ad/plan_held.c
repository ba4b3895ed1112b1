/* A plan that holds parameters computes what depends on them alone (the held nodes)
 * when they have changed, and not at every run: products of the factors of a linear
 * layer, logarithms of scales, weights in the order in which a kernel likes them. */
#include "ad/plan_in.h"

/* Leaves are parameters, or numbers that were given; a source is none. */
static bool depends_on_parameters(const weiri_plan *p, const weir_node *node) {
  if (node->op == NULL) {
    return !node->borrowed || weiri_params_own(p->params, node->data);
  }
  bool all = node->n_in > 0;
  for (int i = 0; all && i < node->n_in; i++) {
    all = p->is_held[node->in[i]->id];
  }
  return all;
}

/* Finds the held nodes, and lets kernels have held arguments as they like them: nodes
 * are added for that, one at most for each that is there. */
weir_status weiri_plan_find_held(weiri_plan *p, const weir_tape *t) {
  const uint32_t count = p->recording.count;
  weir_status status = WEIR_OK;
  if (p->params == NULL) {
    return WEIR_OK;
  }
  p->is_held = weiri_calloc(p->ctx, 2 * (size_t)count + 1, sizeof *p->is_held);
  if (p->is_held == NULL) {
    return WEIR_E_MEMORY;
  }
  for (uint32_t id = 1; id <= count; id++) {
    p->is_held[id] = depends_on_parameters(p, weiri_node_at(p, id));
  }
  for (uint32_t id = 1; status == WEIR_OK && id <= count; id++) {
    if (!p->is_held[id] && weiri_node_at(p, id)->op != NULL) {
      status = weiri_tape_hold(t, &p->recording, p->is_held, weiri_node_at(p, id));
    }
  }
  for (uint32_t id = count + 1; id <= p->recording.count; id++) {
    p->is_held[id] = true;
  }
  return status;
}

weir_status weiri_plan_make_hold(weiri_plan *p) {
  if (p->held.bytes == 0) {
    return WEIR_OK;
  }
  p->raw = weiri_alloc(p->ctx, p->held.bytes + 64);
  p->hold = (void *)(((uintptr_t)p->raw + 63) & ~(uintptr_t)63);
  return p->raw == NULL ? WEIR_E_MEMORY : WEIR_OK;
}

weir_status weiri_plan_renew(weiri_plan *p, weir_tape *t) {
  const uint64_t version = 1 + weiri_params_version(p->params);
  if (p->version != version) {
    WEIR_TRY(weiri_tape_replay(t, p->held.run, p->held.n));
    p->version = version;
  }
  return WEIR_OK;
}
