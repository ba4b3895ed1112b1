/* A target in a shared object: a straight line through points, y_i ~ N(a + b x_i,
 * sigma^2), a, b ~ N(0, 10^2), sigma ~ Exponential(1). The data are lines "x y".
 *
 *     cc -O2 -shared -fPIC -I include examples/infer_model.c -o model.so -lm
 *     weir infer ./model.so --data points.txt */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "weir/module.h"

typedef struct line {
  int64_t n;
  double x[1000], y[1000];
} line;

int weir_target_abi(void) {
  return WEIR_TARGET_ABI;
}

int weir_target_open(
    void **model, const char *data, size_t size, char *message, size_t room) {
  line *m = calloc(1, sizeof *m);
  char *end = NULL;
  (void)size;
  while (m != NULL && data != NULL && m->n < 1000) {
    m->x[m->n] = strtod(data, &end);
    if (end == data) {
      break;
    }
    m->y[m->n++] = strtod(end, &end);
    data = end;
  }
  if (m == NULL || m->n < 2) {
    snprintf(message, room, "expected at least two points, lines \"x y\"");
    free(m);
    return 1;
  }
  *model = m;
  return 0;
}

void weir_target_close(void *model) {
  free(model);
}

int64_t weir_target_size(void *model) {
  (void)model;
  return 3;
}

const char *weir_target_label(void *model, int64_t i) {
  static const char *const names[] = {"a", "b", "sigma"};
  (void)model;
  return names[i];
}

int weir_target_bounds(void *model, int64_t i, double *lo, double *hi) {
  (void)model;
  *lo = i == 2 ? 0.0 : -INFINITY;
  *hi = INFINITY;
  return 0;
}

/* At one point; grad may be NULL. */
static double density(const line *m, const double *p, double *grad) {
  const double a = p[0], b = p[1], s = p[2];
  double value = -(a * a + b * b) / 200.0 - s - (double)m->n * log(s);
  double by[3] = {-a / 100.0, -b / 100.0, -1.0 - (double)m->n / s};
  for (int64_t i = 0; i < m->n; i++) {
    const double e = (m->y[i] - a - b * m->x[i]) / s;
    value -= 0.5 * e * e;
    by[0] += e / s;
    by[1] += e / s * m->x[i];
    by[2] += e * e / s;
  }
  for (int j = 0; grad != NULL && j < 3; j++) {
    grad[j] = by[j];
  }
  return value;
}

int weir_target_eval(
    void *model, int64_t n, const double *x, double *log_density, double *grad) {
  for (int64_t i = 0; i < n; i++) {
    log_density[i] = density(model, x + 3 * i, grad == NULL ? NULL : grad + 3 * i);
  }
  return 0;
}
