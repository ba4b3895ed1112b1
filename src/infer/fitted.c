/* What fits share: where they begin, and the draws that they end with. */
#include "infer/fit.h"

#include <math.h>
#include <string.h>

/* Draws at a time. */
enum { BLOCK = 256 };

const char *const weiri_fit_stat_names[WEIRI_FIT_STATS] = {
    "lp__", "log_q__", "log_weight__"};

void weiri_fitted_destroy(weiri_fitted *f) {
  weiri_family_destroy(&f->family);
  weir_target_destroy(&f->whitened);
}

const weir_target *weiri_fitted_target(const weiri_fitted *f, const weiri_job *job) {
  return f->whitened == NULL ? job->target : f->whitened;
}

/* Coordinates around the mode, or around the start point given. */
static weir_status centre(weiri_fitted *f, weiri_job *job, bool whiten) {
  const int64_t d = job->d;
  double *theta = weiri_calloc(job->ctx, (size_t)(d * d + d), sizeof *theta);
  if (theta == NULL) {
    return WEIR_E_MEMORY;
  }
  double *root = theta + d;
  weir_status status = WEIR_OK;
  if (whiten) {
    status = weiri_laplace(job->target, job->opts.seed, job->config.init_radius,
        job->inits, job->init, theta, root, &f->mode);
  } else {
    memcpy(theta, job->init, (size_t)d * sizeof *theta);
    for (int64_t j = 0; j < d; j++) {
      root[j * d + j] = 1.0;
    }
  }
  if (status == WEIR_OK && (f->mode.converged || !whiten)) {
    status = weiri_whiten(&f->whitened, job->target, theta, root);
  }
  job->out->gradients += f->mode.gradients;
  job->out->failed += f->mode.failed;
  weiri_free(job->ctx, theta);
  return status;
}

/* A constant density would be fitted by ever wider ones. */
static weir_status check_not_constant(const weiri_job *job) {
  const int64_t d = job->d;
  double *x = weiri_calloc(job->ctx, (size_t)(4 * d), sizeof *x);
  if (x == NULL) {
    return WEIR_E_MEMORY;
  }
  weiri_point at = {x, x + d, 0.0};
  weir_status status =
      weir_target_log_density(job->target, 1, x, &at.log_density, at.grad, NULL);
  if (status == WEIR_OK && at.log_density > -INFINITY) {
    status = weiri_check_constant(job->target, &at, x + 2 * d);
  }
  weiri_free(job->ctx, x);
  return status;
}

weir_status weiri_fitted_begin(
    weiri_fitted *f, weiri_job *job, const weir_spec *family, bool whiten) {
  *f = (weiri_fitted){.objective = NAN, .error = NAN};
  WEIR_TRY(check_not_constant(job));
  if (whiten || job->init != NULL) {
    WEIR_TRY(centre(f, job, whiten));
  }
  return weiri_family_create(
      &f->family, weiri_fitted_target(f, job), family, job->opts.seed);
}

/* log p - log q and what stands beside it for n draws u with density log_q in f's
 * coordinates; theta [n, d] and rows of the result. */
static weir_status weigh(const weiri_fitted *f, weiri_job *job, int64_t first,
    int64_t n, const double *u, const double *log_q) {
  weir_posterior *out = job->out;
  double *theta = out->theta + first * job->d, value[BLOCK];
  const double turn = f->whitened == NULL ? 0.0 : weiri_whiten_log_det(f->whitened);
  if (f->whitened != NULL) {
    weiri_whiten_show(f->whitened, n, u, theta);
  } else {
    memcpy(theta, u, (size_t)(n * job->d) * sizeof *u);
  }
  WEIR_TRY(weir_target_log_density(job->target, n, theta, value, NULL, &out->failed));
  out->gradients += n;
  for (int64_t i = 0; i < n; i++) {
    double *stat = out->stat + (first + i) * out->stats;
    stat[WEIRI_FIT_STAT_LP] = value[i];
    stat[WEIRI_FIT_STAT_LOG_Q] = log_q[i] - turn;
    out->log_weight[first + i] = value[i] - stat[WEIRI_FIT_STAT_LOG_Q];
  }
  return WEIR_OK;
}

/* JSON has no NaN. */
static json_t *number(double x) {
  return isfinite(x) ? json_real(x) : json_null();
}

weir_status weiri_fitted_facts(const weiri_fitted *f, weiri_job *job) {
  json_t *all = json_pack("{s:o, s:o, s:I, s:o, s:I, s:b, s:b, s:b, s:b}", "objective",
      number(f->objective), "objective_error", number(f->error), "updates",
      (json_int_t)f->steps, "rate", number(f->rate), "dropped", (json_int_t)f->dropped,
      "settled", (int)f->settled, "whitened", (int)(f->whitened != NULL), "mode_curved",
      (int)f->mode.curved, "exact_hessian",
      (int)(job->target->cls->hessian_vector != NULL));
  if (all == NULL || json_object_update(job->out->facts, all) != 0) {
    json_decref(all);
    return weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  json_decref(all);
  return WEIR_OK;
}

weir_status weiri_fitted_draw(weiri_fitted *f, weiri_job *job, int weights) {
  weir_posterior *out = job->out;
  const int64_t rows = out->chains * out->draws;
  weir_run *run = NULL;
  double log_q[BLOCK];
  double *u = weiri_alloc(job->ctx, (size_t)(BLOCK * job->d) * sizeof *u);
  out->log_weight = weiri_calloc(job->ctx, (size_t)rows, sizeof *out->log_weight);
  weir_status status = u == NULL || out->log_weight == NULL
                           ? WEIR_E_MEMORY
                           : weiri_family_run(f->family, &run);
  for (int64_t i = 0; status == WEIR_OK && i < rows; i += BLOCK) {
    const int64_t n = rows - i < BLOCK ? rows - i : BLOCK;
    status = weiri_family_sample(f->family, run, job->opts.seed, i, n, u, log_q);
    if (status == WEIR_OK) {
      status = weigh(f, job, i, n, u, log_q);
    }
  }
  weiri_run_destroy(&run);
  weiri_free(job->ctx, u);
  if (status == WEIR_OK) {
    status = weiri_fitted_reweigh(job, (weiri_weights)weights);
  }
  return status == WEIR_OK ? weiri_fitted_facts(f, job) : status;
}
