/* z = D^-1 U^-1 (x - mean), U D^2 U' = covariance of the training data (U unit lower
 * triangular, D diagonal), taken once and kept: mean 0, variance 1 and no correlation
 * on those rows; D_i is the deviation of column i given the columns before it. log
 * |det| = -sum log D_i. The factor is that of the correlation matrix plus RIDGE on its
 * diagonal, so that nearly collinear columns are stretched by at most 1 / sqrt(RIDGE)
 * and single precision still inverts it; the map is exact with any factor. Cost: d^2 a
 * row; to fit, d^2 a row and d^3 / 3 once. */
#include <math.h>

#include "base/chol.h"
#include "layer/real.h"

#define RIDGE 1e-7

typedef struct whiten {
  weir_layer base;
  weiri_real real;
  weir_slot mean, lower, sd; /* lower: U below its diagonal */
} whiten;

static weir_status setup(weir_layer *l, weir_build *b) {
  whiten *w = (whiten *)l;
  WEIR_TRY(weiri_real_setup(&w->real, l));
  const weir_shape row = weir_shape_1(w->real.n);
  const weir_shape square = weir_shape_2(w->real.n, w->real.n);
  WEIR_TRY(weir_build_stat(b, &w->mean, "mean", row, 0.0));
  WEIR_TRY(weir_build_stat(b, &w->lower, "lower", square, 0.0));
  return weir_build_stat(b, &w->sd, "sd", row, 1.0);
}

static void teardown(weir_layer *l) {
  weiri_real_teardown(&((whiten *)l)->real, l->ctx);
}

/* ---- from the training rows ---- */

/* What observe works on: d numbers each, and d x d. */
typedef struct factors {
  double *mean, *sd, *square;
} factors;

/* The correlation matrix plus the ridge, in the lower triangle of square. */
static void correlations(const whiten *w, const weir_moments *m, factors *f) {
  const int64_t d = w->real.n;
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < i; j++) {
      const int64_t a = w->real.real[i], b = w->real.real[j];
      const double covariance = m->products[a * m->features + b] / m->weight;
      f->square[i * d + j] = covariance / f->sd[i] / f->sd[j];
    }
    f->square[i * d + i] = 1.0 + RIDGE;
  }
}

/* From the factor L of the correlations to U (its strict part) and D. */
static void split(int64_t d, factors *f) {
  double *a = f->square;
  for (int64_t i = 0; i < d; i++) {
    for (int64_t j = 0; j < d; j++) {
      a[i * d + j] =
          j < i ? a[i * d + j] * f->sd[i] / (a[j * d + j] * f->sd[j]) : a[i * d + j];
    }
  }
  for (int64_t i = 0; i < d; i++) {
    f->sd[i] *= a[i * d + i];
    for (int64_t j = i; j < d; j++) {
      a[i * d + j] = 0.0;
    }
  }
}

static weir_status factorise(
    const whiten *w, const weir_layer *l, const weir_moments *m, factors *f) {
  WEIR_TRY(weiri_real_moments(&w->real, l, m, f->mean, f->sd));
  WEIR_TRY(weiri_real_deviations(&w->real, l, f->mean, f->sd));
  correlations(w, m, f);
  if (!weiri_chol(w->real.n, f->square)) {
    return weiri_fail(WEIR_E_DATA,
        "%s: the covariance of the training rows is not a finite positive matrix",
        l->path);
  }
  split(w->real.n, f);
  return WEIR_OK;
}

static weir_status observe(weir_layer *l, weir_params *params, const weir_moments *m) {
  const whiten *w = (const whiten *)l;
  const int64_t d = w->real.n;
  double *room = weiri_alloc(l->ctx, (size_t)(d * d + 2 * d + 1) * sizeof *room);
  if (room == NULL) {
    return WEIR_E_MEMORY;
  }
  factors f = {room, room + d, room + 2 * d};
  const weir_status status = factorise(w, l, m, &f);
  if (status == WEIR_OK) {
    weiri_params_set(params, w->mean.index, f.mean);
    weiri_params_set(params, w->lower.index, f.square);
    weiri_params_set(params, w->sd.index, f.sd);
  }
  weiri_free(l->ctx, room);
  return status;
}

/* ---- the two directions ---- */

static weir_var deviation(
    const weir_layer *l, weir_run *run, weir_var x, bool to_data) {
  weir_tape *t = run->tape;
  const weir_var sd = weir_run_param(run, ((const whiten *)l)->sd);
  weiri_push_log_det(
      l, run, x, weir_neg(t, weir_sum_last(t, weir_log(t, sd))), to_data);
  return sd;
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  const whiten *w = (const whiten *)l;
  weir_tape *t = run->tape;
  const weir_tri_opts unit_lower = {.lower = true, .unit = true};
  const weir_var sd = deviation(l, run, x, false);
  const weir_var centred =
      weir_sub(t, weiri_real_take(&w->real, t, x), weir_run_param(run, w->mean));
  const weir_var u =
      weir_solve_tri(t, weir_run_param(run, w->lower), centred, unit_lower);
  return weiri_real_put(&w->real, t, x, weir_div(t, u, sd));
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  (void)context;
  const whiten *w = (const whiten *)l;
  weir_tape *t = run->tape;
  const weir_linear_opts dense = {WEIR_ACT_NONE, NULL};
  const weir_var sd = deviation(l, run, z, true);
  const weir_var u = weir_mul(t, weiri_real_take(&w->real, t, z), sd);
  const weir_var mixed = weir_linear(
      t, u, weir_run_param(run, w->lower), weir_run_param(run, w->mean), dense);
  return weiri_real_put(&w->real, t, z, weir_add(t, u, mixed));
}

const weir_layer_class weir_layer_whiten = {
    .is = {"whiten", "mean 0 and the identity as covariance on the training data", NULL,
        sizeof(whiten), NULL},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
    .observe = observe,
    .observe_products = true,
};
