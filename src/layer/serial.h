/* Autoregressive layers in both orientations: column i of the order is mapped with
 * parameters that depend on the columns before it, so one direction is a single pass of
 * a masked network and the other goes column by column. */
#ifndef WEIRI_LAYER_SERIAL_H
#define WEIRI_LAYER_SERIAL_H

#include "layer/encode.h"
#include "layer/maps.h"
#include "nn/steps.h"

typedef struct weiri_serial {
  weir_layer base;
  const weir_spec *order, *map, *circle_map, *net_spec;
  int64_t *column; /* [d]: which column stands at a place of the order */
  int64_t *place;  /* [d]: the inverse */
  weiri_maps maps;
  weiri_encoding encoding; /* of the side that the network sees */
  weir_net *net;           /* NULL: the map has no parameters */
  int64_t *degree;         /* [maps.outputs] of the network's outputs */
} weiri_serial;

extern const weir_opt weiri_serial_opts[];

/* turned: the network sees the latent side (an inverse autoregressive layer). */
weir_status weiri_serial_setup(weir_layer *l, weir_build *b, bool turned);
void weiri_serial_teardown(weir_layer *l);
/* From the side that the network sees, in one pass. */
weir_var weiri_serial_pass(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context);
/* To that side, column by column, each hidden unit computed once; differentiable. */
weir_var weiri_serial_solve(
    const weir_layer *l, weir_run *run, weir_var y, weir_var context);

/* ---- inside ---- */

/* The columns in their order: y [n, d] to the side that the network sees.
 * *log_det [n] of that direction. serial_unrolled.c: a whole pass of the network for
 * every column, made of differentiable operations; serves any network, and as the
 * definition of correct. */
weir_var weiri_serial_unrolled(const weiri_serial *s, weir_run *run, weir_var y,
    weir_var context, weir_var *log_det);
/* serial_steps.c: the same through the network's steps, without a gradient. */
weir_var weiri_serial_quick(const weiri_serial *s, weir_run *run,
    const weir_net_steps *steps, weir_var y, weir_var *log_det);
/* u with J' u = g, row by row: J = dy/dx of the layer's pass at x, slope [n, d] and
 * steer [n, outputs] the derivatives of the maps by their variable and parameters. y
 * only says what the result depends on. serial_back.c */
weir_var weiri_serial_back(const weiri_serial *s, weir_run *run,
    const weir_net_steps *steps, weir_var g, weir_var x, weir_var slope, weir_var steer,
    weir_var y);
/* A chunk of rows of the two: what they share. */
typedef struct weiri_serial_job {
  const weiri_serial *s;
  weir_run *run;
  const weir_net_steps *steps;
  const weir_node *node;
  int first_var; /* among the node's inputs */
  bool back;
  int64_t n, per_chunk;
  size_t block_bytes;
  void (*rows)(const struct weiri_serial_job *j, weir_tape *side, weiri_row_block *b,
      int64_t first, char *extra);
  size_t extra; /* bytes per row of scratch for rows() */
} weiri_serial_job;
/* Shares the rows out over the team and calls rows for every block. */
void weiri_serial_share(weir_tape *t, weiri_serial_job *j);

#endif
