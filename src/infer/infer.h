/* Inside of inference: the run, methods, chains. */
#ifndef WEIRI_INFER_H
#define WEIRI_INFER_H

#include <jansson.h>

#include "dev/threads.h"
#include "move/move.h"
#include "weir/infer.h"

/* ---- draws ---- */

struct weir_posterior {
  weir_ctx *ctx;
  int64_t chains, draws, outputs, dim, stats;
  char **name;                   /* [outputs] */
  const char *const *stat_name;  /* [stats], static */
  double *theta, *values, *stat; /* [chains, draws, dim | outputs | stats] */
  double *log_weight;            /* [chains * draws], or NULL */
  const char *method;            /* static */
  json_t *facts; /* of the method: step sizes, objective, ...; goes into the record */
  char *record;
  char failure[256]; /* the first density that could not be had; "" */
  int64_t gradients, failed, divergent;
  int64_t depth_limit; /* of trees; 0: has none */
  double seconds;
};

/* ---- methods ---- */

typedef struct weiri_method weiri_method;
typedef struct weiri_job weiri_job;
typedef struct weiri_sampler weiri_sampler;

/* The instance holds the options of one run: its first member is weiri_method, the rest
 * is filled from the option table. One line in methods.def, one file in method/. */
typedef struct weiri_method_class {
  weir_class is;
  /* Fills job->out: theta and stat of every draw, what is counted, facts. Values are
   * made of theta afterwards. Required. */
  weir_status (*run)(const weiri_method *m, weiri_job *job);
  const char *const *stat_name; /* [stats]; the first is "lp__" */
  int64_t stats;
  bool
      independent; /* draws do not depend on each other: judged by weights, not R-hat */
  const weiri_sampler *sampler; /* of a method whose instance begins with
                                   weiri_chain_method: how it moves a point */
} weiri_method_class;

struct weiri_method {
  const weiri_method_class *cls;
  weir_ctx *ctx;
};

/* Method i, or NULL at the end. */
const weiri_method_class *weiri_method_at(int i);
/* From a name, or {name: ..., options} (NULL: the first) at a path of the
 * configuration; resolved receives every option. */
weir_status weiri_method_make(weiri_method **out, weir_ctx *ctx, const char *path,
    const json_t *spec, json_t *resolved);
void weiri_method_destroy(weiri_method **m);

/* ---- the run ---- */

typedef struct weiri_infer_config {
  int64_t chains, warmup, draws, thin;
  double init_radius, checkpoint_seconds;
} weiri_infer_config;

struct weiri_job {
  weir_ctx *ctx;
  const weir_target *target;
  int64_t d;
  weiri_infer_config config;
  weir_infer_opts opts;
  weir_posterior *out;
  weiri_team *team;
  const double *init; /* [1 or chains, d] start points, or NULL */
  int64_t inits;      /* how many */
  double *own_init;   /* those read from a file */
  bool
      *lost; /* [chains] chains that fail are marked and left; NULL: they end the run */
  json_t *resolved;            /* the infer section with every default filled in */
  double begun, before, saved; /* clock: start, seconds used before it, last save */
  int64_t first;               /* unit at which this start began */
};

/* Seconds used so far. */
double weiri_job_seconds(const weiri_job *job);
/* Tells the caller where the run stands: fills in seconds; p->done of p->total. Returns
 * E_CANCELLED when the caller says so. */
weir_status weiri_job_tick(weiri_job *job, weir_infer_progress *p);

/* A block of numbers that the rest of the run depends on. */
typedef struct weiri_kept {
  const char *name;
  double *data;
  int64_t n;
} weiri_kept;

/* Whether it is time for a checkpoint. */
bool weiri_job_due(const weiri_job *job);
/* Writes the blocks and the number of units done. Without a checkpoint file: nothing.
 */
weir_status weiri_job_save(
    weiri_job *job, int64_t done, int n, const weiri_kept *blocks);
/* Between units of work: tells the caller, and saves when that is due or the caller
 * cancels (E_CANCELLED). */
weir_status weiri_job_step(
    weiri_job *job, weir_infer_progress *p, int n, const weiri_kept *blocks);
/* Takes them up when the run is to be resumed and there is a checkpoint: *done, else
 * *done = 0. Errors: E_MISMATCH, E_FORMAT, E_IO. */
weir_status weiri_job_restore(
    weiri_job *job, int64_t *done, int n, const weiri_kept *blocks);

/* weir_infer whose failing chains, unless lost is NULL, are marked there [chains]
 * instead of ending it. */
weir_status weiri_infer(weir_posterior **out, const weir_target *target,
    const weir_infer_opts *opts, bool *lost);

/* Room for the draws; and once they are there: values, record. */
weir_status weiri_posterior_create(
    weir_posterior **out, const weiri_job *job, const weiri_method_class *method);
weir_status weiri_posterior_finish(weir_posterior *p, const weiri_job *job);

/* A column's name in the head of a plain CSV file, quoted where it has a comma. */
struct weiri_out;
weir_status weiri_put_csv_name(struct weiri_out *out, const char *name, bool first);

/* Number at the share p of ascending numbers, linear between them. */
double weiri_quantile(int64_t n, const double *sorted, double p);

/* ---- chains ---- */

typedef enum weiri_metric_kind {
  WEIRI_METRIC_DIAG,
  WEIRI_METRIC_DENSE,
  WEIRI_METRIC_UNIT
} weiri_metric_kind;

/* Options that every chain method has. */
typedef struct weiri_chain_opts {
  double target_accept; /* of the step size */
  double step;          /* 0: found and adapted */
  int metric;           /* weiri_metric_kind */
} weiri_chain_opts;

/* A method that moves a point: its instance begins with this. */
typedef struct weiri_chain_method {
  weiri_method base;
  weiri_chain_opts chain;
} weiri_chain_method;

#define WEIRI_CHAIN_OPTIONS(accept)                                                    \
  {"target_accept", WEIR_OPT_REAL, offsetof(weiri_chain_method, chain.target_accept),  \
      accept, 0.01, 0.999, NULL, "mean acceptance that the step size is adapted to"},  \
      {"step", WEIR_OPT_REAL, offsetof(weiri_chain_method, chain.step), "0", 0.0, 1e6, \
          NULL, "step size, kept as it is; 0: found and adapted in the warm-up"},      \
  {                                                                                    \
    "metric", WEIR_OPT_CHOICE, offsetof(weiri_chain_method, chain.metric), "\"diag\"", \
        0, 0, "diag|dense|unit",                                                       \
        "scales adapted in the warm-up: of each coordinate, a covariance, none"        \
  }

/* What differs between chain methods. */
struct weiri_sampler {
  const char *name; /* of its stream of random numbers */
  int64_t (*work)(const weiri_chain_method *m, int64_t d);
  weir_status (*move)(const weiri_chain_method *m, const weiri_mover *mover,
      weiri_chance *c, weiri_point *at, weiri_moved *out);
  bool leaps; /* a first step size is found by a leapfrog step; else 2.38 / sqrt(d) */
  int64_t (*depth)(const weiri_chain_method *m); /* most doublings; NULL: has none */
};

/* The columns of every chain method, as CmdStan names them. */
enum {
  WEIRI_STAT_LP,
  WEIRI_STAT_ACCEPT,
  WEIRI_STAT_STEP,
  WEIRI_STAT_DEPTH,
  WEIRI_STAT_LEAPFROGS,
  WEIRI_STAT_DIVERGENT,
  WEIRI_STAT_ENERGY,
  WEIRI_CHAIN_STATS
};
extern const char *const weiri_chain_stat_names[WEIRI_CHAIN_STATS];

/* All chains from start to end: a run slot's work. */
weir_status weiri_chains_run(
    const weiri_chain_method *m, const weiri_sampler *sampler, weiri_job *job);

/* The same as the run slot of a method that has a sampler. */
weir_status weiri_chains_method_run(const weiri_method *m, weiri_job *job);

/* A starting point: the one given, or (NULL) uniform in (-radius, radius), drawn again
 * until density and gradient are finite. Errors: E_DATA. */
weir_status weiri_start(const weiri_mover *m, uint64_t seed, int64_t chain,
    double radius, const double *given, weiri_point *at);

/* E_DATA where the density is finite at a point, and it and another one say that it is
 * the same everywhere. scratch: 2 d numbers. */
weir_status weiri_check_constant(
    const weir_target *t, const weiri_point *at, double *scratch);

/* Start points in a file: a JSON object {"mu": 1, "theta": [0, 1]} of the outputs that
 * are the target's parameters, or an array of such objects. *theta [*n, d] is the
 * caller's. Errors: E_IO, E_FORMAT, E_DATA (a parameter missing or unknown, a value out
 * of its support; named), E_UNSUPPORTED (a target that cannot take parameters). */
weir_status weiri_read_inits(
    double **theta, int64_t *n, const weir_target *target, const char *path);

#endif
