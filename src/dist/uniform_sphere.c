/* Uniform on the unit sphere of R^m: log p = -log area. Draws are normalised Gaussians
 * (Muller 1959). */
#include "dist/vmf.h"

static weir_status setup(weir_dist *d, weir_build *b) {
  (void)b;
  d->context = 0;
  return weiri_require_sphere(&d->event, d->path);
}

static void push(const weir_dist *d, weir_run *run, int64_t n) {
  weir_run_part(run, WEIR_PART_BASE, d->path,
      weir_fill(run->tape, weir_shape_1(n), -weiri_sphere_log_area(d->event.features)),
      weir_var_none());
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  push(d, run, weir_var_dim(run->tape, x, 0));
}

static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  (void)context;
  push(d, run, n);
  return weiri_unit_rows(
      run->tape, weir_run_normal(run, d->path, n, d->event.features));
}

const weir_dist_class weir_dist_uniform_sphere = {
    .is = {"uniform_sphere", "uniform on the unit sphere", NULL, sizeof(weir_dist),
        NULL},
    .setup = setup,
    .log_prob = log_prob,
    .sample = sample,
};
