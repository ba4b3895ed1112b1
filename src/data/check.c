/* Columns on which a density has no maximum: constant, identical, or with values that
 * pile up. On such a column a flow's likelihood grows without bound as it narrows. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/schema.h"
#include "data/table.h"

static weir_status check_constant(
    const weir_schema *s, const weir_table *t, int64_t j, const weir_column_stats *st) {
  const weir_column *c = &s->column[j];
  const bool text = t->column[j].category != NULL;
  const int64_t distinct = text ? t->column[j].categories : st->distinct;
  if (distinct > 1) {
    return WEIR_OK;
  }
  if (!text && st->missing == st->rows) {
    return weiri_fail(WEIR_E_DATA,
        "%s: column '%s' has no values: leave it out with --column %s=ignored",
        t->source, c->name, c->name);
  }
  char number[32];
  (void)weiri_print_real(number, st->min, false);
  return weiri_fail(WEIR_E_DATA,
      "%s: column '%s' is constant, %.60s in all rows: leave it out with --column "
      "%s=ignored",
      t->source, c->name, text ? t->column[j].category[0] : number, c->name);
}

static uint64_t hash_column(const weir_table *t, int64_t j) {
  uint64_t h = 14695981039346656037u;
  for (int64_t i = 0; i < t->n; i++) {
    const double x = weiri_table_at(t, i * t->d + j) + 0.0; /* -0 is 0 */
    uint64_t bits = UINT64_MAX;
    if (!isnan(x)) {
      memcpy(&bits, &x, sizeof bits);
    }
    h = (h ^ bits) * 1099511628211u;
    h ^= h >> 29;
  }
  return h;
}

static bool same_columns(const weir_table *t, int64_t a, int64_t b) {
  const weir_column *x = &t->column[a], *y = &t->column[b];
  if (x->categories != y->categories) {
    return false;
  }
  for (int64_t i = 0; i < x->categories; i++) {
    if (strcmp(x->category[i], y->category[i]) != 0) {
      return false;
    }
  }
  for (int64_t i = 0; i < t->n; i++) {
    const double u = weiri_table_at(t, i * t->d + a),
                 v = weiri_table_at(t, i * t->d + b);
    if (!(u == v || (isnan(u) && isnan(v)))) {
      return false;
    }
  }
  return true;
}

/* Columns by hash; equal hashes are compared with the first column that has them. */
static weir_status check_duplicates(const weir_schema *s, const weir_table *t) {
  weiri_dict seen;
  weiri_dict_init(&seen, s->ctx);
  weir_status status = WEIR_OK;
  int64_t *owner = weiri_calloc(s->ctx, (size_t)s->events, sizeof *owner);
  for (int64_t i = 0; i < s->events; i++) {
    if (owner == NULL) {
      status = WEIR_E_MEMORY;
      break;
    }
    char key[24];
    int64_t index;
    bool is_new;
    const int len = snprintf(
        key, sizeof key, "%016llx", (unsigned long long)hash_column(t, s->event[i]));
    WEIR_TRY_GOTO(done, weiri_dict_add(&seen, key, (size_t)len, &index, &is_new));
    if (is_new) {
      owner[index] = s->event[i];
    } else if (same_columns(t, owner[index], s->event[i])) {
      status = weiri_fail(WEIR_E_DATA,
          "%s: columns '%s' and '%s' are identical: leave one out with --column "
          "%s=ignored",
          t->source, s->column[owner[index]].name, s->column[s->event[i]].name,
          s->column[s->event[i]].name);
      break;
    }
  }
done:
  weiri_free(s->ctx, owner);
  weiri_dict_free(&seen);
  return status;
}

/* The decimal of fewest digits within tolerance of x, and its text into buf. */
static double round_short(double x, double tolerance, char *buf) {
  double y = x;
  const double exponent = x == 0 ? 0 : floor(log10(fabs(x)));
  for (int digits = 0; digits < 16; digits++) {
    const double power = pow(10.0, fabs((double)digits - exponent));
    y = digits >= exponent ? nearbyint(x * power) / power
                           : nearbyint(x / power) * power;
    if (fabs(y - x) <= tolerance) {
      break;
    }
  }
  (void)weiri_print_real(buf, y, false);
  return y;
}

/* "ordinal(step,offset)" of a grid into buf. */
static void grid_type(const weir_column_stats *st, char *buf, size_t size) {
  char step_text[32], offset_text[32];
  const double steps = fmax(1.0, (st->max - st->min) / st->step);
  const double step = round_short(st->step, 0.01 * st->step / steps, step_text);
  const double cells = st->min / step;
  if (fabs(cells - nearbyint(cells)) < 0.02) {
    (void)snprintf(buf, size, "ordinal(%s)", step_text);
    return;
  }
  (void)round_short(st->min - step * floor(cells), 0.001 * step, offset_text);
  (void)snprintf(buf, size, "ordinal(%s,%s)", step_text, offset_text);
}

/* The type that mends a column, or ignored where none does. */
static void mending_type(const weir_column_stats *st, char *buf, size_t size) {
  if (st->integers) {
    (void)snprintf(buf, size, "integer");
  } else if (st->step > 0) {
    grid_type(st, buf, size);
  } else {
    (void)snprintf(buf, size, st->distinct <= 64 ? "categorical" : "ignored");
  }
}

static weir_status warn(weir_schema *s, int64_t j, const weir_column_stats *st) {
  const char *name = s->column[j].name;
  const int64_t present = st->rows - st->missing;
  const bool spike = st->mode_count >= 5 && 100 * st->mode_count > st->rows;
  const bool few = 20 * st->distinct < present;
  if (!spike && !few) {
    return WEIR_OK;
  }
  char type[80], mode[32], share[96] = "", values[96] = "";
  mending_type(st, type, sizeof type);
  (void)weiri_print_real(mode, st->mode, s->column[j].cell == WEIR_CELL_REAL32);
  if (spike) {
    char percent[32];
    (void)weiri_print_real(percent,
        nearbyint(1000.0 * (double)st->mode_count / (double)st->rows) / 10.0, false);
    (void)snprintf(share, sizeof share, "%s %% of the rows are %s", percent, mode);
  }
  if (few) {
    (void)snprintf(values, sizeof values, "only %lld of %lld values are distinct",
        (long long)st->distinct, (long long)present);
  }
  char *option = weiri_format(s->ctx, "%s=%s", name, type);
  char *text = weiri_format(s->ctx,
      "column '%s': %s%s%s: on such a column a density has no maximum; use --column "
      "%s=%s%s",
      name, share, spike && few ? ", " : "", values, name, type,
      strcmp(type, "ignored") == 0 ? " or =context" : "");
  weir_status status = WEIR_E_MEMORY;
  if (option != NULL && text != NULL) {
    status = weiri_schema_add_warning(s, name, text, option);
  }
  weiri_free(s->ctx, text);
  weiri_free(s->ctx, option);
  return status;
}

weir_status weiri_schema_check(weir_schema *s, const weir_table *t,
    const weir_column_stats *stats, bool allow_constant) {
  if (t->counts || s->image.height > 0) {
    return WEIR_OK; /* pixels: constant ones are common, and dequantised */
  }
  for (int64_t i = 0; i < s->events && !allow_constant; i++) {
    WEIR_TRY(check_constant(s, t, s->event[i], &stats[s->event[i]]));
  }
  if (!allow_constant) {
    WEIR_TRY(check_duplicates(s, t));
  }
  for (int64_t i = 0; i < s->events; i++) {
    const int64_t j = s->event[i];
    const weir_kind kind = s->type[j].kind;
    if (kind != WEIR_KIND_ORDINAL && kind != WEIR_KIND_CATEGORICAL &&
        t->column[j].category == NULL && stats[j].distinct > 1) {
      WEIR_TRY(warn(s, j, &stats[j]));
    }
  }
  return WEIR_OK;
}
