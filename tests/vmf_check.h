/* A von Mises-Fisher distribution by itself, for tests of it. */
#ifndef VMF_CHECK_H
#define VMF_CHECK_H

#include <stdio.h>

#include "vae_check.h"

static inline void open_vmf(rig *r, int64_t m, int64_t context, const char *options) {
  weir_support *s = malloc((size_t)m * sizeof *s);
  const weir_event event = event_of(m, s, (weir_support){WEIR_SPHERE, 0, 0});
  char text[256];
  snprintf(text, sizeof text, "{\"name\": \"vmf\", \"least\": 0%s}", options);
  rig_open(r, context);
  OK(rig_make(r, text, &event, false));
  rig_ready(r, 0.0);
  free(s);
}

static inline void set_kappa(rig *r, double kappa) {
  const double raw = kappa + log(-expm1(-kappa));
  rig_set(r, "m.d.concentration", &raw);
}

/* The unit vector that the distribution is centred at. */

#endif
