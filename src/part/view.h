/* How an encoder sees rows: whole numbers between two ends, such as grey levels, as 0
 * to 1; (x - lo) scale, and back. */
#ifndef WEIRI_VIEW_H
#define WEIRI_VIEW_H

#include "part/part.h"

typedef struct weiri_view {
  int64_t features;
  double *lo, *scale; /* [features]; NULL: rows as they are */
} weiri_view;

/* Of the columns of an event. */
weir_status weiri_view_of(weir_ctx *ctx, const weir_event *data, weiri_view *v);
void weiri_view_destroy(weir_ctx *ctx, weiri_view *v);
weir_var weiri_view_apply(const weiri_view *v, weir_tape *t, weir_var x);
/* x again, to rounding. */
weir_var weiri_view_undo(const weiri_view *v, weir_tape *t, weir_var seen);

#endif
