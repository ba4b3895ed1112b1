/* Trees as text: YAML in blocks for people, with short lists of scalars on one line, or
 * JSON on one line in a build without libyaml. Reals are the shortest that read back
 * and keep a point or an exponent, so that they stay reals. */
#include "base/option.h"

#include <stdio.h>
#include <string.h>

#include "base/config.h"

typedef struct writer {
  const weir_ctx *ctx;
  char *text;
  size_t len, cap;
  bool failed, yaml;
} writer;

static void put(writer *w, const char *s, size_t n) {
  if (!w->failed && w->len + n + 1 > w->cap) {
    const size_t cap = 2 * (w->len + n + 1) + 256;
    char *more = weiri_realloc(w->ctx, w->text, cap);
    w->failed = more == NULL;
    if (more != NULL) {
      w->text = more;
      w->cap = cap;
    }
  }
  if (!w->failed) {
    memcpy(w->text + w->len, s, n);
    w->len += n;
    w->text[w->len] = '\0';
  }
}

static void put_text(writer *w, const char *s) {
  put(w, s, strlen(s));
}

static void put_indent(writer *w, int indent) {
  for (int i = 0; i < indent; i++) {
    put(w, "  ", 2);
  }
}

/* Characters that YAML takes for line breaks, or refuses: a code and its bytes, as far
 * as they are not C0 or C1 controls. */
static unsigned special_at(const unsigned char *s, size_t len, size_t *bytes) {
  static const struct {
    const char *utf8;
    unsigned code;
  } specials[] = {{"\xe2\x80\xa8", 0x2028}, {"\xe2\x80\xa9", 0x2029},
      {"\xef\xbb\xbf", 0xfeff}, {"\xef\xbf\xbe", 0xfffe}, {"\xef\xbf\xbf", 0xffff}};
  *bytes = 1;
  if (s[0] < 0x20 || s[0] == 0x7F) {
    return s[0];
  }
  if (len > 1 && s[0] == 0xC2 && s[1] < 0xA0) {
    *bytes = 2;
    return s[1];
  }
  for (size_t i = 0; len > 2 && i < sizeof specials / sizeof specials[0]; i++) {
    if (memcmp(s, specials[i].utf8, 3) == 0) {
      *bytes = 3;
      return specials[i].code;
    }
  }
  return 0;
}

static void put_quoted(writer *w, const char *s, size_t len) {
  put(w, "\"", 1);
  for (size_t i = 0, bytes = 1; i < len; i += bytes) {
    char escape[8];
    const unsigned code = special_at((const unsigned char *)s + i, len - i, &bytes);
    if (s[i] == '"' || s[i] == '\\') {
      put(w, "\\", 1);
      put(w, s + i, 1);
    } else if (code != 0 || s[i] == '\0') {
      (void)snprintf(escape, sizeof escape, "\\u%04x", code & 0xFFFFu);
      put(w, escape, 6);
    } else {
      put(w, s + i, 1);
    }
  }
  put(w, "\"", 1);
}

/* Words that are safe without quotes everywhere, block or flow. */
static bool is_plain(const char *s, size_t len) {
  static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789_./+-";
  return len > 0 && len < 200 && s[0] != '-' && s[0] != '.' && s[0] != '+' &&
         strspn(s, safe) == len && !weiri_scalar_special(s, len);
}

/* Keys are words whatever they look like. */
static void put_string(writer *w, const char *s, size_t len) {
  if (w->yaml && is_plain(s, len)) {
    put(w, s, len);
  } else {
    put_quoted(w, s, len);
  }
}

static void put_real(writer *w, double x) {
  char buf[40];
  int n = weiri_print_real(buf, x, false);
  if (strpbrk(buf, ".e") == NULL) {
    buf[n++] = '.';
    buf[n++] = '0';
  }
  put(w, buf, (size_t)n);
}

static void put_scalar(writer *w, const json_t *v) {
  char buf[32];
  switch (json_typeof(v)) {
  case JSON_STRING:
    put_string(w, json_string_value(v), json_string_length(v));
    break;
  case JSON_INTEGER:
    (void)snprintf(buf, sizeof buf, "%lld", (long long)json_integer_value(v));
    put_text(w, buf);
    break;
  case JSON_REAL:
    put_real(w, json_real_value(v));
    break;
  case JSON_NULL:
    put_text(w, "null");
    break;
  default:
    put_text(w, json_is_true(v) ? "true" : "false");
    break;
  }
}

static void put_flow(writer *w, const json_t *v) {
  const char *key;
  json_t *value;
  const char *gap = "";
  if (json_is_object(v)) {
    put_text(w, "{");
    json_object_foreach((json_t *)(uintptr_t)v, key, value) {
      put_text(w, gap);
      put_string(w, key, strlen(key));
      put_text(w, ": ");
      put_flow(w, value);
      gap = ", ";
    }
    put_text(w, "}");
  } else if (json_is_array(v)) {
    put_text(w, "[");
    for (size_t i = 0; i < json_array_size(v); i++) {
      put_text(w, gap);
      put_flow(w, json_array_get(v, i));
      gap = ", ";
    }
    put_text(w, "]");
  } else {
    put_scalar(w, v);
  }
}

/* Empty trees and lists of scalars. */
static bool is_short(const json_t *v) {
  if (json_is_object(v)) {
    return json_object_size(v) == 0;
  }
  for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++) {
    const json_t *e = json_array_get(v, i);
    if (json_is_object(e) || json_is_array(e)) {
      return false;
    }
  }
  return true;
}

static void put_block(writer *w, const json_t *v, int indent, bool inline_first);

/* What follows "key:" or "-". */
static void put_below(writer *w, const json_t *v, int indent, bool after_dash) {
  if (is_short(v)) {
    put_text(w, " ");
    put_flow(w, v);
    put_text(w, "\n");
  } else if (after_dash && json_is_object(v)) {
    put_text(w, " ");
    put_block(w, v, indent, true);
  } else {
    put_text(w, "\n");
    put_block(w, v, indent, false);
  }
}

/* inline_first: the first line follows "- ", the others are indented. */
static void put_block(writer *w, const json_t *v, int indent, bool inline_first) {
  const char *key;
  json_t *value;
  if (json_is_object(v)) {
    json_object_foreach((json_t *)(uintptr_t)v, key, value) {
      put_indent(w, inline_first ? 0 : indent);
      inline_first = false;
      put_string(w, key, strlen(key));
      put_text(w, ":");
      put_below(w, value, indent + 1, false);
    }
    return;
  }
  for (size_t i = 0; i < json_array_size(v); i++) {
    put_indent(w, indent);
    put_text(w, "-");
    put_below(w, json_array_get(v, i), indent + 1, true);
  }
}

static char *finish(writer *w) {
  if (w->failed) {
    weiri_free(w->ctx, w->text);
    return NULL;
  }
  return w->text;
}

char *weiri_config_yaml(const weir_ctx *ctx, const json_t *root) {
  writer w = {.ctx = ctx, .yaml = weiri_config_has_yaml()};
  if (!w.yaml || is_short(root)) {
    put_flow(&w, root);
    put_text(&w, "\n");
  } else {
    put_block(&w, root, 0, false);
  }
  return finish(&w);
}

char *weiri_config_json(const weir_ctx *ctx, const json_t *root) {
  writer w = {.ctx = ctx, .yaml = false};
  put_flow(&w, root);
  return finish(&w);
}
