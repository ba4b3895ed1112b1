/* A compiled Stan model through the C interface of BridgeStan 2 (Roualdes et al. 2023,
 * JOSS 8(87) 5236), loaded at run time. The density is that of the unconstrained
 * parameters, Jacobian counted and constants kept; outputs are the parameters as the
 * model declares them, then transformed parameters and generated quantities, whose
 * random numbers are functions of (seed, draw). Models compiled without STAN_THREADS
 * are called one at a time. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "part/target.h"

typedef struct bs_model bs_model;
typedef struct bs_rng bs_rng;

/* The functions that are used: result, name, arguments. */
#define FUNCTIONS(X)                                                                   \
  X(bs_model *, model_construct, (const char *, unsigned, char **))                    \
  X(void, model_destruct, (bs_model *))                                                \
  X(void, free_error_msg, (char *))                                                    \
  X(const char *, model_info, (const bs_model *))                                      \
  X(const char *, param_names, (const bs_model *, bool, bool))                         \
  X(int, param_num, (const bs_model *, bool, bool))                                    \
  X(int, param_unc_num, (const bs_model *))                                            \
  X(int, param_constrain,                                                              \
      (const bs_model *, bool, bool, const double *, double *, bs_rng *, char **))     \
  X(int, param_unconstrain, (const bs_model *, const double *, double *, char **))     \
  X(int, log_density,                                                                  \
      (const bs_model *, bool, bool, const double *, double *, char **))               \
  X(int, log_density_gradient,                                                         \
      (const bs_model *, bool, bool, const double *, double *, double *, char **))     \
  X(bs_rng *, rng_construct, (unsigned, char **))                                      \
  X(void, rng_destruct, (bs_rng *))

typedef struct bridgestan {
  weir_target base;
  char *path;
  bool transformed, generated;
  int64_t model_seed;
  void *library;
  bs_model *model;
#define X(result, name, arguments) result(*name) arguments;
  FUNCTIONS(X)
#undef X
} bridgestan;

static const weir_opt opts[] = {
    {"path", WEIR_OPT_TEXT, offsetof(bridgestan, path), NULL, 0, 0, NULL,
        "shared object that BridgeStan made of the model"},
    {"transformed", WEIR_OPT_BOOL, offsetof(bridgestan, transformed), "true", 0, 0,
        NULL, "show transformed parameters"},
    {"generated", WEIR_OPT_BOOL, offsetof(bridgestan, generated), "true", 0, 0, NULL,
        "show generated quantities"},
    {"model_seed", WEIR_OPT_INT, offsetof(bridgestan, model_seed), "0", 0, 4294967295.0,
        NULL, "of random numbers in the block transformed data"},
    {0}};

/* ---- loading ---- */

static weir_status load(bridgestan *b) {
  b->library = dlopen(b->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (b->library == NULL) {
    return weiri_fail(WEIR_E_IO, "%s: cannot be loaded: %s", b->path, dlerror());
  }
  const int *major = dlsym(b->library, "bs_major_version");
  if (major == NULL || *major != 2) {
    return weiri_fail(WEIR_E_VERSION,
        "%s: expected version 2 of BridgeStan's interface, found %s%d", b->path,
        major == NULL ? "one without a version, below " : "version ",
        major == NULL ? 2 : *major);
  }
  /* ISO C has no cast from object to function pointers; POSIX has this one. */
#define X(result, name, arguments)                                                     \
  *(void **)(void *)&b->name = dlsym(b->library, "bs_" #name);                         \
  if (b->name == NULL) {                                                               \
    return weiri_fail(                                                                 \
        WEIR_E_UNSUPPORTED, "%s: the symbol bs_" #name " is missing", b->path);        \
  }
  FUNCTIONS(X)
#undef X
  return WEIR_OK;
}

/* The model's own words, on one line. */
static weir_status refused(
    const bridgestan *b, weir_status code, const char *what, char *message) {
  char words[400] = "no reason given";
  if (message != NULL) {
    size_t n = 0;
    for (const char *p = message; *p != '\0' && n + 1 < sizeof words; p++) {
      words[n++] = *p == '\n' ? ' ' : *p;
    }
    while (n > 0 && words[n - 1] == ' ') {
      n--;
    }
    words[n] = '\0';
    b->free_error_msg(message);
  }
  return weiri_fail(code, "%s%s%s", what, *what == '\0' ? "" : ": ", words);
}

/* "theta.1.2" becomes theta[1,2]. */
static weir_status name_output(weir_target *t, int64_t i, const char *from, size_t n) {
  char name[256];
  const char *dot = memchr(from, '.', n);
  const size_t head = dot == NULL ? n : (size_t)(dot - from);
  if (n + 3 > sizeof name) {
    return weiri_fail(WEIR_E_DATA, "the name of output %lld is longer than 250 letters",
        (long long)i + 1);
  }
  memcpy(name, from, n);
  name[n] = '\0';
  if (dot != NULL) {
    name[head] = '[';
    for (size_t k = head + 1; k < n; k++) {
      name[k] = name[k] == '.' ? ',' : name[k];
    }
    name[n] = ']';
    name[n + 1] = '\0';
  }
  return weir_target_names(t, i, 0, name);
}

static weir_status name_all(weir_target *t) {
  const bridgestan *b = (const bridgestan *)t;
  const char *at = b->param_names(b->model, b->transformed, b->generated);
  for (int64_t i = 0; i < t->outputs; i++) {
    const size_t n = strcspn(at, ",");
    WEIR_TRY(name_output(t, i, at, n));
    at += n + (at[n] == ',');
  }
  return WEIR_OK;
}

static weir_status setup(weir_target *t) {
  bridgestan *b = (bridgestan *)t;
  char *message = NULL;
  WEIR_TRY(load(b));
  b->model = b->model_construct(t->data, (unsigned)b->model_seed, &message);
  if (b->model == NULL) {
    return refused(b, WEIR_E_DATA, t->data == NULL ? b->path : t->data, message);
  }
  t->serial = strstr(b->model_info(b->model), "STAN_THREADS=true") == NULL;
  WEIR_TRY(weir_target_shape(t, b->param_unc_num(b->model),
      b->param_num(b->model, b->transformed, b->generated)));
  return name_all(t);
}

/* The library stays loaded: what its threads keep outlives the model. */
static void teardown(weir_target *t) {
  bridgestan *b = (bridgestan *)t;
  if (b->model != NULL) {
    b->model_destruct(b->model);
  }
}

/* ---- using ---- */

static weir_status log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  const bridgestan *b = (const bridgestan *)t;
  for (int64_t i = 0; i < n; i++) {
    char *message = NULL;
    const double *at = x + i * t->dim;
    const int code =
        grad == NULL ? b->log_density(b->model, false, true, at, value + i, &message)
                     : b->log_density_gradient(b->model, false, true, at, value + i,
                           grad + i * t->dim, &message);
    if (code != 0) {
      return refused(b, WEIR_E_NUMERIC, "", message);
    }
  }
  return WEIR_OK;
}

static weir_status outputs(const weir_target *t, uint64_t seed, int64_t first,
    int64_t n, const double *x, double *out) {
  const bridgestan *b = (const bridgestan *)t;
  for (int64_t i = 0; i < n; i++) {
    char *message = NULL;
    const uint64_t mixed = weiri_stream("bridgestan", seed + (uint64_t)(first + i));
    bs_rng *rng = b->rng_construct((unsigned)mixed, &message);
    if (rng == NULL) {
      return refused(b, WEIR_E_MEMORY, b->path, message);
    }
    const int code = b->param_constrain(b->model, b->transformed, b->generated,
        x + i * t->dim, out + i * t->outputs, rng, &message);
    b->rng_destruct(rng);
    if (code != 0) {
      return refused(b, WEIR_E_NUMERIC, b->path, message);
    }
  }
  return WEIR_OK;
}

static weir_status from_outputs(
    const weir_target *t, int64_t n, const double *out, double *x) {
  const bridgestan *b = (const bridgestan *)t;
  for (int64_t i = 0; i < n; i++) {
    char *message = NULL;
    if (b->param_unconstrain(
            b->model, out + i * t->outputs, x + i * t->dim, &message) != 0) {
      return refused(b, WEIR_E_DATA, b->path, message);
    }
  }
  return WEIR_OK;
}

const weir_target_class weiri_target_bridgestan = {
    .is = {"bridgestan", "a compiled Stan model (BridgeStan's shared object)",
        "Roualdes et al. 2023", sizeof(bridgestan), opts},
    .symbol = "bs_model_construct",
    .setup = setup,
    .teardown = teardown,
    .log_density = log_density,
    .outputs = outputs,
    .from_outputs = from_outputs};
