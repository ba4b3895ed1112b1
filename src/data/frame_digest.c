/* SHA-256 of a frame: its shape, then rows, contexts and weights. */
#include "base/bulk.h"
#include "base/sha256.h"
#include "data/frame.h"

/* A block at a time: a mapped array is larger than memory. */
static void digest_array(
    const weir_frame *f, weiri_sha256 *h, const double *v, int64_t values) {
  enum { VALUES = 1 << 17 };
  for (int64_t at = 0; v != NULL && at < values; at += VALUES) {
    const int64_t n = values - at < VALUES ? values - at : VALUES;
    weiri_bulk_touch(f->ctx, n * (int64_t)sizeof *v);
    weiri_sha256_update(h, v + at, (size_t)n * sizeof *v);
  }
}

static void digest_bytes(const weir_frame *f, weiri_sha256 *h, double *row) {
  for (int64_t i = 0; i < f->n; i++) {
    weiri_sha256_update(h, weiri_frame_row_x(f, i, row), (size_t)f->d * sizeof(double));
  }
}

/* The same whatever x is held as; without memory for a row of numbers, for all. */
static void digest_x(const weir_frame *f, weiri_sha256 *h) {
  double *row = f->x != NULL || f->bytes == NULL
                    ? NULL
                    : weiri_alloc(f->ctx, (size_t)(f->d + 1) * sizeof *row);
  if (row == NULL) {
    digest_array(f, h, weir_frame_x(f), f->n * f->d);
  } else {
    digest_bytes(f, h, row);
  }
  weiri_free(f->ctx, row);
}

void weir_frame_digest(const weir_frame *frame, char out[65]) {
  weiri_sha256 h;
  unsigned char digest[32];
  const int64_t shape[4] = {frame->n, weiri_frame_has_x(frame) ? frame->d : 0,
      frame->context != NULL ? frame->c : 0, frame->weights != NULL};
  weiri_sha256_init(&h);
  weiri_sha256_update(&h, shape, sizeof shape);
  digest_x(frame, &h);
  digest_array(frame, &h, frame->context, frame->n * frame->c);
  digest_array(frame, &h, frame->weights, frame->n);
  weiri_sha256_final(&h, digest);
  weiri_sha256_print(digest, out);
}
