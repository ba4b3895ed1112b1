/* The order of the rows in an epoch: a function of the seed, the number of rows and the
 * epoch. Up to WEIRI_ROWS_MANY rows it is one permutation. More rows are cut into
 * blocks of neighbours; blocks come in random order, and the rows of some thousand
 * blocks at a time are shuffled, so that a file larger than memory is read in pieces
 * and no array grows with it. */
#ifndef WEIRI_ORDER_H
#define WEIRI_ORDER_H

#include "base/bulk.h"
#include "base/rng.h"

typedef struct weiri_order {
  const weir_ctx *ctx;
  int64_t n;
  uint64_t seed;
  int64_t epoch;       /* -1: none yet */
  int64_t short_place; /* of the last block, which may be short, in the epoch's order */
  int64_t first, count; /* places of the window that row holds */
  int64_t *row;         /* [min(n, WEIRI_ROWS_MANY)] */
} weiri_order;

weir_status weiri_order_create(
    weiri_order *o, const weir_ctx *ctx, int64_t n, uint64_t seed);
void weiri_order_destroy(weiri_order *o);
/* Rows at places first .. first + n - 1 of an epoch. */
void weiri_order_take(
    weiri_order *o, int64_t epoch, int64_t first, int64_t n, int64_t *out);

#endif
