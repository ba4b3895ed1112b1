/* Columns as a conditioner network sees them: circular ones by cosine and sine, so that
 * the network is continuous where the ends meet; the others as they are. */
#ifndef WEIRI_LAYER_ENCODE_H
#define WEIRI_LAYER_ENCODE_H

#include "part/part.h"

typedef struct weiri_encoding {
  int64_t columns, width; /* columns in, inputs of the network out; width >= 1 */
  int64_t *source;        /* [width]: column that an input comes from */
  int64_t *degree;        /* [width]: 1 + source */
  bool circles;
  double *frequency, *origin; /* [width]: angle = (x - origin) frequency */
  double *cosine, *sine;      /* [width]: 1 where the input is one, else 0 */
} weiri_encoding;

/* For columns index[0 .. n) of event, in that order. No columns at all give one input
 * that is always zero. */
weir_status weiri_encoding_create(weiri_encoding *out, weir_ctx *ctx,
    const weir_event *event, int64_t n, const int64_t *index);
void weiri_encoding_destroy(weir_ctx *ctx, weiri_encoding *e);
/* x [rows, columns] -> [rows, width] */
weir_var weiri_encode(const weiri_encoding *e, weir_tape *t, weir_var x);
/* Column c from x [rows] into its places of y [width, ld]. */
void weiri_encode_units(const weiri_encoding *e, weir_dtype dtype, int64_t rows,
    int64_t c, const void *x, void *y, int64_t ld);
/* gx [rows] += what the gradients gy [width, ld] of its places send to column c. */
void weiri_encode_back(const weiri_encoding *e, weir_dtype dtype, int64_t rows,
    int64_t c, const void *x, const void *gy, int64_t ld, void *gx);

#endif
