/* A schema applied to a table: which columns of the table are which of the schema,
 * which rows stay, and their values as a model takes them. */
#include "data/frame.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bulk.h"

enum { TOUCH_ROWS = 1 << 16 };

/* What is in the making. */
typedef struct work {
  const weir_schema *s;
  const weir_table *t;
  weir_frame *f;
  int64_t *from; /* [schema columns] table column, -1: not needed or absent */
  unsigned parts;
  double largest;
  bool drop;
  bool block; /* of a larger frame: weights as they stand, no rows are no error */
} work;

static bool wanted(const work *w, int64_t j) {
  switch (w->s->type[j].role) {
  case WEIR_ROLE_EVENT:
    return (w->parts & WEIR_FRAME_X) != 0;
  case WEIR_ROLE_CONTEXT:
    return (w->parts & WEIR_FRAME_CONTEXT) != 0;
  case WEIR_ROLE_WEIGHT:
    return (w->parts & WEIR_FRAME_WEIGHT) != 0;
  case WEIR_ROLE_IGNORED:
    break;
  }
  return false;
}

static weir_status match_names(work *w) {
  const weir_table *t = w->t;
  for (int64_t j = 0; j < w->s->n; j++) {
    const char *name = w->s->column[j].name;
    w->from[j] = wanted(w, j) ? weir_table_find(t, name) : -1;
    if (w->from[j] < 0 && wanted(w, j) && w->s->type[j].role != WEIR_ROLE_WEIGHT) {
      char near[300];
      return weiri_fail(WEIR_E_MISMATCH,
          "%s: has no column '%.200s', which the model needs%s", t->source, name,
          weiri_near_column(t->ctx, t->column, t->d, name, near, sizeof near));
    }
  }
  return WEIR_OK;
}

/* Without names the table has all columns of the schema, or just the wanted ones. */
static weir_status match_positions(work *w) {
  int64_t all = w->s->n, needed = 0, at = 0, d = w->t->d;
  for (int64_t j = 0; j < all; j++) {
    needed += wanted(w, j) && w->s->type[j].role != WEIR_ROLE_WEIGHT;
  }
  /* Labels beside rows of a model that was made without them. */
  const bool beside = d > 1 && strcmp(w->t->column[d - 1].name, "label") == 0;
  d -= beside && d != all && d != needed ? 1 : 0;
  if (d != all && d != needed) {
    const bool label =
        d == needed - 1 && strcmp(w->s->column[all - 1].name, "label") == 0;
    return weiri_fail(WEIR_E_MISMATCH,
        "%s: has %lld unnamed columns, the model needs %lld%s", w->t->source,
        (long long)w->t->d, (long long)needed,
        label ? ", of which the last is the rows' label: give --labels" : "");
  }
  for (int64_t j = 0; j < all; j++) {
    const bool need =
        wanted(w, j) && (d == all || w->s->type[j].role != WEIR_ROLE_WEIGHT);
    w->from[j] = !need ? -1 : d == all ? j : at++;
  }
  return WEIR_OK;
}

/* Rows without a missing value among the columns in use; NULL when that is all. */
static weir_status keep_rows(work *w) {
  const weir_table *t = w->t;
  weir_frame *f = w->f;
  f->n = t->n;
  f->first = t->first;
  f->table = t;
  if (!w->drop) {
    return WEIR_OK;
  }
  int64_t *row = weiri_bulk_alloc(f->ctx, t->n, sizeof *row), n = 0;
  if (row == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < t->n; i++) {
    bool whole = true;
    for (int64_t j = 0; j < w->s->n && whole; j++) {
      whole = w->from[j] < 0 || !isnan(weiri_table_at(t, i * t->d + w->from[j]));
    }
    row[n] = i;
    n += whole;
  }
  f->dropped = t->n - n;
  f->n = n;
  f->row = row;
  if (n == 0 && !w->block) {
    return weiri_fail(
        WEIR_E_DATA, "%s: no rows left: each has a missing value", t->source);
  }
  return WEIR_OK;
}

/* The first missing value in the order of rows, for the message. */
static weir_status refuse_missing(const work *w) {
  const weir_table *t = w->t;
  for (int64_t i = 0; i < t->n && !w->drop; i++) {
    for (int64_t j = 0; j < w->s->n; j++) {
      if (w->from[j] >= 0 && isnan(weiri_table_at(t, i * t->d + w->from[j]))) {
        return weiri_table_fail(t, WEIR_E_DATA, i, w->from[j],
            "missing value (--drop-missing leaves such rows out)");
      }
    }
  }
  return WEIR_OK;
}

static void encode(const weir_schema *s, int64_t j, double x, double *out) {
  const weir_column_type *t = &s->type[j];
  if (t->kind == WEIR_KIND_CIRCULAR) {
    const double angle = 6.283185307179586 * (x - t->lo) / (t->hi - t->lo);
    out[0] = cos(angle);
    out[1] = sin(angle);
  } else if (t->kind == WEIR_KIND_CATEGORICAL) {
    for (int64_t i = 0; i < s->column[j].categories; i++) {
      out[i] = (double)(i == (int64_t)x);
    }
  } else {
    out[0] = x;
  }
}

/* Column j of the schema for all rows: to out with a stride; out NULL only checks. */
static weir_status convert(
    const work *w, int64_t j, bool code, double *out, int64_t stride) {
  weiri_map m;
  weir_status status = weiri_map_init(&m, w->s, j, w->t, w->from[j], w->largest);
  for (int64_t i = 0; i < w->f->n && status == WEIR_OK; i++) {
    double x = 0;
    status = weiri_map_value(&m, w->f->row != NULL ? w->f->row[i] : i, &x);
    if (status == WEIR_OK && out != NULL) {
      if (code) {
        encode(w->s, j, x, out + i * stride);
      } else {
        out[i * stride] = x;
      }
    }
  }
  weiri_map_free(&m);
  return status;
}

/* Whether the table's bytes are x: whole numbers one by one, its first columns. A block
 * of a larger frame is not kept. */
static bool bytes_in_place(const work *w) {
  bool same = w->t->bytes != NULL && w->f->dropped == 0 && !w->block;
  for (int64_t i = 0; same && i < w->s->events; i++) {
    const int64_t j = w->s->event[i];
    const weir_column_type *t = &w->s->type[j];
    same = w->from[j] == i && w->t->column[i].category == NULL &&
           t->kind == WEIR_KIND_ORDINAL && t->step == 1.0 && t->offset == 0.0;
  }
  return same;
}

/* Whether the table's memory is x already. */
static bool in_place(const work *w) {
  bool same = w->f->dropped == 0 && w->t->d == w->s->events && w->t->bytes == NULL;
  for (int64_t i = 0; same && i < w->s->events; i++) {
    const int64_t j = w->s->event[i];
    const weir_kind kind = w->s->type[j].kind;
    same = w->from[j] == i && w->t->column[i].category == NULL &&
           (kind == WEIR_KIND_REAL || kind == WEIR_KIND_POSITIVE ||
               kind == WEIR_KIND_INTERVAL);
  }
  return same;
}

static weir_status new_values(weir_frame *f, int64_t width, double **out) {
  *out = weiri_bulk_alloc(f->ctx, f->n, width * (int64_t)sizeof(double));
  return *out != NULL ? WEIR_OK : WEIR_E_MEMORY;
}

static weir_status make_x(work *w) {
  weir_frame *f = w->f;
  f->d = w->s->events;
  const bool bytes = bytes_in_place(w), borrowed = bytes || in_place(w);
  if (!borrowed) {
    WEIR_TRY(new_values(f, f->d, &f->owned_x));
  }
  for (int64_t i = 0; i < f->d; i++) {
    WEIR_TRY(convert(w, w->s->event[i], false, borrowed ? NULL : f->owned_x + i, f->d));
  }
  f->bytes = bytes ? w->t->bytes : NULL;
  f->bytes_d = w->t->d;
  f->x = bytes ? NULL : borrowed ? w->t->values : f->owned_x;
  return WEIR_OK;
}

static weir_status make_context(work *w) {
  weir_frame *f = w->f;
  f->c = w->s->context_width;
  if (f->c == 0) {
    return WEIR_OK;
  }
  WEIR_TRY(new_values(f, f->c, &f->context));
  for (int64_t i = 0, at = 0; i < w->s->contexts; i++) {
    const int64_t j = w->s->context[i];
    WEIR_TRY(convert(w, j, true, f->context + at, f->c));
    at += weiri_schema_code_width(w->s, j);
  }
  return WEIR_OK;
}

static weir_status make_weights(work *w) {
  weir_frame *f = w->f;
  if (w->s->weight < 0 || w->from[w->s->weight] < 0) {
    return WEIR_OK;
  }
  WEIR_TRY(new_values(f, 1, &f->weights));
  WEIR_TRY(convert(w, w->s->weight, false, f->weights, 1));
  return w->block ? WEIR_OK : weiri_frame_scale_weights(f, w->t->source);
}

static void touch_often(const weir_frame *f, int64_t i) {
  if (i % TOUCH_ROWS == 0) {
    weiri_bulk_touch(f->ctx, TOUCH_ROWS * (int64_t)sizeof(double));
  }
}

weir_status weiri_frame_scale_weights(weir_frame *f, const char *source) {
  double sum = 0;
  for (int64_t i = 0; i < f->n; i++) {
    touch_often(f, i);
    sum += f->weights[i] / (double)f->n;
  }
  if (!isfinite(sum)) {
    return weiri_fail(WEIR_E_DATA, "%s: the mean of the weights is not finite", source);
  }
  for (int64_t i = 0; i < f->n; i++) {
    touch_often(f, i);
    f->weights[i] /= sum;
  }
  return WEIR_OK;
}

weir_status weiri_frame_note(
    weir_frame *f, const weir_schema *schema, const weir_table *t) {
  const char *first = NULL;
  int64_t extra = 0;
  for (int64_t i = 0; t->named && i < t->d; i++) {
    if (weir_schema_find(schema, t->column[i].name) < 0) {
      first = first != NULL ? first : t->column[i].name;
      extra++;
    }
  }
  if (!t->named && schema->named && t->d > 1 && f->dropped == 0) {
    f->note = weiri_format(f->ctx,
        "%s: the columns have no names and are taken in the model's order", t->source);
    return f->note != NULL ? WEIR_OK : WEIR_E_MEMORY;
  }
  if (extra == 0 && f->dropped == 0) {
    return WEIR_OK;
  }
  char columns[300] = "", rows[80] = "";
  if (extra > 0) {
    (void)snprintf(columns, sizeof columns, "%lld column%s passed over ('%.200s'%s)",
        (long long)extra, extra > 1 ? "s" : "", first, extra > 1 ? ", ..." : "");
  }
  if (f->dropped > 0) {
    (void)snprintf(rows, sizeof rows, "%lld of %lld rows dropped for missing values",
        (long long)f->dropped, (long long)(f->n + f->dropped));
  }
  f->note = weiri_format(f->ctx, "%s: %s%s%s", t->source, columns,
      extra > 0 && f->dropped > 0 ? "; " : "", rows);
  return f->note != NULL ? WEIR_OK : WEIR_E_MEMORY;
}

static weir_status build(work *w) {
  WEIR_TRY(w->t->named ? match_names(w) : match_positions(w));
  WEIR_TRY(refuse_missing(w));
  WEIR_TRY(keep_rows(w));
  if ((w->parts & WEIR_FRAME_X) != 0) {
    WEIR_TRY(weiri_schema_check_range(w->s, w->t, w->from));
    WEIR_TRY(make_x(w));
  }
  if ((w->parts & WEIR_FRAME_CONTEXT) != 0) {
    WEIR_TRY(make_context(w));
  }
  WEIR_TRY(make_weights(w));
  return w->block ? WEIR_OK : weiri_frame_note(w->f, w->s, w->t);
}

weir_status weiri_frame_opts(weir_frame_opts *full, const weir_frame_opts *opts) {
  const weir_frame_opts init = WEIR_FRAME_OPTS_INIT;
  *full = init;
  if (opts != NULL) {
    if (opts->struct_size == 0 || opts->struct_size > sizeof *full) {
      return weiri_fail(WEIR_E_ARGUMENT,
          "weir_frame_opts: struct_size is %u, expected %zu",
          (unsigned)opts->struct_size, sizeof *full);
    }
    memcpy(full, opts, opts->struct_size);
  }
  return WEIR_OK;
}

static weir_status create(weir_frame **out, weir_ctx *ctx, const weir_schema *schema,
    const weir_table *table, const weir_frame_opts *opts, bool block) {
  weir_frame *f = weiri_calloc(ctx, 1, sizeof *f);
  int64_t *from = weiri_calloc(ctx, (size_t)schema->n, sizeof *from);
  weir_status status = WEIR_E_MEMORY;
  if (f != NULL && from != NULL) {
    f->ctx = ctx;
    work w = {schema, table, f, from, opts->parts != 0 ? opts->parts : 7u,
        opts->largest, opts->drop_missing, block};
    status = build(&w);
  }
  weiri_free(ctx, from);
  if (status != WEIR_OK) {
    if (f != NULL) {
      f->ctx = ctx;
    }
    weir_frame_destroy(&f);
    return status;
  }
  *out = f;
  return WEIR_OK;
}

weir_status weiri_frame_block(weir_frame **out, weir_ctx *ctx,
    const weir_schema *schema, const weir_table *table, const weir_frame_opts *opts) {
  return create(out, ctx, schema, table, opts, true);
}

weir_status weir_frame_create(weir_frame **out, weir_ctx *ctx,
    const weir_schema *schema, const weir_table *table, const weir_frame_opts *opts) {
  *out = NULL;
  weir_frame_opts full;
  WEIR_TRY(weiri_frame_opts(&full, opts));
  return create(out, ctx, schema, table, &full, false);
}

void weir_frame_destroy(weir_frame **frame) {
  weir_frame *f = *frame;
  if (f == NULL) {
    return;
  }
  if (f->streamed) {
    weiri_frame_unmap(f);
  } else {
    weiri_free(f->ctx, f->owned_x);
    weiri_free(f->ctx, f->context);
    weiri_free(f->ctx, f->weights);
    weiri_free(f->ctx, f->row);
  }
  weiri_free(f->ctx, f->note);
  weiri_free(f->ctx, f);
  *frame = NULL;
}

int64_t weir_frame_rows(const weir_frame *frame) {
  return frame->n;
}

static void expand_row(const weir_frame *f, int64_t i, double *out) {
  const unsigned char *from = f->bytes + (f->row != NULL ? f->row[i] : i) * f->bytes_d;
  for (int64_t j = 0; j < f->d; j++) {
    out[j] = (double)from[j];
  }
}

const double *weir_frame_x(const weir_frame *frame) {
  if (frame->x == NULL && frame->bytes != NULL) {
    weir_frame *f = (weir_frame *)(uintptr_t)frame;
    if (new_values(f, f->d, &f->owned_x) != WEIR_OK) {
      return NULL;
    }
    for (int64_t i = 0; i < f->n; i++) {
      expand_row(f, i, f->owned_x + i * f->d);
    }
    f->x = f->owned_x;
  }
  return frame->x;
}

const double *weiri_frame_row_x(const weir_frame *f, int64_t i, double *buf) {
  if (f->x != NULL) {
    return f->x + i * f->d;
  }
  expand_row(f, i, buf);
  return buf;
}

double weir_frame_value(const weir_frame *f, int64_t row, int64_t column) {
  if (f->x != NULL) {
    return f->x[row * f->d + column];
  }
  return (double)f->bytes[(f->row != NULL ? f->row[row] : row) * f->bytes_d + column];
}

void weir_frame_copy_row(const weir_frame *f, int64_t row, double *x) {
  const double *from = weiri_frame_row_x(f, row, x);
  if (from != x) {
    memcpy(x, from, (size_t)f->d * sizeof *x);
  }
}

int64_t weiri_frame_bytes(const weir_frame *f) {
  const bool borrowed = f->table != NULL && f->owned_x == NULL;
  const int64_t width = (borrowed ? 0 : f->d) + f->c + (f->weights != NULL ? 1 : 0);
  return f->n * width * (int64_t)sizeof(double);
}

const double *weir_frame_context(const weir_frame *frame) {
  return frame->context;
}

const double *weir_frame_weights(const weir_frame *frame) {
  return frame->weights;
}

int64_t weir_frame_row(const weir_frame *frame, int64_t i) {
  return frame->row != NULL ? frame->row[i] : i;
}

int64_t weir_frame_number(const weir_frame *frame, int64_t i) {
  return frame->first + weir_frame_row(frame, i);
}

int64_t weir_frame_dropped(const weir_frame *frame) {
  return frame->dropped;
}

weir_status weiri_frame_fail(
    const weir_frame *f, weir_status code, int64_t i, const char *text) {
  return f->table != NULL
             ? weiri_table_fail(f->table, code, weir_frame_row(f, i), -1, "%s", text)
             : weiri_fail(
                   code, "row %lld: %s", (long long)weir_frame_number(f, i) + 1, text);
}

const char *weir_frame_note(const weir_frame *frame) {
  return frame->note;
}
