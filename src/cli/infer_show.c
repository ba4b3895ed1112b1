/* An inference seen by people (a bar, a table) and machines (JSON). */
#define _POSIX_C_SOURCE 200809L
#include "cli/infer_show.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/progress.h"
#include "weir/diagnose.h"

#define BAR_SECONDS 0.1
#define LINE_SECONDS 5.0
enum { SHOWN = 40 }; /* rows of the table for people */

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

int cli_infer_stopped(const cli_inference *job, const cli_infer_progress *p) {
  if (cli_signal() == 0) {
    return cli_error("%s", weir_error());
  }
  if (job->checkpoint == NULL) {
    cli_error("stopped at %" PRId64 " of %" PRId64 "; nothing is saved without -o",
        p->last.done, p->last.total);
  } else {
    cli_error("stopped at %" PRId64 " of %" PRId64
              ", saved in %s; go on with: %s --resume",
        p->last.done, p->last.total, job->checkpoint, job->command);
  }
  return cli_signal_code();
}

/* ---- the summary ---- */

static void print_head(const weir_posterior *p) {
  printf("%s: %" PRId64 " chains of %" PRId64 " draws, %" PRId64 " gradients\n",
      weir_posterior_method(p), weir_posterior_chains(p), weir_posterior_draws(p),
      weir_posterior_gradients(p));
}

static void print_table(const weir_posterior *p, const weir_summary *s) {
  const int64_t n = weir_posterior_outputs(p);
  const bool all = n <= SHOWN;
  printf("%-16s %11s %9s %10s %11s %11s %11s %7s %8s %8s\n", "", "mean", "mcse", "sd",
      "5%", "50%", "95%", "R-hat", "ESS", "ESS tail");
  for (int64_t i = 0; i < (all ? n : SHOWN); i++) {
    printf("%-16s %11.5g %9.2g %10.4g %11.5g %11.5g %11.5g %7.4f %8.0f %8.0f\n",
        weir_posterior_name(p, i), s[i].mean, s[i].mcse_mean, s[i].sd, s[i].q5,
        s[i].q50, s[i].q95, s[i].rhat, s[i].ess_bulk, s[i].ess_tail);
  }
  if (!all) {
    printf("... and %" PRId64 " more: --json has them all\n", n - SHOWN);
  }
}

static json_t *summary_json(const weir_posterior *p, const weir_summary *s) {
  json_t *list = json_array();
  for (int64_t i = 0; i < weir_posterior_outputs(p); i++) {
    json_array_append_new(list,
        json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
            weir_posterior_name(p, i), "mean", cli_json_real(s[i].mean), "mcse_mean",
            cli_json_real(s[i].mcse_mean), "sd", cli_json_real(s[i].sd), "mcse_sd",
            cli_json_real(s[i].mcse_sd), "q5", cli_json_real(s[i].q5), "q50",
            cli_json_real(s[i].q50), "q95", cli_json_real(s[i].q95), "rhat",
            cli_json_real(s[i].rhat), "ess_bulk", cli_json_real(s[i].ess_bulk),
            "ess_tail", cli_json_real(s[i].ess_tail)));
  }
  return list;
}

static json_t *khat_json(const weir_khat *k) {
  return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "draws",
      (json_int_t)k->n, "tail", (json_int_t)k->tail, "dropped", (json_int_t)k->dropped,
      "khat", cli_json_real(k->khat), "threshold", cli_json_real(k->threshold), "ess",
      cli_json_real(k->ess), "log_evidence", cli_json_real(k->log_mean),
      "log_evidence_error", cli_json_real(k->log_mean_error), "elbo",
      cli_json_real(k->mean_log), "elbo_error", cli_json_real(k->mean_log_error));
}

static json_t *modes_json(const weir_mode_check *m, const weir_posterior *p) {
  json_t *out = json_pack("{s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "good",
      m->good, "verdict", m->text, "chains", (json_int_t)m->chains, "lost",
      (json_int_t)m->lost, "same", (json_int_t)m->same, "minor", (json_int_t)m->minor,
      "missed", (json_int_t)m->missed, "modes", (json_int_t)m->modes, "mass",
      cli_json_real(m->mass));
  if (out != NULL && m->missed > 0) {
    json_object_set_new(out, "output", json_string(weir_posterior_name(p, m->output)));
    json_object_set_new(out, "there", cli_json_real(m->there));
    json_object_set_new(out, "here", cli_json_real(m->here));
  }
  return out;
}

static int print_json(
    const cli_inference *job, const weir_summary *s, const weir_judgement *j) {
  const weir_posterior *p = job->posterior;
  const bool good = j->good && (!job->modes_checked || job->modes.good);
  json_t *record = cli_json_parse(weir_posterior_record(p));
  json_t *out = json_pack("{s:o, s:o, s:b, s:s, s:o, s:o, s:o, s:I, s:I, s:o, s:o}",
      "summary", summary_json(p, s), "record", record, "good", (int)good, "verdict",
      j->text, "rhat", cli_json_real(j->rhat), "ess_bulk", cli_json_real(j->ess_bulk),
      "ess_tail", cli_json_real(j->ess_tail), "divergent", (json_int_t)j->divergent,
      "deepest", (json_int_t)j->deepest, "ebfmi", cli_json_real(j->ebfmi), "accept",
      cli_json_real(j->accept));
  if (out != NULL && j->khat.n > 0) {
    json_object_set_new(out, "khat", khat_json(&j->khat));
  }
  if (out != NULL && job->modes_checked) {
    json_object_set_new(out, "modes", modes_json(&job->modes, p));
  }
  return out == NULL ? cli_no_memory() : cli_json_print(stdout, out);
}

static void print_text(
    const cli_inference *job, const weir_summary *s, const weir_judgement *j) {
  const weir_posterior *p = job->posterior;
  print_head(p);
  print_table(p, s);
  if (j->khat.n > 0) {
    printf("Pareto k-hat %.3f of S = %" PRId64 " draws, threshold %.3f; ELBO %.4f +- "
           "%.4f, log evidence %.4f +- %.4f\n",
        j->khat.khat, j->khat.n, j->khat.threshold, j->khat.mean_log,
        j->khat.mean_log_error, j->khat.log_mean, j->khat.log_mean_error);
  } else {
    printf("divergent %" PRId64 ", at the deepest tree %" PRId64
           ", E-BFMI %.2f, acceptance %.2f\n",
        j->divergent, j->deepest, j->ebfmi, j->accept);
  }
  printf("%s\n", j->text);
  if (job->modes_checked) {
    printf("%s\n", job->modes.text);
  }
}

/* --fail-modes, --fail-rhat, --fail-khat: exit code 3, the message said. */
static int fails(
    const cli_inference *job, const cli_args *args, const weir_judgement *j) {
  const char *khat = cli_text(args, "fail-khat", NULL);
  if (cli_has(args, "fail-modes") && !job->modes.good) {
    cli_error("%s", job->modes.text);
    return CLI_DIVERGED;
  }
  if (cli_has(args, "fail-rhat") && !(j->rhat <= cli_real(args, "fail-rhat", 0.0))) {
    cli_error("R-hat is %.4g, asked for at most %g", j->rhat,
        cli_real(args, "fail-rhat", 0.0));
    return CLI_DIVERGED;
  }
  if (khat == NULL || j->khat.n == 0) {
    return 0;
  }
  const double most =
      strcmp(khat, "auto") == 0 ? j->khat.threshold : strtod(khat, NULL);
  if (!(j->khat.khat <= most)) {
    cli_error("Pareto k-hat is %.3g, asked for at most %.3g", j->khat.khat, most);
    return CLI_DIVERGED;
  }
  return 0;
}

int cli_infer_show(const cli_inference *job, const cli_args *args) {
  const weir_posterior *p = job->posterior;
  weir_judgement judgement;
  weir_summary *s = calloc((size_t)weir_posterior_outputs(p), sizeof *s);
  if (s == NULL) {
    return cli_no_memory();
  }
  int code = cli_fail(weir_judge(&judgement, p, s));
  if (code == 0 && job->env->json) {
    code = print_json(job, s, &judgement);
  } else if (code == 0 && !job->env->quiet) {
    print_text(job, s, &judgement);
  }
  free(s);
  return code == 0 ? fails(job, args, &judgement) : code;
}
