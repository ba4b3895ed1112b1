/* The draws of a run and what is said about them. */
#include <string.h>
#include <stdlib.h>

#include "infer/infer.h"

/* Draws shown at a time. */
enum { BLOCK = 256 };

weir_status weiri_posterior_create(
    weir_posterior **out, const weiri_job *job, const weiri_method_class *method) {
  const weir_target *t = job->target;
  weir_posterior *p = weiri_calloc(job->ctx, 1, sizeof *p);
  if (p == NULL) {
    return WEIR_E_MEMORY;
  }
  *out = p;
  p->ctx = job->ctx;
  p->chains = job->config.chains;
  p->draws = job->config.draws;
  p->outputs = t->outputs;
  p->dim = t->dim;
  p->stats = method->stats;
  p->stat_name = method->stat_name;
  p->method = method->is.name;
  p->facts = json_object();
  const size_t rows = (size_t)(p->chains * p->draws);
  p->theta = weiri_calloc(p->ctx, rows * (size_t)p->dim, sizeof(double));
  p->values = weiri_calloc(p->ctx, rows * (size_t)p->outputs, sizeof(double));
  p->stat = weiri_calloc(p->ctx, rows * (size_t)p->stats, sizeof(double));
  p->name = weiri_calloc(p->ctx, (size_t)p->outputs, sizeof *p->name);
  if (p->facts == NULL || p->theta == NULL || p->values == NULL || p->stat == NULL ||
      p->name == NULL) {
    return weiri_fail(WEIR_E_MEMORY, "out of memory: %.3g numbers for the draws",
        (double)rows * (double)(p->dim + p->outputs + p->stats));
  }
  for (int64_t i = 0; i < p->outputs; i++) {
    p->name[i] = weiri_strdup(p->ctx, t->name[i]);
    if (p->name[i] == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  return WEIR_OK;
}

void weir_posterior_destroy(weir_posterior **posterior) {
  weir_posterior *p = *posterior;
  if (p == NULL) {
    return;
  }
  for (int64_t i = 0; p->name != NULL && i < p->outputs; i++) {
    weiri_free(p->ctx, p->name[i]);
  }
  weiri_free(p->ctx, p->name);
  weiri_free(p->ctx, p->theta);
  weiri_free(p->ctx, p->values);
  weiri_free(p->ctx, p->stat);
  weiri_free(p->ctx, p->log_weight);
  weiri_free(p->ctx, p->record);
  json_decref(p->facts);
  weiri_free(p->ctx, p);
  *posterior = NULL;
}

static weir_status show(weir_posterior *p, const weiri_job *job) {
  const int64_t rows = p->chains * p->draws;
  for (int64_t i = 0; i < rows; i += BLOCK) {
    const int64_t n = rows - i < BLOCK ? rows - i : BLOCK;
    WEIR_TRY(weir_target_show(job->target, job->opts.seed, i, n, p->theta + i * p->dim,
        p->values + i * p->outputs));
  }
  return WEIR_OK;
}

static weir_status record(weir_posterior *p, const weiri_job *job) {
  json_t *all =
      json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:O, s:I, s:I, s:I, s:f, s:O}",
          "version", weir_version(), "isa", weir_ctx_isa(p->ctx), "target",
          weir_target_kind(job->target), "method", p->method, "dim", (json_int_t)p->dim,
          "seed", (json_int_t)job->opts.seed, "infer", job->resolved, "gradients",
          (json_int_t)p->gradients, "failed", (json_int_t)p->failed, "divergent",
          (json_int_t)p->divergent, "seconds", p->seconds, "facts", p->facts);
  char *text = all == NULL ? NULL : json_dumps(all, JSON_COMPACT);
  json_decref(all);
  p->record = text == NULL ? NULL : weiri_strdup(p->ctx, text);
  free(text);
  return p->record != NULL ? WEIR_OK : weiri_fail(WEIR_E_MEMORY, "out of memory");
}

weir_status weiri_posterior_finish(weir_posterior *p, const weiri_job *job) {
  WEIR_TRY(show(p, job));
  p->seconds = weiri_job_seconds(job);
  return record(p, job);
}

int64_t weir_posterior_chains(const weir_posterior *p) {
  return p->chains;
}

int64_t weir_posterior_draws(const weir_posterior *p) {
  return p->draws;
}

int64_t weir_posterior_outputs(const weir_posterior *p) {
  return p->outputs;
}

const char *weir_posterior_name(const weir_posterior *p, int64_t i) {
  return p->name[i];
}

const double *weir_posterior_values(const weir_posterior *p) {
  return p->values;
}

const double *weir_posterior_theta(const weir_posterior *p) {
  return p->theta;
}

int64_t weir_posterior_stats(const weir_posterior *p) {
  return p->stats;
}

const char *weir_posterior_stat_name(const weir_posterior *p, int64_t i) {
  return p->stat_name[i];
}

const double *weir_posterior_stat_values(const weir_posterior *p) {
  return p->stat;
}

const double *weir_posterior_log_weights(const weir_posterior *p) {
  return p->log_weight;
}

const char *weir_posterior_method(const weir_posterior *p) {
  return p->method;
}

const char *weir_posterior_record(const weir_posterior *p) {
  return p->record;
}

int64_t weir_posterior_gradients(const weir_posterior *p) {
  return p->gradients;
}

int64_t weir_posterior_failed(const weir_posterior *p) {
  return p->failed;
}

const char *weir_posterior_failure(const weir_posterior *p) {
  return p->failure[0] == '\0' ? NULL : p->failure;
}
