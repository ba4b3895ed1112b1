/* Context from the command line: "a=1,b=x", or a table. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/rows.h"

enum { VALUE_MAX = 256 };

/* The names of the context columns, for messages. */
static void list_names(const weir_schema *schema, char *buf, size_t size) {
  size_t used = 0;
  buf[0] = '\0';
  for (int64_t i = 0; i < weir_schema_contexts(schema); i++) {
    const char *name = weir_schema_column(schema, weir_schema_context(schema, i)).name;
    const size_t n = strlen(name);
    if (used + n + 3 > size) {
      break;
    }
    memcpy(buf + used, i == 0 ? "" : ", ", i == 0 ? 0 : 2);
    used += i == 0 ? 0 : 2;
    memcpy(buf + used, name, n + 1);
    used += n;
  }
}

/* Finds name=value in the text: at commas, the longest value up to the next ",name=".
 */
static bool find_value(const char *text, const char *name, char value[VALUE_MAX]) {
  const size_t n = strlen(name);
  for (const char *p = text; p != NULL; p = strchr(p, ',')) {
    p += *p == ',';
    while (*p == ' ') {
      p++;
    }
    if (strncmp(p, name, n) == 0 && p[n] == '=') {
      const size_t length = strcspn(p + n + 1, ",");
      if (length >= VALUE_MAX) {
        return false;
      }
      memcpy(value, p + n + 1, length);
      value[length] = '\0';
      return true;
    }
  }
  return false;
}

static int category_of(const weir_column *column, const char *value, double *out) {
  for (int64_t k = 0; k < column->categories; k++) {
    if (strcmp(column->category[k], value) == 0) {
      *out = (double)k;
      return 0;
    }
  }
  const char *near = cli_nearest(value, column->category, (int)column->categories);
  return cli_usage("--context: '%s' has no category '%s'%s%s", column->name, value,
      near == NULL ? "" : "; the nearest is ", near == NULL ? "" : near);
}

static int value_of(const weir_column *column, const char *value, double *out) {
  if (column->categories > 0) {
    return category_of(column, value, out);
  }
  char *end;
  *out = strtod(value, &end);
  return end != value && *end == '\0' && isfinite(*out)
             ? 0
             : cli_usage(
                   "--context: '%s' needs a number, found '%s'", column->name, value);
}

static int count_pairs(const char *text) {
  int n = 0;
  for (; *text != '\0'; text++) {
    n += *text == '=';
  }
  return n;
}

/* Every context column's value from the text. */
static int parse_values(
    const weir_schema *schema, const char *text, const char **names, double *values) {
  char known[512];
  list_names(schema, known, sizeof known);
  const int64_t c = weir_schema_contexts(schema);
  for (int64_t i = 0; i < c; i++) {
    const weir_column column =
        weir_schema_column(schema, weir_schema_context(schema, i));
    char value[VALUE_MAX];
    names[i] = column.name;
    if (!find_value(text, column.name, value)) {
      return cli_usage("--context: no value for '%s'; the model is conditional on %s",
          column.name, known);
    }
    const int code = value_of(&column, value, &values[i]);
    if (code != 0) {
      return code;
    }
  }
  return count_pairs(text) == c
             ? 0
             : cli_usage("--context: %d values, but the model is conditional on "
                         "%" PRId64 " column%s: %s",
                   count_pairs(text), c, c == 1 ? "" : "s", known);
}

static weir_status name_categories(cli_context *out, const weir_schema *schema) {
  for (int64_t i = 0; i < weir_schema_contexts(schema); i++) {
    const weir_column column =
        weir_schema_column(schema, weir_schema_context(schema, i));
    if (column.categories > 0) {
      const weir_status status =
          weir_table_set_categories(out->table, i, column.categories, column.category);
      if (status != WEIR_OK) {
        return status;
      }
    }
  }
  return WEIR_OK;
}

static int from_text(
    cli_context *out, cli_env *env, const weir_schema *schema, const char *text) {
  const int64_t c = weir_schema_contexts(schema);
  const char **names = calloc((size_t)c, sizeof *names);
  double *values = calloc((size_t)c, sizeof *values);
  int code = names == NULL || values == NULL
                 ? cli_no_memory()
                 : parse_values(schema, text, names, values);
  if (code == 0) {
    code = cli_fail(weir_table_from_arrays(
        &out->table, env->ctx, 1, c, values, names, "--context"));
  }
  free(names);
  free(values);
  return code != 0 ? code : cli_fail(name_categories(out, schema));
}

int cli_context_read(
    cli_context *out, cli_env *env, const weir_schema *schema, const cli_args *args) {
  *out = (cli_context){.width = weir_schema_context_width(schema)};
  const char *text = cli_text(args, "context", NULL);
  const char *file = cli_text(args, "context-file", NULL);
  if (text != NULL && file != NULL) {
    return cli_usage("--context and --context-file: give one of them");
  }
  if (text == NULL && file == NULL) {
    return 0;
  }
  if (out->width == 0) {
    return cli_usage("--context: the model is not conditional on anything");
  }
  const weir_read_opts opts = cli_read_opts(args);
  int code = text != NULL
                 ? from_text(out, env, schema, text)
                 : cli_fail(weir_table_read(&out->table, env->ctx, file, &opts));
  if (code == 0) {
    weir_frame_opts frame = WEIR_FRAME_OPTS_INIT;
    frame.parts = WEIR_FRAME_CONTEXT;
    frame.largest = env->largest;
    code =
        cli_fail(weir_frame_create(&out->frame, env->ctx, schema, out->table, &frame));
  }
  if (code == 0) {
    out->values = weir_frame_context(out->frame);
    out->rows = weir_frame_rows(out->frame);
  }
  return code;
}

void cli_context_free(cli_context *context) {
  weir_frame_destroy(&context->frame);
  weir_table_destroy(&context->table);
}
