/* Chains of latents between two densities of an autoencoder's rows. */
#ifndef WEIRI_ANNEAL_H
#define WEIRI_ANNEAL_H

#include "move/rows.h"
#include "train/train.h"

/* The densities f_b(z) = f_0(z) exp(b u(z)) of some rows, C chains each:
 *     f_0 = p(z),        u = log p(x | z)
 *     f_0 = q(z | x),    u = log p(z) + log p(x | z) - log q(z | x)    (from_posterior)
 * so that f_1 = p(x, z). Row r's chains are rows r C .. r C + C - 1 of all arrays. */
typedef struct weiri_anneal {
  const weir_model *model;
  const weir_layer *layer; /* the stochastic one */
  const weir_dist *base, *q;
  weir_ais_opts opts;
  weir_run *run;
  weiri_replay *replay;
  weiri_batch batch;                       /* the rows as they are in the data */
  int64_t room;                            /* rows at most */
  int64_t n;                               /* rows in it */
  int64_t data, latent, context, hid;      /* columns; hid: of q's context */
  double *x, *c, *h;                       /* [m, ...] of the layer's rows */
  const double *x_at, *c_at, *h_at, *z_at; /* for sources */
  double *offset;                          /* [room] what layers in front contribute */
  weiri_rows_state chains;
  int64_t *index; /* [m] number of the row, C times, plus the chain's */
  double *u;      /* [m] at the point evaluated last */
  double *start;  /* [m] log f_0 there */
  double *work, *accept, *step;
  double *pilot; /* [T', room] step sizes found */
  int64_t pilots;
  double b;           /* the power now */
  double taken;       /* sum of acceptance probabilities */
  int64_t moves;      /* how many they are */
  double done, share; /* progress: before this run of chains, and of it */
} weiri_anneal;

weir_status weiri_anneal_create(
    weiri_anneal **out, const weir_model *model, const weir_ais_opts *opts);
void weiri_anneal_destroy(weiri_anneal **a);

/* Rows first .. first + n - 1 of the set, n <= room, and step sizes for them. */
weir_status weiri_anneal_rows(
    weiri_anneal *a, const weir_row_set *set, int64_t first, int64_t n);
/* The same, with rows drawn from the model in place of those of the set; z [n, latent]
 * receives the latents that they were drawn with. */
weir_status weiri_anneal_simulate(
    weiri_anneal *a, const weir_row_set *set, int64_t first, int64_t n, double *z);
/* Step sizes for the rows: a run that adapts them and whose weights do not count. */
weir_status weiri_anneal_pilot(weiri_anneal *a);
/* log w [n C] of chains from f_0 to f_1. */
weir_status weiri_anneal_forward(weiri_anneal *a, double *log_w);
/* log w [n C] of chains from f_1, where they stand at z [n, latent], to f_0. */
weir_status weiri_anneal_backward(weiri_anneal *a, const double *z, double *log_w);

/* ---- between its two files ---- */

/* Streams of draws: the steps of the run. */
enum { WEIRI_ANNEAL_PILOT = 1, WEIRI_ANNEAL_FORWARD, WEIRI_ANNEAL_SIMULATE };
/* Temperatures of the run that finds step sizes. */
int64_t weiri_anneal_pilots(int64_t temperatures);
/* The prior's context: none where it has none. */
weir_var weiri_anneal_given(const weiri_anneal *a, weir_var context);
/* One evaluation of all chains' densities; self is the annealer. */
void weiri_anneal_record(void *self, weir_run *run, int64_t n, weiri_results *r);
/* The power b_t of T. */
double weiri_anneal_power(weir_ais_schedule schedule, int64_t t, int64_t steps);

#endif
