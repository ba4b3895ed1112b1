/* Autoregressive layers in both orientations: column i of the order is mapped with
 * parameters that depend on the columns before it, so one direction is a single pass of
 * a masked network and the other goes column by column. */
#ifndef WEIRI_LAYER_SERIAL_H
#define WEIRI_LAYER_SERIAL_H

#include "layer/encode.h"
#include "layer/maps.h"

typedef struct weiri_serial {
  weir_layer base;
  const weir_spec *order, *map, *circle_map, *net_spec;
  int64_t *column; /* [d]: which column stands at a place of the order */
  int64_t *place;  /* [d]: the inverse */
  weiri_maps maps;
  weiri_encoding encoding; /* of the side that the network sees */
  weir_net *net;           /* NULL: the map has no parameters */
} weiri_serial;

extern const weir_opt weiri_serial_opts[];

/* turned: the network sees the latent side (an inverse autoregressive layer). */
weir_status weiri_serial_setup(weir_layer *l, weir_build *b, bool turned);
void weiri_serial_teardown(weir_layer *l);
/* From the side that the network sees, in one pass. */
weir_var weiri_serial_pass(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context);
/* To that side, column by column; without gradients each hidden unit is computed once.
 */
weir_var weiri_serial_solve(
    const weir_layer *l, weir_run *run, weir_var y, weir_var context);

#endif
