/* Sections on how well: summary, learning curves, log-likelihoods, least likely rows,
 * selftest. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "report/html.h"

/* ---- log-likelihoods ---- */

static void score_row(weiri_page *p, const char *density, const char *rows, int64_t n,
    double mean, double error, double bits) {
  weiri_put(p, "<tr>");
  weiri_cell_text(p, density);
  weiri_putf(p, "<td class=\"n\">%4</td><td class=\"n\">%4</td>", mean, error);
  weiri_cell_int(p, n);
  weiri_putf(p, "<td class=\"t\">%s</td>", rows);
  weiri_putf(
      p, isfinite(bits) ? "<td class=\"n\">%4</td></tr>\n" : "<td></td></tr>\n", bits);
}

static void score_of(
    weiri_page *p, const char *density, const char *rows, const weir_score *s) {
  score_row(
      p, density, rows, s->n, s->mean_log_prob, s->standard_error, s->bits_per_dim);
}

static void recorded(
    weiri_page *p, const char *density, const char *rows, const json_t *score) {
  if (json_is_object(score)) {
    const json_t *bits = json_object_get(score, "bits_per_dim");
    score_row(p, density, rows,
        (int64_t)json_integer_value(json_object_get(score, "n")),
        json_number_value(json_object_get(score, "mean_log_prob")),
        json_number_value(json_object_get(score, "standard_error")),
        bits == NULL ? NAN : json_number_value(bits));
  }
}

/* Whether the recorded figures are of the very rows judged here. */
static bool same_rows(const weiri_facts *f) {
  const json_t *data = json_object_get(f->record, "data");
  const char *digest = json_string_value(json_object_get(data, "test_sha256"));
  return digest != NULL && strcmp(digest, f->digest) == 0 &&
         f->test.n == weir_frame_rows(f->test.frame);
}

static void recorded_rows(weiri_page *p, const weiri_facts *f) {
  const json_t *held = json_object_get(f->record, "held_out");
  const json_t *base = json_object_get(f->record, "baselines");
  const char *name = json_string_value(json_object_get(held, "rows"));
  char rows[64];
  snprintf(rows, sizeof rows, "%s",
      same_rows(f)   ? "of this report"
      : name != NULL ? name
                     : "recorded");
  if (!same_rows(f)) {
    snprintf(rows, sizeof rows, "%.40s, at the fit", name != NULL ? name : "held out");
    recorded(p, "model", rows, held);
  }
  recorded(p, "Gaussian, full covariance", rows, json_object_get(base, "gaussian"));
  recorded(p, "mixture of Gaussians", rows, json_object_get(base, "mixture"));
}

/* Means of the terms that log p is the sum of. */
static void parts(weiri_page *p, const weiri_facts *f) {
  const int64_t k = weir_model_parts(f->model);
  double *v = weiri_calloc(f->ctx, (size_t)(f->n * k + 1), sizeof *v);
  if (k < 2 || v == NULL ||
      weir_model_log_prob_parts(
          f->model, f->n, f->data, f->n, f->c > 0 ? f->context : NULL, v) != WEIR_OK) {
    weiri_free(f->ctx, v);
    return;
  }
  weiri_putf(p,
      "<details><summary>The terms of log&nbsp;p, means over %d "
      "rows</summary>",
      f->n);
  weiri_table_open(p, "term|#nats per row");
  for (int64_t j = 0; j < k; j++) {
    double mean = 0.0;
    for (int64_t i = 0; i < f->n; i++) {
      mean += v[i * k + j] / (double)f->n;
    }
    weiri_putf(p, "<tr><td>%s</td><td class=\"n\">%4</td></tr>\n",
        weir_model_part_name(f->model, j), mean);
  }
  weiri_table_close(p);
  weiri_put(p, "</details>");
  weiri_free(f->ctx, v);
}

/* What is said to be log p: "exact", "bound" or "estimate". */
static const char *kind_text(const weiri_facts *f) {
  const char *kind = weir_model_kind(f->model);
  return strcmp(kind, "bound") == 0      ? "a lower bound"
         : strcmp(kind, "estimate") == 0 ? "an estimate"
                                         : kind;
}

void weiri_section_scores(weiri_page *p, const weiri_facts *f) {
  weiri_section_open(p, "scores", "Log-likelihood");
  weiri_putf(p,
      "<p>Mean of log&nbsp;p in nats per row with its standard error over rows; higher "
      "is better. The model's is %s: %s. Figures compare between densities of the same "
      "columns in the same units, and with nothing else.</p>\n",
      kind_text(f), weir_model_measure(f->model));
  weiri_table_open(p, isfinite(f->score.bits_per_dim)
                          ? "density|#nats per row|#error|#n|rows|#bits per dim"
                          : "density|#nats per row|#error|#n|rows| ");
  score_of(p, "model", "of this report", &f->score);
  if (f->has_baselines) {
    score_of(p, "Gaussian, full covariance", "of this report", &f->baselines.gaussian);
    score_of(p, "mixture of Gaussians", "of this report", &f->baselines.mixture);
  } else {
    recorded_rows(p, f);
  }
  if (f->train.n > 0) {
    score_of(p, "model", "training", &f->train_score);
  }
  weiri_table_close(p);
  if (f->no_baselines != NULL) {
    weiri_putf(
        p, "<p class=\"warn\">No baselines on these rows: %s</p>\n", f->no_baselines);
  }
  parts(p, f);
  weiri_section_close(p);
}

/* ---- summary ---- */

static void tile_open(weiri_page *p) {
  weiri_put(p, "<div class=\"tile\"><b>");
}

static void tile_close(weiri_page *p, const char *under) {
  weiri_putf(p, "</b><span>%s</span></div>\n", under);
}

/* The baseline mean of these rows, or NaN. */
static double mixture_mean(const weiri_facts *f) {
  if (f->has_baselines) {
    return f->baselines.mixture.mean_log_prob;
  }
  const json_t *base = json_object_get(f->record, "baselines");
  const json_t *mean =
      json_object_get(json_object_get(base, "mixture"), "mean_log_prob");
  return same_rows(f) && json_is_number(mean) ? json_number_value(mean) : NAN;
}

static void selftest_tile(weiri_page *p, const weir_selftest_result *r) {
  if (r == NULL) {
    weiri_put(p, "<div class=\"tile\"><b class=\"unchecked\">not run</b>");
  } else {
    const bool failed = weir_selftest_count(r, WEIR_CHECK_FAILED) > 0;
    weiri_putf(p, "<div class=\"tile\"><b class=\"%s\">%s</b>",
        weir_selftest_ok(r) ? "passed"
        : failed            ? "failed"
                            : "unchecked",
        weir_selftest_ok(r) ? "passed"
        : failed            ? "failed"
                            : "nothing checked");
  }
  weiri_put(p, "<span>selftest</span></div>\n");
}

void weiri_section_summary(weiri_page *p, const weiri_facts *f) {
  const double mixture = mixture_mean(f);
  weiri_put(p, "<div class=\"tiles\">");
  tile_open(p);
  weiri_putf(p, "%4 &plusmn; %4", f->score.mean_log_prob, f->score.standard_error);
  char under[64];
  snprintf(under, sizeof under, "nats per row, %.20s", kind_text(f));
  tile_close(p, under);
  if (isfinite(mixture)) {
    tile_open(p);
    weiri_put(p, f->score.mean_log_prob >= mixture ? "+" : "");
    weiri_put_fixed(p, f->score.mean_log_prob - mixture, 4);
    tile_close(p, "nats over a Gaussian mixture");
  }
  tile_open(p);
  weiri_put_real(p, f->energy.p, 3);
  tile_close(p, "p of the two-sample test");
  selftest_tile(p, f->opts->selftest);
  weiri_put(p, "</div>\n");
}

/* ---- learning curves ---- */

typedef struct curves {
  int64_t n;
  double *step, *train, *valid, *rate, *reconstruction, *kl;
} curves;

static double number(const json_t *line, const char *key) {
  const json_t *v = json_object_get(line, key);
  return json_is_number(v) ? json_number_value(v) : NAN;
}

static void read_lines(curves *c, const char *text, size_t size) {
  size_t at = 0;
  while (at < size) {
    const char *end = memchr(text + at, '\n', size - at);
    const size_t n = end == NULL ? size - at : (size_t)(end - text) - at;
    json_t *line = json_loadb(text + at, n, 0, NULL);
    const double step = number(line, "step");
    if (isfinite(step)) {
      c->step[c->n] = step;
      c->train[c->n] = number(line, "train");
      c->valid[c->n] = number(line, "valid");
      c->rate[c->n] = number(line, "lr");
      c->reconstruction[c->n] = number(line, "reconstruction");
      c->kl[c->n] = number(line, "kl");
      c->n++;
    }
    json_decref(line);
    at += n + 1;
  }
}

/* Six columns in one block, which the caller frees by step. */
static bool read_curves(const weiri_facts *f, curves *c) {
  void *text = NULL;
  size_t size = 0, room = 1;
  *c = (curves){0};
  if (f->opts->metrics == NULL ||
      weiri_file_read_all(f->ctx, f->opts->metrics, &text, &size) != WEIR_OK) {
    return false;
  }
  for (size_t i = 0; i < size; i++) {
    room += ((const char *)text)[i] == '\n';
  }
  c->step = weiri_calloc(f->ctx, 6 * room, sizeof *c->step);
  if (c->step != NULL) {
    c->train = c->step + room;
    c->valid = c->train + room;
    c->rate = c->valid + room;
    c->reconstruction = c->rate + room;
    c->kl = c->reconstruction + room;
    read_lines(c, text, size);
  }
  weiri_free(f->ctx, text);
  return c->n > 0;
}

static void widen(const double *y, int64_t n, double *lo, double *hi) {
  for (int64_t i = 0; i < n; i++) {
    if (isfinite(y[i])) {
      *lo = fmin(*lo, y[i]);
      *hi = fmax(*hi, y[i]);
    }
  }
}

/* Two lines by step. The frame leaves out the first tenth's dive where that would
 * flatten the rest. */
static void draw_pair(weiri_page *p, const curves *c, const char *what, const double *a,
    const double *b, const char *of_a, const char *of_b) {
  const int64_t skip = c->n > 20 ? c->n / 10 : 0;
  double lo = INFINITY, hi = -INFINITY;
  widen(a + skip, c->n - skip, &lo, &hi);
  widen(b + skip, c->n - skip, &lo, &hi);
  if (!(lo <= hi)) {
    return;
  }
  const double pad = fmax(0.05 * (hi - lo), 1e-9 * fmax(fabs(hi), 1.0));
  const weiri_plot plot = {
      p, 52.0, 464.0, 8.0, 196.0, c->step[skip], c->step[c->n - 1], lo - pad, hi + pad};
  weiri_put(p, "<figure class=\"wide\">");
  weiri_svg_open(p, 480.0, 232.0, what);
  weiri_plot_x_axis(&plot, 5);
  weiri_plot_y_axis(&plot, 6);
  weiri_plot_line(&plot, "data", c->n - skip, c->step + skip, a + skip);
  weiri_plot_line(&plot, "draw", c->n - skip, c->step + skip, b + skip);
  weiri_svg_text(p, 258.0, 228.0, "t mid", "step");
  weiri_svg_close(p);
  weiri_put(p, "</figure>");
  weiri_legend(p, of_a, of_b);
}

/* The bound is reconstruction less KL: the first as a cost, so that one frame fits
 * both. */
static void draw_parts(weiri_page *p, const curves *c) {
  for (int64_t i = 0; i < c->n; i++) {
    c->reconstruction[i] = -c->reconstruction[i];
  }
  draw_pair(p, c, "Parts of the bound by step", c->reconstruction, c->kl,
      "validation rows, minus the reconstruction log p(x | z), nats per row",
      "KL to the prior; the bound is minus the sum of both");
}

void weiri_section_curves(weiri_page *p, const weiri_facts *f) {
  curves c;
  weiri_section_open(p, "curves", "Learning curves");
  if (read_curves(f, &c)) {
    draw_pair(p, &c, "Mean log-likelihood by step", c.train, c.valid,
        "training rows, nats per row", "validation rows");
    draw_parts(p, &c);
    weiri_putf(p, "<p>%d evaluations up to step %d; the learning rate ended at %g.",
        c.n, (int64_t)c.step[c.n - 1], c.rate[c.n - 1]);
    const json_t *best = json_object_get(f->record, "best_step");
    if (json_is_integer(best)) {
      weiri_putf(p, " The weights kept are those of step %d.",
          (int64_t)json_integer_value(best));
    }
    weiri_put(p, "</p>\n");
  } else {
    weiri_put(p, "<p>No metrics file was found, so there is nothing to draw.</p>\n");
  }
  weiri_free(f->ctx, c.step);
  weiri_section_close(p);
}
