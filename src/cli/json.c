/* JSON for machines. */
#include "cli/json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "cli/say.h"

json_t *cli_json_real(double x) {
  return isfinite(x) ? json_real(x) : json_null();
}

int cli_json_print(FILE *to, json_t *value) {
  if (value == NULL) {
    return cli_error("out of memory");
  }
  errno = 0;
  int bad = json_dumpf(value, to, JSON_ENCODE_ANY);
  json_decref(value);
  bad |= fputc('\n', to) == EOF;
  return bad == 0 || errno == EPIPE ? CLI_DONE
                                    : cli_error("output: %s", strerror(errno));
}

json_t *cli_json_parse(const char *text) {
  json_error_t error;
  json_t *value = json_loads(text, JSON_DECODE_ANY, &error);
  return value != NULL ? value : json_object();
}
