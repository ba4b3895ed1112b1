/* Moving columns of the last axis by an index list: shared by gather and scatter. */
#ifndef WEIRI_COLUMNS_H
#define WEIRI_COLUMNS_H

#include "op/op.h"

typedef struct weiri_columns {
  int64_t n;
  const int64_t *index; /* copied into the tape */
} weiri_columns;

/* The list copied into the tape's memory, checked against size; index NULL on error. */
weiri_columns weiri_columns_copy(
    weir_tape *t, const char *name, int64_t n, const int64_t *index, int64_t size);

#endif
