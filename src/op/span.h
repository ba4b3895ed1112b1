/* Copying a run of entries of one axis: shared by slice, embed and concat. */
#ifndef WEIRI_SPAN_H
#define WEIRI_SPAN_H

#include <string.h>

#include "op/op.h"

typedef struct weiri_span {
  int64_t axis;
  int64_t first;
} weiri_span;

/* Sizes outside and inside of an axis. */
static inline void weiri_around(
    const weir_shape *s, int64_t axis, int64_t *outer, int64_t *inner) {
  *outer = *inner = 1;
  for (int i = 0; i < s->rank; i++) {
    *outer *= i < axis ? s->dim[i] : 1;
    *inner *= i > axis ? s->dim[i] : 1;
  }
}

/* Copies small between position first of axis in large and all of small: out of large
 * when take, into it otherwise. */
static inline void weiri_span_copy(weir_tape *t, const weir_shape *large_shape,
    void *large, const weir_shape *small_shape, void *small, weiri_span at, bool take) {
  int64_t outer, inner;
  weiri_around(large_shape, at.axis, &outer, &inner);
  const size_t size = weir_dtype_size(weir_tape_dtype(t));
  const size_t run = (size_t)(small_shape->dim[at.axis] * inner) * size;
  const size_t pitch = (size_t)(large_shape->dim[at.axis] * inner) * size;
  for (int64_t o = 0; o < outer; o++) {
    char *l = (char *)large + (size_t)o * pitch + (size_t)(at.first * inner) * size;
    char *s = (char *)small + (size_t)o * run;
    memcpy(take ? s : l, take ? l : s, run);
  }
}

#endif
