/* The norm of the gradient, as a sum over tensors of sums over rows of squares.
 * Clipping wants it before the update, so it cannot be part of the optimiser's sweep;
 * it is part of the pass that makes the gradient: where a product of the plan computes
 * a tensor, it leaves the sums of its rows behind (op/squares.c). Other tensors are
 * read once. */
#include <math.h>

#include "ad/tape.h"
#include "base/ctx.h"
#include "op/op.h"
#include "train/train.h"

/* Rows of a tensor as a matrix product computes it. */
static int64_t rows_of(const weiri_tensor_info *info) {
  return info->shape.rank == 2 ? info->shape.dim[0] : 1;
}

weir_status weiri_gradient_rows(weiri_gradient *g) {
  const weir_params *p = g->model->params;
  const int32_t count = weiri_params_count(p);
  g->first = weiri_arena_take(g->arena, ((size_t)count + 1) * sizeof *g->first);
  g->taken = weiri_arena_take(g->arena, ((size_t)count + 1) * sizeof *g->taken);
  if (g->first == NULL || g->taken == NULL) {
    return WEIR_E_MEMORY;
  }
  g->first[0] = 0;
  for (int32_t i = 0; i < count; i++) {
    const weiri_tensor_info *info = weiri_params_info(p, i);
    g->first[i + 1] = g->first[i] + (info->trained ? rows_of(info) : 0);
  }
  const size_t rows = (size_t)g->first[count] + 1;
  g->squares = weiri_arena_take(g->arena, rows * sizeof *g->squares);
  return g->squares == NULL ? WEIR_E_MEMORY : WEIR_OK;
}

static const void *numbers(const weiri_gradient *g, const weiri_tensor_info *info) {
  const size_t size = weir_dtype_size(weiri_params_dtype(g->model->params));
  return (const char *)g->block + (size_t)info->offset * size;
}

void weiri_gradient_square(weiri_gradient *g, const weiri_plan *plan) {
  for (int i = 1; i < weiri_plan_outputs(plan); i++) {
    const int32_t at = g->index[i - 1];
    const weiri_tensor_info *info = weiri_params_info(g->model->params, at);
    weir_node *y = weiri_plan_output(plan, i);
    if (y->data != numbers(g, info) || !weir_shape_equal(&y->shape, &info->shape)) {
      continue; /* copied there, or seen under another shape */
    }
    weiri_squares *s = weiri_arena_take(g->arena, sizeof *s);
    if (s != NULL) { /* else the norm is taken as of any tensor */
      (void)weiri_squares_take(s, y, g->squares + g->first[at]);
    }
  }
}

/* The tensors whose sums the last step has left. */
static void find_taken(weiri_gradient *g) {
  const weiri_plan *plan = weiri_replay_plan(g->replay, g->batch->n);
  for (int32_t i = 0; i < weiri_params_count(g->model->params); i++) {
    g->taken[i] = false;
  }
  for (int i = 1; g->replayed && plan != NULL && i < weiri_plan_outputs(plan); i++) {
    const int32_t at = g->index[i - 1];
    g->taken[at] = !g->masked[at] && weiri_squares_taken(weiri_plan_output(plan, i));
  }
}

static void tensor_chunk(void *arg, int64_t i, void *scratch) {
  (void)scratch;
  const weiri_gradient *g = arg;
  const weir_params *p = g->model->params;
  const weir_dtype dtype = weiri_params_dtype(p);
  const weiri_tensor_info *info = weiri_params_info(p, (int32_t)i);
  const int64_t rows = g->first[i + 1] - g->first[i];
  const int64_t width = rows > 0 ? weir_shape_size(&info->shape) / rows : 0;
  const char *row = numbers(g, info);
  for (int64_t k = 0; !g->taken[i] && k < rows; k++) {
    g->squares[g->first[i] + k] = g->model->ctx->kern->sum_squares[dtype](width, row);
    row += (size_t)width * weir_dtype_size(dtype);
  }
}

weir_status weiri_gradient_norm(weiri_gradient *g, double *norm) {
  const weir_params *p = g->model->params;
  double left = 0.0, sum = 0.0;
  find_taken(g);
  for (int32_t i = 0; i < weiri_params_count(p); i++) {
    const weiri_tensor_info *info = weiri_params_info(p, i);
    left += info->trained && !g->taken[i] ? (double)weir_shape_size(&info->shape) : 0.0;
  }
  WEIR_TRY(weiri_parallel(weiri_tape_team(g->run->tape), weiri_params_count(p),
      2.0 * left, 0, tensor_chunk, g));
  for (int64_t i = 0; i < g->first[weiri_params_count(p)]; i++) {
    sum += g->squares[i];
  }
  *norm = sqrt(sum);
  return WEIR_OK;
}
