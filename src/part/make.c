/* Making a part from its spec: find the class by name, read its options, set it up. */
#include <string.h>

#include "part/target.h"

typedef struct made {
  const weir_class *cls;
  void *instance;
  char *path;
  weir_build build; /* the child's */
} made;

static weir_status find_class(const weir_ctx *ctx, weiri_kind kind, const char *path,
    const json_t *spec, const weir_class **out) {
  const char *name = json_is_string(spec)
                         ? json_string_value(spec)
                         : json_string_value(json_object_get(spec, "name"));
  if (name == NULL) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s: expected the name of a %s, or {name: ..., options}", path,
        weiri_kind_name(kind));
  }
  const char *names[256] = {NULL};
  for (int i = 0; i < 255; i++) {
    const weir_class *c = weiri_class_at(ctx, kind, i);
    if (c == NULL) {
      break;
    }
    if (strcmp(c->name, name) == 0) {
      *out = c;
      return WEIR_OK;
    }
    names[i] = c->name;
  }
  const char *near = weiri_nearest(name, names);
  return weiri_fail(WEIR_E_CONFIG, "%s: no %s is called '%s'%s%s%s", path,
      weiri_kind_name(kind), name, near == NULL ? "" : "; did you mean '",
      near == NULL ? "" : near, near == NULL ? "" : "'?");
}

/* Reads the options and keeps their resolved form under the path in the site. */
static weir_status read_options(
    made *m, const weir_build *b, const json_t *spec, bool keep) {
  const json_t *options = json_is_string(spec) ? NULL : spec;
  json_t *resolved = json_object();
  if (resolved == NULL ||
      json_object_set_new(resolved, "name", json_string(m->cls->name)) != 0) {
    json_decref(resolved);
    return weiri_fail(WEIR_E_MEMORY, "out of memory");
  }
  static const weir_opt none[] = {{0}};
  weir_status status =
      weiri_opts_read(b->ctx, m->cls->opts == NULL ? none : m->cls->opts, m->instance,
          options, m->path, resolved);
  if (status == WEIR_OK && keep && b->site != NULL && b->site->resolved != NULL) {
    status = weiri_config_put(b->site->resolved, m->path, resolved);
  }
  json_decref(resolved);
  return status;
}

static void unmake(weir_ctx *ctx, made *m) {
  if (m->instance != NULL && m->cls->opts != NULL) {
    weiri_opts_free(ctx, m->cls->opts, m->instance);
  }
  weiri_free(ctx, m->instance);
  weiri_free(ctx, m->path);
}

static weir_status begin(made *m, weiri_kind kind, const weir_build *b,
    const char *child, const json_t *spec) {
  memset(m, 0, sizeof *m);
  const bool root = b->path == NULL || b->path[0] == '\0';
  const bool itself = child[0] == '\0'; /* a part of the parent, under its path */
  m->path = itself ? weiri_strdup(b->ctx, b->path)
                   : weiri_format(
                         b->ctx, "%s%s%s", root ? "" : b->path, root ? "" : ".", child);
  if (m->path == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_status status = find_class(b->ctx, kind, m->path, spec, &m->cls);
  if (status == WEIR_OK) {
    m->instance = weiri_calloc(b->ctx, 1, m->cls->size);
    status = m->instance == NULL ? WEIR_E_MEMORY : read_options(m, b, spec, !itself);
  }
  if (status != WEIR_OK) {
    unmake(b->ctx, m);
    return status;
  }
  m->build = *b;
  m->build.path = m->path;
  return WEIR_OK;
}

static weir_status watch(weir_site *site, weir_ctx *ctx, weir_layer *l) {
  if (site == NULL || l->cls->observe == NULL) {
    return WEIR_OK;
  }
  if (site->n_observers == site->room) {
    const int room = site->room == 0 ? 16 : 2 * site->room;
    weir_layer **more =
        weiri_realloc(ctx, site->observers, (size_t)room * sizeof *more);
    if (more == NULL) {
      return WEIR_E_MEMORY;
    }
    site->observers = more;
    site->room = room;
  }
  site->observers[site->n_observers++] = l;
  return WEIR_OK;
}

weir_status weir_layer_make(weir_layer **out, const weir_build *b, const char *child,
    const weir_spec *spec, const weir_event *data) {
  made m;
  WEIR_TRY(begin(&m, WEIRI_KIND_LAYER, b, child, spec));
  weir_layer *l = m.instance;
  l->cls = (const weir_layer_class *)(const void *)m.cls;
  l->ctx = b->ctx;
  l->path = m.path;
  l->context = b->context;
  l->exactness = l->cls->exactness;
  l->latent_how = l->cls->latent_how;
  l->data_how = l->cls->to_data == NULL ? WEIR_ABSENT : l->cls->data_how;
  weir_status status = weir_event_copy(b->ctx, &l->data, data);
  if (status == WEIR_OK) {
    status = watch(b->site, b->ctx, l);
  }
  if (status == WEIR_OK) {
    status = l->cls->setup(l, &m.build);
  }
  if (status != WEIR_OK) {
    if (b->site != NULL && b->site->n_observers > 0 &&
        b->site->observers[b->site->n_observers - 1] == l) {
      b->site->n_observers--;
    }
    weir_layer_destroy(&l);
    return status;
  }
  *out = l;
  return WEIR_OK;
}

void weir_layer_destroy(weir_layer **layer) {
  weir_layer *l = *layer;
  if (l == NULL) {
    return;
  }
  if (l->cls->teardown != NULL) {
    l->cls->teardown(l);
  }
  weir_event_destroy(l->ctx, &l->data);
  weir_event_destroy(l->ctx, &l->latent);
  made m = {&l->cls->is, l, l->path, {0}};
  unmake(l->ctx, &m);
  *layer = NULL;
}

weir_status weir_dist_make(weir_dist **out, const weir_build *b, const char *child,
    const weir_spec *spec, const weir_event *event) {
  made m;
  WEIR_TRY(begin(&m, WEIRI_KIND_DIST, b, child, spec));
  weir_dist *d = m.instance;
  d->cls = (const weir_dist_class *)(const void *)m.cls;
  d->ctx = b->ctx;
  d->path = m.path;
  d->context = b->context;
  d->exactness = d->cls->exactness;
  d->sample_how = d->cls->sample == NULL ? WEIR_ABSENT : WEIR_CLOSED;
  weir_status status = weir_event_copy(b->ctx, &d->event, event);
  if (status == WEIR_OK) {
    status = d->cls->setup(d, &m.build);
  }
  if (status != WEIR_OK) {
    weir_dist_destroy(&d);
    return status;
  }
  *out = d;
  return WEIR_OK;
}

void weir_dist_destroy(weir_dist **dist) {
  weir_dist *d = *dist;
  if (d == NULL) {
    return;
  }
  if (d->cls->teardown != NULL) {
    d->cls->teardown(d);
  }
  weir_event_destroy(d->ctx, &d->event);
  made m = {&d->cls->is, d, d->path, {0}};
  unmake(d->ctx, &m);
  *dist = NULL;
}

weir_status weir_elem_make(weir_elem **out, const weir_build *b, const char *child,
    const weir_spec *spec, int64_t hidden) {
  made m;
  WEIR_TRY(begin(&m, WEIRI_KIND_ELEM, b, child, spec));
  weir_elem *e = m.instance;
  e->cls = (const weir_elem_class *)(const void *)m.cls;
  e->ctx = b->ctx;
  e->hidden = hidden;
  const weir_status status = e->cls->setup(e, &m.build, hidden);
  weiri_free(b->ctx, m.path);
  if (status != WEIR_OK) {
    weir_elem_destroy(&e);
    return status;
  }
  *out = e;
  return WEIR_OK;
}

void weir_elem_destroy(weir_elem **elem) {
  weir_elem *e = *elem;
  if (e != NULL) {
    made m = {&e->cls->is, e, NULL, {0}};
    unmake(e->ctx, &m);
    *elem = NULL;
  }
}

weir_status weir_net_make(weir_net **out, const weir_build *b, const char *child,
    const weir_spec *spec, const weir_net_io *io) {
  made m;
  WEIR_TRY(begin(&m, WEIRI_KIND_NET, b, child, spec));
  weir_net *net = m.instance;
  net->cls = (const weir_net_class *)(const void *)m.cls;
  net->ctx = b->ctx;
  net->in = io->in;
  net->out = io->out;
  net->context = io->context;
  const weir_status status = net->cls->setup(net, &m.build, io);
  weiri_free(b->ctx, m.path);
  if (status != WEIR_OK) {
    weir_net_destroy(&net);
    return status;
  }
  *out = net;
  return WEIR_OK;
}

void weir_net_destroy(weir_net **net) {
  weir_net *n = *net;
  if (n == NULL) {
    return;
  }
  if (n->cls->teardown != NULL) {
    n->cls->teardown(n);
  }
  made m = {&n->cls->is, n, NULL, {0}};
  unmake(n->ctx, &m);
  *net = NULL;
}

weir_status weiri_target_make(
    weir_target **out, weir_ctx *ctx, const json_t *spec, const char *data) {
  made m;
  const weir_build build = {.ctx = ctx, .path = ""};
  WEIR_TRY(begin(&m, WEIRI_KIND_TARGET, &build, "target", spec));
  weiri_free(ctx, m.path);
  return weiri_target_set_up(
      out, ctx, (const weir_target_class *)(const void *)m.cls, m.instance, data);
}

static weir_status reserve(weir_build *b, weir_slot *out, const char *name,
    weir_shape shape, bool trained, weir_init init, const unsigned char *keep) {
  static const enum weiri_init_kind kinds[] = {
      [WEIR_INIT_CONSTANT] = WEIRI_INIT_CONSTANT,
      [WEIR_INIT_UNIFORM] = WEIRI_INIT_UNIFORM,
      [WEIR_INIT_NORMAL] = WEIRI_INIT_NORMAL,
      [WEIR_INIT_IDENTITY] = WEIRI_INIT_IDENTITY};
  char *full = weiri_format(b->ctx, "%s.%s", b->path, name);
  if (full == NULL) {
    return WEIR_E_MEMORY;
  }
  weiri_tensor_init i = {0, init.a};
  i.kind = kinds[init.kind];
  const weir_status status =
      weiri_params_add(b->params, &out->index, full, shape, trained, i, keep);
  weiri_free(b->ctx, full);
  return status;
}

weir_status weir_build_param(weir_build *b, weir_slot *out, const char *name,
    weir_shape shape, weir_init init, const unsigned char *keep) {
  return reserve(b, out, name, shape, true, init, keep);
}

weir_status weir_build_stat(
    weir_build *b, weir_slot *out, const char *name, weir_shape shape, double value) {
  const weir_init init = {WEIR_INIT_CONSTANT, value};
  return reserve(b, out, name, shape, false, init, NULL);
}

void weir_build_notes(weir_build *b, bool first, bool each) {
  if (b->site != NULL) {
    b->site->notes_first = b->site->notes_first || first;
    b->site->notes_each = b->site->notes_each || each;
  }
}
