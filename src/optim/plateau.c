/* The rate is multiplied by shrink whenever `patience` evaluations in a row bring no
 * improvement of the held-out likelihood, down to the floor. */
#include "optim/optim.h"

static double factor(const weiri_schedule *s, int64_t step) {
  (void)step;
  return s->scale;
}

static void observe(weiri_schedule *s, double score) {
  if (score > s->best) {
    s->best = score;
    s->waited = 0;
    return;
  }
  s->waited++;
  if (s->waited >= s->patience) {
    s->waited = 0;
    s->scale *= s->shrink;
    s->scale = s->scale < s->floor ? s->floor : s->scale;
  }
}

extern const weiri_schedule_class weiri_schedule_plateau;
const weiri_schedule_class weiri_schedule_plateau = {.name = "plateau",
    .doc = "a smaller rate whenever the held-out likelihood stops rising",
    .factor = factor,
    .observe = observe};
