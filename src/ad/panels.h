/* A plan in stages. Nodes that go row by row (op/panel.c) and follow from one another
 * are one stage: each panel of rows goes through all of them on one thread, so threads
 * meet once per stage and not once per kernel, and a thread finds the rows that it has
 * written itself. What sums over rows (gradients of weights) waits for the next stage,
 * where nodes that do not need each other are shared out whole. Which thread computes
 * what, and into how many panels rows are cut, changes no bits. */
#ifndef WEIRI_PANELS_H
#define WEIRI_PANELS_H

#include "ad/tape.h"

struct weiri_plan;

typedef struct weiri_panels weiri_panels;

/* *out stays NULL where stages would not help: one thread, few rows, or kernels that
 * are each enough work for all threads. needed: [id]. */
weir_status weiri_panels_create(weiri_panels **out, struct weiri_plan *p, weir_tape *t,
    int64_t rows, const bool *needed);
void weiri_panels_destroy(weiri_panels **panels, const weir_ctx *ctx);
/* Places for all that is computed; what a stage reads or writes stays through it. */
weir_status weiri_panels_pack(struct weiri_plan *p, const bool *needed);
/* The pieces' addresses, once the plan's nodes have theirs. */
void weiri_panels_bind(struct weiri_plan *p);
int weiri_panels_stages(const weiri_panels *panels); /* NULL has none */
/* Bytes of the tapes that they run on; NULL has none. */
size_t weiri_panels_bytes(const weiri_panels *panels);
weir_status weiri_panels_run(const weiri_panels *panels, weir_tape *t);

#endif
