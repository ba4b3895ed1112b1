/* Independent standard logistic columns: log p(x) = sum -|x| - 2 log(1 + exp(-|x|)),
 * which is log s(x) + log s(-x) for the sigmoid s (Dinh et al. 2015, section 3.4). */
#include "part/part.h"

static weir_status setup(weir_dist *d, weir_build *b) {
  (void)b;
  d->context = 0;
  return weir_event_require_real(&d->event, d->path);
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  weir_tape *t = run->tape;
  const weir_var log_p =
      weir_add(t, weir_logsigmoid(t, x), weir_logsigmoid(t, weir_neg(t, x)));
  weir_run_part(run, WEIR_PART_BASE, d->path, weir_sum_last(t, log_p), weir_var_none());
}

/* The inverse distribution function: log u - log(1 - u). */
static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  weir_tape *t = run->tape;
  const weir_var u = weir_run_uniform(run, d->path, n, d->event.features);
  const weir_var logit = weir_sub(t, weir_log(t, u), weir_log1p(t, weir_neg(t, u)));
  const weir_var x = weir_scale(t, logit, weir_run_temperature(run));
  log_prob(d, run, x, context);
  return x;
}

const weir_dist_class weir_dist_logistic = {
    .is = {"logistic", "independent standard logistic columns", "Dinh et al. 2015",
        sizeof(weir_dist), NULL},
    .setup = setup,
    .log_prob = log_prob,
    .sample = sample,
};
