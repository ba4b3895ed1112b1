/* Cholesky factors of small matrices, float64, row-major. */
#ifndef WEIRI_CHOL_H
#define WEIRI_CHOL_H

#include <stdbool.h>
#include <stdint.h>

/* a [m, m] = L L' in the lower triangle; false when it is not positive definite. */
bool weiri_chol(int64_t m, double *a);
/* Solves L L' x = b for the nb columns of b [m, nb], in place. */
void weiri_chol_solve(int64_t m, const double *l, int64_t nb, double *b);
/* z [n, m] = L^-1 (x - mean), rows x [n, m]: what has the mean and the covariance L L'
 * becomes white. z may be x. */
void weiri_chol_whiten(int64_t m, const double *l, const double *mean, int64_t n,
    const double *x, double *z);

#endif
