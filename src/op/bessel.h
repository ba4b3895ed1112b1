/* Modified Bessel functions of the first kind in the forms that directional statistics
 * needs: nothing overflows, underflows or cancels, from x = 0 on. */
#ifndef WEIRI_BESSEL_H
#define WEIRI_BESSEL_H

#include "op/op.h"

typedef struct weiri_bessel {
  double log;   /* log(exp(-x) x^-nu I_nu(x)) */
  double ratio; /* I_{nu+1}(x) / I_nu(x) */
  double gap;   /* 1 - ratio, to its own digits */
  double slope; /* d ratio / dx */
} weiri_bessel;

/* nu >= 0, finite x >= 0; NaN otherwise. Relative errors: ratio and gap 2e-13,
 * slope 3e-13 (10 + x); of log 1e-14, absolute and relative. Cost: up to 120 divisions
 * where x and nu are small. */
weiri_bessel weiri_bessel_at(double nu, double x);

/* One member of it for every element of the input, whose attribute is nu (double). */
typedef enum weiri_bessel_part {
  WEIRI_BESSEL_LOG,
  WEIRI_BESSEL_GAP,
  WEIRI_BESSEL_SLOPE
} weiri_bessel_part;
void weiri_bessel_eval(weir_tape *t, const weir_node *y, weiri_bessel_part part);

#endif
