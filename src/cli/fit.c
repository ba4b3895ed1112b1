/* weir fit: a table in, a trained and checked density out. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/job.h"
#include "cli/json.h"
#include "cli/out.h"

static const cli_opt options[] = {
    {"output", 'o', CLI_FILE, "MODEL", "model file to write (.safetensors)", 0, 0, NULL,
        NULL},
    {"model", 'm', CLI_TEXT, "NAME", "preset (see: weir list presets)", 0, 0, NULL,
        "model.name"},
    {"config", 'c', CLI_FILE, "FILE", "YAML with sections data, model, train", 0, 0,
        NULL, NULL},
    {"set", 's', CLI_TEXT, "KEY=VALUE",
        "a key of the configuration, model.bins=8; over "
        "all else; may be repeated",
        0, 0, NULL, NULL},
    {"valid", 0, CLI_FILE, "FILE", "table for early stopping; else a part of DATA", 0,
        0, NULL, "data.valid"},
    {"test", 0, CLI_FILE, "FILE", "table for the held-out figures; else a part of DATA",
        0, 0, NULL, "data.test"},
    {"split", 0, CLI_TEXT, "A,B,C", "parts that train, validate, test: 0.8,0.1,0.1", 0,
        0, NULL, NULL},
    {"valid-fraction", 0, CLI_REAL, "F", "part of the rows for early stopping (0.1)", 0,
        0.95, NULL, "data.valid_fraction"},
    {"test-fraction", 0, CLI_REAL, "F", "part of the rows held out (0.1)", 0, 0.95,
        NULL, "data.test_fraction"},
    {"mask", 0, CLI_TEXT, "COLUMN",
        "column that says train, valid or test (or 0, 2, 1)", 0, 0, NULL, "data.mask"},
    {"column", 0, CLI_TEXT, "NAME=TYPE",
        "real, positive, interval(lo,hi), "
        "circular(lo,hi), ordinal, categorical, weight, "
        "context, ignored; may be repeated",
        0, 0, NULL, NULL},
    {"context", 0, CLI_TEXT, "COLUMNS",
        "columns, with commas between, on which the "
        "density is conditional",
        0, 0, NULL, "data.context"},
    {"weight", 0, CLI_TEXT, "COLUMN", "column with the weight of each row", 0, 0, NULL,
        "data.weight"},
    {"epochs", 0, CLI_INT, "N", "passes over the training rows; 0: by their number", 0,
        1e9, NULL, "train.epochs"},
    {"batch-size", 0, CLI_INT, "N", "rows per step; 0: by their number", 0, 16777216.0,
        NULL, "train.batch_size"},
    {"learning-rate", 0, CLI_REAL, "RATE", "step size of the optimiser at its largest",
        1e-12, 10, NULL, "train.learning_rate"},
    {"patience", 0, CLI_INT, "N",
        "epochs without a better held-out likelihood before "
        "training stops; -1: never",
        -1, 1e9, NULL, "train.patience"},
    {"time-limit", 0, CLI_REAL, "SECONDS",
        "how long to train; the schedule is made to "
        "fit",
        0, 1e9, NULL, "train.time_limit"},
    {"resume", 0, CLI_FLAG, NULL, "go on from MODEL.ckpt where there is one", 0, 0,
        NULL, NULL},
    {"dry-run", 0, CLI_FLAG, NULL,
        "print the configuration with all defaults, the sizes "
        "and the memory, and stop",
        0, 0, NULL, NULL},
    {0}};

/* --split 0.8,0.1,0.1 into data.valid_fraction and data.test_fraction of what is read
 * later. */
static int read_split(const char *text, double part[3]) {
  char *end = NULL;
  double sum = 0.0;
  for (int i = 0; i < 3; i++) {
    part[i] = strtod(text, &end);
    if (end == text || *end != (i < 2 ? ',' : '\0') || !(part[i] >= 0.0)) {
      (void)cli_usage("--split: expected three numbers such as 0.8,0.1,0.1");
      return CLI_USAGE;
    }
    sum += part[i];
    text = end + 1;
  }
  if (!(sum > 0.0) || !(part[0] > 0.0)) {
    (void)cli_usage("--split: no rows are left to train on");
    return CLI_USAGE;
  }
  /* fractions, percents or counts of equal parts such as 8,1,1 */
  if (sum < 1.5 && fabs(sum - 1.0) > 1e-6) {
    return cli_usage("--split: the parts add up to %g, expected 1", sum);
  }
  part[1] /= sum;
  part[2] /= sum;
  return 0;
}

static int apply_split(cli_job *job, const cli_args *args) {
  const char *text = cli_text(args, "split", NULL);
  double part[3];
  if (text == NULL) {
    return 0;
  }
  if (cli_has(args, "valid-fraction") || cli_has(args, "test-fraction")) {
    return cli_usage("--split: says the fractions already");
  }
  const int code = read_split(text, part);
  if (code == 0) {
    json_object_set_new(job->config.data, "valid_fraction", json_real(part[1]));
    json_object_set_new(job->config.data, "test_fraction", json_real(part[2]));
  }
  return code;
}

static int check_columns(const cli_args *args) {
  for (int i = 0; i < args->n_values; i++) {
    const cli_value *v = &args->values[i];
    if (strcmp(v->opt->name, "column") == 0 && strchr(v->text, '=') == NULL) {
      return cli_usage("--column: expected name=type, found '%s'", v->text);
    }
  }
  return 0;
}

static bool left_out(const char *name) {
  static const char *const names[] = {
      "threads", "quiet", "json", "resume", "dry-run", "device", "memory"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(names[i], name) == 0) {
      return true;
    }
  }
  return false;
}

static char *append(char *line, const char *word) {
  char *quoted = cli_quote(word);
  char *longer =
      line == NULL || quoted == NULL ? NULL : cli_format("%s %s", line, quoted);
  free(quoted);
  free(line);
  return longer;
}

/* The command with what decides about the result; with the output's own name for
 * resuming, and without it in the record. */
static char *command_line(const cli_args *args, bool resume) {
  char *line = cli_format("weir fit");
  for (int i = 0; i < args->n_words; i++) {
    line = append(line, args->words[i]);
  }
  for (int i = 0; i < args->n_values; i++) {
    const cli_value *v = &args->values[i];
    if (left_out(v->opt->name)) {
      continue;
    }
    char *name = cli_format("--%s", v->opt->name);
    line = append(line, name == NULL ? "" : name);
    free(name);
    if (v->opt->type != CLI_FLAG) {
      const bool output = strcmp(v->opt->name, "output") == 0;
      line = append(line, output && !resume ? "MODEL.safetensors" : v->text);
    }
  }
  return resume ? append(line, "--resume") : line;
}

static double table_bytes(const cli_job *job) {
  double n = 0.0;
  for (int i = 0; i < 3; i++) {
    if (job->table[i] != NULL) {
      n += (double)weir_table_bytes(job->table[i]);
    }
  }
  return n;
}

static int plan_memory(const cli_job *job, weir_fit_bytes *out) {
  weir_fit_opts opts = WEIR_FIT_OPTS_INIT;
  opts.config = job->config.fit;
  opts.time_limit = job->time_limit;
  opts.seed = job->seed;
  return cli_fail(weir_fit_memory(job->model, job->set[0], job->set[1], &opts, out));
}

static json_t *memory_json(const weir_fit_bytes *m, double tables) {
  return json_pack("{s:I, s:I, s:I, s:I, s:I, s:f}", "parameters",
      (json_int_t)m->parameters, "optimizer", (json_int_t)m->optimizer, "step",
      (json_int_t)m->step, "evaluation", (json_int_t)m->evaluation, "data",
      (json_int_t)m->data, "tables", tables);
}

static void print_memory(const weir_fit_bytes *m, double tables) {
  char a[32], b[32], c[32], d[32], e[32];
  cli_show("parameters %s, optimizer %s, a step %s, evaluation %s, data %s",
      cli_bytes((double)m->parameters, a), cli_bytes((double)m->optimizer, b),
      cli_bytes((double)m->step, c), cli_bytes((double)m->evaluation, d),
      cli_bytes((double)m->data + tables, e));
}

static int print_plan(const cli_job *job) {
  weir_fit_bytes bytes;
  const int planned = plan_memory(job, &bytes);
  if (planned != 0) {
    return planned;
  }
  const double tables = table_bytes(job);
  const double memory = tables + (double)(bytes.parameters + bytes.optimizer +
                                          bytes.step + bytes.evaluation + bytes.data);
  json_t *whole = cli_config_whole(&job->config, weir_model_config(job->model));
  if (whole == NULL) {
    return cli_no_memory();
  }
  if (job->env->json) {
    return cli_json_print(
        stdout, json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:f, s:o, s:s}", "config",
                    whole, "rows", (json_int_t)job->set[0].n, "features",
                    (json_int_t)weir_model_features(job->model), "context",
                    (json_int_t)weir_model_context(job->model), "latent_features",
                    (json_int_t)weir_model_latent_features(job->model), "parameters",
                    (json_int_t)weir_model_parameters(job->model), "memory_bytes",
                    memory, "memory", memory_json(&bytes, tables), "kind",
                    weir_model_kind(job->model)));
  }
  char *text = NULL, buf[32];
  const int code = cli_fail(weir_config_yaml(job->env->ctx, whole, &text));
  json_decref(whole);
  if (code == 0) {
    fputs(text, stdout);
    cli_show("%" PRId64 " columns given %" PRId64 ", %" PRId64
             " parameters, %s of memory, %s log-likelihood",
        weir_model_features(job->model), weir_model_context(job->model),
        weir_model_parameters(job->model), cli_bytes(memory, buf),
        weir_model_kind(job->model));
    print_memory(&bytes, tables);
  }
  weir_text_free(job->env->ctx, text);
  return code;
}

static int fit(cli_job *job, bool dry_run) {
  const int code = cli_job_run(job, dry_run);
  if (code != 0) {
    return code;
  }
  if (dry_run) {
    return print_plan(job);
  }
  if (job->env->json) {
    return cli_json_print(stdout, cli_job_json(job));
  }
  if (!job->env->quiet) {
    cli_job_print(job);
  }
  return 0;
}

static int prepare(cli_job *job, const cli_args *args) {
  int code = check_columns(args);
  if (code == 0) {
    code = cli_job_configure(job, args, cli_text(args, "config", NULL));
  }
  if (code == 0 && args->n_words > 0) {
    json_object_set_new(job->config.data, "file", json_string(args->words[0]));
  }
  return code == 0 ? apply_split(job, args) : code;
}

static int run(const cli_args *args) {
  const bool dry_run = cli_has(args, "dry-run");
  cli_env env;
  cli_job job = {.env = &env,
      .output = cli_text(args, "output", NULL),
      .resume = cli_has(args, "resume")};
  if (job.output == NULL && !dry_run) {
    return cli_usage("expected -o MODEL, the file to write");
  }
  int code = cli_env_open(&env, args);
  if (code == 0) {
    code = prepare(&job, args);
  }
  char *command = command_line(args, false), *again = command_line(args, true);
  job.command = command == NULL ? "" : command;
  job.again = again == NULL ? "" : again;
  if (code == 0) {
    code = fit(&job, dry_run);
  }
  cli_job_free(&job);
  cli_env_close(&env);
  free(command);
  free(again);
  return code;
}

extern const cli_verb cli_verb_fit;
const cli_verb cli_verb_fit = {
    .name = "fit",
    .summary = "train a density on a table",
    .words = "DATA",
    .max_words = 1,
    .options =
        (const cli_opt *const[]){options, cli_read_options, cli_compute_options, NULL},
    .text =
        "Reads DATA (CSV, NPY or IDX, also .gz), finds out what each column is, trains "
        "by maximum likelihood with early stopping, and writes MODEL, the "
        "configuration with all defaults beside it (.yaml) and the learning curve "
        "(.metrics.jsonl). At the end it prints the log-likelihood of the held-out "
        "rows beside that of a Gaussian and of a mixture of Gaussians. Ctrl-C and "
        "SIGTERM finish the step and save MODEL.ckpt; --resume goes on from it. An "
        "existing MODEL is replaced only once the new one is complete.",
    .examples = (const char *const[]){"weir fit table.csv -o model.safetensors",
        "weir fit table.csv --context site,age --time-limit 300 -o model.safetensors",
        "weir fit --config recipe.yaml --set model.bins=16 -o model.safetensors", NULL},
    .run = run,
};
