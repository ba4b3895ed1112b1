/* The rows of least log-likelihood seen so far. */
#ifndef CLI_LOWEST_H
#define CLI_LOWEST_H

#include <stdbool.h>
#include <stdint.h>

typedef struct cli_lowest {
  int64_t room, n, width;
  double *rows; /* [room, width], ascending by their last entry */
} cli_lowest;

bool cli_lowest_create(cli_lowest *l, int64_t room, int64_t width);
void cli_lowest_free(cli_lowest *l);
/* Takes a row [width] where it belongs among them; of equals the earlier stays. */
void cli_lowest_add(cli_lowest *l, const double *row);

#endif
