/* The report of a simulation-based calibration: verdict, tests, rank histograms with
 * the band that they should keep to. */
#include <math.h>

#include "base/file.h"
#include "infer/calibrate.h"
#include "report/html.h"
#include "weir/report.h"

enum { OUTPUTS_SHOWN = 24, RANKS_MAX = 1000 };

static void table(weiri_page *page, const weir_calibration *c) {
  weiri_section_open(page, "tests", "Tests of the ranks");
  weiri_put(page,
      "<p>Bias above 0: posteriors lie below the truth. Spread above 0: they are too "
      "narrow. Both are z scores.</p>\n");
  weiri_table_open(page, "|#bins|#chi-square|#p|#bias|#spread");
  for (int64_t j = 0; j < c->outputs; j++) {
    const weir_rank_test t = weir_calibration_test(c, j);
    weiri_put(page, "<tr>");
    weiri_cell_text(page, c->name[j]);
    weiri_cell_int(page, t.bins);
    weiri_cell_real(page, t.chi_square);
    weiri_cell_real(page, t.p);
    weiri_cell_real(page, t.bias);
    weiri_cell_real(page, t.spread);
    weiri_put(page, "</tr>\n");
  }
  weiri_table_close(page);
  weiri_section_close(page);
}

/* Counts of the ranks, and the middle 99 % of a binomial count (normal approximation).
 */
static void histogram(weiri_page *page, const weir_calibration *c, int64_t j) {
  double height[RANKS_MAX];
  const int64_t ranks = c->ranks < RANKS_MAX ? c->ranks : RANKS_MAX;
  const double n = (double)weir_calibration_simulations(c);
  const double mean = n / (double)c->ranks;
  const double band = 2.576 * sqrt(mean * (1.0 - 1.0 / (double)c->ranks));
  double top = mean + band;
  for (int64_t k = 0; k < ranks; k++) {
    height[k] = (double)c->counts[j * c->ranks + k];
    top = fmax(top, height[k]);
  }
  const double right = (double)ranks;
  const weiri_plot f = {page, 34.0, 288.0, 6.0, 96.0, 0.0, right, 0.0, 1.05 * top};
  weiri_put(page, "<figure>");
  weiri_svg_open(page, 300.0, 114.0, "Histogram of the ranks");
  weiri_plot_steps(&f, "fill", ranks, height, true);
  weiri_plot_x_axis(&f, 4);
  weiri_plot_y_axis(&f, 3);
  weiri_plot_rule(&f, "ref", 0.0, mean, right, mean);
  weiri_plot_rule(&f, "ref", 0.0, mean + band, right, mean + band);
  weiri_plot_rule(
      &f, "ref", 0.0, fmax(0.0, mean - band), right, fmax(0.0, mean - band));
  weiri_svg_close(page);
  weiri_putf(page, "<figcaption>%s: p %4</figcaption></figure>\n", c->name[j],
      weir_calibration_test(c, j).p);
}

/* The first outputs, and the worst where it is not among them. */
static void histograms(weiri_page *page, const weir_calibration *c) {
  int64_t worst = 0;
  const int64_t shown = c->outputs < OUTPUTS_SHOWN ? c->outputs : OUTPUTS_SHOWN;
  (void)weir_calibration_least_p(c, &worst);
  weiri_section_open(page, "ranks", "Ranks of the truth among the draws");
  weiri_putf(page,
      "<p>%d of %d quantities. Lines: the count to expect, and the band that holds "
      "99&nbsp;%% of counts where posteriors are calibrated.</p>\n<div class=\"grid\">",
      shown, c->outputs);
  for (int64_t j = 0; j < shown; j++) {
    histogram(page, c, j);
  }
  if (worst >= shown) {
    histogram(page, c, worst);
  }
  weiri_put(page, "</div>\n");
  weiri_section_close(page);
}

static void write_page(
    weiri_page *page, const weir_calibration *c, const weir_inference_report_opts *o) {
  weiri_html_open(page, o->title != NULL ? o->title : "weir calibration");
  weiri_putf(page,
      "<p class=\"soft\">simulation-based calibration of %s: %d simulations, %d "
      "ranks</p>\n<p class=\"%s\">%s</p>\n",
      c->method, weir_calibration_simulations(c), c->ranks,
      weir_calibration_good(c) ? "passed" : "warn", c->text);
  histograms(page, c);
  table(page, c);
  if (o->command != NULL) {
    weiri_section_open(page, "repeat", "To repeat it");
    weiri_putf(page, "<pre>%s</pre>\n", o->command);
    weiri_section_close(page);
  }
  weiri_html_close(page);
}

weir_status weir_report_calibration(
    const weir_calibration *calibration, const weir_inference_report_opts *opts) {
  if (calibration == NULL || opts == NULL || opts->path == NULL) {
    return weiri_fail(WEIR_E_ARGUMENT, "a report needs a calibration and a path");
  }
  weiri_page page;
  weiri_page_open(&page, calibration->ctx);
  write_page(&page, calibration, opts);
  weir_status status = page.status;
  if (status == WEIR_OK) {
    status =
        weiri_file_write_atomic(calibration->ctx, opts->path, page.text, page.size);
  }
  weiri_page_close(&page);
  return status;
}
