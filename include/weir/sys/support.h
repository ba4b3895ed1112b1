/** Where numbers live. */
#ifndef WEIR_SYS_SUPPORT_H
#define WEIR_SYS_SUPPORT_H

#include <stdbool.h>

#include "weir/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_support_kind {
  WEIR_REAL,     /**< the real line */
  WEIR_POSITIVE, /**< (lo, infinity) */
  WEIR_INTERVAL, /**< (lo, hi) */
  WEIR_CIRCLE,   /**< [lo, hi), the ends glued */
  WEIR_INTEGERS, /**< lo .. hi, counting measure */
  WEIR_SPHERE,   /**< one coordinate of a unit vector; all columns of the block share it
                  */
  WEIR_SIMPLEX,  /**< one coordinate of a probability vector */
  WEIR_BALL      /**< one coordinate of a vector shorter than 1 */
} weir_support_kind;

/** Where one column lives. lo and hi as the kind needs them, else 0. */
typedef struct weir_support {
  weir_support_kind kind;
  double lo, hi;
} weir_support;

WEIR_API bool weir_support_equal(weir_support a, weir_support b);
/** "real", "(0, inf)", "(0, 1)", "circle [0, 360)" into buf of at least 64 bytes. */
WEIR_API const char *weir_support_text(weir_support s, char *buf);

#ifdef __cplusplus
}
#endif
#endif
