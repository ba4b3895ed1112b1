/* weir_infer: settings, room for the draws, the method, what is shown of each draw. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/option.h"
#include "infer/infer.h"

static const weir_opt options[] = {
    {"chains", WEIR_OPT_INT, offsetof(weiri_infer_config, chains), "4", 1, 10000, NULL,
        "independent chains"},
    {"warmup", WEIR_OPT_INT, offsetof(weiri_infer_config, warmup), "1000", 0, 1e9, NULL,
        "iterations of each chain that adapt it and are thrown away"},
    {"draws", WEIR_OPT_INT, offsetof(weiri_infer_config, draws), "1000", 1, 1e9, NULL,
        "draws kept of each chain"},
    {"thin", WEIR_OPT_INT, offsetof(weiri_infer_config, thin), "1", 1, 1e6, NULL,
        "iterations for each draw kept"},
    {"init_radius", WEIR_OPT_REAL, offsetof(weiri_infer_config, init_radius), "2", 0.0,
        1e6, NULL, "chains start uniformly within this distance of 0, unconstrained"},
    {"checkpoint_seconds", WEIR_OPT_REAL,
        offsetof(weiri_infer_config, checkpoint_seconds), "60", 0.0, 1e9, NULL,
        "seconds between checkpoints"},
    {0}};

const weir_opt *weir_infer_options(void) {
  return options;
}

/* The section without the method, which has its own table. */
static weir_status read_section(
    weiri_job *job, const json_t *config, weiri_method **method) {
  json_t *rest =
      config == NULL ? json_object() : json_copy((json_t *)(uintptr_t)config);
  json_t *resolved = json_object();
  job->resolved = json_object();
  if (rest == NULL || resolved == NULL || job->resolved == NULL) {
    json_decref(rest);
    json_decref(resolved);
    return weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  json_object_del(rest, "method");
  weir_status status =
      weiri_opts_read(job->ctx, options, &job->config, rest, "infer", job->resolved);
  if (status == WEIR_OK) {
    status = weiri_method_make(
        method, job->ctx, "infer.method", json_object_get(config, "method"), resolved);
  }
  if (status == WEIR_OK) {
    status = json_object_set(job->resolved, "method", resolved) == 0
                 ? WEIR_OK
                 : weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  json_decref(rest);
  json_decref(resolved);
  return status;
}

/* Start points: given, read, or none. */
static weir_status read_inits(weiri_job *job) {
  job->init = job->opts.init;
  job->inits = job->opts.inits;
  if (job->opts.init_file != NULL) {
    WEIR_TRY(weiri_read_inits(
        &job->own_init, &job->inits, job->target, job->opts.init_file));
    job->init = job->own_init;
  }
  return job->init == NULL || job->inits == 1 || job->inits == job->config.chains
             ? WEIR_OK
             : weiri_fail(WEIR_E_ARGUMENT,
                   "%s: expected 1 start point or one for each of the %" PRId64
                   " chains, found %" PRId64,
                   job->opts.init_file == NULL ? "start points" : job->opts.init_file,
                   job->config.chains, job->inits);
}

static void finish(weiri_job *job) {
  weiri_team_destroy(&job->team);
  weiri_free(job->ctx, job->own_init);
  json_decref(job->resolved);
}

weir_status weir_infer(
    weir_posterior **out, const weir_target *target, const weir_infer_opts *opts) {
  return weiri_infer(out, target, opts, NULL);
}

weir_status weiri_infer(weir_posterior **out, const weir_target *target,
    const weir_infer_opts *opts, bool *lost) {
  const weir_infer_opts defaults = WEIR_INFER_OPTS_INIT;
  weiri_job job = {.ctx = target->ctx,
      .target = target,
      .d = target->dim,
      .opts = opts == NULL ? defaults : *opts,
      .lost = lost};
  weiri_method *method = NULL;
  job.begun = job.saved = weiri_clock();
  weir_status status = read_section(&job, job.opts.config, &method);
  if (status == WEIR_OK) {
    status = read_inits(&job);
  }
  if (status == WEIR_OK) {
    status = weiri_team_create(&job.team, job.ctx);
  }
  if (status == WEIR_OK) {
    status = weiri_posterior_create(&job.out, &job, method->cls);
  }
  if (status == WEIR_OK) {
    status = method->cls->run(method, &job);
  }
  if (status == WEIR_OK) {
    status = weiri_posterior_finish(job.out, &job);
  }
  if (status == WEIR_OK && job.opts.checkpoint != NULL && !job.opts.keep_checkpoint) {
    unlink(job.opts.checkpoint);
  }
  if (status != WEIR_OK) {
    weir_posterior_destroy(&job.out);
  }
  weiri_method_destroy(&method);
  finish(&job);
  *out = job.out;
  return status;
}
