/* The common options and the context made of them. */
#define _POSIX_C_SOURCE 200809L
#include "cli/env.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

const cli_opt cli_compute_options[] = {
    {"seed", 0, CLI_INT, "N",
        "seed of everything random; the same seed gives the same "
        "output",
        0, 9007199254740992.0, NULL, "train.seed"},
    {"threads", 0, CLI_INT, "N",
        "threads; 0: as many as cores; results do not depend "
        "on it",
        0, 256, NULL, NULL},
    {"device", 0, CLI_TEXT, "DEVICE", "where to compute; this version has cpu", 0, 0,
        NULL, NULL},
    {"dtype", 0, CLI_TEXT, "TYPE",
        "f32 or f64: numbers of parameters and arithmetic; of a model, else its own", 0,
        0, "f32|f64", "train.dtype"},
    {"quiet", 'q', CLI_FLAG, NULL, "errors only on stderr", 0, 0, NULL, NULL},
    {"json", 0, CLI_FLAG, NULL, "results as JSON for machines", 0, 0, NULL, NULL}, {0}};

const cli_opt cli_read_options[] = {
    {"drop-missing", 0, CLI_FLAG, NULL,
        "leave out rows with a missing value; else they "
        "are refused",
        0, 0, NULL, "data.drop_missing"},
    {"input-format", 0, CLI_TEXT, "FORMAT",
        "csv, npy, idx, png, jpeg or folder; else by content and name", 0, 0,
        "csv|npy|idx|png|jpeg|folder", "data.format"},
    {"image", 0, CLI_TEXT, "HxWxC",
        "rows are images of this height, width and channels (28x20 is 28x20x1), where "
        "the file does not say it",
        0, 0, NULL, "data.image"},
    {"labels", 0, CLI_FILE, "FILE",
        "labels of the rows, a column, as the last column: 'label'", 0, 0, NULL,
        "data.labels"},
    {"memory", 0, CLI_INT, "MIB",
        "what a table may take; larger ones are read from files as needed; 0: a "
        "quarter of the machine's memory",
        0, 1e9, NULL, "data.memory"},
    {"header", 0, CLI_TEXT, "WHETHER",
        "whether the first line of a CSV file names the "
        "columns",
        0, 0, "auto|yes|no", "data.header"},
    {0}};

const cli_opt cli_write_options[] = {
    {"output", 'o', CLI_FILE, "FILE",
        "where to write; - is standard output, the default", 0, 0, NULL, NULL},
    {"format", 0, CLI_TEXT, "FORMAT",
        "csv, tsv or npy; else by the extension of the "
        "file, else csv",
        0, 0, "csv|tsv|npy", NULL},
    {0}};

const cli_opt cli_context_options[] = {
    {"context", 0, CLI_TEXT, "VALUES", "context for all rows, \"a=1,b=x\"", 0, 0, NULL,
        NULL},
    {"context-file", 0, CLI_FILE, "FILE", "table with the context columns, a row each",
        0, 0, NULL, NULL},
    {0}};

static volatile sig_atomic_t caught;

/* The first signal asks the program to finish; the second ends it at once. */
static void on_signal(int number) {
  if (caught != 0) {
    signal(number, SIG_DFL);
    raise(number);
  }
  caught = number;
}

static void catch_signals(void) {
  struct sigaction act;
  memset(&act, 0, sizeof act);
  sigemptyset(&act.sa_mask);
  act.sa_flags = SA_RESTART;
  act.sa_handler = on_signal;
  sigaction(SIGINT, &act, NULL);
  sigaction(SIGTERM, &act, NULL);
}

int cli_signal(void) {
  return (int)caught;
}

int cli_signal_code(void) {
  return 128 + (int)caught;
}

double cli_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double cli_peak_memory(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? 1024.0 * (double)usage.ru_maxrss : NAN;
}

static void log_line(void *user, weir_log_level level, const char *line) {
  (void)user;
  if (level == WEIR_LOG_WARN) {
    cli_warn("%s", line);
  } else if (level == WEIR_LOG_INFO) {
    cli_note("%s", line);
  }
}

int cli_env_open(cli_env *env, const cli_args *args) {
  *env = (cli_env){.seed = (uint64_t)cli_int(args, "seed", 0),
      .json = cli_has(args, "json"),
      .quiet = cli_has(args, "quiet")};
  if (env->quiet) {
    cli_say_quiet();
  }
  const char *device = cli_text(args, "device", "cpu");
  if (strcmp(device, "cpu") != 0) {
    return cli_usage("--device: this version computes on cpu only, found '%s'", device);
  }
  catch_signals();
  weir_ctx_opts opts = WEIR_CTX_OPTS_INIT;
  opts.threads = (int)cli_int(args, "threads", 0);
  opts.log = log_line;
  return cli_fail(weir_ctx_create(&env->ctx, &opts));
}

void cli_env_close(cli_env *env) {
  weir_ctx_destroy(&env->ctx);
}

int cli_env_run(const cli_args *args, int (*body)(cli_env *env, const cli_args *args)) {
  cli_env env;
  int code = cli_env_open(&env, args);
  if (code == 0) {
    code = body(&env, args);
  }
  cli_env_close(&env);
  return code;
}

double cli_largest(weir_dtype dtype) {
  return dtype == WEIR_F64 ? 0.0 : 1e38;
}

/* The model in another number type, in its place. */
static int convert(weir_model **model, weir_dtype dtype) {
  weir_model *own = *model;
  if (weir_model_dtype(own) == dtype) {
    return 0;
  }
  const weir_status status = weir_model_convert(model, own, dtype);
  weir_model_destroy(&own);
  return cli_fail(status);
}

int cli_model(weir_model **out, cli_env *env, const cli_args *args, const char *path) {
  int code = strcmp(path, "-") == 0 ? cli_usage("a model is a file, not a stream")
                                    : cli_fail(weir_model_load(out, env->ctx, path));
  const char *asked = cli_text(args, "dtype", NULL);
  if (code == 0 && asked != NULL) {
    code = convert(out, strcmp(asked, "f64") == 0 ? WEIR_F64 : WEIR_F32);
  }
  if (code == 0) {
    env->largest = cli_largest(weir_model_dtype(*out));
  }
  return code;
}

bool cli_image_size(const char *text, weir_read_opts *opts) {
  long long h = 0, w = 0, c = 1;
  int end = 0;
  if (text == NULL) {
    return true;
  }
  const bool two =
      sscanf(text, "%9lldx%9lld%n", &h, &w, &end) == 2 && text[end] == '\0';
  const bool ok = two || (sscanf(text, "%9lldx%9lldx%9lld%n", &h, &w, &c, &end) == 3 &&
                             text[end] == '\0');
  const bool sane = ok && h > 0 && w > 0 && c > 0;
  opts->height = sane ? h : -1;
  opts->width = sane ? w : -1;
  opts->channels = sane ? (two ? 1 : c) : -1;
  return sane;
}

weir_read_opts cli_read_opts(const cli_args *args) {
  weir_read_opts opts = WEIR_READ_OPTS_INIT;
  const char *header = cli_text(args, "header", "auto");
  opts.format = cli_text(args, "input-format", NULL);
  opts.header = strcmp(header, "yes") == 0 ? 1 : strcmp(header, "no") == 0 ? 0 : -1;
  opts.labels = cli_text(args, "labels", NULL);
  cli_image_size(cli_text(args, "image", NULL), &opts);
  return opts;
}
