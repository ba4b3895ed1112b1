/* Start points in a file, named as the target names what it shows: a JSON object
 * {"mu": 1, "theta": [0.1, -2]} (CmdStan's format of inits), or an array of them.
 * Nested arrays are read by rows: {"z": [[a, b]]} gives z[1,1] and z[1,2]. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "infer/infer.h"

enum { NAME = 256 };

typedef struct reader {
  const weir_target *target;
  const char *path;
  int64_t point;
  double *outputs; /* [outputs] of one point; NaN: not there yet */
} reader;

static weir_status put(const reader *r, const char *name, const json_t *value) {
  if (!json_is_number(value)) {
    return weiri_fail(WEIR_E_FORMAT,
        "%s: start point %" PRId64 ": %s: expected a number or an array of them",
        r->path, r->point + 1, name);
  }
  for (int64_t i = 0; i < r->target->outputs; i++) {
    if (strcmp(r->target->name[i], name) == 0) {
      r->outputs[i] = json_number_value(value);
      return WEIR_OK;
    }
  }
  return weiri_fail(WEIR_E_DATA,
      "%s: start point %" PRId64 ": no parameter is called '%s'", r->path, r->point + 1,
      name);
}

/* Entries of an array whose indices so far are "theta[1,2". */
static weir_status put_all(const reader *r, const char *so_far, const json_t *value) {
  size_t i;
  const json_t *entry;
  json_array_foreach(value, i, entry) {
    char name[NAME];
    const char *mark = strchr(so_far, '[') == NULL ? "[" : ",";
    const int n = snprintf(name, sizeof name - 1, "%s%s%zu", so_far, mark, i + 1);
    if (n >= NAME - 2) {
      return weiri_fail(
          WEIR_E_FORMAT, "%s: '%.40s...' is nested too deeply", r->path, so_far);
    }
    if (json_is_array(entry)) {
      WEIR_TRY(put_all(r, name, entry));
    } else {
      name[n] = ']';
      name[n + 1] = '\0';
      WEIR_TRY(put(r, name, entry));
    }
  }
  return WEIR_OK;
}

static weir_status read_point(const reader *r, json_t *object, double *theta) {
  const char *key;
  json_t *value;
  const int64_t outputs = r->target->outputs;
  if (!json_is_object(object)) {
    return weiri_fail(WEIR_E_FORMAT,
        "%s: start point %" PRId64 ": expected an object {\"name\": value, ...}",
        r->path, r->point + 1);
  }
  for (int64_t i = 0; i < outputs; i++) {
    r->outputs[i] = NAN;
  }
  json_object_foreach(object, key, value) {
    WEIR_TRY(json_is_array(value) ? put_all(r, key, value) : put(r, key, value));
  }
  const weir_status status = weir_target_place(r->target, 1, r->outputs, theta);
  if (status == WEIR_OK || status == WEIR_E_UNSUPPORTED) {
    return status;
  }
  for (int64_t i = 0; i < r->target->dim && i < outputs; i++) {
    if (isnan(r->outputs[i])) {
      return weiri_fail(WEIR_E_DATA, "%s: start point %" PRId64 ": no value for '%s'",
          r->path, r->point + 1, r->target->name[i]);
    }
  }
  return weiri_fail(
      status, "%s: start point %" PRId64 ": %s", r->path, r->point + 1, weir_error());
}

static weir_status read_all(reader *r, json_t *root, double **theta, int64_t *n) {
  const weir_ctx *ctx = r->target->ctx;
  const int64_t d = r->target->dim;
  *n = json_is_array(root) ? (int64_t)json_array_size(root) : 1;
  if (*n == 0) {
    return weiri_fail(WEIR_E_DATA, "%s: no start point", r->path);
  }
  *theta = weiri_calloc(ctx, (size_t)(*n * d), sizeof **theta);
  r->outputs = weiri_calloc(ctx, (size_t)r->target->outputs, sizeof *r->outputs);
  weir_status status = *theta == NULL || r->outputs == NULL ? WEIR_E_MEMORY : WEIR_OK;
  for (; status == WEIR_OK && r->point < *n; r->point++) {
    json_t *at = json_is_array(root) ? json_array_get(root, (size_t)r->point) : root;
    status = read_point(r, at, *theta + r->point * d);
  }
  weiri_free(ctx, r->outputs);
  return status;
}

weir_status weiri_read_inits(
    double **theta, int64_t *n, const weir_target *target, const char *path) {
  reader r = {.target = target, .path = path};
  json_error_t where;
  void *text = NULL;
  size_t size = 0;
  *theta = NULL;
  WEIR_TRY(weiri_file_read_all(target->ctx, path, &text, &size));
  json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
  weiri_free(target->ctx, text);
  if (root == NULL) {
    return weiri_fail(
        WEIR_E_FORMAT, "%s: line %d: not JSON: %s", path, where.line, where.text);
  }
  const weir_status status = read_all(&r, root, theta, n);
  json_decref(root);
  if (status != WEIR_OK) {
    weiri_free(target->ctx, *theta);
    *theta = NULL;
  }
  return status;
}
