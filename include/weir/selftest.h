/** Does a fitted model keep its word? Checks of the density that it claims, at the rows
 * of a table and away from them. */
#ifndef WEIR_SELFTEST_H
#define WEIR_SELFTEST_H

#include "weir/train.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_check_state {
  WEIR_CHECK_PASSED,
  WEIR_CHECK_FAILED,
  WEIR_CHECK_NOT_CHECKED /**< text says why */
} weir_check_state;

/** One check: what was measured against what it may be. */
typedef struct weir_check {
  const char *name; /**< "integral", "round trip at 10 sigma", ... */
  weir_check_state state;
  double value;     /**< measured; NaN where nothing was */
  double error;     /**< standard error or numerical error of value; NaN: none */
  double tolerance; /**< passed: |value - target| <= tolerance; NaN: not checked */
  double target;    /**< 1 for integrals, else 0; NaN: not checked */
  const char *text; /**< one line for people: what was done and found, or why not */
} weir_check;

typedef struct weir_selftest_opts {
  uint32_t struct_size;
  uint64_t seed;    /**< of rows, directions and draws */
  int64_t rows;     /**< rows of data looked at, at most; 0: 1000 */
  int64_t points;   /**< evaluations for an integral, at most; 0: 200,000 */
  int64_t jacobian; /**< points for the log-determinant; 0: 100 */
} weir_selftest_opts;
#define WEIR_SELFTEST_OPTS_INIT                                                        \
  { sizeof(weir_selftest_opts), 0, 0, 0, 0 }

/** The checks made, in order, and those that were not. */
typedef struct weir_selftest_result weir_selftest_result;

/** Checks a model, in float64 on a copy of it:
 *  - the integral of the density: up to 3 columns by quadrature over their own supports
 *    (categories summed, ordinal columns over their cells), given the context of one
 *    row; up to 8, and where quadrature does not settle, an importance estimate with
 *    its standard error;
 *  - the log-determinant against the Jacobian from automatic differentiation;
 *  - round trips data to latent to data at the rows and at 10, 100 and 1,000 standard
 *    deviations from their mean in random directions, and that the two directions'
 *    log-determinants cancel;
 *  - draws: on their columns' supports, with the density that evaluating them gives;
 *  - finite densities at the rows, and agreement of the model's own number type with
 *    float64.
 * What could not be checked is in the list, with the reason. A check that fails is no
 * error: the call returns WEIR_OK. rows must be of the model's schema, with contexts
 * where it has any. opts may be NULL. Cost: at most about opts.points evaluations for
 * an integral, and a few thousand. Errors: E_ARGUMENT, E_MISMATCH (rows of another
 * kind), E_DATA (no rows), E_MEMORY. Sources: Genz and Malik 1980 (quadrature),
 * Hesterberg 1995 (importance sampling). */
WEIR_API WEIR_MUST_USE weir_status weir_selftest(weir_selftest_result **out,
    const weir_model *model, weir_row_set rows, const weir_selftest_opts *opts);
WEIR_API void weir_selftest_destroy(weir_selftest_result **result);

/** Number of checks in the list, whatever became of them. */
WEIR_API int64_t weir_selftest_checks(const weir_selftest_result *result);
/** Check i; its texts are borrowed from the result. */
WEIR_API weir_check weir_selftest_check(const weir_selftest_result *result, int64_t i);
/** How many are in a state. */
WEIR_API int64_t weir_selftest_count(
    const weir_selftest_result *result, weir_check_state state);
/** True when nothing failed and something that speaks of the density was checked. */
WEIR_API bool weir_selftest_ok(const weir_selftest_result *result);
/** "passed", "failed" or "not checked". */
WEIR_API const char *weir_check_state_text(weir_check_state state);

#ifdef __cplusplus
}
#endif
#endif
