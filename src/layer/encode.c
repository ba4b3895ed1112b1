/* What conditioners see of circular columns: cos and sin of 2 pi (x - lo) / (hi - lo).
 */
#include "layer/encode.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

static weir_status allocate(weiri_encoding *e, weir_ctx *ctx) {
  const size_t n = (size_t)e->width;
  e->source = weiri_calloc(ctx, n, sizeof *e->source);
  e->degree = weiri_calloc(ctx, n, sizeof *e->degree);
  e->frequency = weiri_calloc(ctx, n, sizeof *e->frequency);
  e->origin = weiri_calloc(ctx, n, sizeof *e->origin);
  e->cosine = weiri_calloc(ctx, n, sizeof *e->cosine);
  e->sine = weiri_calloc(ctx, n, sizeof *e->sine);
  return e->source == NULL || e->degree == NULL || e->frequency == NULL ||
                 e->origin == NULL || e->cosine == NULL || e->sine == NULL
             ? WEIR_E_MEMORY
             : WEIR_OK;
}

weir_status weiri_encoding_create(weiri_encoding *e, weir_ctx *ctx,
    const weir_event *event, int64_t n, const int64_t *index) {
  e->columns = n;
  e->width = n == 0 ? 1 : n;
  for (int64_t i = 0; i < n; i++) {
    e->width += event->support[index[i]].kind == WEIR_CIRCLE;
  }
  e->circles = e->width > n && n > 0;
  WEIR_TRY(allocate(e, ctx));
  int64_t at = 0;
  for (int64_t i = 0; i < n; i++) {
    const weir_support s = event->support[index[i]];
    const int64_t places = s.kind == WEIR_CIRCLE ? 2 : 1;
    for (int64_t k = at; k < at + places; k++) {
      e->source[k] = i;
      e->degree[k] = i + 1;
    }
    if (places == 2) {
      e->cosine[at] = e->sine[at + 1] = 1.0;
      e->frequency[at] = e->frequency[at + 1] = 2.0 * PI / (s.hi - s.lo);
      e->origin[at] = e->origin[at + 1] = s.lo;
    }
    at += places;
  }
  return WEIR_OK;
}

void weiri_encoding_destroy(weir_ctx *ctx, weiri_encoding *e) {
  weiri_free(ctx, e->source);
  weiri_free(ctx, e->degree);
  weiri_free(ctx, e->frequency);
  weiri_free(ctx, e->origin);
  weiri_free(ctx, e->cosine);
  weiri_free(ctx, e->sine);
}

weir_var weiri_encode(const weiri_encoding *e, weir_tape *t, weir_var x) {
  if (e->columns == 0) {
    return weir_fill(t, weir_shape_2(weir_var_dim(t, x, 0), 1), 0.0);
  }
  if (!e->circles) {
    return x;
  }
  const weir_shape row = weir_shape_1(e->width);
  const weir_var raw = weir_gather(t, x, e->width, e->source);
  const weir_var angle = weir_mul(t, weir_sub(t, raw, weir_leaf_f64(t, row, e->origin)),
      weir_leaf_f64(t, row, e->frequency));
  return weir_where(t, weir_leaf_f64(t, row, e->cosine), weir_cos(t, angle),
      weir_where(t, weir_leaf_f64(t, row, e->sine), weir_sin(t, angle), raw));
}

static double value(const weiri_encoding *e, int64_t k, double x) {
  const double angle = (x - e->origin[k]) * e->frequency[k];
  return e->cosine[k] != 0.0 ? cos(angle) : e->sine[k] != 0.0 ? sin(angle) : x;
}

static double slope(const weiri_encoding *e, int64_t k, double x) {
  const double f = e->frequency[k], angle = (x - e->origin[k]) * f;
  return e->cosine[k] != 0.0 ? -f * sin(angle)
         : e->sine[k] != 0.0 ? f * cos(angle)
                             : 1.0;
}

static double get(weir_dtype dtype, const void *p, int64_t i) {
  return dtype == WEIR_F32 ? (double)((const float *)p)[i] : ((const double *)p)[i];
}

static void put(weir_dtype dtype, void *p, int64_t i, double v) {
  if (dtype == WEIR_F32) {
    ((float *)p)[i] = (float)v;
  } else {
    ((double *)p)[i] = v;
  }
}

void weiri_encode_units(const weiri_encoding *e, weir_dtype dtype, int64_t rows,
    int64_t c, const void *x, void *y, int64_t ld) {
  const size_t size = weir_dtype_size(dtype);
  for (int64_t k = c; k < e->width && e->source[k] <= c; k++) {
    char *unit = (char *)y + (size_t)(k * ld) * size;
    if (e->source[k] == c && e->frequency[k] == 0.0) {
      memcpy(unit, x, (size_t)rows * size);
    } else if (e->source[k] == c) {
      for (int64_t i = 0; i < rows; i++) {
        put(dtype, unit, i, value(e, k, get(dtype, x, i)));
      }
    }
  }
}

void weiri_encode_back(const weiri_encoding *e, weir_dtype dtype, int64_t rows,
    int64_t c, const void *x, const void *gy, int64_t ld, void *gx) {
  const size_t size = weir_dtype_size(dtype);
  for (int64_t k = c; k < e->width && e->source[k] <= c; k++) {
    const char *unit = (const char *)gy + (size_t)(k * ld) * size;
    for (int64_t i = 0; e->source[k] == c && i < rows; i++) {
      put(dtype, gx, i,
          get(dtype, gx, i) + get(dtype, unit, i) * slope(e, k, get(dtype, x, i)));
    }
  }
}
