/* Pieces of nodes, the lists of every stage, and running them. */
#include "ad/panels_in.h"

#define UNEVEN 1.5 /* the largest share of the work, of an even one */

/* ---- pieces ---- */

static weir_node **piece_at(
    const weiri_panels *s, const weiri_plan *p, int i, uint32_t id) {
  return &s->piece[(size_t)i * ((size_t)p->recording.count + 1) + id];
}

/* A panel's share of a node, without inputs: for one that is computed as a whole. */
static weir_status share_of(
    weiri_panels *s, weiri_plan *p, int i, const weir_node *y, weir_node **out) {
  weir_node **piece = piece_at(s, p, i, y->id);
  if (*piece == NULL) {
    *piece = weiri_arena_take_small(p->recording.meta, sizeof **piece);
    if (*piece == NULL) {
      return WEIR_E_MEMORY;
    }
    **piece = *y;
    (*piece)->shape.dim[0] = y->shape.dim[0] / s->n * (s->row[i + 1] - s->row[i]);
  }
  *out = *piece;
  return WEIR_OK;
}

/* The piece of panel i of a node that goes row by row. */
static weir_status make_piece(weiri_panels *s, weiri_plan *p, const weir_tape *t, int i,
    weir_node *y, bool *inputs) {
  const weiri_tape_hooks *hooks = weiri_tape_hooks_of(t);
  const weir_node **in =
      weiri_arena_take_small(p->recording.meta, (size_t)y->n_in * sizeof *in);
  weir_node *piece, *share;
  if (in == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int k = 0; k < y->n_in; k++) {
    inputs[k] = false;
  }
  (void)hooks->cut(y, s->n, s->cut, inputs);
  for (int k = 0; k < y->n_in; k++) {
    in[k] = y->in[k];
    if (inputs[k]) {
      WEIR_TRY(share_of(s, p, i, y->in[k], &share));
      in[k] = share;
    }
  }
  WEIR_TRY(share_of(s, p, i, y, &piece));
  piece->in = in;
  return hooks->panel(p->recording.meta, piece, y, s->n, s->row[i + 1] - s->row[i]);
}

static weir_status make_pieces(
    weiri_panels *s, weiri_plan *p, const weir_tape *t, const bool *needed) {
  const uint32_t count = p->recording.count;
  s->piece =
      weiri_calloc(p->ctx, (size_t)s->count * ((size_t)count + 1), sizeof *s->piece);
  bool *inputs = weiri_alloc(p->ctx, (size_t)count + 1);
  weir_status status = s->piece == NULL || inputs == NULL ? WEIR_E_MEMORY : WEIR_OK;
  for (uint32_t id = 1; id <= count; id++) {
    for (int i = 0; needed[id] && weiri_in_panels(s, id) && i < s->count; i++) {
      if (status == WEIR_OK) {
        status = make_piece(s, p, t, i, weiri_node_at(p, id), inputs);
      }
    }
  }
  weiri_free(p->ctx, inputs);
  return status;
}

/* ---- lists ---- */

typedef struct lister {
  weiri_panels *s;
  weiri_plan *p;
  const weiri_tape_hooks *hooks;
  const bool *needed;
  int32_t at;      /* the stage */
  uint32_t *group; /* [nodes + 1] the first node that this one is computed with */
  double *work;    /* [nodes + 1] of a group */
} lister;

static bool is_of_stage(const lister *l, uint32_t id) {
  const weir_node *node = weiri_node_at(l->p, id);
  return l->needed[id] && node->op != NULL && !weiri_is_view(node) &&
         !weiri_is_held(l->p, id) && l->s->stage[id] == l->at;
}

static uint32_t members(const lister *l) {
  uint32_t n = 0;
  for (uint32_t id = 1; id <= l->p->recording.count; id++) {
    n += is_of_stage(l, id);
  }
  return n;
}

static void list_panels(const lister *l, weiri_stage *stage) {
  uint32_t n = 0;
  stage->lists = l->s->count;
  for (int i = 0; i < stage->lists; i++) {
    for (uint32_t id = 1; id <= l->p->recording.count; id++) {
      if (is_of_stage(l, id)) {
        stage->run[n++] = *piece_at(l->s, l->p, i, id);
      }
    }
    stage->first[i + 1] = n;
  }
}

static uint32_t leader(const lister *l, uint32_t id) {
  while (l->group[id] != id) {
    id = l->group[id];
  }
  return id;
}

/* Nodes of a stage that read one another are computed together. */
static void find_groups(const lister *l) {
  for (uint32_t id = 1; id <= l->p->recording.count; id++) {
    const weir_node *node = weiri_node_at(l->p, id);
    l->group[id] = id;
    l->work[id] = 0.0;
    for (int i = 0; is_of_stage(l, id) && i < node->n_in; i++) {
      const uint32_t root = weiri_root_of(node->in[i]);
      if (is_of_stage(l, root)) {
        const uint32_t a = leader(l, root), b = leader(l, id);
        l->group[a > b ? a : b] = a > b ? b : a;
      }
    }
  }
  for (uint32_t id = 1; id <= l->p->recording.count; id++) {
    if (is_of_stage(l, id)) {
      l->work[leader(l, id)] += l->hooks->work(weiri_node_at(l->p, id));
    }
  }
}

/* The largest group that has not been dealt out yet; 0: none. */
static uint32_t largest(const lister *l, const int *owner) {
  uint32_t best = 0;
  for (uint32_t id = 1; id <= l->p->recording.count; id++) {
    if (is_of_stage(l, id) && l->group[id] == id && owner[id] < 0 &&
        (best == 0 || l->work[id] > l->work[best])) {
      best = id;
    }
  }
  return best;
}

static void list_all(const lister *l, weiri_stage *stage) {
  uint32_t n = 0;
  stage->lists = 1;
  for (uint32_t id = 1; id <= l->p->recording.count; id++) {
    if (is_of_stage(l, id)) {
      stage->run[n++] = weiri_node_at(l->p, id);
    }
  }
  stage->first[1] = n;
}

/* Groups are dealt out, the largest first, each to the list with the least work. Where
 * that leaves threads idle, nodes come one after the other, each on all threads. */
static void list_groups(const lister *l, weiri_stage *stage, int *owner) {
  double load[WEIRI_PANELS_MOST] = {0};
  uint32_t n = 0, id;
  stage->lists = l->s->count;
  for (id = 0; id <= l->p->recording.count; id++) {
    owner[id] = -1;
  }
  while ((id = largest(l, owner)) != 0) {
    int to = 0;
    for (int i = 1; i < stage->lists; i++) {
      to = load[i] < load[to] ? i : to;
    }
    owner[id] = to;
    load[to] += l->work[id];
  }
  for (int i = 0; i < stage->lists; i++) {
    if (load[i] * stage->lists > UNEVEN * stage->work) {
      list_all(l, stage);
      return;
    }
  }
  for (int i = 0; i < stage->lists; i++) {
    for (id = 1; id <= l->p->recording.count; id++) {
      if (is_of_stage(l, id) && owner[leader(l, id)] == i) {
        stage->run[n++] = weiri_node_at(l->p, id);
      }
    }
    stage->first[i + 1] = n;
  }
}

/* Before the first panels one node follows from another: nothing is dealt out. */
static weir_status list_stage(const lister *l, weiri_stage *stage, int *owner) {
  const bool panels = l->at % 2 == 1;
  const size_t room = (size_t)members(l) * (size_t)(panels ? l->s->count : 1);
  stage->run =
      weiri_arena_take_small(l->p->recording.meta, (room + 1) * sizeof *stage->run);
  if (stage->run == NULL) {
    return WEIR_E_MEMORY;
  }
  for (uint32_t id = 1; id <= l->p->recording.count; id++) {
    stage->work += is_of_stage(l, id) ? l->hooks->work(weiri_node_at(l->p, id)) : 0.0;
  }
  if (panels) {
    list_panels(l, stage);
  } else if (l->at == 0) {
    list_all(l, stage);
  } else {
    find_groups(l);
    list_groups(l, stage, owner);
  }
  return WEIR_OK;
}

weir_status weiri_panels_list(
    weiri_panels *s, weiri_plan *p, const weir_tape *t, const bool *needed) {
  const size_t nodes = (size_t)p->recording.count + 1;
  lister l = {s, p, weiri_tape_hooks_of(t), needed, 0,
      weiri_calloc(p->ctx, nodes, sizeof *l.group),
      weiri_calloc(p->ctx, nodes, sizeof *l.work)};
  int *owner = weiri_calloc(p->ctx, nodes, sizeof *owner);
  s->stages = weiri_calloc(p->ctx, (size_t)s->n_stages, sizeof *s->stages);
  weir_status status =
      l.group == NULL || l.work == NULL || owner == NULL || s->stages == NULL
          ? WEIR_E_MEMORY
          : make_pieces(s, p, t, needed);
  for (; status == WEIR_OK && l.at < s->n_stages; l.at++) {
    status = list_stage(&l, &s->stages[l.at], owner);
  }
  weiri_free(p->ctx, l.group);
  weiri_free(p->ctx, l.work);
  weiri_free(p->ctx, owner);
  return status;
}

/* ---- running ---- */

int weiri_panels_stages(const weiri_panels *s) {
  return s == NULL ? 0 : s->n_stages;
}

size_t weiri_panels_bytes(const weiri_panels *s) {
  size_t bytes = 0;
  for (int i = 0; s != NULL && i < s->count; i++) {
    bytes += weiri_tape_reserved(s->tape[i]);
  }
  return bytes;
}

void weiri_panels_bind(weiri_plan *p) {
  const weiri_panels *s = p->panels;
  const size_t size = weir_dtype_size(p->dtype);
  for (uint32_t id = 1; id <= p->recording.count; id++) {
    const weir_node *y = weiri_node_at(p, id);
    const size_t row = (size_t)(weir_shape_size(&y->shape) / s->n) * size;
    for (int i = 0; i < s->count; i++) {
      weir_node *piece = *piece_at(s, p, i, id);
      if (piece != NULL) {
        piece->data = (char *)y->data + (size_t)s->row[i] * row;
      }
    }
  }
}

typedef struct run {
  const weiri_panels *s;
  const weiri_stage *stage;
} run;

/* A failure stays with the list's tape. */
static void run_list(void *arg, int64_t i, void *scratch) {
  const run *r = arg;
  const uint32_t first = r->stage->first[i], end = r->stage->first[i + 1];
  (void)scratch;
  (void)weiri_tape_replay(r->s->tape[i], r->stage->run + first, end - first);
}

weir_status weiri_panels_run(const weiri_panels *s, weir_tape *t) {
  for (int32_t k = 0; k < s->n_stages; k++) {
    const weiri_stage *stage = &s->stages[k];
    if (stage->lists == 1) {
      WEIR_TRY(weiri_tape_replay(t, stage->run, stage->first[1]));
      continue;
    }
    run r = {s, stage};
    WEIR_TRY(
        weiri_parallel(weiri_tape_team(t), stage->lists, stage->work, 0, run_list, &r));
    for (int i = 0; i < stage->lists; i++) {
      WEIR_TRY(weir_tape_status(s->tape[i]));
    }
  }
  return WEIR_OK;
}
