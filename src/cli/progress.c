/* Training seen by people (a bar on a terminal) and by machines (JSON lines). */
#define _POSIX_C_SOURCE 200809L
#include "cli/progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/env.h"
#include "cli/json.h"

#define BAR_SECONDS 0.1
#define LINE_SECONDS 5.0
enum { CELLS = 12 };

void cli_progress_begin(cli_progress *p, bool quiet) {
  *p = (cli_progress){.quiet = quiet,
      .terminal = isatty(STDERR_FILENO) == 1,
      .shown = cli_seconds() - LINE_SECONDS};
}

const char *cli_duration(double seconds, char *buf, size_t size) {
  if (!isfinite(seconds) || seconds < 0.0) {
    snprintf(buf, size, "?");
  } else if (seconds < 3600.0) {
    snprintf(buf, size, "%d:%02d", (int)seconds / 60, (int)seconds % 60);
  } else {
    snprintf(buf, size, "%d:%02d h", (int)(seconds / 3600.0),
        (int)(fmod(seconds, 3600.0) / 60.0));
  }
  return buf;
}

const char *cli_bar(double done, char cells[16]) {
  const int full = (int)(done * CELLS);
  for (int i = 0; i < CELLS; i++) {
    cells[i] = i < full ? '=' : i == full ? '>' : ' ';
  }
  cells[CELLS] = '\0';
  return cells;
}

static void draw(cli_progress *p) {
  const weir_progress *s = &p->last;
  char cells[16], left[32], line[256], valid[64];
  const double done = s->steps > 0 ? (double)s->step / (double)s->steps : 0.0;
  cli_bar(done, cells);
  const bool held = isfinite(s->valid_log_prob);
  snprintf(valid, sizeof valid, "%s %.5g nats", held ? "valid" : "train",
      held ? s->valid_log_prob : s->train_log_prob);
  int n = snprintf(line, sizeof line,
      "[%s] %3.0f%%  epoch %" PRId64 "  %.0f rows/s  left %s  %s", cells, 100.0 * done,
      s->epoch, s->rows_per_second, cli_duration(s->seconds_left, left, sizeof left),
      valid);
  n = n < (int)sizeof line ? n : (int)sizeof line - 1;
  const int gap = p->width > n ? p->width - n : 0;
  fprintf(stderr, "\r%s%*s", line, gap, "");
  fflush(stderr);
  p->width = n;
  cli_say_over_bar(true);
}

static void print_line(const weir_progress *s) {
  cli_json_print(
      stderr, json_pack("{s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                  "step", (json_int_t)s->step, "steps", (json_int_t)s->steps, "epoch",
                  (json_int_t)s->epoch, "epochs", (json_int_t)s->epochs, "seconds",
                  cli_json_real(s->seconds), "rows_per_second",
                  cli_json_real(s->rows_per_second), "seconds_left",
                  cli_json_real(s->seconds_left), "train_log_prob",
                  cli_json_real(s->train_log_prob), "valid_log_prob",
                  cli_json_real(s->valid_log_prob), "best_log_prob",
                  cli_json_real(s->best_log_prob), "learning_rate",
                  cli_json_real(s->learning_rate)));
}

static void show(cli_progress *p) {
  if (p->terminal) {
    draw(p);
  } else {
    print_line(&p->last);
  }
}

bool cli_progress_step(void *user, const weir_progress *now) {
  cli_progress *p = user;
  p->last = *now;
  const double time = cli_seconds();
  if (!p->quiet && time - p->shown >= (p->terminal ? BAR_SECONDS : LINE_SECONDS)) {
    p->shown = time;
    show(p);
  }
  return cli_signal() == 0;
}

void cli_progress_end(cli_progress *p) {
  if (p->quiet || p->last.step == 0) {
    return;
  }
  show(p);
  if (p->terminal) {
    fputc('\n', stderr);
    cli_say_over_bar(false);
  }
}
