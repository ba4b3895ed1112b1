/* The text of a page as it grows: numbers without the locale, text escaped. */
#ifndef WEIRI_PAGE_H
#define WEIRI_PAGE_H

#include "base/base.h"

/* The first failure sticks; what comes after it is not written. */
typedef struct weiri_page {
  const weir_ctx *ctx;
  char *text;
  size_t size, room;
  weir_status status;
} weiri_page;

void weiri_page_open(weiri_page *p, const weir_ctx *ctx);
void weiri_page_close(weiri_page *p);

/* Markup as it stands. */
void weiri_put(weiri_page *p, const char *markup);
/* Text: & < > " ' become entities, control characters spaces. NULL is "". */
void weiri_put_text(weiri_page *p, const char *text);
/* A number with so many significant digits; a dash where it is not finite. */
void weiri_put_real(weiri_page *p, double x, int digits);
/* A number with so many decimals. */
void weiri_put_fixed(weiri_page *p, double x, int decimals);
void weiri_put_int(weiri_page *p, int64_t x);
/* Markup with holes: %s text (escaped), %d int64_t, %g double with 4 significant
 * digits, %f double with 1 decimal (a coordinate), %4 double with 4 decimals. */
void weiri_putf(weiri_page *p, const char *fmt, ...);

#endif
