/* Cholesky factor and its solves, float64, row-major, in place. */
#include "base/chol.h"

#include <math.h>

bool weiri_chol(int64_t m, double *a) {
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j <= i; j++) {
      double s = a[i * m + j];
      for (int64_t k = 0; k < j; k++) {
        s -= a[i * m + k] * a[j * m + k];
      }
      if (i > j) {
        a[i * m + j] = s / a[j * m + j];
      } else if (s > 0.0 && isfinite(s)) {
        a[i * m + i] = sqrt(s);
      } else {
        return false;
      }
    }
  }
  return true;
}

void weiri_chol_solve(int64_t m, const double *l, int64_t nb, double *b) {
  for (int64_t i = 0; i < m; i++) {
    for (int64_t k = 0; k < i; k++) {
      for (int64_t c = 0; c < nb; c++) {
        b[i * nb + c] -= l[i * m + k] * b[k * nb + c];
      }
    }
    for (int64_t c = 0; c < nb; c++) {
      b[i * nb + c] /= l[i * m + i];
    }
  }
  for (int64_t i = m; i-- > 0;) {
    for (int64_t k = i + 1; k < m; k++) {
      for (int64_t c = 0; c < nb; c++) {
        b[i * nb + c] -= l[k * m + i] * b[k * nb + c];
      }
    }
    for (int64_t c = 0; c < nb; c++) {
      b[i * nb + c] /= l[i * m + i];
    }
  }
}

void weiri_chol_whiten(int64_t m, const double *l, const double *mean, int64_t n,
    const double *x, double *z) {
  for (int64_t r = 0; r < n; r++) {
    const double *from = x + r * m;
    double *to = z + r * m;
    for (int64_t i = 0; i < m; i++) {
      double s = from[i] - mean[i];
      for (int64_t k = 0; k < i; k++) {
        s -= l[i * m + k] * to[k];
      }
      to[i] = s / l[i * m + i];
    }
  }
}
