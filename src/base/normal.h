/* The standard normal distribution. */
#ifndef WEIRI_NORMAL_H
#define WEIRI_NORMAL_H

/* x with P(Z < x) = p; -inf at 0, inf at 1, NaN outside. */
double weiri_normal_quantile(double p);

#endif
