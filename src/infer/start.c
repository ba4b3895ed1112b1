/* Where chains begin: a point of finite density, a first step size. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "infer/adapt.h"

enum { TRIES = 100 };

weir_status weiri_check_constant(
    const weir_target *t, const weiri_point *at, double *scratch) {
  weiri_point other = {scratch, scratch + t->dim, 0.0};
  for (int64_t i = 0; i < t->dim; i++) {
    if (at->grad[i] != 0.0) {
      return WEIR_OK;
    }
    other.x[i] = 3.0 * at->x[i] + 1.0;
  }
  WEIR_TRY(
      weir_target_log_density(t, 1, other.x, &other.log_density, other.grad, NULL));
  for (int64_t i = 0; i < t->dim; i++) {
    if (other.grad[i] != 0.0) {
      return WEIR_OK;
    }
  }
  return other.log_density == at->log_density
             ? weiri_fail(WEIR_E_DATA,
                   "the log density is constant (%g, gradient 0): there is nothing to "
                   "draw from",
                   at->log_density)
             : WEIR_OK;
}

static weir_status start_given(
    const weiri_mover *m, int64_t chain, const double *given, weiri_point *at) {
  const int64_t failed = *m->failed;
  memcpy(at->x, given, (size_t)m->d * sizeof *given);
  WEIR_TRY(weiri_point_evaluate(m, at));
  if (at->log_density > -INFINITY) {
    return weiri_check_constant(m->target, at, m->work);
  }
  return *m->failed > failed
             ? weiri_fail(WEIR_E_DATA,
                   "chain %" PRId64
                   ": the log density cannot be had at the start point given: %s",
                   chain + 1, weir_error())
             : weiri_fail(WEIR_E_DATA,
                   "chain %" PRId64
                   ": the log density is -inf at the start point given",
                   chain + 1);
}

weir_status weiri_start(const weiri_mover *m, uint64_t seed, int64_t chain,
    double radius, const double *given, weiri_point *at) {
  if (given != NULL) {
    return start_given(m, chain, given, at);
  }
  const int64_t before = *m->failed;
  char why[200] = "";
  for (uint64_t i = 0; i < TRIES; i++) {
    weiri_chance c = weiri_chance_of(seed, "start", (uint64_t)chain, i);
    for (int64_t j = 0; j < m->d; j++) {
      at->x[j] = radius * (2.0 * weiri_chance_uniform(&c) - 1.0);
    }
    const int64_t failed = *m->failed;
    WEIR_TRY(weiri_point_evaluate(m, at));
    if (at->log_density > -INFINITY) {
      return weiri_check_constant(m->target, at, m->work);
    }
    if (*m->failed > failed && why[0] == '\0') {
      strncpy(why, weir_error(), sizeof why - 1);
    }
  }
  const int64_t failed = *m->failed - before;
  return weiri_fail(WEIR_E_DATA,
      "chain %" PRId64 ": no starting point: at %d points with coordinates in (%g, %g) "
      "the log density was -inf %" PRId64 " times and could not be had %" PRId64
      " times%s%s",
      chain + 1, TRIES, -radius, radius, TRIES - failed, failed,
      why[0] == '\0' ? "" : ": ", why);
}
