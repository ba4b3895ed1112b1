/* A schema from within. */
#ifndef WEIRI_SCHEMA_H
#define WEIRI_SCHEMA_H

#include <jansson.h>

#include "base/base.h"
#include "weir/data.h"

struct weir_schema {
  weir_ctx *ctx;
  weiri_arena *arena; /* all texts */
  int64_t n;
  weir_column *column;
  weir_column_type *type;
  bool *guessed;
  bool named;
  bool counts;
  int64_t levels;   /* of a table of counts: values are 0 .. levels - 1; 0: not known */
  weir_image image; /* height 0: rows are no images */
  int64_t *event, events; /* file columns of each role */
  int64_t *context, contexts;
  int64_t weight; /* file column, or -1 */
  int64_t context_width;
  weir_data_warning *warning;
  int64_t warnings;
};

/* n columns without names, all real events. */
weir_status weiri_schema_create(weir_schema **out, weir_ctx *ctx, int64_t n);
char *weiri_schema_strdup(weir_schema *s, const char *text);
/* Copies names, cell and categories into column j. */
weir_status weiri_schema_set_column(
    weir_schema *s, int64_t j, const weir_column *column);
/* Lists the columns of each role from the types. Errors: E_CONFIG for two weights or no
 * event. */
weir_status weiri_schema_index(weir_schema *s);
weir_status weiri_schema_add_warning(
    weir_schema *s, const char *column, const char *text, const char *option);
/* Numbers that a context column becomes. */
int64_t weiri_schema_code_width(const weir_schema *s, int64_t column);

/* Sets the types that opts asks for, guesses the others, makes categories. stats: of
 * each column that is not of categories. */
weir_status weiri_schema_fill(weir_schema *s, const weir_table *t,
    const weir_column_stats *stats, const weir_schema_opts *opts);
/* Kind of column j by the rules of weir_schema_guess. */
weir_status weiri_schema_guess_kind(
    const weir_table *t, int64_t j, const weir_column_stats *stats, weir_kind *out);
/* Refuses constant and duplicated event columns, warns of values that pile up. */
weir_status weiri_schema_check(weir_schema *s, const weir_table *t,
    const weir_column_stats *stats, bool allow_constant);

/* The image that the event columns are, and its range. Errors: E_MISMATCH where a size
 * was asked for that they are not. */
weir_status weiri_schema_find_image(weir_schema *s, const weir_table *t);
/* Refuses pixels outside of [0, 1] or [0, 255] where the schema's images lie in it.
 * from: the table's column of each column of the schema. */
weir_status weiri_schema_check_range(
    const weir_schema *s, const weir_table *t, const int64_t *from);

/* The tree that model files hold. */
weir_status weiri_schema_to_tree(const weir_schema *s, json_t **out);
weir_status weiri_schema_from_tree(
    weir_schema **out, weir_ctx *ctx, const json_t *tree);

#endif
