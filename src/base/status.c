/* Status texts and the thread's message. */
#include "base/base.h"

#include <stdio.h>
#include <string.h>

#include "base/line.h"

static _Thread_local char message[WEIRI_LINE_MAX];

const char *weir_status_text(weir_status status) {
  static const char *const texts[] = {
#define X(name, text) text,
      WEIR_STATUS_LIST(X)
#undef X
  };
  const unsigned i = (unsigned)status;
  return i < sizeof texts / sizeof texts[0] ? texts[i] : "unknown status";
}

const char *weir_error(void) {
  return message;
}

/* Ends buf in "..." at the limit, not inside a UTF-8 sequence. */
static void shorten(char *buf) {
  size_t at = WEIRI_LINE_MAX - 4;
  while (at > 0 && ((unsigned char)buf[at] & 0xC0u) == 0x80u) {
    at--;
  }
  memcpy(buf + at, "...", 4);
}

void weiri_line(char *buf, const char *fmt, va_list ap) {
  const int n = vsnprintf(buf, WEIRI_LINE_MAX, fmt, ap);
  if (n < 0) {
    buf[0] = '\0';
  } else if (n >= WEIRI_LINE_MAX) {
    shorten(buf);
  }
  for (char *c = buf; *c != '\0'; c++) {
    if ((unsigned char)*c < 0x20 || *c == 0x7F) {
      *c = ' ';
    }
  }
}

/* Through a second buffer: the arguments may point into the message. */
weir_status(weiri_fail)(weir_status code, const char *fmt, ...) {
  char line[WEIRI_LINE_MAX];
  va_list ap;
  va_start(ap, fmt);
  weiri_line(line, fmt, ap);
  va_end(ap);
  memcpy(message, line, sizeof message);
  return code;
}

weir_status weiri_where(weir_status code, const char *fmt, ...) {
  char line[WEIRI_LINE_MAX];
  va_list ap;
  va_start(ap, fmt);
  weiri_line(line, fmt, ap);
  va_end(ap);
  return weiri_fail(code, "%s: %s", line, message);
}
