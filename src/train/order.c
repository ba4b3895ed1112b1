/* Orders of rows, whole or window by window. */
#include "train/order.h"

#include <string.h>

enum { BLOCK = 256 };
#define WINDOW_BLOCKS (WEIRI_ROWS_MANY / BLOCK)

weir_status weiri_order_create(
    weiri_order *o, const weir_ctx *ctx, int64_t n, uint64_t seed) {
  const int64_t room = n < WEIRI_ROWS_MANY ? n : WEIRI_ROWS_MANY;
  *o = (weiri_order){.ctx = ctx, .n = n, .seed = seed, .epoch = -1};
  o->row = weiri_calloc(ctx, (size_t)room + 1, sizeof *o->row);
  return o->row != NULL ? WEIR_OK : WEIR_E_MEMORY;
}

void weiri_order_destroy(weiri_order *o) {
  if (o->ctx != NULL) {
    weiri_free(o->ctx, o->row);
  }
  *o = (weiri_order){0};
}

static int64_t blocks_of(const weiri_order *o) {
  return (o->n + BLOCK - 1) / BLOCK;
}

static int64_t block_at(const weiri_order *o, int64_t place) {
  const weiri_rng rng = {o->seed, weiri_stream("train.blocks", (uint64_t)o->epoch)};
  return weiri_permuted(rng, blocks_of(o), place);
}

static void begin_epoch(weiri_order *o, int64_t epoch) {
  const weiri_rng rng = {o->seed, weiri_stream("train.order", (uint64_t)epoch)};
  o->epoch = epoch;
  o->first = o->count = 0;
  if (o->n <= WEIRI_ROWS_MANY) {
    weiri_permutation(rng, o->n, o->row);
    o->count = o->n;
    return;
  }
  o->short_place = 0;
  while (block_at(o, o->short_place) != blocks_of(o) - 1) {
    o->short_place++;
  }
}

/* The place of the first row of a window. */
static int64_t window_start(const weiri_order *o, int64_t window) {
  const int64_t missing = BLOCK * blocks_of(o) - o->n;
  return window * WEIRI_ROWS_MANY -
         (o->short_place < window * WINDOW_BLOCKS ? missing : 0);
}

static int64_t shuffle(const weiri_order *o, int64_t window, int64_t n, int64_t *row) {
  const weiri_rng rng = {o->seed ^ (uint64_t)window * 0x9e3779b97f4a7c15u,
      weiri_stream("train.window", (uint64_t)o->epoch)};
  for (int64_t i = n - 1; i > 0; i--) {
    const int64_t j = weiri_below(rng, (uint64_t)i, i + 1), kept = row[i];
    row[i] = row[j];
    row[j] = kept;
  }
  return n;
}

/* Makes row hold the window that place is in. */
static void load(weiri_order *o, int64_t place) {
  int64_t window = place / WEIRI_ROWS_MANY, n = 0;
  if (window_start(o, window + 1) <= place) {
    window++;
  }
  const int64_t last = blocks_of(o), from = window * WINDOW_BLOCKS;
  for (int64_t k = from; k < from + WINDOW_BLOCKS && k < last; k++) {
    const int64_t begin = BLOCK * block_at(o, k);
    for (int64_t i = begin; i < begin + BLOCK && i < o->n; i++) {
      o->row[n++] = i;
    }
  }
  o->first = window_start(o, window);
  o->count = shuffle(o, window, n, o->row);
}

void weiri_order_take(
    weiri_order *o, int64_t epoch, int64_t first, int64_t n, int64_t *out) {
  if (epoch != o->epoch) {
    begin_epoch(o, epoch);
  }
  while (n > 0) {
    if (first < o->first || first >= o->first + o->count) {
      load(o, first);
    }
    const int64_t left = o->first + o->count - first, take = n < left ? n : left;
    memcpy(out, o->row + (first - o->first), (size_t)take * sizeof *out);
    first += take;
    out += take;
    n -= take;
  }
}
