/* Update rules and learning rates over one block of parameters. */
#ifndef WEIRI_OPTIM_H
#define WEIRI_OPTIM_H

#include "dev/threads.h"
#include "kern/kern.h"
#include "weir/dtype.h"

enum { WEIRI_OPTIM_BLOCKS = 2 };

/* What one step of an update rule needs beside the numbers. */
typedef struct weiri_update {
  double rate;         /* learning rate of this step */
  double weight_decay; /* per unit of learning rate */
  double beta1, beta2, epsilon;
  double scale; /* factor on the gradient: clipping */
  int64_t t;    /* 1 for the first step */
} weiri_update;

typedef struct weiri_optim_class {
  const char *name, *doc, *cite;
  int blocks;  /* of state, each as long as the parameters */
  bool decays; /* has a use for weight_decay */
  /* One sweep over n parameters w with gradient g; c: 1 - beta1^t and 1 - beta2^t. */
  void (*sweep)(const weiri_kern *kern, weir_dtype dtype, int64_t n, void *w,
      void *const *state, const void *g, const weiri_update *u, const double c[2]);
} weiri_optim_class;

/* A rule with its state for n parameters. */
typedef struct weiri_optim {
  const weir_ctx *ctx;
  const weiri_optim_class *cls;
  weir_dtype dtype;
  int64_t n;
  weiri_team *team; /* borrowed */
  weiri_arena *arena;
  void *state[WEIRI_OPTIM_BLOCKS]; /* zero at first */
  double *partial;                 /* a sum per chunk */
  int64_t n_runs;                  /* of parameters that are swept over */
  int64_t *runs;                   /* [n_runs, 2] first and end, ascending */
} weiri_optim;

const weiri_optim_class *weiri_optim_at(int i); /* NULL at the end */

/* Borrows the team. */
weir_status weiri_optim_create(weiri_optim **out, const weir_ctx *ctx, weiri_team *team,
    const weiri_optim_class *cls, weir_dtype dtype, int64_t n);
void weiri_optim_destroy(weiri_optim **optim);
/* From here on only these runs, [n, 2] first and end in ascending order, are swept
 * over: the others are zero, and so are their gradients. */
weir_status weiri_optim_restrict(weiri_optim *optim, int64_t n, const int64_t *runs);
/* Forgets all moments. */
void weiri_optim_clear(weiri_optim *optim);
weir_status weiri_optim_step(
    weiri_optim *optim, void *w, const void *g, const weiri_update *u);
/* Euclidean norm of a block, in float64 and a fixed order; not finite where a number of
 * the block is not. */
weir_status weiri_optim_norm(weiri_optim *optim, const void *g, double *norm);
/* average = decay average + (1 - decay) w */
weir_status weiri_optim_average(
    weiri_optim *optim, double decay, const void *w, void *average);

/* Factor on the learning rate. What changes over time is plain numbers, kept in
 * checkpoints by the owner. */
typedef struct weiri_schedule weiri_schedule;
typedef struct weiri_schedule_class {
  const char *name, *doc;
  /* Factor at a step (0 for the first), beyond the warm-up. */
  double (*factor)(const weiri_schedule *s, int64_t step);
  /* Takes the score of an evaluation, larger is better. Optional. */
  void (*observe)(weiri_schedule *s, double score);
} weiri_schedule_class;

struct weiri_schedule {
  const weiri_schedule_class *cls;
  int64_t warmup;   /* steps over which the rate rises linearly from 0 */
  int64_t steps;    /* planned in all; 0: not known yet */
  double floor;     /* least factor */
  double shrink;    /* plateau: factor per plateau */
  int64_t patience; /* plateau: evaluations without improvement */
  /* where steps was changed on the way: at that step this part of the way was done */
  int64_t turned;
  double done;
  /* state */
  double scale, best;
  int64_t waited;
};

const weiri_schedule_class *weiri_schedule_at(int i); /* NULL at the end */
void weiri_schedule_begin(weiri_schedule *s);         /* resets the state */
/* How much of the way from the end of the warm-up to the last step is done, 0 to 1; 0
 * while the last step is not known. */
double weiri_schedule_progress(const weiri_schedule *s, int64_t step);
double weiri_schedule_factor(const weiri_schedule *s, int64_t step);
void weiri_schedule_observe(weiri_schedule *s, double score);

#endif
