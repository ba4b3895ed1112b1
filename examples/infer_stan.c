/* The posterior of a Stan model: a shared object that BridgeStan compiled, and its
 * data.
 *
 *     infer_stan model.so data.json [draws.csv] */
#include "example.h"
#include "weir/config.h"

int main(int argc, char **argv) {
  weir_ctx *ctx = NULL;
  weir_spec *spec = NULL, *config = NULL;
  weir_target *target = NULL;
  weir_posterior *posterior = NULL;
  weir_judgement judgement;
  if (argc < 3) {
    fprintf(stderr, "usage: infer_stan model.so data.json [draws.csv]\n");
    return 2;
  }
  char name[1024];
  snprintf(name, sizeof name, "name=%s", argv[1]);
  CHECK(weir_ctx_create(&ctx, NULL));
  CHECK(weir_config_create(&spec, ctx));
  CHECK(weir_config_set(ctx, spec, name));
  CHECK(weir_target_make(&target, ctx, spec, argv[2]));
  CHECK(weir_target_check_gradient(target, 0, 10, 2.0, NULL));
  CHECK(weir_config_create(&config, ctx));
  CHECK(weir_config_set(ctx, config, "method=nuts"));
  CHECK(weir_config_set(ctx, config, "draws=1000"));
  weir_infer_opts opts = WEIR_INFER_OPTS_INIT;
  opts.config = config;
  opts.seed = 1;
  CHECK(weir_infer(&posterior, target, &opts));
  const int64_t n = weir_posterior_outputs(posterior);
  weir_summary *summary = calloc((size_t)n, sizeof *summary);
  CHECK(weir_judge(&judgement, posterior, summary));
  for (int64_t i = 0; i < n; i++) { /* parameters, then generated quantities */
    printf("%-12s %9.3f +- %.3f  R-hat %.3f\n", weir_posterior_name(posterior, i),
        summary[i].mean, summary[i].sd, summary[i].rhat);
  }
  printf("%s\n", judgement.text);
  if (argc > 3) {
    CHECK(weir_posterior_write(posterior, argv[3], NULL));
  }
  free(summary);
  weir_posterior_destroy(&posterior);
  weir_target_destroy(&target);
  weir_config_destroy(&config);
  weir_config_destroy(&spec);
  weir_ctx_destroy(&ctx);
  return judgement.good ? 0 : 1;
}
