/* Sections on the data, the model, and how to repeat it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/html.h"
#include "weir/about.h"

/* ---- data ---- */

static const char *role_text(weir_role role) {
  static const char *const text[] = {"event", "context", "weight", "ignored"};
  return text[role];
}

/* Range, mean and deviation of event column i over the test rows. */
static void column_numbers(weiri_page *p, const weiri_facts *f, int64_t i) {
  double lo = INFINITY, hi = -INFINITY, mean = 0.0, square = 0.0;
  for (int64_t r = 0; r < f->test.n; r++) {
    const double v =
        weir_frame_value(f->test.frame, f->test.rows == NULL ? r : f->test.rows[r], i);
    const double step = (v - mean) / (double)(r + 1);
    square += step * (v - mean) * (double)r;
    mean += step;
    lo = fmin(lo, v);
    hi = fmax(hi, v);
  }
  weiri_cell_real(p, lo);
  weiri_cell_real(p, mean);
  weiri_cell_real(p, hi);
  weiri_cell_real(p, sqrt(square / (double)(f->test.n - 1)));
}

static void categories(weiri_page *p, const weir_column *c) {
  weiri_put(p, "<td class=\"w\" colspan=\"4\">");
  for (int64_t k = 0; k < c->categories && k < 12; k++) {
    weiri_putf(p, k > 0 ? ", %s" : "%s", c->category[k]);
  }
  if (c->categories > 12) {
    weiri_putf(p, " and %d more", c->categories - 12);
  }
  weiri_put(p, "</td>");
}

static int64_t event_of(const weir_schema *s, int64_t column) {
  for (int64_t i = 0; i < weir_schema_events(s); i++) {
    if (weir_schema_event(s, i) == column) {
      return i;
    }
  }
  return -1;
}

static void schema_row(weiri_page *p, const weiri_facts *f, int64_t j) {
  const weir_schema *s = weir_model_schema(f->model);
  const weir_column c = weir_schema_column(s, j);
  const weir_column_type type = weir_schema_type(s, j);
  const int64_t i = event_of(s, j);
  char text[128];
  weiri_put(p, "<tr>");
  weiri_cell_text(p, c.name);
  weiri_cell_text(p, role_text(type.role));
  weiri_putf(p, "<td>%s%s</td>", weir_column_type_text(&type, text, sizeof text),
      weir_schema_guessed(s, j) ? " (guessed)" : "");
  if (c.categories > 0 && type.kind == WEIR_KIND_CATEGORICAL) {
    categories(p, &c);
  } else if (i >= 0) {
    column_numbers(p, f, i);
  } else {
    weiri_put(p, "<td colspan=\"4\"></td>");
  }
  weiri_put(p, "</tr>\n");
}

void weiri_section_data(weiri_page *p, const weiri_facts *f) {
  const weir_schema *s = weir_model_schema(f->model);
  weiri_section_open(p, "data", "Data");
  weiri_putf(p, "<p>%d rows are judged here", f->test.n);
  if (f->train.n > 0) {
    weiri_putf(p, ", %d training rows beside them", f->train.n);
  }
  weiri_putf(p, "; %d columns have a density", f->d);
  if (f->c > 0) {
    const int64_t given = weir_schema_contexts(s);
    weiri_putf(p,
        given == 1 ? ", given %d column of context" : ", given %d columns of context",
        given);
  }
  weiri_put(p, ".</p>\n");
  if (weir_frame_weights(f->test.frame) != NULL) {
    weiri_put(p,
        "<p class=\"note\">Mean log-likelihoods are weighted by the weight "
        "column; where data and draws are compared, every row counts once.</p>\n");
  }
  const char *note = weir_frame_note(f->test.frame);
  if (note != NULL) {
    weiri_putf(p, "<p class=\"note\">%s</p>\n", note);
  }
  for (int64_t i = 0; i < weir_schema_warnings(s); i++) {
    const weir_data_warning w = weir_schema_warning(s, i);
    weiri_putf(
        p, "<p class=\"warn\">%s<br><code>--column %s</code></p>\n", w.text, w.option);
  }
  weiri_table_open(p, "column|role|type|#min|#mean|#max|#sd");
  const int64_t columns = weir_schema_columns(s);
  const int64_t most = weir_schema_image(s).height > 0 ? 8 : 200; /* pixels are alike */
  for (int64_t j = 0; j < columns && j < most; j++) {
    schema_row(p, f, j);
  }
  weiri_table_close(p);
  if (columns > most) {
    weiri_putf(p, "<p class=\"note\">The first %d of %d columns.</p>", most, columns);
  }
  weiri_section_close(p);
}

/* ---- model ---- */

static void option_text(weiri_page *p, const char *key, const json_t *value) {
  char *text =
      json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
  if (text != NULL && strcmp(key, "name") != 0 && !json_is_null(value) &&
      strcmp(text, "[]") != 0) {
    weiri_putf(p, "<span class=\"o\">%s %s</span> ", key,
        json_is_string(value) ? json_string_value(value) : text);
  }
  json_free_t release = NULL;
  json_get_alloc_funcs(NULL, &release);
  release(text);
}

/* One part of the tree: number, name, its options that are not parts themselves. */
static void part_row(weiri_page *p, const char *place, const json_t *part) {
  const char *key, *name = json_string_value(json_object_get(part, "name"));
  json_t *value;
  weiri_put(p, "<tr>");
  weiri_cell_text(p, place);
  weiri_cell_text(p, name);
  weiri_put(p, "<td class=\"w\">");
  json_object_foreach((json_t *)part, key, value) {
    if (json_is_object(value)) {
      const char *inner = json_string_value(json_object_get(value, "name"));
      weiri_putf(p, "<span class=\"o\">%s %s</span> ", key, inner);
    } else if (strcmp(key, "layers") != 0) {
      option_text(p, key, value);
    }
  }
  weiri_put(p, "</td></tr>\n");
}

static void part_rows(weiri_page *p, const json_t *part) {
  static const char *const inner[] = {"flow", "base", "prior", "encoder", "decoder"};
  const json_t *layers = json_object_get(part, "layers");
  for (size_t i = 0; i < json_array_size(layers); i++) {
    char place[32];
    snprintf(place, sizeof place, "layer %zu", i + 1);
    part_row(p, place, json_array_get(layers, i));
  }
  for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
    const json_t *child = json_object_get(part, inner[i]);
    if (json_is_object(child)) {
      part_row(p, inner[i], child);
      part_rows(p, child);
    }
  }
}

void weiri_section_model(weiri_page *p, const weiri_facts *f) {
  const weir_model *m = f->model;
  weiri_section_open(p, "model", "Model");
  weiri_putf(p, "<p>%s: %d trained numbers, %s. Kind of log-likelihood: %s; %s.</p>\n",
      json_string_value(json_object_get(f->config, "name")), weir_model_parameters(m),
      weir_model_dtype(m) == WEIR_F32 ? "float32" : "float64", weir_model_kind(m),
      weir_model_measure(m));
  weiri_put(p, "<p class=\"note\">From the data to the latents, in this order:</p>");
  weiri_table_open(p, "part|name|options");
  part_row(p, "model", f->dist);
  part_rows(p, f->dist);
  weiri_table_close(p);
  weiri_section_close(p);
}

/* ---- how to repeat it ---- */

static void row_of(weiri_page *p, const char *name, const char *text) {
  if (text != NULL) {
    weiri_putf(p,
        "<tr><td class=\"k\"><code>%s</code></td><td class=\"w\">%s</td></tr>\n", name,
        text);
  }
}

void weiri_section_repeat(weiri_page *p, const weiri_facts *f) {
  const weir_about about = weir_about_build();
  const char *fit = json_string_value(json_object_get(f->record, "command"));
  weiri_section_open(p, "repeat", "To repeat it");
  if (fit != NULL) {
    weiri_putf(p, "<p>The model was fitted with</p><pre>%s</pre>\n", fit);
  }
  if (f->opts->command != NULL) {
    weiri_putf(p, "<p>This report was made with</p><pre>%s</pre>\n", f->opts->command);
  }
  weiri_put(p, "<h3>This report</h3>");
  weiri_table_open(p, "setting|value");
  row_of(p, "model", f->opts->model);
  row_of(p, "version", about.version);
  row_of(p, "commit", about.commit);
  row_of(p, "compiler", about.compiler);
  row_of(p, "isa", weir_ctx_isa(f->ctx));
  row_of(p, "test_sha256", f->digest);
  weiri_putf(
      p, "<tr><td><code>seed</code></td><td>%d</td></tr>\n", (int64_t)f->opts->seed);
  weiri_putf(p, "<tr><td><code>rows compared</code></td><td>%d</td></tr>\n", f->n);
  weiri_putf(p, "<tr><td><code>permutations</code></td><td>%d</td></tr>\n",
      f->energy.permutations);
  weiri_table_close(p);
  weiri_put(p, "<h3>The fit</h3>");
  if (json_object_size(f->record) == 0) {
    weiri_put(p, "<p>The model file holds no training record.</p>");
  } else {
    weiri_table_open(p, "setting|value");
    weiri_json_rows(p, "", f->record);
    weiri_table_close(p);
  }
  weiri_section_close(p);
}
