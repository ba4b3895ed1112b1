/* The tape: nodes in chunks, what describes them in one step arena and their numbers in
 * another, the first error kept. While a plan is recorded nothing is computed: nodes
 * have no numbers, except leaves whose numbers are given. */
#include "ad/tape.h"

#include <stdio.h>
#include <string.h>

#define CHUNK WEIRI_TAPE_CHUNK
#define META_BLOCK ((size_t)1 << 16)
#define NUMBERS_BLOCK ((size_t)1 << 18)

struct weir_tape {
  weir_ctx *ctx;
  weir_dtype dtype;
  weiri_tape_hooks hooks;
  weiri_arena *meta;    /* inputs, attributes, what builders take */
  weiri_arena *numbers; /* of nodes */
  weiri_team *team;
  weir_tape *self;    /* for what a const tape must note */
  bool capture;       /* a plan is recorded: nothing is computed */
  weir_node **chunks; /* [n_chunks][CHUNK] */
  uint32_t n_chunks, count;
  uint32_t step;
  const char *scope;
  weir_status status;
  char message[512];
};

weir_status weiri_tape_create(
    weir_tape **out, weir_ctx *ctx, weir_dtype dtype, const weiri_tape_hooks *hooks) {
  weir_tape *t = weiri_calloc(ctx, 1, sizeof *t);
  if (t == NULL) {
    return WEIR_E_MEMORY;
  }
  t->ctx = ctx;
  t->dtype = dtype;
  t->hooks = *hooks;
  t->step = 1;
  t->self = t;
  weir_status status = weiri_arena_create(&t->meta, ctx, META_BLOCK);
  if (status == WEIR_OK) {
    status = weiri_arena_create(&t->numbers, ctx, NUMBERS_BLOCK);
  }
  if (status == WEIR_OK) {
    status = weiri_team_create(&t->team, ctx);
  }
  if (status != WEIR_OK) {
    weir_tape_destroy(&t);
    return status;
  }
  *out = t;
  return WEIR_OK;
}

weir_status weiri_tape_create_alone(weir_tape **out, const weir_tape *like) {
  WEIR_TRY(weiri_tape_create(out, like->ctx, like->dtype, &like->hooks));
  weiri_team_alone((*out)->team);
  return WEIR_OK;
}

const weiri_tape_hooks *weiri_tape_hooks_of(const weir_tape *t) {
  return &t->hooks;
}

void weir_tape_destroy(weir_tape **tape) {
  weir_tape *t = *tape;
  if (t == NULL) {
    return;
  }
  weir_ctx *ctx = t->ctx;
  weiri_recording r = {t->chunks, t->n_chunks, t->count, t->meta};
  weiri_recording_free(ctx, &r);
  weiri_team_destroy(&t->team);
  weiri_arena_destroy(&t->numbers);
  weiri_free(ctx, t);
  *tape = NULL;
}

void weir_tape_reset(weir_tape *t) {
  weiri_arena_reset(t->meta);
  weiri_arena_reset(t->numbers);
  t->capture = false;
  t->count = 0;
  t->step++;
  t->scope = NULL;
  t->status = WEIR_OK;
}

weir_status weir_tape_status(const weir_tape *t) {
  return t->status == WEIR_OK ? WEIR_OK : weiri_fail(t->status, "%s", t->message);
}

weir_dtype weir_tape_dtype(const weir_tape *t) {
  return t->dtype;
}

weir_ctx *weir_tape_ctx(const weir_tape *t) {
  return t->ctx;
}

size_t weir_tape_bytes(const weir_tape *t) {
  return weiri_arena_used(t->meta) + weiri_arena_used(t->numbers) +
         t->count * sizeof(weir_node);
}

size_t weiri_tape_reserved(const weir_tape *t) {
  return weiri_arena_reserved(t->meta) + weiri_arena_reserved(t->numbers) +
         t->n_chunks * CHUNK * sizeof(weir_node) + weiri_team_scratch(t->team);
}

void weiri_tape_capture(weir_tape *t) {
  weir_tape_reset(t);
  t->capture = true;
}

weir_status weiri_tape_give(weir_tape *t, weiri_recording *out) {
  weiri_arena *fresh = NULL;
  WEIR_TRY(weiri_arena_create(&fresh, t->ctx, META_BLOCK));
  *out = (weiri_recording){t->chunks, t->n_chunks, t->count, t->meta};
  t->chunks = NULL;
  t->n_chunks = 0;
  t->meta = fresh;
  weir_tape_reset(t);
  return WEIR_OK;
}

weir_status weiri_tape_fuse(
    const weir_tape *t, const weiri_recording *r, const bool *alone, weir_node *node) {
  return t->hooks.fuse(r->meta, alone, node);
}

weir_status weiri_tape_hold(
    const weir_tape *t, weiri_recording *r, const bool *held, weir_node *node) {
  return t->hooks.hold(t->ctx, r, held, node);
}

/* Room for one more chunk of nodes. */
static weir_status more_chunks(
    const weir_ctx *ctx, weir_node ***chunks, uint32_t *n_chunks) {
  weir_node **more = weiri_realloc(ctx, *chunks, (*n_chunks + 1) * sizeof *more);
  if (more == NULL) {
    return WEIR_E_MEMORY;
  }
  *chunks = more;
  more[*n_chunks] = weiri_alloc(ctx, CHUNK * sizeof **more);
  if (more[*n_chunks] == NULL) {
    return WEIR_E_MEMORY;
  }
  (*n_chunks)++;
  return WEIR_OK;
}

weir_node *weiri_recording_push(const weir_ctx *ctx, weiri_recording *r) {
  if (r->count == r->n_chunks * CHUNK &&
      more_chunks(ctx, &r->chunks, &r->n_chunks) != WEIR_OK) {
    return NULL;
  }
  weir_node *node = &r->chunks[r->count / CHUNK][r->count % CHUNK];
  *node = (weir_node){.id = ++r->count};
  return node;
}

void weiri_recording_free(const weir_ctx *ctx, weiri_recording *r) {
  for (uint32_t i = 0; i < r->n_chunks; i++) {
    weiri_free(ctx, r->chunks[i]);
  }
  weiri_free(ctx, r->chunks);
  weiri_arena_destroy(&r->meta);
  *r = (weiri_recording){0};
}

weir_status weiri_tape_replay(weir_tape *t, const weir_node *const *run, uint32_t n) {
  weir_tape_reset(t);
  for (uint32_t i = 0; i < n && t->status == WEIR_OK; i++) {
    t->scope = run[i]->scope;
    run[i]->op->eval(t, run[i]);
  }
  return weir_tape_status(t);
}

const weiri_kern *weiri_tape_kern(const weir_tape *t) {
  return t->ctx->kern;
}

weiri_team *weiri_tape_team(weir_tape *t) {
  return t->team;
}

uint32_t weiri_tape_count(const weir_tape *t) {
  return t->count;
}

const weir_node *weiri_tape_node(const weir_tape *t, uint32_t id) {
  return &t->chunks[(id - 1) / CHUNK][(id - 1) % CHUNK];
}

const char *weir_tape_scope(weir_tape *t, const char *path) {
  const char *before = t->scope;
  t->scope = path;
  return before;
}

void weir_op_unplanned(weir_tape *t, const char *what) {
  if (t->capture) {
    weir_op_fail(t, WEIR_E_UNSUPPORTED, "%s cannot be part of a plan", what);
  }
}

void weiri_tape_note(weir_tape *t, weir_status status) {
  if (status != WEIR_OK && t->status == WEIR_OK) {
    t->status = status;
    snprintf(t->message, sizeof t->message, "%s", weir_error());
  }
}

weir_var weir_op_fail(weir_tape *t, weir_status code, const char *fmt, ...) {
  if (t->status == WEIR_OK) {
    va_list args;
    va_start(args, fmt);
    const int used = t->scope == NULL ? 0
                                      : snprintf(t->message, sizeof t->message,
                                            "%.200s: ", t->scope);
    vsnprintf(t->message + used, sizeof t->message - (size_t)used, fmt, args);
    va_end(args);
    t->status = code;
  }
  return weir_var_none();
}

static void *noted(weir_tape *t, void *p) {
  if (p == NULL) {
    weiri_tape_note(t, WEIR_E_MEMORY);
  }
  return p;
}

void *weiri_tape_take(weir_tape *t, size_t bytes) {
  return noted(t, weiri_arena_take(t->meta, bytes));
}

void *weiri_tape_take_small(weir_tape *t, size_t bytes) {
  return noted(t, weiri_arena_take_small(t->meta, bytes));
}

/* Makes room for one more node; NULL when memory ran out. */
static weir_node *next_node(weir_tape *t) {
  const uint32_t chunk = t->count / CHUNK;
  if (chunk == t->n_chunks) {
    const weir_status status = more_chunks(t->ctx, &t->chunks, &t->n_chunks);
    if (status != WEIR_OK) {
      weiri_tape_note(t, status);
      return NULL;
    }
  }
  return &t->chunks[chunk][t->count % CHUNK];
}

static weir_var push(weir_tape *t, weir_node *node) {
  node->id = ++t->count;
  return (weir_var){node->id, t->step};
}

/* Given numbers are part of a plan that is recorded. */
static void *take_numbers(weir_tape *t, const weir_shape *shape) {
  const size_t bytes = (size_t)weir_shape_size(shape) * weir_dtype_size(t->dtype);
  return noted(t, weiri_arena_take(t->capture ? t->meta : t->numbers, bytes));
}

const weir_node *weir_var_node(weir_tape *t, weir_var x) {
  if (x.id == 0) {
    return NULL;
  }
  if (x.step != t->step || x.id > t->count) {
    weir_op_fail(t, WEIR_E_STALE, "variable %u of step %u used in step %u", x.id,
        x.step, t->step);
    return NULL;
  }
  return weiri_tape_node(t, x.id);
}

weir_var weir_node_var(const weir_tape *t, const weir_node *node) {
  return (weir_var){node->id, t->step};
}

static bool refused(const weir_tape *t) {
  if (t->capture) {
    weir_op_fail(
        t->self, WEIR_E_UNSUPPORTED, "a value is read while a plan is recorded");
  }
  return t->capture;
}

const void *weir_var_data(const weir_tape *t, weir_var x) {
  if (x.id == 0 || x.step != t->step || refused(t)) {
    return NULL;
  }
  return weiri_tape_node(t, x.id)->data;
}

weir_status weir_var_read(weir_tape *t, weir_var x, double *out) {
  WEIR_TRY(weir_tape_status(t));
  const weir_node *node = weir_var_node(t, x);
  if (node == NULL) {
    WEIR_TRY(weir_tape_status(t));
    return weiri_fail(WEIR_E_ARGUMENT, "read of a poisoned variable");
  }
  if (refused(t)) {
    return weir_tape_status(t);
  }
  const int64_t n = weir_shape_size(&node->shape);
  for (int64_t i = 0; i < n; i++) {
    out[i] = t->dtype == WEIR_F32 ? (double)((const float *)node->data)[i]
                                  : ((const double *)node->data)[i];
  }
  return WEIR_OK;
}

/* A node without inputs; the caller fills its numbers. */
static weir_node *new_leaf(weir_tape *t, weir_shape shape, void *borrowed) {
  if (t->status != WEIR_OK) {
    return NULL;
  }
  weir_node *node = next_node(t);
  if (node == NULL) {
    return NULL;
  }
  if (borrowed != NULL && t->capture && weiri_arena_owns(t->meta, borrowed)) {
    weir_op_fail(t, WEIR_E_UNSUPPORTED, "numbers made while a plan is recorded");
    return NULL;
  }
  *node = (weir_node){.shape = shape, .data = borrowed, .borrowed = borrowed != NULL};
  if (borrowed == NULL && (node->data = take_numbers(t, &shape)) == NULL) {
    return NULL;
  }
  return node;
}

weir_var weir_leaf(weir_tape *t, weir_shape shape, const void *data) {
  weir_node *node = new_leaf(t, shape, NULL);
  if (node == NULL) {
    return weir_var_none();
  }
  memcpy(node->data, data, (size_t)weir_shape_size(&shape) * weir_dtype_size(t->dtype));
  return push(t, node);
}

weir_var weir_leaf_borrow(weir_tape *t, weir_shape shape, const void *data) {
  /* Never written through: values are read-only after creation. */
  weir_node *node = new_leaf(t, shape, (void *)(uintptr_t)data);
  return node == NULL ? weir_var_none() : push(t, node);
}

/* A leaf of data[0], data[stride], ... */
static weir_var leaf_of(
    weir_tape *t, weir_shape shape, const double *data, int64_t stride) {
  weir_node *node = new_leaf(t, shape, NULL);
  if (node == NULL) {
    return weir_var_none();
  }
  const int64_t n = weir_shape_size(&shape);
  for (int64_t i = 0; i < n; i++) {
    if (t->dtype == WEIR_F32) {
      ((float *)node->data)[i] = (float)data[i * stride];
    } else {
      ((double *)node->data)[i] = data[i * stride];
    }
  }
  return push(t, node);
}

weir_var weir_leaf_f64(weir_tape *t, weir_shape shape, const double *data) {
  return leaf_of(t, shape, data, 1);
}

weir_var weir_fill(weir_tape *t, weir_shape shape, double value) {
  return leaf_of(t, shape, &value, 0);
}

/* Fills everything of the node but its numbers; false on error. */
static bool prepare(weir_tape *t, weir_node *node, const weir_op_class *op,
    weir_shape shape, int n_in, const weir_var *in, const void *attr,
    size_t attr_size) {
  const weir_node **inputs =
      weiri_tape_take_small(t, (size_t)(n_in > 0 ? n_in : 1) * sizeof *inputs);
  if (inputs == NULL) {
    return false;
  }
  for (int i = 0; i < n_in; i++) {
    inputs[i] = weir_var_node(t, in[i]);
    if (inputs[i] == NULL) {
      return false;
    }
  }
  void *copy = NULL;
  if (attr_size > 0) {
    if ((copy = weiri_tape_take_small(t, attr_size)) == NULL) {
      return false;
    }
    memcpy(copy, attr, attr_size);
  }
  *node = (weir_node){.op = op,
      .shape = shape,
      .attr = copy,
      .in = inputs,
      .n_in = n_in,
      .attr_size = (uint32_t)attr_size,
      .scope = t->scope};
  return true;
}

weir_var weir_op_apply(weir_tape *t, const weir_op_class *op, weir_shape shape,
    int n_in, const weir_var *in, const void *attr, size_t attr_size) {
  if (t->status != WEIR_OK) {
    return weir_var_none();
  }
  weir_node *node = next_node(t);
  if (node == NULL || !prepare(t, node, op, shape, n_in, in, attr, attr_size)) {
    return weir_var_none();
  }
  if (t->capture) {
    return push(t, node);
  }
  if ((node->data = take_numbers(t, &shape)) == NULL) {
    return weir_var_none();
  }
  op->eval(t, node);
  return t->status == WEIR_OK ? push(t, node) : weir_var_none();
}

weir_var weir_op_view(weir_tape *t, const weir_op_class *op, weir_shape shape,
    weir_var in, int64_t offset, const void *attr, size_t attr_size) {
  if (t->status != WEIR_OK) {
    return weir_var_none();
  }
  weir_node *node = next_node(t);
  if (node == NULL || !prepare(t, node, op, shape, 1, &in, attr, attr_size)) {
    return weir_var_none();
  }
  node->offset = offset;
  char *from = node->in[0]->data; /* NULL: a plan will say */
  node->data = from == NULL ? NULL : from + (size_t)offset * weir_dtype_size(t->dtype);
  return push(t, node);
}

weir_var weiri_tape_add(weir_tape *t, weir_var a, weir_var b) {
  return t->hooks.add(t, a, b);
}
