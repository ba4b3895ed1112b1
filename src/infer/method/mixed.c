/* Local moves mixed with proposals from a fitted flow (Gabrie, Rotskoff &
 * Vanden-Eijnden 2022): with probability `share` a fresh draw x' of the flow is taken
 * with probability min(1, p(x') q(x) / (p(x) q(x'))), else the no-U-turn sampler moves.
 * Proposals carry chains between modes that the flow knows. */
#include <math.h>

#include "infer/fit.h"

typedef struct mixed {
  weiri_nuts_method nuts; /* first: the sampler reads it */
  double share;
  weiri_reverse_opts reverse;
  weir_target *warped; /* while it runs; its flow draws */
} mixed;

static const weir_opt opts[] = {WEIRI_NUTS_OPTIONS,
    {"share", WEIR_OPT_REAL, offsetof(mixed, share), "0.3", 0.0, 1.0, NULL,
        "of the moves that are proposals of the flow"},
    WEIRI_REVERSE_OPTIONS(mixed, reverse), {0}};

static int64_t work(const weiri_chain_method *m, int64_t d) {
  const int64_t local = weiri_nuts_sampler.work(m, d);
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
    return weiri_nuts_sampler.move(base, mover, c, at, out);
  }
  WEIR_TRY(propose(m, mover, c, at, out));
  out->accept = base->chain.target_accept;
  return WEIR_OK;
}

static const weiri_sampler sampler = {
    .name = "mixed", .work = work, .move = move, .leaps = true};

static weir_status run(const weiri_method *base, weiri_job *job) {
  mixed *m = (mixed *)(uintptr_t)base;
  const weiri_helped h = {&m->nuts.base, &sampler, &m->reverse, false, &m->warped};
  job->out->depth_limit = m->nuts.max_depth;
  return weiri_helped_run(&h, job);
}

const weiri_method_class weiri_method_mixed = {
    .is = {"mixed", "no-U-turn sampler mixed with proposals from a fitted flow",
        "Gabrie, Rotskoff and Vanden-Eijnden 2022", sizeof(mixed), opts},
    .run = run,
    .stat_name = weiri_chain_stat_names,
    .stats = WEIRI_CHAIN_STATS};
