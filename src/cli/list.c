/* weir list: what there is to choose from, with options, defaults and bounds. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/config.h"
#include "cli/json.h"
#include "cli/recipes.h"
#include "weir/about.h"

enum { REGISTRIES_MAX = 24 };

static const char *const sections[] = {"data", "patches", "train", "run"};
enum { SECTIONS = sizeof sections / sizeof *sections };

/* Option types as they are written. */
static const char *type_name(const weir_opt *o) {
  static const char *const names[] = {"integer", "number", "true or false", "choice",
      "text", "integers", "numbers", "part"};
  return o->type == WEIR_OPT_CHOICE ? o->choices : names[o->type];
}

static void print_option(const weir_opt *o) {
  printf("    %-18s %s, %s%s", o->name, type_name(o),
      o->def == NULL ? "required" : "default ", o->def == NULL ? "" : o->def);
  if (o->lo != 0.0 || o->hi != 0.0) {
    printf(", %g to %g", o->lo, o->hi);
  }
  printf("\n    %-18s %s\n", "", o->help);
}

static json_t *option_json(const weir_opt *o) {
  json_t *out = json_pack(
      "{s:s, s:s, s:s}", "name", o->name, "type", type_name(o), "help", o->help);
  if (o->def != NULL) {
    json_error_t error;
    json_t *def = json_loads(o->def, JSON_DECODE_ANY, &error);
    json_object_set_new(out, "default", def != NULL ? def : json_null());
  }
  if (o->lo != 0.0 || o->hi != 0.0) {
    json_object_set_new(out, "min", cli_json_real(o->lo));
    json_object_set_new(out, "max", cli_json_real(o->hi));
  }
  return out;
}

static json_t *options_json(const weir_opt *opts) {
  json_t *list = json_array();
  for (const weir_opt *o = opts; o != NULL && o->name != NULL; o++) {
    json_array_append_new(list, option_json(o));
  }
  return list;
}

static void print_registry(const weir_ctx *ctx, const char *name, bool options) {
  weir_listed e;
  printf("%s\n", name);
  for (int i = 0; weir_registry_at(ctx, name, i, &e); i++) {
    printf("  %-20s %s%s%s%s\n", e.name, e.doc, e.cite == NULL ? "" : " (",
        e.cite == NULL ? "" : e.cite, e.cite == NULL ? "" : ")");
    for (const weir_opt *o = e.opts; options && o != NULL && o->name != NULL; o++) {
      print_option(o);
    }
  }
}

static json_t *registry_json(const weir_ctx *ctx, const char *name) {
  json_t *list = json_array();
  weir_listed e;
  for (int i = 0; weir_registry_at(ctx, name, i, &e); i++) {
    json_t *entry = json_pack("{s:s, s:s, s:o}", "name", e.name, "about", e.doc,
        "options", options_json(e.opts));
    if (e.cite != NULL) {
      json_object_set_new(entry, "source", json_string(e.cite));
    }
    json_array_append_new(list, entry);
  }
  return list;
}

static void print_section(const char *name) {
  printf("%s\n", name);
  for (const weir_opt *o = cli_section_options(name); o->name != NULL; o++) {
    print_option(o);
  }
}

/* All names that `weir list` takes. */
static int all_names(const char *names[REGISTRIES_MAX]) {
  int n = 0;
  while (n < REGISTRIES_MAX - SECTIONS - 1 && weir_registry(n) != NULL) {
    names[n] = weir_registry(n);
    n++;
  }
  names[n++] = "recipes";
  for (int i = 0; i < SECTIONS; i++) {
    names[n++] = sections[i];
  }
  return n;
}

static bool is_section(const char *name) {
  return cli_section_options(name) != NULL;
}

static json_t *json_of(const weir_ctx *ctx, const char *name) {
  return strcmp(name, "recipes") == 0 ? cli_recipes_json()
         : is_section(name)           ? options_json(cli_section_options(name))
                                      : registry_json(ctx, name);
}

static void print_one(const weir_ctx *ctx, const char *name, bool options) {
  if (strcmp(name, "recipes") == 0) {
    printf("recipes\n");
    cli_recipes_print();
  } else if (is_section(name)) {
    print_section(name);
  } else {
    print_registry(ctx, name, options);
  }
}

static int list(cli_env *env, const cli_args *args) {
  const char *names[REGISTRIES_MAX];
  const int n = all_names(names);
  const char *only = args->n_words > 0 ? args->words[0] : NULL;
  bool found = only == NULL;
  json_t *out = json_object();
  for (int i = 0; i < n; i++) {
    if (only != NULL && strcmp(only, names[i]) != 0) {
      continue;
    }
    found = true;
    if (env->json) {
      json_object_set_new(out, names[i], json_of(env->ctx, names[i]));
    } else if (only != NULL || !is_section(names[i])) {
      print_one(env->ctx, names[i], only != NULL);
    }
  }
  if (found && env->json) {
    return cli_json_print(stdout, out);
  }
  json_decref(out);
  if (!found) {
    const char *near = cli_nearest(only, names, n);
    return near == NULL
               ? cli_usage("no list is called '%s'", only)
               : cli_usage("no list is called '%s'; did you mean '%s'?", only, near);
  }
  return 0;
}

static int run(const cli_args *args) {
  return cli_env_run(args, list);
}

static const cli_opt options[] = {
    {"json", 0, CLI_FLAG, NULL, "as JSON for machines", 0, 0, NULL, NULL}, {0}};

extern const cli_verb cli_verb_list;
const cli_verb cli_verb_list = {
    .name = "list",
    .summary = "presets, layers, maps, optimizers, readers, ... and their options",
    .words = "[WHAT]",
    .max_words = 1,
    .options = (const cli_opt *const[]){options, NULL},
    .text = "WHAT is presets, layers, maps, distributions, networks, blocks (of a conv "
            "network), objectives, optimizers, schedules, readers, targets, methods, "
            "recipes, or a section of a "
            "configuration: data, patches (data.patches), train, run (keys of train "
            "that the program reads). With WHAT the options are listed too.",
    .examples =
        (const char *const[]){"weir list presets", "weir list layers --json", NULL},
    .run = run,
};
