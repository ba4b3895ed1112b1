/* Making a target from what a user writes: the name of a built-in one, or the path of a
 * shared object, whose class is the first of which it exports the symbol. */
#include <dlfcn.h>
#include <string.h>

#include "part/target.h"

static bool is_path(const char *name) {
  const size_t n = name == NULL ? 0 : strlen(name);
  return n > 0 &&
         (strchr(name, '/') != NULL || (n > 3 && strcmp(name + n - 3, ".so") == 0));
}

/* Name of the class that opens the shared object. */
static weir_status class_of(const weir_ctx *ctx, const char *path, const char **out) {
  char wanted[256] = "";
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    return weiri_fail(WEIR_E_IO, "cannot load the shared object: %s", dlerror());
  }
  *out = NULL;
  const weir_class *c;
  for (int i = 0; (c = weiri_class_at(ctx, WEIRI_KIND_TARGET, i)) != NULL; i++) {
    const char *symbol = ((const weir_target_class *)(const void *)c)->symbol;
    if (symbol == NULL) {
      continue;
    }
    if (dlsym(library, symbol) != NULL) {
      *out = c->name;
      break;
    }
    strncat(
        wanted, wanted[0] == '\0' ? "" : " nor ", sizeof wanted - strlen(wanted) - 1);
    strncat(wanted, symbol, sizeof wanted - strlen(wanted) - 1);
  }
  dlclose(library);
  return *out != NULL ? WEIR_OK
                      : weiri_fail(WEIR_E_UNSUPPORTED,
                            "%s: not a target: the shared object does not export %s",
                            path, wanted);
}

/* {name: ./model.so, ...} becomes {name: module, path: ./model.so, ...}. */
static weir_status resolve(
    const weir_ctx *ctx, const json_t *spec, const char *name, json_t **out) {
  const char *cls;
  char *path = weiri_format(ctx, "%s%s", strchr(name, '/') == NULL ? "./" : "", name);
  *out = NULL;
  if (path == NULL) {
    return WEIR_E_MEMORY;
  }
  const weir_status status = class_of(ctx, path, &cls);
  if (status == WEIR_OK) {
    *out = json_is_object(spec) ? json_copy((json_t *)(uintptr_t)spec) : json_object();
    json_object_set_new(*out, "name", json_string(cls));
    json_object_set_new(*out, "path", json_string(path));
  }
  weiri_free(ctx, path);
  return status;
}

weir_status weir_target_make(
    weir_target **out, weir_ctx *ctx, const weir_spec *spec, const char *data) {
  const char *name = json_is_string(spec)
                         ? json_string_value(spec)
                         : json_string_value(json_object_get(spec, "name"));
  if (!is_path(name)) {
    return weiri_target_make(out, ctx, spec, data);
  }
  json_t *resolved = NULL;
  WEIR_TRY(resolve(ctx, spec, name, &resolved));
  const weir_status status = weiri_target_make(out, ctx, resolved, data);
  json_decref(resolved);
  return status;
}
