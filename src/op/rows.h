/* Evaluation row by row along the last axis, over threads. */
#ifndef WEIRI_ROWS_H
#define WEIRI_ROWS_H

#include "op/op.h"

/* Kernel over m rows of n numbers; y has out numbers per row. */
typedef void weiri_rows_fn(int64_t m, int64_t n, const void *x, void *y);

void weiri_eval_rows(weir_tape *t, const weir_node *y, weiri_rows_fn *fn, int64_t out,
    double cost_per_number);

#endif
