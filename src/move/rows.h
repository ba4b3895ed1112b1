/* Moves of many data's latents at once: row i of z [n, d] has its own density
 * log p(x_i, z_i), and all rows are evaluated in one call.
 *
 * Each row on its own, with its own acceptance (weiri_langevin_rows,
 * weiri_hamiltonian_rows), or amortised: z_i = Phi g_i with features g_i of the data,
 * and one chain that moves Phi (weiri_langevin_amortized). Taniguchi, Iwasawa, Kumagai,
 * Matsuo 2022, "Langevin autoencoders". */
#ifndef WEIRI_MOVE_ROWS_H
#define WEIRI_MOVE_ROWS_H

#include "move/move.h"
#include "weir/ops.h"

/* The rows' densities: value[n] and grad [n, d], of the rows' own data, in order. */
typedef struct weiri_rows_density {
  weir_custom_fn *fn;
  void *user;
} weiri_rows_density;

/* A batch of chains, one per row. */
typedef struct weiri_rows_state {
  int64_t n, d;
  double *z, *grad;     /* [n, d] */
  double *value;        /* [n] log densities at z */
  const int64_t *index; /* [n] numbers of the data, which name their random numbers;
                           NULL: 0 .. n - 1 */
  bool sphere;          /* rows are unit vectors; the density is over the sphere's area,
                           and gradients count along it alone (Hamiltonian moves only) */
} weiri_rows_state;

/* The random numbers of one move of all rows. */
typedef struct weiri_rows_chance {
  uint64_t seed;
  const char *purpose;
  uint64_t iteration;
} weiri_rows_chance;

/* Those of row i. */
weiri_chance weiri_rows_chance_of(
    const weiri_rows_state *s, int64_t i, const weiri_rows_chance *c);

/* Fills value and grad at z. */
weir_status weiri_rows_evaluate(weiri_rows_state *s, const weiri_rows_density *density);

/* One step: z'_i ~ N(z_i + e grad_i, 2 e I), taken with probability min(1, p(z') q(z |
 * z') / p(z) q(z' | z)), each row for itself; accepted[n], unless NULL, says which.
 * correct false: every finite proposal is taken (the chain's law is then off by order
 * e). work: weiri_langevin_rows_work numbers. A row's move depends on its own numbers
 * and index alone, not on its neighbours. */
int64_t weiri_langevin_rows_work(int64_t n, int64_t d);
weir_status weiri_langevin_rows(weiri_rows_state *s, const weiri_rows_density *density,
    double step, bool correct, uint64_t seed, uint64_t iteration, double *work,
    bool *accepted);

/* One Hamiltonian move: fresh momenta, so many leapfrog steps of size step [n], each
 * row taken or not for itself; accept [n], unless NULL: with what probability. work:
 * weiri_hamiltonian_rows_work numbers. */
int64_t weiri_hamiltonian_rows_work(int64_t n, int64_t d);
weir_status weiri_hamiltonian_rows(weiri_rows_state *s,
    const weiri_rows_density *density, const double *step, int64_t leapfrogs,
    const weiri_rows_chance *chance, double *work, double *accept);

/* Phi [d, h] with the features g [n, h] of a batch; z = g Phi' is kept in rows. */
typedef struct weiri_amortized_state {
  int64_t h;
  double *phi;     /* [d, h] */
  const double *g; /* [n, h] */
  weiri_rows_state rows;
} weiri_amortized_state;

/* Fills rows from phi. */
weir_status weiri_amortized_evaluate(
    weiri_amortized_state *s, const weiri_rows_density *density);

/* One step of Phi on V(Phi) = -sum_i log p(x_i, Phi g_i): Phi' ~ N(Phi - e grad V, 2 e
 * I), one acceptance for the whole matrix. Where g has rank n (so h >= n) the z_i are
 * then draws from their posteriors, for the fixed batch and features. The acceptance
 * falls with n d: e has to. */
int64_t weiri_langevin_amortized_work(int64_t n, int64_t d, int64_t h);
weir_status weiri_langevin_amortized(weiri_amortized_state *s,
    const weiri_rows_density *density, double step, bool correct, uint64_t seed,
    uint64_t iteration, double *work, weiri_moved *out);

#endif
