/* A target in a shared object that exports the functions of weir/module.h. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1 /* dladdr */
#endif
#include "weir/module.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "part/target.h"

/* X(result, name, arguments): the functions, those that must be there first. */
#define REQUIRED(X)                                                                    \
  X(int, abi, (void))                                                                  \
  X(int, open, (void **, const char *, size_t, char *, size_t))                        \
  X(void, close, (void *))                                                             \
  X(int64_t, size, (void *))                                                           \
  X(int, eval, (void *, int64_t, const double *, double *, double *))
#define OPTIONAL(X)                                                                    \
  X(const char *, label, (void *, int64_t))                                            \
  X(int, bounds, (void *, int64_t, double *, double *))                                \
  X(int, serial, (void *))                                                             \
  X(int64_t, derived, (void *))                                                        \
  X(int, derive, (void *, int64_t, const double *, double *))                          \
  X(int, hessian, (void *, int64_t, const double *, const double *, double *))         \
  X(int, draw, (void *, uint64_t, int64_t, double *))                                  \
  X(int, simulator, (void *, uint64_t, double *, void **))

typedef struct module {
  weir_target base;
  char *path;
  void *library, *model;
#define X(result, name, args) result(*name) args;
  REQUIRED(X)
  OPTIONAL(X)
#undef X
} module;

static const weir_opt opts[] = {{"path", WEIR_OPT_TEXT, offsetof(module, path), NULL, 0,
                                    0, NULL, "of the shared object, \"./model.so\""},
    {0}};

/* The object's own symbol: not one of a library that it is linked with. */
static void *symbol(const module *m, const char *name) {
  void *found = dlsym(m->library, name);
  Dl_info own, it;
  return found != NULL && dladdr(dlsym(m->library, "weir_target_abi"), &own) != 0 &&
                 dladdr(found, &it) != 0 && own.dli_fbase == it.dli_fbase
             ? found
             : NULL;
}

/* A pointer to data becomes one to a function, as POSIX lets dlsym do. */
static void fetch(const module *m, const char *name, void *slot) {
  void *found = symbol(m, name);
  memcpy(slot, &found, sizeof found);
}

static weir_status bind(module *m) {
  m->library = dlopen(m->path, RTLD_NOW | RTLD_LOCAL);
  if (m->library == NULL) {
    return weiri_fail(WEIR_E_IO, "cannot load the shared object: %s", dlerror());
  }
#define X(result, name, args)                                                          \
  fetch(m, "weir_target_" #name, &m->name);                                            \
  if (m->name == NULL) {                                                               \
    return weiri_fail(WEIR_E_UNSUPPORTED,                                              \
        "%s: the shared object exports no weir_target_" #name, m->path);               \
  }
  REQUIRED(X)
#undef X
#define X(result, name, args) fetch(m, "weir_target_" #name, &m->name);
  OPTIONAL(X)
#undef X
  return m->abi() == WEIR_TARGET_ABI
             ? WEIR_OK
             : weiri_fail(WEIR_E_VERSION,
                   "%s: it was written for version %d of the target interface, this is "
                   "version %d",
                   m->path, m->abi(), WEIR_TARGET_ABI);
}

static weir_status open_model(module *m) {
  void *data = NULL;
  size_t size = 0;
  char message[400] = "";
  if (m->base.data != NULL) {
    WEIR_TRY(weiri_file_read_all(m->base.ctx, m->base.data, &data, &size));
  }
  const int bad = m->open(&m->model, data, size, message, sizeof message);
  weiri_free(m->base.ctx, data);
  message[sizeof message - 1] = '\0';
  message[strcspn(message, "\n")] = '\0';
  if (bad != 0) {
    m->model = NULL;
    return weiri_fail(WEIR_E_DATA, "%s: the model refuses %s: %s", m->path,
        m->base.data == NULL ? "to start without data" : m->base.data,
        message[0] == '\0' ? "it does not say why" : message);
  }
  return WEIR_OK;
}

static weir_status describe_one(module *m, int64_t i) {
  weir_target *t = &m->base;
  double lo = -INFINITY, hi = INFINITY;
  if (m->bounds != NULL && m->bounds(m->model, i, &lo, &hi) != 0) {
    return weiri_fail(
        WEIR_E_SUPPORT, "%s: no bounds for coordinate %" PRId64, m->path, i + 1);
  }
  if (isinf(lo) && !isinf(hi)) {
    return weiri_fail(WEIR_E_SUPPORT,
        "%s: %s lives on (%g, %g); expected (-inf, inf), (lo, inf) or (lo, hi)",
        m->path, t->name[i], lo, hi);
  }
  t->support[i] = isinf(lo)   ? (weir_support){WEIR_REAL, 0.0, 0.0}
                  : isinf(hi) ? (weir_support){WEIR_POSITIVE, lo, 0.0}
                              : (weir_support){WEIR_INTERVAL, lo, hi};
  return WEIR_OK;
}

/* What the model says of itself. */
static weir_status describe(module *m) {
  const int64_t d = m->size(m->model);
  if (d < 1) {
    return weiri_fail(WEIR_E_DATA,
        "%s: weir_target_size says %" PRId64 ", expected at least 1", m->path, d);
  }
  const int64_t outputs = m->derived == NULL ? d : m->derived(m->model);
  if (m->derived != NULL && m->derive == NULL) {
    return weiri_fail(WEIR_E_UNSUPPORTED,
        "%s: the shared object exports weir_target_derived, but no weir_target_derive",
        m->path);
  }
  WEIR_TRY(weir_target_shape(&m->base, d, outputs));
  for (int64_t i = 0; i < d; i++) {
    WEIR_TRY(describe_one(m, i));
  }
  for (int64_t i = 0; m->label != NULL && i < outputs; i++) {
    const char *label = m->label(m->model, i);
    WEIR_TRY(weir_target_names(&m->base, i, 0, label == NULL ? "?" : label));
  }
  m->base.serial = m->serial != NULL && m->serial(m->model) != 0;
  return WEIR_OK;
}

static weir_status log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  const module *m = (const module *)t;
  const int bad = m->eval(m->model, n, x, value, grad);
  return bad == 0 ? WEIR_OK
                  : weiri_fail(WEIR_E_NUMERIC, "weir_target_eval returned %d", bad);
}

static weir_status hessian_vector(
    const weir_target *t, int64_t n, const double *x, const double *v, double *out) {
  const module *m = (const module *)t;
  const int bad = m->hessian(m->model, n, x, v, out);
  return bad == 0 ? WEIR_OK
                  : weiri_fail(WEIR_E_NUMERIC, "weir_target_hessian returned %d", bad);
}

/* Coordinates as they are, or what the model makes of them. */
static weir_status outputs(const weir_target *t, uint64_t seed, int64_t first,
    int64_t n, const double *x, double *out) {
  const module *m = (const module *)t;
  (void)seed;
  (void)first;
  if (m->derive == NULL || m->derived == NULL) {
    memcpy(out, x, (size_t)(n * t->dim) * sizeof *x);
    return WEIR_OK;
  }
  const int bad = m->derive(m->model, n, x, out);
  return bad == 0 ? WEIR_OK
                  : weiri_fail(WEIR_E_NUMERIC, "weir_target_derive returned %d", bad);
}

static weir_status sample(
    const weir_target *t, uint64_t seed, int64_t first, int64_t n, double *x) {
  const module *m = (const module *)t;
  for (int64_t i = 0; i < n; i++) {
    const int bad = m->draw(m->model, seed, first + i, x + i * t->dim);
    if (bad != 0) {
      return weiri_fail(WEIR_E_NUMERIC, "weir_target_draw returned %d", bad);
    }
  }
  return WEIR_OK;
}

static void teardown(weir_target *t) {
  module *m = (module *)t;
  if (m->model != NULL) {
    m->close(m->model);
  }
  if (m->library != NULL) {
    dlclose(m->library);
  }
}

static weir_status simulate(
    const weir_target *t, uint64_t seed, double *x, weir_target **posterior);
static weir_status setup(weir_target *t);

#define CLASS                                                                          \
  .is = {"module", "a shared object that exports the functions of weir/module.h",      \
      NULL, sizeof(module), opts},                                                     \
  .symbol = "weir_target_abi", .setup = setup, .teardown = teardown,                   \
  .log_density = log_density, .outputs = outputs

/* One class for each set of optional functions: bits Hessian, draws, simulator. */
#define VARIANT(i)                                                                     \
  {                                                                                    \
    CLASS, .hessian_vector = (i)&1 ? hessian_vector : NULL,                            \
           .sample = (i)&2 ? sample : NULL, .simulate = (i)&4 ? simulate : NULL        \
  }
static const weir_target_class variants[8] = {VARIANT(0), VARIANT(1), VARIANT(2),
    VARIANT(3), VARIANT(4), VARIANT(5), VARIANT(6), VARIANT(7)};

static weir_status setup(weir_target *t) {
  module *m = (module *)t;
  WEIR_TRY(bind(m));
  if (m->model == NULL) { /* else: simulated data */
    WEIR_TRY(open_model(m));
  }
  WEIR_TRY(describe(m));
  t->cls = &variants[(m->hessian != NULL ? 1 : 0) | (m->draw != NULL ? 2 : 0) |
                     (m->simulator != NULL ? 4 : 0)];
  return WEIR_OK;
}

static weir_status simulate(
    const weir_target *t, uint64_t seed, double *x, weir_target **posterior) {
  const module *m = (const module *)t;
  module *other = weiri_calloc(t->ctx, 1, sizeof *other);
  char *path = weiri_strdup(t->ctx, m->path);
  if (other == NULL || path == NULL) {
    weiri_free(t->ctx, other);
    weiri_free(t->ctx, path);
    return WEIR_E_MEMORY;
  }
  other->path = path;
  const int bad = m->simulator(m->model, seed, x, &other->model);
  if (bad != 0) {
    weiri_free(t->ctx, path);
    weiri_free(t->ctx, other);
    return weiri_fail(WEIR_E_NUMERIC, "weir_target_simulator returned %d", bad);
  }
  return weiri_target_set_up(posterior, t->ctx, &variants[0], other, NULL);
}

const weir_target_class weiri_target_module = {CLASS};
