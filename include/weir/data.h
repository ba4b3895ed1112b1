/** Tables: reading, naming and typing columns, splitting, writing.
 *
 * The way from a file to numbers that a model takes:
 *
 *     weir_table  <- weir_table_read / weir_reader_next / weir_table_from_arrays
 *     weir_schema <- weir_schema_guess (what each column is), or from a model file
 *     weir_frame  <- schema applied to a table: x [n, d], context [n, c], weights [n]
 *     weir_split  <- which rows train, validate, test
 *
 * and back: weir_schema_to_table, weir_writer. All numbers are float64, row-major, in
 * the data's own units. Messages name the file, the line (the 1-based line of a text
 * file, the 1-based row of any other) and the column. */
#ifndef WEIR_DATA_H
#define WEIR_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/ctx.h"
#include "weir/sys/option.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- tables ---------------------------------------------------------------------- */

/** Named columns of float64 in memory: values [rows, columns] row-major. NaN is a
 * missing value. A column of text holds indices into its list of categories. Immutable
 * once made, so threads may share it; but for weir_table_set_*, meant for right after
 * creation. */
typedef struct weir_table weir_table;

/** How a column's values are stored, and are written. */
typedef enum weir_cell {
  WEIR_CELL_REAL,    /**< any number */
  WEIR_CELL_REAL32,  /**< float32 numbers: written with the digits that float32 needs */
  WEIR_CELL_INTEGER, /**< whole numbers: written without decimals */
  WEIR_CELL_CATEGORY /**< index into category[]: written by name */
} weir_cell;

/** A column of a table or of an output. All pointers borrowed. */
typedef struct weir_column {
  const char *name;
  weir_cell cell;
  int64_t categories;          /**< 0 unless cell is WEIR_CELL_CATEGORY */
  const char *const *category; /**< [categories], in order */
} weir_column;

typedef struct weir_read_opts {
  uint32_t struct_size; /**< sizeof(weir_read_opts) */
  /** "csv", "npy", "idx", "png", "jpeg", "folder"; NULL: by content and name */
  const char *format;
  int header;        /**< CSV: 1 the first line is a header, 0 it is not, -1 find out */
  char delimiter;    /**< CSV: ',' ';' '\t' ' ' (any white space); 0: find out */
  int64_t max_bytes; /**< refuse more bytes than this after decompression; 0: 2^40 */
  /** Size of the images that rows are, for files that do not say it; height 0: what the
   * file says. channels 0: 1. */
  int64_t height, width, channels;
  const char *labels; /**< file of one column, a label for each row; NULL: none */
  int64_t sample;     /**< weir_table_read: at most so many rows, spread evenly over the
                         file, for a schema; all texts of the file are categories; 0: all */
} weir_read_opts;
#define WEIR_READ_OPTS_INIT                                                            \
  { sizeof(weir_read_opts), NULL, -1, 0, 0, 0, 0, 0, NULL, 0 }

/** Reads a whole file: CSV / TSV / semicolons / white space, NPY, IDX, each also as
 * .gz; path "-" is standard input (CSV, NPY). opts may be NULL. CSV: the first line is
 * a header when none of its fields is a number; quoted fields may hold delimiters and
 * lines; empty, NA, N/A, NaN, null, None and ? are missing; a column with any other
 * text is a column of categories (numbers in it are named by their shortest decimal).
 * NPY: 1-D [n] is one column, 2-D [n, d], 3-D [n, height, width] and 4-D [n, channels,
 * height, width] are images; 4-D with 1, 3 or 4 entries on the last axis and not on the
 * second is [n, height, width, channels]. IDX: all dimensions but the first are
 * flattened, three are images. PNG, JPEG: one row; a folder of them: a row each, in the
 * order of their names, with the folders in it as labels. Images are columns channel by
 * channel, each row by row; labels are a last column "label" of categories. Columns
 * without names are called x1, x2, ... C-order float64 NPY files are mapped, not
 * copied. Errors: E_IO (missing, unreadable), E_FORMAT (truncated, not an image,
 * ragged, a header that lies about sizes, over max_bytes), E_DATA (no rows, a column
 * name twice), E_UNSUPPORTED (dtype, built without zlib, libpng or libjpeg), E_MEMORY;
 * E_MISMATCH (images of several sizes or not of the size asked for, labels of another
 * number). */
WEIR_API WEIR_MUST_USE weir_status weir_table_read(
    weir_table **out, weir_ctx *ctx, const char *path, const weir_read_opts *opts);
/** Copies values [n, d] row-major. names [d], or NULL for x1 ... xd. source stands in
 * messages; NULL: "data". Errors: E_ARGUMENT (n or d < 1, empty or repeated name). */
WEIR_API WEIR_MUST_USE weir_status weir_table_from_arrays(weir_table **out,
    weir_ctx *ctx, int64_t n, int64_t d, const double *values, const char *const *names,
    const char *source);
/** Makes a column one of categories; its values must be NaN or integers in [0, k).
 * Errors: E_ARGUMENT (k < 1, a name twice), E_DATA (a value outside, row named). */
WEIR_API WEIR_MUST_USE weir_status weir_table_set_categories(
    weir_table *table, int64_t column, int64_t k, const char *const *names);
WEIR_API void weir_table_destroy(weir_table **table);

WEIR_API int64_t weir_table_rows(const weir_table *table);
WEIR_API int64_t weir_table_columns(const weir_table *table);
/** The numbers [rows, columns], borrowed. Images of bytes are held as bytes: the first
 * call makes numbers of them, and is not for several threads at a time. NULL: no memory
 * for that. */
WEIR_API const double *weir_table_values(const weir_table *table);
/** Bytes that they take, or that a mapped file has of them. */
WEIR_API int64_t weir_table_bytes(const weir_table *table);
/** One of them. */
WEIR_API double weir_table_value(const weir_table *table, int64_t row, int64_t column);
/** Description of column j, borrowed from the table. */
WEIR_API weir_column weir_table_column(const weir_table *table, int64_t j);
/** Index of the column of that name, or -1. */
WEIR_API int64_t weir_table_find(const weir_table *table, const char *name);
/** Whether the names came with the data; false: they are x1, x2, ... */
WEIR_API bool weir_table_named(const weir_table *table);
/** File name for messages; "standard input" for "-". */
WEIR_API const char *weir_table_source(const weir_table *table);
/** 1-based line of a row in a text file; 1-based row otherwise. */
WEIR_API int64_t weir_table_line(const weir_table *table, int64_t row);
/** "line" or "row": what weir_table_line counts. */
WEIR_API const char *weir_table_line_word(const weir_table *table);

/** What rows are, where they are images: channels * height * width columns, channel by
 * channel, each row by row. */
typedef struct weir_image {
  int64_t height, width, channels; /**< height 0: no images */
  double lo, hi; /**< black and white: [0, 1] and [0, 255] where the data lies in them,
                      else its ends; 0 and 0 of a table */
} weir_image;
/** Size of the images that the rows are; height is 0 where they are none. */
WEIR_API weir_image weir_table_image(const weir_table *table);

/** Summary of a numeric column over its non-missing finite values. */
typedef struct weir_column_stats {
  int64_t rows, missing, distinct;
  double min, max, mean, sd; /**< sd with n - 1; NaN below two values */
  double mode;               /**< the most frequent value, the smallest of equals */
  int64_t mode_count;
  bool integers; /**< every value is whole */
  double step;   /**< > 0: all values are min + k step, at most 10,000 steps; else 0 */
} weir_column_stats;
/** Cost: a sort of the column. Errors: E_ARGUMENT, E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_table_stats(
    const weir_table *table, int64_t column, weir_column_stats *out);

/* ---- patches of images ------------------------------------------------------------
 */

typedef struct weir_patch_opts {
  uint32_t struct_size; /**< sizeof(weir_patch_opts) */
  int64_t n;            /**< patches wanted */
  int64_t size;         /**< height and width of a patch, pixels */
  double levels;        /**< values are divided by this: 256 for bytes */
  bool noise;           /**< uniform noise on (0, 1) is added before that */
  bool centre;          /**< the patch's mean is taken off and its last pixel dropped */
  uint64_t seed;
} weir_patch_opts;
#define WEIR_PATCH_OPTS_INIT                                                           \
  { sizeof(weir_patch_opts), 1000, 8, 256.0, true, true, 0 }

/** Patches [opts->n, size * size - centre] at random places of grey images: columns x1,
 * x2, ... are the pixels by rows. images: a table of an IDX file of three dimensions;
 * rows: the n images to cut from, NULL for all. Patch i depends on the seed, i and the
 * list of images alone. opts may be NULL. With 8, 256, noise and centre this is the
 * preparation of the BSDS300 benchmark: 63 columns. Errors: E_CONFIG (size, number),
 * E_DATA (not images), E_ARGUMENT, E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_table_patches(weir_table **out, weir_ctx *ctx,
    const weir_table *images, int64_t n, const int64_t *rows,
    const weir_patch_opts *opts);

/* ---- streaming ------------------------------------------------------------------- */

/** An open file that gives a block of rows at a time, in constant memory. */
typedef struct weir_reader weir_reader;

/** As weir_table_read, up to the first row. Errors: the same. */
WEIR_API WEIR_MUST_USE weir_status weir_reader_open(
    weir_reader **out, weir_ctx *ctx, const char *path, const weir_read_opts *opts);
/** The next rows, at most max_rows, as a table of their own (the caller's to destroy);
 * *out is NULL at the end. A block's categories are those of the block; apply a schema
 * to give them the same indices. Errors: those of weir_table_read. */
WEIR_API WEIR_MUST_USE weir_status weir_reader_next(
    weir_reader *reader, int64_t max_rows, weir_table **out);
/** Rows the file says it has, or -1 when only the end will tell. */
WEIR_API int64_t weir_reader_rows(const weir_reader *reader);
/** Bytes of all values in memory; of a text file, about: the bytes of the file. -1: not
 * known (a pipe, a compressed text). */
WEIR_API int64_t weir_reader_bytes(const weir_reader *reader);
WEIR_API void weir_reader_close(weir_reader **reader);

/* ---- schema ---------------------------------------------------------------------- */

/** What part a column plays. */
typedef enum weir_role {
  WEIR_ROLE_EVENT,   /**< the density is over it */
  WEIR_ROLE_CONTEXT, /**< the density is conditional on it */
  WEIR_ROLE_WEIGHT,  /**< weight of the row in training and in means; > 0, any scale */
  WEIR_ROLE_IGNORED
} weir_role;

/** What values a column takes. */
typedef enum weir_kind {
  WEIR_KIND_REAL,
  WEIR_KIND_POSITIVE,   /**< (0, inf) */
  WEIR_KIND_INTERVAL,   /**< open (lo, hi) */
  WEIR_KIND_CIRCULAR,   /**< period [lo, hi): values outside are wrapped into it */
  WEIR_KIND_ORDINAL,    /**< offset + k step for whole k; default the integers */
  WEIR_KIND_CATEGORICAL /**< one of named values, held as index */
} weir_kind;

typedef struct weir_column_type {
  weir_role role;
  weir_kind kind;
  double lo, hi;       /**< interval, circular; ordinal: ends, 0 and 0 when not known */
  double step, offset; /**< ordinal: 1, 0 unless given */
} weir_column_type;

/** What each column of a table is: roles, kinds, names, categories, in the order of the
 * file that it was made from. Stored in model files. */
typedef struct weir_schema weir_schema;

typedef struct weir_schema_opts {
  uint32_t struct_size;     /**< sizeof(weir_schema_opts) */
  int64_t n_types;          /**< number of strings in types */
  const char *const *types; /**< "name=type", types below; later ones win */
  const char *context;      /**< "a,b,c": these columns are context; or NULL */
  const weir_spec *columns; /**< {name: type, ...} of a configuration, or NULL */
  bool allow_constant;      /**< no error for a constant or duplicated column */
} weir_schema_opts;
#define WEIR_SCHEMA_OPTS_INIT                                                          \
  { sizeof(weir_schema_opts), 0, NULL, NULL, NULL, false }

/** Guesses a schema from a table, then checks it. opts may be NULL; `columns` is
 * applied first, then `context`, then `types`.
 *
 * Types as written (a column name * stands for every column): real, positive,
 * interval(lo,hi), circular(lo,hi), circular (0 to 2 pi), ordinal or integer,
 * ordinal(step), ordinal(step,offset), ordinal(step,offset,levels): the values offset +
 * k step for k < levels, categorical, weight, ignored, context (kind guessed) and
 * context(TYPE).
 *
 * Rules of the guess, the first that fits:
 *  - text, half or more of the fields numbers: refused, the first text named;
 *  - text of at most 256 values, each on average in 2 rows or more: categorical; else
 * refused;
 *  - whole numbers of an image file (IDX, PNG, JPEG, NPY of unsigned bytes): ordinal,
 * with 2 levels where no value is above 1 and 256 where none is above 255;
 *  - whole numbers of rows that are said to be images: the same;
 *  - labels beside images: ignored;
 *  - two whole numbers only: categorical (its categories are the numbers);
 *  - whole numbers, at most half as many values as rows: ordinal;
 *  - anything else: real.
 * Positive, interval and circular are never guessed: the data cannot say where it ends.
 *
 * Warnings (weir_schema_warning): an event column that is real, positive, interval or
 * circular in which one value fills over 1 % of the rows (and at least 5) or of whose
 * values fewer than 5 % are distinct. Errors: E_DATA for fewer than 2 rows, a refused
 * guess, a constant column, two identical columns; E_CONFIG for an override of an
 * unknown column or type (nearest match named), two weights, no event column. Cost: a
 * sort per column. */
WEIR_API WEIR_MUST_USE weir_status weir_schema_guess(weir_schema **out, weir_ctx *ctx,
    const weir_table *table, const weir_schema_opts *opts);
WEIR_API void weir_schema_destroy(weir_schema **schema);
/** From and to JSON text. from: E_FORMAT where it is not a schema. to: NUL-terminated,
 * the caller's, freed with weir_text_free. */
WEIR_API WEIR_MUST_USE weir_status weir_schema_from_json(
    weir_schema **out, weir_ctx *ctx, const char *json);
WEIR_API WEIR_MUST_USE weir_status weir_schema_to_json(
    const weir_schema *schema, char **out);
/** A table for people, a line per column: name, role, type, what was guessed. */
WEIR_API WEIR_MUST_USE weir_status weir_schema_show(
    const weir_schema *schema, char **out);
/** Frees a text of the two functions above. Accepts NULL. */
WEIR_API void weir_text_free(weir_ctx *ctx, char *text);

/** Columns of the file, whatever their role. */
WEIR_API int64_t weir_schema_columns(const weir_schema *schema);
/** Name, cell and categories of column j, borrowed. */
WEIR_API weir_column weir_schema_column(const weir_schema *schema, int64_t j);
WEIR_API weir_column_type weir_schema_type(const weir_schema *schema, int64_t j);
/** Whether the type was guessed and not asked for. */
WEIR_API bool weir_schema_guessed(const weir_schema *schema, int64_t j);
/** The type as it is written in an override, into buf of size bytes. Returns buf. */
WEIR_API const char *weir_column_type_text(
    const weir_column_type *type, char *buf, size_t size);
/** Index of the column of that name, or -1. */
WEIR_API int64_t weir_schema_find(const weir_schema *schema, const char *name);
/** The images that the event columns are; height 0: none. */
WEIR_API weir_image weir_schema_image(const weir_schema *schema);
/** Event columns: width d of x. */
WEIR_API int64_t weir_schema_events(const weir_schema *schema);
/** File column of event column i (0 <= i < d). */
WEIR_API int64_t weir_schema_event(const weir_schema *schema, int64_t i);
/** Width c of the encoded context: 1 per real, positive, interval or ordinal column, 2
 * per circular one (cosine, sine), one-hot for categories. 0: unconditional. */
WEIR_API int64_t weir_schema_context_width(const weir_schema *schema);
/** Number of context columns in the file, and the file column of context column i. */
WEIR_API int64_t weir_schema_contexts(const weir_schema *schema);
WEIR_API int64_t weir_schema_context(const weir_schema *schema, int64_t i);

/** A finding about a column on which a density has no maximum. */
typedef struct weir_data_warning {
  const char *column;
  const char *text;   /**< one line for people, with the numbers and the option */
  const char *option; /**< the mending override, "depth=ordinal(0.1)" */
} weir_data_warning;
WEIR_API int64_t weir_schema_warnings(const weir_schema *schema);
/** Borrowed from the schema. */
WEIR_API weir_data_warning weir_schema_warning(const weir_schema *schema, int64_t i);

/* ---- frames ---------------------------------------------------------------------- */

/** A schema applied to a table: numbers that a model takes. */
typedef struct weir_frame weir_frame;

/** Parts of a frame. */
enum { WEIR_FRAME_X = 1, WEIR_FRAME_CONTEXT = 2, WEIR_FRAME_WEIGHT = 4 };

typedef struct weir_frame_opts {
  uint32_t struct_size; /**< sizeof(weir_frame_opts) */
  bool drop_missing;    /**< leave out rows with a missing value; else refuse them */
  unsigned parts; /**< WEIR_FRAME_* wanted; 0: all (a weight only where present) */
  /** refuse numbers beyond it on either side; 0: 1e150, whose square float64 holds. A
   * model in float32 wants 1e38. */
  double largest;
} weir_frame_opts;
#define WEIR_FRAME_OPTS_INIT                                                           \
  { sizeof(weir_frame_opts), false, 0, 0.0 }

/** Columns are found by name, in any order; by position where the table has no names.
 * Columns that the schema lacks are passed over, with a note. The table must outlive
 * the frame: x is the table's own memory where nothing is rearranged. opts may be NULL.
 * Errors: E_MISMATCH for a missing column (nearest name given) or a wrong number of
 * unnamed columns; E_DATA, with line and column, for a missing value, infinity, text in
 * a number column, a value outside its kind's domain or too large, an unknown category,
 * a weight that is not > 0, no rows left. */
WEIR_API WEIR_MUST_USE weir_status weir_frame_create(weir_frame **out, weir_ctx *ctx,
    const weir_schema *schema, const weir_table *table, const weir_frame_opts *opts);
/** The same of a file that may be larger than memory (weir_ctx_set_memory), read block
 * by block. A C-order float64 NPY file with nothing to rearrange is used in place,
 * mapped; else the rows are kept in files without a name in the scratch folder, which a
 * line of the log says. path is a file, not a stream. Same numbers and the same errors
 * as weir_table_read and weir_frame_create. Cost: one pass over the file. */
WEIR_API WEIR_MUST_USE weir_status weir_frame_read(weir_frame **out, weir_ctx *ctx,
    const weir_schema *schema, const char *path, const weir_read_opts *read,
    const weir_frame_opts *opts);
/** Whether the values of a file, once read, are more than the memory that they may
 * take. false for "-" and where the size is not known. */
WEIR_API WEIR_MUST_USE weir_status weir_file_is_large(
    bool *out, weir_ctx *ctx, const char *path, const weir_read_opts *read);
WEIR_API void weir_frame_destroy(weir_frame **frame);

/** n: rows kept. */
WEIR_API int64_t weir_frame_rows(const weir_frame *frame);
/** [n, d], event columns in the schema's order and units, categories as indices,
 * circular values wrapped into [lo, hi). NULL unless asked for. Bytes become numbers at
 * the first call, as in weir_table_values. */
WEIR_API const double *weir_frame_x(const weir_frame *frame);
/** One number of it, or one row into x [d]; bytes stay bytes. */
WEIR_API double weir_frame_value(const weir_frame *frame, int64_t row, int64_t column);
WEIR_API void weir_frame_copy_row(const weir_frame *frame, int64_t row, double *x);
/** [n, c], encoded as weir_schema_context_width says; NULL when c is 0. */
WEIR_API const double *weir_frame_context(const weir_frame *frame);
/** [n], scaled to mean 1; NULL without a weight column. */
WEIR_API const double *weir_frame_weights(const weir_frame *frame);
/** Table row of frame row i. */
WEIR_API int64_t weir_frame_row(const weir_frame *frame, int64_t i);
/** Number of frame row i in its file from 0, rows of earlier blocks and rows left out
 * counted: what the random numbers of a row depend on, besides the seed. */
WEIR_API int64_t weir_frame_number(const weir_frame *frame, int64_t i);
/** Rows left out for missing values. */
WEIR_API int64_t weir_frame_dropped(const weir_frame *frame);
/** One line about columns passed over and rows dropped, or NULL. */
WEIR_API const char *weir_frame_note(const weir_frame *frame);
/** SHA-256 over rows, x, context and weights as 64 hex digits: same numbers, same text.
 */
WEIR_API void weir_frame_digest(const weir_frame *frame, char out[65]);

/** The way back: a table of the input's layout (event and context columns in the file's
 * order, its names, cells and categories; no weight, no ignored column) from x [n, d]
 * and context [n, c] (NULL: those columns are left out). Ordinals are rounded to the
 * grid, one-hot blocks to their largest entry. Errors: E_ARGUMENT, E_DATA (index
 * outside). */
WEIR_API WEIR_MUST_USE weir_status weir_schema_to_table(weir_table **out, weir_ctx *ctx,
    const weir_schema *schema, int64_t n, const double *x, const double *context);

/* ---- splits ---------------------------------------------------------------------- */

/** Three disjoint sets of rows. */
typedef struct weir_split weir_split;
typedef enum weir_split_set {
  WEIR_SPLIT_TRAIN,
  WEIR_SPLIT_VALID,
  WEIR_SPLIT_TEST
} weir_split_set;

/** A random split of rows 0 .. n-1: round(valid n) and round(test n) rows, the rest
 * trains; each part ascending. The seed decides it. Errors: E_CONFIG (fractions outside
 * [0, 1) or no training row left, a part asked for that is empty). */
WEIR_API WEIR_MUST_USE weir_status weir_split_fraction(weir_split **out, weir_ctx *ctx,
    int64_t n, double valid, double test, uint64_t seed);
/** By a column of a table (of the data, or of a file with as many rows): "train",
 * "valid", "test" as text, or 0 train, 1 test, 2 valid. rows: the table's rows in
 * question [n] (weir_frame_row of each), NULL for all. Where the mask marks no
 * validation row, the fraction valid of the training rows is drawn by the seed (0:
 * none). Errors: E_CONFIG (no such column), E_DATA (another value, row named; an empty
 * part). */
WEIR_API WEIR_MUST_USE weir_status weir_split_mask(weir_split **out, weir_ctx *ctx,
    const weir_table *table, const char *column, int64_t n, const int64_t *rows,
    double valid, uint64_t seed);
WEIR_API void weir_split_destroy(weir_split **split);
/** Row indices of a part, ascending, borrowed; their number in *n. */
WEIR_API const int64_t *weir_split_rows(
    const weir_split *split, weir_split_set set, int64_t *n);

/* ---- writing --------------------------------------------------------------------- */

/** An output that takes blocks of rows. Nothing stands under the final name before
 * weir_writer_close. */
typedef struct weir_writer weir_writer;

/** format "csv", "tsv", "npy", or NULL: by the extension of path, CSV where it has
 * none, and any other extension is an error. path "-" is standard output, where a
 * closed pipe is no error (the program must ignore SIGPIPE). rows: how many will come,
 * -1 when unknown. column is copied. NPY is [rows, d] ([rows] for one column) of
 * float64; float32 where all columns are WEIR_CELL_REAL32; int64 where all are whole
 * numbers or categories (then: indices). CSV: a header, shortest decimals that read
 * back the same, empty for NaN. Errors: E_IO, E_ARGUMENT, E_CONFIG (unknown format). */
WEIR_API WEIR_MUST_USE weir_status weir_writer_open(weir_writer **out, weir_ctx *ctx,
    const char *path, const char *format, int64_t columns, const weir_column *column,
    int64_t rows);
/** The same for rows that are images (NULL: they are not), one column a pixel: NPY gets
 * their shape, [rows, height, width] or [rows, channels, height, width]. */
WEIR_API WEIR_MUST_USE weir_status weir_writer_open_images(weir_writer **out,
    weir_ctx *ctx, const char *path, const char *format, int64_t columns,
    const weir_column *column, const weir_image *image, int64_t rows);
/** Appends values [n, columns] row-major. Errors: E_IO, E_DATA (category index outside,
 * a fraction in an integer column, NaN in an integer NPY), E_ARGUMENT (more rows than
 * announced). */
WEIR_API WEIR_MUST_USE weir_status weir_writer_rows(
    weir_writer *writer, int64_t n, const double *values);
/** True once the reader of standard output has gone: nothing more need be computed. */
WEIR_API bool weir_writer_closed(const weir_writer *writer);
/** Finishes the file, gives it its name and frees the writer (also on failure).
 * Errors: E_IO, E_ARGUMENT (fewer rows than announced). */
WEIR_API WEIR_MUST_USE weir_status weir_writer_close(weir_writer **writer);
/** Gives up: nothing is left behind. Accepts NULL. */
WEIR_API void weir_writer_destroy(weir_writer **writer);
/** A picture of images side by side as a PNG file: x [n, channels * height * width],
 * each value from image->lo (black) to image->hi (white), beyond cut off. per_row
 * images in a row, 0: about as many rows as columns; 2 pixels between. path "-" is
 * standard output. Errors: E_ARGUMENT (no images, channels other than 1 and 3, over
 * 2^26 bytes), E_IO, E_MEMORY. */
WEIR_API WEIR_MUST_USE weir_status weir_images_write(weir_ctx *ctx, const char *path,
    const weir_image *image, int64_t n, const double *x, int64_t per_row);
/** The same as bytes, the caller's, freed with weir_bytes_free. */
WEIR_API WEIR_MUST_USE weir_status weir_images_png(weir_ctx *ctx,
    const weir_image *image, int64_t n, const double *x, int64_t per_row,
    unsigned char **png, size_t *size);
WEIR_API void weir_bytes_free(weir_ctx *ctx, unsigned char *bytes);

/** A whole table in one call. */
WEIR_API WEIR_MUST_USE weir_status weir_table_write(
    const weir_table *table, const char *path, const char *format);

#ifdef __cplusplus
}
#endif
#endif
