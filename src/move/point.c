/* Points and chance of a transition. */
#include <string.h>

#include "move/move.h"

weiri_chance weiri_chance_of(
    uint64_t seed, const char *purpose, uint64_t chain, uint64_t iteration) {
  const uint64_t stream = weiri_stream(purpose, chain);
  return (weiri_chance){.normal = {seed, stream ^ weiri_stream("normal", iteration)},
      .uniform = {seed, stream ^ weiri_stream("uniform", iteration)}};
}

double weiri_chance_uniform(weiri_chance *c) {
  return weiri_uniform(c->uniform, c->uniforms++);
}

void weiri_chance_normals(weiri_chance *c, int64_t n, double *out) {
  weiri_fill_normal(c->normal, c->normals, n, WEIR_F64, out);
  c->normals += (uint64_t)n;
}

void weiri_point_copy(int64_t d, weiri_point *to, const weiri_point *from) {
  memcpy(to->x, from->x, (size_t)d * sizeof *to->x);
  if (from->grad != NULL) {
    memcpy(to->grad, from->grad, (size_t)d * sizeof *to->grad);
  }
  to->log_density = from->log_density;
}

weir_status weiri_point_evaluate(const weiri_mover *m, weiri_point *at) {
  ++*m->gradients;
  return weir_target_log_density(
      m->target, 1, at->x, &at->log_density, at->grad, m->failed);
}
