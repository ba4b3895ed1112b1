/* Frames from within: one column of a table as one column of a schema. */
#ifndef WEIRI_FRAME_H
#define WEIRI_FRAME_H

#include "data/schema.h"
#include "data/table.h"

/* How the values of a table's column become those of a schema's. */
typedef struct weiri_map {
  const weir_schema *schema;
  const weir_table *table;
  int64_t to, from; /* column of the schema, of the table */
  double *by_index; /* table categories to values, or schema categories as numbers */
  bool *bad;        /* [table categories]: has no value in the schema */
} weiri_map;

weir_status weiri_map_init(
    weiri_map *m, const weir_schema *s, int64_t to, const weir_table *t, int64_t from);
void weiri_map_free(weiri_map *m);
/* The value of a row: checked against the column's domain, snapped, wrapped. */
weir_status weiri_map_value(const weiri_map *m, int64_t row, double *out);
/* Grid value of index k of an ordinal column, rounded as a decimal would be. */
double weiri_grid_value(const weir_column_type *type, double k);

#endif
