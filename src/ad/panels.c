/* Which nodes of a plan go in panels, and in which stage each is computed. */
#include "ad/pack.h"
#include "ad/panels_in.h"

/* Fewer rows are not worth a panel, nor is less work; a kernel of more is shared out
 * over threads by itself. */
#define ROWS_LEAST 16
#define WORK_LEAST 1e6
#define KERNEL_MOST 1e7
#define NODES_MOST 20000 /* lists take time that grows faster than their length */

/* ---- cuts ---- */

static weir_status cut_nodes(weiri_panels *s, const weiri_plan *p, const weir_tape *t,
    const bool *needed, const bool *whole) {
  const weiri_tape_hooks *hooks = weiri_tape_hooks_of(t);
  const uint32_t count = p->recording.count;
  bool *inputs = weiri_alloc(p->ctx, (size_t)count + 1);
  for (uint32_t id = 1; inputs != NULL && id <= count; id++) {
    weir_node *node = weiri_node_at(p, id);
    s->cut[id] = (weiri_cut){WEIRI_WHOLE, 0};
    if (needed[id] && node->op != NULL && !whole[id] && !weiri_is_held(p, id)) {
      for (int i = 0; i < node->n_in; i++) {
        inputs[i] = false;
      }
      s->cut[id] = hooks->cut(node, s->n, s->cut, inputs);
    }
  }
  weiri_free(p->ctx, inputs);
  return inputs == NULL ? WEIR_E_MEMORY : WEIR_OK;
}

/* Several results in panels cannot be read as a whole: then their node is one. One of
 * them can, since it is copied. */
static bool keep_whole(const weiri_panels *s, const weir_node *x, bool *whole) {
  while (weiri_is_view(x) && s->cut[x->id].kind != WEIRI_ROWS) {
    x = x->in[0];
  }
  const bool clash = s->cut[x->id].kind == WEIRI_SEVERAL;
  whole[x->id] = whole[x->id] || clash;
  return clash;
}

static bool find_clashes(
    const weiri_panels *s, const weiri_plan *p, const bool *needed, bool *whole) {
  bool any = false;
  for (int i = 0; i < p->n_out; i++) {
    any = keep_whole(s, weiri_node_at(p, p->out_id[i]), whole) || any;
  }
  for (uint32_t id = 1; id <= p->recording.count; id++) {
    const weir_node *node = weiri_node_at(p, id);
    for (int i = 0; needed[id] && !weiri_in_panels(s, id) && i < node->n_in; i++) {
      any = keep_whole(s, node->in[i], whole) || any;
    }
  }
  return any;
}

static weir_status find_cuts(
    weiri_panels *s, const weiri_plan *p, const weir_tape *t, const bool *needed) {
  bool *whole = weiri_calloc(p->ctx, (size_t)p->recording.count + 1, sizeof *whole);
  weir_status status = whole == NULL ? WEIR_E_MEMORY : WEIR_OK;
  if (status == WEIR_OK) {
    do {
      status = cut_nodes(s, p, t, needed, whole);
    } while (status == WEIR_OK && find_clashes(s, p, needed, whole));
  }
  weiri_free(p->ctx, whole);
  return status;
}

/* ---- stages ---- */

/* Stages with panels have odd numbers. A node is as early as what it reads allows. */
static void find_stages(weiri_panels *s, const weiri_plan *p, const bool *needed) {
  for (uint32_t id = 1; id <= p->recording.count; id++) {
    const weir_node *node = weiri_node_at(p, id);
    int32_t at = weiri_in_panels(s, id) ? 1 : 0;
    if (!needed[id] || node->op == NULL || weiri_is_held(p, id)) {
      continue;
    }
    for (int i = 0; i < node->n_in; i++) {
      const int32_t before = s->stage[node->in[i]->id];
      const int32_t least = before + ((before ^ at) & 1);
      at = least > at ? least : at;
    }
    s->stage[id] = at;
    s->n_stages = at + 1 > s->n_stages ? at + 1 : s->n_stages;
  }
}

static bool worth_it(const weiri_panels *s, const weiri_plan *p, const weir_tape *t,
    const bool *needed) {
  const weiri_tape_hooks *hooks = weiri_tape_hooks_of(t);
  double all = 0.0, most = 0.0;
  for (uint32_t id = 1; id <= p->recording.count; id++) {
    const weir_node *node = weiri_node_at(p, id);
    if (needed[id] && !weiri_is_view(node) && weiri_in_panels(s, id)) {
      const double work = hooks->work(node);
      all += work;
      most = work > most ? work : most;
    }
  }
  return all >= WORK_LEAST && most <= KERNEL_MOST;
}

static void copy_views(
    const weiri_panels *s, weiri_plan *p, const weir_tape *t, const bool *needed) {
  for (uint32_t id = 1; id <= p->recording.count; id++) {
    weir_node *node = weiri_node_at(p, id);
    if (needed[id] && weiri_in_panels(s, id) && weiri_is_view(node) &&
        s->cut[node->in[0]->id].kind == WEIRI_SEVERAL) {
      weiri_tape_hooks_of(t)->copy_view(node);
    }
  }
}

static weir_status make_tapes(weiri_panels *s, const weir_tape *t) {
  for (int i = 0; i < s->count; i++) {
    WEIR_TRY(weiri_tape_create_alone(&s->tape[i], t));
  }
  return WEIR_OK;
}

static weir_status make(
    weiri_panels *s, weiri_plan *p, const weir_tape *t, const bool *needed) {
  const size_t nodes = (size_t)p->recording.count + 1;
  for (int i = 0; i <= s->count; i++) {
    s->row[i] = s->n * i / s->count;
  }
  s->cut = weiri_calloc(p->ctx, nodes, sizeof *s->cut);
  s->stage = weiri_calloc(p->ctx, nodes, sizeof *s->stage);
  if (s->cut == NULL || s->stage == NULL) {
    return WEIR_E_MEMORY;
  }
  WEIR_TRY(find_cuts(s, p, t, needed));
  find_stages(s, p, needed);
  if (!worth_it(s, p, t, needed)) {
    return WEIR_OK;
  }
  copy_views(s, p, t, needed);
  WEIR_TRY(make_tapes(s, t));
  return weiri_panels_list(s, p, t, needed);
}

weir_status weiri_panels_create(
    weiri_panels **out, weiri_plan *p, weir_tape *t, int64_t rows, const bool *needed) {
  const int threads = p->ctx->threads;
  const int64_t most = rows / ROWS_LEAST, want = threads < most ? threads : most;
  const int count = want < WEIRI_PANELS_MOST ? (int)want : WEIRI_PANELS_MOST;
  *out = NULL;
  if (count < 2 || p->recording.count > NODES_MOST) {
    return WEIR_OK;
  }
  weiri_panels *s = weiri_calloc(p->ctx, 1, sizeof *s);
  if (s == NULL) {
    return WEIR_E_MEMORY;
  }
  s->n = rows;
  s->count = count;
  const weir_status status = make(s, p, t, needed);
  if (status != WEIR_OK || s->stages == NULL) {
    weiri_panels_destroy(&s, p->ctx);
  }
  *out = s;
  return status;
}

void weiri_panels_destroy(weiri_panels **panels, const weir_ctx *ctx) {
  weiri_panels *s = *panels;
  if (s == NULL) {
    return;
  }
  for (int i = 0; i < s->count; i++) {
    weir_tape_destroy(&s->tape[i]);
  }
  weiri_free(ctx, s->piece);
  weiri_free(ctx, s->cut);
  weiri_free(ctx, s->stage);
  weiri_free(ctx, s->stages);
  weiri_free(ctx, s);
  *panels = NULL;
}

/* ---- places ---- */

/* The last stage that reads a root; INT32_MAX: it is kept. */
static void find_ends(
    const weiri_panels *s, const weiri_plan *p, const bool *needed, int32_t *end) {
  for (uint32_t id = 1; id <= p->recording.count; id++) {
    const weir_node *node = weiri_node_at(p, id);
    end[id] = s->stage[id] > end[id] ? s->stage[id] : end[id];
    for (int i = 0; needed[id] && i < node->n_in; i++) {
      int32_t *e = &end[weiri_root_of(node->in[i])];
      *e = s->stage[id] > *e ? s->stage[id] : *e;
    }
  }
  for (int i = 0; i < p->n_out; i++) {
    end[weiri_root_of(weiri_node_at(p, p->out_id[i]))] = INT32_MAX;
  }
}

/* Takes (or gives back) the places of one stage. */
static weir_status place_stage(weiri_plan *p, weiri_pack *pack, const bool *needed,
    const int32_t *end, int32_t at) {
  const weiri_panels *s = p->panels;
  for (uint32_t id = 1; id <= p->recording.count; id++) {
    const weir_node *node = weiri_node_at(p, id);
    if (!needed[id] || node->op == NULL || weiri_is_view(node) ||
        weiri_is_held(p, id) || s->stage[id] != at) {
      continue;
    }
    p->each.run[p->each.n++] = node;
    if (node->data == NULL) {
      WEIR_TRY(weiri_pack_take(pack, weiri_bytes_of(p, node), &p->at[id]));
    }
  }
  for (uint32_t id = 1; id <= p->recording.count; id++) {
    if (needed[id] && end[id] == at && p->at[id] != WEIRI_ELSEWHERE &&
        !weiri_is_held(p, id)) {
      WEIR_TRY(
          weiri_pack_give(pack, p->at[id], weiri_bytes_of(p, weiri_node_at(p, id))));
    }
  }
  return WEIR_OK;
}

weir_status weiri_panels_pack(weiri_plan *p, const bool *needed) {
  const uint32_t count = p->recording.count;
  int32_t *end = weiri_calloc(p->ctx, (size_t)count + 1, sizeof *end);
  weiri_pack pack;
  weir_status status = weiri_pack_create(&pack, p->ctx);
  status = end == NULL ? WEIR_E_MEMORY : status;
  p->each.n = 0;
  if (status == WEIR_OK) {
    find_ends(p->panels, p, needed, end);
  }
  for (uint32_t id = 1; status == WEIR_OK && id <= count; id++) {
    p->at[id] = weiri_is_held(p, id) ? p->at[id] : WEIRI_ELSEWHERE;
  }
  for (int32_t i = 0; status == WEIR_OK && i < p->panels->n_stages; i++) {
    status = place_stage(p, &pack, needed, end, i);
  }
  p->each.bytes = pack.size;
  weiri_pack_destroy(&pack);
  weiri_free(p->ctx, end);
  return status;
}
