/* Values of a table's column under a schema: categories by name, ordinals on their
 * grid, circular values wrapped; anything outside the domain refused with its row. */
#include <math.h>
#include <string.h>

#include "data/frame.h"

#define LARGEST 1e150 /* whose square float64 holds */

static double number_of(const char *name) {
  double x;
  return weiri_parse_real(name, strlen(name), &x) ? x : (double)NAN;
}

static int64_t find_category(const weir_column *c, const char *name) {
  for (int64_t i = 0; i < c->categories; i++) {
    if (strcmp(c->category[i], name) == 0) {
      return i;
    }
  }
  return -1;
}

/* Table categories to schema categories by name, or to the numbers they are. */
static weir_status map_categories(weiri_map *m) {
  const weir_column *from = &m->table->column[m->from];
  const weir_column *to = &m->schema->column[m->to];
  const bool category =
      m->schema->type[m->to].kind == WEIR_KIND_CATEGORICAL && to->categories > 0;
  const weir_ctx *ctx = m->table->ctx;
  m->by_index = weiri_calloc(ctx, (size_t)from->categories, sizeof *m->by_index);
  m->bad = weiri_calloc(ctx, (size_t)from->categories, sizeof *m->bad);
  if (m->by_index == NULL || m->bad == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < from->categories; i++) {
    const int64_t found = category ? find_category(to, from->category[i]) : -1;
    m->by_index[i] = category ? (double)found : number_of(from->category[i]);
    m->bad[i] = category ? found < 0 : isnan(m->by_index[i]);
  }
  return WEIR_OK;
}

weir_status weiri_map_init(weiri_map *m, const weir_schema *s, int64_t to,
    const weir_table *t, int64_t from, double largest) {
  *m = (weiri_map){.schema = s,
      .table = t,
      .to = to,
      .from = from,
      .largest = largest > 0.0 ? largest : LARGEST};
  const weir_column *c = &s->column[to];
  if (t->column[from].category != NULL) {
    return map_categories(m);
  }
  if (s->type[to].kind == WEIR_KIND_CATEGORICAL && c->categories > 0) {
    m->by_index = weiri_calloc(t->ctx, (size_t)c->categories, sizeof *m->by_index);
    if (m->by_index == NULL) {
      return WEIR_E_MEMORY;
    }
    for (int64_t i = 0; i < c->categories; i++) {
      m->by_index[i] = number_of(c->category[i]);
    }
  }
  return WEIR_OK;
}

void weiri_map_free(weiri_map *m) {
  if (m->table != NULL) {
    weiri_free(m->table->ctx, m->by_index);
    weiri_free(m->table->ctx, m->bad);
  }
  m->by_index = NULL;
  m->bad = NULL;
}

static weir_status unknown_category(const weiri_map *m, int64_t row, const char *name) {
  const weir_column *c = &m->schema->column[m->to];
  return weiri_table_fail(m->table, WEIR_E_DATA, row, m->from,
      "'%.60s' is none of the %lld categories that the model knows ('%.60s'%s%.60s%s)",
      name, (long long)c->categories, c->category[0], c->categories > 1 ? ", '" : "",
      c->categories > 1 ? c->category[1] : "",
      c->categories > 2   ? "', ..."
      : c->categories > 1 ? "'"
                          : "");
}

static weir_status from_category(
    const weiri_map *m, int64_t row, double x, double *out) {
  const char *name = m->table->column[m->from].category[(int64_t)x];
  if (!m->bad[(int64_t)x]) {
    *out = m->by_index[(int64_t)x];
    return WEIR_OK;
  }
  if (m->schema->type[m->to].kind == WEIR_KIND_CATEGORICAL) {
    return unknown_category(m, row, name);
  }
  return weiri_table_fail(m->table, WEIR_E_DATA, row, m->from,
      "'%.60s' is not a number%s", name,
      strchr(name, ',') != NULL ? " (decimals take a point)" : "");
}

static weir_status to_category(const weiri_map *m, int64_t row, double x, double *out) {
  const weir_column *c = &m->schema->column[m->to];
  const bool single = m->table->column[m->from].cell == WEIR_CELL_REAL32;
  for (int64_t i = 0; i < c->categories; i++) {
    const double y = single ? (double)(float)m->by_index[i] : m->by_index[i];
    if (y == x) {
      *out = (double)i;
      return WEIR_OK;
    }
  }
  char text[32];
  (void)weiri_print_real(text, x, false);
  return unknown_category(m, row, text);
}

double weiri_grid_value(const weir_column_type *type, double k) {
  const double inverse = nearbyint(1.0 / type->step);
  const bool decimal = type->step < 1.0 && fabs(inverse * type->step - 1.0) < 1e-12;
  return type->offset + (decimal ? k / inverse : k * type->step);
}

/* The values of an image given in another range than declared: what they reach. */
static double largest_of_row(const weiri_map *m, int64_t row) {
  const int64_t width = weir_table_columns(m->table);
  double most = -INFINITY;
  for (int64_t j = 0; j < width && weir_table_image(m->table).height > 0; j++) {
    most = fmax(most, weir_table_value(m->table, row, j));
  }
  return most;
}

static weir_status outside(const weiri_map *m, int64_t row, double x) {
  const weir_column_type *t = &m->schema->type[m->to];
  char text[32], type[128];
  (void)weiri_print_real(text, x, false);
  (void)weir_column_type_text(t, type, sizeof type);
  if (t->role == WEIR_ROLE_WEIGHT) {
    return weiri_table_fail(
        m->table, WEIR_E_DATA, row, m->from, "weight %s is not > 0", text);
  }
  if (t->kind == WEIR_KIND_ORDINAL) {
    char lo[32], hi[32];
    (void)weiri_print_real(lo, t->lo, false);
    (void)weiri_print_real(hi, t->hi, false);
    return weiri_table_fail(m->table, WEIR_E_DATA, row, m->from,
        "%s is outside %s .. %s, the values that %s has", text, lo, hi, type);
  }
  const double most = largest_of_row(m, row);
  if (t->kind == WEIR_KIND_INTERVAL && most > t->hi) {
    char reached[32];
    (void)weiri_print_real(reached, most, false);
    return weiri_table_fail(m->table, WEIR_E_DATA, row, m->from,
        "the image has values up to %s where %s was declared", reached, type);
  }
  return weiri_table_fail(m->table, WEIR_E_DATA, row, m->from, "%s is %s", text,
      t->kind == WEIR_KIND_POSITIVE ? "not > 0, expected of positive"
      : x == t->lo || x == t->hi
          ? "on the edge of the open interval: widen it or leave the row out"
          : "outside the interval");
}

static weir_status too_large(const weiri_map *m, int64_t row, double x) {
  char text[32];
  (void)weiri_print_real(text, x, false);
  return weiri_table_fail(m->table, WEIR_E_DATA, row, m->from,
      "%s is too large: beyond %g %s; rescale the column or leave the row out", text,
      m->largest,
      m->largest >= LARGEST ? "a square overflows"
      : fabs(x) > LARGEST   ? "float32 arithmetic overflows"
                            : "float32 arithmetic overflows (--dtype f64 does not)");
}

/* Whole numbers must be whole; on a grid given by hand, values may carry the rounding
 * of a printed decimal. */
static weir_status to_grid(const weiri_map *m, int64_t row, double *x) {
  const weir_column_type *t = &m->schema->type[m->to];
  const double at = (*x - t->offset) / t->step, k = nearbyint(at);
  const bool whole = t->step == 1.0 && t->offset == 0.0;
  char text[32], type[128];
  if (fabs(at - k) <= (whole ? 1e-9 : 0.05)) {
    *x = weiri_grid_value(t, k);
    return t->hi > t->lo && (*x < t->lo - 0.5 * t->step || *x > t->hi + 0.5 * t->step)
               ? outside(m, row, *x)
               : WEIR_OK;
  }
  (void)weiri_print_real(text, *x, false);
  return weiri_table_fail(m->table, WEIR_E_DATA, row, m->from, "%s is not %s %s", text,
      whole ? "a whole number, expected of" : "on the grid of",
      weir_column_type_text(t, type, sizeof type));
}

static double wrap(double x, double lo, double hi) {
  const double period = hi - lo;
  double y = fmod(x - lo, period);
  y = lo + (y < 0 ? y + period : y);
  return y < hi ? y : lo;
}

weir_status weiri_map_value(const weiri_map *m, int64_t row, double *out) {
  const weir_table *t = m->table;
  const weir_column_type *type = &m->schema->type[m->to];
  double x = weiri_table_at(t, row * t->d + m->from);
  if (isnan(x)) {
    return weiri_table_fail(t, WEIR_E_DATA, row, m->from,
        "missing value (--drop-missing leaves such rows out)");
  }
  if (t->column[m->from].category != NULL) {
    WEIR_TRY(from_category(m, row, x, &x));
  } else if (isinf(x)) {
    return weiri_table_fail(
        t, WEIR_E_DATA, row, m->from, "infinite value (%s)", x < 0 ? "-inf" : "inf");
  } else if (m->by_index != NULL) {
    return to_category(m, row, x, out);
  }
  *out = x;
  if (isinf(x)) {
    return weiri_table_fail(t, WEIR_E_DATA, row, m->from, "infinite value");
  }
  if (fabs(x) > m->largest) {
    return too_large(m, row, x);
  }
  if (type->role == WEIR_ROLE_WEIGHT) {
    return x > 0 ? WEIR_OK : outside(m, row, x);
  }
  switch (type->kind) {
  case WEIR_KIND_POSITIVE:
    return x > 0 ? WEIR_OK : outside(m, row, x);
  case WEIR_KIND_INTERVAL:
    return x > type->lo && x < type->hi ? WEIR_OK : outside(m, row, x);
  case WEIR_KIND_CIRCULAR:
    *out = wrap(x, type->lo, type->hi);
    return WEIR_OK;
  case WEIR_KIND_ORDINAL:
    return to_grid(m, row, out);
  case WEIR_KIND_REAL:
  case WEIR_KIND_CATEGORICAL:
    break;
  }
  return WEIR_OK;
}
