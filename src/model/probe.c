/* One row through a new model: does it run, and which parts does its log-likelihood
 * have?
 */
#include "ad/tape.h"
#include "base/ctx.h"
#include "model/model.h"

/* A point inside of every support. */
static double inside(weir_support s) {
  switch (s.kind) {
  case WEIR_POSITIVE:
    return s.lo + 1.0;
  case WEIR_INTERVAL:
    return 0.5 * (s.lo + s.hi);
  case WEIR_CIRCLE:
  case WEIR_INTEGERS:
    return s.lo;
  default:
    return 0.0;
  }
}

static weir_status name_parts(weir_model *m, const weir_run *run) {
  static const char *const kinds[] = {
      "log_det", "base", "likelihood", "posterior", "prior", "kl", "bound"};
  m->part_names = weiri_calloc(m->ctx, (size_t)run->n_parts + 1, sizeof *m->part_names);
  if (m->part_names == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int i = 0; i < run->n_parts; i++) {
    m->part_names[i] =
        weiri_format(m->ctx, "%s:%s", kinds[run->parts[i].kind], run->parts[i].path);
    if (m->part_names[i] == NULL) {
      return WEIR_E_MEMORY;
    }
    m->stochastic = m->stochastic || run->parts[i].kind == WEIR_PART_LIKELIHOOD;
    m->n_parts++;
  }
  return WEIR_OK;
}

weir_status weiri_model_probe(weir_model *m) {
  weir_run *run = NULL;
  WEIR_TRY(weiri_run_create(&run, m->ctx, weiri_params_dtype(m->params), m->params));
  run->seed = m->seed;
  const weir_event *event = &m->dist->event;
  double *x = weiri_calloc(m->ctx, (size_t)event->features + 1, sizeof *x);
  double *context = weiri_calloc(m->ctx, (size_t)m->dist->context + 1, sizeof *context);
  weir_status status = x == NULL || context == NULL ? WEIR_E_MEMORY : WEIR_OK;
  for (int64_t j = 0; status == WEIR_OK && j < event->features; j++) {
    x[j] = inside(event->support[j]);
  }
  if (status == WEIR_OK) {
    const double *const rows = x, *const given = context;
    const weir_var row = weiri_model_rows(m, run, 1, &rows);
    weir_dist_parts(m->dist, run, row, weiri_model_context(m, run, 1, 1, &given));
    status = weir_tape_status(run->tape);
  }
  if (status == WEIR_OK) {
    status = name_parts(m, run);
  }
  weiri_free(m->ctx, x);
  weiri_free(m->ctx, context);
  weiri_run_destroy(&run);
  return status;
}
