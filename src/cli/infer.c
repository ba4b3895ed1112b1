/* weir infer: draws from the posterior of a model whose log density is given. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/infer_calibrate.h"
#include "cli/infer_config.h"
#include "cli/infer_show.h"
#include "cli/json.h"
#include "cli/out.h"
#include "weir/report.h"

static const cli_opt options[] = {
    {"data", 'd', CLI_FILE, "FILE", "data of the target", 0, 0, NULL, NULL},
    {"config", 'c', CLI_FILE, "FILE", "YAML with sections target and infer", 0, 0, NULL,
        NULL},
    {"set", 's', CLI_TEXT, "KEY=VALUE",
        "sets a key of the configuration, target.dim=10; may be repeated", 0, 0, NULL,
        NULL},
    {"method", 'm', CLI_TEXT, "NAME", "a name of `weir list methods` (nuts)", 0, 0,
        NULL, NULL},
    {"chains", 0, CLI_INT, "N", "independent chains (4)", 1, 10000, NULL, NULL},
    {"warmup", 0, CLI_INT, "N", "iterations thrown away (1000)", 0, 1e9, NULL, NULL},
    {"draws", 'n', CLI_INT, "N", "draws of each chain (1000)", 1, 1e9, NULL, NULL},
    {"init", 0, CLI_FILE, "FILE",
        "start points: a JSON object of parameters, or an array with one for each "
        "chain",
        0, 0, NULL, NULL},
    {"output", 'o', CLI_FILE, "FILE",
        "draws: FILE_1.csv, FILE_2.csv, ... as CmdStan writes them, or one .npy", 0, 0,
        NULL, NULL},
    {"format", 0, CLI_TEXT, "FORMAT",
        "csv, npy, or table (one plain CSV file); else by the extension, else csv", 0,
        0, "csv|npy|table", NULL},
    {"report", 0, CLI_FILE, "FILE", "an HTML page of the diagnostics", 0, 0, NULL,
        NULL},
    {"resume", 0, CLI_FLAG, NULL, "go on from FILE.ckpt where there is one", 0, 0, NULL,
        NULL},
    {"check-gradient", 0, CLI_FLAG, NULL,
        "only compare the target's gradient with differences", 0, 0, NULL, NULL},
    {"calibrate", 0, CLI_INT, "N",
        "N simulations from the target's own prior: are the posteriors of this method "
        "right? (simulation-based calibration)",
        2, 1e7, NULL, NULL},
    {"fail-calibration", 0, CLI_FLAG, NULL,
        "exit code 3 where --calibrate finds that they are not", 0, 0, NULL, NULL},
    {"check-modes", 0, CLI_FLAG, NULL,
        "run short chains from dispersed starts: do the draws miss a mode?", 0, 0, NULL,
        NULL},
    {"fail-modes", 0, CLI_FLAG, NULL,
        "--check-modes, and exit code 3 where a mode is missed", 0, 0, NULL, NULL},
    {"fail-rhat", 0, CLI_REAL, "MOST",
        "exit code 3 where an R-hat is above this (1.01)", 1, 100, NULL, NULL},
    {"fail-khat", 0, CLI_TEXT, "MOST",
        "exit code 3 where a fit's k-hat is above this; auto: the threshold of its "
        "number of draws",
        0, 0, NULL, NULL},
    {0}};

static char *command_line(const cli_args *args) {
  char *line = cli_format("weir infer");
  for (int i = 0; line != NULL && i < args->n_words; i++) {
    char *longer = cli_format("%s %s", line, args->words[i]);
    free(line);
    line = longer;
  }
  for (int i = 0; line != NULL && i < args->n_values; i++) {
    const cli_value *v = &args->values[i];
    char *quoted = cli_quote(v->text);
    const bool flag = v->opt->type == CLI_FLAG;
    char *longer = strcmp(v->opt->name, "resume") == 0
                       ? cli_format("%s", line)
                       : cli_format("%s --%s%s%s", line, v->opt->name, flag ? "" : " ",
                             flag || quoted == NULL ? "" : quoted);
    free(quoted);
    free(line);
    line = longer;
  }
  return line;
}

static int sample(cli_inference *job, const cli_args *args) {
  cli_infer_progress progress;
  cli_infer_progress_begin(&progress, job->env->quiet);
  weir_infer_opts opts = WEIR_INFER_OPTS_INIT;
  opts.config = job->infer;
  opts.seed = job->env->seed;
  opts.checkpoint = job->checkpoint;
  opts.resume = cli_has(args, "resume");
  opts.keep_checkpoint = true;
  opts.identity = job->identity;
  opts.init_file = cli_text(args, "init", NULL);
  opts.progress = cli_infer_progress_step;
  opts.user = &progress;
  const weir_status status = weir_infer(&job->posterior, job->density, &opts);
  cli_infer_progress_end(&progress);
  return status == WEIR_E_CANCELLED ? cli_infer_stopped(job, &progress)
                                    : cli_fail(status);
}

/* --check-modes and --fail-modes. */
static int check_modes(cli_inference *job, const cli_args *args) {
  if (!cli_has(args, "check-modes") && !cli_has(args, "fail-modes")) {
    return 0;
  }
  cli_infer_progress progress;
  cli_infer_progress_begin(&progress, job->env->quiet);
  weir_mode_check_opts opts = WEIR_MODE_CHECK_OPTS_INIT;
  opts.seed = job->env->seed;
  opts.progress = cli_infer_progress_step;
  opts.user = &progress;
  const weir_status status =
      weir_check_modes(&job->modes, job->density, job->posterior, &opts);
  cli_infer_progress_end(&progress);
  job->modes_checked = status == WEIR_OK;
  return status == WEIR_E_CANCELLED ? cli_infer_stopped(job, &progress)
                                    : cli_fail(status);
}

static int finish(cli_inference *job, const cli_args *args) {
  int code = check_modes(job, args);
  if (code == 0 && job->output != NULL) {
    code = cli_fail(weir_posterior_write(
        job->posterior, job->output, cli_text(args, "format", NULL)));
  }
  if (code == 0 && cli_has(args, "report")) {
    weir_inference_report_opts opts = WEIR_INFERENCE_REPORT_OPTS_INIT;
    opts.path = cli_text(args, "report", NULL);
    opts.title = weir_target_kind(job->density);
    opts.command = job->command;
    opts.modes = job->modes_checked ? &job->modes : NULL;
    code = cli_fail(weir_report_inference(job->posterior, &opts));
  }
  if (code == 0 && job->checkpoint != NULL) {
    unlink(job->checkpoint);
  }
  return code == 0 ? cli_infer_show(job, args) : code;
}

enum { CHECK_POINTS = 20 };

static int check_gradient(const cli_inference *job) {
  weir_gradient_check check;
  const int code = cli_fail(weir_target_check_gradient(
      job->density, job->env->seed, CHECK_POINTS, 2.0, &check));
  if (code == 0 && job->env->json) {
    return cli_json_print(
        stdout, json_pack("{s:I, s:o}", "points", (json_int_t)check.points,
                    "worst_error_of_tolerance", cli_json_real(check.error)));
  }
  if (code == 0) {
    printf("the gradient agrees with differences at %" PRId64
           " points in every coordinate (worst at %.2g of the tolerance)\n",
        check.points, check.error);
  }
  return code;
}

/* --fail-khat takes a number or "auto". */
static int check_khat(const cli_args *args) {
  const char *text = cli_text(args, "fail-khat", "auto");
  char *end;
  (void)strtod(text, &end);
  return strcmp(text, "auto") == 0 || (end != text && *end == '\0')
             ? 0
             : cli_usage("--fail-khat: expected a number or auto, found '%s'", text);
}

static int infer(cli_inference *job, const cli_args *args) {
  int code = check_khat(args);
  if (code == 0) {
    code = cli_inference_read(job, args);
  }
  if (code == 0) {
    code = cli_fail(
        weir_target_make(&job->density, job->env->ctx, job->target, job->data));
  }
  if (code == 0 && cli_has(args, "check-gradient")) {
    return check_gradient(job);
  }
  if (code == 0 && cli_has(args, "calibrate")) {
    return cli_infer_calibrate(job, args);
  }
  if (code == 0) {
    code = sample(job, args);
  }
  return code == 0 ? finish(job, args) : code;
}

static int run(const cli_args *args) {
  cli_env env;
  cli_inference job = {.env = &env};
  if (strcmp(cli_text(args, "dtype", "f64"), "f64") != 0) {
    return cli_usage("--dtype: inference computes in f64");
  }
  int code = cli_env_open(&env, args);
  job.command = command_line(args);
  if (code == 0) {
    code = job.command == NULL ? cli_no_memory() : infer(&job, args);
  }
  cli_inference_free(&job);
  cli_env_close(&env);
  return code;
}

extern const cli_verb cli_verb_infer;
const cli_verb cli_verb_infer = {
    .name = "infer",
    .summary = "draws from the posterior of a model whose log density is given",
    .words = "TARGET",
    .max_words = 1,
    .options = (const cli_opt *const[]){options, cli_compute_options, NULL},
    .text =
        "TARGET is a name of `weir list targets` or the path of a shared object "
        "(./model.so). Draws come from chains started at random points; the summary "
        "says for each parameter how far they agree (R-hat, near 1) and how many "
        "independent draws they are worth (ESS). Ctrl-C and SIGTERM save FILE.ckpt; "
        "--resume goes on from it and ends with the same numbers. Options of target "
        "and method are set by --set target.KEY=VALUE and --set "
        "infer.method.KEY=VALUE.",
    .examples =
        (const char *const[]){"weir infer funnel --set target.dim=10 -o draws.csv",
            "weir infer ./model.so --data data.json -o draws.npy", NULL},
    .run = run,
};
