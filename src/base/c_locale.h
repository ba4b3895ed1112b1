/* The locale that does not depend on the process. Includers define _GNU_SOURCE or
 * _POSIX_C_SOURCE first. */
#ifndef WEIRI_C_LOCALE_H
#define WEIRI_C_LOCALE_H

#include <locale.h>

/* The "C" locale, made once. */
locale_t weiri_c_locale(void);

#endif
