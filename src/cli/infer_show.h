/* An inference seen by people and machines: progress, summary. */
#ifndef CLI_INFER_SHOW_H
#define CLI_INFER_SHOW_H

#include "cli/infer_config.h"

typedef struct cli_infer_progress {
  bool quiet, terminal;
  double shown; /* time of the last line or bar */
  int width;    /* of the bar's last text */
  weir_infer_progress last;
} cli_infer_progress;

void cli_infer_progress_begin(cli_infer_progress *p, bool quiet);
/* A weir_infer_progress_fn: user is a cli_infer_progress. False once a signal came. */
bool cli_infer_progress_step(void *user, const weir_infer_progress *now);
void cli_infer_progress_end(cli_infer_progress *p);

/* After E_CANCELLED: says where the run stands and how it goes on. The exit code. */
int cli_infer_stopped(const cli_inference *job, const cli_infer_progress *p);

/* Summary and judgement on stdout. 0 or an exit code: 3 where --fail-rhat or
 * --fail-khat is not met, or --fail-modes found a mode missed. */
int cli_infer_show(const cli_inference *job, const cli_args *args);

#endif
