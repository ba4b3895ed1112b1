/* Shape and names of a target, and asking for them. */
#include <inttypes.h>
#include <string.h>

#include "part/target.h"

weir_status weir_target_shape(weir_target *t, int64_t dim, int64_t outputs) {
  if (dim < 1 || outputs < 1) {
    return weiri_fail(WEIR_E_ARGUMENT,
        "target %s: expected at least 1 coordinate and 1 output, found %" PRId64
        " and %" PRId64,
        t->cls->is.name, dim, outputs);
  }
  t->name = weiri_calloc(t->ctx, (size_t)outputs, sizeof *t->name);
  t->support = weiri_calloc(t->ctx, (size_t)dim, sizeof *t->support);
  if (t->name == NULL || t->support == NULL) {
    return WEIR_E_MEMORY;
  }
  t->dim = dim;
  t->outputs = outputs;
  return weir_target_names(t, 0, outputs, "x");
}

static weir_status rename_one(weir_target *t, int64_t i, char *name) {
  if (name == NULL) {
    return WEIR_E_MEMORY;
  }
  weiri_free(t->ctx, t->name[i]);
  t->name[i] = name;
  return WEIR_OK;
}

weir_status weir_target_names(
    weir_target *t, int64_t first, int64_t n, const char *name) {
  if (n == 0) {
    return rename_one(t, first, weiri_strdup(t->ctx, name));
  }
  for (int64_t i = 0; i < n; i++) {
    WEIR_TRY(
        rename_one(t, first + i, weiri_format(t->ctx, "%s[%" PRId64 "]", name, i + 1)));
  }
  return WEIR_OK;
}

int64_t weir_target_dim(const weir_target *target) {
  return target->dim;
}

int64_t weir_target_outputs(const weir_target *target) {
  return target->outputs;
}

const char *weir_target_name(const weir_target *target, int64_t i) {
  return target->name[i];
}

const char *weir_target_kind(const weir_target *target) {
  return target->cls->is.name;
}

bool weir_target_can_sample(const weir_target *target) {
  return target->cls->sample != NULL;
}

bool weir_target_can_simulate(const weir_target *target) {
  return target->cls->simulate != NULL;
}
