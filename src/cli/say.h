/* Messages on stderr and exit codes. */
#ifndef CLI_SAY_H
#define CLI_SAY_H

#include <stdbool.h>

#include "weir/status.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_DIVERGED = 3 };

/* Name of the verb that messages begin with. */
void cli_say_as(const char *verb);
/* No notes from here on. */
void cli_say_quiet(void);
/* Whether a progress bar stands on the last line of the terminal: messages wipe it. */
void cli_say_over_bar(bool bar);
/* A note for people: "weir fit: ...". Not with --quiet. */
void cli_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void cli_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Lines without a prefix on stderr. Not with --quiet. */
void cli_show(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Say what is wrong; give the exit code. */
int cli_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int cli_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static inline int cli_no_memory(void) {
  (void)cli_error("out of memory");
  return CLI_FAILED;
}
/* Says weir_error() for a status; gives its exit code. 0 for WEIR_OK. */
int cli_fail(weir_status status);
/* Flushes stdout: CLI_DONE when all of it was written or the reader has gone. */
int cli_flush(void);

#endif
