/* Lines to the context's log function. */
#include "base/ctx.h"

#include "base/line.h"

void weiri_log(const weir_ctx *ctx, weir_log_level level, const char *fmt, ...) {
  if (ctx->log == NULL) {
    return;
  }
  char line[WEIRI_LINE_MAX];
  va_list ap;
  va_start(ap, fmt);
  weiri_line(line, fmt, ap);
  va_end(ap);
  ctx->log(ctx->log_user, level, line);
}
