/** Option tables: one row per option of a class. The row drives the YAML and --set
 * parser, --help, `weir list`, the reference docs and the error for a bad value. */
#ifndef WEIR_SYS_OPTION_H
#define WEIR_SYS_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A node of a configuration tree (a JSON value). */
typedef struct json_t weir_spec;

/** What the field at the row's offset is. */
typedef enum weir_opt_type {
  WEIR_OPT_INT,    /**< int64_t, within [lo, hi] */
  WEIR_OPT_REAL,   /**< double, finite, within [lo, hi] */
  WEIR_OPT_BOOL,   /**< bool */
  WEIR_OPT_CHOICE, /**< int: index into choices, "exp|sigmoid|softplus" */
  WEIR_OPT_TEXT,   /**< char *, or NULL for null; owned by the instance */
  WEIR_OPT_INTS,   /**< weir_ints, every element within [lo, hi] */
  WEIR_OPT_REALS,  /**< weir_reals, every element within [lo, hi] */
  WEIR_OPT_SPEC /**< const weir_spec *: a child (`map: {name: rqs, bins: 8}`, a list of
                     layers), read by the class that owns it; lives as long as the
                     instance */
} weir_opt_type;

typedef struct weir_ints {
  int64_t n;
  int64_t *v;
} weir_ints;

typedef struct weir_reals {
  int64_t n;
  double *v;
} weir_reals;

/** One option. A table ends with a row whose name is NULL. */
typedef struct weir_opt {
  const char *name;
  weir_opt_type type;
  size_t offset;       /**< of the field in the instance */
  const char *def;     /**< default as JSON text: "8", "\"exp\"", "[64, 64]", "null";
                            NULL: the option is required */
  double lo, hi;       /**< bounds, inclusive; lo == hi == 0: no bounds */
  const char *choices; /**< for CHOICE */
  const char *help;    /**< one line, with units */
} weir_opt;

#ifdef __cplusplus
}
#endif
#endif
