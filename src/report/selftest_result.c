/* The list of checks of a selftest. */
#include <math.h>
#include <stdarg.h>

#include "base/line.h"
#include "report/selftest.h"

enum { MAX_CHECKS = 64 };

struct weir_selftest_result {
  weir_ctx *ctx;
  int64_t n;
  weir_check check[MAX_CHECKS];
  bool speaks[MAX_CHECKS]; /* about the density, not about numbers alone */
};

weir_status weiri_selftest_result_create(weir_selftest_result **out, weir_ctx *ctx) {
  *out = weiri_calloc(ctx, 1, sizeof **out);
  if (*out == NULL) {
    return WEIR_E_MEMORY;
  }
  (*out)->ctx = ctx;
  return WEIR_OK;
}

void weir_selftest_destroy(weir_selftest_result **result) {
  weir_selftest_result *r = *result;
  if (r == NULL) {
    return;
  }
  for (int64_t i = 0; i < r->n; i++) {
    weiri_free(r->ctx, r->check[i].name);
    weiri_free(r->ctx, r->check[i].text);
  }
  weiri_free(r->ctx, r);
  *result = NULL;
}

/* Takes check; copies name and text into it. */
static weir_status append(weir_selftest_result *r, const char *name, bool speaks,
    weir_check check, const char *text) {
  if (r->n == MAX_CHECKS) {
    return weiri_fail(WEIR_E_INTERNAL, "selftest: more than %d checks", MAX_CHECKS);
  }
  check.name = weiri_strdup(r->ctx, name);
  check.text = weiri_strdup(r->ctx, text);
  if (check.name == NULL || check.text == NULL) {
    weiri_free(r->ctx, check.name);
    weiri_free(r->ctx, check.text);
    return WEIR_E_MEMORY;
  }
  r->speaks[r->n] = speaks;
  r->check[r->n++] = check;
  return WEIR_OK;
}

weir_status weiri_selftest_measured(weir_selftest_result *r, const char *name,
    bool speaks, weir_check numbers, const char *fmt, ...) {
  char text[WEIRI_LINE_MAX];
  va_list ap;
  va_start(ap, fmt);
  weiri_line(text, fmt, ap);
  va_end(ap);
  /* written so that NaN fails */
  const bool good = fabs(numbers.value - numbers.target) <= numbers.tolerance;
  numbers.state = good ? WEIR_CHECK_PASSED : WEIR_CHECK_FAILED;
  return append(r, name, speaks, numbers, text);
}

weir_status weiri_selftest_skipped(
    weir_selftest_result *r, const char *name, const char *fmt, ...) {
  char text[WEIRI_LINE_MAX];
  va_list ap;
  va_start(ap, fmt);
  weiri_line(text, fmt, ap);
  va_end(ap);
  const weir_check none = {.state = WEIR_CHECK_NOT_CHECKED,
      .value = NAN,
      .error = NAN,
      .tolerance = NAN,
      .target = NAN};
  return append(r, name, false, none, text);
}

weir_status weiri_selftest_unsupported(
    weir_selftest_result *r, const char *name, weir_status status) {
  return status == WEIR_E_UNSUPPORTED
             ? weiri_selftest_skipped(r, name, "%s", weir_error())
             : status;
}

int64_t weir_selftest_checks(const weir_selftest_result *result) {
  return result->n;
}

weir_check weir_selftest_check(const weir_selftest_result *result, int64_t i) {
  const weir_check none = {.state = WEIR_CHECK_NOT_CHECKED, .name = "", .text = ""};
  return i < 0 || i >= result->n ? none : result->check[i];
}

int64_t weir_selftest_count(
    const weir_selftest_result *result, weir_check_state state) {
  int64_t n = 0;
  for (int64_t i = 0; i < result->n; i++) {
    n += result->check[i].state == state;
  }
  return n;
}

bool weir_selftest_ok(const weir_selftest_result *result) {
  bool spoken = false;
  for (int64_t i = 0; i < result->n; i++) {
    if (result->check[i].state == WEIR_CHECK_FAILED) {
      return false;
    }
    spoken |= result->speaks[i] && result->check[i].state == WEIR_CHECK_PASSED;
  }
  return spoken;
}

const char *weir_check_state_text(weir_check_state state) {
  switch (state) {
  case WEIR_CHECK_PASSED:
    return "passed";
  case WEIR_CHECK_FAILED:
    return "failed";
  default:
    return "not checked";
  }
}
