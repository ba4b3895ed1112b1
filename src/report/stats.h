/* Statistics of a report: distances between samples, with what is known of them. */
#ifndef WEIRI_REPORT_STATS_H
#define WEIRI_REPORT_STATS_H

#include "base/base.h"
#include "base/rng.h"

/* A number with its 95 % interval. */
typedef struct weiri_effect {
  double value, lo, hi;
} weiri_effect;

void weiri_sort(int64_t n, double *x);
double weiri_normal_cdf(double z);
/* Mean and standard deviation (n - 1) of n values. */
void weiri_moments(int64_t n, const double *x, double *mean, double *sd);
/* Mean with the interval of the central limit theorem; the standard deviation with that
 * of the delta method, from the fourth moment. */
weiri_effect weiri_mean_effect(int64_t n, const double *x);
weiri_effect weiri_sd_effect(int64_t n, const double *x);

/* Kolmogorov-Smirnov distance sup |F_n - F| of sorted values: to the standard normal,
 * to the uniform on (0, 1), and between two sorted samples (ties allowed). */
weiri_effect weiri_ks_normal(int64_t n, const double *sorted);
weiri_effect weiri_ks_uniform(int64_t n, const double *sorted);
weiri_effect weiri_ks_two(int64_t n, const double *a, int64_t m, const double *b);

/* The places of the k largest of x [n], in the order of the places; of equal ones the
 * first. */
void weiri_largest(int64_t n, const double *x, int64_t k, int64_t *out);

/* Pearson correlation of two columns of x [n, d]. */
double weiri_correlation(int64_t n, int64_t d, const double *x, int64_t i, int64_t j);

/* Energy distance between two samples of n rows each, and its permutation null. */
typedef struct weiri_energy {
  double statistic; /* squared distance, >= 0 */
  double ratio;     /* statistic over 2 E|X - Y|: 0 same, 1 far apart */
  double null_mean; /* of the null */
  double null_95;   /* its 95 % quantile */
  double p;         /* (1 + #{null >= statistic}) / (1 + permutations) */
  int64_t n, permutations;
  double *null; /* [permutations] sorted; the caller's, weiri_free */
} weiri_energy;
weir_status weiri_energy_test(weiri_energy *out, const weir_ctx *ctx, int64_t n,
    int64_t d, const double *a, const double *b, int64_t permutations, uint64_t seed);

#endif
