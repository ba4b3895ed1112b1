/* Effect sizes: latents against their normal, the integral transform against the
 * uniform, the energy distance against its permutation null. */
#include <math.h>

#include "report/html.h"
#include "report/view.h"

enum { LATENTS = 64, PANELS = 48, NULL_BINS = 40, PIT_BINS = 20 };

/* ---- latents ---- */

static void latent_row(weiri_page *p, const weiri_facts *f, int64_t j, double *z) {
  weiri_facts_column(f->latent, f->n, f->z, j, true, z);
  weiri_put(p, "<tr>");
  weiri_cell_int(p, j + 1);
  if (weiri_facts_normal(f, j)) {
    weiri_cell_effect(p, weiri_mean_effect(f->n, z));
    weiri_cell_effect(p, weiri_sd_effect(f->n, z));
    weiri_cell_effect(p, weiri_ks_normal(f->n, z));
  } else {
    weiri_put(
        p, "<td colspan=\"3\" class=\"soft\">a category, or not normal by design</td>");
  }
  weiri_put(p, "</tr>\n");
}

static double normal_density(double z) {
  return 0.39894228040143267794 * exp(-0.5 * z * z);
}

/* All normal latents together, against the standard normal. */
static void latent_plot(weiri_page *p, const weiri_facts *f, double *z) {
  double share[NULL_BINS], sum[NULL_BINS] = {0}, x[81], y[81];
  int64_t used = 0;
  for (int64_t j = 0; j < f->z; j++) {
    if (weiri_facts_normal(f, j)) {
      weiri_facts_column(f->latent, f->n, f->z, j, false, z);
      weiri_histogram(f->n, z, -4.0, 4.0, NULL_BINS, share);
      used++;
      for (int i = 0; i < NULL_BINS; i++) {
        sum[i] += share[i];
      }
    }
  }
  if (used == 0) {
    return;
  }
  double top = 0.42;
  for (int i = 0; i < NULL_BINS; i++) {
    sum[i] /= (double)used * 8.0 / NULL_BINS;
    top = fmax(top, 1.03 * sum[i]);
  }
  for (int i = 0; i <= 80; i++) {
    x[i] = -4.0 + 0.1 * i;
    y[i] = normal_density(x[i]);
  }
  const weiri_plot plot = {p, 34.0, 470.0, 6.0, 170.0, -4.0, 4.0, 0.0, top};
  weiri_put(p, "<figure class=\"wide\">");
  weiri_svg_open(p, 480.0, 190.0, "Density of the latents against the normal");
  weiri_plot_x_axis(&plot, 8);
  weiri_plot_y_axis(&plot, 4);
  weiri_plot_steps(&plot, "fill", NULL_BINS, sum, true);
  weiri_plot_line(&plot, "draw", 81, x, y);
  weiri_svg_close(p);
  weiri_put(p, "</figure>");
  weiri_legend(p, "latents of the data, all together", "standard normal");
}

void weiri_section_latent(weiri_page *p, const weiri_facts *f) {
  double *z = weiri_calloc(f->ctx, (size_t)f->n, sizeof *z);
  if (z == NULL) {
    p->status = WEIR_E_MEMORY;
    return;
  }
  weiri_section_open(p, "latent", "Latents");
  weiri_putf(p,
      "<p>The data taken to latent space (%d rows). Where the model is right "
      "and its base standard normal, each is normal with mean 0 and standard "
      "deviation 1. Brackets are 95&nbsp;%% intervals; KS is the distance to the "
      "standard normal, between 0 and 1.</p>\n",
      f->n);
  if (f->z == 0) {
    weiri_put(p, "<p>This model has no latents.</p>\n");
  }
  latent_plot(p, f, z);
  const int64_t k = f->z < LATENTS ? f->z : LATENTS;
  weiri_table_open(p, "#latent|#mean|#sd|#KS to N(0, 1)");
  for (int64_t j = 0; j < k; j++) {
    latent_row(p, f, j, z);
  }
  weiri_table_close(p);
  if (k < f->z) {
    weiri_putf(p, "<p class=\"note\">The first %d of %d latents.</p>", k, f->z);
  }
  weiri_section_close(p);
  weiri_free(f->ctx, z);
}

/* ---- integral transform ---- */

static void transform_panel(weiri_page *p, const weiri_facts *f, int64_t j) {
  double share[PIT_BINS], top = 0.0;
  weiri_histogram(f->n_pit, f->transform + j * f->n_pit, 0.0, 1.0, PIT_BINS, share);
  for (int i = 0; i < PIT_BINS; i++) {
    share[i] *= PIT_BINS;
    top = fmax(top, share[i]);
  }
  const weiri_effect e = f->pit[j];
  const weiri_plot plot = {
      p, 22.0, 252.0, 4.0, 80.0, 0.0, 1.0, 0.0, fmax(1.1 * top, 2.0)};
  weiri_putf(p, "<figure><figcaption><b>%s</b> <span class=\"soft\">KS ",
      weiri_facts_name(f, j));
  weiri_put_fixed(p, e.value, 3);
  weiri_put(p, " [");
  weiri_put_fixed(p, e.lo, 3);
  weiri_put(p, ", ");
  weiri_put_fixed(p, e.hi, 3);
  weiri_put(p, "]</span></figcaption>");
  weiri_svg_open(p, 260.0, 98.0, "Histogram of the integral transform");
  weiri_plot_x_axis(&plot, 4);
  weiri_plot_y_axis(&plot, 2);
  weiri_plot_steps(&plot, "fill", PIT_BINS, share, true);
  weiri_plot_rule(&plot, "ref", 0.0, 1.0, 1.0, 1.0);
  weiri_svg_close(p);
  weiri_put(p, "</figure>\n");
}

void weiri_section_transform(weiri_page *p, const weiri_facts *f) {
  const int64_t k = f->d < PANELS ? f->d : PANELS;
  int64_t column[PANELS];
  weiri_facts_worst(f, k, column);
  weiri_section_open(p, "transform", "Probability-integral transform");
  weiri_putf(p,
      "<p>For each of %d rows, the share of the model's draws%s below its value, "
      "ties broken at random: uniform where the column's distribution is right. "
      "A slope is a shift, a hump too wide a model, a bowl too narrow a one. KS "
      "is the distance to the uniform with its 95&nbsp;%% interval.%s</p>\n",
      f->n_pit, f->c > 0 ? " given the row's context" : "", weiri_facts_likeness(f));
  weiri_put(p, "<div class=\"grid\">\n");
  for (int64_t i = 0; i < k; i++) {
    transform_panel(p, f, column[i]);
  }
  weiri_put(p, "</div>");
  weiri_section_close(p);
}

/* ---- two samples ---- */

static void null_plot(weiri_page *p, const weiri_energy *e) {
  double share[NULL_BINS], top = 0.0;
  const int64_t last = e->permutations - 1;
  const double lo = fmin(e->null[0], e->statistic),
               hi = fmax(e->null[last], e->statistic);
  const double pad = fmax(0.05 * (hi - lo), 1e-300);
  const double from = lo - pad, to = hi + pad;
  weiri_histogram(e->permutations, e->null, from, to, NULL_BINS, share);
  for (int i = 0; i < NULL_BINS; i++) {
    top = fmax(top, share[i]);
  }
  const weiri_plot plot = {p, 10.0, 470.0, 16.0, 140.0, from, to, 0.0, 1.1 * top};
  weiri_put(p, "<figure class=\"wide\">");
  weiri_svg_open(p, 480.0, 160.0, "Energy distance and its permutation null");
  weiri_plot_x_axis(&plot, 5);
  weiri_plot_steps(&plot, "fill", NULL_BINS, share, true);
  weiri_plot_rule(&plot, "ref", e->null_95, 0.0, e->null_95, plot.y1);
  weiri_plot_rule(&plot, "mark", e->statistic, 0.0, e->statistic, plot.y1);
  const double at = weiri_plot_x(&plot, e->statistic);
  weiri_svg_text(p, at, 12.0,
      at > 400.0  ? "name end"
      : at < 60.0 ? "name"
                  : "name mid",
      "data and draws");
  weiri_svg_close(p);
  weiri_put(p, "</figure>");
}

void weiri_section_energy(weiri_page *p, const weiri_facts *f) {
  const weiri_energy *e = &f->energy;
  weiri_section_open(p, "energy", "Two-sample test");
  weiri_putf(p,
      "<p>Energy distance between %d rows and as many draws, each column divided "
      "by its standard deviation, against %d random exchanges of rows and "
      "draws.%s</p>\n",
      e->n, e->permutations, weiri_facts_likeness(f));
  weiri_table_open(p, "#distance|#null mean|#null 95 %|#share of spread|#p");
  weiri_put(p, "<tr>");
  weiri_cell_real(p, e->statistic);
  weiri_cell_real(p, e->null_mean);
  weiri_cell_real(p, e->null_95);
  weiri_cell_real(p, e->ratio);
  weiri_cell_real(p, e->p);
  weiri_put(p, "</tr>");
  weiri_table_close(p);
  null_plot(p, e);
  weiri_putf(p,
      "<p>%s The share of spread is the distance over twice the mean distance of "
      "a row to a draw: 0 for equal distributions, 1 at most.</p>\n",
      e->p < 0.05
          ? "The samples differ by more than exchanges explain; with enough rows "
            "any model does, so read the size of the effect beside p."
          : "The test does not tell data and draws apart at this number of rows.");
  weiri_section_close(p);
}
