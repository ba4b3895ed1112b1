/* Column types as text. Grammar: role | kind | context(kind), kind with its numbers in
 * parentheses. */
#include "data/type.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double TWO_PI = 6.283185307179586476925286766559;

/* Names of kinds, with the numbers they take at least and at most. */
static const struct {
  const char *name;
  weir_kind kind;
  int least, most;
} KINDS[] = {{"real", WEIR_KIND_REAL, 0, 0}, {"positive", WEIR_KIND_POSITIVE, 0, 0},
    {"interval", WEIR_KIND_INTERVAL, 2, 2}, {"circular", WEIR_KIND_CIRCULAR, 0, 2},
    {"ordinal", WEIR_KIND_ORDINAL, 0, 3}, {"integer", WEIR_KIND_ORDINAL, 0, 3},
    {"categorical", WEIR_KIND_CATEGORICAL, 0, 0}};
enum { N_KINDS = sizeof KINDS / sizeof KINDS[0] };

weir_column_type weiri_type_plain(weir_kind kind) {
  weir_column_type t = {.role = WEIR_ROLE_EVENT, .kind = kind, .step = 1.0};
  if (kind == WEIR_KIND_CIRCULAR) {
    t.hi = TWO_PI;
  }
  return t;
}

static weir_status unknown(const char *text, const char *column) {
  static const char *const words[] = {"real", "positive", "interval", "circular",
      "ordinal", "integer", "categorical", "weight", "context", "ignored", NULL};
  char word[32];
  const size_t n = strcspn(text, "( ");
  (void)snprintf(word, sizeof word, "%.*s", (int)(n < 31 ? n : 31), text);
  const char *near = weiri_nearest(word, words);
  return weiri_fail(WEIR_E_CONFIG,
      "column '%s': unknown type '%s'%s%s%s; expected real, positive, interval(lo,hi), "
      "circular(lo,hi), ordinal, integer, categorical, weight, context or ignored",
      column, text, near != NULL ? ", did you mean '" : "", near != NULL ? near : "",
      near != NULL ? "'?" : "");
}

/* Reads "(a,b,c)" or nothing; returns how many numbers, -1 when malformed. */
static int parse_numbers(const char *s, double x[3]) {
  if (*s == '\0') {
    return 0;
  }
  int n = 0;
  if (*s++ != '(') {
    return -1;
  }
  while (n < 3) {
    s += strspn(s, " ");
    size_t len = strcspn(s, ",)");
    size_t end = len;
    while (end > 0 && s[end - 1] == ' ') {
      end--;
    }
    if (!weiri_parse_real(s, end, &x[n]) || !isfinite(x[n])) {
      return -1;
    }
    n++;
    s += len;
    if (*s != ',') {
      break;
    }
    s++;
  }
  return s[0] == ')' && s[1] == '\0' ? n : -1;
}

static weir_status set_numbers(const char *text, const char *column, int n,
    const double x[3], weir_column_type *t) {
  if (t->kind == WEIR_KIND_ORDINAL) {
    t->step = n > 0 ? x[0] : 1.0;
    t->offset = n > 1 ? x[1] : 0.0;
    if (n > 2 && !(x[2] >= 2.0 && x[2] <= 1e9 && x[2] == floor(x[2]))) {
      return weiri_fail(WEIR_E_CONFIG,
          "column '%s': '%s': expected a whole number of levels, 2 or more", column,
          text);
    }
    t->lo = n > 2 ? t->offset : 0.0;
    t->hi = n > 2 ? t->offset + (x[2] - 1.0) * t->step : 0.0;
    return t->step > 0 ? WEIR_OK
                       : weiri_fail(WEIR_E_CONFIG,
                             "column '%s': the step in '%s' must be > 0", column, text);
  }
  if (n == 0) {
    return WEIR_OK;
  }
  if (n != 2 || !(x[0] < x[1])) {
    return weiri_fail(WEIR_E_CONFIG,
        "column '%s': '%s' needs two numbers (lo,hi) with lo < hi", column, text);
  }
  t->lo = x[0];
  t->hi = x[1];
  return WEIR_OK;
}

static weir_status parse_kind(
    const char *text, const char *column, weir_column_type *t) {
  const size_t len = strcspn(text, "( ");
  for (int i = 0; i < N_KINDS; i++) {
    if (strlen(KINDS[i].name) != len || strncmp(text, KINDS[i].name, len) != 0) {
      continue;
    }
    double x[3] = {0, 0, 0};
    const int n = parse_numbers(text + len + strspn(text + len, " "), x);
    if (n < KINDS[i].least || n > KINDS[i].most) {
      return weiri_fail(WEIR_E_CONFIG,
          "column '%s': malformed type '%s', expected %s with %s%d number%s in "
          "parentheses",
          column, text, KINDS[i].name, KINDS[i].least == KINDS[i].most ? "" : "up to ",
          KINDS[i].most, KINDS[i].most == 1 ? "" : "s");
    }
    const weir_role role = t->role;
    *t = weiri_type_plain(KINDS[i].kind);
    t->role = role;
    return set_numbers(text, column, n, x, t);
  }
  return unknown(text, column);
}

weir_status weiri_type_parse(
    const char *text, const char *column, weiri_type_text *out) {
  static const struct {
    const char *name;
    weir_role role;
  } roles[] = {{"weight", WEIR_ROLE_WEIGHT}, {"ignored", WEIR_ROLE_IGNORED},
      {"context", WEIR_ROLE_CONTEXT}};
  out->type = weiri_type_plain(WEIR_KIND_REAL);
  out->has_kind = false;
  for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
    if (strcmp(text, roles[i].name) == 0) {
      out->type.role = roles[i].role;
      return WEIR_OK;
    }
  }
  char inner[128];
  const size_t len = strlen(text);
  if (strncmp(text, "context(", 8) == 0 && text[len - 1] == ')' && len < sizeof inner) {
    memcpy(inner, text + 8, len - 9);
    inner[len - 9] = '\0';
    out->type.role = WEIR_ROLE_CONTEXT;
    text = inner;
  }
  out->has_kind = true;
  return parse_kind(text, column, &out->type);
}

/* "name(a,b,c)" and shorter, down to "name". */
static void print_kind(const weir_column_type *t, char *buf, size_t size) {
  static const char *const names[] = {
      "real", "positive", "interval", "circular", "ordinal", "categorical"};
  char a[32], b[32], c[32];
  const bool ordinal = t->kind == WEIR_KIND_ORDINAL;
  (void)weiri_print_real(a, ordinal ? t->step : t->lo, false);
  (void)weiri_print_real(b, ordinal ? t->offset : t->hi, false);
  (void)weiri_print_real(c, nearbyint((t->hi - t->lo) / t->step) + 1.0, false);
  const int numbers = t->kind == WEIR_KIND_INTERVAL || t->kind == WEIR_KIND_CIRCULAR ? 2
                      : !ordinal                                                     ? 0
                      : t->hi > t->lo                                                ? 3
                      : t->offset != 0                                               ? 2
                      : t->step != 1                                                 ? 1
                                     : 0;
  (void)snprintf(buf, size, "%s%s%s%s%s%s%s%s", names[t->kind], numbers > 0 ? "(" : "",
      numbers > 0 ? a : "", numbers > 1 ? "," : "", numbers > 1 ? b : "",
      numbers > 2 ? "," : "", numbers > 2 ? c : "", numbers > 0 ? ")" : "");
}

const char *weir_column_type_text(
    const weir_column_type *type, char *buf, size_t size) {
  char kind[128];
  print_kind(type, kind, sizeof kind);
  switch (type->role) {
  case WEIR_ROLE_EVENT:
    (void)snprintf(buf, size, "%s", kind);
    break;
  case WEIR_ROLE_CONTEXT:
    (void)snprintf(buf, size, "context(%s)", kind);
    break;
  case WEIR_ROLE_WEIGHT:
    (void)snprintf(buf, size, "weight");
    break;
  case WEIR_ROLE_IGNORED:
    (void)snprintf(buf, size, "ignored");
    break;
  }
  return buf;
}
