/* A recording becomes a plan: nodes that no output needs are dropped; every other one
 * that is computed gets a place in one block, and places are used again once their
 * numbers have been read for the last time (best fit over the gaps, in the order of
 * execution). Views are addresses. What lies outside of the block stays there:
 * parameters, numbers given while recording, outputs with a place of their own. Before
 * that, nodes that are one kernel together with an input that nobody else reads become
 * that kernel.
 *
 * A plan that holds parameters computes what depends on them alone (the held nodes)
 * when they have changed, and not at every run: products of the factors of a linear
 * layer, logarithms of scales, weights in the order in which a kernel likes them. */
#include "ad/plan.h"

#include <string.h>

#include "ad/pack.h"

/* Nodes to be computed in order, and the bytes of the block they need. */
typedef struct part {
  const weir_node **run; /* [n] */
  uint32_t n;
  size_t bytes;
} part;

struct weiri_plan {
  const weir_ctx *ctx;
  weir_dtype dtype;
  weiri_recording recording;
  part held, each;           /* when parameters have changed; at every run */
  const weir_params *params; /* or NULL: nothing is held */
  uint64_t version;          /* of the parameters that the held nodes know, plus 1 */
  bool *is_held;             /* [count + 1] or NULL */
  void *raw, *hold;          /* the block of held nodes */
  size_t *at;                /* [count + 1] offset of a node's numbers, or ELSEWHERE */
  const void **out;          /* [n_out] */
  uint32_t *out_id;          /* [n_out] */
  void **copy;               /* [n_out] where an output is copied to, or NULL */
  int n_out;
};

#define ELSEWHERE SIZE_MAX

static weir_node *node_at(const weiri_plan *p, uint32_t id) {
  return &p->recording.chunks[(id - 1) / WEIRI_TAPE_CHUNK][(id - 1) % WEIRI_TAPE_CHUNK];
}

static size_t bytes_of(const weiri_plan *p, const weir_node *node) {
  return (size_t)weir_shape_size(&node->shape) * weir_dtype_size(p->dtype);
}

static bool is_view(const weir_node *node) {
  return node->op != NULL && node->op->eval == NULL;
}

/* The node whose numbers a view looks at. */
static uint32_t root_of(const weir_node *node) {
  while (is_view(node)) {
    node = node->in[0];
  }
  return node->id;
}

static bool is_held(const weiri_plan *p, uint32_t id) {
  return p->is_held != NULL && p->is_held[id];
}

/* ---- what is held ---- */

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
static weir_status find_held(weiri_plan *p, const weir_tape *t) {
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
    p->is_held[id] = depends_on_parameters(p, node_at(p, id));
  }
  for (uint32_t id = 1; status == WEIR_OK && id <= count; id++) {
    if (!p->is_held[id] && node_at(p, id)->op != NULL) {
      status = weiri_tape_hold(t, &p->recording, p->is_held, node_at(p, id));
    }
  }
  for (uint32_t id = count + 1; id <= p->recording.count; id++) {
    p->is_held[id] = true;
  }
  return status;
}

/* ---- fusing ---- */

/* How often a node that is needed is read by others, or as an output: 0, 1 or 2. */
static void count_readers(const weiri_plan *p, unsigned char *readers) {
  for (int i = 0; i < p->n_out; i++) {
    readers[p->out_id[i]] = 2;
  }
  for (uint32_t id = p->recording.count; id > 0; id--) {
    const weir_node *node = node_at(p, id);
    for (int i = 0; readers[id] > 0 && i < node->n_in; i++) {
      unsigned char *r = &readers[node->in[i]->id];
      *r = (unsigned char)(*r + (*r < 2));
    }
  }
}

/* A node's readers only change from a node to the one that it becomes part of, so that
 * they are counted once. */
static weir_status fuse(weiri_plan *p, const weir_tape *t) {
  const size_t n = (size_t)p->recording.count + 1;
  unsigned char *readers = weiri_calloc(p->ctx, n, sizeof *readers);
  bool *alone = weiri_calloc(p->ctx, n, sizeof *alone);
  weir_status status = readers == NULL || alone == NULL ? WEIR_E_MEMORY : WEIR_OK;
  if (status == WEIR_OK) {
    count_readers(p, readers);
  }
  for (uint32_t id = 1; status == WEIR_OK && id < n; id++) {
    alone[id] = readers[id] == 1;
    if (readers[id] > 0 && node_at(p, id)->op != NULL) {
      status = weiri_tape_fuse(t, &p->recording, alone, node_at(p, id));
    }
  }
  weiri_free(p->ctx, readers);
  weiri_free(p->ctx, alone);
  return status;
}

/* ---- places ---- */

/* What the liveness analysis works with: arrays over ids, freed at the end. */
typedef struct analysis {
  bool *needed;
  uint32_t *last; /* of a root: the last node that reads it, or KEPT */
  uint32_t *dead; /* [id]: first root whose last reader is id; chained by next */
  uint32_t *next;
} analysis;

#define KEPT UINT32_MAX

static void analysis_free(const weir_ctx *ctx, analysis *a) {
  weiri_free(ctx, a->needed);
  weiri_free(ctx, a->last);
  weiri_free(ctx, a->dead);
  weiri_free(ctx, a->next);
}

static weir_status analysis_create(const weir_ctx *ctx, analysis *a, size_t n) {
  *a = (analysis){weiri_calloc(ctx, n, sizeof *a->needed),
      weiri_calloc(ctx, n, sizeof *a->last), weiri_calloc(ctx, n, sizeof *a->dead),
      weiri_calloc(ctx, n, sizeof *a->next)};
  if (a->needed == NULL || a->last == NULL || a->dead == NULL || a->next == NULL) {
    analysis_free(ctx, a);
    return WEIR_E_MEMORY;
  }
  return WEIR_OK;
}

/* Backwards; the first time a node is seen, it is by its last reader. What is held for
 * other nodes is kept. */
static void mark_part(weiri_plan *p, analysis *a, bool held) {
  part *of = held ? &p->held : &p->each;
  for (uint32_t id = p->recording.count; id > 0; id--) {
    const weir_node *node = node_at(p, id);
    if (!a->needed[id] || is_held(p, id) != held) {
      continue;
    }
    of->n += node->op != NULL && !is_view(node);
    for (int i = 0; i < node->n_in; i++) {
      const uint32_t root = root_of(node->in[i]);
      const uint32_t reader = is_held(p, root) == held ? id : KEPT;
      a->needed[node->in[i]->id] = true;
      a->last[root] = a->last[root] == 0 && !is_view(node) ? reader : a->last[root];
    }
  }
}

static void mark_needed(weiri_plan *p, analysis *a) {
  for (int i = 0; i < p->n_out; i++) {
    a->needed[p->out_id[i]] = true;
    a->last[root_of(node_at(p, p->out_id[i]))] = KEPT;
  }
  mark_part(p, a, false);
  mark_part(p, a, true);
}

/* An output that is computed straight into the place where it is wanted; others are
 * copied there. */
static void place_outputs(weiri_plan *p, void *const *place) {
  for (int i = 0; place != NULL && i < p->n_out; i++) {
    weir_node *node = node_at(p, p->out_id[i]);
    if (place[i] == NULL) {
      continue;
    }
    if (node->op != NULL && node->op->eval != NULL && node->data == NULL &&
        !is_held(p, node->id)) {
      node->data = place[i];
    } else {
      p->copy[i] = place[i];
    }
  }
}

/* Places for a part of what is computed, in the order of execution. */
static weir_status pack(weiri_plan *p, analysis *a, bool held) {
  part *of = held ? &p->held : &p->each;
  weiri_pack pack;
  weir_status status = weiri_pack_create(&pack, p->ctx);
  of->n = 0;
  for (uint32_t id = 1; status == WEIR_OK && id <= p->recording.count; id++) {
    const weir_node *node = node_at(p, id);
    if (is_held(p, id) != held) {
      continue;
    }
    p->at[id] = ELSEWHERE;
    if (a->needed[id] && node->op != NULL && !is_view(node)) {
      of->run[of->n++] = node;
      if (node->data == NULL) {
        status = weiri_pack_take(&pack, bytes_of(p, node), &p->at[id]);
      }
    }
    if (a->needed[id] && p->at[id] != ELSEWHERE && a->last[id] != KEPT) {
      const uint32_t last = a->last[id] == 0 ? id : a->last[id];
      a->next[id] = a->dead[last];
      a->dead[last] = id;
    }
    for (uint32_t d = a->dead[id]; status == WEIR_OK && d != 0; d = a->next[d]) {
      status = weiri_pack_give(&pack, p->at[d], bytes_of(p, node_at(p, d)));
    }
  }
  of->bytes = pack.size;
  weiri_pack_destroy(&pack);
  return status;
}

/* The block of what is held is the plan's own. */
static weir_status make_hold(weiri_plan *p) {
  if (p->held.bytes == 0) {
    return WEIR_OK;
  }
  p->raw = weiri_alloc(p->ctx, p->held.bytes + 64);
  p->hold = (void *)(((uintptr_t)p->raw + 63) & ~(uintptr_t)63);
  return p->raw == NULL ? WEIR_E_MEMORY : WEIR_OK;
}

static weir_status lay_out(weiri_plan *p, void *const *place) {
  const size_t n = (size_t)p->recording.count + 1;
  analysis a;
  WEIR_TRY(analysis_create(p->ctx, &a, n));
  weir_status status = WEIR_E_MEMORY;
  mark_needed(p, &a);
  p->held.run = weiri_calloc(p->ctx, (size_t)p->held.n + 1, sizeof *p->held.run);
  p->each.run = weiri_calloc(p->ctx, (size_t)p->each.n + 1, sizeof *p->each.run);
  p->at = weiri_calloc(p->ctx, n, sizeof *p->at);
  if (p->held.run != NULL && p->each.run != NULL && p->at != NULL) {
    place_outputs(p, place);
    status = pack(p, &a, true);
    status = status == WEIR_OK ? pack(p, &a, false) : status;
    status = status == WEIR_OK ? make_hold(p) : status;
  }
  analysis_free(p->ctx, &a);
  return status;
}

static weir_status take_outputs(weiri_plan *p, weir_tape *t, const weir_var *vars) {
  const size_t n = (size_t)p->n_out + 1;
  p->out = weiri_calloc(p->ctx, n, sizeof *p->out);
  p->out_id = weiri_calloc(p->ctx, n, sizeof *p->out_id);
  p->copy = weiri_calloc(p->ctx, n, sizeof *p->copy);
  if (p->out == NULL || p->out_id == NULL || p->copy == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int i = 0; i < p->n_out; i++) {
    if (weir_var_node(t, vars[i]) == NULL) {
      WEIR_TRY(weir_tape_status(t));
      return weiri_fail(WEIR_E_ARGUMENT, "plan: output %d is poisoned", i);
    }
    p->out_id[i] = vars[i].id;
  }
  return WEIR_OK;
}

weir_status weiri_plan_create(weiri_plan **out, weir_tape *t, int n_out,
    const weir_var *vars, void *const *place, const weir_params *held) {
  WEIR_TRY(weir_tape_status(t));
  const weir_ctx *ctx = weir_tape_ctx(t);
  weiri_plan *p = weiri_calloc(ctx, 1, sizeof *p);
  if (p == NULL) {
    return WEIR_E_MEMORY;
  }
  p->ctx = ctx;
  p->dtype = weir_tape_dtype(t);
  p->n_out = n_out;
  p->params = held;
  weir_status status = take_outputs(p, t, vars);
  if (status == WEIR_OK) {
    status = weiri_tape_give(t, &p->recording);
  }
  if (status == WEIR_OK) {
    status = find_held(p, t);
  }
  if (status == WEIR_OK) {
    status = fuse(p, t);
  }
  if (status == WEIR_OK) {
    status = lay_out(p, place);
  }
  if (status != WEIR_OK) {
    weiri_plan_destroy(&p);
    return status;
  }
  weiri_plan_bind(p, NULL);
  *out = p;
  return WEIR_OK;
}

void weiri_plan_destroy(weiri_plan **plan) {
  weiri_plan *p = *plan;
  if (p == NULL) {
    return;
  }
  weiri_recording_free(p->ctx, &p->recording);
  weiri_free(p->ctx, p->held.run);
  weiri_free(p->ctx, p->each.run);
  weiri_free(p->ctx, p->is_held);
  weiri_free(p->ctx, p->raw);
  weiri_free(p->ctx, p->at);
  weiri_free(p->ctx, p->out);
  weiri_free(p->ctx, p->out_id);
  weiri_free(p->ctx, p->copy);
  weiri_free(p->ctx, p);
  *plan = NULL;
}

size_t weiri_plan_bytes(const weiri_plan *plan) {
  return plan->each.bytes;
}

void weiri_plan_bind(weiri_plan *p, void *block) {
  for (uint32_t id = 1; block != NULL && id <= p->recording.count; id++) {
    weir_node *node = node_at(p, id);
    if (is_view(node)) {
      const char *from = node->in[0]->data;
      node->data = from == NULL ? NULL
                                : (char *)node->in[0]->data +
                                      (size_t)node->offset * weir_dtype_size(p->dtype);
    } else if (p->at[id] != ELSEWHERE) {
      node->data = (char *)(is_held(p, id) ? p->hold : block) + p->at[id];
    }
  }
  for (int i = 0; i < p->n_out; i++) {
    p->out[i] = node_at(p, p->out_id[i])->data;
  }
}

/* Computes what is held, unless the parameters are the ones that it knows. */
static weir_status renew(weiri_plan *p, weir_tape *t) {
  const uint64_t version = 1 + weiri_params_version(p->params);
  if (p->version != version) {
    WEIR_TRY(weiri_tape_replay(t, p->held.run, p->held.n));
    p->version = version;
  }
  return WEIR_OK;
}

weir_status weiri_plan_run(weiri_plan *p, weir_tape *t) {
  WEIR_TRY(p->held.n > 0 ? renew(p, t) : WEIR_OK);
  WEIR_TRY(weiri_tape_replay(t, p->each.run, p->each.n));
  for (int i = 0; i < p->n_out; i++) {
    if (p->copy[i] != NULL) {
      memcpy(p->copy[i], p->out[i], bytes_of(p, node_at(p, p->out_id[i])));
    }
  }
  return WEIR_OK;
}

int weiri_plan_outputs(const weiri_plan *plan) {
  return plan->n_out;
}

const void *weiri_plan_data(const weiri_plan *plan, int i) {
  return plan->out[i];
}

int64_t weiri_plan_kernels(const weiri_plan *plan) {
  return plan->each.n;
}

const weir_node *weiri_plan_node(const weiri_plan *plan, int64_t i) {
  return plan->each.run[i];
}

const weir_node *weiri_plan_output(const weiri_plan *plan, int i) {
  return node_at(plan, plan->out_id[i]);
}
