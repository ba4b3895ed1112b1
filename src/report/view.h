/* What plots of columns share. */
#ifndef WEIRI_VIEW_H
#define WEIRI_VIEW_H

#include "report/facts.h"
#include "report/svg.h"

enum { WEIRI_BINS = 120 };

/* The part of a column's range that is shown, and in how many bins. */
typedef struct weiri_span {
  double lo, hi;
  int64_t bins; /* at most WEIRI_BINS */
} weiri_span;

/* sorted: the column's data [f->n]. */
weiri_span weiri_span_of(const weiri_facts *f, int64_t j, const double *sorted);
/* Histograms of data a and draws b [f->n] in a frame whose x0, x1 are the span's. */
void weiri_marginal(const weiri_facts *f, const weiri_plot *frame, int64_t bins,
    const double *a, const double *b);
void weiri_histogram(
    int64_t n, const double *x, double lo, double hi, int64_t k, double *share);

#endif
