/* The configuration of a fit: tables of its sections, and how options, files and --set
 * come together. The file is read first, then options, then --set in order. */
#include "cli/config.h"

#include <string.h>

#include "cli/json.h"
#include "weir/train.h"

/* What stands in a file beside the sections: facts for people, and for recipes. */
typedef struct top_level {
  const weir_spec *data, *model, *train, *checksums;
  char *about, *paper;
} top_level;

static const weir_opt top_options[] = {
    {"data", WEIR_OPT_SPEC, offsetof(top_level, data), "null", 0, 0, NULL,
        "files, columns and split"},
    {"model", WEIR_OPT_SPEC, offsetof(top_level, model), "null", 0, 0, NULL,
        "name of a preset and its options"},
    {"train", WEIR_OPT_SPEC, offsetof(top_level, train), "null", 0, 0, NULL,
        "how to train"},
    {"about", WEIR_OPT_TEXT, offsetof(top_level, about), "null", 0, 0, NULL,
        "one line about a recipe"},
    {"paper", WEIR_OPT_TEXT, offsetof(top_level, paper), "null", 0, 0, NULL,
        "what a recipe follows"},
    {"checksums", WEIR_OPT_SPEC, offsetof(top_level, checksums), "null", 0, 0, NULL,
        "SHA-256 of the files of a recipe"},
    {0}};

typedef struct data_section {
  char *file, *valid, *test, *mask, *mask_file, *context, *weight;
  char *image, *labels, *valid_labels, *test_labels;
  double valid_fraction, test_fraction;
  const weir_spec *columns, *patches;
  int64_t memory;
  bool drop_missing, allow_constant;
  int format, header;
} data_section;

#define AT(field) offsetof(data_section, field)
static const weir_opt data_options[] = {
    {"file", WEIR_OPT_TEXT, AT(file), "null", 0, 0, NULL, "table to train on"},
    {"valid", WEIR_OPT_TEXT, AT(valid), "null", 0, 0, NULL,
        "table for early stopping; else a part of file"},
    {"test", WEIR_OPT_TEXT, AT(test), "null", 0, 0, NULL,
        "table for the held-out figures; else a part of file"},
    {"valid_fraction", WEIR_OPT_REAL, AT(valid_fraction), "-1", -1, 0.95, NULL,
        "part of the rows for early stopping; -1: 0.1 unless valid or mask is given"},
    {"test_fraction", WEIR_OPT_REAL, AT(test_fraction), "-1", -1, 0.95, NULL,
        "part of the rows held out; -1: 0.1 unless test or mask is given"},
    {"mask", WEIR_OPT_TEXT, AT(mask), "null", 0, 0, NULL,
        "column that says train, valid or test (or 0, 2, 1)"},
    {"mask_file", WEIR_OPT_TEXT, AT(mask_file), "null", 0, 0, NULL,
        "table with the mask column, as many rows as file; else file itself"},
    {"patches", WEIR_OPT_SPEC, AT(patches), "null", 0, 0, NULL,
        "the tables are images: take patches of them (weir list patches)"},
    {"columns", WEIR_OPT_SPEC, AT(columns), "null", 0, 0, NULL,
        "types of columns, {name: type}; the others are guessed"},
    {"context", WEIR_OPT_TEXT, AT(context), "null", 0, 0, NULL,
        "columns, with commas between, on which the density is conditional"},
    {"weight", WEIR_OPT_TEXT, AT(weight), "null", 0, 0, NULL,
        "column with the weight of each row"},
    {"image", WEIR_OPT_TEXT, AT(image), "null", 0, 0, NULL,
        "rows are images of this size, 28x20 or 32x32x3, where files do not say it"},
    {"labels", WEIR_OPT_TEXT, AT(labels), "null", 0, 0, NULL,
        "labels of the rows of file, one column"},
    {"valid_labels", WEIR_OPT_TEXT, AT(valid_labels), "null", 0, 0, NULL,
        "labels of the rows of valid"},
    {"test_labels", WEIR_OPT_TEXT, AT(test_labels), "null", 0, 0, NULL,
        "labels of the rows of test"},
    {"drop_missing", WEIR_OPT_BOOL, AT(drop_missing), "false", 0, 0, NULL,
        "leave out rows with a missing value; else they are refused"},
    {"allow_constant", WEIR_OPT_BOOL, AT(allow_constant), "false", 0, 0, NULL,
        "do not refuse constant or repeated columns"},
    {"memory", WEIR_OPT_INT, AT(memory), "0", 0, 1e9, NULL,
        "MiB that a table may take; larger ones are read from files as needed; 0: a "
        "quarter of the machine's memory"},
    {"format", WEIR_OPT_CHOICE, AT(format), "\"auto\"", 0, 0,
        "auto|csv|npy|idx|png|jpeg|folder",
        "format of the tables; auto: by content and name"},
    {"header", WEIR_OPT_CHOICE, AT(header), "\"auto\"", 0, 0, "auto|yes|no",
        "whether the first line of a CSV file names the columns"},
    {0}};
#undef AT

/* Keys of the train section that are the program's: weir_fit has them elsewhere. */
typedef struct run_section {
  int64_t seed;
  int dtype;
  double time_limit;
} run_section;

static const weir_opt run_options[] = {
    {"seed", WEIR_OPT_INT, offsetof(run_section, seed), "0", 0, 9007199254740992.0,
        NULL, "of the split, the initial weights and the order of the rows"},
    {"dtype", WEIR_OPT_CHOICE, offsetof(run_section, dtype), "\"f32\"", 0, 0, "f32|f64",
        "numbers of parameters and arithmetic"},
    {"time_limit", WEIR_OPT_REAL, offsetof(run_section, time_limit), "0", 0, 1e9, NULL,
        "seconds of training; 0: none"},
    {0}};

const weir_opt *cli_section_options(const char *section) {
  return strcmp(section, "data") == 0      ? data_options
         : strcmp(section, "patches") == 0 ? cli_patches_options()
         : strcmp(section, "train") == 0   ? weir_fit_options()
         : strcmp(section, "run") == 0     ? run_options
                                           : NULL;
}

const char *cli_key_text(const json_t *section, const char *key) {
  return json_string_value(json_object_get(section, key));
}

double cli_key_real(const json_t *section, const char *key) {
  return json_number_value(json_object_get(section, key));
}

bool cli_key_true(const json_t *section, const char *key) {
  return json_is_true(json_object_get(section, key));
}

/* The object at a key of root, made when there is none. */
static json_t *section_of(json_t *root, const char *key) {
  json_t *section = json_object_get(root, key);
  if (section == NULL || json_is_null(section)) {
    json_object_set_new(root, key, json_object());
    section = json_object_get(root, key);
  }
  return section;
}

static json_t *value_of(const cli_value *v) {
  return v->opt->type == CLI_FLAG   ? json_true()
         : v->opt->type == CLI_INT  ? json_integer(v->integer)
         : v->opt->type == CLI_REAL ? json_real(v->real)
                                    : json_string(v->text);
}

/* "data.valid" and its value into root. */
static void apply_option(json_t *root, const cli_value *v) {
  char section[16];
  const char *dot = strchr(v->opt->sets, '.');
  const size_t n = (size_t)(dot - v->opt->sets);
  memcpy(section, v->opt->sets, n);
  section[n] = '\0';
  json_t *into = section_of(root, section);
  if (json_is_string(into)) { /* `model: nsf` for {name: nsf} */
    json_t *object = json_pack("{s:O}", "name", into);
    json_object_set_new(root, section, object);
    into = object;
  }
  json_object_set_new(into, dot + 1, value_of(v));
}

/* --column name=type becomes data.columns.name. */
static void apply_column(json_t *root, const char *text) {
  json_t *data = section_of(root, "data");
  json_t *columns = json_is_object(data) ? section_of(data, "columns") : NULL;
  const char *equals = strrchr(text, '=');
  if (columns == NULL || equals == NULL) {
    return;
  }
  json_t *name = json_stringn(text, (size_t)(equals - text));
  json_object_set_new(columns, json_string_value(name), json_string(equals + 1));
  json_decref(name);
}

static weir_status apply_options(cli_env *env, json_t *root, const cli_args *args) {
  for (int i = 0; i < args->n_values; i++) {
    if (args->values[i].opt->sets != NULL) {
      apply_option(root, &args->values[i]);
    } else if (strcmp(args->values[i].opt->name, "column") == 0) {
      apply_column(root, args->values[i].text);
    }
  }
  for (int i = 0; i < args->n_values; i++) {
    if (strcmp(args->values[i].opt->name, "set") == 0) {
      const weir_status status = weir_config_set(env->ctx, root, args->values[i].text);
      if (status != WEIR_OK) {
        return status;
      }
    }
  }
  return WEIR_OK;
}

/* Takes the program's own keys out of the train section: *fit is the rest. */
static weir_status split_train(cli_config *c, cli_env *env) {
  const json_t *asked = json_object_get(c->root, "train");
  if (asked != NULL && !json_is_object(asked) && !json_is_null(asked)) {
    return weir_config_resolve(&c->train, env->ctx, run_options, asked, "train");
  }
  json_t *run = json_object();
  c->fit = json_is_object(asked) ? json_deep_copy(asked) : json_object();
  for (const weir_opt *o = run_options; o->name != NULL; o++) {
    json_t *value = json_object_get(c->fit, o->name);
    if (value != NULL) {
      json_object_set(run, o->name, value);
      json_object_del(c->fit, o->name);
    }
  }
  weir_status status =
      weir_config_resolve(&c->train, env->ctx, run_options, run, "train");
  json_decref(run);
  json_t *fit = NULL;
  if (status == WEIR_OK) {
    status = weir_config_resolve(&fit, env->ctx, weir_fit_options(), c->fit, "train");
  }
  if (status == WEIR_OK) {
    json_object_update(c->train, fit);
  }
  json_decref(fit);
  return status;
}

static weir_status check_sections(cli_config *c, cli_env *env, const char *file) {
  json_t *top = NULL;
  const char *where = file != NULL && !json_is_object(c->root) ? file : "";
  weir_status status = weir_config_resolve(&top, env->ctx, top_options, c->root, where);
  json_decref(top);
  if (status == WEIR_OK) {
    status = weir_config_resolve(
        &c->data, env->ctx, data_options, json_object_get(c->root, "data"), "data");
  }
  return status == WEIR_OK ? split_train(c, env) : status;
}

weir_status cli_config_read(
    cli_config *out, cli_env *env, const cli_args *args, const char *file) {
  *out = (cli_config){0};
  weir_status status = file != NULL ? weir_config_load(&out->root, env->ctx, file)
                                    : weir_config_create(&out->root, env->ctx);
  if (status == WEIR_OK && json_is_null(out->root)) {
    json_decref(out->root);
    out->root = json_object();
  }
  if (status == WEIR_OK && json_is_object(out->root)) {
    status = apply_options(env, out->root, args);
  }
  if (status == WEIR_OK) {
    status = check_sections(out, env, file);
  }
  if (status != WEIR_OK) {
    cli_config_free(out);
  }
  return status;
}

void cli_config_free(cli_config *config) {
  json_decref(config->root);
  json_decref(config->data);
  json_decref(config->train);
  json_decref(config->fit);
  *config = (cli_config){0};
}

json_t *cli_config_whole(const cli_config *config, const char *model) {
  json_error_t error;
  json_t *section = json_loads(model, 0, &error);
  if (section == NULL) {
    return NULL;
  }
  return json_pack("{s:O, s:o, s:O}", "data", config->data, "model", section, "train",
      config->train);
}
