/* log density of a location-scale family: log f((x - loc) / scale) - log scale, with
 * scale = floor + exp(s). */
#include "dist/located.h"

#include <math.h>

/* Beyond, a scale is said to run away; at most half of them may lie at a floor. */
#define SCALE_LEAST 1e-5
#define SCALE_MOST 1e5

weir_status weiri_located_setup(weiri_located *l, weir_build *b, int64_t d) {
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0};
  const weir_init start = {WEIR_INIT_CONSTANT, log(l->fixed)};
  l->d = d;
  l->log_scale.index = -1;
  l->path = weiri_strdup(b->ctx, b->path);
  l->ctx = b->ctx;
  if (l->path == NULL) {
    return WEIR_E_MEMORY;
  }
  if (!(l->lo < l->hi)) {
    return weiri_fail(
        WEIR_E_CONFIG, "%s.lo: %g is not below hi, %g", b->path, l->lo, l->hi);
  }
  WEIR_TRY(weir_build_param(b, &l->loc, "loc", weir_shape_1(d), zero, NULL));
  if (l->scale_kind != WEIRI_SCALE_FIXED) {
    const int64_t width = l->scale_kind == WEIRI_SCALE_SHARED ? 1 : d;
    WEIR_TRY(weir_build_param(
        b, &l->log_scale, "log_scale", weir_shape_1(width), start, NULL));
  }
  return weiri_theta_setup(
      &l->theta, b, &l->theta_opts, l->scale_kind == WEIRI_SCALE_EACH ? 2 * d : d);
}

void weiri_located_teardown(weiri_located *l) {
  weiri_theta_teardown(&l->theta);
  if (l->ctx != NULL) {
    weiri_free(l->ctx, l->path);
  }
}

static weir_var squashed(const weiri_located *l, weir_tape *t, weir_var raw) {
  return l->loc_kind == WEIRI_LOC_LINEAR
             ? raw
             : weir_affine(t, weir_sigmoid(t, raw), l->hi - l->lo, l->lo);
}

weir_var weiri_located_loc(const weiri_located *l, weir_run *run, weir_var context) {
  const weir_var theta = weiri_theta_apply(&l->theta, run, context);
  return squashed(l, run->tape, weiri_theta_part(run, l->loc, theta, 0, l->d));
}

/* log(floor + exp(s)) = log floor + softplus(s - log floor) */
static weir_var floored(const weiri_located *l, weir_tape *t, weir_var s) {
  if (l->floor == 0.0) {
    return s;
  }
  const double low = log(l->floor);
  return weir_shift(t, weir_softplus(t, weir_shift(t, s, -low)), low);
}

weir_var weiri_located_log_scale(
    const weiri_located *l, weir_run *run, weir_var theta) {
  if (l->scale_kind == WEIRI_SCALE_FIXED) {
    return weir_fill(run->tape, weir_shape_2(1, 1), log(l->fixed));
  }
  const weir_var own = l->scale_kind == WEIRI_SCALE_EACH ? theta : weir_var_none();
  const int64_t width = l->scale_kind == WEIRI_SCALE_SHARED ? 1 : l->d;
  return floored(l, run->tape, weiri_theta_part(run, l->log_scale, own, l->d, width));
}

void weiri_located_bind(const weiri_located *l, weir_run *run, weir_var context,
    weir_var *loc, weir_var *log_scale) {
  *loc = weiri_located_loc(l, run, context);
  *log_scale =
      weiri_located_log_scale(l, run, weiri_theta_apply(&l->theta, run, context));
  if (l->scale_kind != WEIRI_SCALE_FIXED) {
    const double lo = l->floor > 0.0 ? 1.02 * l->floor : SCALE_LEAST;
    weiri_run_watch(run, (weiri_watch){l->path, "log scale", *log_scale, log(lo),
                             log(SCALE_MOST), l->floor > 0.0 ? 0.5 : 0.0});
  }
}

void weiri_located_push(
    const weir_dist *dist, weir_run *run, weir_var shape, weir_var log_scale) {
  weir_tape *t = run->tape;
  const weir_var columns = weir_sub(t, shape, log_scale);
  weir_run_part(run, WEIR_PART_BASE, dist->path,
      run->wants.groups ? columns : weir_sum_last(t, columns), weir_var_none());
}

/* d log p / d m = psi(e) / b, information i / b^2; through m = lo + (hi - lo)
 * sigmoid(eta) times dm / d eta, and times its square. */
bool weiri_located_local(const weiri_located *l, const weir_dist *d, weir_run *run,
    weir_var x, weir_var context, weiri_located_score *score, weir_local *out) {
  weir_tape *t = run->tape;
  const weir_shape s = weir_var_shape(t, x);
  const weir_var theta =
      weiri_theta_pieces(&l->theta, run, context, 0, l->d, &out->pieces);
  const weir_var log_scale = weiri_located_log_scale(l, run, theta);
  const weir_var down = weir_broadcast(t, weir_exp(t, weir_neg(t, log_scale)), s);
  out->eta = weir_broadcast(t, weiri_theta_part(run, l->loc, theta, 0, l->d), s);
  weir_var rise = down;
  if (l->loc_kind == WEIRI_LOC_SIGMOID) {
    const weir_var y = weir_sigmoid(t, out->eta);
    const weir_var slope = weir_mul(t, y, weir_affine(t, y, -1.0, 1.0));
    rise = weir_mul(t, rise, weir_scale(t, slope, l->hi - l->lo));
  }
  double information = 1.0;
  const weir_var e = weir_mul(t, weir_sub(t, x, squashed(l, t, out->eta)), down);
  out->slope = weir_mul(t, score(d, t, e, &information), rise);
  out->metric.weight = weir_scale(t, weir_square(t, rise), information);
  return true;
}
