/* Location and scale of every column, as likelihoods have them: the location free or
 * squashed between two ends, the scale a function of the context per column, one number
 * per column, one for all, or fixed. */
#ifndef WEIRI_LOCATED_H
#define WEIRI_LOCATED_H

#include "part/theta.h"

typedef struct weiri_located {
  weiri_theta_opts theta_opts;
  int loc_kind, scale_kind;
  double lo, hi;       /* ends of a squashed location */
  double floor, fixed; /* least scale; the fixed one */
  weiri_theta theta;   /* [d] loc, then [d] log_scale where it is each row's */
  weir_slot loc, log_scale;
  int64_t d;
  weir_ctx *ctx;
  char *path;
} weiri_located;

enum { WEIRI_LOC_LINEAR, WEIRI_LOC_SIGMOID };
enum { WEIRI_SCALE_EACH, WEIRI_SCALE_COLUMN, WEIRI_SCALE_SHARED, WEIRI_SCALE_FIXED };

#define WEIRI_OPT_LOCATED(S, at)                                                       \
  {"conditional", WEIR_OPT_BOOL, offsetof(S, at.theta_opts.conditional), "true", 0, 0, \
      NULL, "with a context: location and scale depend on it"},                        \
      {"net", WEIR_OPT_SPEC, offsetof(S, at.theta_opts.net), "null", 0, 0, NULL,       \
          "network of the context; null: linear in it"},                               \
      {"head_scale", WEIR_OPT_REAL, offsetof(S, at.theta_opts.head_scale), "0", 0,     \
          100, NULL,                                                                   \
          "linear in the context: initial weights, relative to those usual of a "      \
          "layer"},                                                                    \
      {"loc", WEIR_OPT_CHOICE, offsetof(S, at.loc_kind), "\"linear\"", 0, 0,           \
          "linear|sigmoid", "location: any number, or between lo and hi"},             \
      {"lo", WEIR_OPT_REAL, offsetof(S, at.lo), "0", -1e12, 1e12, NULL,                \
          "lower end of a sigmoid location"},                                          \
      {"hi", WEIR_OPT_REAL, offsetof(S, at.hi), "1", -1e12, 1e12, NULL,                \
          "upper end of a sigmoid location"},                                          \
      {"scale", WEIR_OPT_CHOICE, offsetof(S, at.scale_kind), "\"each\"", 0, 0,         \
          "each|column|shared|fixed",                                                  \
          "scale: of the context per column, learned per column, one learned number, " \
          "or scale_value"},                                                           \
      {"scale_value", WEIR_OPT_REAL, offsetof(S, at.fixed), "1", 1e-12, 1e12, NULL,    \
          "the scale when fixed, else where it starts"},                               \
  {                                                                                    \
    "scale_floor", WEIR_OPT_REAL, offsetof(S, at.floor), "0", 0, 1e12, NULL,           \
        "added to a learned scale: keeps a density from growing without bound"         \
  }

weir_status weiri_located_setup(weiri_located *l, weir_build *b, int64_t d);
void weiri_located_teardown(weiri_located *l);
/* Location and log scale of the rows, each [n, d], [1, d] or [1, 1]. */
void weiri_located_bind(const weiri_located *l, weir_run *run, weir_var context,
    weir_var *loc, weir_var *log_scale);
/* The log scale from a theta in hand, [n, d] or less. */
weir_var weiri_located_log_scale(const weiri_located *l, weir_run *run, weir_var theta);
weir_var weiri_located_loc(const weiri_located *l, weir_run *run, weir_var context);
/* What a family says of its location: e [n, d] are standardised columns; returns minus
 * d log f / de, and the information E of its square. */
typedef weir_var weiri_located_score(
    const weir_dist *d, weir_tape *t, weir_var e, double *information);
/* The local form of a likelihood of the family (weir_dist_class.local), with the scale
 * as it is at the context; eta is the location, before it is squashed. */
bool weiri_located_local(const weiri_located *l, const weir_dist *d, weir_run *run,
    weir_var x, weir_var context, weiri_located_score *score, weir_local *out);
/* Pushes sum_j (shape_j - log_scale_j) over the columns: shape [n, d] is the log
 * density of the standard member of the family; per column when the run wants groups.
 */
void weiri_located_push(
    const weir_dist *dist, weir_run *run, weir_var shape, weir_var log_scale);

#endif
