/* Square patches of grey images: patch i lies at a random place of a random image, and
 *
 *     x = (v + u) / levels - mean over the patch,    u uniform on (0, 1) per pixel,
 *
 * without its last pixel, which the others determine (natural-image patches of
 * Zoran and Weiss 2011; preparation of Uria, Murray and Larochelle 2013, section 5.2).
 * A patch is a function of the seed and its number alone.
 */
#include <string.h>

#include "base/rng.h"
#include "data/table.h"

enum { SIZE_MAX_PIXELS = 256 };

typedef struct job {
  const weir_table *images;
  const int64_t *rows; /* NULL: all */
  int64_t n_rows, height, width;
  weir_patch_opts opts;
} job;

static weir_status read_opts(job *w, const weir_patch_opts *opts) {
  const weir_patch_opts init = WEIR_PATCH_OPTS_INIT;
  const weir_table *t = w->images;
  w->opts = init;
  if (opts != NULL) {
    if (opts->struct_size == 0 || opts->struct_size > sizeof w->opts) {
      return weiri_fail(WEIR_E_ARGUMENT,
          "weir_patch_opts: struct_size is %u, expected %zu",
          (unsigned)opts->struct_size, sizeof w->opts);
    }
    memcpy(&w->opts, opts, opts->struct_size);
  }
  const weir_patch_opts *o = &w->opts;
  if (o->n < 1 || o->size < 1 + (int64_t)o->centre || !(o->levels > 0.0)) {
    return weiri_fail(WEIR_E_CONFIG,
        "patches: expected a number of patches, levels above 0 and a size of at least "
        "%d, found %lld, %g and %lld",
        1 + (int)o->centre, (long long)o->n, o->levels, (long long)o->size);
  }
  w->height = t->height;
  w->width = t->width;
  if (w->height == 0 || t->channels > 1) {
    return weiri_fail(WEIR_E_DATA,
        "%s: patches are cut from grey images, such as an IDX file of three dimensions",
        t->source);
  }
  if (o->size > SIZE_MAX_PIXELS || o->size > w->height || o->size > w->width) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: patches of %lld x %lld pixels, expected at most %d and inside images of "
        "%lld x %lld",
        t->source, (long long)o->size, (long long)o->size, SIZE_MAX_PIXELS,
        (long long)w->height, (long long)w->width);
  }
  return WEIR_OK;
}

/* Top left pixel of patch i. */
static int64_t place(const job *w, int64_t i) {
  const weiri_rng rng = {w->opts.seed, weiri_stream("patch place", 0)};
  const uint64_t at = 3 * (uint64_t)i;
  const int64_t row = weiri_below(rng, at, w->n_rows);
  const int64_t y = weiri_below(rng, at + 1, w->height - w->opts.size + 1);
  const int64_t x = weiri_below(rng, at + 2, w->width - w->opts.size + 1);
  const int64_t image = w->rows != NULL ? w->rows[row] : row;
  return image * w->images->d + y * w->width + x;
}

static void cut(const job *w, int64_t i, double *out) {
  const weiri_rng rng = {w->opts.seed, weiri_stream("patch noise", 0)};
  const int64_t size = w->opts.size, pixels = size * size;
  const int64_t kept = pixels - (int64_t)w->opts.centre;
  const int64_t from = place(w, i);
  double sum = 0.0;
  for (int64_t p = 0; p < pixels; p++) {
    const uint64_t at = (uint64_t)i * (uint64_t)pixels + (uint64_t)p;
    const double noise = w->opts.noise ? weiri_uniform(rng, at) : 0.0;
    const int64_t pixel = from + p / size * w->width + p % size;
    const double v = (weiri_table_at(w->images, pixel) + noise) / w->opts.levels;
    sum += v;
    if (p < kept) {
      out[p] = v;
    }
  }
  for (int64_t p = 0; w->opts.centre && p < kept; p++) {
    out[p] -= sum / (double)pixels;
  }
}

static weir_status check_rows(const job *w) {
  for (int64_t i = 0; w->rows != NULL && i < w->n_rows; i++) {
    if (w->rows[i] < 0 || w->rows[i] >= w->images->n) {
      return weiri_fail(
          WEIR_E_ARGUMENT, "patches: no image %lld", (long long)w->rows[i]);
    }
  }
  return w->n_rows > 0
             ? WEIR_OK
             : weiri_fail(WEIR_E_ARGUMENT, "patches: expected images, found none");
}

weir_status weir_table_patches(weir_table **out, weir_ctx *ctx,
    const weir_table *images, int64_t n, const int64_t *rows,
    const weir_patch_opts *opts) {
  *out = NULL;
  job w = {.images = images, .rows = rows, .n_rows = rows != NULL ? n : images->n};
  WEIR_TRY(read_opts(&w, opts));
  WEIR_TRY(check_rows(&w));
  const int64_t d = w.opts.size * w.opts.size - (int64_t)w.opts.centre;
  weir_table *t = NULL;
  WEIR_TRY(weiri_table_create(&t, ctx, d, NULL, images->source));
  t->owned = weiri_calloc(ctx, (size_t)w.opts.n, (size_t)d * sizeof(double));
  if (t->owned == NULL) {
    weir_table_destroy(&t);
    return WEIR_E_MEMORY;
  }
  t->values = t->owned;
  t->n = w.opts.n;
  for (int64_t i = 0; i < t->n; i++) {
    cut(&w, i, t->owned + i * d);
  }
  weiri_table_find_cells(t, false);
  *out = t;
  return WEIR_OK;
}
