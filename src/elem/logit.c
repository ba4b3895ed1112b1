/* z = log u - log(1 - u), u = eps + (1 - 2 eps) (x - lo) / (hi - lo) */
#include "elem/elem.h"

typedef struct logit {
  weir_elem base;
  weiri_interval interval;
} logit;

static const weir_opt opts[] = {{"lo", WEIR_OPT_REAL, offsetof(logit, interval.lo), "0",
                                    0, 0, NULL, "lower end of the open interval"},
    {"hi", WEIR_OPT_REAL, offsetof(logit, interval.hi), "1", 0, 0, NULL,
        "upper end of the open interval"},
    {"eps", WEIR_OPT_REAL, offsetof(logit, interval.eps), "0", 0, 0.49, NULL,
        "the interval is squeezed to (eps, 1 - eps) first; above 0 a little mass lies "
        "outside of it"},
    {0}};

static weir_status setup(weir_elem *e, weir_build *b, int64_t hidden) {
  (void)hidden;
  const weiri_interval *i = &((logit *)e)->interval;
  e->data = (weir_support){WEIR_INTERVAL, i->lo, i->hi};
  return weiri_interval_check(i, b->path);
}

static weir_var to_latent(
    const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det) {
  (void)theta;
  return weiri_logit(t, &((const logit *)e)->interval, x, log_det);
}

static weir_var to_data(
    const weir_elem *e, weir_tape *t, weir_var z, weir_var theta, weir_var *log_det) {
  (void)theta;
  return weiri_expit(t, &((const logit *)e)->interval, z, log_det);
}

const weir_elem_class weir_elem_logit = {
    .is = {"logit", "an interval onto the line", NULL, sizeof(logit), opts},
    .setup = setup,
    .to_latent = to_latent,
    .to_data = to_data,
};
