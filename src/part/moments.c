/* Weighted column moments, one row at a time (West 1979): exact to rounding,
 * independent of how rows come in blocks. */
#include <string.h>

#include "part/part.h"

weir_status weiri_moments_create(
    weir_ctx *ctx, weir_moments *m, int64_t features, bool products) {
  memset(m, 0, sizeof *m);
  m->features = features;
  m->mean = weiri_calloc(ctx, (size_t)features + 1, sizeof *m->mean);
  m->m2 = weiri_calloc(ctx, (size_t)features + 1, sizeof *m->m2);
  if (products) {
    m->products =
        weiri_calloc(ctx, (size_t)(features * features) + 1, sizeof *m->products);
  }
  if (m->mean == NULL || m->m2 == NULL || (products && m->products == NULL)) {
    weiri_moments_destroy(ctx, m);
    return WEIR_E_MEMORY;
  }
  return WEIR_OK;
}

void weiri_moments_destroy(weir_ctx *ctx, weir_moments *m) {
  weiri_free(ctx, m->mean);
  weiri_free(ctx, m->m2);
  weiri_free(ctx, m->products);
  m->mean = m->m2 = m->products = NULL;
}

/* Adds factor a a' to the lower triangle, a the row's distance from the mean so far. */
static void add_products(weir_moments *m, const double *row, double factor) {
  for (int64_t j = 0; j < m->features; j++) {
    const double a = factor * (row[j] - m->mean[j]);
    double *sums = m->products + j * m->features;
    for (int64_t k = 0; k <= j; k++) {
      sums[k] += a * (row[k] - m->mean[k]);
    }
  }
}

void weiri_moments_add(weir_moments *m, const double *x, int64_t n, const double *w) {
  for (int64_t i = 0; i < n; i++) {
    const double weight = w == NULL ? 1.0 : w[i];
    if (weight == 0.0) {
      continue;
    }
    const double before = m->weight;
    m->weight += weight;
    if (m->products != NULL) {
      add_products(m, x + i * m->features, weight * before / m->weight);
    }
    for (int64_t j = 0; j < m->features; j++) {
      const double delta = x[i * m->features + j] - m->mean[j];
      m->mean[j] += delta * weight / m->weight;
      m->m2[j] += weight * delta * (x[i * m->features + j] - m->mean[j]);
    }
  }
}
