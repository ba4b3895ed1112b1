/* A posterior from a C function: mean and standard deviation of a sample of a normal
 * distribution, mu ~ N(0, 10^2), sigma ~ Exponential(1). */
#include <math.h>

#include "example.h"

static const double sample[] = {4.9, 5.6, 3.8, 4.4, 5.1, 6.0, 4.2, 5.3};
enum { N = sizeof sample / sizeof *sample };

/* log p(mu, sigma | sample) up to a constant, and its gradient, at n points. */
static weir_status log_density(
    void *user, int64_t n, const double *x, double *value, double *grad) {
  (void)user;
  for (int64_t i = 0; i < n; i++) {
    const double mu = x[2 * i], sigma = x[2 * i + 1];
    double sum = 0.0, square = 0.0;
    for (int k = 0; k < N; k++) {
      sum += sample[k] - mu;
      square += (sample[k] - mu) * (sample[k] - mu);
    }
    const double precision = 1.0 / (sigma * sigma);
    value[i] = -N * log(sigma) - 0.5 * square * precision - 0.005 * mu * mu - sigma;
    if (grad != NULL) {
      grad[2 * i] = sum * precision - 0.01 * mu;
      grad[2 * i + 1] = -N / sigma + square * precision / sigma - 1.0;
    }
  }
  return WEIR_OK;
}

int main(void) {
  weir_ctx *ctx = NULL;
  weir_target *target = NULL;
  weir_posterior *posterior = NULL;
  weir_judgement judgement;
  weir_summary summary[2];
  const char *const names[] = {"mu", "sigma"};
  const weir_support support[] = {{WEIR_REAL, 0.0, 0.0}, {WEIR_POSITIVE, 0.0, 0.0}};
  weir_target_opts opts = WEIR_TARGET_OPTS_INIT;
  opts.names = names;
  opts.support = support;
  CHECK(weir_ctx_create(&ctx, NULL));
  CHECK(weir_target_create(&target, ctx, 2, log_density, &opts));
  CHECK(weir_target_check_gradient(target, 0, 10, 2.0, NULL));
  CHECK(weir_infer(&posterior, target, NULL)); /* NUTS, 4 chains of 1000 draws */
  CHECK(weir_judge(&judgement, posterior, summary));
  for (int j = 0; j < 2; j++) {
    printf("%-6s %.3f +- %.3f  R-hat %.3f\n", weir_posterior_name(posterior, j),
        summary[j].mean, summary[j].sd, summary[j].rhat);
  }
  printf("%s\n", judgement.text);
  weir_posterior_destroy(&posterior);
  weir_target_destroy(&target);
  weir_ctx_destroy(&ctx);
  return judgement.good ? 0 : 1;
}
