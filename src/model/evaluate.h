/* Passes of rows through a model, for the functions that users call. */
#ifndef WEIRI_EVALUATE_H
#define WEIRI_EVALUATE_H

#include "model/model.h"

/* What is asked of a model. */
typedef enum weiri_verb {
  WEIRI_LOG_PROB,
  WEIRI_GRADIENT,
  WEIRI_PARTS,
  WEIRI_SAMPLE,
  WEIRI_SAMPLE_LOG_PROB,
  WEIRI_ENCODE,
  WEIRI_DECODE,
  WEIRI_COARSEN,
  WEIRI_VERBS
} weiri_verb;

/* One call over n rows: which block, and what every block needs. */
typedef struct weiri_pass {
  const weir_model *model;
  int64_t n, contexts;
  const double *context;
  const double *in; /* [n, in_width] or NULL */
  int64_t in_width;
  const weir_sample_opts *opts;
  bool means;              /* of distributions, in place of draws */
  const weir_frame *frame; /* whose rows these are, or NULL */
  int64_t from;            /* number of the first row, without a frame */
  double *out, *extra;     /* meaning is the verb's */
} weiri_pass;

/* The pass, on a tape of its own. Errors: E_SHAPE, E_UNSUPPORTED, E_MEMORY. */
weir_status weiri_pass_rows(const weiri_pass *p, weiri_verb v, uint64_t seed);

#endif
