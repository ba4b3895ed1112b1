/* The text of a page. */
#define _GNU_SOURCE
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/c_locale.h"
#include "report/page.h"

void weiri_page_open(weiri_page *p, const weir_ctx *ctx) {
  *p = (weiri_page){.ctx = ctx, .status = WEIR_OK};
}

void weiri_page_close(weiri_page *p) {
  weiri_free(p->ctx, p->text);
  *p = (weiri_page){.ctx = p->ctx, .status = WEIR_OK};
}

static bool room_for(weiri_page *p, size_t more) {
  if (p->status == WEIR_OK && p->size + more > p->room) {
    const size_t room = 2 * (p->size + more) + 4096;
    char *text = weiri_realloc(p->ctx, p->text, room);
    if (text == NULL) {
      p->status = WEIR_E_MEMORY;
    } else {
      p->text = text;
      p->room = room;
    }
  }
  return p->status == WEIR_OK;
}

static void put_bytes(weiri_page *p, const char *s, size_t n) {
  if (n > 0 && room_for(p, n)) {
    memcpy(p->text + p->size, s, n);
    p->size += n;
  }
}

void weiri_put(weiri_page *p, const char *markup) {
  put_bytes(p, markup, strlen(markup));
}

static const char *entity(char c) {
  switch (c) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '"':
    return "&quot;";
  case '\'':
    return "&#39;";
  default:
    return (unsigned char)c < 0x20 ? " " : NULL;
  }
}

void weiri_put_text(weiri_page *p, const char *text) {
  const char *from = text == NULL ? "" : text;
  for (const char *s = from; *s != '\0'; s++) {
    const char *e = entity(*s);
    if (e != NULL) {
      put_bytes(p, from, (size_t)(s - from));
      weiri_put(p, e);
      from = s + 1;
    }
  }
  weiri_put(p, from);
}

static void put_number(weiri_page *p, double x, int digits, const char *fmt) {
  char buf[400];
  if (!isfinite(x)) {
    weiri_put(p, isnan(x) ? "&ndash;" : x > 0 ? "&infin;" : "&minus;&infin;");
    return;
  }
  const locale_t old = uselocale(weiri_c_locale());
  snprintf(buf, sizeof buf, fmt, digits, x == 0.0 ? 0.0 : x);
  uselocale(old);
  weiri_put(p, buf);
}

void weiri_put_real(weiri_page *p, double x, int digits) {
  put_number(p, x, digits, "%.*g");
}

void weiri_put_fixed(weiri_page *p, double x, int decimals) {
  put_number(p, x, decimals, "%.*f");
}

void weiri_put_int(weiri_page *p, int64_t x) {
  char buf[32];
  snprintf(buf, sizeof buf, "%lld", (long long)x);
  weiri_put(p, buf);
}

static void put_hole(weiri_page *p, char hole, va_list *args) {
  if (hole == 's') {
    weiri_put_text(p, va_arg(*args, const char *));
  } else if (hole == 'd') {
    weiri_put_int(p, va_arg(*args, int64_t));
  } else if (hole == 'g') {
    weiri_put_real(p, va_arg(*args, double), 4);
  } else if (hole == 'f' || hole == '4') {
    weiri_put_fixed(p, va_arg(*args, double), hole == 'f' ? 1 : 4);
  } else {
    put_bytes(p, &hole, 1);
  }
}

void weiri_putf(weiri_page *p, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  for (const char *s = fmt; *s != '\0';) {
    const size_t n = strcspn(s, "%");
    put_bytes(p, s, n);
    s += n;
    if (s[0] == '%' && s[1] != '\0') {
      put_hole(p, s[1], &args);
      s += 2;
    } else if (s[0] == '%') {
      break;
    }
  }
  va_end(args);
}
