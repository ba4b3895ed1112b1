/* Inside of panels.c and panels_run.c. */
#ifndef WEIRI_PANELS_IN_H
#define WEIRI_PANELS_IN_H

#include "ad/plan_in.h"

enum { WEIRI_PANELS_MOST = 16 };

/* Lists of nodes that are computed at the same time, list i run[first[i]] up to
 * run[first[i + 1]]. */
typedef struct weiri_stage {
  const weir_node **run;
  uint32_t first[WEIRI_PANELS_MOST + 1];
  int lists;
  double work;
} weiri_stage;

struct weiri_panels {
  int64_t n;                          /* rows */
  int count;                          /* panels */
  int64_t row[WEIRI_PANELS_MOST + 1]; /* where they begin */
  weir_tape *tape[WEIRI_PANELS_MOST]; /* of each */
  weir_node **piece;                  /* [count, nodes + 1] or NULL */
  int32_t *stage;                     /* [nodes + 1] */
  weiri_cut *cut;                     /* [nodes + 1] */
  weiri_stage *stages;                /* [n_stages] */
  int32_t n_stages;
};

static inline bool weiri_in_panels(const weiri_panels *s, uint32_t id) {
  return s->cut[id].kind == WEIRI_ROWS || s->cut[id].kind == WEIRI_SEVERAL;
}

/* Pieces of the nodes that go row by row, and the lists of all stages (panels_run.c).
 */
weir_status weiri_panels_list(
    weiri_panels *s, weiri_plan *p, const weir_tape *t, const bool *needed);

#endif
