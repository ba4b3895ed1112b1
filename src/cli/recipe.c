/* weir recipe: published experiments that run with one command. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/job.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/recipes.h"
#include "weir/about.h"

static const cli_opt options[] = {
    {"output", 'o', CLI_FILE, "MODEL",
        "model file to write; else NAME.safetensors; of rows: what the names of the "
        "files begin with, else NAME",
        0, 0, NULL, NULL},
    {"set", 's', CLI_TEXT, "KEY=VALUE", "a key of the configuration; may be repeated",
        0, 0, NULL, NULL},
    {"time-limit", 0, CLI_REAL, "SECONDS",
        "how long to train, in place of the recipe's", 0, 1e9, NULL,
        "train.time_limit"},
    {"resume", 0, CLI_FLAG, NULL, "go on from MODEL.ckpt where there is one", 0, 0,
        NULL, NULL},
    {"results", 0, CLI_FILE, "FILE", "append the result as a row of a Markdown table",
        0, 0, NULL, NULL},
    {"format", 0, CLI_TEXT, "FORMAT", "of rows: csv, tsv or npy (csv)", 0, 0,
        "csv|tsv|npy", NULL},
    {0}};

static const char table_head[] =
    "| recipe | mean test log-likelihood | standard error | kind | seconds | memory | "
    "commit | command |\n|---|---|---|---|---|---|---|---|\n";

/* Where the files of recipes lie: WEIR_DATA, else the folder data beside the recipes.
 * New. */
static char *data_root(void) {
  const char *asked = getenv("WEIR_DATA");
  const char *folder = cli_recipes_folder();
  return asked != NULL && *asked != '\0' ? cli_format("%s", asked)
                                         : cli_format("%s/../data", folder);
}

static int check_file(const cli_job *job, const char *file, const char *expected) {
  char digest[65];
  char *path = cli_format("%s/%s", job->root, file);
  int code = 0;
  if (path == NULL) {
    code = cli_no_memory();
  } else if (weir_file_digest(job->env->ctx, path, digest) != WEIR_OK) {
    code = cli_error(
        "%s (WEIR_DATA says in which folder the data of recipes lies)", weir_error());
  } else if (expected == NULL || strcmp(expected, digest) != 0) {
    code = cli_error("%s: not the file of the recipe: SHA-256 is %s, expected %s", path,
        digest, expected == NULL ? "a text" : expected);
  }
  free(path);
  return code;
}

static int check_files(const cli_job *job) {
  const char *file;
  json_t *expected;
  json_object_foreach(json_object_get(job->config.root, "checksums"), file, expected) {
    const int code = check_file(job, file, json_string_value(expected));
    if (code != 0) {
      return code;
    }
  }
  return 0;
}

static char *table_row(const cli_job *job, const char *name, double seconds) {
  char memory[32];
  return cli_format("| %s | %.4f | %.4f | %s (%s rows) | %.0f | %s | %s | `%s` |\n",
      name, job->score.mean_log_prob, job->score.standard_error,
      weir_model_kind(job->model), job->scored, seconds,
      cli_bytes(cli_peak_memory(), memory), weir_about_build().commit, job->command);
}

static int append_row(const char *path, const char *row) {
  FILE *f = fopen(path, "a");
  if (f == NULL) {
    return cli_error("%s: %s", path, strerror(errno));
  }
  fseek(f, 0, SEEK_END);
  int bad = ftell(f) == 0 ? fputs(table_head, f) == EOF : 0;
  bad |= fputs(row, f) == EOF;
  bad |= fclose(f) != 0;
  return bad == 0 ? 0 : cli_error("%s: %s", path, strerror(errno));
}

static int report(
    const cli_job *job, const cli_args *args, const char *name, double seconds) {
  const char *results = cli_text(args, "results", NULL);
  char *row = table_row(job, name, seconds);
  int code = row == NULL ? cli_no_memory() : 0;
  if (code == 0 && job->env->json) {
    json_t *out = cli_job_json(job);
    json_object_set_new(out, "recipe", json_string(name));
    json_object_set_new(out, "command", json_string(job->command));
    json_object_set_new(out, "commit", json_string(weir_about_build().commit));
    code = cli_json_print(stdout, out);
  } else if (code == 0) {
    if (!job->env->quiet) {
      cli_job_print(job);
    }
    printf("%s%s", table_head, row);
  }
  if (code == 0 && results != NULL) {
    code = append_row(results, row);
  }
  free(row);
  return code;
}

/* Options that change the result, as they were given. */
static char *command_line(const cli_args *args, const char *name) {
  char *line = cli_format("weir recipe run %s", name);
  for (int i = 0; line != NULL && i < args->n_values; i++) {
    const cli_value *v = &args->values[i];
    if (strcmp(v->opt->name, "set") == 0 || v->opt->sets != NULL) {
      char *word = cli_quote(v->text);
      char *longer = cli_format("%s --%s %s", line, v->opt->name, word);
      free(word);
      free(line);
      line = longer;
    }
  }
  return line;
}

/* The rows of every part as files, and for machines the whole configuration. */
static int write_rows(const cli_job *job, const cli_args *args) {
  const int code = cli_job_write_rows(
      job, cli_text(args, "output", args->words[1]), cli_text(args, "format", "csv"));
  if (code != 0 || !job->env->json) {
    return code;
  }
  json_t *whole = cli_config_whole(&job->config, weir_model_config(job->model));
  return whole == NULL ? cli_no_memory() : cli_json_print(stdout, whole);
}

static int run_job(cli_job *job, const cli_args *args, const char *path) {
  const double begun = cli_seconds();
  const bool rows = strcmp(args->words[0], "rows") == 0;
  int code = cli_job_configure(job, args, path);
  if (code == 0) {
    code = check_files(job);
  }
  if (code == 0) {
    code = cli_job_run(job, rows);
  }
  return code != 0 ? code
         : rows    ? write_rows(job, args)
                   : report(job, args, args->words[1], cli_seconds() - begun);
}

static int run_recipe(cli_env *env, const cli_args *args, const char *path) {
  const char *name = args->words[1];
  char *root = data_root(), *command = command_line(args, name);
  char *output = cli_format("%s",
      cli_text(args, "output", NULL) != NULL ? cli_text(args, "output", NULL) : name);
  if (output != NULL && !cli_has(args, "output")) {
    free(output);
    output = cli_format("%s.safetensors", name);
  }
  char *again =
      command == NULL ? NULL : cli_format("%s -o %s --resume", command, output);
  cli_job job = {.env = env,
      .root = root,
      .output = output,
      .command = command,
      .again = again,
      .resume = cli_has(args, "resume")};
  const int code = root == NULL || output == NULL || again == NULL
                       ? cli_no_memory()
                       : run_job(&job, args, path);
  cli_job_free(&job);
  free(root);
  free(command);
  free(output);
  free(again);
  return code;
}

static int show(const char *path) {
  FILE *f = fopen(path, "r");
  if (f == NULL) {
    return cli_error("%s: %s", path, strerror(errno));
  }
  char block[4096];
  size_t n;
  while ((n = fread(block, 1, sizeof block, f)) > 0) {
    fwrite(block, 1, n, stdout);
  }
  const bool bad = ferror(f) != 0;
  fclose(f);
  return bad ? cli_error("%s: cannot be read", path) : 0;
}

static int none_found(void) {
  const char *folder = cli_recipes_folder();
  return cli_usage("no recipes found in %s; set WEIR_RECIPES to their folder",
      folder == NULL ? "the usual places" : folder);
}

static int unknown(const char *name) {
  json_t *names = cli_recipe_names();
  const char *list[512];
  int n = 0;
  for (; n < 512 && (size_t)n < json_array_size(names); n++) {
    list[n] = json_string_value(json_array_get(names, (size_t)n));
  }
  const char *near = cli_nearest(name, list, n);
  const int code =
      n == 0 ? none_found()
      : near == NULL
          ? cli_usage("no recipe is called '%s'", name)
          : cli_usage("no recipe is called '%s'; did you mean '%s'?", name, near);
  json_decref(names);
  return code;
}

static int list(const cli_args *args) {
  json_t *names = cli_recipe_names();
  const bool none = json_array_size(names) == 0;
  json_decref(names);
  if (none) {
    return none_found();
  }
  if (cli_has(args, "json")) {
    return cli_json_print(stdout, cli_recipes_json());
  }
  cli_recipes_print();
  return 0;
}

static int run_named(const cli_args *args, bool run_it) {
  if (args->n_words < 2) {
    return cli_usage("expected the name of a recipe");
  }
  char *path = cli_recipe_path(args->words[1]);
  if (path == NULL) {
    return unknown(args->words[1]);
  }
  cli_env env = {0};
  int code = run_it ? cli_env_open(&env, args) : show(path);
  if (code == 0 && run_it) {
    code = run_recipe(&env, args, path);
  }
  cli_env_close(&env);
  free(path);
  return code;
}

static int run(const cli_args *args) {
  static const char *const what[] = {"list", "show", "run", "rows"};
  const char *word = args->words[0];
  if (strcmp(word, "list") == 0) {
    return list(args);
  }
  for (int i = 1; i < 4; i++) {
    if (strcmp(word, what[i]) == 0) {
      return run_named(args, i > 1);
    }
  }
  const char *near = cli_nearest(word, what, 4);
  return cli_usage("expected list, show, run or rows, found '%s'%s%s%s", word,
      near == NULL ? "" : "; did you mean '", near == NULL ? "" : near,
      near == NULL ? "" : "'?");
}

extern const cli_verb cli_verb_recipe;
const cli_verb cli_verb_recipe = {
    .name = "recipe",
    .summary = "published experiments: list them, show one, run one",
    .words = "list|show|run|rows [NAME]",
    .min_words = 1,
    .max_words = 2,
    .options = (const cli_opt *const[]){options, cli_compute_options, NULL},
    .text =
        "A recipe is a configuration. Recipes are found in the folder WEIR_RECIPES, "
        "else beside the program or in the installation; their data in WEIR_DATA, "
        "and files are checked against the recipe's SHA-256. run prints the figures "
        "and a row of a Markdown table. rows writes what would be trained, validated "
        "and tested on as tables, NAME-train.csv and so on, and with --json prints the "
        "configuration with all defaults: for other programs, and for weir eval.",
    .examples = (const char *const[]){"weir recipe list", "weir recipe show magic",
        "WEIR_DATA=~/data weir recipe run magic --results results.md",
        "weir recipe rows magic -o rows", NULL},
    .run = run,
};
