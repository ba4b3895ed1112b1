/* Inside of the tape, for the rooms that record. */
#ifndef WEIRI_TAPE_H
#define WEIRI_TAPE_H

#include "base/ctx.h"
#include "dev/threads.h"
#include "kern/kern.h"
#include "weir/sys/op.h"

/* What the reverse walk needs from above, handed over by the op registry. */
typedef struct weiri_tape_hooks {
  weir_var (*add)(weir_tape *t, weir_var a, weir_var b);
} weiri_tape_hooks;

weir_status weiri_tape_create(
    weir_tape **out, weir_ctx *ctx, weir_dtype dtype, const weiri_tape_hooks *hooks);

const weiri_kern *weiri_tape_kern(const weir_tape *t);
weiri_team *weiri_tape_team(weir_tape *t);
/* Memory of this step, 64-byte aligned; NULL poisons the tape. */
void *weiri_tape_take(weir_tape *t, size_t bytes);
/* Keeps a failure that happened inside an eval (out of scratch memory). */
void weiri_tape_note(weir_tape *t, weir_status status);

/* The nodes recorded so far, ids 1 .. count; used by the reverse walk. */
uint32_t weiri_tape_count(const weir_tape *t);
const weir_node *weiri_tape_node(const weir_tape *t, uint32_t id);

weir_var weiri_tape_add(weir_tape *t, weir_var a, weir_var b);

#endif
