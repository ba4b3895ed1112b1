/* Random-walk Metropolis: y = x + e L z, z ~ N(0, I), taken with probability
 * min(1, p(y) / p(x)). */
#include <math.h>

#include "move/move.h"

int64_t weiri_random_walk_work(int64_t d) {
  return d;
}

weir_status weiri_random_walk(
    const weiri_mover *m, weiri_chance *c, weiri_point *at, weiri_moved *out) {
  const int64_t d = m->d;
  weiri_point to = {m->work, NULL, 0.0};
  weiri_chance_normals(c, d, to.x);
  weiri_metric_spread(m->metric, to.x);
  for (int64_t i = 0; i < d; i++) {
    to.x[i] = at->x[i] + m->step * to.x[i];
  }
  WEIR_TRY(weiri_point_evaluate(m, &to));
  *out = (weiri_moved){.leapfrogs = 1, .energy = NAN};
  out->accepted = weiri_metropolis(c, to.log_density - at->log_density, &out->accept);
  if (out->accepted) {
    weiri_point_copy(d, at, &to);
  }
  return WEIR_OK;
}
