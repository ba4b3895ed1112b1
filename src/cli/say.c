/* Messages on stderr and exit codes. */
#include "cli/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *prefix = "";
static bool quiet, over_bar;

void cli_say_as(const char *verb) {
  prefix = verb;
}

void cli_say_quiet(void) {
  quiet = true;
}

void cli_say_over_bar(bool bar) {
  over_bar = bar;
}

static void say(const char *kind, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void say(const char *kind, const char *fmt, va_list ap) {
  fprintf(stderr, "%sweir%s%s: %s", over_bar ? "\r\033[K" : "",
      *prefix == '\0' ? "" : " ", prefix, kind);
  vfprintf(stderr, fmt, ap);
}

void cli_note(const char *fmt, ...) {
  if (quiet) {
    return;
  }
  va_list ap;
  va_start(ap, fmt);
  say("", fmt, ap);
  va_end(ap);
  fputc('\n', stderr);
}

void cli_warn(const char *fmt, ...) {
  if (quiet) {
    return;
  }
  va_list ap;
  va_start(ap, fmt);
  say("warning: ", fmt, ap);
  va_end(ap);
  fputc('\n', stderr);
}

void cli_show(const char *fmt, ...) {
  if (quiet) {
    return;
  }
  va_list ap;
  va_start(ap, fmt);
  vfprintf(stderr, fmt, ap);
  va_end(ap);
  fputc('\n', stderr);
}

int cli_error(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  say("", fmt, ap);
  va_end(ap);
  fputc('\n', stderr);
  return CLI_FAILED;
}

int cli_usage(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  say("", fmt, ap);
  va_end(ap);
  fprintf(stderr, " (see: weir %s%s)\n", prefix, *prefix == '\0' ? "help" : " --help");
  return CLI_USAGE;
}

int cli_fail(weir_status status) {
  switch (status) {
  case WEIR_OK:
    return CLI_DONE;
  case WEIR_E_CONFIG:
    cli_error("%s", weir_error());
    return CLI_USAGE;
  case WEIR_E_MEMORY:
    /* this program's own allocations leave no message */
    return strstr(weir_error(), "memory") != NULL ? cli_error("%s", weir_error())
                                                  : cli_no_memory();
  case WEIR_E_DIVERGED:
    cli_error("%s", weir_error());
    return CLI_DIVERGED;
  default:
    return cli_error("%s", weir_error());
  }
}

int cli_flush(void) {
  if (fflush(stdout) == 0 || errno == EPIPE) {
    return CLI_DONE;
  }
  return cli_error("standard output: %s", strerror(errno));
}
