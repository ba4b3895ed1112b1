/* One evaluation of a model on a tape: bound parameters, randomness, the parts. */
#ifndef WEIRI_RUN_H
#define WEIRI_RUN_H

#include "base/base.h"
#include "tensor/params.h"
#include "weir/sys/part.h"

/* The value that a batch gives to a tensor. */
typedef struct weiri_note {
  weir_slot slot;
  weir_var value;
} weiri_note;

struct weir_run {
  weir_ctx *ctx;
  weir_tape *tape;
  const weir_params *params;
  weir_mode mode;
  uint64_t seed, step; /* randomness: streams are (seed, path, step) */
  double temperature;
  const int64_t *rows; /* [n] index of each row, or NULL: first_row + i */
  int64_t first_row;
  weir_var *bound; /* [params] variables of this step */
  weir_part *parts;
  int n_parts, room;
  bool no_grad; /* nothing will ask for a gradient: layers may take ways without one */
  const weir_layer *watched; /* its input's moments are wanted, then the run may end */
  weir_var seen;             /* that input, once reached */
  weir_noting noting;
  weiri_note *notes;
  int n_notes, notes_room;
};

/* A run with its own tape. params may be NULL. */
weir_status weiri_run_create(
    weir_run **out, weir_ctx *ctx, weir_dtype dtype, const weir_params *params);
void weiri_run_destroy(weir_run **run);
/* Resets the tape and forgets parts and bindings; keeps mode, seed, step and rows. */
void weiri_run_reset(weir_run *run);
/* Sum of the parts from first on, each summed over its groups: [n]; none when there are
 * none. They stay on the run. */
weir_var weiri_run_total(weir_run *run, int first);

#endif
