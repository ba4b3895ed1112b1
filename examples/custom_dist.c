/* A distribution from outside the tree: independent Laplace columns as the base of a
 * flow. */
#include <math.h>

#include "example.h"
#include "weir/config.h"
#include "weir/sys/part.h"

typedef struct laplace {
  weir_dist base;
} laplace;

static weir_status setup(weir_dist *d, weir_build *b) {
  (void)b;
  d->context = 0; /* it does not look at the context */
  return weir_event_require_real(&d->event, d->path);
}

/* log p(x) = -sum |x| - d log 2 */
static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  weir_tape *t = weir_run_tape(run);
  const weir_var sum = weir_sum_last(t, weir_abs(t, x));
  weir_run_part(run, WEIR_PART_BASE, d->path,
      weir_affine(t, sum, -1.0, -log(2.0) * (double)d->event.features),
      weir_var_none());
}

static const weir_dist_class laplace_class = {
    .is = {"two_sided", "independent Laplace columns", NULL, sizeof(laplace), NULL},
    .setup = setup,
    .log_prob = log_prob,
};

int main(void) {
  weir_ctx *ctx = NULL;
  weir_spec *config = NULL;
  weir_table *table = NULL;
  weir_schema *schema = NULL;
  weir_model *model = NULL;
  CHECK(weir_ctx_create(&ctx, NULL));
  CHECK(weir_register_dist(ctx, &laplace_class));
  static const char text[] = "{\"name\": \"flow\", \"base\": \"two_sided\"}";
  CHECK(weir_config_parse(&config, ctx, text, sizeof text - 1, "example"));
  double *x = crescent(50);
  CHECK(weir_table_from_arrays(&table, ctx, 50, 2, x, NULL, NULL));
  CHECK(weir_schema_guess(&schema, ctx, table, NULL));
  weir_model_opts opts = WEIR_MODEL_OPTS_INIT;
  opts.config = config;
  CHECK(weir_model_create(&model, ctx, schema, &opts));
  double lp;
  const double row[2] = {0.5, -2.0};
  CHECK(weir_model_log_prob(model, 1, row, 0, NULL, &lp));
  printf("log p = %.6f, by hand %.6f\n", lp, -2.5 - 2 * log(2.0));
  weir_model_destroy(&model), weir_schema_destroy(&schema), weir_table_destroy(&table);
  weir_config_destroy(&config), weir_ctx_destroy(&ctx), free(x);
  return fabs(lp + 2.5 + 2 * log(2.0)) < 1e-5 ? 0 : 1;
}
