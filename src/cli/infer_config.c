/* The configuration of an inference. */
#include "cli/infer_config.h"

#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/out.h"
#include "weir/about.h"
#include "weir/config.h"

typedef struct top_level {
  const weir_spec *target, *infer;
  char *about;
} top_level;

static const weir_opt top_options[] = {
    {"target", WEIR_OPT_SPEC, offsetof(top_level, target), "null", 0, 0, NULL,
        "name of a target and its options"},
    {"infer", WEIR_OPT_SPEC, offsetof(top_level, infer), "null", 0, 0, NULL,
        "method, chains, draws"},
    {"about", WEIR_OPT_TEXT, offsetof(top_level, about), "null", 0, 0, NULL,
        "one line about the configuration"},
    {0}};

/* The object at a key, made of a name or of nothing where need be. */
static json_t *section(json_t *root, const char *key) {
  json_t *at = json_object_get(root, key);
  if (json_is_object(at)) {
    return at;
  }
  json_object_set_new(
      root, key, json_is_string(at) ? json_pack("{s:O}", "name", at) : json_object());
  return json_object_get(root, key);
}

static int load(cli_inference *job, const cli_args *args) {
  const char *file = cli_text(args, "config", NULL);
  weir_ctx *ctx = job->env->ctx;
  const int code = cli_fail(file != NULL ? weir_config_load(&job->root, ctx, file)
                                         : weir_config_create(&job->root, ctx));
  if (code == 0 && json_is_null(job->root)) {
    json_decref(job->root);
    job->root = json_object();
  }
  return code;
}

/* The words of the command line over those of the file. */
static int apply(cli_inference *job, const cli_args *args) {
  static const char *const counts[] = {"chains", "warmup", "draws"};
  json_t *infer = section(job->root, "infer");
  if (cli_has(args, "method")) {
    json_object_set_new(
        section(infer, "method"), "name", json_string(cli_text(args, "method", "")));
  }
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    if (cli_has(args, counts[i])) {
      json_object_set_new(infer, counts[i], json_integer(cli_int(args, counts[i], 0)));
    }
  }
  if (args->n_words > 0) {
    json_object_set_new(
        section(job->root, "target"), "name", json_string(args->words[0]));
  }
  for (int i = 0; i < args->n_values; i++) {
    if (strcmp(args->values[i].opt->name, "set") == 0) {
      const int code =
          cli_fail(weir_config_set(job->env->ctx, job->root, args->values[i].text));
      if (code != 0) {
        return code;
      }
    }
  }
  return 0;
}

static int check(cli_inference *job) {
  json_t *top = NULL;
  const int code =
      cli_fail(weir_config_resolve(&top, job->env->ctx, top_options, job->root, ""));
  json_decref(top);
  if (code != 0) {
    return code;
  }
  job->target = json_object_get(job->root, "target");
  job->infer = json_object_get(job->root, "infer");
  return job->target == NULL || json_is_null(job->target)
             ? cli_usage(
                   "expected TARGET: a name of `weir list targets` or the path of "
                   "a shared object")
             : 0;
}

/* What the checkpoint belongs to: the target with its options, digests of its files. */
static int identify(cli_inference *job) {
  char digest[65] = "none";
  if (job->data != NULL) {
    const int code = cli_fail(weir_file_digest(job->env->ctx, job->data, digest));
    if (code != 0) {
      return code;
    }
  }
  char *text = json_dumps(job->target, JSON_COMPACT | JSON_SORT_KEYS);
  job->identity = text == NULL ? NULL : cli_format("%s data %s", text, digest);
  free(text);
  return job->identity == NULL ? cli_no_memory() : 0;
}

int cli_inference_read(cli_inference *job, const cli_args *args) {
  job->data = cli_text(args, "data", NULL);
  job->output = cli_text(args, "output", NULL);
  int code = cli_output_named(args);
  if (code == 0) {
    code = load(job, args);
  }
  if (code == 0) {
    code = apply(job, args);
  }
  if (code == 0) {
    code = check(job);
  }
  if (code == 0) {
    code = identify(job);
  }
  if (code == 0 && job->output != NULL) {
    job->checkpoint = cli_format("%s.ckpt", job->output);
    code = job->checkpoint == NULL ? cli_no_memory() : cli_can_write(job->output);
  }
  return code;
}

void cli_inference_free(cli_inference *job) {
  weir_posterior_destroy(&job->posterior);
  weir_target_destroy(&job->density);
  json_decref(job->root);
  free(job->checkpoint);
  free(job->identity);
  free(job->command);
}
