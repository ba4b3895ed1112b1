/* Which rows train, validate and test: at random (a Philox permutation, so the seed
 * decides) or by a mask. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bulk.h"
#include "base/rng.h"
#include "data/table.h"

struct weir_split {
  weir_ctx *ctx;
  int64_t *row[3];
  int64_t n[3];
};

void weir_split_destroy(weir_split **split) {
  weir_split *s = *split;
  if (s == NULL) {
    return;
  }
  for (int i = 0; i < 3; i++) {
    weiri_free(s->ctx, s->row[i]);
  }
  weiri_free(s->ctx, s);
  *split = NULL;
}

const int64_t *weir_split_rows(
    const weir_split *split, weir_split_set set, int64_t *n) {
  *n = split->n[set];
  return split->row[set];
}

/* From the set of each row. */
static weir_status from_sets(
    weir_split **out, weir_ctx *ctx, int64_t n, const unsigned char *set) {
  weir_split *s = weiri_calloc(ctx, 1, sizeof *s);
  if (s == NULL) {
    return WEIR_E_MEMORY;
  }
  s->ctx = ctx;
  for (int64_t i = 0; i < n; i++) {
    s->n[set[i]]++;
  }
  for (int k = 0; k < 3; k++) {
    s->row[k] = weiri_bulk_alloc(ctx, s->n[k] + 1, sizeof *s->row[k]);
    if (s->row[k] == NULL) {
      weir_split_destroy(&s);
      return WEIR_E_MEMORY;
    }
  }
  int64_t at[3] = {0, 0, 0};
  for (int64_t i = 0; i < n; i++) {
    weiri_bulk_touch(ctx, (int64_t)sizeof *s->row[0]);
    s->row[set[i]][at[set[i]]++] = i;
  }
  *out = s;
  return WEIR_OK;
}

static int64_t count_of(int64_t n, double fraction) {
  const int64_t k = (int64_t)nearbyint(fraction * (double)n);
  return fraction > 0 && k == 0 ? 1 : k;
}

/* Of k training rows, n_valid and n_test by a permutation in memory. */
static weir_status draw_few(weir_ctx *ctx, int64_t n, unsigned char *set, int64_t k,
    int64_t n_valid, int64_t n_test, weiri_rng rng) {
  int64_t *rows = weiri_alloc(ctx, (size_t)(k + 1) * sizeof *rows);
  int64_t *order = weiri_alloc(ctx, (size_t)(k + 1) * sizeof *order);
  const weir_status status = rows != NULL && order != NULL ? WEIR_OK : WEIR_E_MEMORY;
  if (status == WEIR_OK) {
    for (int64_t i = 0, at = 0; i < n && at < k; i++) {
      rows[at] = i;
      at += set[i] == WEIR_SPLIT_TRAIN;
    }
    weiri_permutation(rng, k, order);
    for (int64_t i = 0; i < n_valid + n_test; i++) {
      set[rows[order[i]]] = i < n_valid ? WEIR_SPLIT_VALID : WEIR_SPLIT_TEST;
    }
  }
  weiri_free(ctx, order);
  weiri_free(ctx, rows);
  return status;
}

/* The same numbers of rows in one pass without memory (Knuth, TAOCP 2, algorithm S). */
static void draw_many(int64_t n, unsigned char *set, int64_t k, int64_t n_valid,
    int64_t n_test, weiri_rng rng) {
  for (int64_t i = 0; i < n; i++) {
    if (set[i] != WEIR_SPLIT_TRAIN) {
      continue;
    }
    const double at = weiri_uniform(rng, (uint64_t)i) * (double)k--;
    if (at < (double)n_valid) {
      set[i] = WEIR_SPLIT_VALID;
      n_valid--;
    } else if (at < (double)(n_valid + n_test)) {
      set[i] = WEIR_SPLIT_TEST;
      n_test--;
    }
  }
}

/* Moves valid and test rows at random from those of the training set. */
static weir_status draw(weir_ctx *ctx, int64_t n, unsigned char *set, double valid,
    double test, uint64_t seed) {
  int64_t k = 0;
  for (int64_t i = 0; i < n; i++) {
    k += set[i] == WEIR_SPLIT_TRAIN;
  }
  const int64_t n_valid = count_of(k, valid), n_test = count_of(k, test);
  if (n_valid + n_test >= k) {
    return weiri_fail(WEIR_E_CONFIG,
        "split: %lld rows, %lld for validation and %lld for the test leave none to "
        "train on",
        (long long)k, (long long)n_valid, (long long)n_test);
  }
  const weiri_rng rng = {seed, weiri_stream("split", 0)};
  if (n <= WEIRI_ROWS_MANY) {
    return draw_few(ctx, n, set, k, n_valid, n_test, rng);
  }
  draw_many(n, set, k, n_valid, n_test, rng);
  return WEIR_OK;
}

static weir_status check_fraction(const char *name, double x) {
  return x >= 0 && x < 1
             ? WEIR_OK
             : weiri_fail(WEIR_E_CONFIG,
                   "split: %s is %g, expected a fraction in [0, 1)", name, x);
}

weir_status weir_split_fraction(weir_split **out, weir_ctx *ctx, int64_t n,
    double valid, double test, uint64_t seed) {
  *out = NULL;
  WEIR_TRY(check_fraction("valid", valid));
  WEIR_TRY(check_fraction("test", test));
  if (n < 1) {
    return weiri_fail(WEIR_E_ARGUMENT, "split: no rows");
  }
  unsigned char *set = weiri_bulk_alloc(ctx, n, 1);
  if (set == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_status status = draw(ctx, n, set, valid, test, seed);
  if (status == WEIR_OK) {
    status = from_sets(out, ctx, n, set);
  }
  weiri_free(ctx, set);
  return status;
}

/* 0, 1, 2 or train, test, valid. */
static weir_status mask_value(
    const weir_table *t, int64_t j, int64_t row, unsigned char *out) {
  static const struct {
    const char *name;
    weir_split_set set;
  } names[] = {{"0", WEIR_SPLIT_TRAIN}, {"1", WEIR_SPLIT_TEST}, {"2", WEIR_SPLIT_VALID},
      {"train", WEIR_SPLIT_TRAIN}, {"test", WEIR_SPLIT_TEST},
      {"valid", WEIR_SPLIT_VALID}};
  const double x = weiri_table_at(t, row * t->d + j);
  char text[64] = "missing";
  if (!isnan(x)) {
    if (t->column[j].category != NULL) {
      (void)snprintf(text, sizeof text, "%s", t->column[j].category[(int64_t)x]);
    } else {
      (void)weiri_print_real(text, x, false);
    }
  }
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(text, names[i].name) == 0) {
      *out = (unsigned char)names[i].set;
      return WEIR_OK;
    }
  }
  return weiri_table_fail(t, WEIR_E_DATA, row, j,
      "mask '%s', expected train, valid, test or 0 (train), 1 (test), 2 (valid)", text);
}

static weir_status read_mask(const weir_table *t, int64_t j, int64_t n,
    const int64_t *rows, unsigned char *set) {
  for (int64_t i = 0; i < n; i++) {
    const int64_t row = rows != NULL ? rows[i] : i;
    if (row < 0 || row >= t->n) {
      return weiri_fail(WEIR_E_DATA, "%s: the mask has %lld rows, the data more",
          t->source, (long long)t->n);
    }
    WEIR_TRY(mask_value(t, j, row, &set[i]));
  }
  return WEIR_OK;
}

static weir_status check_train(
    const weir_table *t, const char *column, int64_t n, const unsigned char *set) {
  for (int64_t i = 0; i < n; i++) {
    if (set[i] == WEIR_SPLIT_TRAIN) {
      return WEIR_OK;
    }
  }
  return weiri_fail(
      WEIR_E_DATA, "%s: mask '%s' leaves no rows to train on", t->source, column);
}

weir_status weir_split_mask(weir_split **out, weir_ctx *ctx, const weir_table *table,
    const char *column, int64_t n, const int64_t *rows, double valid, uint64_t seed) {
  *out = NULL;
  WEIR_TRY(check_fraction("valid", valid));
  const int64_t j = weir_table_find(table, column);
  if (j < 0) {
    char near[300];
    return weiri_fail(WEIR_E_CONFIG, "%s: no mask column '%.200s'%s", table->source,
        column,
        weiri_near_column(ctx, table->column, table->d, column, near, sizeof near));
  }
  if (n < 1 || (rows == NULL && n != table->n)) {
    return weiri_fail(WEIR_E_DATA, "%s: the mask has %lld rows, the data %lld",
        table->source, (long long)table->n, (long long)n);
  }
  unsigned char *set = weiri_bulk_alloc(ctx, n, 1);
  if (set == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_status status = WEIR_OK;
  WEIR_TRY_GOTO(done, read_mask(table, j, n, rows, set));
  WEIR_TRY_GOTO(done, check_train(table, column, n, set));
  if (valid > 0 && memchr(set, WEIR_SPLIT_VALID, (size_t)n) == NULL) {
    WEIR_TRY_GOTO(done, draw(ctx, n, set, valid, 0, seed));
  }
  status = from_sets(out, ctx, n, set);
done:
  weiri_free(ctx, set);
  return status;
}
