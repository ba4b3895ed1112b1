/* Tables from texts and bytes in memory, for tests of the data room. */
#ifndef DATA_HELP_H
#define DATA_HELP_H

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "counting.h"
#include "data/reader.h"
#include "data/table.h"

static inline weir_status read_bytes(
    weir_table **out, weir_ctx *ctx, const void *bytes, size_t size) {
  weir_source *source = NULL;
  *out = NULL;
  WEIR_TRY(weiri_source_memory(&source, ctx, "t.csv", bytes, size, 0));
  return weiri_table_read_source(out, &source, NULL);
}

static inline weir_status read_text(weir_table **out, weir_ctx *ctx, const char *text) {
  return read_bytes(out, ctx, text, strlen(text));
}

/* The text reads as a table, or the test fails with the message. */
static inline weir_table *table_of(weir_ctx *ctx, const char *text) {
  weir_table *t = NULL;
  if (read_text(&t, ctx, text) != WEIR_OK) {
    fail_msg("%s", weir_error());
  }
  return t;
}

static inline double at(const weir_table *t, int64_t row, int64_t column) {
  return weir_table_values(t)[row * weir_table_columns(t) + column];
}

static inline const char *name_at(const weir_table *t, int64_t row, int64_t column) {
  return weir_table_column(t, column).category[(int64_t)at(t, row, column)];
}

static inline void assert_ok(weir_status status) {
  if (status != WEIR_OK) {
    fail_msg("%s", weir_error());
  }
}

/* Every one of the words, parted by '|', stands in the last message. */
static inline void assert_words(const char *words) {
  char copy[512];
  (void)snprintf(copy, sizeof copy, "%s", words);
  for (char *w = copy; w != NULL;) {
    char *bar = strchr(w, '|');
    if (bar != NULL) {
      *bar = '\0';
    }
    if (strstr(weir_error(), w) == NULL) {
      fail_msg("'%s' is not in '%s'", w, weir_error());
    }
    w = bar != NULL ? bar + 1 : NULL;
  }
}

/* Runs work with an allocator that fails at call 1, 2, ...: E_MEMORY or, as the arena
 * tries again with a smaller block, a right result that work has checked; no leak. */
static inline void fail_each(weir_status (*work)(weir_ctx *ctx)) {
  long failed = 0;
  for (long n = 1;; n++) {
    counting c;
    counting_init(&c, n);
    const weir_status status = work(&c.ctx);
    counting_check(&c);
    if (c.calls < n) {
      assert_ok(status);
      assert_true(failed > 2);
      return;
    }
    if (status != WEIR_OK) {
      assert_int_equal(status, WEIR_E_MEMORY);
      assert_words("out of memory");
      failed++;
    }
  }
}

#endif
