/* Gaussian whose mean m and lower Cholesky factor L of the precision, L L' = S^-1, are
 * its context [n, d + d^2]: with e = L' (x - m),
 *     log p(x) = log N(e; 0, I) + sum log L_ii.
 * What a Laplace posterior is once its mode is found. */
#include "dist/gauss.h"

typedef struct precision {
  weir_dist base;
  int64_t *diagonal; /* [d] columns of the context */
} precision;

static weir_status setup(weir_dist *dist, weir_build *b) {
  precision *p = (precision *)dist;
  const int64_t d = dist->event.features;
  WEIR_TRY(weir_event_require_real(&dist->event, dist->path));
  if (b->context != d + d * d) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: expected a context of %lld columns, the mean and the factor of the "
        "precision, found %lld",
        dist->path, (long long)(d + d * d), (long long)b->context);
  }
  p->diagonal = weiri_alloc(b->ctx, (size_t)(d + 1) * sizeof *p->diagonal);
  for (int64_t j = 0; p->diagonal != NULL && j < d; j++) {
    p->diagonal[j] = d + j * (d + 1);
  }
  return p->diagonal == NULL ? WEIR_E_MEMORY : WEIR_OK;
}

static void teardown(weir_dist *dist) {
  weiri_free(dist->ctx, ((precision *)dist)->diagonal);
}

static weir_var mean_of(const weir_dist *dist, weir_tape *t, weir_var context) {
  return weir_slice(t, context, 1, 0, dist->event.features);
}

static weir_var factor_of(const weir_dist *dist, weir_tape *t, weir_var context) {
  const int64_t d = dist->event.features;
  return weir_reshape(t, weir_slice(t, context, 1, d, d * d),
      weir_shape_3(weir_var_dim(t, context, 0), d, d));
}

/* Rows [n, d] as [n, 1, d], or back. */
static weir_var thick(weir_tape *t, weir_var x) {
  const weir_shape s = weir_var_shape(t, x);
  return weir_reshape(t, x, weir_shape_3(s.dim[0], 1, s.dim[1]));
}
static weir_var flat(weir_tape *t, weir_var x) {
  const weir_shape s = weir_var_shape(t, x);
  return weir_reshape(t, x, weir_shape_2(s.dim[0], s.dim[2]));
}

static void push(const weir_dist *dist, weir_run *run, weir_var e, weir_var context) {
  weir_tape *t = run->tape;
  const weir_var diagonal = weir_log(t, weir_gather(t, context, dist->event.features,
                                            ((const precision *)dist)->diagonal));
  const weir_var value =
      run->wants.groups
          ? weir_add(t, weiri_gauss_log_columns(t, e), diagonal)
          : weir_add(t, weiri_gauss_log(t, e), weir_sum_last(t, diagonal));
  weir_run_part(run, WEIR_PART_BASE, dist->path, value, weir_var_none());
}

static void log_prob(
    const weir_dist *dist, weir_run *run, weir_var x, weir_var context) {
  weir_tape *t = run->tape;
  const weir_var u = thick(t, weir_sub(t, x, mean_of(dist, t, context)));
  const weir_var e = weir_matmul(t, u, factor_of(dist, t, context), false, false);
  push(dist, run, flat(t, e), context);
}

static weir_var sample(
    const weir_dist *dist, weir_run *run, int64_t n, weir_var context) {
  weir_tape *t = run->tape;
  const weir_tri_opts transposed = {.lower = true, .transpose = true};
  const weir_var e = weiri_gauss_draw(run, dist->path, n, dist->event.features);
  const weir_var u =
      weir_solve_tri(t, factor_of(dist, t, context), thick(t, e), transposed);
  push(dist, run, e, context);
  return weir_add(t, flat(t, u), mean_of(dist, t, context));
}

static weir_var mean(
    const weir_dist *dist, weir_run *run, int64_t n, weir_var context) {
  (void)n;
  return mean_of(dist, run->tape, context);
}

const weir_dist_class weir_dist_normal_precision = {
    .is = {"normal_precision",
        "Gaussian of a given mean and precision, its context: inside a Laplace "
        "posterior",
        NULL, sizeof(precision), NULL},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
    .mean = mean,
};
