/* Chains side by side: start, warm-up, draws. A chain is a function of the seed, its
 * index and the iteration alone, so threads, pauses and resumptions leave no trace. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "infer/adapt.h"

/* A round, after which the caller is told, lasts about this long. */
#define ROUND_SECONDS 0.2
#define FAR_AWAY 1e100
#define STEP_MAX 1e7

const char *const weiri_chain_stat_names[WEIRI_CHAIN_STATS] = {"lp__", "accept_stat__",
    "stepsize__", "treedepth__", "n_leapfrog__", "divergent__", "energy__"};

typedef struct chains {
  const weiri_chain_method *m;
  const weiri_sampler *sampler;
  weiri_job *job;
  int64_t d, total, size;
  bool dense;
  double *state, *work;      /* [chains, size], [chains, scratch] */
  weiri_chain *chain;        /* [chains] */
  int64_t first, count;      /* of the round */
  int64_t gradients, failed; /* spent before the chains began */
} chains;

static weiri_mover mover_of(const chains *s, weiri_chain *c) {
  return (weiri_mover){.target = s->job->target,
      .metric = &c->metric,
      .d = s->d,
      .step = c->n->step,
      .work = c->work,
      .gradients = &c->gradients,
      .failed = &c->failed};
}

/* ---- the step size ---- */

/* Energy lost in one leapfrog step with fresh momentum. */
static weir_status try_step(const chains *s, weiri_chain *c, double *gain) {
  weiri_mover m = mover_of(s, c);
  const int64_t d = s->d;
  weiri_point to = {m.work, m.work + d, 0.0};
  double *p = m.work + 2 * d, *v = m.work + 3 * d;
  weiri_chance chance = weiri_chance_of(
      s->job->opts.seed, "step", (uint64_t)c->index, (uint64_t)c->n->restarts);
  c->n->restarts += 1.0;
  weiri_point_copy(d, &to, &c->at);
  weiri_metric_momentum(&c->metric, &chance, p);
  weiri_metric_velocity(&c->metric, p, v);
  const double before = weiri_metric_kinetic(d, p, v) - to.log_density;
  WEIR_TRY(weiri_leapfrog(&m, m.step, &to, p, v));
  const double after = weiri_metric_kinetic(d, p, v) - to.log_density;
  *gain = isnan(after) ? -INFINITY : before - after;
  return WEIR_OK;
}

/* Doubles or halves the step until its acceptance crosses 0.8 (Hoffman and Gelman 2014,
 * algorithm 4, with Stan's threshold). */
static weir_status find_step(const chains *s, weiri_chain *c) {
  const double threshold = log(0.8);
  double gain;
  WEIR_TRY(try_step(s, c, &gain));
  const bool up = gain > threshold;
  while ((gain > threshold) == up) {
    c->n->step *= up ? 2.0 : 0.5;
    if (c->n->step > STEP_MAX) {
      return weiri_fail(WEIR_E_DIVERGED,
          "the density does not fall off however far a step goes: the posterior is "
          "improper, or its tails are flat");
    }
    if (c->n->step < 1.0 / STEP_MAX / STEP_MAX) {
      return weiri_fail(WEIR_E_NUMERIC,
          "no step size is small enough: the gradient does not belong to the density "
          "(try --check-gradient), or the density jumps");
    }
    WEIR_TRY(try_step(s, c, &gain));
  }
  return WEIR_OK;
}

static bool adapts_step(const chains *s) {
  return s->m->chain.step == 0.0;
}

static weir_status fresh_step(const chains *s, weiri_chain *c) {
  if (!adapts_step(s)) {
    return WEIR_OK;
  }
  if (s->sampler->leaps) {
    WEIR_TRY(find_step(s, c));
  } else {
    c->n->step = 2.38 / sqrt((double)s->d);
  }
  weiri_average_restart(c->n, s->sampler->leaps ? 10.0 : 1.0);
  return WEIR_OK;
}

/* ---- one iteration ---- */

static weir_status adapt(const chains *s, weiri_chain *c, int64_t i, double accept) {
  const int64_t warmup = s->job->config.warmup;
  bool ends;
  if (adapts_step(s)) {
    weiri_average_take(c->n, accept, s->m->chain.target_accept);
  }
  if (s->m->chain.metric != WEIRI_METRIC_UNIT && weiri_window(warmup, i, &ends)) {
    weiri_moments_take(c);
    if (ends) {
      weiri_moments_settle(c);
      WEIR_TRY(fresh_step(s, c));
    }
  }
  if (i == warmup - 1 && adapts_step(s)) {
    weiri_average_settle(c->n);
  }
  return WEIR_OK;
}

static void record(const chains *s, weiri_chain *c, int64_t i, const weiri_moved *r) {
  weir_posterior *out = s->job->out;
  const int64_t after = i - s->job->config.warmup;
  c->n->divergent += r->divergent && after >= 0 ? 1.0 : 0.0;
  if (after < 0 || (after + 1) % s->job->config.thin != 0) {
    return;
  }
  const int64_t row = c->index * out->draws + after / s->job->config.thin;
  memcpy(out->theta + row * s->d, c->at.x, (size_t)s->d * sizeof *c->at.x);
  double *stat = out->stat + row * WEIRI_CHAIN_STATS;
  stat[WEIRI_STAT_LP] = c->at.log_density;
  stat[WEIRI_STAT_ACCEPT] = r->accept;
  stat[WEIRI_STAT_STEP] = c->n->step;
  stat[WEIRI_STAT_DEPTH] = r->depth;
  stat[WEIRI_STAT_LEAPFROGS] = (double)r->leapfrogs;
  stat[WEIRI_STAT_DIVERGENT] = r->divergent ? 1.0 : 0.0;
  stat[WEIRI_STAT_ENERGY] = isnan(r->energy) ? -c->at.log_density : r->energy;
}

static weir_status check_near(const weiri_chain *c, int64_t d, int64_t i) {
  for (int64_t j = 0; j < d; j++) {
    if (!(fabs(c->at.x[j]) < FAR_AWAY)) {
      return weiri_fail(WEIR_E_DIVERGED,
          "iteration %" PRId64 ": coordinate %" PRId64
          " has run away to %g: the posterior is improper",
          i + 1, j + 1, c->at.x[j]);
    }
  }
  return WEIR_OK;
}

static weir_status iterate(const chains *s, weiri_chain *c, int64_t i) {
  weiri_mover m = mover_of(s, c);
  weiri_moved result;
  weiri_chance chance = weiri_chance_of(
      s->job->opts.seed, s->sampler->name, (uint64_t)c->index, (uint64_t)i);
  WEIR_TRY(s->sampler->move(s->m, &m, &chance, &c->at, &result));
  WEIR_TRY(check_near(c, s->d, i));
  record(s, c, i, &result);
  return i < s->job->config.warmup ? adapt(s, c, i, result.accept) : WEIR_OK;
}

/* ---- rounds ---- */

static weir_status start(const chains *s, weiri_chain *c) {
  c->n->step = adapts_step(s) ? 1.0 : s->m->chain.step;
  weiri_metric_identity(&c->metric);
  weiri_mover m = mover_of(s, c);
  const weiri_job *job = s->job;
  const double *given =
      job->init == NULL ? NULL : job->init + (job->inits == 1 ? 0 : c->index * s->d);
  WEIR_TRY(weiri_start(
      &m, job->opts.seed, c->index, job->config.init_radius, given, &c->at));
  return fresh_step(s, c);
}

/* Runs on any thread: messages are kept in the chain. */
static void run_chain(void *arg, int64_t chunk, void *scratch) {
  const chains *s = arg;
  weiri_chain *c = &s->chain[chunk];
  (void)scratch;
  if (s->job->lost != NULL && s->job->lost[chunk]) {
    return;
  }
  c->gradients = c->failed = 0;
  c->at.log_density = c->n->log_density;
  c->status = s->first == 0 ? start(s, c) : WEIR_OK;
  for (int64_t i = 0; c->status == WEIR_OK && i < s->count; i++) {
    const int64_t failed = c->failed;
    c->status = iterate(s, c, s->first + i);
    if (c->failed > failed && c->failure[0] == '\0') {
      strncpy(c->failure, weir_error(), sizeof c->failure - 1);
    }
  }
  if (c->status != WEIR_OK) {
    strncpy(c->fault, weir_error(), sizeof c->fault - 1);
  }
  c->n->log_density = c->at.log_density;
  c->n->gradients += (double)c->gradients;
  c->n->failed += (double)c->failed;
}

/* A chain may be lost where the caller says so, but for want of memory. */
static weir_status run_round(chains *s) {
  bool *lost = s->job->lost;
  WEIR_TRY(weiri_parallel(s->job->team, s->job->config.chains, 1e12, 0, run_chain, s));
  for (int64_t k = 0; k < s->job->config.chains; k++) {
    const weiri_chain *c = &s->chain[k];
    if (c->status != WEIR_OK && (lost == NULL || c->status == WEIR_E_MEMORY)) {
      return weiri_fail(c->status, "%s", c->fault);
    }
    if (lost != NULL) {
      lost[k] = c->status != WEIR_OK;
    }
  }
  return WEIR_OK;
}

static void count(const chains *s) {
  weir_posterior *out = s->job->out;
  double gradients = 0.0, failed = 0.0, divergent = 0.0;
  for (int64_t k = 0; k < s->job->config.chains; k++) {
    const weiri_chain *c = &s->chain[k];
    gradients += c->n->gradients;
    failed += c->n->failed;
    divergent += c->n->divergent;
    if (out->failure[0] == '\0') {
      memcpy(out->failure, c->failure, sizeof out->failure);
    }
  }
  out->gradients = s->gradients + (int64_t)gradients;
  out->failed = s->failed + (int64_t)failed;
  out->divergent = (int64_t)divergent;
}

enum { BLOCKS = 3 };

static void blocks_of(const chains *s, weiri_kept *b) {
  const weir_posterior *out = s->job->out;
  const int64_t rows = out->chains * out->draws;
  b[0] = (weiri_kept){"state", s->state, out->chains * s->size};
  b[1] = (weiri_kept){"theta", out->theta, rows * s->d};
  b[2] = (weiri_kept){"stat", out->stat, rows * out->stats};
}

static weir_status restore(chains *s) {
  weiri_kept blocks[BLOCKS];
  blocks_of(s, blocks);
  return weiri_job_restore(s->job, &s->first, BLOCKS, blocks);
}

static weir_status tell(const chains *s) {
  weiri_kept blocks[BLOCKS];
  blocks_of(s, blocks);
  count(s);
  weir_infer_progress p = {
      .phase = s->first < s->job->config.warmup ? "warmup" : "sampling",
      .done = s->first,
      .total = s->total,
      .gradients = s->job->out->gradients,
      .divergent = s->job->out->divergent,
      .objective = NAN};
  return weiri_job_step(s->job, &p, BLOCKS, blocks);
}

static weir_status loop(chains *s) {
  int64_t want = 1;
  while (s->first < s->total) {
    const double before = weiri_job_seconds(s->job);
    s->count = want < s->total - s->first ? want : s->total - s->first;
    WEIR_TRY(run_round(s));
    s->first += s->count;
    const double took = weiri_job_seconds(s->job) - before;
    want = took < 0.5 * ROUND_SECONDS               ? 2 * want
           : took > 2.0 * ROUND_SECONDS && want > 1 ? want / 2
                                                    : want;
    WEIR_TRY(tell(s));
  }
  weiri_kept blocks[BLOCKS];
  blocks_of(s, blocks);
  return s->job->opts.keep_checkpoint ? weiri_job_save(s->job, s->first, BLOCKS, blocks)
                                      : WEIR_OK;
}

/* ---- all of it ---- */

static json_t *reals(int64_t n, const double *x) {
  json_t *list = json_array();
  for (int64_t i = 0; i < n; i++) {
    json_array_append_new(list, json_real(x[i]));
  }
  return list;
}

/* Step size and metric of each chain. */
static weir_status facts(const chains *s) {
  json_t *list = json_array();
  for (int64_t k = 0; k < s->job->config.chains; k++) {
    const weiri_chain *c = &s->chain[k];
    json_array_append_new(
        list, json_pack("{s:f, s:o}", "step_size", c->n->step, "inverse_metric",
                  reals(weiri_metric_size(s->d, s->dense), c->metric.inverse)));
  }
  return json_object_set_new(s->job->out->facts, "chains", list) == 0
             ? WEIR_OK
             : weiri_fail(WEIR_E_MEMORY, "out of memory");
}

static weir_status set_up(chains *s) {
  const int64_t n = s->job->config.chains;
  int64_t scratch = s->sampler->work(s->m, s->d);
  scratch = scratch > 4 * s->d ? scratch : 4 * s->d; /* of a step's trial */
  s->state = weiri_calloc(s->job->ctx, (size_t)(n * s->size), sizeof *s->state);
  s->work = weiri_calloc(s->job->ctx, (size_t)(n * scratch), sizeof *s->work);
  s->chain = weiri_calloc(s->job->ctx, (size_t)n, sizeof *s->chain);
  if (s->state == NULL || s->work == NULL || s->chain == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t k = 0; k < n; k++) {
    weiri_chain_view(&s->chain[k], k, s->d, s->dense, s->state + k * s->size);
    s->chain[k].work = s->work + k * scratch;
  }
  return WEIR_OK;
}

weir_status weiri_chains_method_run(const weiri_method *m, weiri_job *job) {
  return weiri_chains_run((const weiri_chain_method *)m, m->cls->sampler, job);
}

weir_status weiri_chains_run(
    const weiri_chain_method *m, const weiri_sampler *sampler, weiri_job *job) {
  chains s = {.m = m,
      .sampler = sampler,
      .job = job,
      .d = job->d,
      .gradients = job->out->gradients,
      .failed = job->out->failed,
      .dense = m->chain.metric == WEIRI_METRIC_DENSE,
      .total = job->config.warmup + job->config.draws * job->config.thin};
  s.size = weiri_chain_size(s.d, s.dense);
  job->out->depth_limit = sampler->depth == NULL ? 0 : sampler->depth(m);
  weir_status status = set_up(&s);
  if (status == WEIR_OK) {
    status = restore(&s);
  }
  if (status == WEIR_OK) {
    status = loop(&s);
  }
  if (status == WEIR_OK) {
    count(&s);
    status = facts(&s);
  }
  weiri_free(job->ctx, s.state);
  weiri_free(job->ctx, s.work);
  weiri_free(job->ctx, s.chain);
  return status;
}
