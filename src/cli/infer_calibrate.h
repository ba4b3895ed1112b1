/* weir infer --calibrate. */
#ifndef CLI_INFER_CALIBRATE_H
#define CLI_INFER_CALIBRATE_H

#include "cli/infer_config.h"

/* Simulation-based calibration of the method on the target's model: table or JSON on
 * stdout, ranks into --output, a page into --report. 0 or an exit code: 3 where
 * --fail-calibration is asked for and the ranks are not uniform. */
int cli_infer_calibrate(cli_inference *job, const cli_args *args);

#endif
