/* JSON for machines. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <jansson.h>
#include <stdio.h>

/* A number, null where it is not finite; new. */
json_t *cli_json_real(double x);
/* The value on one line of a stream; takes it. 0 or an exit code. */
int cli_json_print(FILE *to, json_t *value);
/* The text parsed, an empty object where it is not JSON; new. */
json_t *cli_json_parse(const char *text);

#endif
