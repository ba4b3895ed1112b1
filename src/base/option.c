/* Options of a class from a configuration tree: one row of the table at a time, a value
 * of the tree or the row's default, checked, stored and noted in the resolved tree. */
#include "base/option.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"

enum { WORD_MAX = 64, NAMES_MAX = 128 };

static void *field(const weir_opt *o, void *instance) {
  return (char *)instance + o->offset;
}

static bool bounded(const weir_opt *o) {
  return o->lo < o->hi || o->lo > o->hi || o->lo != 0.0;
}

/* "an integer within [1, 1024]" */
static void wanted(const weir_opt *o, char *buf, size_t size) {
  static const char *const kinds[] = {"an integer", "a number", "true or false",
      "one of", "text", "a list of integers", "a list of numbers",
      "a mapping or a list"};
  char lo[32];
  char hi[32];
  const char *kind = kinds[o->type];
  if (o->type == WEIR_OPT_CHOICE) {
    (void)snprintf(buf, size, "%s %s", kind, o->choices);
  } else if (o->type == WEIR_OPT_BOOL || o->type == WEIR_OPT_TEXT ||
             o->type == WEIR_OPT_SPEC || !bounded(o)) {
    (void)snprintf(buf, size, "%s", kind);
  } else {
    (void)weiri_print_real(lo, o->lo, false);
    (void)weiri_print_real(hi, o->hi, false);
    (void)snprintf(buf, size, "%s within [%s, %s]", kind, lo, hi);
  }
}

/* The value as it would be written; long ones by their kind. */
static void found(const json_t *v, char *buf, size_t size) {
  if (json_is_string(v) && json_string_length(v) < WORD_MAX) {
    (void)snprintf(buf, size, "'%s'", json_string_value(v));
  } else if (json_is_integer(v)) {
    (void)snprintf(buf, size, "%lld", (long long)json_integer_value(v));
  } else if (json_is_real(v)) {
    (void)weiri_print_real(buf, json_real_value(v), false);
  } else if (json_is_boolean(v)) {
    (void)snprintf(buf, size, "%s", json_is_true(v) ? "true" : "false");
  } else {
    (void)snprintf(buf, size, "%s", weiri_json_kind(v));
  }
}

static weir_status mismatch(const weir_opt *o, const json_t *v) {
  char want[512];
  char what[WORD_MAX + 8];
  wanted(o, want, sizeof want);
  found(v, what, sizeof what);
  return weiri_fail(WEIR_E_CONFIG, "expected %s, found %s", want, what);
}

static bool within(const weir_opt *o, double x) {
  return isfinite(x) && (!bounded(o) || (x >= o->lo && x <= o->hi));
}

static bool read_real(const weir_opt *o, const json_t *v, double *out) {
  if (!json_is_number(v)) {
    return false;
  }
  *out = json_number_value(v);
  return within(o, *out);
}

/* Takes 1e6 too. */
static bool read_int(const weir_opt *o, const json_t *v, int64_t *out) {
  if (json_is_real(v)) {
    const double x = json_real_value(v);
    if (fabs(x) > 0x1p53 || x != floor(x)) {
      return false;
    }
    *out = (int64_t)x;
  } else if (json_is_integer(v)) {
    *out = (int64_t)json_integer_value(v);
  } else {
    return false;
  }
  return within(o, (double)*out);
}

/* Index of word in "exp|sigmoid|softplus", or -1. */
static int choice_of(const char *choices, const char *word) {
  const size_t len = strlen(word);
  for (int i = 0;; i++) {
    const size_t n = strcspn(choices, "|");
    if (n == len && memcmp(choices, word, n) == 0) {
      return i;
    }
    if (choices[n] == '\0') {
      return -1;
    }
    choices += n + 1;
  }
}

static weir_status mismatch_at(const weir_opt *o, const json_t *v, size_t i) {
  weir_opt element = *o;
  element.type = o->type == WEIR_OPT_INTS ? WEIR_OPT_INT : WEIR_OPT_REAL;
  return weiri_where(mismatch(&element, v), "[%zu]", i);
}

static weir_status read_list(
    const weir_ctx *ctx, const weir_opt *o, const json_t *v, void *to) {
  if (!json_is_array(v)) {
    return mismatch(o, v);
  }
  const size_t n = json_array_size(v);
  void *list = weiri_calloc(ctx, n, sizeof(int64_t));
  if (list == NULL) {
    return WEIR_E_MEMORY;
  }
  for (size_t i = 0; i < n; i++) {
    const json_t *e = json_array_get(v, i);
    const bool ok = o->type == WEIR_OPT_INTS ? read_int(o, e, (int64_t *)list + i)
                                             : read_real(o, e, (double *)list + i);
    if (!ok) {
      weiri_free(ctx, list);
      return mismatch_at(o, e, i);
    }
  }
  if (o->type == WEIR_OPT_INTS) {
    *(weir_ints *)to = (weir_ints){(int64_t)n, list};
  } else {
    *(weir_reals *)to = (weir_reals){(int64_t)n, list};
  }
  return WEIR_OK;
}

static weir_status read_text(
    const weir_ctx *ctx, const weir_opt *o, const json_t *v, char **to) {
  if (!json_is_string(v)) {
    return mismatch(o, v);
  }
  *to = weiri_strdup(ctx, json_string_value(v));
  return *to == NULL ? WEIR_E_MEMORY : WEIR_OK;
}

static bool null_allowed(const weir_opt *o) {
  const bool open = o->def != NULL && strcmp(o->def, "null") == 0;
  return o->type == WEIR_OPT_TEXT || o->type == WEIR_OPT_SPEC ||
         ((o->type == WEIR_OPT_INT || o->type == WEIR_OPT_INTS ||
              o->type == WEIR_OPT_REALS) &&
             open);
}

/* A word among choices may be a YAML boolean: true|false|auto. */
static const char *choice_word(const json_t *v) {
  return json_is_boolean(v)  ? (json_is_true(v) ? "true" : "false")
         : json_is_string(v) ? json_string_value(v)
                             : "";
}

static weir_status store(
    const weir_ctx *ctx, const weir_opt *o, json_t *v, void *instance) {
  void *to = field(o, instance);
  bool ok = true;
  if (json_is_null(v) && null_allowed(o)) {
    return WEIR_OK;
  }
  switch (o->type) {
  case WEIR_OPT_INT:
    ok = read_int(o, v, to);
    break;
  case WEIR_OPT_REAL:
    ok = read_real(o, v, to);
    break;
  case WEIR_OPT_BOOL:
    ok = json_is_boolean(v);
    *(bool *)to = json_is_true(v);
    break;
  case WEIR_OPT_CHOICE:
    *(int *)to = choice_of(o->choices, choice_word(v));
    ok = *(int *)to >= 0;
    break;
  case WEIR_OPT_TEXT:
    return read_text(ctx, o, v, to);
  case WEIR_OPT_SPEC:
    *(const weir_spec **)to = json_incref(v);
    break;
  case WEIR_OPT_INTS:
  case WEIR_OPT_REALS:
    return read_list(ctx, o, v, to);
  }
  return ok ? WEIR_OK : mismatch(o, v);
}

/* The value in its own type: 1e6 for an INT is noted as 1000000, 1 for a REAL as 1.0.
 */
static weir_status note(
    const weir_opt *o, json_t *v, void *instance, json_t *resolved) {
  json_t *kept = NULL;
  if (o->type == WEIR_OPT_INT && !json_is_null(v)) {
    kept = json_integer(*(int64_t *)field(o, instance));
  } else if (o->type == WEIR_OPT_REAL) {
    kept = json_real(*(double *)field(o, instance));
  } else {
    kept = json_deep_copy(v);
  }
  WEIR_TRY(weiri_json_made(kept, &kept));
  if (json_object_set_new(resolved, o->name, kept) != 0) {
    return weiri_json_made(NULL, &kept);
  }
  return WEIR_OK;
}

static weir_status default_of(const weir_opt *o, json_t **out) {
  json_error_t error;
  if (o->def == NULL) {
    return weiri_fail(WEIR_E_CONFIG, "required, and not given");
  }
  *out = json_loads(o->def, JSON_DECODE_ANY, &error);
  if (*out == NULL) {
    return weiri_fail(
        WEIR_E_INTERNAL, "the default '%s' is not JSON: %s", o->def, error.text);
  }
  return WEIR_OK;
}

static weir_status read_row(const weir_ctx *ctx, const weir_opt *o, void *instance,
    const json_t *spec, json_t *resolved) {
  json_t *v = json_incref(json_object_get(spec, o->name));
  weir_status status = WEIR_OK;
  if (v == NULL) {
    status = default_of(o, &v);
  }
  if (status == WEIR_OK) {
    status = store(ctx, o, v, instance);
  }
  if (status == WEIR_OK && resolved != NULL) {
    status = note(o, v, instance, resolved);
  }
  json_decref(v);
  return status;
}

static bool is_option(const weir_opt *opts, const char *key) {
  for (; opts->name != NULL; opts++) {
    if (strcmp(opts->name, key) == 0) {
      return true;
    }
  }
  return strcmp(key, "name") == 0 || strcmp(key, "id") == 0;
}

/* Names the nearest option, or all when none is near. */
static weir_status unknown(const weir_opt *opts, const char *key) {
  const char *names[NAMES_MAX + 1] = {NULL};
  char all[768] = "";
  size_t used = 0;
  for (int i = 0; i < NAMES_MAX && opts[i].name != NULL; i++) {
    names[i] = opts[i].name;
    if (used + strlen(names[i]) + 3 < sizeof all) {
      used += (size_t)snprintf(
          all + used, sizeof all - used, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
  }
  const char *near = weiri_nearest(key, names);
  if (near != NULL) {
    return weiri_fail(
        WEIR_E_CONFIG, "unknown option '%s', did you mean '%s'?", key, near);
  }
  if (used == 0) {
    return weiri_fail(WEIR_E_CONFIG, "unknown option '%s', there are none", key);
  }
  return weiri_fail(WEIR_E_CONFIG, "unknown option '%s', known are %s", key, all);
}

static weir_status check_keys(const weir_opt *opts, const json_t *spec) {
  const char *key;
  json_t *value;
  json_object_foreach((json_t *)(uintptr_t)spec, key, value) {
    if (!is_option(opts, key)) {
      return unknown(opts, key);
    }
  }
  return WEIR_OK;
}

static weir_status place(weir_status status, const char *path) {
  return path == NULL || *path == '\0' ? status : weiri_where(status, "%s", path);
}

weir_status weiri_opts_read(const weir_ctx *ctx, const weir_opt *opts, void *instance,
    const json_t *spec, const char *path, json_t *resolved) {
  const char *dot = path == NULL || *path == '\0' ? "" : ".";
  if (spec != NULL && !json_is_object(spec) && !json_is_null(spec)) {
    return place(weiri_fail(WEIR_E_CONFIG, "expected a mapping, found %s",
                     weiri_json_kind(spec)),
        path);
  }
  weir_status status = check_keys(opts, spec);
  if (status != WEIR_OK) {
    return place(status, path);
  }
  for (const weir_opt *o = opts; o->name != NULL; o++) {
    status = read_row(ctx, o, instance, spec, resolved);
    if (status != WEIR_OK) {
      status = weiri_where(status, "%s%s%s", path == NULL ? "" : path, dot, o->name);
      weiri_opts_free(ctx, opts, instance);
      return status;
    }
  }
  return WEIR_OK;
}

void weiri_opts_free(const weir_ctx *ctx, const weir_opt *opts, void *instance) {
  for (const weir_opt *o = opts; o->name != NULL; o++) {
    void *at = field(o, instance);
    if (o->type == WEIR_OPT_TEXT) {
      weiri_free(ctx, *(char **)at);
      *(char **)at = NULL;
    } else if (o->type == WEIR_OPT_INTS) {
      weiri_free(ctx, ((weir_ints *)at)->v);
      *(weir_ints *)at = (weir_ints){0, NULL};
    } else if (o->type == WEIR_OPT_REALS) {
      weiri_free(ctx, ((weir_reals *)at)->v);
      *(weir_reals *)at = (weir_reals){0, NULL};
    } else if (o->type == WEIR_OPT_SPEC) {
      json_decref(*(weir_spec **)at);
      *(weir_spec **)at = NULL;
    }
  }
}
