/* Autoencoders with Laplace posteriors, for tests of them. */
#ifndef VLAE_CHECK_H
#define VLAE_CHECK_H

#include <stdio.h>

#include "vae_check.h"

#define START                                                                          \
  "\"start\": {\"name\": \"normal\", \"kind\": \"diagonal\", \"net\": {\"name\": "     \
  "\"mlp\", \"hidden\": [4], \"activation\": \"tanh\", \"last_scale\": 1}}"
#define LAPLACE(options) "{\"name\": \"laplace_posterior\", " options ", " START "}"

#define DENSE(activation)                                                              \
  "{\"name\": \"mlp\", \"hidden\": [7], \"activation\": \"" activation "\", "          \
  "\"last_scale\": 1}"
#define DECODER(activation, dist)                                                      \
  "{\"name\": \"encoded\", \"net\": " DENSE(                                           \
      activation) ", \"features\": 6, "                                                \
                  "\"activation\": \"" activation "\", \"dist\": " dist "}"
#define MODEL(options, decoder)                                                        \
  "{\"name\": \"flow\", \"layers\": [{\"name\": \"variational\", \"latent_dim\": 2, "  \
  "\"posterior\": " LAPLACE(options) ", \"likelihood\": " decoder "}]}"
#define BERNOULLI "{\"name\": \"bernoulli\"}"
#define GAUSS "{\"name\": \"normal\", \"kind\": \"diagonal\"}"

#define SQUASHED                                                                       \
  "{\"name\": \"normal\", \"kind\": \"diagonal\", \"loc\": \"sigmoid\", \"lo\": -2, "  \
  "\"hi\": 3, \"scale\": \"column\"}"
#define STUDENT "{\"name\": \"student_t\", \"df\": 3}"
#define LAPLACE_OUT "{\"name\": \"laplace\", \"scale\": \"shared\"}"

#define FULL_OUT "{\"name\": \"normal\", \"kind\": \"full\"}"
#define CATEGORICAL "{\"name\": \"categorical\"}"
#define LEVELS "{\"name\": \"discretized_logistic\"}"
#define LEVELS_MIX "{\"name\": \"discretized_logistic\", \"components\": 2}"

/* Highest number in columns of whole numbers; 0: columns are real. */
static inline int highest(const char *spec) {
  return strstr(spec, "\"bernoulli\"") != NULL     ? 1
         : strstr(spec, "\"categorical\"") != NULL ? 2
         : strstr(spec, "\"discretized") != NULL   ? 3
                                                   : 0;
}

static inline weir_support support_of(const char *spec) {
  const int hi = highest(spec);
  return hi > 0 ? (weir_support){WEIR_INTEGERS, 0, hi}
                : (weir_support){WEIR_REAL, 0, 0};
}

static inline void open_model(rig *r, const char *spec, int64_t p, int64_t context) {
  weir_support s[512];
  const weir_event event = event_of(p, s, support_of(spec));
  rig_open(r, context);
  OK(rig_make(r, spec, &event, false));
  rig_ready(r, 0.3);
}

static inline double *points(const char *spec, int64_t n) {
  double *x = normals(n, 81, 1.0);
  for (int64_t i = 0; i < n && highest(spec) > 0; i++) {
    x[i] = floor(fmin(fmax((x[i] + 2.0) / 4.0, 0.0), 0.999) * (highest(spec) + 1));
  }
  return x;
}

#define AUTO "\"jacobian\": \"auto\""
#define TAPE "\"jacobian\": \"tape\""

#endif
