/* Elementwise maps over columns: z_j = f(x_j; theta_j), log-determinant the sum of the
 * log-derivatives. */
#include "layer/maps.h"

#include "elem/elem.h"

static weir_status make_map(weir_elem **out, const weir_build *b, const char *prefix,
    const char *name, const weir_spec *spec) {
  char *child = weiri_format(b->ctx, "%s%s", prefix, name);
  if (child == NULL) {
    return WEIR_E_MEMORY;
  }
  const weir_status status = weir_elem_make(out, b, child, spec, 0);
  weiri_free(b->ctx, child);
  return status;
}

static weir_support side(const weiri_maps *m, int group, bool data) {
  const weir_elem *e = m->group[group].map;
  return data != m->turned ? e->data : e->latent;
}

/* Assigns every column to the map that is made for its support. */
static weir_status assign(
    weiri_maps *m, weir_layer *l, const char *prefix, const weiri_maps_spec *spec) {
  for (int64_t i = 0; i < m->columns; i++) {
    const int64_t j = spec->index[i];
    const weir_support s = l->data.support[j];
    int g = 0;
    while (g < 2 && ((g == 1 && m->group[1].map == NULL) ||
                        !weir_support_equal(s, side(m, g, true)))) {
      g++;
    }
    if (g == 2) {
      char at[64], want[64];
      return weiri_fail(WEIR_E_SUPPORT,
          "%s: column %lld lives on %s, but %smap '%s' is for %s", l->path,
          (long long)j + 1, weir_support_text(s, at), prefix,
          m->group[0].map->cls->is.name, weir_support_text(side(m, 0, true), want));
    }
    l->latent.support[j] = side(m, g, false);
    m->group_of[i] = g;
    m->group[g].n++;
    m->first[i + 1] = m->first[i] + m->group[g].map->params;
  }
  m->outputs = m->first[m->columns];
  return WEIR_OK;
}

static weir_status index_groups(weiri_maps *m) {
  int64_t before = 0;
  for (int g = 0; g < 2; g++) {
    weiri_map_group *q = &m->group[g];
    const int64_t p = q->map == NULL ? 0 : q->map->params;
    q->column = weiri_alloc(m->ctx, (size_t)(q->n + 1) * sizeof *q->column);
    q->theta = weiri_alloc(m->ctx, (size_t)(q->n * p + 1) * sizeof *q->theta);
    if (q->column == NULL || q->theta == NULL) {
      return WEIR_E_MEMORY;
    }
    int64_t at = 0;
    for (int64_t i = 0; i < m->columns; i++) {
      if (m->group_of[i] != g) {
        continue;
      }
      for (int64_t k = 0; k < p; k++) {
        q->theta[at * p + k] = m->first[i] + k;
      }
      m->place[i] = before + at;
      q->column[at++] = i;
    }
    before += q->n;
  }
  return WEIR_OK;
}

static bool has_circle(const weir_layer *l, const weiri_maps_spec *spec) {
  for (int64_t i = 0; i < spec->columns; i++) {
    if (l->data.support[spec->index[i]].kind == WEIR_CIRCLE) {
      return true;
    }
  }
  return false;
}

weir_status weiri_maps_create(weiri_maps *m, weir_build *b, weir_layer *l,
    const char *prefix, const weiri_maps_spec *spec) {
  m->ctx = b->ctx;
  m->turned = spec->turned;
  m->columns = spec->columns;
  const size_t n = (size_t)m->columns + 1;
  m->first = weiri_calloc(b->ctx, n, sizeof *m->first);
  m->group_of = weiri_calloc(b->ctx, n, sizeof *m->group_of);
  m->place = weiri_calloc(b->ctx, n, sizeof *m->place);
  if (m->first == NULL || m->group_of == NULL || m->place == NULL) {
    return WEIR_E_MEMORY;
  }
  WEIR_TRY(make_map(&m->group[0].map, b, prefix, "map", spec->map));
  if (side(m, 0, true).kind != WEIR_CIRCLE && has_circle(l, spec) &&
      spec->circle_map != NULL && !json_is_null(spec->circle_map)) {
    WEIR_TRY(make_map(&m->group[1].map, b, prefix, "circle_map", spec->circle_map));
  }
  WEIR_TRY(assign(m, l, prefix, spec));
  return index_groups(m);
}

void weiri_maps_destroy(weiri_maps *m) {
  for (int g = 0; g < 2; g++) {
    weir_elem_destroy(&m->group[g].map);
    weiri_free(m->ctx, m->group[g].column);
    weiri_free(m->ctx, m->group[g].theta);
  }
  weiri_free(m->ctx, m->first);
  weiri_free(m->ctx, m->group_of);
  weiri_free(m->ctx, m->place);
}

void weiri_maps_set_hidden(weiri_maps *m, int64_t hidden) {
  for (int g = 0; g < 2; g++) {
    if (m->group[g].map != NULL) {
      m->group[g].map->hidden = hidden;
    }
  }
}

/* theta [n, m p] as [n, m, p] through one map. */
static weir_var through(const weir_elem *e, weir_tape *t, bool back, weir_var x,
    weir_var theta, weir_var *log_det) {
  const weir_shape s = weir_var_shape(t, x);
  if (e->params > 0) {
    theta = weir_reshape(t, theta, weir_shape_3(s.dim[0], s.dim[1], e->params));
  }
  return back ? weir_elem_to_data(e, t, x, theta, log_det)
              : weir_elem_to_latent(e, t, x, theta, log_det);
}

static weir_var both_groups(const weiri_maps *m, weir_tape *t, bool back, weir_var x,
    weir_var theta, weir_var *log_det) {
  weir_var y[2], row[2];
  for (int g = 0; g < 2; g++) {
    const weiri_map_group *q = &m->group[g];
    const int64_t n_theta = q->n * q->map->params;
    const weir_var part =
        n_theta == 0 ? weir_var_none() : weir_gather(t, theta, n_theta, q->theta);
    weir_var one;
    y[g] = through(q->map, t, back, weir_gather(t, x, q->n, q->column), part, &one);
    row[g] = weir_sum_last(t, one);
  }
  *log_det = weir_add(t, row[0], row[1]);
  return weir_gather(t, weir_concat(t, 2, y, 1), m->columns, m->place);
}

static const weiri_map_group *only_group(const weiri_maps *m) {
  const int used = (m->group[0].n > 0) + (m->group[1].n > 0);
  return used == 1 ? &m->group[m->group[0].n > 0 ? 0 : 1] : NULL;
}

bool weiri_maps_couple(const weiri_maps *m, weir_couple_opts *opts) {
  const weiri_map_group *q = only_group(m);
  return q != NULL && weiri_elem_couple(q->map, opts);
}

weir_var weiri_maps_apply(const weiri_maps *m, weir_tape *t, bool back, weir_var x,
    weir_var theta, weir_var *log_det) {
  if (m->group[0].n > 0 && m->group[1].n > 0) {
    return both_groups(m, t, back, x, theta, log_det);
  }
  weir_couple_opts affine = {.n = m->columns, .inverse = back};
  if (weiri_maps_couple(m, &affine) && weir_var_ok(theta)) {
    affine.index = only_group(m)->column;
    return weir_couple(t, x, theta, affine, log_det);
  }
  weir_var each;
  const weir_var y =
      through(m->group[m->group[0].n > 0 ? 0 : 1].map, t, back, x, theta, &each);
  *log_det = weir_sum_last(t, each);
  return y;
}

weir_var weiri_maps_column(const weiri_maps *m, weir_tape *t, bool back, int64_t c,
    weir_var x, weir_var theta, weir_var *log_det) {
  return through(m->group[m->group_of[c]].map, t, back, x, theta, log_det);
}
