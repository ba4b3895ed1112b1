/* Importance-weighted log-likelihoods of rows. */
#ifndef WEIRI_IMPORTANCE_H
#define WEIRI_IMPORTANCE_H

#include "part/replay.h"

/* Sums of the weights of rows, a chunk of draws after the other. */
typedef struct weiri_weights {
  weir_ctx *ctx;
  int64_t samples; /* draws per row in all */
  int64_t chunk;   /* in one step of the replay: run->wants.samples */
  int64_t room;    /* rows of a block at most, so that memory does not grow with them */
  double *memory;
} weiri_weights;

weir_status weiri_weights_create(weiri_weights *w, weir_ctx *ctx, int64_t samples);
void weiri_weights_destroy(weiri_weights *w);
/* log (1/K) sum_k w_k of the n <= room rows that the replay's owner holds, and (unless
 * NULL) the effective number of draws (sum w)^2 / sum w^2 of each. The replay's first
 * result is log w, [n chunk]; a model that draws nothing has one draw. */
weir_status weiri_weights_run(weiri_weights *w, weir_run *run, weiri_replay *r,
    int64_t n, double *log_mean, double *ess);

#endif
