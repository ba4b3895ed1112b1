/* Columns with two ends, such as grey levels, in units of their range:
 * u = (x - lo) / (hi - lo). */
#ifndef WEIRI_LAYER_ENDS_H
#define WEIRI_LAYER_ENDS_H

#include "part/part.h"

typedef struct weiri_ends {
  double *lo, *range; /* [features] */
} weiri_ends;

/* The ends of l->data's columns; makes l->latent an event of as many real columns.
 * Errors: E_SUPPORT, naming the column, where one has not two ends; E_MEMORY. */
weir_status weiri_ends_setup(weiri_ends *e, weir_layer *l);
void weiri_ends_teardown(weiri_ends *e, weir_ctx *ctx);
/* Rows of the layer's data in units of the range, and back. */
weir_var weiri_ends_to_unit(
    const weiri_ends *e, const weir_layer *l, weir_run *run, weir_var x);
weir_var weiri_ends_from_unit(
    const weiri_ends *e, const weir_layer *l, weir_run *run, weir_var u);

#endif
