/* What the models of this folder share: data from JSON, names and bounds of their
 * coordinates, and the functions of weir/module.h in terms of three of their own:
 *
 *     posterior_load      reads the data, names the coordinates
 *     posterior_density   log density and gradient at one point
 *     posterior_show      what is shown of a point (POSTERIOR_OUTPUTS before the
 * include)
 */
#ifndef POSTERIOR_H
#define POSTERIOR_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "weir/module.h"

#define POSTERIOR_MOST 64 /* coordinates, and vectors of data */

typedef struct posterior {
  void *self; /* of the model */
  int64_t n;
  char name[POSTERIOR_MOST][40];
  double lo[POSTERIOR_MOST], hi[POSTERIOR_MOST];
  double *room[POSTERIOR_MOST];
  int rooms;
  char *message;
  size_t message_room;
} posterior;

bool posterior_load(posterior *p, const json_t *data);
/* False: the point is rejected. */
bool posterior_density(const void *self, const double *x, double *value, double *grad);
void posterior_show(const posterior *p, const double *x, double *out);

/* ---- memory and data ---- */

static inline void *posterior_new(posterior *p, size_t size) {
  p->self = calloc(1, size);
  if (p->self == NULL) {
    abort(); /* some dozen bytes */
  }
  return p->self;
}

static inline double *posterior_room(posterior *p, int64_t n) {
  if (p->rooms == POSTERIOR_MOST) {
    return NULL;
  }
  double *x = calloc((size_t)n + 1, sizeof *x);
  p->room[p->rooms++] = x;
  return x;
}

static inline bool posterior_sizes(posterior *p, bool good, const char *wanted) {
  if (!good) {
    snprintf(p->message, p->message_room, "expected %s", wanted);
  }
  return good;
}

static inline bool posterior_number(
    posterior *p, const json_t *data, const char *key, double *out) {
  const json_t *x = json_object_get(data, key);
  if (!json_is_number(x)) {
    snprintf(p->message, p->message_room, "'%s': expected a number", key);
    return false;
  }
  *out = json_number_value(x);
  return true;
}

/* Rows [rows, columns] of a list of lists. */
static inline bool posterior_matrix(posterior *p, const json_t *data, const char *key,
    double **out, int64_t *rows, int64_t *columns) {
  const json_t *list = json_object_get(data, key);
  *rows = (int64_t)json_array_size(list);
  *columns = (int64_t)json_array_size(json_array_get(list, 0));
  *out = posterior_room(p, *rows * *columns);
  bool good = *rows > 0 && *columns > 0 && *out != NULL;
  for (int64_t i = 0; good && i < *rows * *columns; i++) {
    const json_t *row = json_array_get(list, (size_t)(i / *columns));
    const json_t *x = json_array_get(row, (size_t)(i % *columns));
    good = json_is_number(x) && (int64_t)json_array_size(row) == *columns;
    (*out)[i] = json_number_value(x);
  }
  if (!good) {
    snprintf(
        p->message, p->message_room, "'%s': expected a list of lists of numbers", key);
  }
  return good;
}

static inline bool posterior_vector(
    posterior *p, const json_t *data, const char *key, double **out, int64_t *n) {
  const json_t *list = json_object_get(data, key);
  *n = (int64_t)json_array_size(list);
  *out = posterior_room(p, *n);
  bool good = *n > 0 && *out != NULL;
  for (int64_t i = 0; good && i < *n; i++) {
    const json_t *x = json_array_get(list, (size_t)i);
    good = json_is_number(x);
    (*out)[i] = json_number_value(x);
  }
  if (!good) {
    snprintf(p->message, p->message_room, "'%s': expected a list of numbers", key);
  }
  return good;
}

/* ---- coordinates ---- */

static inline bool posterior_interval(
    posterior *p, const char *name, double lo, double hi) {
  if (!posterior_sizes(p, p->n < POSTERIOR_MOST, "fewer coordinates")) {
    return false;
  }
  snprintf(p->name[p->n], sizeof p->name[0], "%s", name);
  p->lo[p->n] = lo;
  p->hi[p->n++] = hi;
  return true;
}

static inline bool posterior_real(posterior *p, const char *name) {
  return posterior_interval(p, name, -INFINITY, INFINITY);
}

static inline bool posterior_positive(posterior *p, const char *name) {
  return posterior_interval(p, name, 0, INFINITY);
}

static inline bool posterior_list(
    posterior *p, const char *name, int64_t n, double lo) {
  bool good = true;
  for (int64_t i = 1; good && i <= n; i++) {
    char full[40];
    snprintf(full, sizeof full, "%s[%lld]", name, (long long)i);
    good = posterior_interval(p, full, lo, INFINITY);
  }
  return good;
}

static inline bool posterior_reals(posterior *p, const char *name, int64_t n) {
  return posterior_list(p, name, n, -INFINITY);
}

static inline bool posterior_positives(posterior *p, const char *name, int64_t n) {
  return posterior_list(p, name, n, 0);
}

/* ---- weir/module.h ---- */

int weir_target_abi(void) {
  return WEIR_TARGET_ABI;
}

void weir_target_close(void *model) {
  posterior *p = model;
  for (int i = 0; i < p->rooms; i++) {
    free(p->room[i]);
  }
  free(p->self);
  free(p);
}

int weir_target_open(
    void **model, const char *data, size_t size, char *message, size_t room) {
  json_error_t error;
  posterior *p = calloc(1, sizeof *p);
  json_t *json = data == NULL ? NULL : json_loadb(data, size, 0, &error);
  if (p == NULL || json == NULL) {
    snprintf(message, room, "%s",
        data == NULL ? "it needs data (JSON)"
        : p == NULL  ? "out of memory"
                     : error.text);
    json_decref(json);
    free(p);
    return 1;
  }
  p->message = message;
  p->message_room = room;
  const bool good = posterior_load(p, json);
  json_decref(json);
  p->message = NULL;
  if (!good) {
    weir_target_close(p);
    return 1;
  }
  *model = p;
  return 0;
}

int64_t weir_target_size(void *model) {
  return ((posterior *)model)->n;
}

const char *weir_target_label(void *model, int64_t i) {
  return ((posterior *)model)->name[i];
}

int weir_target_bounds(void *model, int64_t i, double *lo, double *hi) {
  const posterior *p = model;
  *lo = p->lo[i];
  *hi = p->hi[i];
  return 0;
}

int weir_target_eval(
    void *model, int64_t n, const double *x, double *log_density, double *grad) {
  const posterior *p = model;
  double unused[POSTERIOR_MOST];
  for (int64_t i = 0; i < n; i++) {
    double *g = grad == NULL ? unused : grad + i * p->n;
    if (!posterior_density(p->self, x + i * p->n, log_density + i, g)) {
      log_density[i] = NAN;
    }
  }
  return 0;
}

#ifdef POSTERIOR_OUTPUTS
int64_t weir_target_derived(void *model) {
  return ((posterior *)model)->n;
}

int weir_target_derive(void *model, int64_t n, const double *x, double *out) {
  const posterior *p = model;
  for (int64_t i = 0; i < n; i++) {
    posterior_show(p, x + i * p->n, out + i * p->n);
  }
  return 0;
}
#endif

#endif
