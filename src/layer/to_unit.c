/* Columns with two ends in units of their range, as real numbers:
 *     z = (x - lo) / (hi - lo),
 * grey levels taken as points of [0, 1], the convention of Gaussian likelihoods of
 * images. The log-likelihood is a density in these units: to have it per unit of x,
 * take off log(hi - lo) per column (count: true does). */
#include <math.h>

#include "part/part.h"

typedef struct to_unit {
  weir_layer base;
  bool count;
  double *lo, *range; /* [features] */
  double log_volume;  /* sum of log range */
} to_unit;

static const weir_opt opts[] = {
    {"count", WEIR_OPT_BOOL, offsetof(to_unit, count), "false", 0, 0, NULL,
        "count the change of units: a density per unit of the columns themselves"},
    {0}};

static weir_status setup(weir_layer *l, weir_build *b) {
  to_unit *u = (to_unit *)l;
  const int64_t d = l->data.features;
  WEIR_TRY(weir_event_create(b->ctx, &l->latent, d));
  u->lo = weiri_calloc(b->ctx, (size_t)d + 1, sizeof *u->lo);
  u->range = weiri_calloc(b->ctx, (size_t)d + 1, sizeof *u->range);
  if (u->lo == NULL || u->range == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < d; j++) {
    const weir_support s = l->data.support[j];
    const bool ends = s.kind == WEIR_INTEGERS || s.kind == WEIR_INTERVAL;
    if (!ends || !(s.hi > s.lo)) {
      char text[64];
      return weiri_fail(WEIR_E_SUPPORT,
          "%s: column %lld lives on %s, but a range with two ends is needed: say so "
          "with "
          "a type such as ordinal(1,0,256) or interval(0,1)",
          l->path, (long long)j + 1, weir_support_text(s, text));
    }
    u->lo[j] = s.lo;
    u->range[j] = s.hi - s.lo;
    u->log_volume += log(s.hi - s.lo);
  }
  if (b->site != NULL && !u->count) {
    b->site->measure =
        "density of the row as real numbers, in units of the range of each "
        "column (grey levels from 0 to 1)";
  }
  return WEIR_OK;
}

static void teardown(weir_layer *l) {
  weiri_free(l->ctx, ((to_unit *)l)->lo);
  weiri_free(l->ctx, ((to_unit *)l)->range);
}

static void push(const to_unit *u, weir_run *run, int64_t n, double sign) {
  if (u->count) {
    weir_run_part(run, WEIR_PART_LOG_DET, u->base.path,
        weir_fill(run->tape, weir_shape_1(n), sign * u->log_volume), weir_var_none());
  }
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  const to_unit *u = (const to_unit *)l;
  weir_tape *t = run->tape;
  const weir_shape row = weir_shape_1(l->data.features);
  push(u, run, weir_var_dim(t, x, 0), -1.0);
  return weir_div(
      t, weir_sub(t, x, weir_leaf_f64(t, row, u->lo)), weir_leaf_f64(t, row, u->range));
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  const to_unit *u = (const to_unit *)l;
  weir_tape *t = run->tape;
  const weir_shape row = weir_shape_1(l->data.features);
  push(u, run, weir_var_dim(t, z, 0), 1.0);
  return weir_add(
      t, weir_mul(t, z, weir_leaf_f64(t, row, u->range)), weir_leaf_f64(t, row, u->lo));
}

const weir_layer_class weir_layer_to_unit = {
    .is = {"to_unit", "columns as real numbers in units of their range", NULL,
        sizeof(to_unit), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
};
