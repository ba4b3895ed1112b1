/* Elementwise maps over the columns of a layer, chosen by where each column lives: one
 * map for the line (or whatever support it is made for) and one for circles. */
#ifndef WEIRI_LAYER_MAPS_H
#define WEIRI_LAYER_MAPS_H

#include "part/part.h"

typedef struct weiri_map_group {
  weir_elem *map;  /* NULL: not in use */
  int64_t n;       /* columns */
  int64_t *column; /* [n] */
  int64_t *theta;  /* [n params] places of their parameters */
} weiri_map_group;

typedef struct weiri_maps {
  weir_ctx *ctx;
  bool turned;     /* the layer's data side is the maps' latent side */
  int64_t columns; /* m */
  int64_t outputs; /* parameters of all columns; those of a column are contiguous */
  int64_t *first;  /* [m + 1]: where a column's parameters begin */
  int *group_of;   /* [m] */
  int64_t *place;  /* [m]: position of a column in the groups, one after the other */
  weiri_map_group group[2];
} weiri_maps;

typedef struct weiri_maps_spec {
  const weir_spec *map, *circle_map;
  bool turned;
  int64_t columns;
  const int64_t *index; /* [columns]: the layer's columns that the maps act on */
} weiri_maps_spec;

/* Makes the maps as children "map" and "circle_map" of l (prefix before their names),
 * checks the supports of l->data and sets those of l->latent. */
weir_status weiri_maps_create(weiri_maps *out, weir_build *b, weir_layer *l,
    const char *prefix, const weiri_maps_spec *spec);
void weiri_maps_destroy(weiri_maps *m);
/* Width of the network that gives the parameters. */
void weiri_maps_set_hidden(weiri_maps *m, int64_t hidden);

/* x [n, m], theta [n, outputs] (none when outputs is 0) -> [n, m], *log_det [n]. back:
 * through the inverse of the maps. */
weir_var weiri_maps_apply(const weiri_maps *m, weir_tape *t, bool back, weir_var x,
    weir_var theta, weir_var *log_det);
/* Whether all columns are scaled and shifted by one map, as weir_couple does; its kind
 * and bound into opts. */
bool weiri_maps_couple(const weiri_maps *m, weir_couple_opts *opts);
/* Column c alone: x [n, 1], theta [n, its parameters], *log_det [n, 1]. */
weir_var weiri_maps_column(const weiri_maps *m, weir_tape *t, bool back, int64_t c,
    weir_var x, weir_var theta, weir_var *log_det);

#endif
