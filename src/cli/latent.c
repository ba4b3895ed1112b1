/* Names of latent columns, and categories under another table's numbers. */
#include "cli/latent.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cli_latent_names cli_latent_names_make(int64_t k) {
  cli_latent_names names = malloc((size_t)k * sizeof *names);
  for (int64_t j = 0; names != NULL && j < k; j++) {
    snprintf(names[j], sizeof *names, "z%" PRId64, j + 1);
  }
  return names;
}

/* The text of a number as categories are named by the reader: its shortest decimal. */
static void number_name(double value, char buf[32]) {
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(buf, 32, "%.*g", digits, value);
    if (strtod(buf, NULL) == value) {
      return;
    }
  }
}

double cli_category_as(const weir_column *have, const weir_column *want, double value) {
  if (want->categories == 0 || isnan(value)) {
    return value;
  }
  char buf[32];
  const char *name = buf;
  if (have->categories > 0) {
    name = have->category[(int64_t)value];
  } else {
    number_name(value, buf);
  }
  for (int64_t k = 0; k < want->categories; k++) {
    if (strcmp(want->category[k], name) == 0) {
      return (double)k;
    }
  }
  return NAN;
}
