/* Images as rows of tables: their size and range, and pictures of many side by side. */
#include <math.h>
#include <string.h>

#include "data/picture.h"
#include "data/schema.h"
#include "data/table.h"
#include "data/writer.h"

weir_image weir_table_image(const weir_table *table) {
  return (weir_image){table->height, table->width,
      table->height > 0 && table->channels == 0 ? 1 : table->channels, 0.0, 0.0};
}

bool weiri_table_pixels(const weir_table *t) {
  const weir_image m = weir_table_image(t);
  return m.height > 0 && m.height * m.width * m.channels == t->d - (int64_t)t->labelled;
}

weir_image weir_schema_image(const weir_schema *schema) {
  return schema->image;
}

/* Smallest and largest value of the event columns. */
static void find_ends(
    const weir_schema *s, const weir_table *t, double *lo, double *hi) {
  *lo = INFINITY;
  *hi = -INFINITY;
  for (int64_t i = 0; i < t->n; i++) {
    for (int64_t j = 0; j < s->events; j++) {
      const double x = weiri_table_at(t, i * t->d + s->event[j]);
      *lo = x < *lo ? x : *lo;
      *hi = x > *hi ? x : *hi;
    }
  }
}

weir_status weiri_schema_find_image(weir_schema *s, const weir_table *t) {
  weir_image image = weir_table_image(t);
  const int64_t pixels = image.height * image.width * image.channels;
  if (image.height == 0 || pixels != s->events) {
    return !t->shape_given
               ? WEIR_OK
               : weiri_fail(WEIR_E_MISMATCH,
                     "%s: images of %lld x %lld x %lld are %lld columns, but the "
                     "density is over %lld: make the others context or ignored",
                     t->source, (long long)image.height, (long long)image.width,
                     (long long)image.channels, (long long)pixels,
                     (long long)s->events);
  }
  double lo, hi;
  find_ends(s, t, &lo, &hi);
  const bool bytes = lo >= 0.0 && hi <= 255.0 && hi > 1.0;
  image.lo = lo >= 0.0 && hi <= 255.0 ? 0.0 : lo >= -1.0 && hi <= 1.0 ? -1.0 : lo;
  image.hi = bytes ? 255.0 : lo >= -1.0 && hi <= 1.0 ? 1.0 : hi;
  s->image = image;
  return WEIR_OK;
}

weir_status weiri_schema_check_range(
    const weir_schema *s, const weir_table *t, const int64_t *from) {
  const weir_image *m = &s->image;
  const bool stated = m->height > 0 && ((m->lo == 0.0 && m->hi == 1.0) ||
                                           (m->lo == 0.0 && m->hi == 255.0));
  for (int64_t i = 0; stated && i < t->n; i++) {
    for (int64_t j = 0; j < s->events; j++) {
      const double x = weiri_table_at(t, i * t->d + from[s->event[j]]);
      if (x >= m->lo && x <= m->hi) {
        continue;
      }
      char found[32];
      (void)weiri_print_real(found, x, false);
      if (!isnan(x)) {
        return weiri_table_fail(t, WEIR_E_DATA, i, from[s->event[j]],
            "%s, but the model's images lie in [%g, %g]: give it images of that range",
            found, m->lo, m->hi);
      }
    }
  }
  return WEIR_OK;
}

/* ---- pictures ---- */

enum { GAP = 2, PAPER = 255 };

static unsigned char shade(const weir_image *m, double x) {
  const double range = m->hi - m->lo;
  const double v = range > 0.0 ? 255.0 * (x - m->lo) / range : 0.0;
  return (unsigned char)(v >= 255.0 ? 255.0 : v > 0.0 ? nearbyint(v) : 0.0);
}

/* One image at pixel (top, left) of the picture. */
static void paint(
    const weir_image *m, const double *x, weiri_picture *p, int64_t top, int64_t left) {
  const int64_t pixels = m->height * m->width;
  for (int64_t i = 0; i < pixels; i++) {
    const int64_t y = top + i / m->width, at = left + i % m->width;
    for (int64_t k = 0; k < m->channels; k++) {
      p->pixel[(y * p->w + at) * p->c + k] = shade(m, x[k * pixels + i]);
    }
  }
}

static weir_status compose(weir_ctx *ctx, const weir_image *m, int64_t n,
    const double *x, int64_t per_row, weiri_picture *p) {
  if (m->height < 1 || m->width < 1 || n < 1 ||
      (m->channels != 1 && m->channels != 3)) {
    return weiri_fail(WEIR_E_ARGUMENT,
        "a picture needs images of 1 or 3 channels, found %lld of %lld x %lld x %lld",
        (long long)n, (long long)m->height, (long long)m->width,
        (long long)m->channels);
  }
  const int64_t about = (int64_t)ceil(sqrt((double)n));
  const int64_t columns = per_row < 1 ? about : per_row < n ? per_row : n;
  const int64_t rows = (n + columns - 1) / columns;
  *p = (weiri_picture){rows * (m->height + GAP) - GAP, columns * (m->width + GAP) - GAP,
      m->channels, NULL};
  if (weiri_picture_create(ctx, "picture", p) != WEIR_OK) {
    return weiri_fail(WEIR_E_ARGUMENT,
        "a picture of %lld images of %lld x %lld is too large: draw fewer",
        (long long)n, (long long)m->height, (long long)m->width);
  }
  memset(p->pixel, PAPER, (size_t)(p->h * p->w * p->c));
  for (int64_t i = 0; i < n; i++) {
    paint(m, x + i * m->height * m->width * m->channels, p,
        i / columns * (m->height + GAP), i % columns * (m->width + GAP));
  }
  return WEIR_OK;
}

weir_status weir_images_png(weir_ctx *ctx, const weir_image *image, int64_t n,
    const double *x, int64_t per_row, unsigned char **png, size_t *size) {
  weiri_picture p;
  *png = NULL;
  WEIR_TRY(compose(ctx, image, n, x, per_row, &p));
  const weir_status status = weiri_png_encode(ctx, &p, png, size);
  weiri_picture_free(ctx, &p);
  return status;
}

void weir_bytes_free(weir_ctx *ctx, unsigned char *bytes) {
  weiri_free(ctx, bytes);
}

weir_status weir_images_write(weir_ctx *ctx, const char *path, const weir_image *image,
    int64_t n, const double *x, int64_t per_row) {
  unsigned char *png = NULL;
  size_t size = 0;
  weiri_sink sink;
  WEIR_TRY(weir_images_png(ctx, image, n, x, per_row, &png, &size));
  weir_status status = weiri_sink_open(&sink, ctx, path);
  if (status == WEIR_OK) {
    status = weiri_sink_write(&sink, png, size);
    status = status == WEIR_OK ? weiri_sink_close(&sink) : status;
    weiri_sink_abort(&sink, ctx);
  }
  weiri_free(ctx, png);
  return status;
}
