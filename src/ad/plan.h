/* Plans: a step that repeats, as a flat list of kernels over one packed block of
 * memory. See docs/ARCHITECTURE.md. */
#ifndef WEIRI_PLAN_H
#define WEIRI_PLAN_H

#include "ad/tape.h"
#include "tensor/params.h"

typedef struct weiri_plan weiri_plan;

/* held, unless NULL: what depends on these parameters alone is computed again only
 * after weiri_params_touch. rows, unless 0: what is computed row by row of so many is
 * shared out over threads in panels of rows, many kernels at a time (panels.h). */
typedef struct weiri_plan_opts {
  const weir_params *held;
  int64_t rows;
} weiri_plan_opts;

/* Makes a plan of what the tape has recorded since weiri_tape_capture: what the out
 * need, and nothing else. place[i], unless NULL, is where the numbers of out[i] are
 * wanted. held, unless NULL: what depends on these parameters alone is computed again
 * only after weiri_params_touch. The tape is reset. Errors: the tape's status,
 * E_MEMORY.
 */
weir_status weiri_plan_create(weiri_plan **out, weir_tape *t, int n_out,
    const weir_var *vars, void *const *place, const weiri_plan_opts *opts);
void weiri_plan_destroy(weiri_plan **plan);
/* Bytes of the block that the plan works in. */
size_t weiri_plan_bytes(const weiri_plan *plan);
/* Stages that panels of rows go through; 0: kernels come one after the other. */
int weiri_plan_stages(const weiri_plan *plan);
/* Bytes that it holds besides. */
size_t weiri_plan_own_bytes(const weiri_plan *plan);
/* Says where that block lies: 64-byte aligned, shared with other plans if they do not
 * run at the same time. */
void weiri_plan_bind(weiri_plan *plan, void *block);
/* Computes everything again. t is the tape it was recorded on; it is reset. Errors:
 * what an operation reports. */
weir_status weiri_plan_run(weiri_plan *plan, weir_tape *t);
int weiri_plan_outputs(const weiri_plan *plan);
/* The numbers of output i, valid until the block is used again. */
const void *weiri_plan_data(const weiri_plan *plan, int i);
/* What output i is. */
weir_node *weiri_plan_output(const weiri_plan *plan, int i);
/* Kernels per run (what is held not counted), and what kernel i computes. */
int64_t weiri_plan_kernels(const weiri_plan *plan);
const weir_node *weiri_plan_node(const weiri_plan *plan, int64_t i);

#endif
