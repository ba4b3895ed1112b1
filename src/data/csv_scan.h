/* Records and fields of delimited text. */
#ifndef WEIRI_CSV_SCAN_H
#define WEIRI_CSV_SCAN_H

#include "base/base.h"

/* A field in the buffer, without its quotes and outer blanks. */
typedef struct weiri_field {
  const char *s;
  size_t len;
  bool quoted;
  bool escaped; /* holds "" for a quote */
} weiri_field;

typedef struct weiri_record {
  const weir_ctx *ctx;
  weiri_field *field;
  int64_t n, cap; /* fields of the record; room */
  int64_t keep;   /* fields beyond this are counted, not kept; 0: all */
  int64_t lines;  /* line ends within the record, its own included */
} weiri_record;

typedef enum weiri_scan {
  WEIRI_SCAN_RECORD,
  WEIRI_SCAN_MORE,  /* the buffer ends before the record does */
  WEIRI_SCAN_QUOTE, /* the file ends inside a quoted field */
  WEIRI_SCAN_MEMORY
} weiri_scan;

/* Reads the record at s; *used bytes belong to it, its line end included. At end of
 * file (last) the record may lack its line end. delimiter ' ': runs of blanks and tabs.
 * A blank line has no fields. */
weiri_scan weiri_csv_scan(weiri_record *r, const char *s, size_t len, bool last,
    char delimiter, size_t *used);
/* The delimiter of the text at s. */
weir_status weiri_csv_delimiter(
    const weir_ctx *ctx, const char *s, size_t len, bool last, char *out);
/* Whether a field stands for a missing value. */
bool weiri_csv_missing(const weiri_field *f);
/* Whether it reads as a number. */
bool weiri_csv_number(const weiri_field *f, double *out);

#endif
