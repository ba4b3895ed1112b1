/** Number types. */
#ifndef WEIR_DTYPE_H
#define WEIR_DTYPE_H

#include <stddef.h>

/** A tape and a model have one number type each; sums over rows are float64 always. */
typedef enum weir_dtype { WEIR_F32, WEIR_F64 } weir_dtype;

static inline size_t weir_dtype_size(weir_dtype dtype) {
  return dtype == WEIR_F32 ? sizeof(float) : sizeof(double);
}

#endif
