/* An inference seen by people (a bar, a table) and machines (JSON). */
#define _POSIX_C_SOURCE 200809L
#include "cli/infer_show.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/progress.h"

#define BAR_SECONDS 0.1
#define LINE_SECONDS 5.0

void cli_infer_progress_begin(cli_infer_progress *p, bool quiet) {
  *p = (cli_infer_progress){
      .quiet = quiet, .terminal = isatty(STDERR_FILENO) == 1, .shown = cli_seconds()};
}

static void draw(cli_infer_progress *p) {
  const weir_infer_progress *s = &p->last;
  char line[256], left[32], bar[16];
  const double done = s->total > 0 ? (double)s->done / (double)s->total : 0.0;
  int n = snprintf(line, sizeof line,
      "[%s] %3.0f%%  %s %" PRId64 " of %" PRId64 "  %" PRId64 " gradients  %" PRId64
      " divergent  left %s",
      cli_bar(done, bar), 100.0 * done, s->phase, s->done, s->total, s->gradients,
      s->divergent, cli_duration(s->seconds_left, left, sizeof left));
  n = n < (int)sizeof line ? n : (int)sizeof line - 1;
  const int gap = p->width > n ? p->width - n : 0;
  fprintf(stderr, "\r%s%*s", line, gap, "");
  fflush(stderr);
  p->width = n;
  cli_say_over_bar(true);
}

static void show(cli_infer_progress *p) {
  const weir_infer_progress *s = &p->last;
  if (p->terminal) {
    draw(p);
    return;
  }
  cli_json_print(stderr,
      json_pack("{s:s, s:I, s:I, s:o, s:o, s:I, s:I, s:o}", "phase", s->phase, "done",
          (json_int_t)s->done, "total", (json_int_t)s->total, "seconds",
          cli_json_real(s->seconds), "seconds_left", cli_json_real(s->seconds_left),
          "gradients", (json_int_t)s->gradients, "divergent", (json_int_t)s->divergent,
          "objective", cli_json_real(s->objective)));
}

bool cli_infer_progress_step(void *user, const weir_infer_progress *now) {
  cli_infer_progress *p = user;
  p->last = *now;
  const double time = cli_seconds();
  if (!p->quiet && time - p->shown >= (p->terminal ? BAR_SECONDS : LINE_SECONDS)) {
    p->shown = time;
    show(p);
  }
  return cli_signal() == 0;
}

void cli_infer_progress_end(cli_infer_progress *p) {
  if (!p->quiet && p->terminal && p->last.done > 0) {
    show(p);
    fputc('\n', stderr);
    cli_say_over_bar(false);
  }
}

int cli_infer_show(const cli_inference *job) {
  const weir_posterior *p = job->posterior;
  const int64_t n = weir_posterior_chains(p) * weir_posterior_draws(p);
  const int64_t d = weir_posterior_outputs(p);
  const double *x = weir_posterior_values(p);
  for (int64_t j = 0; j < d; j++) {
    double mean = 0.0, square = 0.0;
    for (int64_t i = 0; i < n; i++) {
      mean += x[i * d + j];
    }
    mean /= (double)n;
    for (int64_t i = 0; i < n; i++) {
      square += (x[i * d + j] - mean) * (x[i * d + j] - mean);
    }
    printf("%-16s %12.5g %12.5g\n", weir_posterior_name(p, j), mean,
        sqrt(square / (double)(n - 1)));
  }
  return 0;
}
