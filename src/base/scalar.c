/* Plain scalars of the YAML 1.2 core schema (section 10.3.2), and small helpers on
 * trees. */
#include "base/config.h"

#include <math.h>
#include <string.h>

weir_status weiri_json_made(json_t *json, json_t **out) {
  if (json == NULL) {
    return weiri_fail(WEIR_E_MEMORY, "out of memory in a configuration tree");
  }
  *out = json;
  return WEIR_OK;
}

const char *weiri_json_kind(const json_t *json) {
  switch (json_typeof(json)) {
  case JSON_OBJECT:
    return "a mapping";
  case JSON_ARRAY:
    return "a list";
  case JSON_STRING:
    return "text";
  case JSON_INTEGER:
    return "an integer";
  case JSON_REAL:
    return "a real number";
  case JSON_NULL:
    return "null";
  default:
    return "a boolean";
  }
}

static bool is_one_of(const char *text, size_t len, const char *const *words) {
  for (; *words != NULL; words++) {
    if (strlen(*words) == len && memcmp(*words, text, len) == 0) {
      return true;
    }
  }
  return false;
}

static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const trues[] = {"true", "True", "TRUE", NULL};
static const char *const falses[] = {"false", "False", "FALSE", NULL};
static const char *const infinite[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf",
    "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN", NULL};

/* 0x1F and 0o17 */
static bool parse_radix(const char *text, size_t len, int64_t *out) {
  if (len < 3 || text[0] != '0' || (text[1] != 'x' && text[1] != 'o')) {
    return false;
  }
  const int radix = text[1] == 'x' ? 16 : 8;
  int64_t x = 0;
  for (size_t i = 2; i < len; i++) {
    const char c = text[i];
    const char letter = (char)(c | 0x20);
    int digit = 16;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (letter >= 'a' && letter <= 'f') {
      digit = letter - 'a' + 10;
    }
    if (digit >= radix || x > (INT64_MAX - digit) / radix) {
      return false;
    }
    x = x * radix + digit;
  }
  *out = x;
  return true;
}

/* weiri_parse_real without its words inf and nan. */
static bool parse_decimal(const char *text, size_t len, double *out) {
  const size_t sign = len > 0 && (text[0] == '-' || text[0] == '+');
  const char c = len > sign ? text[sign] : ' ';
  return ((c >= '0' && c <= '9') || c == '.') && weiri_parse_real(text, len, out);
}

weir_status weiri_scalar_read(const char *text, size_t len, json_t **out) {
  int64_t i;
  double x;
  if (is_one_of(text, len, nulls)) {
    return weiri_json_made(json_null(), out);
  }
  if (is_one_of(text, len, trues) || is_one_of(text, len, falses)) {
    return weiri_json_made(json_boolean(is_one_of(text, len, trues)), out);
  }
  if (weiri_parse_int(text, len, &i) || parse_radix(text, len, &i)) {
    return weiri_json_made(json_integer(i), out);
  }
  const bool real = parse_decimal(text, len, &x);
  if (is_one_of(text, len, infinite) || (real && !isfinite(x))) {
    return weiri_fail(WEIR_E_CONFIG, "expected a finite number, found '%.*s'",
        (int)(len < 64 ? len : 64), text);
  }
  return weiri_json_made(real ? json_real(x) : json_stringn(text, len), out);
}

bool weiri_scalar_special(const char *text, size_t len) {
  int64_t i;
  double x;
  return is_one_of(text, len, nulls) || is_one_of(text, len, trues) ||
         is_one_of(text, len, falses) || is_one_of(text, len, infinite) ||
         weiri_parse_int(text, len, &i) || parse_radix(text, len, &i) ||
         parse_decimal(text, len, &x);
}
