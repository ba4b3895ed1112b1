/* Inside of the tape, for the rooms that record. */
#ifndef WEIRI_TAPE_H
#define WEIRI_TAPE_H

#include "base/ctx.h"
#include "dev/threads.h"
#include "kern/kern.h"
#include "weir/sys/op.h"

typedef struct weiri_recording weiri_recording;

/* How the numbers of a node are cut into panels of rows, out of n rows in all. */
typedef struct weiri_cut {
  enum {
    WEIRI_WHOLE,  /* not at all */
    WEIRI_GIVEN,  /* computed as a whole; along its outermost axis if need be */
    WEIRI_ROWS,   /* computed by panels, each a part of the outermost axis */
    WEIRI_SEVERAL /* computed by panels, each of which holds several results */
  } kind;
  uint64_t at; /* bit q: a result begins q n numbers from the start */
} weiri_cut;

/* What the reverse walk and plans need from above, handed over by the op registry. */
typedef struct weiri_tape_hooks {
  weir_var (*add)(weir_tape *t, weir_var a, weir_var b);
  /* Makes one kernel of a node and an input that is alone: [id], only it reads it. */
  weir_status (*fuse)(weiri_arena *meta, const bool *alone, weir_node *node);
  /* Gives a node a held argument ([id]: it seldom changes) as its kernel likes it, by
   * one node more at most (weiri_recording_push). */
  weir_status (*hold)(
      const weir_ctx *ctx, weiri_recording *r, const bool *held, weir_node *node);
  /* How a node is cut into panels of n rows, given how those before it are ([id]);
   * which of its inputs are cut. */
  weiri_cut (*cut)(const weir_node *node, int64_t n, const weiri_cut *of, bool *inputs);
  /* One of several results has a place of its own from here on. */
  void (*copy_view)(weir_node *node);
  /* Makes piece, a copy of y whose shape and inputs are those of a panel of some of n
   * rows, one that computes it. */
  weir_status (*panel)(
      weiri_arena *meta, weir_node *piece, const weir_node *y, int64_t n, int64_t rows);
  double (*work)(const weir_node *node); /* operations, roughly */
} weiri_tape_hooks;

const weiri_tape_hooks *weiri_tape_hooks_of(const weir_tape *t);
/* A tape that computes on its caller's thread alone. */
weir_status weiri_tape_create_alone(weir_tape **out, const weir_tape *like);
weir_status weiri_tape_create(
    weir_tape **out, weir_ctx *ctx, weir_dtype dtype, const weiri_tape_hooks *hooks);

const weiri_kern *weiri_tape_kern(const weir_tape *t);
weiri_team *weiri_tape_team(weir_tape *t);
/* Bytes that the tape holds, in use or not. */
size_t weiri_tape_reserved(const weir_tape *t);
/* Memory of this step, 64-byte aligned; NULL poisons the tape. */
void *weiri_tape_take(weir_tape *t, size_t bytes);
/* Keeps a failure that happened inside an eval (out of scratch memory). */
void weiri_tape_note(weir_tape *t, weir_status status);

/* The nodes recorded so far, ids 1 .. count; used by the reverse walk. */
uint32_t weiri_tape_count(const weir_tape *t);
const weir_node *weiri_tape_node(const weir_tape *t, uint32_t id);

weir_var weiri_tape_add(weir_tape *t, weir_var a, weir_var b);
/* The same as weiri_tape_take, 16-byte aligned. */
void *weiri_tape_take_small(weir_tape *t, size_t bytes);

/* ---- for plans ---- */

#define WEIRI_TAPE_CHUNK 512

/* Nodes taken off a tape, with the memory that describes them. */
struct weiri_recording {
  weir_node **chunks; /* [n_chunks][WEIRI_TAPE_CHUNK] */
  uint32_t n_chunks, count;
  weiri_arena *meta;
};

/* Resets the tape; until the next reset it records and computes nothing. */
void weiri_tape_capture(weir_tape *t);
/* A digest of what has been recorded: operations, shapes, attributes, numbers given. */
uint64_t weiri_tape_signature(const weir_tape *t);
/* Hands over what has been recorded; the tape is reset. */
weir_status weiri_tape_give(weir_tape *t, weiri_recording *out);
/* Calls the hook fuse for a node of what has been handed over. */
weir_status weiri_tape_fuse(
    const weir_tape *t, const weiri_recording *r, const bool *alone, weir_node *node);
/* The same for the hook hold. */
weir_status weiri_tape_hold(
    const weir_tape *t, weiri_recording *r, const bool *held, weir_node *node);
/* One more node, all zero but its id; NULL when memory ran out. */
weir_node *weiri_recording_push(const weir_ctx *ctx, weiri_recording *r);
void weiri_recording_free(const weir_ctx *ctx, weiri_recording *r);
/* Resets the tape and computes the nodes in order, stopping at the first failure. */
weir_status weiri_tape_replay(weir_tape *t, const weir_node *const *run, uint32_t n);

#endif
