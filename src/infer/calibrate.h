/* Inside of simulation-based calibration. */
#ifndef WEIRI_CALIBRATE_H
#define WEIRI_CALIBRATE_H

#include "infer/infer.h"
#include "weir/calibrate.h"

struct weir_calibration {
  weir_ctx *ctx;
  int64_t n, done, failed, ranks, outputs; /* n: asked for */
  char **name;                             /* [outputs] */
  double *rank;    /* [n, outputs], -1 where a simulation failed */
  int64_t *counts; /* [outputs, ranks] */
  const char *kind, *method;
  char first_failure[256];
  char text[400];
};

/* Counts and the sentence, once all ranks are there. */
weir_status weiri_calibration_finish(weir_calibration *c);

#endif
