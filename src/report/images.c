/* Images: draws, reconstructions, what each latent does, and the latents of the data by
 * their labels. Pictures lie in the page as PNG data. */
#include <stdio.h>
#include <string.h>

#include "report/html.h"

enum { DRAWS = 40, ACROSS = 10, PAIRS = 20, LATENTS = 8, STEPS = 9, KINDS = 10 };

/* Bytes as base64 (RFC 4648). */
static void put_base64(weiri_page *p, const unsigned char *bytes, size_t n) {
  static const char digit[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char line[4 * 256 + 1];
  size_t at = 0;
  for (size_t i = 0; i < n; i += 3) {
    const size_t left = n - i;
    const uint32_t x = (uint32_t)bytes[i] << 16 |
                       (uint32_t)(left > 1 ? bytes[i + 1] : 0) << 8 |
                       (uint32_t)(left > 2 ? bytes[i + 2] : 0);
    line[at++] = digit[x >> 18];
    line[at++] = digit[x >> 12 & 63];
    line[at++] = left > 1 ? digit[x >> 6 & 63] : '=';
    line[at++] = left > 2 ? digit[x & 63] : '=';
    if (at == sizeof line - 1 || i + 3 >= n) {
      line[at] = '\0';
      weiri_put(p, line);
      at = 0;
    }
  }
}

static void picture(weiri_page *p, const weiri_facts *f, int64_t n, const double *x,
    int64_t across, const char *caption) {
  const weir_image m = weir_schema_image(weir_model_schema(f->model));
  unsigned char *png = NULL;
  size_t size = 0;
  if (p->status == WEIR_OK) {
    p->status = weir_images_png(f->ctx, &m, n, x, across, &png, &size);
  }
  weiri_putf(p,
      "<figure><figcaption>%s</figcaption><img class=\"pixels\" alt=\"%s\" "
      "src=\"data:image/png;base64,",
      caption, caption);
  put_base64(p, png, png == NULL ? 0 : size);
  weiri_put(p, "\"></figure>\n");
  weir_bytes_free(f->ctx, png);
}

/* Images that the model draws, with the contexts of the first rows. */
static weir_status draw(const weiri_facts *f, int64_t n, double *x) {
  weir_sample_opts o = WEIR_SAMPLE_OPTS_INIT;
  o.seed = f->opts->seed;
  o.mean = true;
  weir_status status = weir_model_sample(f->model, n, n, f->context, &o, x, NULL);
  if (status == WEIR_E_UNSUPPORTED) { /* a likelihood without a known mean */
    o.mean = false;
    status = weir_model_sample(f->model, n, n, f->context, &o, x, NULL);
  }
  return status;
}

static weir_status rebuild(const weiri_facts *f, int64_t n, double *both, double *z) {
  const size_t line = (size_t)(ACROSS * f->d);
  WEIR_TRY(weir_model_encode_mean(f->model, n, f->data, n, f->context, z));
  double *back = both + n * f->d;
  WEIR_TRY(weir_model_decode_mean(f->model, n, z, n, f->context, back));
  double *lines = weiri_alloc(f->ctx, (size_t)(2 * n * f->d) * sizeof *lines);
  if (lines == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < n / ACROSS; i++) {
    memcpy(lines + (size_t)(2 * i) * line, f->data + (size_t)i * line,
        line * sizeof *lines);
    memcpy(lines + (size_t)(2 * i + 1) * line, back + (size_t)i * line,
        line * sizeof *lines);
  }
  memcpy(both, lines, (size_t)(2 * n * f->d) * sizeof *both);
  weiri_free(f->ctx, lines);
  return WEIR_OK;
}

/* One latent after the other through where it usually is, the others held: at 0, or on
 * the sphere alike. */
static weir_status traverse(
    const weiri_facts *f, int64_t k, const int64_t *latent, double *x, double *z) {
  const double most = weir_model_latent_on_sphere(f->model) ? 1.0 : 3.0;
  double *centre = z + k * STEPS * f->z;
  memset(centre, 0, (size_t)f->z * sizeof *centre);
  for (int64_t i = 0; i < k; i++) {
    WEIR_TRY(weir_model_latent_line(
        f->model, centre, latent[i], -most, most, STEPS, z + i * STEPS * f->z));
  }
  return weir_model_decode_mean(f->model, k * STEPS, z, 1, f->context, x);
}

/* Variances of the latents times the rows: [z]. */
static void spread(const weiri_facts *f, double *out) {
  for (int64_t j = 0; j < f->z; j++) {
    double sum = 0.0, squares = 0.0;
    for (int64_t i = 0; i < f->n; i++) {
      const double v = f->latent[i * f->z + j];
      sum += v;
      squares += v * v;
    }
    out[j] = squares - sum * sum / (double)f->n;
  }
}

static void show_latents(weiri_page *p, const weiri_facts *f, double *x, double *z) {
  const int64_t k = f->z < LATENTS ? f->z : LATENTS;
  int64_t latent[LATENTS];
  char caption[256];
  spread(f, z);
  weiri_largest(f->z, z, k, latent);
  if (k == 0 || traverse(f, k, latent, x, z) != WEIR_OK) {
    return;
  }
  const bool sphere = weir_model_latent_on_sphere(f->model);
  int at = snprintf(caption, sizeof caption, "a line for each of the latents %s",
      k < f->z ? "that vary most," : "");
  for (int64_t i = 0; i < k; i++) {
    at += snprintf(caption + at, sizeof caption - (size_t)at, "%s%lld",
        i == 0 ? "" : ", ", (long long)latent[i] + 1);
  }
  snprintf(caption + at, sizeof caption - (size_t)at, ": from %s",
      sphere ? "-1 to 1, the others alike" : "-3 to 3 with the others 0");
  picture(p, f, k * STEPS, x, STEPS, caption);
}

static void pictures(weiri_page *p, const weiri_facts *f, double *x, double *z) {
  const int64_t n = f->n < DRAWS ? f->n : DRAWS;
  const int64_t pairs = f->n < PAIRS ? f->n / ACROSS * ACROSS : PAIRS;
  weir_status status = draw(f, n, x);
  if (status == WEIR_OK) {
    picture(p, f, n, x, ACROSS, "draws of the model");
  }
  const bool bound = f->model->dist->exactness != WEIR_EXACT;
  if (status == WEIR_OK && bound && pairs > 0 && rebuild(f, pairs, x, z) == WEIR_OK) {
    picture(p, f, 2 * pairs, x, ACROSS, "rows, each line over the same rebuilt");
  }
  if (status == WEIR_OK && bound) {
    show_latents(p, f, x, z);
  }
  p->status = p->status == WEIR_OK ? status : p->status;
}

/* ---- the map of latents ---- */

/* Column of labels of the table, or -1. */
static int64_t label_column(const weiri_facts *f) {
  const weir_table *t = f->opts->table;
  const int64_t j = t == NULL ? -1 : weir_table_find(t, "label");
  return j >= 0 && weir_table_column(t, j).categories > 0 ? j : -1;
}

static int64_t label_of(const weiri_facts *f, int64_t column, int64_t i) {
  const weir_table *t = f->opts->table;
  const int64_t row = weir_frame_row(f->test.frame, f->row[i]);
  return (int64_t)weir_table_value(t, row, column);
}

/* Latents of one label (-1: of all beyond those with a colour) side by side; how many.
 */
static int64_t of_label(const weiri_facts *f, int64_t column, int64_t label,
    const int64_t at[2], double *z) {
  int64_t n = 0;
  for (int64_t i = 0; i < f->n; i++) {
    const int64_t own = column < 0 ? 0 : label_of(f, column, i);
    if (own == label || (label < 0 && own >= KINDS)) {
      z[2 * n] = f->latent[i * f->z + at[0]];
      z[2 * n + 1] = f->latent[i * f->z + at[1]];
      n++;
    }
  }
  return n;
}

static void map(weiri_page *p, const weiri_facts *f, double *z) {
  int64_t at[2];
  spread(f, z);
  weiri_largest(f->z, z, 2, at);
  const double most = weir_model_latent_on_sphere(f->model) ? 1.0 : 4.0;
  const int64_t column = label_column(f);
  const int64_t kinds =
      column < 0 ? 1 : weir_table_column(f->opts->table, column).categories;
  const int64_t shown = kinds < KINDS ? kinds : KINDS;
  const weiri_plot plot = {p, 34.0, 470.0, 6.0, 400.0, -most, most, -most, most};
  weiri_putf(p,
      "<figure class=\"wide\"><figcaption>latents %d and %d of the rows, those "
      "that vary most%s</figcaption>",
      at[0] + 1, at[1] + 1, column < 0 ? "" : ", by label");
  weiri_svg_open(p, 480.0, 424.0, "Map of two latents");
  weiri_plot_x_axis(&plot, 8);
  weiri_plot_y_axis(&plot, 8);
  for (int64_t k = 0; k <= shown; k++) {
    char cls[16] = "dd";
    if (column >= 0) {
      snprintf(cls, sizeof cls, "l l%d", (int)k);
    }
    weiri_plot_dots(
        &plot, cls, of_label(f, column, k < shown ? k : -1, at, z), 2, z, 0, 1);
  }
  weiri_svg_close(p);
  weiri_put(p, "</figure>");
  if (column < 0) {
    weiri_put(p, "<p class=\"note\">Labels (--labels, or folders of images) would give "
                 "the points colours.</p>\n");
    return;
  }
  weiri_put(p, "<p class=\"note\">");
  for (int64_t k = 0; k < shown; k++) {
    weiri_putf(p, "<span class=\"t\"><span class=\"key l%d\"></span>%s</span> ", k,
        weir_table_column(f->opts->table, column).category[k]);
  }
  weiri_putf(p, "%s</p>\n", kinds > shown ? "grey: all others" : "");
}

void weiri_section_images(weiri_page *p, const weiri_facts *f) {
  const weir_image m = weir_schema_image(weir_model_schema(f->model));
  if (m.height == 0 || (m.channels != 1 && m.channels != 3)) {
    return;
  }
  const int64_t shown = DRAWS + 2 * PAIRS + LATENTS * STEPS, most = shown + 2 * f->n;
  double *x = weiri_calloc(f->ctx, (size_t)(shown * f->d), sizeof *x);
  double *z = weiri_calloc(f->ctx, (size_t)(most * (f->z + 2)), sizeof *z);
  weiri_section_open(p, "images", "Images");
  weiri_putf(p,
      "<p>Rows are images of %d x %d pixels, black at %g and white at %g. An "
      "autoencoder shows the means of its likelihood, without the noise of "
      "single pixels.</p>\n",
      m.height, m.width, m.lo, m.hi);
  if (x == NULL || z == NULL) {
    p->status = WEIR_E_MEMORY;
  } else {
    pictures(p, f, x, z);
    if (f->z > 1) {
      map(p, f, z);
    }
  }
  weiri_section_close(p);
  weiri_free(f->ctx, x);
  weiri_free(f->ctx, z);
}
