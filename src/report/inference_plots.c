/* Plots of an inference: traces and ranks of each chain, pairs of parameters, energies
 * and their steps, the tail of importance weights. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/inference.h"
#include "report/view.h"

enum { POINTS = 250, RANK_BINS = 20, DOTS = 600, ENERGY_BINS = 40 };

static const char *const chain_class[WEIRI_CHAINS_SHOWN] = {
    "chain c0", "chain c1", "chain c2", "chain c3"};

typedef struct ranked {
  double value;
  int64_t chain;
} ranked;

static int by_value(const void *a, const void *b) {
  const double x = ((const ranked *)a)->value, y = ((const ranked *)b)->value;
  return (x > y) - (x < y);
}

static int64_t chains_shown(const weir_posterior *p) {
  return p->chains < WEIRI_CHAINS_SHOWN ? p->chains : WEIRI_CHAINS_SHOWN;
}

static void range_of(const weir_posterior *p, int64_t j, double *lo, double *hi) {
  *lo = INFINITY;
  *hi = -INFINITY;
  for (int64_t i = 0; i < p->chains * p->draws; i++) {
    *lo = fmin(*lo, p->values[i * p->outputs + j]);
    *hi = fmax(*hi, p->values[i * p->outputs + j]);
  }
}

/* ---- traces and ranks ---- */

static void trace(weiri_page *page, const weir_posterior *p, int64_t j) {
  double x[POINTS], y[POINTS], lo, hi;
  range_of(p, j, &lo, &hi);
  const int64_t n = p->draws < POINTS ? p->draws : POINTS;
  const weiri_plot f = {page, 44.0, 284.0, 6.0, 96.0, 0.0, (double)p->draws, lo, hi};
  weiri_svg_open(page, 300.0, 114.0, "Trace of each chain");
  weiri_plot_x_axis(&f, 4);
  weiri_plot_y_axis(&f, 3);
  for (int64_t k = 0; k < chains_shown(p); k++) {
    for (int64_t i = 0; i < n; i++) {
      const int64_t at = i * p->draws / n;
      x[i] = (double)at;
      y[i] = p->values[(k * p->draws + at) * p->outputs + j];
    }
    weiri_plot_line(&f, chain_class[k], n, x, y);
  }
  weiri_svg_close(page);
}

/* Shares of each chain's draws among the ranks of all: flat where chains agree. */
static void ranks(weiri_page *page, const weir_posterior *p, int64_t j, ranked *work) {
  const int64_t n = p->chains * p->draws;
  double share[WEIRI_CHAINS_SHOWN][RANK_BINS] = {{0.0}}, top = 2.0;
  for (int64_t i = 0; i < n; i++) {
    work[i] = (ranked){p->values[i * p->outputs + j], i / p->draws};
  }
  qsort(work, (size_t)n, sizeof *work, by_value);
  for (int64_t i = 0; i < n; i++) {
    if (work[i].chain < WEIRI_CHAINS_SHOWN) {
      double *bin = &share[work[i].chain][i * RANK_BINS / n];
      *bin += (double)RANK_BINS / (double)p->draws;
      top = fmax(top, *bin);
    }
  }
  const weiri_plot f = {page, 30.0, 296.0, 6.0, 96.0, 0.0, 1.0, 0.0, top};
  weiri_svg_open(page, 300.0, 114.0, "Ranks of each chain among all");
  weiri_plot_x_axis(&f, 4);
  weiri_plot_y_axis(&f, 3);
  for (int64_t k = 0; k < chains_shown(p); k++) {
    weiri_plot_steps(&f, chain_class[k], RANK_BINS, share[k], false);
  }
  weiri_plot_rule(&f, "ref", 0.0, 1.0, 1.0, 1.0);
  weiri_svg_close(page);
}

void weiri_section_traces(weiri_page *page, const weiri_inference *f) {
  const weir_posterior *p = f->p;
  ranked *work = weiri_alloc(p->ctx, (size_t)(p->chains * p->draws) * sizeof *work);
  if (work == NULL) {
    page->status = WEIR_E_MEMORY;
    return;
  }
  weiri_section_open(page, "traces", "Traces and ranks");
  weiri_putf(page,
      "<p>%d of %d parameters, those with the largest R-hat, and %d of %d chains. "
      "Above the draws in order; below each chain's share of the ranks of all draws, "
      "which is 1 where chains agree.</p>\n<div class=\"grid\">",
      f->shown, p->outputs, chains_shown(p), p->chains);
  for (int64_t i = 0; i < f->shown; i++) {
    weiri_put(page, "<figure>");
    trace(page, p, f->order[i]);
    ranks(page, p, f->order[i], work);
    weiri_putf(page, "<figcaption>%s: R-hat %4</figcaption></figure>\n",
        p->name[f->order[i]], f->summary[f->order[i]].rhat);
  }
  weiri_put(page, "</div>\n");
  weiri_section_close(page);
  weiri_free(p->ctx, work);
}

/* ---- pairs ---- */

typedef struct pairs {
  const weir_posterior *p;
  weiri_page *page;
  const int64_t *column;
  int64_t k, n, divergent;
  double side, lo[WEIRI_PAIRS_SHOWN], hi[WEIRI_PAIRS_SHOWN];
  double *x, *d; /* [n, k] draws, [divergent, k] those that diverged */
} pairs;

static void pick(pairs *c) {
  const weir_posterior *p = c->p;
  const int64_t rows = p->chains * p->draws;
  for (int64_t i = 0; i < c->n; i++) {
    for (int64_t j = 0; j < c->k; j++) {
      c->x[i * c->k + j] = p->values[i * rows / c->n * p->outputs + c->column[j]];
    }
  }
  for (int64_t i = 0; p->log_weight == NULL && i < rows && c->divergent < DOTS; i++) {
    if (p->stats > WEIRI_STAT_DIVERGENT &&
        p->stat[i * p->stats + WEIRI_STAT_DIVERGENT] > 0.0) {
      for (int64_t j = 0; j < c->k; j++) {
        c->d[c->divergent * c->k + j] = p->values[i * p->outputs + c->column[j]];
      }
      c->divergent++;
    }
  }
}

static weiri_plot cell(const pairs *c, int64_t row, int64_t col) {
  const double x = 24.0 + (double)col * c->side, y = 4.0 + (double)row * c->side;
  return (weiri_plot){c->page, x, x + c->side - 6.0, y, y + c->side - 6.0, c->lo[col],
      c->hi[col], c->lo[row], c->hi[row]};
}

static void draw_cell(const pairs *c, int64_t row, int64_t col) {
  const weiri_plot f = cell(c, row, col);
  weiri_putf(c->page, "<path class=\"frame\" d=\"M%f %fH%fV%fH%fZ\"/>", f.left, f.top,
      f.right, f.bottom, f.left);
  if (row != col) {
    weiri_plot_dots(&f, "dd", c->n, c->k, c->x, col, row);
    weiri_plot_dots(&f, "dm", c->divergent, c->k, c->d, col, row);
    return;
  }
  double share[24], column[DOTS], top = 0.0;
  for (int64_t i = 0; i < c->n; i++) {
    column[i] = c->x[i * c->k + col];
  }
  weiri_histogram(c->n, column, c->lo[col], c->hi[col], 24, share);
  for (int k = 0; k < 24; k++) {
    top = fmax(top, share[k]);
  }
  weiri_plot h = f;
  h.y0 = 0.0;
  h.y1 = 1.05 * top;
  weiri_plot_steps(&h, "fill", 24, share, true);
  weiri_svg_text(
      c->page, 0.5 * (f.left + f.right), 552.0, "name mid", c->p->name[c->column[col]]);
}

void weiri_section_pairs(weiri_page *page, const weiri_inference *f) {
  const weir_posterior *p = f->p;
  const int64_t rows = p->chains * p->draws;
  pairs c = {.p = p,
      .page = page,
      .column = f->order,
      .k = p->outputs < WEIRI_PAIRS_SHOWN ? p->outputs : WEIRI_PAIRS_SHOWN,
      .n = rows < DOTS ? rows : DOTS};
  c.side = 532.0 / (double)c.k;
  c.x = weiri_calloc(p->ctx, (size_t)(2 * DOTS * c.k), sizeof *c.x);
  if (c.x == NULL) {
    page->status = WEIR_E_MEMORY;
    return;
  }
  c.d = c.x + DOTS * c.k;
  for (int64_t j = 0; j < c.k; j++) {
    range_of(p, c.column[j], &c.lo[j], &c.hi[j]);
  }
  pick(&c);
  weiri_section_open(page, "pairs", "Pairs");
  weiri_putf(page, "<p>%d draws", c.n);
  weiri_put(page, c.divergent > 0 ? "; those whose transition diverged stand out.</p>\n"
                                  : ".</p>\n");
  weiri_put(page, "<figure class=\"corner\">");
  weiri_svg_open(page, 560.0, 560.0, "Pairs of parameters");
  for (int64_t row = 0; row < c.k; row++) {
    for (int64_t col = 0; col <= row; col++) {
      draw_cell(&c, row, col);
    }
  }
  weiri_svg_close(page);
  weiri_put(page, "</figure>\n");
  weiri_section_close(page);
  weiri_free(p->ctx, c.x);
}

/* ---- energies ---- */

/* Energies less their mean, and their steps, on one scale: where the steps are much
 * narrower the momentum does not reach the tails. */
void weiri_section_energies(weiri_page *page, const weiri_inference *f) {
  const weir_posterior *p = f->p;
  const int64_t n = p->chains * p->draws;
  if (p->stats <= WEIRI_STAT_ENERGY || n < 4) {
    return;
  }
  double *e = weiri_calloc(p->ctx, (size_t)(2 * n), sizeof *e), mean = 0.0, far = 0.0;
  if (e == NULL) {
    page->status = WEIR_E_MEMORY;
    return;
  }
  double *step = e + n, share[2][ENERGY_BINS], top = 0.0;
  for (int64_t i = 0; i < n; i++) {
    e[i] = p->stat[i * p->stats + WEIRI_STAT_ENERGY];
    mean += e[i] / (double)n;
    step[i] = i % p->draws == 0
                  ? 0.0
                  : e[i] - p->stat[(i - 1) * p->stats + WEIRI_STAT_ENERGY];
  }
  for (int64_t i = 0; i < n; i++) {
    e[i] -= mean;
    far = fmax(far, fabs(e[i]));
  }
  weiri_histogram(n, e, -far, far, ENERGY_BINS, share[0]);
  weiri_histogram(n, step, -far, far, ENERGY_BINS, share[1]);
  for (int k = 0; k < ENERGY_BINS; k++) {
    top = fmax(top, fmax(share[0][k], share[1][k]));
  }
  const weiri_plot plot = {page, 10.0, 550.0, 6.0, 200.0, -far, far, 0.0, 1.05 * top};
  weiri_section_open(page, "energy", "Energies");
  weiri_legend(page, "energy less its mean", "its steps");
  weiri_put(page, "<figure class=\"wide\">");
  weiri_svg_open(page, 560.0, 220.0, "Energies and their steps");
  weiri_plot_x_axis(&plot, 6);
  weiri_plot_steps(&plot, "data", ENERGY_BINS, share[0], false);
  weiri_plot_steps(&plot, "draw", ENERGY_BINS, share[1], false);
  weiri_svg_close(page);
  weiri_put(page, "</figure>\n");
  weiri_section_close(page);
  weiri_free(p->ctx, e);
}

/* ---- the tail of the weights ---- */

static int descending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

/* The largest weights against their rank, raw and smoothed: a straight fall is a power
 * law, whose slope is -k. */
void weiri_section_tail(weiri_page *page, const weiri_inference *f) {
  const weir_posterior *p = f->p;
  const int64_t n = p->chains * p->draws;
  double *raw = weiri_calloc(p->ctx, (size_t)(3 * n), sizeof *raw);
  weir_khat k;
  if (raw == NULL) {
    page->status = WEIR_E_MEMORY;
    return;
  }
  double *smooth = raw + n, *rank = smooth + n;
  memcpy(raw, p->log_weight, (size_t)n * sizeof *raw);
  page->status = weir_psis(&k, p->ctx, n, raw, smooth);
  for (int64_t i = 0; i < n; i++) {
    rank[i] = log10((double)(i + 1));
    raw[i] = isfinite(raw[i]) ? raw[i] : -1e300;
  }
  qsort(raw, (size_t)n, sizeof *raw, descending);
  qsort(smooth, (size_t)n, sizeof *smooth, descending);
  const int64_t shown = k.tail > 1 ? k.tail : n < 50 ? n : 50;
  const double shift = (log((double)n) + k.log_mean); /* log of the raw weights' sum */
  for (int64_t i = 0; i < n; i++) {
    raw[i] = (raw[i] - shift) / log(10.0);
    smooth[i] /= log(10.0);
  }
  const weiri_plot plot = {page, 50.0, 550.0, 6.0, 220.0, 0.0, rank[shown - 1],
      fmin(raw[shown - 1], smooth[shown - 1]), fmax(raw[0], smooth[0])};
  weiri_section_open(page, "tail", "Tail of the importance weights");
  weiri_putf(page,
      "<p>The %d largest of %d weights by rank, both as powers of ten; k-hat %4, "
      "threshold "
      "%4.</p>\n",
      shown, n, k.khat, k.threshold);
  weiri_legend(page, "raw", "smoothed");
  weiri_put(page, "<figure class=\"wide\">");
  weiri_svg_open(page, 560.0, 240.0, "Largest importance weights by rank");
  weiri_plot_x_axis(&plot, 5);
  weiri_plot_y_axis(&plot, 5);
  weiri_plot_line(&plot, "data", shown, rank, raw);
  weiri_plot_line(&plot, "draw", shown, rank, smooth);
  weiri_svg_close(page);
  weiri_put(page, "</figure>\n");
  weiri_section_close(page);
  weiri_free(p->ctx, raw);
}
