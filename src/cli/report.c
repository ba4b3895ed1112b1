/* weir report: one HTML file about a model. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir/report.h"

#include "cli/json.h"
#include "cli/out.h"
#include "cli/rows.h"

static const cli_opt options[] = {
    {"output", 'o', CLI_FILE, "FILE", "HTML file to write; else report.html", 0, 0,
        NULL, NULL},
    {"train", 0, CLI_FILE, "FILE",
        "the rows trained on, to be scored beside DATA and for "
        "baselines of these very rows",
        0, 0, NULL, NULL},
    {"title", 0, CLI_TEXT, "TEXT", "heading", 0, 0, NULL, NULL},
    {"metrics", 0, CLI_FILE, "FILE", "learning curve; else MODEL's .metrics.jsonl", 0,
        0, NULL, NULL},
    {"rows", 0, CLI_INT, "N", "rows compared with as many draws, at most (2000)", 2,
        1e6, NULL, NULL},
    {"permutations", 0, CLI_INT, "N", "of the two-sample test (500)", 1, 1e6, NULL,
        NULL},
    {"no-selftest", 0, CLI_FLAG, NULL, "leave out the checks of weir selftest", 0, 0,
        NULL, NULL},
    {0}};

/* model.safetensors -> model.metrics.jsonl */
static char *metrics_beside(const char *model) {
  return cli_format("%.*s.metrics.jsonl", cli_stem(model, ".safetensors"), model);
}

static char *append(char *line, const char *option, const char *value) {
  char *quoted = value == NULL ? NULL : cli_quote(value);
  char *longer = line == NULL
                     ? NULL
                     : cli_format("%s%s%s%s%s", line, option == NULL ? "" : " --",
                           option == NULL ? "" : option, quoted == NULL ? "" : " ",
                           quoted == NULL ? "" : quoted);
  free(quoted);
  free(line);
  return longer;
}

/* What repeats the report. */
static char *command_line(const cli_args *args) {
  char *line = cli_format("weir report");
  for (int i = 0; i < args->n_words; i++) {
    line = append(line, NULL, args->words[i]);
  }
  for (int i = 0; i < args->n_values; i++) {
    const cli_value *v = &args->values[i];
    if (strcmp(v->opt->name, "threads") != 0 && strcmp(v->opt->name, "output") != 0) {
      line = append(line, v->opt->name, v->opt->type == CLI_FLAG ? NULL : v->text);
    }
  }
  return line;
}

typedef struct inputs {
  weir_model *model;
  cli_frame test, train;
  weir_selftest_result *selftest;
  char *metrics, *command;
} inputs;

static weir_row_set rows_of(const cli_frame *data) {
  return (weir_row_set){
      data->frame, NULL, data->frame == NULL ? 0 : weir_frame_rows(data->frame)};
}

static int read_inputs(inputs *in, cli_env *env, const cli_args *args) {
  int code = cli_model(&in->model, env, args, args->words[0]);
  if (code != 0) {
    return code;
  }
  const weir_schema *schema = weir_model_schema(in->model);
  code = cli_fail(cli_frame_read(&in->test, env, schema, args->words[1], args));
  const char *train = cli_text(args, "train", NULL);
  if (code == 0 && train != NULL) {
    code = cli_fail(cli_frame_read(&in->train, env, schema, train, args));
  }
  const char *metrics = cli_text(args, "metrics", NULL);
  if (code == 0 && metrics != NULL && access(metrics, R_OK) != 0) {
    code = cli_error("%s: cannot open: %s", metrics, strerror(errno));
  }
  in->metrics =
      metrics != NULL ? cli_format("%s", metrics) : metrics_beside(args->words[0]);
  in->command = command_line(args);
  if (code == 0 && (in->metrics == NULL || in->command == NULL)) {
    code = cli_no_memory();
  }
  return code;
}

static void free_inputs(inputs *in) {
  weir_selftest_destroy(&in->selftest);
  cli_frame_free(&in->train);
  cli_frame_free(&in->test);
  weir_model_destroy(&in->model);
  free(in->metrics);
  free(in->command);
}

static int run_selftest(inputs *in, const cli_env *env) {
  weir_selftest_opts opts = WEIR_SELFTEST_OPTS_INIT;
  opts.seed = env->seed;
  return cli_fail(weir_selftest(&in->selftest, in->model, rows_of(&in->test), &opts));
}

static int write_report(const inputs *in, const cli_env *env, const cli_args *args) {
  weir_report_opts opts = WEIR_REPORT_OPTS_INIT;
  opts.path = cli_text(args, "output", "report.html");
  opts.seed = env->seed;
  opts.title = cli_text(args, "title", NULL);
  opts.command = in->command;
  opts.model = args->words[0];
  opts.metrics = in->metrics;
  opts.selftest = in->selftest;
  opts.table = in->test.table;
  opts.rows = cli_int(args, "rows", 0);
  opts.permutations = cli_int(args, "permutations", 0);
  return cli_fail(
      weir_report_write(in->model, rows_of(&in->train), rows_of(&in->test), &opts));
}

static int report(cli_env *env, const cli_args *args) {
  const char *output = cli_text(args, "output", "report.html");
  const double begun = cli_seconds();
  inputs in = {0};
  int code = strcmp(output, "-") == 0
                 ? cli_usage("-o: a report is a file, not a stream")
                 : cli_extension_among(output, "html|htm");
  if (code == 0) {
    code = cli_can_write(output);
  }
  if (code == 0) {
    code = read_inputs(&in, env, args);
  }
  if (code == 0 && !cli_has(args, "no-selftest")) {
    code = run_selftest(&in, env);
  }
  if (code == 0) {
    code = write_report(&in, env, args);
  }
  if (code == 0) {
    cli_note("written: %s", output);
    code = cli_summary(env, output, rows_of(&in.test).n, cli_seconds() - begun);
  }
  free_inputs(&in);
  return code;
}

static int run(const cli_args *args) {
  return cli_env_run(args, report);
}

extern const cli_verb cli_verb_report;
const cli_verb cli_verb_report = {
    .name = "report",
    .summary = "write an HTML report on a model",
    .words = "MODEL DATA",
    .min_words = 2,
    .max_words = 2,
    .options =
        (const cli_opt *const[]){options, cli_read_options, cli_compute_options, NULL},
    .text =
        "One self-contained file: of images draws, reconstructions, traversals and the "
        "map of the latents by label; data and schema, model, learning curve, held-out "
        "log-likelihood beside the baselines, data against draws, latents, a "
        "two-sample test, the least likely rows, the checks of weir selftest, and "
        "every setting needed to repeat it. DATA should be rows that training has not "
        "seen.",
    .examples =
        (const char *const[]){
            "weir report model.safetensors test.csv -o report.html", NULL},
    .run = run,
};
