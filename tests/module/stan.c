/* A shared object that exports what BridgeStan 2 exports of a compiled Stan model, for
 * tests of its loader. The model, two groups of measurements:
 *
 *     data         y, the first half of group 1, the rest of group 2
 *     parameters   mu[1], mu[2] ~ N(0, 10^2), sigma > 0, sigma ~ Exponential(1)
 *     likelihood   y ~ N(mu[group], sigma^2)
 *     transformed  gap = mu[2] - mu[1]
 *     generated    y_rep[1] ~ N(mu[1], sigma^2), y_rep[2] ~ N(mu[2], sigma^2)
 *
 * Variants (STAN_FAKE): calls that must not overlap and say so when they do, a symbol
 * missing, another version, none, names that clash, densities that fail. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef STAN_FAKE
#define STAN_FAKE 0
#endif
enum { GOOD, SERIAL, MISSING, VERSION, UNVERSIONED, NAMES, FAILS };
enum { MOST = 100, DIM = 3 };

typedef struct bs_model {
  int n;
  double y[MOST];
  atomic_int inside; /* calls in progress */
} bs_model;
typedef struct bs_rng {
  unsigned long long state;
} bs_rng;

bs_model *bs_model_construct(const char *data, unsigned seed, char **message);
void bs_model_destruct(bs_model *m);
void bs_free_error_msg(char *message);
const char *bs_name(const bs_model *m);
const char *bs_model_info(const bs_model *m);
const char *bs_param_names(const bs_model *m, bool transformed, bool generated);
int bs_param_num(const bs_model *m, bool transformed, bool generated);
int bs_param_unc_num(const bs_model *m);
int bs_param_constrain(const bs_model *m, bool transformed, bool generated,
    const double *theta_unc, double *theta, bs_rng *rng, char **message);
int bs_param_unconstrain(
    const bs_model *m, const double *theta, double *theta_unc, char **message);
int bs_log_density(const bs_model *m, bool propto, bool jacobian, const double *theta,
    double *value, char **message);
int bs_log_density_gradient(const bs_model *m, bool propto, bool jacobian,
    const double *theta, double *value, double *grad, char **message);
bs_rng *bs_rng_construct(unsigned seed, char **message);
void bs_rng_destruct(bs_rng *rng);

#if STAN_FAKE != 4
extern int bs_major_version, bs_minor_version, bs_patch_version;
int bs_major_version = STAN_FAKE == VERSION ? 1 : 2, bs_minor_version = 5,
    bs_patch_version = 0;
#endif

static void say(char **message, const char *words) {
  if (message != NULL) {
    *message = malloc(strlen(words) + 1);
    strcpy(*message, words);
  }
}

/* ---- the model ---- */

/* A file that ends in ".json", or JSON itself: all that is read is the array y. */
static char *text_of(const char *data) {
  const size_t n = data == NULL ? 0 : strlen(data);
  FILE *f = n > 5 && strcmp(data + n - 5, ".json") == 0 ? fopen(data, "r") : NULL;
  char *text = calloc(1, n > 1 << 16 ? n + 1 : 1 << 16);
  if (f == NULL) {
    memcpy(text, data == NULL ? "" : data, n);
    return text;
  }
  (void)!fread(text, 1, (1 << 16) - 1, f);
  fclose(f);
  return text;
}

bs_model *bs_model_construct(const char *data, unsigned seed, char **message) {
  char *text = text_of(data);
  const char *at = strstr(text, "\"y\"");
  bs_model *m = calloc(1, sizeof *m);
  (void)seed;
  at = at == NULL ? NULL : strchr(at, '[');
  while (at != NULL && (*at == '[' || *at == ',') && m->n < MOST) {
    char *end;
    m->y[m->n++] = strtod(at + 1, &end);
    at = end + strspn(end, " \n");
  }
  free(text);
  if (m->n < 2) {
    free(m);
    say(message, "Exception: variable does not exist; processing stage=data "
                 "initialization; variable name=y; base type=double\n (in "
                 "'groups.stan', line 3, column 2)\n");
    return NULL;
  }
  return m;
}

void bs_model_destruct(bs_model *m) {
  free(m);
}

void bs_free_error_msg(char *message) {
  free(message);
}

const char *bs_name(const bs_model *m) {
  (void)m;
  return "groups_model";
}

const char *bs_model_info(const bs_model *m) {
  (void)m;
  return STAN_FAKE == SERIAL ? "BridgeStan version: 2.5.0\nSTAN_THREADS=false\n"
                             : "BridgeStan version: 2.5.0\nSTAN_THREADS=true\n";
}

const char *bs_param_names(const bs_model *m, bool transformed, bool generated) {
  (void)m;
  if (STAN_FAKE == NAMES) {
    return "mu.1,mu.2,sigma,mu.1,y_rep.1,y_rep.2";
  }
  return transformed && generated ? "mu.1,mu.2,sigma,gap,y_rep.1,y_rep.2"
         : transformed            ? "mu.1,mu.2,sigma,gap"
         : generated              ? "mu.1,mu.2,sigma,y_rep.1,y_rep.2"
                                  : "mu.1,mu.2,sigma";
}

int bs_param_num(const bs_model *m, bool transformed, bool generated) {
  (void)m;
  return DIM + (transformed ? 1 : 0) + (generated ? 2 : 0);
}

int bs_param_unc_num(const bs_model *m) {
  (void)m;
  return DIM;
}

/* ---- random numbers ---- */

bs_rng *bs_rng_construct(unsigned seed, char **message) {
  bs_rng *rng = malloc(sizeof *rng);
  (void)message;
  rng->state = 2ULL * seed + 1ULL;
  return rng;
}

void bs_rng_destruct(bs_rng *rng) {
  free(rng);
}

static double uniform(bs_rng *rng) {
  rng->state = rng->state * 6364136223846793005ULL + 1442695040888963407ULL;
  unsigned long long x = rng->state;
  x = (x ^ (x >> 32)) * 0x9e3779b97f4a7c15ULL;
  return ((double)((x ^ (x >> 29)) >> 11) + 0.5) * 0x1p-53;
}

static double normal(bs_rng *rng) {
  const double u = uniform(rng);
  return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * uniform(rng));
}

/* ---- points ---- */

#if STAN_FAKE != 2
int bs_param_constrain(const bs_model *m, bool transformed, bool generated,
    const double *theta_unc, double *theta, bs_rng *rng, char **message) {
  int n = DIM;
  (void)m;
  if (generated && rng == NULL) {
    say(message, "param_constrain: rng required for generated quantities");
    return -1;
  }
  theta[0] = theta_unc[0];
  theta[1] = theta_unc[1];
  theta[2] = exp(theta_unc[2]);
  if (transformed) {
    theta[n++] = theta[1] - theta[0];
  }
  for (int k = 0; generated && k < 2; k++) {
    theta[n++] = theta[k] + theta[2] * normal(rng);
  }
  return 0;
}
#endif

int bs_param_unconstrain(
    const bs_model *m, const double *theta, double *theta_unc, char **message) {
  (void)m;
  if (!(theta[2] >= 0.0)) {
    say(message, "sigma is not positive");
    return -1;
  }
  theta_unc[0] = theta[0];
  theta_unc[1] = theta[1];
  theta_unc[2] = log(theta[2]);
  return 0;
}

/* A call that meets another one is refused; it lingers so that they would meet. */
static bool enter(const bs_model *m, char **message) {
  bs_model *own = (bs_model *)(size_t)m;
  const int others = atomic_fetch_add(&own->inside, 1);
  const struct timespec moment = {0, 1000};
  if (STAN_FAKE == SERIAL) {
    nanosleep(&moment, NULL);
  }
  if (STAN_FAKE == SERIAL && others > 0) {
    say(message, "two calls at once");
  }
  return STAN_FAKE != SERIAL || others == 0;
}

static void leave(const bs_model *m) {
  atomic_fetch_sub(&((bs_model *)(size_t)m)->inside, 1);
}

int bs_log_density_gradient(const bs_model *m, bool propto, bool jacobian,
    const double *theta, double *value, double *grad, char **message) {
  const double sigma = exp(theta[2]), w = 1.0 / (sigma * sigma);
  const bool alone = enter(m, message);
  double g[DIM] = {-0.01 * theta[0], -0.01 * theta[1], -sigma};
  double sum = -0.005 * (theta[0] * theta[0] + theta[1] * theta[1]) - sigma;
  for (int i = 0; i < m->n; i++) {
    const int k = 2 * i < m->n ? 0 : 1;
    const double e = m->y[i] - theta[k];
    sum -= 0.5 * e * e * w + theta[2];
    g[k] += e * w;
    g[2] += e * e * w - 1.0;
  }
  *value = sum + (jacobian ? theta[2] : 0.0) -
           (propto ? 0.0 : 0.5 * (m->n + 2) * log(6.283185307179586) + 2.0 * log(10.0));
  g[2] += jacobian ? 1.0 : 0.0;
  if (grad != NULL) {
    memcpy(grad, g, sizeof g);
  }
  leave(m);
  if (STAN_FAKE == FAILS && theta[0] > 5.0) {
    say(message, "Exception: normal_lpdf: Location parameter is above 5,\nbut must "
                 "not be\n");
    return 1;
  }
  return alone ? 0 : 1;
}

int bs_log_density(const bs_model *m, bool propto, bool jacobian, const double *theta,
    double *value, char **message) {
  return bs_log_density_gradient(m, propto, jacobian, theta, value, NULL, message);
}
