/* Langevin moves of many rows, each with its own acceptance:
 *
 *     z' = z + e grad + sqrt(2 e) xi
 *     log q(z | z') - log q(z' | z) = |xi|^2/2 - |z - z' - e grad'|^2 / 4e */
#include "move/rows.h"

#include <math.h>
#include <string.h>

weir_status weiri_rows_evaluate(
    weiri_rows_state *s, const weiri_rows_density *density) {
  return density->fn(density->user, s->n, s->d, s->z, s->value, s->grad);
}

int64_t weiri_langevin_rows_work(int64_t n, int64_t d) {
  return n * (3 * d + 1);
}

weiri_chance weiri_rows_chance_of(
    const weiri_rows_state *s, int64_t i, const weiri_rows_chance *c) {
  const int64_t index = s->index == NULL ? i : s->index[i];
  return weiri_chance_of(c->seed, c->purpose, (uint64_t)index, c->iteration);
}

/* Log of the ratio that decides about row i; xi is its noise. */
static double log_ratio(const weiri_rows_state *s, int64_t i, double step,
    const double *xi, const double *to, const double *grad, double value) {
  double noise = 0.0, back = 0.0;
  for (int64_t j = 0; j < s->d; j++) {
    const double b = s->z[i * s->d + j] - to[j] - step * grad[j];
    noise += xi[j] * xi[j];
    back += b * b;
  }
  return value - s->value[i] + 0.5 * noise - back / (4.0 * step);
}

weir_status weiri_langevin_rows(weiri_rows_state *s, const weiri_rows_density *density,
    double step, bool correct, uint64_t seed, uint64_t iteration, double *work,
    bool *accepted) {
  const int64_t n = s->n, d = s->d;
  double *to = work, *xi = to + n * d, *grad = xi + n * d, *value = grad + n * d;
  const weiri_rows_chance chance = {seed, "langevin.rows", iteration};
  for (int64_t i = 0; i < n; i++) {
    weiri_chance c = weiri_rows_chance_of(s, i, &chance);
    weiri_chance_normals(&c, d, xi + i * d);
    for (int64_t j = i * d; j < (i + 1) * d; j++) {
      to[j] = s->z[j] + step * s->grad[j] + sqrt(2.0 * step) * xi[j];
    }
  }
  WEIR_TRY(density->fn(density->user, n, d, to, value, grad));
  for (int64_t i = 0; i < n; i++) {
    const size_t size = (size_t)d * sizeof(double);
    weiri_chance c = weiri_rows_chance_of(s, i, &chance);
    const double ratio =
        log_ratio(s, i, step, xi + i * d, to + i * d, grad + i * d, value[i]);
    const bool take = weiri_metropolis(&c,
        correct           ? ratio
        : isfinite(ratio) ? 0.0
                          : NAN,
        NULL);
    if (accepted != NULL) {
      accepted[i] = take;
    }
    if (take) {
      s->value[i] = value[i];
      memcpy(s->z + i * d, to + i * d, size);
      memcpy(s->grad + i * d, grad + i * d, size);
    }
  }
  return WEIR_OK;
}
