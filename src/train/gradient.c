/* The gradient of the loss of one batch, minus the objective: of the default one
 *     loss = -sum_i w_i log p(x_i | c_i) / sum_i w_i,
 * by one reverse walk. A draw that is not reparameterised adds its log density times
 * the stopped sum of what follows it (the score-function estimator, Williams 1992). The
 * step is recorded once per number of rows and then replayed; its gradients are
 * computed in the block where the update reads them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ad/tape.h"
#include "op/op.h"
#include "part/part.h"
#include "train/train.h"

static int32_t trained_count(const weir_params *p) {
  int32_t n = 0;
  for (int32_t i = 0; i < weiri_params_count(p); i++) {
    n += weiri_params_info(p, i)->trained;
  }
  return n;
}

static void record(void *self, weir_run *run, int64_t n, weiri_results *results);
static void vary(void *self);

static weir_status fill(weiri_gradient *g) {
  const weir_model *m = g->model;
  const size_t room = (size_t)g->batch->room;
  const weir_dtype dtype = weiri_params_dtype(m->params);
  const size_t n = (size_t)trained_count(m->params) + 1;
  const size_t bytes =
      (size_t)weiri_params_block_size(m->params) * weir_dtype_size(dtype);
  WEIR_TRY(weiri_run_create(&g->run, m->ctx, dtype, m->params));
  WEIR_TRY(weiri_arena_create(&g->arena, m->ctx, 4096));
  g->x = weiri_arena_take(g->arena, n * sizeof *g->x);
  g->gx = weiri_arena_take(g->arena, n * sizeof *g->gx);
  g->index = weiri_arena_take(g->arena, n * sizeof *g->index);
  g->log_prob = weiri_arena_take(g->arena, room * sizeof *g->log_prob);
  g->share = weiri_arena_take(g->arena, room * sizeof *g->share);
  g->block = weiri_arena_take(g->arena, bytes);
  const size_t all = (size_t)weiri_params_count(m->params) + 1;
  g->masked = weiri_arena_take(g->arena, all * sizeof *g->masked);
  if (g->x == NULL || g->gx == NULL || g->index == NULL || g->log_prob == NULL ||
      g->share == NULL || g->block == NULL || g->masked == NULL) {
    return WEIR_E_MEMORY;
  }
  memset(g->block, 0, bytes);
  WEIR_TRY(weiri_gradient_rows(g));
  for (int32_t i = 0; i < weiri_params_count(m->params); i++) {
    const weiri_tensor_info *info = weiri_params_info(m->params, i);
    g->masked[i] = info->trained && info->keep != NULL;
  }
  g->run->mode = WEIR_TRAIN;
  weiri_objective_wants(g->objective, &g->run->wants);
  const weiri_repeat step = {record, vary, g, (int)n, false, true, false};
  return weiri_replay_create(&g->replay, g->run, &step);
}

weir_status weiri_gradient_create(weiri_gradient **out, weir_model *model,
    const weiri_objective *objective, weiri_batch *batch, uint64_t seed) {
  weiri_gradient *g = weiri_calloc(model->ctx, 1, sizeof *g);
  if (g == NULL) {
    return WEIR_E_MEMORY;
  }
  g->model = model;
  g->objective = objective;
  g->batch = batch;
  const weir_status status = fill(g);
  if (status != WEIR_OK) {
    weiri_gradient_destroy(&g);
    return status;
  }
  g->run->seed = seed;
  *out = g;
  return WEIR_OK;
}

void weiri_gradient_destroy(weiri_gradient **gradient) {
  weiri_gradient *g = *gradient;
  if (g != NULL) {
    weiri_replay_destroy(&g->replay);
    weiri_run_destroy(&g->run);
    weiri_arena_destroy(&g->arena);
    weiri_free(g->model->ctx, g);
    *gradient = NULL;
  }
}

static bool finite_numbers(weir_dtype dtype, int64_t n, const void *data, int64_t *at) {
  for (int64_t i = 0; i < n; i++) {
    const bool ok = dtype == WEIR_F32 ? isfinite(((const float *)data)[i])
                                      : isfinite(((const double *)data)[i]);
    if (!ok) {
      *at = i;
      return false;
    }
  }
  return true;
}

/* The first part, and in it the first row, that is not finite. */
static void blame_parts(
    weiri_gradient *g, const weiri_batch *batch, const weir_frame *frame) {
  weir_run *run = g->run;
  int64_t at = 0;
  snprintf(g->fault, sizeof g->fault, "the log-likelihood is not finite");
  for (int i = 0; i < run->n_parts; i++) {
    const weir_var v = run->parts[i].value;
    const weir_shape s = weir_var_shape(run->tape, v);
    const int64_t size = weir_shape_size(&s);
    if (weir_var_data(run->tape, v) != NULL &&
        !finite_numbers(
            weir_tape_dtype(run->tape), size, weir_var_data(run->tape, v), &at)) {
      const int64_t row = batch->row[at / (size / batch->n)];
      snprintf(g->fault, sizeof g->fault,
          "%s: its part of the log-likelihood is not finite at row %lld",
          run->parts[i].path, (long long)weir_frame_row(frame, row) + 1);
      return;
    }
  }
}

void weiri_gradient_blame(weiri_gradient *g) {
  const weir_params *p = g->model->params;
  const size_t size = weir_dtype_size(weiri_params_dtype(p));
  int64_t at;
  snprintf(g->fault, sizeof g->fault, "the norm of the gradient is not finite");
  for (int32_t i = 0; i < weiri_params_count(p); i++) {
    const weiri_tensor_info *info = weiri_params_info(p, i);
    const char *data = (const char *)g->block + (size_t)info->offset * size;
    if (info->trained && !finite_numbers(weiri_params_dtype(p),
                             weir_shape_size(&info->shape), data, &at)) {
      snprintf(g->fault, sizeof g->fault, "%s: its gradient is not finite", info->name);
      return;
    }
  }
}

/* The rows' shares, and the weight of the batch. */
static double weigh(weiri_gradient *g) {
  const weiri_batch *batch = g->batch;
  double weight = 0.0;
  for (int64_t i = 0; i < batch->n; i++) {
    weight += batch->weight[i];
  }
  for (int64_t i = 0; i < batch->n; i++) {
    g->share[i] = batch->weight[i] / weight;
  }
  return weight;
}

/* Reads log p of the rows; false when one is not finite. */
static bool read_rows(weiri_gradient *g, double *sum) {
  const weiri_batch *batch = g->batch;
  bool finite = true;
  weiri_replay_read(g->replay, 0, batch->n, g->log_prob);
  *sum = 0.0;
  for (int64_t i = 0; i < batch->n; i++) {
    *sum += batch->weight[i] * g->log_prob[i];
    finite = finite && isfinite(g->log_prob[i]);
  }
  return finite;
}

/* Where the gradient of a tensor goes, and its bytes. */
static void *slot(const weiri_gradient *g, int32_t index, size_t *bytes) {
  const weir_params *p = g->model->params;
  const weiri_tensor_info *info = weiri_params_info(p, index);
  const size_t size = weir_dtype_size(weiri_params_dtype(p));
  *bytes = (size_t)weir_shape_size(&info->shape) * size;
  return (char *)g->block + (size_t)info->offset * size;
}

/* Entries that must stay zero (weir_build_param's keep) have no gradient. */
static void keep_zeros(
    weir_dtype dtype, const weiri_tensor_info *info, void *gradient) {
  const int64_t n = info->keep == NULL ? 0 : weir_shape_size(&info->shape);
  for (int64_t i = 0; i < n; i++) {
    if (info->keep[i]) {
      continue;
    }
    if (dtype == WEIR_F32) {
      ((float *)gradient)[i] = 0.0f;
    } else {
      ((double *)gradient)[i] = 0.0;
    }
  }
}

static void keep_all_zeros(weiri_gradient *g, const weiri_plan *plan) {
  const weir_params *p = g->model->params;
  size_t bytes;
  for (int32_t i = 0; i < weiri_params_count(p); i++) {
    const weiri_tensor_info *info = weiri_params_info(p, i);
    const bool planned = plan != NULL && !g->masked[i];
    if (info->trained && info->keep != NULL && !planned) {
      keep_zeros(weiri_params_dtype(p), info, slot(g, i, &bytes));
    }
  }
}

/* Gradients in all plans that are zero by structure need no mask. Results: log p, then
 * the gradients in the order of index. */
static void find_masked(weiri_gradient *g, const weiri_plan *plan) {
  for (int i = 1; i < weiri_plan_outputs(plan); i++) {
    const int32_t at = g->index[i - 1];
    const weiri_tensor_info *info = weiri_params_info(g->model->params, at);
    if (info->keep != NULL) {
      const weir_node *product = weiri_squares_product(weiri_plan_output(plan, i));
      const bool zero = weiri_tri_keeps(product, info->keep);
      g->masked[at] = g->planned ? g->masked[at] || !zero : !zero;
    }
  }
  g->planned = true;
}

static void share_eval(weir_tape *t, const weir_node *y) {
  const weiri_gradient *g = *(const weiri_gradient *const *)y->attr;
  for (int64_t i = 0; i < y->shape.dim[0]; i++) {
    if (weir_tape_dtype(t) == WEIR_F32) {
      ((float *)y->data)[i] = (float)g->share[i];
    } else {
      ((double *)y->data)[i] = g->share[i];
    }
  }
}

static const weir_op_class share_class = {"row_weights", share_eval, NULL, NULL, NULL};

/* Gradients of the parameters that this step has used; those of the others are zero. */
static void walk_back(weiri_gradient *g, weir_var y, weiri_results *results) {
  const weir_params *p = g->model->params;
  weir_tape *t = g->run->tape;
  size_t bytes;
  int used = 0;
  for (int32_t i = 0; i < weiri_params_count(p); i++) {
    if (!weiri_params_info(p, i)->trained) {
      continue;
    }
    if (weir_var_ok(g->run->bound[i])) {
      g->index[used] = i;
      g->x[used++] = g->run->bound[i];
    } else {
      void *zero = slot(g, i, &bytes);
      memset(zero, 0, bytes);
    }
  }
  /* A failure is the tape's, which whoever replays asks. */
  weiri_tape_note(t, weir_grad(t, y, weir_var_none(), used, g->x, g->gx, false));
  for (int i = 0; i < used; i++) {
    weiri_results_add(results, g->gx[i], slot(g, g->index[i], &bytes));
  }
}

static void record(void *self, weir_run *run, int64_t n, weiri_results *results) {
  weiri_gradient *g = self;
  weir_var context;
  const weir_var x = weiri_batch_leaves(g->batch, g->model, run, &context);
  weir_dist_parts(g->model->dist, run, x, context);
  weiri_results_add(results, weiri_objective_rows(g->objective, run), NULL);
  if (weir_tape_status(run->tape) == WEIR_OK) {
    const weir_var share =
        weir_op_apply(run->tape, &share_class, weir_shape_1(n), 0, NULL, &g, sizeof g);
    const weir_var value = weiri_objective_value(g->objective, run, share);
    walk_back(g, weir_neg(run->tape, value), results);
  }
}

static void vary(void *self) {
  weiri_batch_turn(((weiri_gradient *)self)->batch);
}

/* A step that failed on its numbers alone is reported as not finite. */
static weir_status forgive(weiri_gradient *g, weir_status status, bool *finite) {
  if (status != WEIR_E_NUMERIC) {
    return status;
  }
  snprintf(g->fault, sizeof g->fault, "%s", weir_error());
  *finite = false;
  return WEIR_OK;
}

weir_status weiri_gradient_prepare(weiri_gradient *g, int64_t n) {
  g->batch->n = n;
  WEIR_TRY(weiri_replay_prepare(g->replay, n));
  const weiri_plan *plan = weiri_replay_plan(g->replay, n);
  if (plan != NULL) {
    find_masked(g, plan);
    weiri_gradient_square(g, plan);
  }
  return WEIR_OK;
}

weir_status weiri_gradient_take(weiri_gradient *g, const weir_frame *frame,
    int64_t step, double *sum, double *weight, bool *finite) {
  const int64_t n = g->batch->n;
  g->run->step = (uint64_t)step;
  *finite = true;
  *weight = weigh(g);
  const int64_t replayed = weiri_replay_count(g->replay);
  WEIR_TRY(forgive(g, weiri_replay_step(g->replay, n), finite));
  g->replayed = weiri_replay_count(g->replay) > replayed;
  if (!*finite) {
    return WEIR_OK;
  }
  *finite = read_rows(g, sum);
  if (!*finite) {
    (void)weiri_replay_taped(g->replay, n);
    blame_parts(g, g->batch, frame);
    return WEIR_OK;
  }
  keep_all_zeros(g, weiri_replay_plan(g->replay, n));
  return WEIR_OK;
}
