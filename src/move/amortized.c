/* Amortised Langevin dynamics: the last layer Phi of an encoder is moved by Langevin
 * steps on V(Phi) = -sum_i log p(x_i, Phi g_i), whose gradient is -sum_i grad_z log
 * p(x_i, z_i) g_i', and corrected by Metropolis-Hastings on the whole matrix. */
#include <math.h>
#include <string.h>

#include "move/rows.h"

/* z [n, d] = g [n, h] phi' */
static void outputs(const weiri_amortized_state *s, const double *phi, double *z) {
  const int64_t d = s->rows.d, h = s->h;
  for (int64_t i = 0; i < s->rows.n; i++) {
    for (int64_t j = 0; j < d; j++) {
      double sum = 0.0;
      for (int64_t k = 0; k < h; k++) {
        sum += s->g[i * h + k] * phi[j * h + k];
      }
      z[i * d + j] = sum;
    }
  }
}

/* slope [d, h] = grad [n, d]' g [n, h] */
static void slope_of(
    const weiri_amortized_state *s, const double *grad, double *slope) {
  const int64_t d = s->rows.d, h = s->h;
  memset(slope, 0, (size_t)(d * h) * sizeof *slope);
  for (int64_t i = 0; i < s->rows.n; i++) {
    for (int64_t j = 0; j < d; j++) {
      for (int64_t k = 0; k < h; k++) {
        slope[j * h + k] += grad[i * d + j] * s->g[i * h + k];
      }
    }
  }
}

weir_status weiri_amortized_evaluate(
    weiri_amortized_state *s, const weiri_rows_density *density) {
  outputs(s, s->phi, s->rows.z);
  return weiri_rows_evaluate(&s->rows, density);
}

int64_t weiri_langevin_amortized_work(int64_t n, int64_t d, int64_t h) {
  return n * (2 * d + 1) + 3 * d * h;
}

static void accept(weiri_amortized_state *s, const double *phi, const double *z,
    const double *grad, const double *value) {
  const size_t rows = (size_t)(s->rows.n * s->rows.d) * sizeof(double);
  memcpy(s->phi, phi, (size_t)(s->rows.d * s->h) * sizeof(double));
  memcpy(s->rows.z, z, rows);
  memcpy(s->rows.grad, grad, rows);
  memcpy(s->rows.value, value, (size_t)s->rows.n * sizeof(double));
}

weir_status weiri_langevin_amortized(weiri_amortized_state *s,
    const weiri_rows_density *density, double step, bool correct, uint64_t seed,
    uint64_t iteration, double *work, weiri_moved *out) {
  const int64_t n = s->rows.n, d = s->rows.d, size = d * s->h;
  double *phi = work, *xi = phi + size, *slope = xi + size;
  double *z = slope + size, *grad = z + n * d, *value = grad + n * d;
  weiri_chance c = weiri_chance_of(seed, "langevin.amortized", 0, iteration);
  weiri_chance_normals(&c, size, xi);
  slope_of(s, s->rows.grad, slope);
  for (int64_t k = 0; k < size; k++) {
    phi[k] = s->phi[k] + step * slope[k] + sqrt(2.0 * step) * xi[k];
  }
  outputs(s, phi, z);
  WEIR_TRY(density->fn(density->user, n, d, z, value, grad));
  slope_of(s, grad, slope);
  double ratio = 0.0;
  for (int64_t i = 0; i < n; i++) {
    ratio += value[i] - s->rows.value[i];
  }
  for (int64_t k = 0; k < size; k++) {
    const double back = s->phi[k] - phi[k] - step * slope[k];
    ratio += 0.5 * xi[k] * xi[k] - back * back / (4.0 * step);
  }
  *out = (weiri_moved){.leapfrogs = 1, .energy = NAN};
  out->accepted = weiri_metropolis(&c,
      correct           ? ratio
      : isfinite(ratio) ? 0.0
                        : NAN,
      &out->accept);
  if (out->accepted) {
    accept(s, phi, z, grad, value);
  }
  return WEIR_OK;
}
