/* Formatting of one-line texts. */
#ifndef WEIRI_LINE_H
#define WEIRI_LINE_H

#include <stdarg.h>

#define WEIRI_LINE_MAX 1024

/* vprintf into buf of WEIRI_LINE_MAX bytes: control characters become spaces, and a
 * text that does not fit ends in "...". */
void weiri_line(char *buf, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

#endif
