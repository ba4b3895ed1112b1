/* Labels beside images, as a last column of categories; and the size of images. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/table.h"

enum { LABELS_MAX = 1 << 16 };

weir_status weiri_table_label(weir_table *t, int64_t k, const char *const *names) {
  const int64_t last = t->d - 1;
  t->column[last].name = weiri_table_strdup(t, "label");
  if (t->column[last].name == NULL) {
    return WEIR_E_MEMORY;
  }
  t->labelled = true;
  return weir_table_set_categories(t, last, k, names);
}

/* Room for one more column: rows move up from the last one on. */
static weir_status widen(weir_table *t) {
  const size_t n = (size_t)t->n, d = (size_t)t->d;
  weir_column *column = weiri_realloc(t->ctx, t->column, (d + 1) * sizeof *column);
  if (column == NULL) {
    return WEIR_E_MEMORY;
  }
  t->column = column;
  column[d] = (weir_column){0};
  const bool bytes = t->bytes != NULL;
  const size_t one = bytes ? 1 : sizeof *t->owned;
  char *x = weiri_realloc(
      t->ctx, bytes ? (void *)t->bytes : (void *)t->owned, n * (d + 1) * one);
  if (x == NULL) {
    return WEIR_E_MEMORY;
  }
  if (bytes) {
    t->bytes = (unsigned char *)x;
  } else {
    if (t->owned == NULL) {
      memcpy(x, t->values, n * d * one);
    }
    t->owned = (void *)x;
    t->values = t->owned;
  }
  for (size_t i = n; i-- > 1;) {
    memmove(x + i * (d + 1) * one, x + i * d * one, d * one);
  }
  t->d++;
  return WEIR_OK;
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Distinct numbers, ascending, into x [n]; returns how many. */
static int64_t distinct(const weir_table *labels, double *x) {
  int64_t k = 0;
  for (int64_t i = 0; i < labels->n; i++) {
    x[i] = weiri_table_at(labels, i);
  }
  qsort(x, (size_t)labels->n, sizeof *x, compare);
  for (int64_t i = 0; i < labels->n; i++) {
    if (k == 0 || x[i] != x[k - 1]) {
      x[k++] = x[i];
    }
  }
  return k;
}

/* Labels that are numbers are named by them. */
static weir_status number_labels(weir_table *t, const weir_table *labels, double *x) {
  const int64_t k = distinct(labels, x);
  if (k > LABELS_MAX) {
    return weiri_fail(WEIR_E_DATA, "%s: %lld different labels, expected at most %d",
        labels->source, (long long)k, LABELS_MAX);
  }
  const char **names = weiri_arena_take(t->arena, (size_t)k * sizeof *names);
  for (int64_t i = 0; names != NULL && i < k; i++) {
    char text[32];
    (void)weiri_print_real(text, x[i], false);
    names[i] = weiri_table_strdup(t, text);
    if (names[i] == NULL) {
      return WEIR_E_MEMORY;
    }
  }
  if (names == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < t->n; i++) {
    const double label = weiri_table_at(labels, i);
    const double *at = bsearch(&label, x, (size_t)k, sizeof *x, compare);
    WEIR_TRY(weiri_table_put(t, i * t->d + t->d - 1, (double)(at - x)));
  }
  return weiri_table_label(t, k, names);
}

static weir_status check(const weir_table *t, const weir_table *labels) {
  if (t->labelled) {
    return weiri_fail(WEIR_E_ARGUMENT,
        "%s: its folders are labels already; leave %s out", t->source, labels->source);
  }
  if (labels->d != 1) {
    return weiri_fail(WEIR_E_MISMATCH, "%s: %lld columns, expected one of labels",
        labels->source, (long long)labels->d);
  }
  if (labels->n != t->n) {
    return weiri_fail(WEIR_E_MISMATCH, "%s: %lld labels for the %lld rows of %s",
        labels->source, (long long)labels->n, (long long)t->n, t->source);
  }
  for (int64_t i = 0; i < labels->n; i++) {
    if (!isfinite(weiri_table_at(labels, i))) {
      return weiri_table_fail(labels, WEIR_E_DATA, i, 0, "the label is missing");
    }
  }
  return WEIR_OK;
}

weir_status weiri_table_add_labels(weir_table *t, const weir_table *labels) {
  WEIR_TRY(check(t, labels));
  WEIR_TRY(widen(t));
  if (labels->column[0].category != NULL) {
    for (int64_t i = 0; i < t->n; i++) {
      WEIR_TRY(weiri_table_put(t, i * t->d + t->d - 1, weiri_table_at(labels, i)));
    }
    return weiri_table_label(
        t, labels->column[0].categories, labels->column[0].category);
  }
  double *x = weiri_calloc(t->ctx, (size_t)t->n, sizeof *x);
  const weir_status status = x == NULL ? WEIR_E_MEMORY : number_labels(t, labels, x);
  weiri_free(t->ctx, x);
  return status;
}

weir_status weiri_table_set_shape(weir_table *t, const weir_read_opts *opts) {
  if (opts->height == 0) {
    return WEIR_OK;
  }
  const int64_t c = opts->channels == 0 ? 1 : opts->channels;
  const int64_t most = INT64_MAX / 4;
  if (opts->height < 1 || opts->width < 1 || c < 1 ||
      opts->height > most / opts->width || opts->height * opts->width > most / c) {
    return weiri_fail(WEIR_E_CONFIG,
        "images of %lld x %lld x %lld: expected sizes of 1 "
        "or more",
        (long long)opts->height, (long long)opts->width, (long long)c);
  }
  const int64_t own = t->channels == 0 ? 1 : t->channels;
  const int64_t pixels = opts->height * opts->width * c;
  if (t->height > 0 &&
      (t->height != opts->height || t->width != opts->width || own != c)) {
    return weiri_fail(WEIR_E_MISMATCH,
        "%s: images of %lld x %lld x %lld, expected %lld x %lld x %lld", t->source,
        (long long)t->height, (long long)t->width, (long long)own,
        (long long)opts->height, (long long)opts->width, (long long)c);
  }
  if (pixels > t->d) {
    return weiri_fail(WEIR_E_MISMATCH,
        "%s: images of %lld x %lld x %lld are %lld numbers, but it has %lld columns",
        t->source, (long long)opts->height, (long long)opts->width, (long long)c,
        (long long)pixels, (long long)t->d);
  }
  t->height = opts->height;
  t->width = opts->width;
  t->channels = c;
  t->shape_given = true;
  return WEIR_OK;
}
