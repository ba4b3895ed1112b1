/* Supports and events: where each column lives. */
#include <stdio.h>
#include <string.h>

#include "part/part.h"

bool weir_support_equal(weir_support a, weir_support b) {
  return a.kind == b.kind &&
         (a.kind == WEIR_REAL ||
             (a.lo == b.lo && (a.kind == WEIR_POSITIVE || a.hi == b.hi)));
}

const char *weir_support_text(weir_support s, char *buf) {
  static const char *const format[] = {[WEIR_REAL] = "real",
      [WEIR_POSITIVE] = "(%s, inf)",
      [WEIR_INTERVAL] = "(%s, %s)",
      [WEIR_CIRCLE] = "circle [%s, %s)",
      [WEIR_INTEGERS] = "integers %s .. %s",
      [WEIR_SPHERE] = "sphere",
      [WEIR_SIMPLEX] = "simplex",
      [WEIR_BALL] = "ball"};
  char lo[32], hi[32];
  weiri_print_real(lo, s.lo, false);
  weiri_print_real(hi, s.hi, false);
  const char *f = format[s.kind];
  size_t at = 0;
  const char *value = lo;
  for (; *f != '\0' && at < 60; f++) {
    if (f[0] == '%') {
      at += (size_t)snprintf(buf + at, 64 - at, "%s", value);
      value = hi;
      f++;
    } else {
      buf[at++] = *f;
    }
  }
  buf[at < 63 ? at : 63] = '\0';
  return buf;
}

weir_status weir_event_create(weir_ctx *ctx, weir_event *out, int64_t features) {
  out->support = weiri_calloc(ctx, (size_t)features + 1, sizeof *out->support);
  out->features = features;
  return out->support == NULL ? WEIR_E_MEMORY : WEIR_OK;
}

weir_status weir_event_copy(weir_ctx *ctx, weir_event *out, const weir_event *from) {
  WEIR_TRY(weir_event_create(ctx, out, from->features));
  memcpy(out->support, from->support, (size_t)from->features * sizeof *out->support);
  return WEIR_OK;
}

void weir_event_destroy(weir_ctx *ctx, weir_event *event) {
  weiri_free(ctx, event->support);
  event->support = NULL;
  event->features = 0;
}

weir_status weir_event_require_real(const weir_event *event, const char *path) {
  for (int64_t j = 0; j < event->features; j++) {
    if (event->support[j].kind != WEIR_REAL) {
      char text[64];
      return weiri_fail(WEIR_E_SUPPORT,
          "%s: column %lld lives on %s, but real columns are needed here", path,
          (long long)j + 1, weir_support_text(event->support[j], text));
    }
  }
  return WEIR_OK;
}
