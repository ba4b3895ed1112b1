/* Linear warm-up in front of every schedule: step s of w counts (s + 1) / w of what the
 * schedule says. */
#include "optim/optim.h"

#include <math.h>

void weiri_schedule_begin(weiri_schedule *s) {
  s->scale = 1.0;
  s->best = -INFINITY;
  s->waited = 0;
}

double weiri_schedule_factor(const weiri_schedule *s, int64_t step) {
  const double factor = s->cls->factor(s, step);
  return step < s->warmup ? factor * (double)(step + 1) / (double)s->warmup : factor;
}

void weiri_schedule_observe(weiri_schedule *s, double score) {
  if (s->cls->observe != NULL) {
    s->cls->observe(s, score);
  }
}
