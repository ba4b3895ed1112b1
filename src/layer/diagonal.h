/* z = (x - shift) exp(log_scale) column by column: what scaling, actnorm, standardize
 * and batch norm share. */
#ifndef WEIRI_LAYER_DIAGONAL_H
#define WEIRI_LAYER_DIAGONAL_H

#include "layer/real.h"

/* Both [real columns]; shift none: zero. */
typedef struct weiri_diagonal {
  weir_var shift, log_scale;
} weiri_diagonal;

weir_var weiri_diagonal_to_latent(const weir_layer *l, const weiri_real *r,
    weir_run *run, weir_var x, weiri_diagonal d);
weir_var weiri_diagonal_to_data(const weir_layer *l, const weiri_real *r, weir_run *run,
    weir_var z, weiri_diagonal d);

#endif
