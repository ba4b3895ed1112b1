/* Simulation-based calibration, algorithm 1 of Talts et al. 2018 with its thinning:
 *
 *     theta ~ p(theta),  y ~ p(y | theta),  theta_l ~ p(theta | y), l = 1 .. L
 *     rank = #{l: theta_l < theta}, uniform on 0 .. L
 *
 * for each number that the target shows. Ties are broken at random. */
#include "infer/calibrate.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct calibrate {
  weiri_job job;
  weir_calibration *c;
  weir_infer_opts opts; /* of one inference */
  double *truth;        /* [outputs] */
} calibrate;

enum { AWAY = 1 << 30 }; /* number of the draw that is the truth */

/* ---- one simulation ---- */

/* Ranks of the truth among draws spread evenly over all chains. */
static void rank_all(const calibrate *s, const weir_posterior *p, int64_t i) {
  const weir_calibration *c = s->c;
  const int64_t total = p->chains * p->draws, among = c->ranks - 1;
  for (int64_t j = 0; j < c->outputs; j++) {
    int64_t below = 0, ties = 0;
    for (int64_t l = 0; l < among; l++) {
      const int64_t at = (2 * l + 1) * total / (2 * among);
      const double x = p->values[at * p->outputs + j];
      below += x < s->truth[j];
      ties += x == s->truth[j];
    }
    const weiri_rng rng = {
        s->job.opts.seed, weiri_stream("calibrate.ties", (uint64_t)i)};
    below += ties == 0 ? 0 : weiri_below(rng, (uint64_t)j, ties + 1);
    c->rank[i * c->outputs + j] = (double)below;
  }
}

/* Whether the run goes on without this simulation's posterior. */
static bool may_fail(weir_status status) {
  return status == WEIR_E_DATA || status == WEIR_E_DIVERGED || status == WEIR_E_NUMERIC;
}

static weir_status simulate(calibrate *s, int64_t i) {
  weir_calibration *c = s->c;
  const weir_target *t = s->job.target;
  const uint64_t seed = weiri_stream(
      "calibrate", s->job.opts.seed ^ weiri_stream("simulation", (uint64_t)i));
  weir_target *given = NULL;
  weir_posterior *p = NULL;
  double *theta = weiri_alloc(c->ctx, (size_t)t->dim * sizeof *theta);
  weir_status status =
      theta == NULL ? WEIR_E_MEMORY : weir_target_simulate(t, seed, theta, &given);
  if (status == WEIR_OK) {
    status = weir_target_show(given, seed, AWAY, 1, theta, s->truth);
  }
  if (status == WEIR_OK) {
    s->opts.seed = seed;
    status = weir_infer(&p, given, &s->opts);
  }
  if (status == WEIR_OK) {
    s->job.out->gradients += p->gradients;
    c->method = p->method;
    rank_all(s, p, i);
  } else if (may_fail(status)) {
    if (c->first_failure[0] == '\0') {
      strncpy(c->first_failure, weir_error(), sizeof c->first_failure - 1);
    }
    for (int64_t j = 0; j < c->outputs; j++) {
      c->rank[i * c->outputs + j] = -1.0;
    }
    status = WEIR_OK;
  }
  weir_posterior_destroy(&p);
  weir_target_destroy(&given);
  weiri_free(c->ctx, theta);
  return status;
}

/* ---- all of them ---- */

static weir_infer_progress progress_of(const calibrate *s) {
  return (weir_infer_progress){.phase = "calibrating",
      .done = s->c->done,
      .total = s->c->n,
      .gradients = s->job.out->gradients,
      .objective = NAN};
}

/* The caller is asked inside of an inference too. */
static bool ask(void *user, const weir_infer_progress *inner) {
  calibrate *s = user;
  weir_infer_progress p = progress_of(s);
  p.gradients += inner->gradients;
  return weiri_job_tick(&s->job, &p) == WEIR_OK;
}

static weir_status loop(calibrate *s) {
  weir_calibration *c = s->c;
  weiri_kept block = {"ranks", c->rank, c->n * c->outputs};
  WEIR_TRY(weiri_job_restore(&s->job, &c->done, 1, &block));
  while (c->done < c->n) {
    const weir_status status = simulate(s, c->done);
    if (status == WEIR_E_CANCELLED) {
      WEIR_TRY(weiri_job_save(&s->job, c->done, 1, &block));
      return weiri_fail(WEIR_E_CANCELLED, "cancelled");
    }
    WEIR_TRY(status);
    c->done++;
    weir_infer_progress p = progress_of(s);
    WEIR_TRY(weiri_job_step(&s->job, &p, 1, &block));
  }
  return s->job.opts.keep_checkpoint ? weiri_job_save(&s->job, c->done, 1, &block)
                                     : WEIR_OK;
}

/* ---- making ---- */

static weir_status take_room(
    weir_calibration *c, const weir_target *t, const weir_calibration_opts *opts) {
  c->ctx = t->ctx;
  c->n = opts->simulations;
  c->ranks = opts->ranks;
  c->outputs = t->outputs;
  c->kind = t->cls->is.name;
  c->method = "";
  c->name = weiri_calloc(c->ctx, (size_t)c->outputs, sizeof *c->name);
  c->rank = weiri_calloc(c->ctx, (size_t)(c->n * c->outputs), sizeof *c->rank);
  c->counts = weiri_calloc(c->ctx, (size_t)(c->outputs * c->ranks), sizeof *c->counts);
  if (c->name == NULL || c->rank == NULL || c->counts == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < c->outputs; i++) {
    c->name[i] = weiri_strdup(c->ctx, t->name[i]);
    if (c->name[i] == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  return WEIR_OK;
}

void weir_calibration_destroy(weir_calibration **calibration) {
  weir_calibration *c = *calibration;
  if (c == NULL) {
    return;
  }
  for (int64_t i = 0; c->name != NULL && i < c->outputs; i++) {
    weiri_free(c->ctx, c->name[i]);
  }
  weiri_free(c->ctx, c->name);
  weiri_free(c->ctx, c->rank);
  weiri_free(c->ctx, c->counts);
  weiri_free(c->ctx, c);
  *calibration = NULL;
}

static weir_status check(const weir_target *t, const weir_calibration_opts *opts) {
  if (!weir_target_can_simulate(t)) {
    return weiri_fail(WEIR_E_UNSUPPORTED,
        "calibration: target %s has no simulator: nothing can be drawn from its prior",
        t->cls->is.name);
  }
  const json_t *config = opts->infer.config;
  const json_t *chains = json_object_get(config, "chains");
  const json_t *draws = json_object_get(config, "draws");
  const int64_t total = (chains == NULL ? 4 : json_integer_value(chains)) *
                        (draws == NULL ? 1000 : json_integer_value(draws));
  if (opts->simulations < 2 || opts->ranks < 2) {
    return weiri_fail(WEIR_E_ARGUMENT,
        "calibration: expected at least 2 simulations and 2 ranks, found %" PRId64
        " and %" PRId64,
        opts->simulations, opts->ranks);
  }
  return total >= opts->ranks - 1
             ? WEIR_OK
             : weiri_fail(WEIR_E_CONFIG,
                   "calibration: %" PRId64 " ranks need at least %" PRId64
                   " draws, infer.draws and infer.chains give %" PRId64,
                   opts->ranks, opts->ranks - 1, total);
}

/* The job that keeps checkpoints; its settings are those of the inferences. */
static weir_status open_job(
    calibrate *s, const weir_target *t, const weir_calibration_opts *opts) {
  s->job = (weiri_job){.ctx = t->ctx,
      .target = t,
      .d = t->dim,
      .config = {.checkpoint_seconds = 60.0},
      .opts = opts->infer,
      .out = weiri_calloc(t->ctx, 1, sizeof *s->job.out)};
  s->job.begun = s->job.saved = weiri_clock();
  s->job.resolved =
      opts->infer.config == NULL ? json_object() : json_deep_copy(opts->infer.config);
  s->truth = weiri_alloc(t->ctx, (size_t)t->outputs * sizeof *s->truth);
  if (s->job.out == NULL || s->job.resolved == NULL || s->truth == NULL) {
    return WEIR_E_MEMORY;
  }
  json_object_set_new(
      s->job.resolved, "simulations", json_integer((json_int_t)opts->simulations));
  json_object_set_new(s->job.resolved, "ranks", json_integer((json_int_t)opts->ranks));
  s->opts = (weir_infer_opts)WEIR_INFER_OPTS_INIT;
  s->opts.config = opts->infer.config;
  s->opts.progress = opts->infer.progress == NULL ? NULL : ask;
  s->opts.user = s;
  return WEIR_OK;
}

weir_status weir_calibrate(weir_calibration **out, const weir_target *target,
    const weir_calibration_opts *opts) {
  calibrate s = {.c = NULL};
  WEIR_TRY(check(target, opts));
  s.c = weiri_calloc(target->ctx, 1, sizeof *s.c);
  weir_status status = s.c == NULL ? WEIR_E_MEMORY : take_room(s.c, target, opts);
  if (status == WEIR_OK) {
    status = open_job(&s, target, opts);
  }
  if (status == WEIR_OK) {
    status = loop(&s);
  }
  if (status == WEIR_OK) {
    status = weiri_calibration_finish(s.c);
  }
  if (status == WEIR_OK && opts->infer.checkpoint != NULL &&
      !opts->infer.keep_checkpoint) {
    unlink(opts->infer.checkpoint);
  }
  weiri_free(target->ctx, s.job.out);
  weiri_free(target->ctx, s.truth);
  json_decref(s.job.resolved);
  if (status != WEIR_OK) {
    weir_calibration_destroy(&s.c);
  }
  *out = s.c;
  return status;
}
