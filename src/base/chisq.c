/* The chi-square distribution's upper tail, Q(k/2, x/2) with the regularised incomplete
 * gamma function: its series below a + 1, the continued fraction of Legendre above
 * (Abramowitz and Stegun 6.5.29 and 6.5.31, the latter by Lentz's method). */
#include "base/chisq.h"

#include <math.h>

enum { TERMS = 10000 };
#define SMALL 1e-16

/* P(a, x) = x^a e^-x / Gamma(a + 1) (1 + x/(a+1) + x^2/((a+1)(a+2)) + ...) */
static double series(double a, double x) {
  double term = 1.0, sum = 1.0;
  for (int i = 1; i < TERMS && term > SMALL * sum; i++) {
    term *= x / (a + i);
    sum += term;
  }
  return sum * exp(a * log(x) - x - lgamma(a + 1.0));
}

/* Q(a, x) = x^a e^-x / Gamma(a) 1/(x+1-a - 1(1-a)/(x+3-a - 2(2-a)/(x+5-a - ...))) */
static double fraction(double a, double x) {
  double b = x + 1.0 - a, c = 1.0 / 1e-300, d = 1.0 / b, h = d;
  for (int i = 1; i < TERMS; i++) {
    const double an = -i * (i - a);
    b += 2.0;
    d = 1.0 / (an * d + b);
    c = b + an / c;
    h *= c * d;
    if (fabs(c * d - 1.0) < SMALL) {
      break;
    }
  }
  return h * exp(a * log(x) - x - lgamma(a));
}

double weiri_chi_square_above(double x, double k) {
  const double a = 0.5 * k, half = 0.5 * x;
  return !(half > 0.0)    ? 1.0
         : half < a + 1.0 ? 1.0 - series(a, half)
                          : fraction(a, half);
}
