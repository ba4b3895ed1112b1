/* Columns on the real line, for the baselines: z of a column x and log |dz/dx|, as a
 * model takes them.
 *     real      z = x
 *     positive  z = log x                             -log x
 *     interval  z = logit u, u = (x - lo) / (hi - lo) -log(u (1 - u) (hi - lo))
 *     circular  z = x less its mean direction, cut opposite of it
 *     ordinal   z = x + step u, u uniform             +log step: a bound on log P(x)
 *     category  no z                                  +log of its smoothed frequency
 * z is standardised and, where there is context or a category, the residual of a linear
 * regression on them. */
#include <math.h>
#include <string.h>

#include "base/bulk.h"
#include "base/rng.h"
#include "train/baseline.h"

static weir_column_type type_of(const weiri_line *l, int64_t j) {
  return weir_schema_type(l->schema, weir_schema_event(l->schema, j));
}

static int64_t categories_of(const weiri_line *l, int64_t j) {
  return weir_schema_column(l->schema, weir_schema_event(l->schema, j)).categories;
}

static int64_t row_of(const weir_row_set *set, int64_t i) {
  return set->rows == NULL ? i : set->rows[i];
}

static double weight_of(const weir_row_set *set, int64_t row) {
  const double *w = weir_frame_weights(set->frame);
  return w == NULL ? 1.0 : w[row];
}

/* z of one value; adds to *offset. */
static double to_line(
    const weiri_line *l, int64_t j, double x, uint64_t draw, double *offset) {
  const weir_column_type t = type_of(l, j);
  const double width = t.hi - t.lo, u = (x - t.lo) / width;
  switch (t.kind) {
  case WEIR_KIND_POSITIVE:
    *offset -= log(x);
    return log(x);
  case WEIR_KIND_INTERVAL:
    *offset -= log(u) + log1p(-u) + log(width);
    return log(u) - log1p(-u);
  case WEIR_KIND_CIRCULAR:
    return remainder(x - l->cut[j], width);
  case WEIR_KIND_ORDINAL: {
    const weiri_rng rng = {l->seed, weiri_stream("baseline.dequantize", 0)};
    *offset += log(t.step);
    return x + t.step * weiri_uniform(rng, draw);
  }
  default:
    return x;
  }
}

/* A row: z into r [m], the regressors into g [q]. */
static void map_row(const weiri_line *l, const weir_row_set *set, int64_t row,
    double *r, double *g, double *offset) {
  const int64_t c = weir_schema_context_width(l->schema);
  int64_t at = 0, base = c;
  weiri_bulk_touch(l->ctx, (2 * l->d + c) * (int64_t)sizeof *r);
  if (c > 0) {
    memcpy(g, weir_frame_context(set->frame) + row * c, (size_t)c * sizeof *g);
  }
  memset(g + c, 0, (size_t)(l->q - c) * sizeof *g);
  for (int64_t j = 0; j < l->d; j++) {
    const double x = weir_frame_value(set->frame, row, j);
    if (type_of(l, j).kind == WEIR_KIND_CATEGORICAL) {
      *offset += l->log_freq[l->first[j] + (int64_t)x];
      g[base + (int64_t)x] = 1.0;
      base += categories_of(l, j);
    } else {
      r[at++] = to_line(l, j, x, (uint64_t)(row * l->d + j), offset);
    }
  }
}

/* Standardises, and takes the regression off. */
static void reduce_row(const weiri_line *l, double *r, double *g, double *offset) {
  for (int64_t j = 0; j < l->m; j++) {
    r[j] = (r[j] - l->centre[j]) / l->scale[j];
    *offset -= log(l->scale[j]);
  }
  for (int64_t i = 0; i < l->q; i++) {
    const double s = (g[i] - l->g_centre[i]) / l->g_scale[i];
    for (int64_t j = 0; j < l->m; j++) {
      r[j] -= s * l->slope[i * l->m + j];
    }
  }
}

/* ---- learning from the training rows ---- */

static void learn_cuts(weiri_line *l, const weir_row_set *set) {
  for (int64_t j = 0; j < l->d; j++) {
    const weir_column_type t = type_of(l, j);
    const double turn = 6.283185307179586 / (t.hi - t.lo);
    double c = 0.0, s = 0.0;
    for (int64_t i = 0; t.kind == WEIR_KIND_CIRCULAR && i < set->n; i++) {
      const int64_t row = row_of(set, i);
      c += weight_of(set, row) * cos(turn * weir_frame_value(set->frame, row, j));
      s += weight_of(set, row) * sin(turn * weir_frame_value(set->frame, row, j));
    }
    l->cut[j] = t.kind == WEIR_KIND_CIRCULAR ? atan2(s, c) / turn : 0.0;
  }
}

/* (n_c + 1) / (n + k): no category has probability zero. */
static void learn_frequencies(weiri_line *l, const weir_row_set *set) {
  for (int64_t j = 0; j < l->d; j++) {
    const int64_t k = categories_of(l, j);
    double *f = l->log_freq + l->first[j], total = (double)k;
    if (type_of(l, j).kind != WEIR_KIND_CATEGORICAL) {
      continue;
    }
    for (int64_t i = 0; i < k; i++) {
      f[i] = 1.0;
    }
    for (int64_t i = 0; i < set->n; i++) {
      const int64_t row = row_of(set, i);
      f[(int64_t)weir_frame_value(set->frame, row, j)] += weight_of(set, row);
      total += weight_of(set, row);
    }
    for (int64_t i = 0; i < k; i++) {
      f[i] = log(f[i] / total);
    }
  }
}

/* One row's part of a running mean and sum of squares (West 1979). */
static void track(
    double *mean, double *m2, const double *x, int64_t n, double w, double total) {
  for (int64_t j = 0; j < n; j++) {
    const double off = x[j] - mean[j];
    mean[j] += off * w / total;
    m2[j] += w * off * (x[j] - mean[j]);
  }
}

/* Means and standard deviations of z and of the regressors; a regressor that does not
 * vary has scale infinity, which takes it out. */
static weir_status learn_scales(
    weiri_line *l, const weir_row_set *set, double *r, double *g) {
  double total = 0.0, unused = 0.0;
  for (int64_t i = 0; i < set->n; i++) {
    const int64_t row = row_of(set, i);
    const double w = weight_of(set, row);
    map_row(l, set, row, r, g, &unused);
    total += w;
    track(l->centre, l->scale, r, l->m, w, total);
    track(l->g_centre, l->g_scale, g, l->q, w, total);
  }
  for (int64_t j = 0; j < l->m; j++) {
    l->scale[j] = sqrt(l->scale[j] / total);
    if (!(l->scale[j] > 0.0) || !isfinite(l->scale[j])) {
      return weiri_fail(WEIR_E_DATA,
          "baselines: a column has standard deviation %g on the training rows",
          l->scale[j]);
    }
  }
  for (int64_t i = 0; i < l->q; i++) {
    const double sd = sqrt(l->g_scale[i] / total);
    l->g_scale[i] = sd > 1e-12 * (1.0 + fabs(l->g_centre[i])) ? sd : INFINITY;
  }
  return WEIR_OK;
}

/* slope = (G'WG + ridge)^-1 G'WZ; both sides are centred. */
static weir_status regress(
    weiri_line *l, const weir_row_set *set, double *r, double *g) {
  const int64_t q = l->q, m = l->m;
  double *a = weiri_calloc(l->ctx, (size_t)(q * q) + 1, sizeof *a), unused = 0.0;
  if (a == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < set->n; i++) {
    const int64_t row = row_of(set, i);
    const double w = weight_of(set, row);
    map_row(l, set, row, r, g, &unused);
    for (int64_t k = 0; k < q; k++) {
      g[k] = (g[k] - l->g_centre[k]) / l->g_scale[k];
    }
    for (int64_t k = 0; k < q; k++) {
      for (int64_t h = 0; h <= k; h++) {
        a[k * q + h] += w * g[k] * g[h];
      }
      for (int64_t j = 0; j < m; j++) {
        l->slope[k * m + j] += w * g[k] * (r[j] - l->centre[j]) / l->scale[j];
      }
    }
  }
  for (int64_t k = 0; k < q; k++) {
    a[k * q + k] += 1e-6 * (double)set->n + 1e-6;
  }
  const bool good = weiri_chol(q, a);
  if (good) {
    weiri_chol_solve(q, a, m, l->slope);
  }
  weiri_free(l->ctx, a);
  return good ? WEIR_OK
              : weiri_fail(WEIR_E_NUMERIC, "baselines: the regression is singular");
}

static weir_status allocate(weiri_line *l) {
  int64_t labels = 0;
  for (int64_t j = 0; j < l->d; j++) {
    if (type_of(l, j).kind == WEIR_KIND_CATEGORICAL) {
      labels += categories_of(l, j);
    } else {
      l->m++;
    }
  }
  l->q = weir_schema_context_width(l->schema) + labels;
  const size_t d = (size_t)l->d + 1, m = (size_t)l->m + 1, q = (size_t)l->q + 1;
  l->centre = weiri_calloc(l->ctx, m, sizeof(double));
  l->scale = weiri_calloc(l->ctx, m, sizeof(double));
  l->g_centre = weiri_calloc(l->ctx, q, sizeof(double));
  l->g_scale = weiri_calloc(l->ctx, q, sizeof(double));
  l->cut = weiri_calloc(l->ctx, d, sizeof(double));
  l->log_freq = weiri_calloc(l->ctx, (size_t)labels + 1, sizeof(double));
  l->first = weiri_calloc(l->ctx, d, sizeof *l->first);
  l->slope = weiri_calloc(l->ctx, q * m, sizeof(double));
  if (l->centre == NULL || l->scale == NULL || l->g_centre == NULL ||
      l->g_scale == NULL || l->cut == NULL || l->log_freq == NULL || l->first == NULL ||
      l->slope == NULL) {
    return WEIR_E_MEMORY;
  }
  int64_t at = 0;
  for (int64_t j = 0; j < l->d; j++) {
    l->first[j] = at;
    at += type_of(l, j).kind == WEIR_KIND_CATEGORICAL ? categories_of(l, j) : 0;
  }
  return WEIR_OK;
}

static weir_status learn(weiri_line *l, const weir_row_set *train) {
  WEIR_TRY(allocate(l));
  double *row = weiri_calloc(l->ctx, (size_t)(l->m + l->q) + 1, sizeof *row);
  if (row == NULL) {
    return WEIR_E_MEMORY;
  }
  learn_cuts(l, train);
  learn_frequencies(l, train);
  weir_status status = learn_scales(l, train, row, row + l->m);
  if (status == WEIR_OK && l->q > 0) {
    status = regress(l, train, row, row + l->m);
  }
  weiri_free(l->ctx, row);
  return status;
}

weir_status weiri_line_create(weiri_line **out, weir_ctx *ctx,
    const weir_schema *schema, const weir_row_set *train, uint64_t seed) {
  weiri_line *l = weiri_calloc(ctx, 1, sizeof *l);
  if (l == NULL) {
    return WEIR_E_MEMORY;
  }
  l->ctx = ctx;
  l->schema = schema;
  l->d = weir_schema_events(schema);
  l->seed = seed;
  const weir_status status = learn(l, train);
  if (status != WEIR_OK) {
    weiri_line_destroy(&l);
    return status;
  }
  *out = l;
  return WEIR_OK;
}

void weiri_line_destroy(weiri_line **line) {
  weiri_line *l = *line;
  if (l == NULL) {
    return;
  }
  double *const blocks[] = {
      l->centre, l->scale, l->g_centre, l->g_scale, l->cut, l->log_freq, l->slope};
  for (int i = 0; i < 7; i++) {
    weiri_free(l->ctx, blocks[i]);
  }
  weiri_free(l->ctx, l->first);
  weiri_free(l->ctx, l);
  *line = NULL;
}

/* ---- rows ---- */

weir_status weiri_flat_create(
    weiri_flat *out, const weiri_line *l, const weir_row_set *set) {
  *out = (weiri_flat){.n = set->n, .m = l->m};
  double *g = weiri_calloc(l->ctx, (size_t)l->q + 1, sizeof *g);
  const int64_t n = set->n, size = (int64_t)sizeof(double);
  out->r = weiri_bulk_alloc(l->ctx, n * l->m + 1, size);
  out->offset = weiri_bulk_alloc(l->ctx, n + 1, size);
  out->weight = weiri_bulk_alloc(l->ctx, n + 1, size);
  const bool good =
      g != NULL && out->r != NULL && out->offset != NULL && out->weight != NULL;
  for (int64_t i = 0; good && i < set->n; i++) {
    const int64_t row = row_of(set, i);
    if (n <= WEIRI_ROWS_MANY) { /* perhaps drawn from many more, anywhere */
      weiri_bulk_touch(l->ctx, WEIRI_PAGE);
    }
    map_row(l, set, row, out->r + i * l->m, g, &out->offset[i]);
    reduce_row(l, out->r + i * l->m, g, &out->offset[i]);
    out->weight[i] = weight_of(set, row);
  }
  weiri_free(l->ctx, g);
  if (!good) {
    weiri_flat_destroy(l->ctx, out);
  }
  return good ? WEIR_OK : WEIR_E_MEMORY;
}

void weiri_flat_destroy(weir_ctx *ctx, weiri_flat *flat) {
  weiri_free(ctx, flat->r);
  weiri_free(ctx, flat->offset);
  weiri_free(ctx, flat->weight);
  *flat = (weiri_flat){0};
}
