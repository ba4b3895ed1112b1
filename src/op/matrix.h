/* Shared by the operations on square matrices: masks, transposition, batches. */
#ifndef WEIRI_MATRIX_H
#define WEIRI_MATRIX_H

#include "op/op.h"

/* Entries of a triangle: 1 strictly inside, diagonal on the diagonal, 0 outside. */
typedef struct weiri_band {
  bool lower;
  double diagonal;
} weiri_band;

/* A leaf of shape [.., d, d] that repeats the band. */
weir_var weiri_triangle(weir_tape *t, weir_shape shape, weiri_band band);
/* Leading axes folded into rows: [.., d] to [n, d]. */
weir_var weiri_fold_rows(weir_tape *t, weir_var x);
/* The last two axes exchanged. */
weir_var weiri_swap_last(weir_tape *t, weir_var x);
/* Shape [.., d, d]? Otherwise poisons the tape in the name of the operation. */
bool weiri_square(weir_tape *t, const char *name, weir_var x);

/* Runs fn over the matrices of x [.., d, d], in float64, in parallel: out numbers per
 * matrix go to y. work holds 2 d^2 + d numbers, the first d^2 of them the matrix. fn
 * returns false to report a numerical failure, which poisons the tape. */
typedef bool weiri_matrix_fn(int64_t d, double *work, double *out);
void weiri_eval_matrices(
    weir_tape *t, const weir_node *y, weiri_matrix_fn *fn, int64_t out);

/* LU with partial pivoting in place (Golub & Van Loan, algorithm 3.4.1): the rows are
 * exchanged as pivot says. A singular matrix leaves a zero on the diagonal. */
void weiri_lu(int64_t d, double *a, double *pivot);

#endif
