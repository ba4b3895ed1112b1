/* Variational inference by the reverse Kullback-Leibler divergence (infer/reverse.c).
 */
#include "infer/fit.h"

typedef struct vi {
  weiri_method base;
  weiri_reverse_opts reverse;
  int weights;
} vi;

static const weir_opt opts[] = {
    WEIRI_REVERSE_OPTIONS(vi, reverse), WEIRI_WEIGHTS_OPTION(vi, weights), {0}};

static weir_status run(const weiri_method *m, weiri_job *job) {
  const vi *v = (const vi *)m;
  weiri_fitted f = {0};
  weir_status status = weiri_reverse_fit(&f, job, &v->reverse);
  if (status == WEIR_OK) {
    status = weiri_fitted_draw(&f, job, v->weights);
  }
  weiri_fitted_destroy(&f);
  return status;
}

const weiri_method_class weiri_method_vi = {
    .is = {"vi", "a density fitted by the reverse KL divergence",
        "Rezende and Mohamed 2015; Kucukelbir et al. 2017", sizeof(vi), opts},
    .run = run,
    .stat_name = weiri_fit_stat_names,
    .stats = WEIRI_FIT_STATS,
    .independent = true};
