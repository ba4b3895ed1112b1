/* z = lo + log(1 + exp(x)) */
#include "elem/elem.h"

typedef struct positive {
  weir_elem base;
  double lo;
} positive;

static const weir_opt opts[] = {{"lo", WEIR_OPT_REAL, offsetof(positive, lo), "0", 0, 0,
                                    NULL, "lower end of the half line"},
    {0}};

static weir_status setup(weir_elem *e, weir_build *b, int64_t hidden) {
  (void)b;
  (void)hidden;
  e->latent = (weir_support){WEIR_POSITIVE, ((const positive *)e)->lo, 0.0};
  return WEIR_OK;
}

static weir_var to_latent(
    const weir_elem *e, weir_tape *t, weir_var x, weir_var theta, weir_var *log_det) {
  (void)theta;
  return weiri_softplus_from(t, ((const positive *)e)->lo, x, log_det);
}

static weir_var to_data(
    const weir_elem *e, weir_tape *t, weir_var z, weir_var theta, weir_var *log_det) {
  (void)theta;
  return weiri_unsoftplus_from(t, ((const positive *)e)->lo, z, log_det);
}

const weir_elem_class weir_elem_softplus = {
    .is = {"softplus", "the line onto a half line, linear far up", NULL,
        sizeof(positive), opts},
    .setup = setup,
    .to_latent = to_latent,
    .to_data = to_data,
};
