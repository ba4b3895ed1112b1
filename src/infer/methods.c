/* The registry of methods, and making one from its name and options. */
#include <string.h>

#include "base/option.h"
#include "infer/infer.h"

#define WEIR_METHOD(name) extern const weiri_method_class weiri_method_##name;
#include "weir/methods.def"
#undef WEIR_METHOD

static const weiri_method_class *const methods[] = {
#define WEIR_METHOD(name) &weiri_method_##name,
#include "weir/methods.def"
#undef WEIR_METHOD
    NULL};

enum { COUNT = sizeof methods / sizeof *methods - 1 };

const weiri_method_class *weiri_method_at(int i) {
  return i < COUNT ? methods[i] : NULL;
}

static weir_status find(
    const char *path, const char *name, const weiri_method_class **out) {
  const char *names[COUNT + 1] = {NULL};
  for (int i = 0; i < COUNT; i++) {
    names[i] = methods[i]->is.name;
    if (strcmp(names[i], name) == 0) {
      *out = methods[i];
      return WEIR_OK;
    }
  }
  const char *near = weiri_nearest(name, names);
  return weiri_fail(WEIR_E_CONFIG, "%s: no method is called '%s'%s%s%s", path, name,
      near == NULL ? "" : "; did you mean '", near == NULL ? "" : near,
      near == NULL ? "" : "'?");
}

weir_status weiri_method_make(weiri_method **out, weir_ctx *ctx, const char *path,
    const json_t *spec, json_t *resolved) {
  const weiri_method_class *cls = methods[0];
  const char *name = json_is_string(spec)
                         ? json_string_value(spec)
                         : json_string_value(json_object_get(spec, "name"));
  if (name != NULL) {
    WEIR_TRY(find(path, name, &cls));
  } else if (spec != NULL && !json_is_null(spec) && !json_is_object(spec)) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: expected the name of a method, or {name: ..., options}", path);
  }
  weiri_method *m = weiri_calloc(ctx, 1, cls->is.size);
  if (m == NULL) {
    return WEIR_E_MEMORY;
  }
  m->cls = cls;
  m->ctx = ctx;
  json_object_set_new(resolved, "name", json_string(cls->is.name));
  const weir_status status = weiri_opts_read(
      ctx, cls->is.opts, m, json_is_object(spec) ? spec : NULL, path, resolved);
  if (status != WEIR_OK) {
    weiri_method_destroy(&m);
    return status;
  }
  *out = m;
  return WEIR_OK;
}

void weiri_method_destroy(weiri_method **method) {
  weiri_method *m = *method;
  if (m != NULL) {
    weiri_opts_free(m->ctx, m->cls->is.opts, m);
    weiri_free(m->ctx, m);
    *method = NULL;
  }
}
