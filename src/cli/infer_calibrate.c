/* Simulation-based calibration seen by people and machines. */
#define _POSIX_C_SOURCE 200809L
#include "cli/infer_calibrate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/infer_show.h"
#include "cli/json.h"
#include "weir/report.h"

enum { SHOWN = 40 }; /* rows of the table for people */

/* A posterior of each simulation need not be long. */
static void shorten(cli_inference *job) {
  static const struct {
    const char *key;
    int value;
  } shorter[] = {{"chains", 2}, {"warmup", 300}, {"draws", 200}};
  for (size_t i = 0; i < sizeof shorter / sizeof *shorter; i++) {
    if (json_object_get(job->infer, shorter[i].key) == NULL) {
      json_object_set_new(job->infer, shorter[i].key, json_integer(shorter[i].value));
    }
  }
}

static int calibrate(
    cli_inference *job, const cli_args *args, weir_calibration **calibration) {
  cli_infer_progress progress;
  cli_infer_progress_begin(&progress, job->env->quiet);
  weir_calibration_opts opts = WEIR_CALIBRATION_OPTS_INIT;
  opts.simulations = cli_int(args, "calibrate", 200);
  opts.infer.config = job->infer;
  opts.infer.seed = job->env->seed;
  opts.infer.checkpoint = job->checkpoint;
  opts.infer.resume = cli_has(args, "resume");
  opts.infer.keep_checkpoint = true;
  opts.infer.identity = job->identity;
  opts.infer.progress = cli_infer_progress_step;
  opts.infer.user = &progress;
  const weir_status status = weir_calibrate(calibration, job->density, &opts);
  cli_infer_progress_end(&progress);
  return status == WEIR_E_CANCELLED ? cli_infer_stopped(job, &progress)
                                    : cli_fail(status);
}

/* The histogram in eight heights, its highest bar full. */
static void put_bars(const weir_calibration *c, int64_t j) {
  static const char *const bars[] = {
      "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
  const int64_t *counts = weir_calibration_counts(c, j);
  int64_t top = 1;
  for (int64_t k = 0; k < weir_calibration_ranks(c); k++) {
    top = counts[k] > top ? counts[k] : top;
  }
  for (int64_t k = 0; k < weir_calibration_ranks(c); k++) {
    fputs(bars[(7 * counts[k] + top / 2) / top], stdout);
  }
}

static void print_text(const weir_calibration *c) {
  const int64_t n = weir_calibration_outputs(c);
  printf("%-16s %10s %8s %7s %7s  %s\n", "", "chi-square", "p", "bias z", "wide z",
      "ranks");
  for (int64_t j = 0; j < n && j < SHOWN; j++) {
    const weir_rank_test t = weir_calibration_test(c, j);
    printf("%-16s %10.2f %8.2g %7.2f %7.2f  ", weir_calibration_name(c, j),
        t.chi_square, t.p, t.bias, t.spread);
    put_bars(c, j);
    putchar('\n');
  }
  if (n > SHOWN) {
    printf("... and %" PRId64 " more: --json has them all\n", n - SHOWN);
  }
  printf("%s\n", weir_calibration_text(c));
}

static json_t *output_json(const weir_calibration *c, int64_t j) {
  const weir_rank_test t = weir_calibration_test(c, j);
  const int64_t *counts = weir_calibration_counts(c, j);
  json_t *list = json_array();
  for (int64_t k = 0; k < weir_calibration_ranks(c); k++) {
    json_array_append_new(list, json_integer((json_int_t)counts[k]));
  }
  return json_pack("{s:s, s:o, s:I, s:o, s:o, s:o, s:o}", "name",
      weir_calibration_name(c, j), "counts", list, "bins", (json_int_t)t.bins,
      "chi_square", cli_json_real(t.chi_square), "p", cli_json_real(t.p), "bias",
      cli_json_real(t.bias), "spread", cli_json_real(t.spread));
}

static int print_json(const weir_calibration *c) {
  json_t *list = json_array();
  for (int64_t j = 0; j < weir_calibration_outputs(c); j++) {
    json_array_append_new(list, output_json(c, j));
  }
  return cli_json_print(
      stdout, json_pack("{s:I, s:I, s:I, s:o, s:o, s:b, s:s}", "simulations",
                  (json_int_t)weir_calibration_simulations(c), "failed",
                  (json_int_t)weir_calibration_failed(c), "ranks",
                  (json_int_t)weir_calibration_ranks(c), "outputs", list, "least_p",
                  cli_json_real(weir_calibration_least_p(c, NULL)), "good",
                  (int)weir_calibration_good(c), "verdict", weir_calibration_text(c)));
}

static int finish(cli_inference *job, const cli_args *args, const weir_calibration *c) {
  int code = 0;
  if (job->output != NULL) {
    code = cli_fail(weir_calibration_write(c, job->output));
  }
  if (code == 0 && cli_has(args, "report")) {
    weir_inference_report_opts opts = WEIR_INFERENCE_REPORT_OPTS_INIT;
    opts.path = cli_text(args, "report", NULL);
    opts.title = weir_target_kind(job->density);
    opts.command = job->command;
    code = cli_fail(weir_report_calibration(c, &opts));
  }
  if (code == 0 && job->checkpoint != NULL) {
    unlink(job->checkpoint);
  }
  if (code == 0 && job->env->json) {
    code = print_json(c);
  } else if (code == 0 && !job->env->quiet) {
    print_text(c);
  }
  if (code == 0 && cli_has(args, "fail-calibration") && !weir_calibration_good(c)) {
    cli_error("%s", weir_calibration_text(c));
    code = CLI_DIVERGED;
  }
  return code;
}

int cli_infer_calibrate(cli_inference *job, const cli_args *args) {
  weir_calibration *c = NULL;
  shorten(job);
  int code = calibrate(job, args, &c);
  if (code == 0) {
    code = finish(job, args, c);
  }
  weir_calibration_destroy(&c);
  return code;
}
