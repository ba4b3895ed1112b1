/* A layer from outside the tree: z = sinh(x), registered and used in a flow. */
#include <math.h>

#include "example.h"
#include "weir/config.h"
#include "weir/sys/part.h"

typedef struct sinh_layer {
  weir_layer base;
} sinh_layer;

static weir_status setup(weir_layer *l, weir_build *b) {
  const weir_status status = weir_event_require_real(&l->data, l->path);
  return status != WEIR_OK ? status : weir_event_copy(b->ctx, &l->latent, &l->data);
}

/* z = (e^x - e^-x) / 2, log dz/dx = log cosh x */
static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  (void)context;
  weir_tape *t = weir_run_tape(run);
  const weir_var up = weir_exp(t, x), down = weir_exp(t, weir_neg(t, x));
  const weir_var slope = weir_log(t, weir_scale(t, weir_add(t, up, down), 0.5));
  weir_run_part(
      run, WEIR_PART_LOG_DET, l->path, weir_sum_last(t, slope), weir_var_none());
  return weir_scale(t, weir_sub(t, up, down), 0.5);
}

static const weir_layer_class sinh_class = {
    .is = {"sinh", "z = sinh(x)", NULL, sizeof(sinh_layer), NULL},
    .setup = setup,
    .to_latent = to_latent, /* without to_data the flow has densities but no draws */
};

int main(void) {
  weir_ctx *ctx = NULL;
  weir_spec *config = NULL;
  weir_table *table = NULL;
  weir_schema *schema = NULL;
  weir_model *model = NULL;
  CHECK(weir_ctx_create(&ctx, NULL));
  CHECK(weir_register_layer(ctx, &sinh_class));
  static const char text[] = "{\"name\": \"flow\", \"layers\": [\"sinh\"]}";
  CHECK(weir_config_parse(&config, ctx, text, sizeof text - 1, "example"));
  double *x = crescent(50);
  CHECK(weir_table_from_arrays(&table, ctx, 50, 2, x, NULL, NULL));
  CHECK(weir_schema_guess(&schema, ctx, table, NULL));
  weir_model_opts opts = WEIR_MODEL_OPTS_INIT;
  opts.config = config;
  CHECK(weir_model_create(&model, ctx, schema, &opts));
  double lp, row[2] = {0.5, -0.5};
  CHECK(weir_model_log_prob(model, 1, row, 0, NULL, &lp));
  const double expect =
      -log(2 * 3.14159265358979) + 2 * log(cosh(0.5)) - sinh(0.5) * sinh(0.5);
  printf("log p = %.6f, by hand %.6f\n", lp, expect);
  weir_model_destroy(&model), weir_schema_destroy(&schema), weir_table_destroy(&table);
  weir_config_destroy(&config), weir_ctx_destroy(&ctx), free(x);
  return fabs(lp - expect) < 1e-5 ? 0 : 1;
}
