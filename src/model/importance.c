/* Importance weights of the draws of rows (Burda et al. 2016, eq. 8):
 *     log p(x) ~ log (1/K) sum_k w_k,  w_k = p(x, z_k) / q(z_k | x),
 * in chunks of draws, so that memory does not grow with K. The sums of weights are kept
 * in float64 relative to the largest weight so far; draw k of a row is the same
 * whatever K is and whichever rows stand beside it. */
#include "model/importance.h"

#include <math.h>

#define CHUNK 64  /* draws per step */
#define ROOM 4096 /* rows times draws per step */
#define ROWS 512  /* per step at most */

weir_status weiri_weights_create(weiri_weights *w, weir_ctx *ctx, int64_t samples) {
  const int64_t chunk = samples < CHUNK ? samples : CHUNK;
  const int64_t room = ROOM / chunk < ROWS ? ROOM / chunk : ROWS;
  *w = (weiri_weights){ctx, samples, chunk, room, NULL};
  w->memory = weiri_calloc(ctx, (size_t)(3 * room + room * chunk), sizeof *w->memory);
  return w->memory == NULL ? WEIR_E_MEMORY : WEIR_OK;
}

void weiri_weights_destroy(weiri_weights *w) {
  if (w->ctx != NULL) {
    weiri_free(w->ctx, w->memory);
  }
  *w = (weiri_weights){0};
}

/* Adds weight exp(w) to (largest, sum, squares). */
static void add_weight(double w, double *top, double *sum, double *squares) {
  if (isnan(w) || isnan(*top)) {
    *top = NAN;
    return;
  }
  if (w > *top) {
    const double shrink = exp(*top - w);
    *sum *= shrink;
    *squares *= shrink * shrink;
    *top = w;
  }
  const double e = w == *top ? 1.0 : exp(w - *top);
  *sum += e;
  *squares += e * e;
}

weir_status weiri_weights_run(weiri_weights *w, weir_run *run, weiri_replay *r,
    int64_t n, double *log_mean, double *ess) {
  double *top = w->memory, *sum = top + n, *squares = sum + n, *log_w = squares + n;
  for (int64_t i = 0; i < n; i++) {
    top[i] = -INFINITY;
    sum[i] = squares[i] = 0.0;
  }
  run->wants.samples = w->chunk;
  for (int64_t first = 0; first < w->samples; first += w->chunk) {
    const int64_t left = w->samples - first, k = left < w->chunk ? left : w->chunk;
    run->first_replica = first;
    const weir_status status = weiri_replay_step(r, n);
    run->first_replica = 0;
    WEIR_TRY(status);
    weiri_replay_read(r, 0, n * w->chunk, log_w);
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = 0; j < k; j++) {
        add_weight(log_w[i * w->chunk + j], &top[i], &sum[i], &squares[i]);
      }
    }
  }
  for (int64_t i = 0; i < n; i++) {
    log_mean[i] = top[i] + log(sum[i] / (double)w->samples);
    if (ess != NULL) {
      ess[i] = sum[i] * sum[i] / squares[i];
    }
  }
  return WEIR_OK;
}
