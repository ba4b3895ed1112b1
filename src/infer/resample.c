/* The draws of a fit made draws of the target: drawn again by their Pareto-smoothed
 * importance weights (Vehtari, Simpson, Gelman, Yao, Gabry 2024, section 3). */
#include <string.h>

#include "infer/fit.h"
#include "weir/diagnose.h"

/* Row i becomes row index[i]; indices ascend, rows are taken from a copy. */
static weir_status pick(
    weiri_job *job, double *x, int64_t rows, int64_t width, const int64_t *index) {
  const size_t size = (size_t)width * sizeof *x;
  double *copy = weiri_alloc(job->ctx, (size_t)rows * size);
  if (copy == NULL) {
    return WEIR_E_MEMORY;
  }
  memcpy(copy, x, (size_t)rows * size);
  for (int64_t i = 0; i < rows; i++) {
    memcpy(x + i * width, copy + index[i] * width, size);
  }
  weiri_free(job->ctx, copy);
  return WEIR_OK;
}

static weir_status draw_again(weiri_job *job, const double *smoothed) {
  weir_posterior *out = job->out;
  const int64_t rows = out->chains * out->draws;
  int64_t *index = weiri_alloc(job->ctx, (size_t)rows * sizeof *index);
  weir_status status = index == NULL ? WEIR_E_MEMORY : WEIR_OK;
  if (status == WEIR_OK) {
    weir_resample(job->opts.seed, rows, smoothed, rows, index);
    status = pick(job, out->theta, rows, job->d, index);
  }
  if (status == WEIR_OK) {
    status = pick(job, out->stat, rows, out->stats, index);
  }
  weiri_free(job->ctx, index);
  return status;
}

weir_status weiri_fitted_reweigh(weiri_job *job, weiri_weights weights) {
  weir_posterior *out = job->out;
  const int64_t rows = out->chains * out->draws;
  double *smoothed = weiri_alloc(job->ctx, (size_t)rows * sizeof *smoothed);
  weir_khat k = {0};
  bool again = false;
  if (smoothed == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_status status = weir_psis(&k, job->ctx, rows, out->log_weight, smoothed);
  for (int64_t i = 0; status == WEIR_OK && i < rows; i++) {
    out->stat[i * out->stats + WEIRI_FIT_STAT_WEIGHT] = smoothed[i];
  }
  if (status == WEIR_OK) {
    again = weights == WEIRI_WEIGHTS_RESAMPLE ||
            (weights == WEIRI_WEIGHTS_AUTO && k.khat <= k.threshold);
    status = again ? draw_again(job, smoothed) : WEIR_OK;
  }
  weiri_free(job->ctx, smoothed);
  json_object_set_new(out->facts, "resampled", json_boolean(again));
  return status;
}
