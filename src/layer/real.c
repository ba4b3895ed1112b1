/* Real columns out of an event and back into it. */
#include "layer/real.h"

#include <math.h>

weir_status weiri_real_setup(weiri_real *r, weir_layer *l) {
  const int64_t d = l->data.features;
  WEIR_TRY(weir_event_copy(l->ctx, &l->latent, &l->data));
  r->real = weiri_alloc(l->ctx, (size_t)(d + 1) * sizeof *r->real);
  r->rest = weiri_alloc(l->ctx, (size_t)(d + 1) * sizeof *r->rest);
  if (r->real == NULL || r->rest == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < d; j++) {
    const weir_support s = l->data.support[j];
    if (s.kind == WEIR_REAL) {
      r->real[r->n++] = j;
    } else if (s.kind == WEIR_CIRCLE) {
      r->rest[r->rest_n++] = j;
    } else {
      char text[64];
      return weiri_fail(WEIR_E_SUPPORT,
          "%s: column %lld lives on %s, but real or circular columns are needed here",
          l->path, (long long)j + 1, weir_support_text(s, text));
    }
  }
  return WEIR_OK;
}

void weiri_real_teardown(weiri_real *r, weir_ctx *ctx) {
  weiri_free(ctx, r->real);
  weiri_free(ctx, r->rest);
}

weir_var weiri_real_take(const weiri_real *r, weir_tape *t, weir_var x) {
  return r->rest_n == 0 ? x : weir_gather(t, x, r->n, r->real);
}

weir_var weiri_real_put(const weiri_real *r, weir_tape *t, weir_var x, weir_var y) {
  if (r->rest_n == 0) {
    return y;
  }
  const int64_t d = r->n + r->rest_n;
  const weir_var rest = weir_gather(t, x, r->rest_n, r->rest);
  return weir_add(t, weir_scatter(t, y, r->n, r->real, d),
      weir_scatter(t, rest, r->rest_n, r->rest, d));
}

void weiri_push_log_det(
    const weir_layer *l, weir_run *run, weir_var x, weir_var log_det, bool to_data) {
  weir_tape *t = run->tape;
  const weir_shape rows = weir_shape_1(weir_var_dim(t, x, 0));
  const weir_var value = weir_broadcast(t, log_det, rows);
  weir_run_part(run, WEIR_PART_LOG_DET, l->path, to_data ? weir_neg(t, value) : value,
      weir_var_none());
}

weir_status weiri_real_moments(const weiri_real *r, const weir_layer *l,
    const weir_moments *m, double *mean, double *variance) {
  if (!(m->weight > 0.0)) {
    return weiri_fail(
        WEIR_E_DATA, "%s: no row to take the mean and variance of", l->path);
  }
  for (int64_t i = 0; i < r->n; i++) {
    mean[i] = m->mean[r->real[i]];
    variance[i] = m->m2[r->real[i]] / m->weight;
  }
  return WEIR_OK;
}

weir_status weiri_real_deviations(
    const weiri_real *r, const weir_layer *l, const double *mean, double *v) {
  for (int64_t i = 0; i < r->n; i++) {
    v[i] = sqrt(v[i]);
    if (!(v[i] > 0.0) || !isfinite(v[i]) || !isfinite(mean[i])) {
      return weiri_fail(WEIR_E_DATA,
          "%s: column %lld has the standard deviation %g on the training rows; a "
          "density of it does not exist",
          l->path, (long long)r->real[i] + 1, v[i]);
    }
  }
  return WEIR_OK;
}
