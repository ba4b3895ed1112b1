/* Uniform dequantisation (Theis et al. 2016): a value offset + k step becomes
 * y = value + step u, u uniform in (0, 1), and
 *     log P(k) >= E_u [ log p(y) + log step ],
 * the bound that one draw of u estimates without bias. Back: the floor of y on the
 * grid. */
#include <math.h>

#include "layer/columns.h"

typedef struct dequantize {
  weir_layer base;
  weir_ints columns;
  weir_reals steps, offsets;
  double log_volume; /* sum of log step */
} dequantize;

static const weir_opt opts[] = {
    {"columns", WEIR_OPT_INTS, offsetof(dequantize, columns), "[]", 0, 1e9, NULL,
        "columns on a grid"},
    {"steps", WEIR_OPT_REALS, offsetof(dequantize, steps), "[]", 1e-300, 1e300, NULL,
        "distance of neighbouring values, per column"},
    {"offsets", WEIR_OPT_REALS, offsetof(dequantize, offsets), "[]", -1e300, 1e300,
        NULL, "a value on the grid, per column"},
    {0}};

static weir_status setup(weir_layer *l, weir_build *b) {
  dequantize *q = (dequantize *)l;
  WEIR_TRY(weiri_columns_check(&q->columns, l->data.features, l->path));
  if (q->steps.n != q->columns.n || q->offsets.n != q->columns.n) {
    return weiri_fail(WEIR_E_CONFIG, "%s: %lld columns, %lld steps, %lld offsets",
        l->path, (long long)q->columns.n, (long long)q->steps.n,
        (long long)q->offsets.n);
  }
  WEIR_TRY(weir_event_copy(b->ctx, &l->latent, &l->data));
  for (int64_t i = 0; i < q->columns.n; i++) {
    l->latent.support[q->columns.v[i]] = (weir_support){WEIR_REAL, 0, 0};
    q->log_volume += log(q->steps.v[i]);
  }
  return WEIR_OK;
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  const dequantize *q = (const dequantize *)l;
  weir_tape *t = weir_run_tape(run);
  const int64_t n = weir_var_dim(t, x, 0);
  const weir_var u = weir_run_uniform(run, l->path, n, q->columns.n);
  const weir_var noise =
      weir_mul(t, u, weir_leaf_f64(t, weir_shape_1(q->columns.n), q->steps.v));
  weir_run_part(run, WEIR_PART_BOUND, l->path,
      weir_fill(t, weir_shape_1(n), q->log_volume), weir_var_none());
  return weir_add(
      t, x, weir_scatter(t, noise, q->columns.n, q->columns.v, l->data.features));
}

/* Rounding down has no gradient: the values are read off the tape and put back. */
static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  const dequantize *q = (const dequantize *)l;
  weir_tape *t = weir_run_tape(run);
  const int64_t n = weir_var_dim(t, z, 0), d = l->data.features;
  double *y = weiri_alloc(l->ctx, (size_t)(n * d + 1) * sizeof *y);
  if (y == NULL || weir_var_read(t, z, y) != WEIR_OK) {
    weiri_free(l->ctx, y);
    return weir_var_none();
  }
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < q->columns.n; j++) {
      double *v = &y[i * d + q->columns.v[j]];
      *v = q->offsets.v[j] +
           q->steps.v[j] * floor((*v - q->offsets.v[j]) / q->steps.v[j]);
    }
  }
  const weir_var x = weir_leaf_f64(t, weir_shape_2(n, d), y);
  weiri_free(l->ctx, y);
  weir_run_part(run, WEIR_PART_BOUND, l->path,
      weir_fill(t, weir_shape_1(n), -q->log_volume), weir_var_none());
  return x;
}

const weir_layer_class weir_layer_dequantize = {
    .is = {"dequantize", "uniform noise on columns that lie on a grid",
        "Theis et al. 2016", sizeof(dequantize), opts},
    .setup = setup,
    .to_latent = to_latent,
    .to_data = to_data,
    .exactness = WEIR_LOWER_BOUND,
};
