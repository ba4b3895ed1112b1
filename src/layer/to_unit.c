/* Columns with two ends in units of their range, as real numbers:
 *     z = (x - lo) / (hi - lo),
 * grey levels taken as points of [0, 1], the convention of Gaussian likelihoods of
 * images. The log-likelihood is a density in these units: to have it per unit of x,
 * take off log(hi - lo) per column (count: true does). */
#include <math.h>

#include "layer/ends.h"

typedef struct to_unit {
  weir_layer base;
  bool count;
  weiri_ends ends;
  double log_volume; /* sum of log range */
} to_unit;

static const weir_opt opts[] = {
    {"count", WEIR_OPT_BOOL, offsetof(to_unit, count), "false", 0, 0, NULL,
        "count the change of units: a density per unit of the columns themselves"},
    {0}};

static weir_status setup(weir_layer *l, weir_build *b) {
  to_unit *u = (to_unit *)l;
  WEIR_TRY(weiri_ends_setup(&u->ends, l));
  for (int64_t j = 0; j < l->data.features; j++) {
    u->log_volume += log(u->ends.range[j]);
  }
  if (b->site != NULL) {
    b->site->as_real = true;
  }
  if (b->site != NULL && !u->count) {
    b->site->measure =
        "density of the row as real numbers, in units of the range of each "
        "column (grey levels from 0 to 1)";
  }
  return WEIR_OK;
}

static void teardown(weir_layer *l) {
  weiri_ends_teardown(&((to_unit *)l)->ends, l->ctx);
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
  push(u, run, weir_var_dim(run->tape, x, 0), -1.0);
  return weiri_ends_to_unit(&u->ends, l, run, x);
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  const to_unit *u = (const to_unit *)l;
  push(u, run, weir_var_dim(run->tape, z, 0), 1.0);
  return weiri_ends_from_unit(&u->ends, l, run, z);
}

const weir_layer_class weir_layer_to_unit = {
    .is = {"to_unit", "columns as real numbers in units of their range", NULL,
        sizeof(to_unit), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
};
