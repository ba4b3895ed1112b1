/* log density of a location-scale family: log f((x - loc) / scale) - log scale, with
 * scale = floor + exp(s). */
#include "dist/located.h"

#include <math.h>

weir_status weiri_located_setup(weiri_located *l, weir_build *b, int64_t d) {
  const weir_init zero = {WEIR_INIT_CONSTANT, 0.0};
  const weir_init start = {WEIR_INIT_CONSTANT, log(l->fixed)};
  l->d = d;
  l->log_scale.index = -1;
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
}

weir_var weiri_located_loc(const weiri_located *l, weir_run *run, weir_var context) {
  const weir_var theta = weiri_theta_apply(&l->theta, run, context);
  const weir_var raw = weiri_theta_part(run, l->loc, theta, 0, l->d);
  return l->loc_kind == WEIRI_LOC_LINEAR
             ? raw
             : weir_affine(
                   run->tape, weir_sigmoid(run->tape, raw), l->hi - l->lo, l->lo);
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
}

void weiri_located_push(
    const weir_dist *dist, weir_run *run, weir_var shape, weir_var log_scale) {
  weir_tape *t = run->tape;
  const weir_var columns = weir_sub(t, shape, log_scale);
  weir_run_part(run, WEIR_PART_BASE, dist->path,
      run->wants.groups ? columns : weir_sum_last(t, columns), weir_var_none());
}
