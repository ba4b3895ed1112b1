/* Parameters become variables on first use; draws are functions of (seed, path, step,
 * row).
 */
#include "part/run.h"

#include <math.h>
#include <string.h>

#include "ad/tape.h"
#include "base/rng.h"

weir_status weiri_run_create(
    weir_run **out, weir_ctx *ctx, weir_dtype dtype, const weir_params *params) {
  weir_run *run = weiri_calloc(ctx, 1, sizeof *run);
  if (run == NULL) {
    return WEIR_E_MEMORY;
  }
  run->ctx = ctx;
  run->params = params;
  run->mode = WEIR_EVAL;
  run->temperature = 1.0;
  const int32_t n = params == NULL ? 0 : weiri_params_count(params);
  run->bound = weiri_calloc(ctx, (size_t)n + 1, sizeof *run->bound);
  const weir_status status =
      run->bound == NULL ? WEIR_E_MEMORY : weir_tape_create(&run->tape, ctx, dtype);
  if (status != WEIR_OK) {
    weiri_run_destroy(&run);
    return status;
  }
  *out = run;
  return WEIR_OK;
}

void weiri_run_destroy(weir_run **run) {
  if (*run == NULL) {
    return;
  }
  weir_tape_destroy(&(*run)->tape);
  for (int i = 0; i < (*run)->n_side; i++) {
    weir_tape_destroy(&(*run)->side[i]);
  }
  weiri_free((*run)->ctx, (*run)->side);
  weiri_free((*run)->ctx, (*run)->bound);
  weiri_free((*run)->ctx, (*run)->parts);
  weiri_free((*run)->ctx, (*run)->notes);
  weiri_free((*run)->ctx, *run);
  *run = NULL;
}

void weiri_run_reset(weir_run *run) {
  weir_tape_reset(run->tape);
  const int32_t n = run->params == NULL ? 0 : weiri_params_count(run->params);
  memset(run->bound, 0, (size_t)n * sizeof *run->bound);
  run->n_parts = run->n_notes = run->n_memos = run->n_watches = 0;
  run->replicas = 0;
  run->frozen = false;
  run->seen = run->drawn = run->after = weir_var_none();
}

weir_tape *const *weiri_run_side(weir_run *run, int n) {
  if (n <= run->n_side) {
    return run->side;
  }
  weir_tape **side = weiri_realloc(run->ctx, run->side, (size_t)n * sizeof *side);
  if (side == NULL) {
    weiri_tape_note(run->tape, WEIR_E_MEMORY);
    return NULL;
  }
  run->side = side;
  while (run->n_side < n) {
    const weir_status status =
        weir_tape_create(&side[run->n_side], run->ctx, weir_tape_dtype(run->tape));
    if (status != WEIR_OK) {
      weiri_tape_note(run->tape, status);
      return NULL;
    }
    run->n_side++;
  }
  return side;
}

weir_tape *weir_run_tape(const weir_run *run) {
  return run->tape;
}

weir_mode weir_run_mode(const weir_run *run) {
  return run->mode;
}

bool weir_run_groups(const weir_run *run) {
  return run->wants.groups;
}

double weir_run_temperature(const weir_run *run) {
  return run->temperature;
}

weir_var weir_run_param(weir_run *run, weir_slot slot) {
  if (slot.index < 0 || run->params == NULL) {
    return weir_var_none();
  }
  weir_var *v = &run->bound[slot.index];
  if (!weir_var_ok(*v)) {
    *v = weir_leaf_borrow(run->tape, weiri_params_info(run->params, slot.index)->shape,
        weiri_params_data(run->params, slot.index));
  }
  return run->frozen ? weir_stop(run->tape, *v) : *v;
}

weir_var weiri_run_recall(const weir_run *run, const void *key, weir_var of) {
  for (int i = 0; i < run->n_memos && i < WEIRI_MEMOS; i++) {
    const struct weiri_memo *m = &run->memo[i];
    if (m->key == key && m->of.id == of.id && m->frozen == run->frozen) {
      return m->value;
    }
  }
  return weir_var_none();
}

void weiri_run_remember(weir_run *run, const void *key, weir_var of, weir_var value) {
  run->memo[run->n_memos++ % WEIRI_MEMOS] =
      (struct weiri_memo){key, of, value, run->frozen};
}

void weir_run_part(weir_run *run, weir_part_kind kind, const char *path, weir_var value,
    weir_var score) {
  if (run->n_parts == run->room) {
    const int room = run->room == 0 ? 32 : 2 * run->room;
    weir_part *parts =
        weiri_realloc(run->ctx, run->parts, (size_t)room * sizeof *parts);
    if (parts == NULL) {
      weiri_tape_note(run->tape, WEIR_E_MEMORY);
      return;
    }
    run->parts = parts;
    run->room = room;
  }
  run->parts[run->n_parts++] = (weir_part){kind, path, value, score};
}

weir_noting weir_run_noting(const weir_run *run) {
  return run->noting;
}

void weir_run_note(weir_run *run, weir_slot slot, weir_var value) {
  if (run->n_notes == run->notes_room) {
    const int room = run->notes_room == 0 ? 32 : 2 * run->notes_room;
    weiri_note *notes =
        weiri_realloc(run->ctx, run->notes, (size_t)room * sizeof *notes);
    if (notes == NULL) {
      weiri_tape_note(run->tape, WEIR_E_MEMORY);
      return;
    }
    run->notes = notes;
    run->notes_room = room;
  }
  run->notes[run->n_notes++] = (weiri_note){slot, value};
}

/* ---- several draws per row ---- */

/* [n, ..] to [n k, ..], each row k times. */
static weir_var repeat(weir_tape *t, weir_var x, int64_t k) {
  weir_shape s = weir_var_shape(t, x);
  if (!weir_var_ok(x) || k == 1 || s.rank < 1 || s.rank > 2) {
    return x;
  }
  const int64_t n = s.dim[0], d = s.rank == 2 ? s.dim[1] : 1;
  const weir_var each = weir_broadcast(
      t, weir_reshape(t, x, weir_shape_3(n, 1, d)), weir_shape_3(n, k, d));
  s.dim[0] = n * k;
  return weir_reshape(t, each, s);
}

weir_var weir_run_replicate(weir_run *run, weir_var x) {
  if (run->replicas == 0) {
    run->replicas = run->wants.samples > 1 ? run->wants.samples : 1;
    run->rows_once = weir_var_dim(run->tape, x, 0);
  }
  return weiri_run_match(run, x, run->rows_once * run->replicas);
}

weir_var weiri_run_match(weir_run *run, weir_var x, int64_t rows) {
  const bool once = run->replicas > 1 && weir_var_ok(x) &&
                    weir_var_dim(run->tape, x, 0) * run->replicas == rows;
  return once ? repeat(run->tape, x, run->replicas) : x;
}

weir_var weiri_run_log_mean(weir_run *run, weir_var log_w) {
  const int64_t k = run->replicas;
  if (k <= 1) {
    return log_w;
  }
  const int64_t n = weir_var_dim(run->tape, log_w, 0) / k;
  const weir_var table = weir_reshape(run->tape, log_w, weir_shape_2(n, k));
  return weir_shift(run->tape, weir_logsumexp(run->tape, table), -log((double)k));
}

void weiri_run_watch(weir_run *run, weiri_watch w) {
  bool known = !run->watching || run->n_watches == WEIRI_WATCHES;
  for (int i = 0; i < run->n_watches && !known; i++) {
    known = strcmp(run->watch[i].path, w.path) == 0;
  }
  if (!known) {
    run->watch[run->n_watches++] = w;
  }
}

/* ---- sums of parts ---- */

weir_var weiri_run_row(weir_run *run, weir_var part) {
  return weir_var_shape(run->tape, part).rank == 2 ? weir_sum_last(run->tape, part)
                                                   : part;
}

/* a + b, where one may have its rows once and the other K times. */
static weir_var add_parts(weir_run *run, weir_var a, weir_var b) {
  a = weiri_run_match(run, a, weir_var_dim(run->tape, b, 0));
  b = weiri_run_match(run, b, weir_var_dim(run->tape, a, 0));
  return weir_add(run->tape, a, b);
}

weir_var weiri_run_total(weir_run *run, int first) {
  weir_var total = weir_var_none();
  for (int i = first; i < run->n_parts; i++) {
    const weir_var row = weiri_run_row(run, run->parts[i].value);
    total = i == first ? row : add_parts(run, total, row);
  }
  return total;
}

weir_var weiri_run_grouped(weir_run *run, int first) {
  weir_var total = weir_var_none();
  int64_t groups = 0;
  for (int i = first; i < run->n_parts; i++) {
    const weir_shape s = weir_var_shape(run->tape, run->parts[i].value);
    const int64_t g = s.rank == 2 ? s.dim[1] : 0;
    if (g == 0 || (i > first && g != groups)) {
      return weiri_run_total(run, first);
    }
    groups = g;
  }
  for (int i = first; i < run->n_parts; i++) {
    const weir_var v = run->parts[i].value;
    total = i == first ? v : add_parts(run, total, v);
  }
  return total;
}

/* Draws are sources: the run's seed, step and rows are read when they are computed. */
typedef struct draw_attr {
  const weir_run *run;
  uint64_t purpose; /* of the path */
  int64_t replicas; /* of each row, when it was recorded */
  void (*fill)(weiri_rng rng, uint64_t first, int64_t n, weir_dtype t, void *y);
} draw_attr;

/* Each draw of a row has a stream of its own, the first the row's; so draw i is the
 * same however many are made. */
static weiri_rng of_replica(weiri_rng rng, int64_t replica) {
  rng.stream ^= (uint64_t)replica * UINT64_C(0x9e3779b97f4a7c15);
  return rng;
}

static void draw_eval(weir_tape *t, const weir_node *y) {
  const draw_attr *a = y->attr;
  const weir_run *run = a->run;
  const weir_dtype dtype = weir_tape_dtype(t);
  const int64_t n = y->shape.dim[0], width = y->shape.dim[1];
  const size_t row = (size_t)width * weir_dtype_size(dtype);
  /* Uniform and normal numbers of one path come from the same bits otherwise. */
  const uint64_t kind = a->fill == weiri_fill_uniform ? 1 : 0;
  const weiri_rng rng = {run->seed, weiri_stream_at(a->purpose, run->step) ^ kind};
  const int64_t k = a->replicas > 1 ? a->replicas : 1;
  const int64_t from = a->replicas > 0 ? run->first_replica : 0;
  if (run->rows == NULL && k == 1 && from == 0) {
    a->fill(rng, (uint64_t)(run->first_row * width), n * width, dtype, y->data);
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    const int64_t at = run->rows != NULL ? run->rows[i / k] : run->first_row + i / k;
    a->fill(of_replica(rng, from + i % k), (uint64_t)(at * width), width, dtype,
        (char *)y->data + (size_t)i * row);
  }
}

static const weir_op_class draw_class = {"draw", draw_eval, NULL, NULL, NULL};

static weir_var draw(weir_run *run, const draw_attr *attr, int64_t n, int64_t width) {
  return weir_op_apply(
      run->tape, &draw_class, weir_shape_2(n, width), 0, NULL, attr, sizeof *attr);
}

weir_var weir_run_normal(weir_run *run, const char *path, int64_t n, int64_t width) {
  const draw_attr a = {run, weiri_purpose(path), run->replicas, weiri_fill_normal};
  return draw(run, &a, n, width);
}

weir_var weir_run_uniform(weir_run *run, const char *path, int64_t n, int64_t width) {
  const draw_attr a = {run, weiri_purpose(path), run->replicas, weiri_fill_uniform};
  return draw(run, &a, n, width);
}

typedef struct number_attr {
  const weir_run *run;
  weir_number_fn *fn;
  const void *self;
} number_attr;

static void number_eval(weir_tape *t, const weir_node *y) {
  const number_attr *a = y->attr;
  const double v = a->fn(a->self, a->run->step);
  if (weir_tape_dtype(t) == WEIR_F32) {
    *(float *)y->data = (float)v;
  } else {
    *(double *)y->data = v;
  }
}

static const weir_op_class number_class = {"number", number_eval, NULL, NULL, NULL};

weir_var weir_run_number(weir_run *run, weir_number_fn *fn, const void *self) {
  const number_attr a = {run, fn, self};
  return weir_op_apply(run->tape, &number_class, weir_shape_0(), 0, NULL, &a, sizeof a);
}
