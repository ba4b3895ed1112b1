/* Sweeps over a block of parameters in chunks of a fixed size, so that bits do not
 * depend on the number of threads. */
#include "optim/optim.h"

#include <math.h>
#include <string.h>

#include "base/ctx.h"

#define SWEEP 16384
#define COST 12.0 /* operations per parameter, for the threads */

static int64_t chunks_of(const weiri_optim *o) {
  return (o->n + SWEEP - 1) / SWEEP;
}

static size_t block_bytes(const weiri_optim *o) {
  return (size_t)o->n * weir_dtype_size(o->dtype);
}

static weir_status fill(weiri_optim *o) {
  WEIR_TRY(weiri_arena_create(&o->arena, o->ctx, 4096));
  o->partial =
      weiri_arena_take(o->arena, (size_t)(chunks_of(o) + 1) * sizeof *o->partial);
  if (o->partial == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int i = 0; i < o->cls->blocks; i++) {
    o->state[i] = weiri_arena_take(o->arena, block_bytes(o));
    if (o->state[i] == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  weiri_optim_clear(o);
  const int64_t all[2] = {0, o->n};
  return weiri_optim_restrict(o, o->n > 0, all);
}

weir_status weiri_optim_restrict(weiri_optim *o, int64_t n, const int64_t *runs) {
  o->runs = weiri_arena_take(o->arena, (size_t)(2 * n + 1) * sizeof *o->runs);
  if (o->runs == NULL) {
    return WEIR_E_MEMORY;
  }
  memcpy(o->runs, runs, (size_t)(2 * n) * sizeof *runs);
  o->n_runs = n;
  return WEIR_OK;
}

weir_status weiri_optim_create(weiri_optim **out, const weir_ctx *ctx, weiri_team *team,
    const weiri_optim_class *cls, weir_dtype dtype, int64_t n) {
  weiri_optim *o = weiri_calloc(ctx, 1, sizeof *o);
  if (o == NULL) {
    return WEIR_E_MEMORY;
  }
  o->ctx = ctx;
  o->team = team;
  o->cls = cls;
  o->dtype = dtype;
  o->n = n;
  const weir_status status = fill(o);
  if (status != WEIR_OK) {
    weiri_optim_destroy(&o);
    return status;
  }
  *out = o;
  return WEIR_OK;
}

void weiri_optim_destroy(weiri_optim **optim) {
  weiri_optim *o = *optim;
  if (o != NULL) {
    weiri_arena_destroy(&o->arena);
    weiri_free(o->ctx, o);
    *optim = NULL;
  }
}

void weiri_optim_clear(weiri_optim *o) {
  for (int i = 0; i < o->cls->blocks; i++) {
    memset(o->state[i], 0, block_bytes(o));
  }
}

typedef struct job {
  weiri_optim *o;
  char *w, *average;
  const char *g;
  const weiri_update *u;
  double c[2]; /* 1 - beta^t */
  double decay;
} job;

/* Numbers of a chunk; *at is where they start, in bytes. */
static int64_t piece(const weiri_optim *o, int64_t chunk, size_t *at) {
  const int64_t first = chunk * SWEEP, left = o->n - first;
  *at = (size_t)first * weir_dtype_size(o->dtype);
  return left < SWEEP ? left : SWEEP;
}

/* The first run that ends after a place. */
static int64_t run_after(const weiri_optim *o, int64_t place) {
  int64_t lo = 0, hi = o->n_runs;
  while (lo < hi) {
    const int64_t mid = (lo + hi) / 2;
    if (o->runs[2 * mid + 1] > place) {
      hi = mid;
    } else {
      lo = mid + 1;
    }
  }
  return lo;
}

/* Part of run i that lies in a chunk: its numbers, 0 when there is none; *at in bytes.
 */
static int64_t part_of_run(const weiri_optim *o, int64_t i, int64_t chunk, size_t *at) {
  int64_t first = chunk * SWEEP, end = first + SWEEP;
  if (i >= o->n_runs) {
    return 0;
  }
  first = o->runs[2 * i] > first ? o->runs[2 * i] : first;
  end = o->runs[2 * i + 1] < end ? o->runs[2 * i + 1] : end;
  *at = (size_t)first * weir_dtype_size(o->dtype);
  return end > first ? end - first : 0;
}

static void step_chunk(void *arg, int64_t chunk, void *scratch) {
  (void)scratch;
  const job *j = arg;
  const weiri_optim *o = j->o;
  size_t at = 0;
  int64_t n;
  for (int64_t r = run_after(o, chunk * SWEEP); (n = part_of_run(o, r, chunk, &at)) > 0;
       r++) {
    void *state[WEIRI_OPTIM_BLOCKS] = {NULL};
    for (int i = 0; i < o->cls->blocks; i++) {
      state[i] = (char *)o->state[i] + at;
    }
    o->cls->sweep(o->ctx->kern, o->dtype, n, j->w + at, state, j->g + at, j->u, j->c);
  }
}

weir_status weiri_optim_step(
    weiri_optim *o, void *w, const void *g, const weiri_update *u) {
  job j = {.o = o, .w = w, .g = g, .u = u};
  j.c[0] = 1.0 - pow(u->beta1, (double)u->t);
  j.c[1] = 1.0 - pow(u->beta2, (double)u->t);
  return weiri_parallel(o->team, chunks_of(o), COST * (double)o->n, 0, step_chunk, &j);
}

static void norm_chunk(void *arg, int64_t chunk, void *scratch) {
  (void)scratch;
  const job *j = arg;
  const weiri_optim *o = j->o;
  size_t at = 0;
  int64_t n;
  double sum = 0.0;
  for (int64_t r = run_after(o, chunk * SWEEP); (n = part_of_run(o, r, chunk, &at)) > 0;
       r++) {
    sum += o->ctx->kern->sum_squares[o->dtype](n, j->g + at);
  }
  o->partial[chunk] = sum;
}

weir_status weiri_optim_norm(weiri_optim *o, const void *g, double *norm) {
  job j = {.o = o, .g = g};
  WEIR_TRY(
      weiri_parallel(o->team, chunks_of(o), 2.0 * (double)o->n, 0, norm_chunk, &j));
  double sum = 0.0;
  for (int64_t i = 0; i < chunks_of(o); i++) {
    sum += o->partial[i];
  }
  *norm = sqrt(sum);
  return WEIR_OK;
}

static void average_chunk(void *arg, int64_t chunk, void *scratch) {
  (void)scratch;
  const job *j = arg;
  size_t at;
  const int64_t n = piece(j->o, chunk, &at);
  j->o->ctx->kern->ema[j->o->dtype](n, j->decay, j->g + at, j->average + at);
}

weir_status weiri_optim_average(
    weiri_optim *o, double decay, const void *w, void *average) {
  job j = {.o = o, .g = w, .average = average, .decay = decay};
  return weiri_parallel(
      o->team, chunks_of(o), 3.0 * (double)o->n, 0, average_chunk, &j);
}
