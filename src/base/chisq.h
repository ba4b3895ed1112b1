/* The chi-square distribution. */
#ifndef WEIRI_CHISQ_H
#define WEIRI_CHISQ_H

/* P(X > x) for k > 0 degrees of freedom: 1 for x <= 0. */
double weiri_chi_square_above(double x, double k);

#endif
