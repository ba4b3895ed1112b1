/* Data against draws: marginals as histograms, and the corner plot. */
#include <math.h>
#include <string.h>

#include "report/html.h"
#include "report/view.h"

enum { BINS = 40, PANELS = 48 };

/* Shares of the values in each of k bins over [lo, hi]; what lies outside is counted in
 * the total only. */
void weiri_histogram(
    int64_t n, const double *x, double lo, double hi, int64_t k, double *share) {
  memset(share, 0, (size_t)k * sizeof *share);
  for (int64_t i = 0; i < n; i++) {
    if (x[i] >= lo && x[i] <= hi && hi > lo) {
      const int64_t bin = (int64_t)((x[i] - lo) / (hi - lo) * (double)k);
      share[bin < k ? bin : k - 1] += 1.0 / (double)n;
    }
  }
}

/* From the 0.5 % to the 99.5 % quantile of the data, a little wider; categories and
 * grids get a bin each. */
weiri_span weiri_span_of(const weiri_facts *f, int64_t j, const double *sorted) {
  const weir_column_type type = weiri_facts_type(f, j);
  const weir_schema *s = weir_model_schema(f->model);
  const int64_t tail = f->n / 200;
  weiri_span r = {sorted[tail], sorted[f->n - 1 - tail], BINS};
  if (type.kind == WEIR_KIND_CATEGORICAL) {
    r.bins = weir_schema_column(s, weir_schema_event(s, j)).categories;
    r.lo = -0.5;
    r.hi = (double)r.bins - 0.5;
  } else if (type.kind == WEIR_KIND_ORDINAL &&
             (r.hi - r.lo) / type.step <= 2.0 * BINS) {
    r.bins = (int64_t)llround((r.hi - r.lo) / type.step) + 1;
    r.lo -= 0.5 * type.step;
    r.hi += 0.5 * type.step;
  } else if (type.kind == WEIR_KIND_CIRCULAR) {
    r.lo = type.lo;
    r.hi = type.hi;
  } else {
    const double pad = fmax(0.04 * (r.hi - r.lo), 1e-9 * fmax(fabs(r.hi), 1e-30));
    const bool positive = type.kind == WEIR_KIND_POSITIVE;
    r.lo = positive ? fmax(r.lo - pad, 0.0) : r.lo - pad;
    r.hi += pad;
  }
  r.bins = r.bins < 1 ? 1 : r.bins > WEIRI_BINS ? WEIRI_BINS : r.bins;
  return r;
}

void weiri_marginal(const weiri_facts *f, const weiri_plot *frame, int64_t bins,
    const double *a, const double *b) {
  double share[WEIRI_BINS], other[WEIRI_BINS], top = 0.0;
  weiri_histogram(f->n, a, frame->x0, frame->x1, bins, share);
  weiri_histogram(f->n, b, frame->x0, frame->x1, bins, other);
  for (int64_t i = 0; i < bins; i++) {
    top = fmax(top, fmax(share[i], other[i]));
  }
  weiri_plot plot = *frame;
  plot.y0 = 0.0;
  plot.y1 = top > 0.0 ? 1.05 * top : 1.0;
  weiri_plot_steps(&plot, "fill", bins, share, true);
  weiri_plot_steps(&plot, "draw", bins, other, false);
}

static void category_names(const weiri_plot *plot, const weir_column *c) {
  for (int64_t k = 0; k < c->categories && c->categories <= 8; k++) {
    weiri_svg_text(plot->page, weiri_plot_x(plot, (double)k), plot->bottom + 14.0,
        "t mid", c->category[k]);
  }
}

static void panel(weiri_page *p, const weiri_facts *f, int64_t j, double *a) {
  const weir_schema *s = weir_model_schema(f->model);
  const weir_column c = weir_schema_column(s, weir_schema_event(s, j));
  double *b = a + f->n;
  weiri_facts_column(f->compared, f->n, f->d, j, true, a);
  weiri_facts_column(f->draws, f->n, f->d, j, true, b);
  const weiri_span r = weiri_span_of(f, j, a);
  const weiri_plot plot = {p, 8.0, 252.0, 4.0, 110.0, r.lo, r.hi, 0.0, 1.0};
  weiri_putf(p, "<figure><figcaption><b>%s</b> <span class=\"soft\">KS ", c.name);
  weiri_put_fixed(p, f->marginal[j].value, 3);
  weiri_put(p, " [");
  weiri_put_fixed(p, f->marginal[j].lo, 3);
  weiri_put(p, ", ");
  weiri_put_fixed(p, f->marginal[j].hi, 3);
  weiri_put(p, "]</span></figcaption>");
  weiri_svg_open(p, 260.0, 128.0, c.name);
  if (weiri_facts_categorical(f, j)) {
    category_names(&plot, &c);
  } else {
    weiri_plot_x_axis(&plot, 4);
  }
  weiri_marginal(f, &plot, r.bins, a, b);
  weiri_plot_rule(&plot, "frame", r.lo, 0.0, r.hi, 0.0);
  weiri_svg_close(p);
  weiri_put(p, "</figure>\n");
}

void weiri_section_marginals(weiri_page *p, const weiri_facts *f) {
  const int64_t k = f->d < PANELS ? f->d : PANELS;
  int64_t column[PANELS];
  double *a = weiri_calloc(f->ctx, (size_t)(2 * f->n), sizeof *a);
  if (a == NULL) {
    p->status = WEIR_E_MEMORY;
    return;
  }
  weiri_facts_worst(f, k, column);
  weiri_section_open(p, "marginals", "Data against draws: each column");
  weiri_putf(p,
      "<p>Shares of %d rows and of as many draws%s. KS is the Kolmogorov-Smirnov "
      "distance between the two, 0 for the same and 1 for apart, with a 95&nbsp;%% "
      "interval; an interval that reaches 0 shows no difference.%s</p>\n",
      f->n, f->c > 0 ? " given the same contexts" : "", weiri_facts_likeness(f));
  if (k < f->d) {
    weiri_putf(
        p, "<p class=\"note\">The %d of %d columns that deviate most.</p>", k, f->d);
  }
  weiri_legend(p, "data", "draws");
  weiri_put(p, "<div class=\"grid\">\n");
  for (int64_t i = 0; i < k; i++) {
    panel(p, f, column[i], a);
  }
  weiri_put(p, "</div>");
  weiri_section_close(p);
  weiri_free(f->ctx, a);
}
