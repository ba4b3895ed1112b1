/* Metropolis et al. 1953, Hastings 1970: a move is taken with probability
 * min(1, e^log_ratio). A ratio that is not a number is 0. */
#include <math.h>

#include "move/move.h"

bool weiri_metropolis(weiri_chance *c, double log_ratio, double *accept) {
  const double p = isnan(log_ratio) ? 0.0 : log_ratio >= 0.0 ? 1.0 : exp(log_ratio);
  if (accept != NULL) {
    *accept = p;
  }
  return weiri_chance_uniform(c) < p;
}
