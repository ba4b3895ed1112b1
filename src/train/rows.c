/* Rows of a frame, gathered side by side for a tape. */
#include <string.h>

#include "base/bulk.h"
#include "data/frame.h"
#include "train/train.h"

weir_status weiri_batch_create(
    weiri_batch *b, weir_ctx *ctx, int64_t room, const weir_model *model) {
  *b = (weiri_batch){.ctx = ctx,
      .room = room,
      .d = weir_model_features(model),
      .c = weir_model_context(model)};
  const size_t n = (size_t)room;
  b->x = weiri_calloc(ctx, n * (size_t)b->d + 1, sizeof *b->x);
  b->context = weiri_calloc(ctx, n * (size_t)b->c + 1, sizeof *b->context);
  b->weight = weiri_calloc(ctx, n + 1, sizeof *b->weight);
  b->row = weiri_calloc(ctx, n + 1, sizeof *b->row);
  if (b->x == NULL || b->context == NULL || b->weight == NULL || b->row == NULL) {
    weiri_batch_destroy(b);
    return WEIR_E_MEMORY;
  }
  b->rows_at = b->x;
  b->context_at = b->context;
  return WEIR_OK;
}

void weiri_batch_destroy(weiri_batch *b) {
  if (b->ctx != NULL) {
    weiri_free(b->ctx, b->x);
    weiri_free(b->ctx, b->context);
    weiri_free(b->ctx, b->weight);
    weiri_free(b->ctx, b->row);
  }
  *b = (weiri_batch){0};
}

/* Bytes of the data that rows in a row bring into memory, perhaps with gaps between. */
static int64_t span(const weir_row_set *set, int64_t first, int64_t n, int64_t bytes) {
  return n < 1 || set->rows == NULL
             ? n * bytes
             : (set->rows[first + n - 1] - set->rows[first] + 1) * bytes;
}

void weiri_batch_fill(weiri_batch *b, const weir_row_set *set, const int64_t *pick,
    int64_t first, int64_t n) {
  const double *c = weir_frame_context(set->frame);
  const double *w = weir_frame_weights(set->frame);
  const size_t x_bytes = (size_t)b->d * sizeof *b->x,
               c_bytes = (size_t)b->c * sizeof *c;
  b->n = n;
  const int64_t bytes = (int64_t)(x_bytes + c_bytes + sizeof *w);
  if (pick == NULL) {
    weiri_bulk_touch(b->ctx, span(set, first, n, bytes));
  }
  for (int64_t i = 0; i < n; i++) {
    const int64_t at = pick == NULL ? first + i : pick[first + i];
    if (pick != NULL) { /* rows anywhere, and their indices too */
      weiri_bulk_touch(b->ctx, bytes + 2 * WEIRI_PAGE);
    }
    const int64_t row = set->rows == NULL ? at : set->rows[at];
    b->row[i] = row;
    b->weight[i] = w == NULL ? 1.0 : w[row];
    double *to = b->x + i * b->d;
    const double *x = weiri_frame_row_x(set->frame, row, to);
    if (x != to) {
      memcpy(to, x, x_bytes);
    }
    if (b->c > 0) {
      memcpy(b->context + i * b->c, c + row * b->c, c_bytes);
    }
  }
}

void weiri_batch_turn(weiri_batch *b) {
  for (int64_t i = 0, j = b->n - 1; i < j; i++, j--) {
    const int64_t row = b->row[i];
    b->row[i] = b->row[j];
    b->row[j] = row;
  }
}

weir_var weiri_batch_leaves(
    const weiri_batch *b, const weir_model *model, weir_run *run, weir_var *context) {
  run->rows = b->row;
  *context = weiri_model_context(model, run, b->n, b->n, &b->context_at);
  return weiri_model_rows(model, run, b->n, &b->rows_at);
}

weir_status weiri_check_rows(
    const weir_model *model, const weir_row_set *set, const char *name) {
  if (set->n == 0) {
    return WEIR_OK;
  }
  if (set->n < 0 || set->frame == NULL || !weiri_frame_has_x(set->frame)) {
    return weiri_fail(
        WEIR_E_ARGUMENT, "%s rows: expected a frame with its event columns", name);
  }
  if (weir_model_context(model) > 0 && weir_frame_context(set->frame) == NULL) {
    return weiri_fail(WEIR_E_MISMATCH,
        "%s rows: the model is conditional on %lld context columns, the frame has none",
        name, (long long)weir_model_context(model));
  }
  const int64_t rows = weir_frame_rows(set->frame);
  if (set->rows == NULL && set->n > rows) {
    return weiri_fail(WEIR_E_ARGUMENT, "%s rows: %lld of a frame of %lld", name,
        (long long)set->n, (long long)rows);
  }
  for (int64_t i = 0; set->rows != NULL && i < set->n; i++) {
    weiri_bulk_touch(model->ctx, (int64_t)sizeof *set->rows);
    if (set->rows[i] < 0 || set->rows[i] >= rows) {
      return weiri_fail(WEIR_E_ARGUMENT, "%s rows: index %lld of a frame of %lld", name,
          (long long)set->rows[i], (long long)rows);
    }
  }
  return WEIR_OK;
}
