/* Steps that repeat: recorded once per number of rows, then replayed from a plan. */
#ifndef WEIRI_REPLAY_H
#define WEIRI_REPLAY_H

#include "ad/plan.h"
#include "part/run.h"

typedef struct weiri_replay weiri_replay;

/* What a recording hands back. */
typedef struct weiri_results {
  int n, room;
  weir_var *var; /* [room] */
  void **place;  /* [room] where its numbers are wanted, or NULL */
} weiri_results;

/* Adds a result; place may be NULL. */
void weiri_results_add(weiri_results *r, weir_var var, void *place);

/* What repeats. record records one step of n rows on run->tape and adds its results; it
 * may depend on n, the run's mode and the model, and on nothing that changes otherwise.
 * vary puts other rows' indices in place, and when called again the old ones; NULL:
 * there are none. */
typedef struct weiri_repeat {
  void (*record)(void *self, weir_run *run, int64_t n, weiri_results *results);
  void (*vary)(void *self);
  void *self;
  int room;    /* results at most */
  bool settle; /* plans are made when a number of rows comes for the second time */
  bool panels; /* kernels that go row by row may run in panels of rows */
  bool hold;   /* parameters seldom change, and whoever changes them touches them */
} weiri_repeat;

/* Borrows the run. */
weir_status weiri_replay_create(
    weiri_replay **out, weir_run *run, const weiri_repeat *repeat);
void weiri_replay_destroy(weiri_replay **replay);
/* Makes the plan for n rows now, if steps of n rows can be one. */
weir_status weiri_replay_prepare(weiri_replay *r, int64_t n);
/* The plan of steps of n rows; NULL: there is none. */
const weiri_plan *weiri_replay_plan(const weiri_replay *r, int64_t n);
/* One step: replayed from the plan for n rows, which is made when there is none yet, or
 * recorded and computed where the step cannot be one. Errors: the tape's status. */
weir_status weiri_replay_step(weiri_replay *r, int64_t n);
/* The same, recorded and computed: afterwards the run has its parts. */
weir_status weiri_replay_taped(weiri_replay *r, int64_t n);
/* Results of the last step, and the numbers of result i. */
int weiri_replay_results(const weiri_replay *r);
const void *weiri_replay_data(const weiri_replay *r, int i);
/* The same as float64: n numbers. */
void weiri_replay_read(const weiri_replay *r, int i, int64_t n, double *out);
/* Steps so far that were replayed. */
int64_t weiri_replay_count(const weiri_replay *r);
/* Never a plan: for comparisons. */
void weiri_replay_forbid(weiri_replay *r);
/* Bytes that the plans work in; the descriptions of steps not counted. */
size_t weiri_replay_bytes(const weiri_replay *r);

#endif
