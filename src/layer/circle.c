/* Puts circular columns of any period on the circle [-pi, pi):
 *     z = (x - lo) s - pi, s = 2 pi / (hi - lo); log |dz/dx| = log s. */
#include <math.h>

#include "layer/columns.h"

#define PI 3.14159265358979323846

typedef struct circle {
  weir_layer base;
  weir_ints columns;
  double *scale, *shift; /* [features]: z = scale x + shift */
  double log_det;
} circle;

static const weir_opt opts[] = {{"columns", WEIR_OPT_INTS, offsetof(circle, columns),
                                    "[]", 0, 1e9, NULL, "circular columns"},
    {0}};

static weir_status setup(weir_layer *l, weir_build *b) {
  circle *c = (circle *)l;
  const int64_t d = l->data.features;
  WEIR_TRY(weiri_columns_check(&c->columns, d, l->path));
  WEIR_TRY(weir_event_copy(b->ctx, &l->latent, &l->data));
  c->scale = weiri_alloc(b->ctx, (size_t)(d + 1) * sizeof *c->scale);
  c->shift = weiri_calloc(b->ctx, (size_t)d + 1, sizeof *c->shift);
  if (c->scale == NULL || c->shift == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < d; j++) {
    c->scale[j] = 1.0;
  }
  for (int64_t i = 0; i < c->columns.n; i++) {
    const int64_t j = c->columns.v[i];
    const weir_support s = l->data.support[j];
    if (s.kind != WEIR_CIRCLE) {
      char text[64];
      return weiri_fail(WEIR_E_SUPPORT, "%s: column %lld lives on %s, not on a circle",
          l->path, (long long)j + 1, weir_support_text(s, text));
    }
    c->scale[j] = 2.0 * PI / (s.hi - s.lo);
    c->shift[j] = -PI - s.lo * c->scale[j];
    c->log_det += log(c->scale[j]);
    l->latent.support[j] = (weir_support){WEIR_CIRCLE, -PI, PI};
  }
  return WEIR_OK;
}

static void teardown(weir_layer *l) {
  weiri_free(l->ctx, ((circle *)l)->scale);
  weiri_free(l->ctx, ((circle *)l)->shift);
}

static void push(const weir_layer *l, weir_run *run, weir_var x, double log_det) {
  weir_tape *t = weir_run_tape(run);
  weir_run_part(run, WEIR_PART_LOG_DET, l->path,
      weir_fill(t, weir_shape_1(weir_var_dim(t, x, 0)), log_det), weir_var_none());
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  const circle *c = (const circle *)l;
  weir_tape *t = weir_run_tape(run);
  const weir_shape row = weir_shape_1(l->data.features);
  push(l, run, x, c->log_det);
  return weir_add(t, weir_mul(t, x, weir_leaf_f64(t, row, c->scale)),
      weir_leaf_f64(t, row, c->shift));
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  const circle *c = (const circle *)l;
  weir_tape *t = weir_run_tape(run);
  const weir_shape row = weir_shape_1(l->data.features);
  push(l, run, z, -c->log_det);
  return weir_div(t, weir_sub(t, z, weir_leaf_f64(t, row, c->shift)),
      weir_leaf_f64(t, row, c->scale));
}

const weir_layer_class weir_layer_circle = {
    .is = {"circle", "circular columns of any period onto [-pi, pi)", NULL,
        sizeof(circle), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
};
