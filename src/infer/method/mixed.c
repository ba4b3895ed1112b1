/* Local moves mixed with proposals from a fitted flow (Gabrie, Rotskoff &
 * Vanden-Eijnden 2022): with probability `share` a fresh draw x' of the flow is taken
 * with probability min(1, p(x') q(x) / (p(x) q(x'))), else a local sampler moves.
 * Proposals carry chains between modes that the flow knows. */
#include <math.h>

#include "infer/fit.h"

typedef struct mixed {
  weiri_chain_method base; /* its options are the local sampler's, while it runs */
  const weir_spec *sampler;
  double share;
  weiri_reverse_opts reverse;
  const weiri_chain_method *local;
  weir_target *warped; /* while it runs; its flow draws */
} mixed;

static const weir_opt opts[] = {WEIRI_SAMPLER_OPTION(mixed, sampler),
    {"share", WEIR_OPT_REAL, offsetof(mixed, share), "0.3", 0.0, 1.0, NULL,
        "of the moves that are proposals of the flow"},
    WEIRI_REVERSE_OPTIONS(mixed, reverse), {0}};

static const weiri_sampler *local_of(const mixed *m) {
  return m->local->base.cls->sampler;
}

static int64_t work(const weiri_chain_method *base, int64_t d) {
  const mixed *m = (const mixed *)base;
  const int64_t local = local_of(m)->work(m->local, d);
  return local > 3 * d ? local : 3 * d;
}

static weir_status propose(const mixed *m, const weiri_mover *mover, weiri_chance *c,
    weiri_point *at, weiri_moved *out) {
  const int64_t d = mover->d;
  double *v = mover->work, before, after;
  weiri_point to = {v + d, v + 2 * d, 0.0};
  *out = (weiri_moved){.energy = NAN};
  weiri_chance_normals(c, d, v);
  WEIR_TRY(weiri_warp_draw(m->warped, 1, v, to.x, &after));
  WEIR_TRY(weiri_warp_density(m->warped, 1, at->x, &before));
  WEIR_TRY(weiri_point_evaluate(mover, &to));
  const double ratio = to.log_density - after - (at->log_density - before);
  out->accepted =
      weiri_metropolis(c, isnan(ratio) ? (double)-INFINITY : ratio, &out->accept);
  if (out->accepted) {
    weiri_point_copy(d, at, &to);
  }
  return WEIR_OK;
}

/* The step size is adapted to the local moves: a proposal counts as the acceptance that
 * is wanted. */
static weir_status move(const weiri_chain_method *base, const weiri_mover *mover,
    weiri_chance *c, weiri_point *at, weiri_moved *out) {
  const mixed *m = (const mixed *)base;
  if (weiri_chance_uniform(c) >= m->share) {
    return local_of(m)->move(m->local, mover, c, at, out);
  }
  WEIR_TRY(propose(m, mover, c, at, out));
  out->accept = base->chain.target_accept;
  return WEIR_OK;
}

static weir_status run(const weiri_method *base, weiri_job *job) {
  mixed *m = (mixed *)(uintptr_t)base;
  weiri_method *inner = NULL;
  WEIR_TRY(weiri_helped_sampler(&inner, job, m->sampler));
  m->local = (const weiri_chain_method *)inner;
  m->base.chain = m->local->chain;
  const weiri_sampler sampler = {
      .name = "mixed", .work = work, .move = move, .leaps = local_of(m)->leaps};
  const weiri_helped h = {&m->base, &sampler, &m->reverse, false, &m->warped};
  const weir_status status = weiri_helped_run(&h, job);
  if (status == WEIR_OK && local_of(m)->depth != NULL) {
    job->out->depth_limit = local_of(m)->depth(m->local);
  }
  weiri_method_destroy(&inner);
  return status;
}

const weiri_method_class weiri_method_mixed = {
    .is = {"mixed", "a sampler (nuts) mixed with proposals from a fitted flow",
        "Gabrie, Rotskoff and Vanden-Eijnden 2022", sizeof(mixed), opts},
    .run = run,
    .stat_name = weiri_chain_stat_names,
    .stats = WEIRI_CHAIN_STATS};
