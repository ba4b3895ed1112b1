/* Samplers that a fitted flow helps: the fit, chains in its space or beside it, draws
 * back in the target's coordinates with the target's own log density. */
#include <string.h>

#include "infer/fit.h"

enum { BLOCK = 256 };

/* theta of the draws, which are points of `warped` (NULL: of the fitted target). */
static weir_status bring_back(
    const weiri_fitted *f, const weir_target *warped, weiri_job *job) {
  weir_posterior *out = job->out;
  const int64_t rows = out->chains * out->draws, d = job->d;
  double *u = weiri_alloc(job->ctx, (size_t)(BLOCK * d) * sizeof *u), value[BLOCK];
  weir_status status = u == NULL ? WEIR_E_MEMORY : WEIR_OK;
  for (int64_t i = 0; status == WEIR_OK && i < rows; i += BLOCK) {
    const int64_t n = rows - i < BLOCK ? rows - i : BLOCK;
    double *theta = out->theta + i * d;
    if (warped != NULL) {
      status = weiri_warp_show(warped, n, theta, u);
    } else {
      memcpy(u, theta, (size_t)(n * d) * sizeof *u);
    }
    if (f->whitened != NULL) {
      weiri_whiten_show(f->whitened, n, u, theta);
    } else {
      memcpy(theta, u, (size_t)(n * d) * sizeof *u);
    }
    if (status == WEIR_OK) {
      status = weir_target_log_density(job->target, n, theta, value, NULL, NULL);
      out->gradients += n;
    }
    for (int64_t k = 0; status == WEIR_OK && k < n; k++) {
      out->stat[(i + k) * out->stats + WEIRI_STAT_LP] = value[k];
    }
  }
  weiri_free(job->ctx, u);
  return status;
}

static weir_status sample(const weiri_helped *h, weiri_fitted *f, weiri_job *job) {
  const weir_target *target = job->target;
  const double *init = job->init;
  if (!h->inside && !weiri_family_knows(f->family)) {
    return weiri_fail(WEIR_E_CONFIG,
        "infer.method.family: proposals need the density of any point, which this "
        "family knows of its own draws only");
  }
  WEIR_TRY(weiri_warp(h->warped, weiri_fitted_target(f, job), f->family));
  job->target = h->inside ? *h->warped : weiri_fitted_target(f, job);
  job->init = NULL; /* the fit began there */
  weir_status status = weiri_chains_run(h->m, h->sampler, job);
  job->target = target;
  job->init = init;
  if (status == WEIR_OK) {
    status = bring_back(f, h->inside ? *h->warped : NULL, job);
  }
  weir_target_destroy(h->warped);
  return status;
}

weir_status weiri_helped_sampler(
    weiri_method **out, weiri_job *job, const weir_spec *spec) {
  json_t *resolved = json_object();
  if (resolved == NULL) {
    return weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  weir_status status =
      weiri_method_make(out, job->ctx, "infer.method.sampler", spec, resolved);
  if (status == WEIR_OK && (*out)->cls->sampler == NULL) {
    status = weiri_fail(WEIR_E_CONFIG,
        "infer.method.sampler: '%s' does not move a point: expected nuts, hmc, mala or "
        "rwm",
        (*out)->cls->is.name);
    weiri_method_destroy(out);
  }
  if (status == WEIR_OK) {
    json_object_set(json_object_get(job->resolved, "method"), "sampler", resolved);
  }
  json_decref(resolved);
  return status;
}

weir_status weiri_helped_run(const weiri_helped *h, weiri_job *job) {
  weiri_fitted f = {0};
  weir_status status = weiri_reverse_fit_again(&f, job, h->reverse);
  if (status == WEIR_OK) {
    status = sample(h, &f, job);
  }
  if (status == WEIR_OK) {
    status = weiri_fitted_facts(&f, job);
  }
  weiri_fitted_destroy(&f);
  return status;
}
