/* The funnel: x_1 ~ N(0, s^2), x_j = e^(r x_1) n_j with n_j ~ N(0, 1), j > 1.
 *
 * s = r = 1: the funnel of transport score climbing (Zhang, Blei, Naesseth 2022), whose
 * standard deviations are 1 and e; s = 3, r = 1/2: Neal's (2003). In general the
 * standard deviation of x_j is e^(r^2 s^2). */
#include <math.h>

#include "infer/led.h"

typedef struct funnel {
  weiri_led led;
  double rate;
} funnel;

static const weir_opt opts[] = {WEIRI_LED_DIM,
    {"sd", WEIR_OPT_REAL, offsetof(funnel, led.sd), "1", 1e-3, 1e3, NULL,
        "standard deviation of the first coordinate; Neal's funnel: 3"},
    {"rate", WEIR_OPT_REAL, offsetof(funnel, rate), "1", 1e-3, 1e3, NULL,
        "the others have standard deviation exp(rate x[1]); Neal's funnel: 0.5"},
    {0}};

static weiri_law law(const weiri_led *t, double x) {
  const double rate = ((const funnel *)t)->rate;
  return (weiri_law){.m = 0.0, .dm = 0.0, .l = rate * x, .dl = rate};
}

static weir_status setup(weir_target *t) {
  weiri_led *led = (weiri_led *)t;
  led->law = law;
  return weir_target_shape(t, led->dim, led->dim);
}

static weir_status moments(const weir_target *t, double *mean, double *sd) {
  const funnel *f = (const funnel *)t;
  const double a = f->rate * f->led.sd;
  for (int64_t j = 0; j < t->dim; j++) {
    mean[j] = 0.0;
    sd[j] = j == 0 ? f->led.sd : exp(a * a);
  }
  return WEIR_OK;
}

const weir_target_class weiri_target_funnel = {
    .is = {"funnel", "one coordinate is the log scale of the others",
        "Neal 2003; Zhang, Blei, Naesseth 2022", sizeof(funnel), opts},
    .setup = setup,
    .log_density = weiri_led_log_density,
    .sample = weiri_led_sample,
    .moments = moments};
