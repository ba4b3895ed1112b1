/* Patches of an image, and adding them back. A patch's row of kw pixels lies together
 * in an image whose channels are last, so both go by runs of up to kw c numbers. */
#include <string.h>

#include "op/conv.h"

enum { CACHE = 192 * 1024 };

int64_t weiri_conv_block(const weiri_conv *g, size_t number) {
  const int64_t line = g->ow * weiri_conv_patch(g) * (int64_t)number;
  const int64_t lines = line < CACHE ? CACHE / (line < 1 ? 1 : line) : 1;
  const int64_t all = weiri_conv_lines(g);
  return lines < all ? lines : all < 1 ? 1 : all;
}

/* Row r of the patch at (oy, ox): its pixels [lo, hi) lie in the image, the first of
 * them at pixel `at` of image row iy. */
typedef struct run {
  int64_t lo, hi, at;
} run;

static run run_at(const weiri_conv *g, int64_t ox) {
  const int64_t x0 = ox * g->stride - g->pad;
  const int64_t lo = x0 < 0 ? -x0 : 0, left = g->w - x0;
  const int64_t hi = left < g->kw ? left : g->kw;
  return (run){lo < hi ? lo : 0, lo < hi ? hi : 0, x0 + lo};
}

static inline void copy_run(
    const char *from, char *to, run r, int64_t kw, size_t pixel) {
  const size_t before = (size_t)r.lo * pixel, inside = (size_t)(r.hi - r.lo) * pixel;
  const size_t after = (size_t)(kw - r.hi) * pixel;
  if (before > 0) {
    memset(to, 0, before);
  }
  memcpy(to + before, from + (size_t)r.at * pixel, inside);
  if (after > 0) {
    memset(to + before + inside, 0, after);
  }
}

void weiri_patches(const weiri_conv *g, size_t number, const char *x, int64_t first,
    int64_t count, char *patches) {
  const size_t pixel = (size_t)g->c * number, row = (size_t)g->w * pixel;
  const size_t piece = (size_t)g->kw * pixel, patch = (size_t)g->kh * piece;
  for (int64_t line = first; line < first + count; line++) {
    const char *image = x + (size_t)(line / g->oh * g->h) * row;
    const int64_t y0 = line % g->oh * g->stride - g->pad;
    for (int64_t r = 0; r < g->kh; r++) {
      const int64_t iy = y0 + r;
      char *to = patches + (size_t)r * piece;
      for (int64_t ox = 0; ox < g->ow; ox++, to += patch) {
        if (iy < 0 || iy >= g->h) {
          memset(to, 0, piece);
        } else {
          copy_run(image + (size_t)iy * row, to, run_at(g, ox), g->kw, pixel);
        }
      }
    }
    patches += (size_t)g->ow * patch;
  }
}

void weiri_unpatch(const weiri_conv *g, const weiri_kern *kern, weir_dtype dtype,
    const char *patches, int64_t first, int64_t count, char *x) {
  const size_t pixel = (size_t)g->c * weir_dtype_size(dtype);
  const size_t row = (size_t)g->w * pixel;
  const size_t piece = (size_t)g->kw * pixel, patch = (size_t)g->kh * piece;
  for (int64_t line = first; line < first + count; line++) {
    char *image = x + (size_t)(line / g->oh * g->h) * row;
    const int64_t y0 = line % g->oh * g->stride - g->pad;
    for (int64_t r = 0; r < g->kh; r++) {
      const int64_t iy = y0 + r;
      const char *from = patches + (size_t)r * piece;
      for (int64_t ox = 0; iy >= 0 && iy < g->h && ox < g->ow; ox++, from += patch) {
        const run in = run_at(g, ox);
        if (in.hi > in.lo) {
          kern->accumulate[dtype]((in.hi - in.lo) * g->c, from + (size_t)in.lo * pixel,
              image + (size_t)iy * row + (size_t)in.at * pixel);
        }
      }
    }
    patches += (size_t)g->ow * patch;
  }
}
