/* What posterior flows share: inner products of rows, reflections, matrices per row. */
#ifndef WEIRI_LAYER_ROWS_H
#define WEIRI_LAYER_ROWS_H

#include "part/theta.h"

/* Row by row a . b: [m, d] and [n, d], either with one row, to [n, 1]. */
weir_var weiri_row_dot(weir_tape *t, weir_var a, weir_var b);
/* Reflections of rows x [n, d] in the hyperplanes across the k vectors v [n or 1, k d],
 * the first (or, turned, the last) vector first: x - 2 v (v . x) / |v|^2. */
weir_var weiri_reflect(
    weir_tape *t, weir_var x, weir_var v, int64_t k, int64_t d, bool turned);
/* Rows x [n, a] times one matrix [a, b] or a matrix per row [n, a, b]; transposed:
 * [b, a] and [n, b, a]. */
weir_var weiri_row_product(weir_tape *t, weir_var x, weir_var matrix, bool transposed);
/* Pushes log-determinants [n, 1] or [n] of the direction called; negated if asked. */
void weiri_push_rows(
    const weir_layer *l, weir_run *run, weir_var log_det, bool negated);

#endif
