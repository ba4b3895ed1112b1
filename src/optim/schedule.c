/* Linear warm-up in front of every schedule: step s of w counts (s + 1) / w of what the
 * schedule says. */
#include "optim/optim.h"

#include <math.h>

void weiri_schedule_begin(weiri_schedule *s) {
  s->scale = 1.0;
  s->best = -INFINITY;
  s->waited = 0;
}

double weiri_schedule_progress(const weiri_schedule *s, int64_t step) {
  const bool turned = s->turned > s->warmup;
  const int64_t begin = turned ? s->turned : s->warmup;
  const int64_t n = s->steps - begin, at = step - begin;
  const double done = turned ? s->done : 0.0;
  if (n <= 0 || at <= 0) {
    return done; /* warming up, or the end is not known yet */
  }
  return at >= n ? 1.0 : done + (1.0 - done) * ((double)at / (double)n);
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
