/* The banana: x_1 ~ N(0, s^2), x_2 = b (x_1^2 - s^2) + e, e and the others N(0, 1).
 *
 * s = 10, b = 0.02: the banana of transport score climbing (Zhang, Blei, Naesseth
 * 2022), whose standard deviations are 10 and 3; in general sqrt(1 + 2 b^2 s^4). */
#include <math.h>

#include "infer/led.h"

typedef struct banana {
  weiri_led led;
  double bend;
} banana;

static const weir_opt opts[] = {WEIRI_LED_DIM,
    {"sd", WEIR_OPT_REAL, offsetof(banana, led.sd), "10", 1e-3, 1e3, NULL,
        "standard deviation of the first coordinate"},
    {"bend", WEIR_OPT_REAL, offsetof(banana, bend), "0.02", 0.0, 1e3, NULL,
        "the second follows bend (x[1]^2 - sd^2)"},
    {0}};

static weiri_law law(const weiri_led *t, double x) {
  const double bend = ((const banana *)t)->bend;
  return (weiri_law){
      .m = bend * (x * x - t->sd * t->sd), .dm = 2.0 * bend * x, .l = 0.0, .dl = 0.0};
}

static weir_status setup(weir_target *t) {
  weiri_led *led = (weiri_led *)t;
  led->law = law;
  return weir_target_shape(t, led->dim, led->dim);
}

static weir_status moments(const weir_target *t, double *mean, double *sd) {
  const banana *b = (const banana *)t;
  const double bent = b->bend * b->led.sd * b->led.sd;
  for (int64_t j = 0; j < t->dim; j++) {
    mean[j] = 0.0;
    sd[j] = j == 0 ? b->led.sd : j == 1 ? sqrt(1.0 + 2.0 * bent * bent) : 1.0;
  }
  return WEIR_OK;
}

const weir_target_class weiri_target_banana = {
    .is = {"banana", "a Gaussian bent along a parabola", "Zhang, Blei, Naesseth 2022",
        sizeof(banana), opts},
    .setup = setup,
    .log_density = weiri_led_log_density,
    .sample = weiri_led_sample,
    .moments = moments};
