/* A context for tests whose allocator counts, checks the old sizes it is told, and
 * fails at a chosen call. */
#ifndef COUNTING_H
#define COUNTING_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/ctx.h"

typedef struct counting {
  weir_ctx ctx;
  long calls;   /* that wanted memory */
  long fail_at; /* the call that gets none; 0: never */
  size_t live;  /* bytes */
  int wrong;    /* calls with a wrong old size */
} counting;

static void *counting_alloc(void *user, void *ptr, size_t old_size, size_t new_size) {
  counting *c = user;
  max_align_t *head = ptr == NULL ? NULL : (max_align_t *)ptr - 1;
  size_t had = 0;
  if (head != NULL) {
    memcpy(&had, head, sizeof had);
  }
  c->wrong += had != old_size;
  if (new_size == 0) {
    c->live -= had;
    free(head);
    return NULL;
  }
  if (++c->calls == c->fail_at) {
    return NULL;
  }
  max_align_t *fresh = realloc(head, sizeof *fresh + new_size);
  assert_non_null(fresh);
  memcpy(fresh, &new_size, sizeof new_size);
  c->live += new_size - had;
  return fresh + 1;
}

static inline void counting_init(counting *c, long fail_at) {
  memset(c, 0, sizeof *c);
  c->ctx.alloc = counting_alloc;
  c->ctx.alloc_user = c;
  c->ctx.threads = 1;
  c->fail_at = fail_at;
}

static inline void counting_check(const counting *c) {
  assert_int_equal(c->live, 0);
  assert_int_equal(c->wrong, 0);
}

/* Runs work with an allocator that fails at call 1, 2, ... until one run needs fewer:
 * every run but the last returns E_MEMORY, and none keeps memory. */
static inline void counting_fail_each(weir_status (*work)(weir_ctx *ctx)) {
  for (long n = 1;; n++) {
    counting c;
    counting_init(&c, n);
    const weir_status status = work(&c.ctx);
    counting_check(&c);
    if (c.calls < n) {
      assert_int_equal(status, WEIR_OK);
      assert_true(n > 1);
      return;
    }
    assert_int_equal(status, WEIR_E_MEMORY);
    assert_non_null(strstr(weir_error(), "out of memory"));
  }
}

#endif
