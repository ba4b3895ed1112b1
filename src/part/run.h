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

#define WEIRI_MEMOS 8
#define WEIRI_WATCHES 16

/* A number of a distribution that may run away in training. */
typedef struct weiri_watch {
  const char *path, *what; /* of the part; "concentration" */
  weir_var value;
  double lo, hi; /* where it should lie */
  double share;  /* of its entries that may lie outside */
} weiri_watch;

/* What the caller wants of a pass beside the parts. */
typedef struct weiri_wants {
  int64_t samples; /* draws per row of the stochastic layer; 0: 1 */
  bool
      closed_kl; /* KL(q || p) in closed form where the pair of distributions has one */
  bool groups;   /* parts per column */
  bool means;    /* distributions give their mean in place of a draw */
  bool path;     /* log q with its parameters stopped: the gradient through the draw */
  bool cut;      /* what follows a draw sees a copy of it without history */
} weiri_wants;

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
  weiri_wants wants;
  int64_t rows_once;     /* rows before replication */
  int64_t replicas;      /* what weir_run_replicate has made of samples; 0: not yet */
  int64_t first_replica; /* index of the first of them */
  weir_var drawn, after; /* wants.cut: the draw, and the copy that the rest sees */
  struct weiri_memo {
    const void *key; /* what was computed, of which variable */
    weir_var of, value;
    bool frozen;
  } memo[WEIRI_MEMOS];
  int n_memos;
  weir_var score; /* of the last draw: log density of what is not reparameterised in
                     it, or none */
  weiri_watch watch[WEIRI_WATCHES];
  int n_watches;
  const weir_layer *watched; /* its input's moments are wanted, then the run may end */
  weir_var seen;             /* that input, once reached */
  weir_noting noting;
  weiri_note *notes;
  int n_notes, notes_room;
  weir_tape **side; /* [n_side] further tapes, for operations made of others */
  int n_side;
  bool no_grad;  /* nothing will ask for a gradient: layers may take ways without one */
  bool frozen;   /* parameters are handed out stopped */
  bool watching; /* weiri_run_watch is heard */
};

/* A run with its own tape. params may be NULL. */
weir_status weiri_run_create(
    weir_run **out, weir_ctx *ctx, weir_dtype dtype, const weir_params *params);
void weiri_run_destroy(weir_run **run);
/* Resets the tape and forgets parts and bindings; keeps mode, seed, step and rows. */
void weiri_run_reset(weir_run *run);
/* At least n further tapes of the run's type, one for a thread each, kept with the run;
 * NULL poisons the run's tape. */
weir_tape *const *weiri_run_side(weir_run *run, int n);
/* Sum of the parts from first on, each summed over its groups: [n]; none when there are
 * none. They stay on the run. With several draws per row: [n K]. */
weir_var weiri_run_total(weir_run *run, int first);
/* The same with groups [n, groups] kept where all parts have the same. */
weir_var weiri_run_grouped(weir_run *run, int first);
/* A part [n] or [n, groups] summed to [n]. */
weir_var weiri_run_row(weir_run *run, weir_var part);
/* log mean exp over the draws of each row: [n K] to [n]. */
weir_var weiri_run_log_mean(weir_run *run, weir_var log_w);
/* x [n, ..] as often as the rows stand: [n K, ..]; rows is the count wanted. */
weir_var weiri_run_match(weir_run *run, weir_var x, int64_t rows);
/* Shows a number that may run away, for passes that ask (run->watching): w.path and
 * w.what are borrowed; the first of a path counts. */
void weiri_run_watch(weir_run *run, weiri_watch w);
/* The value remembered for (key, of) in this step, none where there is none; and
 * remembering one. Saves computing the parameters of a distribution twice. */
weir_var weiri_run_recall(const weir_run *run, const void *key, weir_var of);
void weiri_run_remember(weir_run *run, const void *key, weir_var of, weir_var value);

#endif
