/* What the image formats share, and the reader of a single image: one row. */
#include "data/picture.h"

#include <stdio.h>
#include <string.h>

enum { SIDE_MAX = 65535, BLOCK = 1 << 16 };
static const int64_t BYTES_MAX = (int64_t)1 << 26;

const char *weiri_picture_text(int64_t h, int64_t w, int64_t c, char *buf) {
  snprintf(buf, 80, "%lld x %lld x %lld", (long long)h, (long long)w, (long long)c);
  return buf;
}

weir_status weiri_picture_create(weir_ctx *ctx, const char *name, weiri_picture *p) {
  p->pixel = NULL;
  const bool sides = p->h >= 1 && p->w >= 1 && p->h <= SIDE_MAX && p->w <= SIDE_MAX;
  if (!sides || p->h * p->w > BYTES_MAX / p->c) {
    char text[80];
    return weiri_fail(WEIR_E_FORMAT,
        "%s: an image of %s, expected sides of 1 to %d and at most %lld bytes", name,
        weiri_picture_text(p->h, p->w, p->c, text), SIDE_MAX, (long long)BYTES_MAX);
  }
  p->pixel = weiri_calloc(ctx, (size_t)(p->h * p->w), (size_t)p->c);
  return p->pixel != NULL ? WEIR_OK : WEIR_E_MEMORY;
}

void weiri_picture_free(weir_ctx *ctx, weiri_picture *p) {
  weiri_free(ctx, p->pixel);
  p->pixel = NULL;
}

void weiri_picture_row(const weiri_picture *p, double *row) {
  const int64_t pixels = p->h * p->w;
  for (int64_t i = 0; i < pixels; i++) {
    for (int64_t k = 0; k < p->c; k++) {
      row[k * pixels + i] = (double)p->pixel[i * p->c + k];
    }
  }
}

/* All bytes that are left, growing with what has come. */
static weir_status slurp(weir_source *source, unsigned char **out, size_t *n) {
  weir_ctx *ctx = weir_source_ctx(source);
  const int64_t size = weir_source_size(source);
  size_t room = size > 0 && size < BYTES_MAX ? (size_t)size + 1 : BLOCK, got = 0;
  *out = NULL;
  *n = 0;
  for (;; room *= 2) {
    if (room > (size_t)(4 * BYTES_MAX)) {
      return weiri_fail(WEIR_E_FORMAT, "%s: an image file of over %lld bytes",
          weir_source_name(source), (long long)(2 * BYTES_MAX));
    }
    unsigned char *more = weiri_realloc(ctx, *out, room);
    if (more == NULL) {
      return WEIR_E_MEMORY;
    }
    *out = more;
    WEIR_TRY(weir_source_read(source, more + *n, room - *n, &got));
    *n += got;
    if (*n < room) {
      return WEIR_OK;
    }
  }
}

weir_status weiri_picture_read(weir_source *source, weiri_picture *out) {
  weir_ctx *ctx = weir_source_ctx(source);
  const char *name = weir_source_name(source);
  unsigned char *bytes = NULL;
  size_t n = 0;
  *out = (weiri_picture){0};
  weir_status status = slurp(source, &bytes, &n);
  if (status == WEIR_OK) {
    status =
        weiri_is_png(bytes, n) ? weiri_png_decode(ctx, name, bytes, n, out)
        : weiri_is_jpeg(bytes, n)
            ? weiri_jpeg_decode(ctx, name, bytes, n, out)
            : weiri_fail(WEIR_E_FORMAT, "%s: is neither a PNG nor a JPEG image", name);
  }
  weiri_free(ctx, bytes);
  if (status != WEIR_OK) {
    weiri_picture_free(ctx, out);
  }
  return status;
}

typedef struct single {
  weir_ctx *ctx;
  weiri_picture picture;
  bool given;
} single;

weir_status weiri_picture_open(
    void **self, weir_source *source, const weir_read_opts *opts, weir_layout *layout) {
  (void)opts;
  weir_ctx *ctx = weir_source_ctx(source);
  single *f = weiri_calloc(ctx, 1, sizeof *f);
  if (f == NULL) {
    return WEIR_E_MEMORY;
  }
  *self = f;
  f->ctx = ctx;
  WEIR_TRY(weiri_picture_read(source, &f->picture));
  *layout = (weir_layout){.columns = f->picture.h * f->picture.w * f->picture.c,
      .rows = 1,
      .counts = true,
      .height = f->picture.h,
      .width = f->picture.w,
      .channels = f->picture.c};
  return WEIR_OK;
}

weir_status weiri_picture_next(void *self, weir_rows *rows) {
  single *f = self;
  if (!f->given && rows->capacity > 0) {
    weiri_picture_row(&f->picture, rows->value);
    rows->n = 1;
    f->given = true;
  }
  return WEIR_OK;
}

void weiri_picture_close(void *self) {
  single *f = self;
  weiri_picture_free(f->ctx, &f->picture);
  weiri_free(f->ctx, f);
}
