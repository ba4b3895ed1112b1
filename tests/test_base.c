/* Status and messages, memory, arena, registered classes, log, words. */
#include "counting.h"

#include <limits.h>
#include <stdio.h>

static void status_texts(void **state) {
  (void)state;
  assert_string_equal(weir_status_text(WEIR_OK), "ok");
  assert_string_equal(weir_status_text(WEIR_E_INTERNAL), "internal error");
  assert_string_equal(weir_status_text((weir_status)999), "unknown status");
  assert_string_equal(weir_status_text((weir_status)-1), "unknown status");
}

static void messages(void **state) {
  (void)state;
  assert_int_equal(weiri_fail(WEIR_E_DATA, "row %d: bad", 7), WEIR_E_DATA);
  assert_int_equal(weiri_where(WEIR_E_DATA, "%s", "a.csv"), WEIR_E_DATA);
  assert_string_equal(weir_error(), "a.csv: row 7: bad");
  assert_int_equal(weiri_fail(WEIR_E_IO, "[%s]", weir_error()), WEIR_E_IO);
  assert_string_equal(weir_error(), "[a.csv: row 7: bad]");
  (void)weiri_fail(WEIR_E_IO, "two\nlines\x7f");
  assert_string_equal(weir_error(), "two lines ");
}

static void long_messages(void **state) {
  (void)state;
  char text[4001];
  for (size_t i = 0; i < 4000; i += 2) {
    memcpy(text + i, "\xc3\xa9", 2);
  }
  text[4000] = '\0';
  for (int shift = 0; shift < 2; shift++) {
    (void)weiri_fail(WEIR_E_IO, "%s%s", shift == 0 ? "" : "x", text);
    const char *m = weir_error();
    const size_t len = strlen(m);
    assert_true(len > 1000 && len < 1024);
    assert_string_equal(m + len - 3, "...");
    assert_int_equal((len - 3 - (size_t)shift) % 2, 0);
    (void)weiri_where(WEIR_E_IO, "%s", text);
    assert_string_equal(weir_error() + strlen(weir_error()) - 3, "...");
  }
}

static void memory(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  char *none = weiri_alloc(&c.ctx, 0);
  assert_non_null(none);
  int *p = weiri_calloc(&c.ctx, 100, sizeof *p);
  assert_non_null(p);
  assert_int_equal((uintptr_t)p % sizeof(max_align_t) % 16, 0);
  for (int i = 0; i < 100; i++) {
    assert_int_equal(p[i], 0);
    p[i] = i;
  }
  p = weiri_realloc(&c.ctx, p, 10000 * sizeof *p);
  assert_int_equal(p[99], 99);
  char *s = weiri_strdup(&c.ctx, "weir");
  char *f = weiri_format(&c.ctx, "%s-%0200d", s, 1);
  assert_int_equal(strlen(f), 205);
  assert_memory_equal(f, "weir-000", 8);
  weiri_free(&c.ctx, NULL);
  weiri_free(&c.ctx, s);
  weiri_free(&c.ctx, f);
  weiri_free(&c.ctx, p);
  weiri_free(&c.ctx, none);
  counting_check(&c);
}

static void memory_too_large(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  assert_null(weiri_alloc(&c.ctx, SIZE_MAX - 4));
  assert_null(weiri_calloc(&c.ctx, SIZE_MAX / 2, 3));
  assert_non_null(strstr(weir_error(), "out of memory"));
  assert_int_equal(c.calls, 0);
}

static weir_status use_memory(weir_ctx *ctx) {
  char *s = weiri_strdup(ctx, "a");
  char *t = s == NULL ? NULL : weiri_format(ctx, "%s%d", s, 12);
  char *u = t == NULL ? NULL : weiri_realloc(ctx, t, 4000);
  weiri_free(ctx, u == NULL ? t : u);
  weiri_free(ctx, s);
  return u == NULL ? WEIR_E_MEMORY : WEIR_OK;
}

static void fill_arena(weiri_arena *a, int n, size_t size) {
  unsigned char *p[64];
  for (int i = 0; i < n; i++) {
    p[i] = weiri_arena_take(a, size);
    assert_non_null(p[i]);
    assert_int_equal((uintptr_t)p[i] % 64, 0);
    memset(p[i], i, size);
  }
  for (int i = 0; i < n; i++) {
    for (size_t j = 0; j < size; j++) {
      assert_int_equal(p[i][j], i);
    }
  }
}

static void arena(void **state) {
  (void)state;
  counting c;
  weiri_arena *a;
  counting_init(&c, 0);
  assert_int_equal(weiri_arena_create(&a, &c.ctx, 1000), WEIR_OK);
  assert_int_equal(weiri_arena_used(a), 0);
  fill_arena(a, 50, 300);
  assert_int_equal(weiri_arena_used(a), 50 * 320);
  const size_t reserved = weiri_arena_reserved(a);
  assert_true(reserved >= 50 * 320);
  weiri_arena_reset(a);
  assert_int_equal(weiri_arena_used(a), 0);
  assert_int_equal(weiri_arena_reserved(a), reserved);
  const long calls = c.calls;
  for (int step = 0; step < 3; step++) {
    fill_arena(a, 50, 300);
    weiri_arena_reset(a);
  }
  assert_int_equal(c.calls, calls);
  assert_ptr_not_equal(weiri_arena_take(a, 0), weiri_arena_take(a, 0));
  assert_null(weiri_arena_take(a, SIZE_MAX - 10));
  weiri_arena_destroy(&a);
  assert_null(a);
  weiri_arena_destroy(&a);
  counting_check(&c);
}

static weir_status use_arena(weir_ctx *ctx) {
  weiri_arena *a;
  weir_status status = WEIR_OK;
  WEIR_TRY(weiri_arena_create(&a, ctx, 64));
  for (int i = 0; i < 8 && status == WEIR_OK; i++) {
    status =
        weiri_arena_take(a, (size_t)1 << (5 + i)) == NULL ? WEIR_E_MEMORY : WEIR_OK;
  }
  weiri_arena_destroy(&a);
  return status;
}

/* The joined block of a reset is tried again by the next take. */
static void arena_reset_without_memory(void **state) {
  (void)state;
  counting c;
  weiri_arena *a;
  counting_init(&c, 0);
  assert_int_equal(weiri_arena_create(&a, &c.ctx, 64), WEIR_OK);
  fill_arena(a, 5, 1000);
  const size_t reserved = weiri_arena_reserved(a);
  c.fail_at = c.calls + 1;
  weiri_arena_reset(a);
  assert_int_equal(weiri_arena_reserved(a), 0);
  fill_arena(a, 5, 1000);
  assert_int_equal(weiri_arena_reserved(a), reserved);
  weiri_arena_destroy(&a);
  counting_check(&c);
}

static weir_status use_registry(weir_ctx *ctx) {
  static char names[20][16];
  weir_status status = WEIR_OK;
  for (int i = 0; i < 20 && status == WEIR_OK; i++) {
    (void)snprintf(names[i], sizeof names[i], "n%d", i);
    status = weiri_ctx_register(ctx, i % 2, names[i], &names[i]);
  }
  if (status == WEIR_OK) {
    assert_ptr_equal(weiri_ctx_registered(ctx, 1, "n7"), &names[7]);
    assert_null(weiri_ctx_registered(ctx, 0, "n7"));
    int i = 0;
    for (const weiri_entry *e = NULL; (e = weiri_ctx_next(ctx, 0, e)) != NULL; i += 2) {
      assert_string_equal(e->name, names[i]);
    }
    assert_int_equal(i, 20);
    assert_int_equal(weiri_ctx_register(ctx, 1, "n7", &names[0]), WEIR_E_ARGUMENT);
    assert_string_equal(weir_error(), "'n7' is registered already");
    assert_int_equal(weiri_ctx_register(ctx, 5, "n7", &names[0]), WEIR_OK);
  }
  weiri_ctx_forget(ctx);
  return status;
}

static void failing_allocator(void **state) {
  (void)state;
  counting_fail_each(use_memory);
  counting_fail_each(use_arena);
  counting_fail_each(use_registry);
}

typedef struct last_line {
  int lines;
  weir_log_level level;
  char text[2000];
} last_line;

static void keep_line(void *user, weir_log_level level, const char *line) {
  last_line *l = user;
  l->lines++;
  l->level = level;
  (void)snprintf(l->text, sizeof l->text, "%s", line);
}

static void log_lines(void **state) {
  (void)state;
  counting c;
  last_line l = {0};
  counting_init(&c, 0);
  weiri_log(&c.ctx, WEIR_LOG_WARN, "nobody %s", "listens");
  c.ctx.log = keep_line;
  c.ctx.log_user = &l;
  weiri_log(&c.ctx, WEIR_LOG_WARN, "epoch %d\n", 3);
  assert_int_equal(l.lines, 1);
  assert_int_equal(l.level, WEIR_LOG_WARN);
  assert_string_equal(l.text, "epoch 3 ");
  weiri_log(&c.ctx, WEIR_LOG_INFO, "%0*d", 1500, 1);
  assert_int_equal(strlen(l.text), 1023);
}

static void words(void **state) {
  (void)state;
  const char *const names[] = {
      "bins", "bounds", "hidden", "learning_rate", "act", "k", NULL};
  assert_string_equal(weiri_nearest("bin", names), "bins");
  assert_string_equal(weiri_nearest("bnis", names), "bins");
  assert_string_equal(weiri_nearest("leraning_rat", names), "learning_rate");
  assert_string_equal(weiri_nearest("learnin-rates", names), "learning_rate");
  assert_string_equal(weiri_nearest("hiden", names), "hidden");
  assert_string_equal(weiri_nearest("bounds", names), "bounds");
  assert_null(weiri_nearest("x", names));
  assert_null(weiri_nearest("", names));
  assert_null(weiri_nearest("epochs", names));
  char large[500];
  memset(large, 'b', sizeof large);
  large[sizeof large - 1] = '\0';
  assert_null(weiri_nearest(large, names));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(status_texts),
      cmocka_unit_test(messages),
      cmocka_unit_test(long_messages),
      cmocka_unit_test(memory),
      cmocka_unit_test(memory_too_large),
      cmocka_unit_test(arena),
      cmocka_unit_test(arena_reset_without_memory),
      cmocka_unit_test(failing_allocator),
      cmocka_unit_test(log_lines),
      cmocka_unit_test(words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
