/* Parameters become variables on first use; draws are functions of (seed, path, step,
 * row).
 */
#include "part/run.h"

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
  run->n_parts = 0;
  run->n_notes = 0;
  run->seen = weir_var_none();
}

weir_tape *weir_run_tape(const weir_run *run) {
  return run->tape;
}

weir_mode weir_run_mode(const weir_run *run) {
  return run->mode;
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
  return *v;
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

weir_var weiri_run_total(weir_run *run, int first) {
  weir_var total = weir_var_none();
  for (int i = first; i < run->n_parts; i++) {
    const weir_var v = run->parts[i].value;
    const weir_shape s = weir_var_shape(run->tape, v);
    const weir_var row = s.rank == 2 ? weir_sum_last(run->tape, v) : v;
    total = i == first ? row : weir_add(run->tape, total, row);
  }
  return total;
}

/* Draws are sources: the run's seed, step and rows are read when they are computed. */
typedef struct draw_attr {
  const weir_run *run;
  uint64_t purpose; /* of the path */
  void (*fill)(weiri_rng rng, uint64_t first, int64_t n, weir_dtype t, void *y);
} draw_attr;

static void draw_eval(weir_tape *t, const weir_node *y) {
  const draw_attr *a = y->attr;
  const weir_run *run = a->run;
  const weir_dtype dtype = weir_tape_dtype(t);
  const int64_t n = y->shape.dim[0], width = y->shape.dim[1];
  const size_t row = (size_t)width * weir_dtype_size(dtype);
  /* Uniform and normal numbers of one path come from the same bits otherwise. */
  const uint64_t kind = a->fill == weiri_fill_uniform ? 1 : 0;
  const weiri_rng rng = {run->seed, weiri_stream_at(a->purpose, run->step) ^ kind};
  if (run->rows == NULL) {
    a->fill(rng, (uint64_t)(run->first_row * width), n * width, dtype, y->data);
  }
  for (int64_t i = 0; run->rows != NULL && i < n; i++) {
    a->fill(rng, (uint64_t)(run->rows[i] * width), width, dtype,
        (char *)y->data + (size_t)i * row);
  }
}

static const weir_op_class draw_class = {"draw", draw_eval, NULL, NULL, NULL};

static weir_var draw(weir_run *run, const draw_attr *attr, int64_t n, int64_t width) {
  return weir_op_apply(
      run->tape, &draw_class, weir_shape_2(n, width), 0, NULL, attr, sizeof *attr);
}

weir_var weir_run_normal(weir_run *run, const char *path, int64_t n, int64_t width) {
  const draw_attr a = {run, weiri_purpose(path), weiri_fill_normal};
  return draw(run, &a, n, width);
}

weir_var weir_run_uniform(weir_run *run, const char *path, int64_t n, int64_t width) {
  const draw_attr a = {run, weiri_purpose(path), weiri_fill_uniform};
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
