/* From a model's numbers back to a table of the input's layout. */
#include <math.h>

#include "data/frame.h"

/* A place in the output table. */
typedef struct place {
  int64_t column; /* of the schema */
  bool context;
  int64_t at; /* first number in x or in the context */
} place;

static double decode(const weir_schema *s, int64_t j, const double *code) {
  const weir_column_type *t = &s->type[j];
  if (t->kind == WEIR_KIND_CIRCULAR) {
    const double turn = atan2(code[1], code[0]) / 6.283185307179586;
    const double x = t->lo + (turn < 0 ? turn + 1.0 : turn) * (t->hi - t->lo);
    return x < t->hi ? x : t->lo;
  }
  if (t->kind == WEIR_KIND_CATEGORICAL) {
    int64_t best = 0;
    for (int64_t i = 1; i < s->column[j].categories; i++) {
      best = code[i] > code[best] ? i : best;
    }
    return (double)best;
  }
  return code[0];
}

static weir_status value(
    const weir_schema *s, int64_t j, int64_t row, double x, double *out) {
  const weir_column_type *t = &s->type[j];
  *out = x;
  if (t->kind == WEIR_KIND_ORDINAL && isfinite(x)) {
    *out = weiri_grid_value(t, nearbyint((x - t->offset) / t->step));
  } else if (t->kind == WEIR_KIND_CATEGORICAL &&
             !(x >= 0 && x < (double)s->column[j].categories && x == floor(x))) {
    return weiri_fail(WEIR_E_DATA,
        "row %lld, column '%s': %g is not a category's index", (long long)row + 1,
        s->column[j].name, x);
  }
  return WEIR_OK;
}

/* Event and context columns in the file's order. */
static int64_t find_places(const weir_schema *s, bool context, place *p) {
  int64_t n = 0, event = 0, code = 0;
  for (int64_t j = 0; j < s->n; j++) {
    if (s->type[j].role == WEIR_ROLE_EVENT) {
      p[n++] = (place){j, false, event++};
    } else if (s->type[j].role == WEIR_ROLE_CONTEXT) {
      if (context) {
        p[n++] = (place){j, true, code};
      }
      code += weiri_schema_code_width(s, j);
    }
  }
  return n;
}

static weir_status make_table(weir_table **out, weir_ctx *ctx, const weir_schema *s,
    int64_t n, int64_t d, const place *p) {
  weir_status status = WEIR_E_MEMORY;
  const char **names = weiri_calloc(ctx, (size_t)d, sizeof *names);
  for (int64_t i = 0; names != NULL && i < d; i++) {
    names[i] = s->column[p[i].column].name;
  }
  if (names != NULL) {
    status = weiri_table_create(out, ctx, d, names, "sample");
    weiri_free(ctx, names);
  }
  if (status != WEIR_OK) {
    return status;
  }
  weir_table *t = *out;
  t->owned = weiri_calloc(ctx, (size_t)n, (size_t)d * sizeof(double));
  t->values = t->owned;
  t->n = n;
  t->named = s->named;
  return t->owned != NULL ? WEIR_OK : WEIR_E_MEMORY;
}

static weir_status fill(weir_table *t, const weir_schema *s, const place *p,
    const double *x, const double *context) {
  for (int64_t i = 0; i < t->n; i++) {
    for (int64_t k = 0; k < t->d; k++) {
      const int64_t j = p[k].column;
      const double raw = p[k].context && context != NULL
                             ? decode(s, j, context + i * s->context_width + p[k].at)
                             : x[i * s->events + p[k].at];
      WEIR_TRY(value(s, j, i, raw, &t->owned[i * t->d + k]));
    }
  }
  return WEIR_OK;
}

/* Cells are the input's; a whole-number column that is modelled as real stays real. */
static weir_status set_cells(weir_table *t, const weir_schema *s, const place *p) {
  for (int64_t k = 0; k < t->d; k++) {
    const weir_column *c = &s->column[p[k].column];
    if (c->categories > 0) {
      WEIR_TRY(weir_table_set_categories(t, k, c->categories, c->category));
      continue;
    }
    const bool ordinal = s->type[p[k].column].kind == WEIR_KIND_ORDINAL;
    t->column[k].cell =
        c->cell == WEIR_CELL_INTEGER && !ordinal ? WEIR_CELL_REAL : c->cell;
  }
  return WEIR_OK;
}

weir_status weir_schema_to_table(weir_table **out, weir_ctx *ctx,
    const weir_schema *schema, int64_t n, const double *x, const double *context) {
  *out = NULL;
  if (n < 1 || x == NULL) {
    return weiri_fail(WEIR_E_ARGUMENT, "a table needs x and at least 1 row");
  }
  place *p = weiri_calloc(ctx, (size_t)schema->n, sizeof *p);
  if (p == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_table *t = NULL;
  weir_status status = WEIR_OK;
  const bool with_context = context != NULL && schema->contexts > 0;
  const int64_t d = find_places(schema, with_context, p);
  WEIR_TRY_GOTO(done, make_table(&t, ctx, schema, n, d, p));
  WEIR_TRY_GOTO(done, fill(t, schema, p, x, context));
  WEIR_TRY_GOTO(done, set_cells(t, schema, p));
  *out = t;
  t = NULL;
done:
  weir_table_destroy(&t);
  weiri_free(ctx, p);
  return status;
}
