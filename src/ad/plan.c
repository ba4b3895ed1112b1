/* A recording becomes a plan: nodes that no output needs are dropped; every other one
 * that is computed gets a place in one block, and places are used again once their
 * numbers have been read for the last time (best fit over the gaps, in the order of
 * execution). Views are addresses. What lies outside of the block stays there:
 * parameters, numbers given while recording, outputs with a place of their own. Before
 * that, nodes that are one kernel together with an input that nobody else reads become
 * that kernel. */
#include <string.h>

#include "ad/pack.h"
#include "ad/plan_in.h"

/* ---- fusing ---- */

/* How often a node that is needed is read by others, or as an output: 0, 1 or 2. */
static void count_readers(const weiri_plan *p, unsigned char *readers) {
  for (int i = 0; i < p->n_out; i++) {
    readers[p->out_id[i]] = 2;
  }
  for (uint32_t id = p->recording.count; id > 0; id--) {
    const weir_node *node = weiri_node_at(p, id);
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
    if (readers[id] > 0 && weiri_node_at(p, id)->op != NULL) {
      status = weiri_tape_fuse(t, &p->recording, alone, weiri_node_at(p, id));
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
  weiri_part *of = held ? &p->held : &p->each;
  for (uint32_t id = p->recording.count; id > 0; id--) {
    const weir_node *node = weiri_node_at(p, id);
    if (!a->needed[id] || weiri_is_held(p, id) != held) {
      continue;
    }
    of->n += node->op != NULL && !weiri_is_view(node);
    for (int i = 0; i < node->n_in; i++) {
      const uint32_t root = weiri_root_of(node->in[i]);
      const uint32_t reader = weiri_is_held(p, root) == held ? id : KEPT;
      a->needed[node->in[i]->id] = true;
      a->last[root] =
          a->last[root] == 0 && !weiri_is_view(node) ? reader : a->last[root];
    }
  }
}

static void mark_needed(weiri_plan *p, analysis *a) {
  for (int i = 0; i < p->n_out; i++) {
    a->needed[p->out_id[i]] = true;
    a->last[weiri_root_of(weiri_node_at(p, p->out_id[i]))] = KEPT;
  }
  mark_part(p, a, false);
  mark_part(p, a, true);
}

/* An output that is computed straight into the place where it is wanted; others are
 * copied there. */
static void place_outputs(weiri_plan *p, void *const *place) {
  for (int i = 0; place != NULL && i < p->n_out; i++) {
    weir_node *node = weiri_node_at(p, p->out_id[i]);
    if (place[i] == NULL) {
      continue;
    }
    if (node->op != NULL && node->op->eval != NULL && node->data == NULL &&
        !weiri_is_held(p, node->id)) {
      node->data = place[i];
    } else {
      p->copy[i] = place[i];
    }
  }
}

/* Places for a part of what is computed, in the order of execution. */
static weir_status pack(weiri_plan *p, analysis *a, bool held) {
  weiri_part *of = held ? &p->held : &p->each;
  weiri_pack pack;
  weir_status status = weiri_pack_create(&pack, p->ctx);
  of->n = 0;
  for (uint32_t id = 1; status == WEIR_OK && id <= p->recording.count; id++) {
    const weir_node *node = weiri_node_at(p, id);
    if (weiri_is_held(p, id) != held) {
      continue;
    }
    p->at[id] = WEIRI_ELSEWHERE;
    if (a->needed[id] && node->op != NULL && !weiri_is_view(node)) {
      of->run[of->n++] = node;
      if (node->data == NULL) {
        status = weiri_pack_take(&pack, weiri_bytes_of(p, node), &p->at[id]);
      }
    }
    if (a->needed[id] && p->at[id] != WEIRI_ELSEWHERE && a->last[id] != KEPT) {
      const uint32_t last = a->last[id] == 0 ? id : a->last[id];
      a->next[id] = a->dead[last];
      a->dead[last] = id;
    }
    for (uint32_t d = a->dead[id]; status == WEIR_OK && d != 0; d = a->next[d]) {
      status = weiri_pack_give(&pack, p->at[d], weiri_bytes_of(p, weiri_node_at(p, d)));
    }
  }
  of->bytes = pack.size;
  weiri_pack_destroy(&pack);
  return status;
}

static weir_status lay_out(
    weiri_plan *p, weir_tape *t, int64_t rows, void *const *place) {
  const size_t n = (size_t)p->recording.count + 1;
  analysis a;
  WEIR_TRY(analysis_create(p->ctx, &a, n));
  weir_status status = WEIR_E_MEMORY;
  mark_needed(p, &a);
  p->held.run = weiri_calloc(p->ctx, (size_t)p->held.n + 1, sizeof *p->held.run);
  p->each.run = weiri_calloc(p->ctx, n, sizeof *p->each.run);
  p->at = weiri_calloc(p->ctx, n, sizeof *p->at);
  if (p->held.run != NULL && p->each.run != NULL && p->at != NULL) {
    place_outputs(p, place);
    status = rows > 0 ? weiri_panels_create(&p->panels, p, t, rows, a.needed) : WEIR_OK;
    status = status == WEIR_OK ? pack(p, &a, true) : status;
    if (status == WEIR_OK) {
      status = p->panels == NULL ? pack(p, &a, false) : weiri_panels_pack(p, a.needed);
    }
    status = status == WEIR_OK ? weiri_plan_make_hold(p) : status;
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
    const weir_var *vars, void *const *place, const weiri_plan_opts *opts) {
  WEIR_TRY(weir_tape_status(t));
  const weir_ctx *ctx = weir_tape_ctx(t);
  weiri_plan *p = weiri_calloc(ctx, 1, sizeof *p);
  if (p == NULL) {
    return WEIR_E_MEMORY;
  }
  p->ctx = ctx;
  p->dtype = weir_tape_dtype(t);
  p->n_out = n_out;
  p->params = opts == NULL ? NULL : opts->held;
  weir_status status = take_outputs(p, t, vars);
  if (status == WEIR_OK) {
    status = weiri_tape_give(t, &p->recording);
  }
  if (status == WEIR_OK) {
    status = weiri_plan_find_held(p, t);
  }
  if (status == WEIR_OK) {
    status = fuse(p, t);
  }
  if (status == WEIR_OK) {
    status = lay_out(p, t, opts == NULL ? 0 : opts->rows, place);
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
  weiri_panels_destroy(&p->panels, p->ctx);
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

int weiri_plan_stages(const weiri_plan *plan) {
  return weiri_panels_stages(plan->panels);
}

size_t weiri_plan_own_bytes(const weiri_plan *plan) {
  return plan->held.bytes + weiri_panels_bytes(plan->panels);
}

void weiri_plan_bind(weiri_plan *p, void *block) {
  for (uint32_t id = 1; block != NULL && id <= p->recording.count; id++) {
    weir_node *node = weiri_node_at(p, id);
    if (weiri_is_view(node)) {
      const char *from = node->in[0]->data;
      node->data = from == NULL ? NULL
                                : (char *)node->in[0]->data +
                                      (size_t)node->offset * weir_dtype_size(p->dtype);
    } else if (p->at[id] != WEIRI_ELSEWHERE) {
      node->data = (char *)(weiri_is_held(p, id) ? p->hold : block) + p->at[id];
    }
  }
  for (int i = 0; i < p->n_out; i++) {
    p->out[i] = weiri_node_at(p, p->out_id[i])->data;
  }
  if (block != NULL && p->panels != NULL) {
    weiri_panels_bind(p);
  }
}

weir_status weiri_plan_run(weiri_plan *p, weir_tape *t) {
  WEIR_TRY(p->held.n > 0 ? weiri_plan_renew(p, t) : WEIR_OK);
  WEIR_TRY(p->panels == NULL ? weiri_tape_replay(t, p->each.run, p->each.n)
                             : weiri_panels_run(p->panels, t));
  for (int i = 0; i < p->n_out; i++) {
    if (p->copy[i] != NULL) {
      memcpy(p->copy[i], p->out[i], weiri_bytes_of(p, weiri_node_at(p, p->out_id[i])));
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

weir_node *weiri_plan_output(const weiri_plan *plan, int i) {
  return weiri_node_at(plan, plan->out_id[i]);
}
