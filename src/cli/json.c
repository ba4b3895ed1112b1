/* JSON for machines. */
#include "cli/json.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/say.h"

json_t *cli_json_real(double x) {
  return isfinite(x) ? json_real(x) : json_null();
}

/* The shortest decimal that reads back the same, with a point or an exponent. */
static void print_real(FILE *to, double x) {
  char buf[40];
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(buf, sizeof buf - 2, "%.*g", digits, x);
    if (strtod(buf, NULL) == x) {
      break;
    }
  }
  fputs(buf, to);
  if (strpbrk(buf, ".e") == NULL) {
    fputs(".0", to);
  }
}

static void print_value(FILE *to, const json_t *value);

static void print_object(FILE *to, const json_t *object) {
  const char *key, *before = "";
  json_t *value;
  fputc('{', to);
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    json_t *name = json_string(key);
    fputs(before, to);
    json_dumpf(name, to, JSON_ENCODE_ANY);
    fputs(": ", to);
    print_value(to, value);
    json_decref(name);
    before = ", ";
  }
  fputc('}', to);
}

static void print_array(FILE *to, const json_t *array) {
  fputc('[', to);
  for (size_t i = 0; i < json_array_size(array); i++) {
    fputs(i == 0 ? "" : ", ", to);
    print_value(to, json_array_get(array, i));
  }
  fputc(']', to);
}

static void print_value(FILE *to, const json_t *value) {
  if (json_is_object(value)) {
    print_object(to, value);
  } else if (json_is_array(value)) {
    print_array(to, value);
  } else if (json_is_real(value)) {
    print_real(to, json_real_value(value));
  } else {
    json_dumpf(value, to, JSON_ENCODE_ANY);
  }
}

int cli_json_print(FILE *to, json_t *value) {
  if (value == NULL) {
    return cli_no_memory();
  }
  errno = 0;
  print_value(to, value);
  json_decref(value);
  const bool bad = fputc('\n', to) == EOF || ferror(to) != 0;
  return !bad || errno == EPIPE ? CLI_DONE : cli_error("output: %s", strerror(errno));
}

json_t *cli_json_parse(const char *text) {
  json_error_t error;
  json_t *value = json_loads(text, JSON_DECODE_ANY, &error);
  return value != NULL ? value : json_object();
}
