/* A distribution like a model's own draws, with a density of its own. */
#ifndef WEIRI_SELFTEST_PROPOSAL_H
#define WEIRI_SELFTEST_PROPOSAL_H

#include "base/rng.h"
#include "report/selftest.h"

enum { WEIRI_PROPOSAL_FREE = 8 }; /* columns that are not categorical, at most */

typedef struct weiri_proposal weiri_proposal;

/* Fitted to draws of s->exact given the first context. Errors: those of drawing. */
weir_status weiri_proposal_fit(weiri_proposal **out, const weiri_selftest *s);
void weiri_proposal_destroy(weiri_proposal **q);
/* Draw number i into the row x [d]; *log_w = -log density of x, in its own units. False
 * where x leaves the numbers of float64. */
bool weiri_proposal_draw(
    const weiri_proposal *q, weiri_rng rng, uint64_t i, double *x, double *log_w);

#endif
