/* Inside of training: the configuration, where a run stands, and the pieces of the
 * loop. */
#ifndef WEIRI_TRAIN_H
#define WEIRI_TRAIN_H

#include <jansson.h>

#include "base/identity.h"
#include "infer/objective.h"
#include "model/importance.h"
#include "model/model.h"
#include "optim/optim.h"
#include "part/replay.h"
#include "train/order.h"
#include "weir/train.h"

/* The train section; the option table is in options.c. */
typedef struct weiri_fit_config {
  int64_t batch_size, epochs, steps, warmup, patience, eval_every, plateau_patience;
  double learning_rate, final_rate, beta1, beta2, epsilon, weight_decay, clip, ema,
      plateau_factor, checkpoint_seconds;
  int optimizer, schedule;
  const weir_spec *objective;
  weir_ints plan; /* [step, steps, eval_every] again and again */
} weiri_fit_config;

/* Reads the section; resolved receives every option with its value. */
weir_status weiri_fit_config_read(const weir_ctx *ctx, const weir_spec *spec,
    weiri_fit_config *out, json_t *resolved);
void weiri_fit_config_free(const weir_ctx *ctx, weiri_fit_config *config);

/* ---- rows ---- */

/* Room for some rows of a row set, gathered side by side. */
typedef struct weiri_batch {
  weir_ctx *ctx;
  int64_t room, d, c;
  int64_t n; /* rows in it */
  double *x, *context, *weight;
  const double *rows_at, *context_at; /* x and context, for sources */
  int64_t *row;                       /* indices of the rows in their frame */
} weiri_batch;

weir_status weiri_batch_create(
    weiri_batch *b, weir_ctx *ctx, int64_t room, const weir_model *model);
void weiri_batch_destroy(weiri_batch *b);
/* Rows first .. first + n - 1 of the set, through pick (positions in the set) unless
 * NULL. */
void weiri_batch_fill(weiri_batch *b, const weir_row_set *set, const int64_t *pick,
    int64_t first, int64_t n);
/* Its rows' indices the other way round; again: as they were. */
void weiri_batch_turn(weiri_batch *b);
/* Its rows and contexts as sources of the run, whose row indices become theirs. */
weir_var weiri_batch_leaves(
    const weiri_batch *b, const weir_model *model, weir_run *run, weir_var *context);
/* Whether the set's frame is one of the model: name ("train") stands in messages. */
weir_status weiri_check_rows(
    const weir_model *model, const weir_row_set *set, const char *name);

/* ---- evaluation ---- */

/* Scores rows of a model in blocks. */
typedef struct weiri_scorer {
  const weir_model *model;
  weir_run *run;
  weiri_batch batch;
  weiri_weights weights;
  weiri_replay *replay;
  double *draws;      /* [room, chunk] */
  double part[2];     /* of the rows scored last: sums of log p(x | z) and of minus the
                         KL, by draws; 0 without a posterior */
  double part_weight; /* of these rows */
} weiri_scorer;

weir_status weiri_scorer_create(
    weiri_scorer **out, const weir_model *model, int64_t samples);
void weiri_scorer_destroy(weiri_scorer **scorer);
/* log p of every row of the set, in evaluation: of a model with a posterior the
 * importance-weighted bound with the scorer's draws per row, and (unless NULL) their
 * effective number. */
weir_status weiri_log_probs(
    weiri_scorer *s, const weir_row_set *set, double *out, double *ess);
/* Weighted mean and its standard error. */
void weiri_score_of(
    const weir_row_set *set, const double *log_prob, double *mean, double *error);

/* Statistics that layers take from the training rows, each layer seeing what those
 * before it make of them with their new statistics. every: only the classes that take
 * them before every evaluation, in the model's own type; else all, in float64. */
enum { WEIRI_OBSERVED_ROWS = 512 }; /* at a time */
weir_status weiri_observe(weir_model *model, const weir_row_set *set, bool every);
/* The values that networks note over batches of the set (run->tape in its number type,
 * a batch with room for WEIRI_OBSERVED_ROWS rows) become the model's. */
weir_status weiri_take_notes(weir_model *model, const weir_row_set *set, weir_run *run,
    weiri_batch *batch, bool first);
bool weiri_observes_each(const weir_model *model);

/* ---- one step ---- */

/* The gradient of minus the objective of a batch. */
typedef struct weiri_gradient {
  weir_model *model;
  const weiri_objective *objective;
  weiri_batch *batch;
  weir_run *run;
  weiri_replay *replay;
  weir_var *x, *gx; /* [trained parameters] */
  int32_t *index;
  double *log_prob, *share; /* [room]: of the rows; their weights, which sum to 1 */
  void *block;              /* the gradient, laid out as the parameters */
  bool planned;             /* masked has been found out */
  bool *masked;             /* [parameters]: what must stay zero is not so by itself */
  /* the norm: sums of squares by rows of the tensors, those of tensor i from first[i]
   * on; which of them products of the plan have left (gradient_norm.c) */
  double *squares;
  int64_t *first; /* [parameters + 1] */
  bool *taken;    /* [parameters] */
  bool replayed;  /* the last step */
  weiri_arena *arena;
  char fault[512]; /* where the first number that is not finite came up */
} weiri_gradient;

/* Of what the batch holds at each call; both borrowed. */
weir_status weiri_gradient_create(weiri_gradient **out, weir_model *model,
    const weiri_objective *objective, weiri_batch *batch, uint64_t seed);
void weiri_gradient_destroy(weiri_gradient **g);
/* Plans steps of n rows. */
weir_status weiri_gradient_prepare(weiri_gradient *g, int64_t n);
/* Fills block, *sum = sum of weight * log p over the rows, *weight = their weight.
 * Where a number is not finite *finite is false and fault says where. */
weir_status weiri_gradient_take(weiri_gradient *g, const weir_frame *frame,
    int64_t step, double *sum, double *weight, bool *finite);
/* The Euclidean norm of block as the last step has left it, in float64, with the same
 * bits from a plan and from a tape. */
weir_status weiri_gradient_norm(weiri_gradient *g, double *norm);
/* For gradient.c: room for the sums; and products of the plan that take them. */
weir_status weiri_gradient_rows(weiri_gradient *g);
void weiri_gradient_square(weiri_gradient *g, const weiri_plan *plan);
/* Names the first parameter whose gradient is not finite, in fault. */
void weiri_gradient_blame(weiri_gradient *g);

/* ---- where a run stands ---- */

/* Everything that the next step depends on, beside blocks of numbers. */
#define WEIRI_STATE_INTS(X)                                                            \
  X(step)  /* done */                                                                  \
  X(steps) /* planned; 0: to be fixed under a time limit */                            \
  X(eval_every)                                                                        \
  X(updates)   /* of the optimiser since its moments were last cleared */              \
  X(averaged)  /* updates of the moving average */                                     \
  X(best_step) /* -1: no evaluation yet */                                             \
  X(bad)       /* steps in a row that were not finite */                               \
  X(good)      /* finite steps since the rate was last touched */                      \
  X(skipped)                                                                           \
  X(restored) /* times that the last good weights were taken up again */               \
  X(waited)   /* of the schedule */                                                    \
  X(stopped_early)                                                                     \
  X(done)
#define WEIRI_STATE_REALS(X)                                                           \
  X(seconds) /* used so far */                                                         \
  X(brake)   /* factor on the rate after steps that were not finite */                 \
  X(best_score)                                                                        \
  X(best_error)                                                                        \
  X(last_score)                                                                        \
  X(last_train)                                                                        \
  X(train_sum)                                                                         \
  X(train_weight)                                                                      \
  X(norm_sum)                                                                          \
  X(norm_count)                                                                        \
  X(schedule_scale)                                                                    \
  X(schedule_best)

typedef struct weiri_state {
#define X(name) int64_t name;
  WEIRI_STATE_INTS(X)
#undef X
#define X(name) double name;
  WEIRI_STATE_REALS(X)
#undef X
  int64_t plans, plan[3 * WEIR_FIT_PLANS]; /* as in weir_fit_result */
} weiri_state;

/* ---- the loop ---- */

enum { WEIRI_SLICES = 8 }; /* that the pace is taken from */

typedef struct weiri_loop {
  weir_model *model;
  weir_ctx *ctx;
  weir_row_set train, valid;
  weir_fit_opts opts;
  weiri_fit_config config;
  json_t *resolved; /* the train section with every default filled in */
  json_t *identity; /* once it has been asked for */
  weiri_state state;
  weiri_schedule schedule;
  weiri_optim *optim;
  weiri_objective *objective;
  weiri_gradient *gradient;
  weiri_batch batch;
  weiri_scorer *scorer;
  weiri_arena *arena;
  int64_t per_epoch; /* steps of one epoch */
  weiri_order order;
  int64_t *pick;  /* [room of batch] places in the training set of this step's rows */
  double *scores; /* [valid.n] */
  void *weights, *stats, *ema, *best, *best_stats; /* ema NULL: none */
  size_t weights_bytes, stats_bytes;
  struct weiri_metrics *metrics;
  double rate, norm; /* of the last step */
  /* the clock since this start */
  double begun, before; /* time at its start, seconds used before it */
  double measured;      /* time at the end of step measured_step */
  int64_t measured_step, first_step;
  double slices[WEIRI_SLICES]; /* seconds a step, under a time limit */
  int n_slices;
  double
      paced; /* time at step paced_step, from which the pace is watched; -1: not yet */
  int64_t paced_step;
  double eval_seconds, saved; /* cost of an evaluation; time of the last checkpoint */
  int warnings;
  weir_run *watching;              /* for numbers that run away; NULL: not yet */
  const char *said[WEIRI_WATCHES]; /* paths of those that did */
  int n_said;
} weiri_loop;

double weiri_loop_seconds(const weiri_loop *l);
/* The options given (NULL: none) with defaults for what their caller does not know. */
weir_status weiri_fit_opts_read(weir_fit_opts *out, const weir_fit_opts *opts);

/* Batch size, number of steps, steps between evaluations: plan.c */
void weiri_plan_batch(weiri_loop *l);
void weiri_plan_steps(weiri_loop *l);
/* Under a time limit: once the rate is known, fixes the number of steps, and changes it
 * where the rate turns out to be another; following a plan, as it says. Returns true
 * when this call did. */
bool weiri_plan_fix(weiri_loop *l);
/* Seconds a step: the median of slices, which are sorted; 0 for none. */
double weiri_plan_pace(double *slices, int n);
/* After a resume: what follows from the state taken up. */
void weiri_plan_resume(weiri_loop *l);
/* Steps without improvement after which training stops; 0: never. */
int64_t weiri_plan_patience(const weiri_loop *l);

weir_status weiri_loop_create(weiri_loop *l, weir_model *model, weir_row_set train,
    weir_row_set valid, const weir_fit_opts *opts);
void weiri_loop_destroy(weiri_loop *l);
/* One step: batch, gradient, update. */
weir_status weiri_loop_step(weiri_loop *l);
/* Statistics, score, best weights, schedule, metrics line. */
weir_status weiri_loop_evaluate(weiri_loop *l);
/* Warns of numbers that run away. */
weir_status weiri_loop_watch(weiri_loop *l);
/* Puts the weights to keep into the model; ended: how the loop came to its end. */
weir_status weiri_loop_finish(weiri_loop *l, weir_status ended);

/* ---- files ---- */

weir_status weiri_checkpoint_write(weiri_loop *l);
/* Takes up the checkpoint when there is one; *found says so. */
weir_status weiri_checkpoint_read(weiri_loop *l, bool *found);
/* What a checkpoint must agree with: an object, new. */
weir_status weiri_identity(const weiri_loop *l, json_t **out);

/* Lines up to this step stay (-1: none), later ones go. */
weir_status weiri_metrics_open(
    struct weiri_metrics **out, const weir_ctx *ctx, const char *path, int64_t step);
weir_status weiri_metrics_line(struct weiri_metrics *m, const weiri_loop *l);
void weiri_metrics_close(struct weiri_metrics **m);

#endif
