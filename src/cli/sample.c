/* weir sample: draws from a model, as the table it was trained on. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/sheet.h"

static const cli_opt options[] = {
    {"number", 'n', CLI_INT, "N",
        "draws (1000, of a picture 64); with --context-file, for each of its rows (1)",
        1, 1e15, NULL, NULL},
    {"temperature", 0, CLI_REAL, "T",
        "factor on the standard deviation of the base (1)", 0, 1e6, NULL, NULL},
    {"mean", 0, CLI_FLAG, NULL,
        "of an autoencoder, the mean of the likelihood for each latent drawn: images "
        "without the noise of single pixels",
        0, 0, NULL, NULL},
    {"log-prob", 0, CLI_FLAG, NULL,
        "the log-likelihood of each draw as the last column, "
        "log_prob",
        0, 0, NULL, NULL},
    {0}};

typedef struct sampler {
  cli_pass *pass;
  const weir_model *model;
  const weir_schema *schema;
  cli_context context;
  int64_t d, total, each; /* columns, draws in all, draws per context row */
  bool log_prob, mean;
  double temperature;
  double *x, *lp, *contexts; /* [CLI_BLOCK, ...] */
  cli_sheet sheet;
} sampler;

static int set_up(sampler *s, const cli_args *args) {
  int code = cli_context_read(&s->context, &s->pass->env, s->schema, args);
  if (code != 0) {
    return code;
  }
  if (s->context.width > 0 && s->context.rows == 0) {
    return cli_usage("the model is conditional: expected --context or --context-file");
  }
  s->d = weir_model_features(s->model);
  s->log_prob = cli_has(args, "log-prob");
  s->mean = cli_has(args, "mean");
  if (s->mean && s->log_prob) {
    return cli_usage("--log-prob is of draws, and --mean gives none");
  }
  s->temperature = cli_real(args, "temperature", 1.0);
  const bool table = cli_has(args, "context-file");
  s->each = cli_int(args, "number", table ? 1 : cli_wants_picture(args) ? 64 : 1000);
  if (table && s->each > INT64_MAX / s->context.rows) {
    return cli_usage("-n: too many draws");
  }
  s->total = s->each * (table ? s->context.rows : 1);
  const size_t block = (size_t)CLI_BLOCK * sizeof(double);
  s->x = malloc(block * (size_t)s->d);
  s->lp = malloc(block);
  s->contexts = malloc(block * (size_t)(s->context.width + 1));
  return s->x != NULL && s->lp != NULL && s->contexts != NULL ? 0 : cli_no_memory();
}

static void tear_down(sampler *s) {
  cli_sheet_free(&s->sheet);
  cli_context_free(&s->context);
  free(s->x);
  free(s->lp);
  free(s->contexts);
}

/* Context of draws first .. first + n - 1: draw i has row i / each. */
static void fill_contexts(sampler *s, int64_t first, int64_t n) {
  const int64_t c = s->context.width;
  for (int64_t i = 0; i < n; i++) {
    const int64_t row = s->context.rows == 1 ? 0 : (first + i) / s->each;
    memcpy(s->contexts + i * c, s->context.values + row * c,
        (size_t)c * sizeof *s->contexts);
  }
}

static weir_status draw(sampler *s, int64_t first, int64_t n) {
  const int64_t c = s->context.width;
  if (c > 0) {
    fill_contexts(s, first, n);
  }
  weir_sample_opts opts = WEIR_SAMPLE_OPTS_INIT;
  opts.seed = s->pass->env.seed;
  opts.first = first;
  opts.temperature = s->temperature;
  opts.mean = s->mean;
  return weir_model_sample(s->model, n, n, c > 0 ? s->contexts : NULL, &opts, s->x,
      s->log_prob ? s->lp : NULL);
}

static weir_status stream(sampler *s) {
  weir_status status = WEIR_OK;
  for (int64_t first = 0; status == WEIR_OK && first < s->total; first += CLI_BLOCK) {
    const int64_t left = s->total - first;
    const int64_t n = left < CLI_BLOCK ? left : CLI_BLOCK;
    if (!cli_pass_goes_on(s->pass)) {
      return WEIR_OK;
    }
    status = draw(s, first, n);
    if (status == WEIR_OK) {
      status = cli_sheet_put(&s->sheet, n, s->x,
          s->context.width > 0 ? s->contexts : NULL, s->log_prob ? s->lp : NULL);
    }
  }
  return status;
}

static int sample(cli_pass *pass) {
  sampler s = {
      .pass = pass, .model = pass->model, .schema = weir_model_schema(pass->model)};
  int code = set_up(&s, pass->args);
  if (code == 0) {
    code = cli_sheet_open(&s.sheet, pass, s.log_prob ? "log_prob" : NULL, s.total, 0);
  }
  if (code == 0) {
    code = cli_fail(stream(&s));
  }
  if (code == 0) {
    code = cli_sheet_end(&s.sheet);
  }
  tear_down(&s);
  return code;
}

static int run(const cli_args *args) {
  return cli_pass_run(args, sample);
}

extern const cli_verb cli_verb_sample;
const cli_verb cli_verb_sample = {
    .name = "sample",
    .summary = "draw rows from a model",
    .words = "MODEL",
    .min_words = 1,
    .max_words = 1,
    .options = (const cli_opt *const[]){options, cli_context_options, cli_sheet_options,
        cli_read_options, cli_compute_options, NULL},
    .text =
        "Gives back a table as the model was trained on: the same header, order, types "
        "and category names. Draw i depends on the seed and on i only. Of images, -o "
        "FILE.png makes a "
        "picture.",
    .examples =
        (const char *const[]){"weir sample model.safetensors -n 1000 -o new.csv",
            "weir sample model.safetensors -n 100 --context \"site=A,age=40\"",
            "weir sample digits.safetensors -o digits.png", NULL},
    .run = run,
};
