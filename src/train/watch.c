/* Numbers of distributions that run away in training: a concentration that grows
 * without bound, a scale that falls to nothing. Looked at on a few rows after every
 * evaluation, and said once. */
#include <math.h>
#include <string.h>

#include "train/train.h"

#define ROWS 64

static bool said(const weiri_loop *l, const char *path) {
  for (int i = 0; i < l->n_said; i++) {
    if (strcmp(l->said[i], path) == 0) {
      return true;
    }
  }
  return false;
}

/* The most extreme entry where more than the share allowed lie outside; NaN: none. */
static double beyond(const weiri_watch *w, int64_t n, const double *x) {
  double worst = NAN, least = INFINITY, most = -INFINITY;
  int64_t below = 0, above = 0;
  for (int64_t i = 0; i < n; i++) {
    below += !(x[i] >= w->lo);
    above += x[i] > w->hi;
    least = fmin(least, x[i]);
    most = fmax(most, x[i]);
  }
  worst = above > 0 ? most : least;
  return above > 0 || (double)below > w->share * (double)n ? worst : NAN;
}

static weir_status look(weiri_loop *l, const weiri_watch *w) {
  const weir_shape s = weir_var_shape(l->watching->tape, w->value);
  const int64_t n = weir_shape_size(&s);
  double *x = weiri_alloc(l->ctx, (size_t)(n + 1) * sizeof *x);
  if (x == NULL) {
    return WEIR_E_MEMORY;
  }
  const weir_status status = weir_var_read(l->watching->tape, w->value, x);
  const double worst = status == WEIR_OK ? beyond(w, n, x) : NAN;
  if (!isnan(worst) && !said(l, w->path) && l->n_said < WEIRI_WATCHES) {
    l->said[l->n_said++] = w->path;
    weiri_log(l->ctx, WEIR_LOG_WARN,
        "step %lld: the %s of %s runs away: %.4g, usually within %.4g to %.4g; the "
        "likelihood may grow without bound",
        (long long)l->state.step, w->what, w->path, worst, w->lo, w->hi);
  }
  weiri_free(l->ctx, x);
  return status;
}

weir_status weiri_loop_watch(weiri_loop *l) {
  const weir_row_set *set = l->valid.n > 0 ? &l->valid : &l->train;
  weiri_batch *b = &l->scorer->batch;
  weir_var context;
  if (!weiri_model_stochastic(l->model)) {
    return WEIR_OK;
  }
  if (l->watching == NULL) {
    WEIR_TRY(weiri_run_create(
        &l->watching, l->ctx, weiri_params_dtype(l->model->params), l->model->params));
  }
  weir_run *run = l->watching;
  const int64_t most = b->room < ROWS ? b->room : ROWS;
  weiri_batch_fill(b, set, NULL, 0, set->n < most ? set->n : most);
  weiri_run_reset(run);
  run->watching = true;
  run->no_grad = true;
  run->seed = l->model->seed;
  const weir_var x = weiri_batch_leaves(b, l->model, run, &context);
  weir_dist_parts(l->model->dist, run, x, context);
  if (weir_tape_status(run->tape) != WEIR_OK) {
    return WEIR_OK; /* evaluations say what is wrong */
  }
  for (int i = 0; i < run->n_watches; i++) {
    WEIR_TRY(look(l, &run->watch[i]));
  }
  return WEIR_OK;
}
