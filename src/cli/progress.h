/* Training seen by people (a bar on a terminal) and by machines (JSON lines). */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>

#include "weir/train.h"

typedef struct cli_progress {
  bool quiet, terminal;
  double shown; /* time of the last line or bar */
  int width;    /* of the bar's last text */
  weir_progress last;
} cli_progress;

void cli_progress_begin(cli_progress *p, bool quiet);
/* A weir_progress_fn: user is a cli_progress. False once a signal came. */
bool cli_progress_step(void *user, const weir_progress *now);
/* The last state is shown, the bar's line ended. */
void cli_progress_end(cli_progress *p);

/* "1:05" or "2:10 h" of seconds; "?" where not known. Returns buf. */
const char *cli_duration(double seconds, char *buf, size_t size);
/* A bar of which the share done is filled. Returns cells. */
const char *cli_bar(double done, char cells[16]);

#endif
