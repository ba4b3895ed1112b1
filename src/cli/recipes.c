/* Finding recipes: *.yaml in one folder. */
#define _POSIX_C_SOURCE 200809L
#include "cli/recipes.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/out.h"

#ifndef WEIR_DATADIR
#define WEIR_DATADIR "/usr/local/share/weir"
#endif

static bool is_folder(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The program's own folder, followed by a path from there. */
static bool beside_program(const char *rest, char *buf, size_t size) {
  const ssize_t n = readlink("/proc/self/exe", buf, size - 1);
  if (n <= 0) {
    return false;
  }
  buf[n] = '\0';
  char *slash = strrchr(buf, '/');
  const size_t used = slash == NULL ? 0 : (size_t)(slash - buf);
  if (slash == NULL || used + strlen(rest) + 1 > size) {
    return false;
  }
  memcpy(slash, rest, strlen(rest) + 1);
  return is_folder(buf);
}

const char *cli_recipes_folder(void) {
  static char buf[4096];
  static const char *const places[] = {
      "/../share/weir/recipes", "/../recipes", "/../../recipes", "/recipes"};
  const char *asked = getenv("WEIR_RECIPES");
  if (asked != NULL && *asked != '\0') {
    return asked;
  }
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    if (beside_program(places[i], buf, sizeof buf)) {
      return buf;
    }
  }
  return is_folder(WEIR_DATADIR "/recipes") ? WEIR_DATADIR "/recipes" : NULL;
}

char *cli_recipe_path(const char *name) {
  const char *folder = cli_recipes_folder();
  char *path = folder == NULL || strchr(name, '/') != NULL
                   ? NULL
                   : cli_format("%s/%s.yaml", folder, name);
  if (path != NULL && access(path, F_OK) != 0) {
    free(path);
    return NULL;
  }
  return path;
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

json_t *cli_recipe_names(void) {
  char *names[512];
  size_t n = 0;
  const char *folder = cli_recipes_folder();
  DIR *dir = folder == NULL ? NULL : opendir(folder);
  const struct dirent *entry;
  while (dir != NULL && n < 512 && (entry = readdir(dir)) != NULL) {
    const size_t length = strlen(entry->d_name);
    if (length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0) {
      names[n] = cli_format("%.*s", (int)(length - 5), entry->d_name);
      n += names[n] != NULL;
    }
  }
  if (dir != NULL) {
    closedir(dir);
  }
  qsort(names, n, sizeof *names, by_name);
  json_t *list = json_array();
  for (size_t i = 0; i < n; i++) {
    json_array_append_new(list, json_string(names[i]));
    free(names[i]);
  }
  return list;
}

/* A YAML scalar on the rest of a line: plain up to a comment, or in quotes. New. */
static char *scalar(char *text) {
  text += strspn(text, " \t");
  text[strcspn(text, "\r\n")] = '\0';
  const char quote = *text == '"' || *text == '\'' ? *text++ : '\0';
  size_t n = 0;
  for (const char *p = text; *p != '\0'; p++) {
    const bool pair =
        quote != '\0' && p[1] != '\0' &&
        ((quote == '"' && *p == '\\') || (p[0] == quote && p[1] == quote));
    if (pair) {
      p++;
    } else if (quote != '\0' ? *p == quote : *p == ' ' && p[1] == '#') {
      break;
    }
    text[n++] = *p;
  }
  return cli_format("%.*s", (int)n, text);
}

/* The text of the top-level key `about` in a recipe, without reading all of it as YAML:
 * listings must not fail on one bad file. New. */
static char *about_of(const char *name) {
  char *path = cli_recipe_path(name);
  FILE *f = path == NULL ? NULL : fopen(path, "r");
  char line[512], *about = NULL;
  while (f != NULL && about == NULL && fgets(line, sizeof line, f) != NULL) {
    if (strncmp(line, "about:", 6) == 0) {
      about = scalar(line + 6);
    }
  }
  if (f != NULL) {
    fclose(f);
  }
  free(path);
  return about;
}

void cli_recipes_print(void) {
  json_t *names = cli_recipe_names();
  for (size_t i = 0; i < json_array_size(names); i++) {
    const char *name = json_string_value(json_array_get(names, i));
    char *about = about_of(name);
    printf("  %-24s %s\n", name, about == NULL ? "" : about);
    free(about);
  }
  json_decref(names);
}

json_t *cli_recipes_json(void) {
  json_t *names = cli_recipe_names(), *list = json_array();
  for (size_t i = 0; i < json_array_size(names); i++) {
    json_t *name = json_array_get(names, i);
    char *about = about_of(json_string_value(name));
    json_array_append_new(list,
        json_pack("{s:O, s:s}", "name", name, "about", about == NULL ? "" : about));
    free(about);
  }
  json_decref(names);
  return list;
}
