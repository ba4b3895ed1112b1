/* A target written in weir's operations, whose gradient and Hessian come from the tape:
 * a banana, x1 ~ N(0, 1), x2 ~ N(x1^2, 1/4). */
#include <math.h>

#include "example.h"

static weir_var log_density(void *user, weir_tape *t, weir_var x) {
  (void)user;
  const weir_var a = weir_slice(t, x, 1, 0, 1), b = weir_slice(t, x, 1, 1, 1);
  const weir_var e = weir_scale(t, weir_sub(t, b, weir_square(t, a)), 2.0);
  const weir_var sum = weir_add(t, weir_square(t, a), weir_square(t, e));
  return weir_scale(t, weir_sum_last(t, sum), -0.5);
}

int main(void) {
  weir_ctx *ctx = NULL;
  weir_target *target = NULL;
  weir_posterior *posterior = NULL;
  weir_summary summary[2];
  weir_judgement judgement;
  CHECK(weir_ctx_create(&ctx, NULL));
  CHECK(weir_target_from_expression(&target, ctx, 2, log_density, NULL));
  CHECK(weir_infer(&posterior, target, NULL));
  CHECK(weir_judge(&judgement, posterior, summary));
  printf(
      "mean of x2: %.3f +- %.3f (exact: 1)\n", summary[1].mean, summary[1].mcse_mean);
  printf("%s\n", judgement.text);
  const int good = fabs(summary[1].mean - 1.0) < 5.0 * summary[1].mcse_mean;
  weir_posterior_destroy(&posterior);
  weir_target_destroy(&target);
  weir_ctx_destroy(&ctx);
  return good ? 0 : 1;
}
