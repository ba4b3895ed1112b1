/* Half a cosine from 1 at the end of the warm-up to the floor f at the last step
 * (Loshchilov & Hutter 2017, eq. 5, without restarts):
 *     f + (1 - f) (1 + cos(pi s / n)) / 2. */
#include <math.h>

#include "optim/optim.h"

static double factor(const weiri_schedule *s, int64_t step) {
  const double t = weiri_schedule_progress(s, step);
  return t == 0.0
             ? 1.0
             : s->floor + (1.0 - s->floor) * 0.5 * (1.0 + cos(3.141592653589793 * t));
}

extern const weiri_schedule_class weiri_schedule_cosine;
const weiri_schedule_class weiri_schedule_cosine = {.name = "cosine",
    .doc = "half a cosine from the full rate to final_rate at the last step",
    .factor = factor};
