/** What a reader of a file format is. A class per line of readers.def, in src/data/;
 * the same struct registers readers from outside (weir_register_reader). */
#ifndef WEIR_SYS_READER_H
#define WEIR_SYS_READER_H

#include "weir/data.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a file or of standard input, already decompressed. */
typedef struct weir_source weir_source;

/** Reads up to size bytes; *got is less only at the end. Errors: E_IO, E_FORMAT
 * (damaged or truncated gz, over the limit). */
WEIR_API WEIR_MUST_USE weir_status weir_source_read(
    weir_source *source, void *buf, size_t size, size_t *got);
/** Bytes in all, or -1 when not known beforehand (compressed, a pipe). */
WEIR_API int64_t weir_source_size(const weir_source *source);
/** No more bytes than this can come: for checking what a header says before allocating.
 * A gz file cannot expand by more than 1032 to 1. */
WEIR_API int64_t weir_source_bound(const weir_source *source);
/** For messages. */
WEIR_API const char *weir_source_name(const weir_source *source);
WEIR_API weir_ctx *weir_source_ctx(const weir_source *source);
/** All bytes mapped read-only, or NULL where that cannot be. Valid until the source, or
 * the table that took it over, is gone. */
WEIR_API const void *weir_source_map(weir_source *source);

/** Rows of an open file. value and text have room for capacity rows. */
typedef struct weir_rows {
  int64_t n;        /**< set by next: rows given; 0 is the end */
  int64_t capacity; /**< rows asked for */
  double *value;    /**< [capacity, columns]; NaN where missing or text */
  /** [capacity, columns], 0 where no text, else 1 + offset into pool; zeroed before the
   * call. NULL where the format has no text. */
  size_t *text;
  int64_t *line;    /**< [capacity]: line of each row; NULL where row numbers do */
  const char *pool; /**< set by next: NUL-terminated texts of this block */
} weir_rows;

/** What a reader found out when it opened a file. */
typedef struct weir_layout {
  int64_t columns;
  int64_t rows;             /**< -1: unknown */
  const char *const *names; /**< [columns] borrowed from the reader, or NULL */
  bool has_text;            /**< fields may be text */
  bool has_lines;           /**< rows have line numbers */
  bool counts;              /**< whole numbers that count something: pixels */
  bool single;              /**< all numbers are float32 */
  int64_t height, width;    /**< a row is an image of that size; 0: it is not */
  int64_t channels;         /**< of the image, one after the other; 0 as 1 */
  int64_t labels;           /**< > 0: the last column, beside the image, is an index */
  const char *const *label; /**< into these [labels] names, borrowed from the reader */
  const double *mapped;     /**< all values [rows, columns] in place, or NULL */
} weir_layout;

typedef struct weir_reader_class {
  const char *name;
  const char *doc;      /**< one line */
  const char *suffixes; /**< "csv|tsv": before .gz */
  /** How sure, 0 to 100, from the first n bytes. Required. */
  int (*sniff)(const unsigned char *head, size_t n);
  /** Starts to read; *self is the reader's own, freed by close. Required. */
  weir_status (*open)(void **self, weir_source *source, const weir_read_opts *opts,
      weir_layout *layout);
  /** Gives up to rows->capacity rows. Required. */
  weir_status (*next)(void *self, weir_rows *rows);
  void (*close)(void *self); /**< Required. */
} weir_reader_class;

/** Adds a reader to the context. Errors: E_ARGUMENT (name taken, slot missing). */
WEIR_API WEIR_MUST_USE weir_status weir_register_reader(
    weir_ctx *ctx, const weir_reader_class *cls);
/** Reader i of the context, built-in ones first; NULL past the last. */
WEIR_API const weir_reader_class *weir_reader_class_at(const weir_ctx *ctx, int i);

#ifdef __cplusplus
}
#endif
#endif
