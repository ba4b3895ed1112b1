/* Loads a model and uses it: densities, draws, draws with densities, gradients.
 * Usage: use MODEL.safetensors (of two columns, as examples/fit.c writes it) */
#include "example.h"

int main(int argc, char **argv) {
  weir_ctx *ctx = NULL;
  weir_model *model = NULL;
  CHECK(weir_ctx_create(&ctx, NULL));
  CHECK(weir_model_load(&model, ctx, argc > 1 ? argv[1] : "crescent.safetensors"));
  printf("%lld columns, %lld parameters, log_prob is %s: %s\n",
      (long long)weir_model_features(model), (long long)weir_model_parameters(model),
      weir_model_kind(model), weir_model_measure(model));

  const double x[6] = {0.0, -1.0, 1.0, -0.5, 0.0, 3.0};
  double lp[3], grad[6];
  CHECK(weir_model_log_prob_grad(model, 3, x, 0, NULL, lp, grad));
  for (int i = 0; i < 3; i++) {
    printf("log p(%g, %g) = %.4f, gradient (%.3f, %.3f)\n", x[2 * i], x[2 * i + 1],
        lp[i], grad[2 * i], grad[2 * i + 1]);
  }

  double draws[10], log_prob[5];
  weir_sample_opts sopts = WEIR_SAMPLE_OPTS_INIT;
  sopts.seed = 7;
  CHECK(weir_model_sample(model, 5, 0, NULL, &sopts, draws, log_prob));
  for (int i = 0; i < 5; i++) {
    printf(
        "draw (%.3f, %.3f), log p %.4f\n", draws[2 * i], draws[2 * i + 1], log_prob[i]);
  }
  weir_model_destroy(&model);
  weir_ctx_destroy(&ctx);
  return 0;
}
