/* The rows of least log-likelihood seen so far, kept in order. */
#include "cli/lowest.h"

#include <stdlib.h>
#include <string.h>

bool cli_lowest_create(cli_lowest *l, int64_t room, int64_t width) {
  *l = (cli_lowest){room, 0, width, NULL};
  l->rows = malloc((size_t)room * (size_t)width * sizeof *l->rows);
  return l->rows != NULL;
}

void cli_lowest_free(cli_lowest *l) {
  free(l->rows);
  *l = (cli_lowest){0, 0, 0, NULL};
}

/* First place whose key is above the given one. */
static int64_t place_of(const cli_lowest *l, double key) {
  int64_t lo = 0, hi = l->n;
  while (lo < hi) {
    const int64_t mid = lo + (hi - lo) / 2;
    if (l->rows[mid * l->width + l->width - 1] > key) {
      hi = mid;
    } else {
      lo = mid + 1;
    }
  }
  return lo;
}

void cli_lowest_add(cli_lowest *l, const double *row) {
  const double key = row[l->width - 1];
  const int64_t at = place_of(l, key);
  if (at == l->room || key != key) {
    return;
  }
  const int64_t kept = l->n < l->room ? l->n : l->room - 1;
  const size_t bytes = (size_t)l->width * sizeof *l->rows;
  double *to = l->rows + at * l->width;
  memmove(to + l->width, to, (size_t)(kept - at) * bytes);
  memcpy(to, row, bytes);
  l->n = kept + 1;
}
