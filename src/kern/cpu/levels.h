/* The tables of the instruction-set levels that this build has. */
#ifndef WEIRI_LEVELS_H
#define WEIRI_LEVELS_H

#include "kern/kern.h"

extern const weiri_kern weiri_kern_base, weiri_kern_v3, weiri_kern_v4;

/* ref/: the portable definition of correct, for tests. */
extern const weiri_kern weiri_kern_ref;

#endif
