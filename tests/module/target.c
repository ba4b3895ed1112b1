/* A shared object for the tests: exponential(rate) and a logit-normal-free uniform, in
 * variants that WEIR_BAD chooses: a symbol missing, another version, data refused, a
 * gradient wrong, calls that fail, names that clash. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/module.h"

#ifndef WEIR_BAD
#define WEIR_BAD 0
#endif
enum { GOOD, MISSING, VERSION, GRADIENT, NAMES, FAILS, NOWHERE, IMPROPER, CONSTANT };

int weir_target_abi(void) {
  return WEIR_BAD == VERSION ? 99 : WEIR_TARGET_ABI;
}

/* The data: "rate 2.5". */
int weir_target_open(
    void **model, const char *data, size_t size, char *message, size_t room) {
  double *rate = malloc(sizeof *rate);
  *rate = 1.0;
  if (data != NULL && (size < 6 || strncmp(data, "rate ", 5) != 0)) {
    snprintf(message, room, "expected 'rate' and a number, found '%.10s'", data);
    free(rate);
    return 7;
  }
  if (data != NULL) {
    *rate = strtod(data + 5, NULL);
  }
  *model = rate;
  return 0;
}

void weir_target_close(void *model) {
  free(model);
}

int64_t weir_target_size(void *model) {
  (void)model;
  return 2;
}

const char *weir_target_label(void *model, int64_t i) {
  (void)model;
  return i == 0 ? "wait" : WEIR_BAD == NAMES ? "wait" : "share";
}

int weir_target_bounds(void *model, int64_t i, double *lo, double *hi) {
  (void)model;
  if (WEIR_BAD == CONSTANT || WEIR_BAD == IMPROPER) {
    *lo = -INFINITY;
    *hi = INFINITY;
    return 0;
  }
  *lo = i == 0 ? 0.0 : 2.0;
  *hi = i == 0 ? INFINITY : 5.0;
  return 0;
}

/* wait ~ Exponential(rate), share uniform in (2, 5) */
static double density(double rate, const double *x, double *grad) {
  if (grad != NULL) {
    grad[0] = WEIR_BAD == GRADIENT ? rate : WEIR_BAD == CONSTANT ? 0.0 : -rate;
    grad[1] = 0.0;
  }
  return WEIR_BAD == CONSTANT ? 3.0 : WEIR_BAD == NOWHERE ? -INFINITY : -rate * x[0];
}

#if WEIR_BAD != 1
int weir_target_eval(
    void *model, int64_t n, const double *x, double *log_density, double *grad) {
  for (int64_t i = 0; i < n; i++) {
    log_density[i] =
        density(*(double *)model, x + 2 * i, grad == NULL ? NULL : grad + 2 * i);
    if (WEIR_BAD == FAILS && x[2 * i] > 1.0) {
      return 3;
    }
  }
  return 0;
}
#endif

int weir_target_draw(void *model, uint64_t seed, int64_t i, double *x) {
  const double u =
      fmod(0.5 + 0.6180339887498949 * (double)(i + 1 + (int64_t)seed), 1.0);
  const double v =
      fmod(0.5 + 0.7548776662466927 * (double)(i + 1 + (int64_t)seed), 1.0);
  x[0] = -log(u) / *(double *)model;
  x[1] = 2.0 + 3.0 * v;
  return 0;
}
