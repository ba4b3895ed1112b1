/* Column types as text: "interval(0,1)", "context(circular(0,360))". */
#ifndef WEIRI_TYPE_H
#define WEIRI_TYPE_H

#include "base/base.h"
#include "weir/data.h"

/* What an override says; without kind, the kind is left to the guess. */
typedef struct weiri_type_text {
  weir_column_type type;
  bool has_kind;
} weiri_type_text;

/* column names the column in messages. */
weir_status weiri_type_parse(
    const char *text, const char *column, weiri_type_text *out);
weir_column_type weiri_type_plain(weir_kind kind);

#endif
