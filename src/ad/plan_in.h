/* What a plan is, for the files that make one. */
#ifndef WEIRI_PLAN_IN_H
#define WEIRI_PLAN_IN_H

#include "ad/panels.h"
#include "ad/plan.h"

/* Nodes to be computed in order, and the bytes of the block they need. */
typedef struct weiri_part {
  const weir_node **run; /* [n] */
  uint32_t n;
  size_t bytes;
} weiri_part;

struct weiri_plan {
  const weir_ctx *ctx;
  weir_dtype dtype;
  weiri_recording recording;
  weiri_part held, each;     /* when parameters have changed; at every run */
  const weir_params *params; /* or NULL: nothing is held */
  uint64_t version;          /* of the parameters that the held nodes know, plus 1 */
  bool *is_held;             /* [count + 1] or NULL */
  void *raw, *hold;          /* the block of held nodes */
  size_t *at;       /* [count + 1] offset of a node's numbers, or WEIRI_ELSEWHERE */
  const void **out; /* [n_out] */
  uint32_t *out_id; /* [n_out] */
  void **copy;      /* [n_out] where an output is copied to, or NULL */
  int n_out;
  weiri_panels *panels; /* or NULL: kernels one after the other */
};

#define WEIRI_ELSEWHERE SIZE_MAX

static inline weir_node *weiri_node_at(const weiri_plan *p, uint32_t id) {
  return &p->recording.chunks[(id - 1) / WEIRI_TAPE_CHUNK][(id - 1) % WEIRI_TAPE_CHUNK];
}

static inline size_t weiri_bytes_of(const weiri_plan *p, const weir_node *node) {
  return (size_t)weir_shape_size(&node->shape) * weir_dtype_size(p->dtype);
}

static inline bool weiri_is_view(const weir_node *node) {
  return node->op != NULL && node->op->eval == NULL;
}

/* The node whose numbers a view looks at. */
static inline uint32_t weiri_root_of(const weir_node *node) {
  while (weiri_is_view(node)) {
    node = node->in[0];
  }
  return node->id;
}

static inline bool weiri_is_held(const weiri_plan *p, uint32_t id) {
  return p->is_held != NULL && p->is_held[id];
}

/* Finds the held nodes (plan_held.c). */
weir_status weiri_plan_find_held(weiri_plan *p, const weir_tape *t);
/* The block of what is held is the plan's own. */
weir_status weiri_plan_make_hold(weiri_plan *p);
/* Computes what is held, unless the parameters are the ones that it knows. */
weir_status weiri_plan_renew(weiri_plan *p, weir_tape *t);

#endif
