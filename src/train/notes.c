/* Statistics of the training rows that networks note batch by batch: a tensor becomes
 * the mean of the values that the batches gave it (Ioffe & Szegedy 2015, algorithm 2).
 * One batch before training, for parts that start from their data. The rows of a batch
 * are spread evenly over the set, whatever its order. */
#include "part/part.h"
#include "train/train.h"

enum { BATCH = WEIRI_OBSERVED_ROWS, BATCHES = 16 };

typedef struct noted {
  weir_slot slot;
  int64_t size, count;
  double *sum;
} noted;

typedef struct notebook {
  weir_model *model;
  weir_run *run;
  int n, room;
  noted *entry;
  double *value; /* of the note being read */
  int64_t widest;
} notebook;

static noted *find(notebook *b, weir_slot slot, int64_t size) {
  weir_ctx *ctx = b->model->ctx;
  for (int i = 0; i < b->n; i++) {
    if (b->entry[i].slot.index == slot.index) {
      return &b->entry[i];
    }
  }
  if (b->n == b->room) {
    const int room = b->room == 0 ? 32 : 2 * b->room;
    noted *entry = weiri_realloc(ctx, b->entry, (size_t)room * sizeof *entry);
    if (entry == NULL) {
      return NULL;
    }
    b->entry = entry;
    b->room = room;
  }
  if (size > b->widest) {
    double *value = weiri_realloc(ctx, b->value, (size_t)size * sizeof *value);
    if (value == NULL) {
      return NULL;
    }
    b->value = value;
    b->widest = size;
  }
  double *sum = weiri_calloc(ctx, (size_t)size + 1, sizeof *sum);
  if (sum == NULL) {
    return NULL;
  }
  b->entry[b->n] = (noted){slot, size, 0, sum};
  return &b->entry[b->n++];
}

static weir_status collect(notebook *b) {
  for (int i = 0; i < b->run->n_notes; i++) {
    const weiri_note note = b->run->notes[i];
    const weir_shape s = weir_var_shape(b->run->tape, note.value);
    noted *e = find(b, note.slot, weir_shape_size(&s));
    if (e == NULL) {
      return WEIR_E_MEMORY;
    }
    WEIR_TRY(weir_var_read(b->run->tape, note.value, b->value));
    for (int64_t j = 0; j < e->size; j++) {
      e->sum[j] += b->value[j];
    }
    e->count++;
  }
  return WEIR_OK;
}

/* Batch k of n: rows k, k + n, ... of those that are looked at. */
static int64_t spread(const weir_row_set *set, int64_t k, int64_t n, int64_t *pick) {
  const int64_t rows = set->n < n * BATCH ? set->n : n * BATCH;
  int64_t count = 0;
  for (int64_t i = k; i < rows; i += n) {
    pick[count++] = (int64_t)((double)i * ((double)set->n / (double)rows));
  }
  return count;
}

static weir_status batches(notebook *b, const weir_row_set *set, weiri_batch *batch) {
  int64_t pick[BATCH];
  const int64_t full = (set->n + BATCH - 1) / BATCH;
  const int64_t n = b->run->noting == WEIR_NOTE_FIRST ? 1
                    : full < BATCHES                  ? full
                                                      : BATCHES;
  for (int64_t k = 0; k < n; k++) {
    weir_var context;
    weiri_run_reset(b->run);
    weiri_batch_fill(batch, set, pick, 0, spread(set, k, n, pick));
    const weir_var x = weiri_batch_leaves(batch, b->model, b->run, &context);
    weir_dist_parts(b->model->dist, b->run, x, context);
    WEIR_TRY(weir_tape_status(b->run->tape));
    WEIR_TRY(collect(b));
  }
  return WEIR_OK;
}

weir_status weiri_take_notes(weir_model *model, const weir_row_set *set, weir_run *run,
    weiri_batch *batch, bool first) {
  notebook b = {.model = model, .run = run};
  run->noting = first ? WEIR_NOTE_FIRST : WEIR_NOTE_EACH;
  weir_status status = batches(&b, set, batch);
  run->noting = WEIR_NOTE_NONE;
  for (int i = 0; i < b.n; i++) {
    for (int64_t j = 0; j < b.entry[i].size; j++) {
      b.entry[i].sum[j] /= (double)b.entry[i].count;
    }
    if (status == WEIR_OK) {
      weiri_params_set(model->params, b.entry[i].slot.index, b.entry[i].sum);
    }
    weiri_free(model->ctx, b.entry[i].sum);
  }
  weiri_free(model->ctx, b.entry);
  weiri_free(model->ctx, b.value);
  return status == WEIR_OK ? WEIR_OK : weiri_where(status, "statistics of batches");
}
