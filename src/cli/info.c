/* weir info: what a model file holds. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/env.h"
#include "cli/json.h"
#include "weir/config.h"

static const char *preset_of(const json_t *config) {
  const char *name = json_string_value(json_object_get(config, "name"));
  return name != NULL ? name : "unnamed";
}

static json_t *schema_json(const cli_env *env, const weir_model *model) {
  char *text = NULL;
  if (weir_schema_to_json(weir_model_schema(model), &text) != WEIR_OK) {
    return json_null();
  }
  json_t *schema = cli_json_parse(text);
  weir_text_free(env->ctx, text);
  return schema;
}

static int print_json(const cli_env *env, const weir_model *model) {
  return cli_json_print(stdout,
      json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:o, s:o, s:o}", "kind",
          weir_model_kind(model), "measure", weir_model_measure(model), "features",
          (json_int_t)weir_model_features(model), "latent_features",
          (json_int_t)weir_model_latent_features(model), "context",
          (json_int_t)weir_model_context(model), "parameters",
          (json_int_t)weir_model_parameters(model), "dtype",
          weir_model_dtype(model) == WEIR_F32 ? "f32" : "f64", "model",
          cli_json_parse(weir_model_config(model)), "schema", schema_json(env, model),
          "record", cli_json_parse(weir_model_record(model))));
}

static void print_score(const char *name, const json_t *score) {
  if (!json_is_object(score)) {
    return;
  }
  printf("  %-11s %.4f +- %.4f nats per row", name,
      json_number_value(json_object_get(score, "mean_log_prob")),
      json_number_value(json_object_get(score, "standard_error")));
  const char *rows = json_string_value(json_object_get(score, "rows"));
  if (rows != NULL) {
    printf(" (%" JSON_INTEGER_FORMAT " %s rows)",
        json_integer_value(json_object_get(score, "n")), rows);
  }
  putchar('\n');
}

static const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text != NULL ? text : "?";
}

static void print_record(const json_t *record) {
  if (json_object_size(record) == 0) {
    printf("  trained     no\n");
    return;
  }
  printf("  trained     weir %s (%s), seed %" JSON_INTEGER_FORMAT
         ", %" JSON_INTEGER_FORMAT " steps\n",
      text_of(record, "version"), text_of(record, "commit"),
      json_integer_value(json_object_get(record, "seed")),
      json_integer_value(json_object_get(record, "steps")));
  printf("  command     %s\n", text_of(record, "command"));
  const json_t *baselines = json_object_get(record, "baselines");
  print_score("held out", json_object_get(record, "held_out"));
  print_score("Gaussian", json_object_get(baselines, "gaussian"));
  print_score("mixture", json_object_get(baselines, "mixture"));
}

static int print_human(const cli_env *env, const weir_model *model, const char *path) {
  json_t *config = cli_json_parse(weir_model_config(model));
  json_t *record = cli_json_parse(weir_model_record(model));
  char *schema = NULL, *yaml = NULL;
  weir_status status = weir_schema_show(weir_model_schema(model), &schema);
  if (status == WEIR_OK) {
    status = weir_config_yaml(env->ctx, config, &yaml);
  }
  if (status == WEIR_OK) {
    printf("%s\n  preset      %s, %" PRId64 " parameters, %s\n", path,
        preset_of(config), weir_model_parameters(model),
        weir_model_dtype(model) == WEIR_F32 ? "f32" : "f64");
    printf("  columns     %" PRId64 " given %" PRId64 "; %" PRId64 " latents\n",
        weir_model_features(model), weir_model_context(model),
        weir_model_latent_features(model));
    printf("  likelihood  %s; %s\n", weir_model_kind(model), weir_model_measure(model));
    print_record(record);
    printf("\ncolumns\n%s\nmodel\n%s", schema, yaml);
  }
  weir_text_free(env->ctx, schema);
  weir_text_free(env->ctx, yaml);
  json_decref(config);
  json_decref(record);
  return cli_fail(status);
}

static int info(cli_env *env, const cli_args *args) {
  weir_model *model = NULL;
  int code = cli_fail(weir_model_load(&model, env->ctx, args->words[0]));
  if (code == 0) {
    code = env->json ? print_json(env, model) : print_human(env, model, args->words[0]);
  }
  weir_model_destroy(&model);
  return code;
}

static int run(const cli_args *args) {
  return cli_env_run(args, info);
}

static const cli_opt options[] = {
    {"json", 0, CLI_FLAG, NULL, "as JSON for machines", 0, 0, NULL, NULL}, {0}};

extern const cli_verb cli_verb_info;
const cli_verb cli_verb_info = {
    .name = "info",
    .summary = "what a model file holds",
    .words = "MODEL",
    .min_words = 1,
    .max_words = 1,
    .options = (const cli_opt *const[]){options, NULL},
    .text =
        "The columns and their types, the model with its options, how it was trained, "
        "and its held-out log-likelihood beside the baselines.",
    .examples = (const char *const[]){"weir info model.safetensors", NULL},
    .run = run,
};
