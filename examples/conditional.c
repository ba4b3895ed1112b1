/* A conditional density p(x2 | x1): fit, then densities and draws for one context row.
 */
#include "example.h"

int main(void) {
  const int n = 4000;
  double *x = crescent(n);
  weir_ctx *ctx = NULL;
  weir_table *table = NULL;
  weir_schema *schema = NULL;
  weir_frame *frame = NULL;
  weir_model *model = NULL;
  CHECK(weir_ctx_create(&ctx, NULL));
  const char *names[] = {"x1", "x2"};
  CHECK(weir_table_from_arrays(&table, ctx, n, 2, x, names, "crescent"));
  weir_schema_opts sopts = WEIR_SCHEMA_OPTS_INIT;
  sopts.context = "x1";
  CHECK(weir_schema_guess(&schema, ctx, table, &sopts));
  CHECK(weir_frame_create(&frame, ctx, schema, table, NULL));

  weir_model_opts mopts = WEIR_MODEL_OPTS_INIT;
  mopts.rows = n;
  CHECK(weir_model_create(&model, ctx, schema, &mopts));
  const weir_row_set all = {frame, NULL, n}, none = {NULL, NULL, 0};
  weir_fit_opts fopts = WEIR_FIT_OPTS_INIT;
  fopts.time_limit = 4.0;
  weir_fit_result result;
  CHECK(weir_fit(model, all, none, &fopts, &result));

  const double context = 1.0, at[2] = {-0.5, 2.0}; /* the crescent is near -0.5 there */
  double lp[2], draws[3];
  CHECK(weir_model_log_prob(model, 2, at, 1, &context, lp));
  CHECK(weir_model_sample(model, 3, 1, &context, NULL, draws, NULL));
  printf("log p(-0.5 | 1) = %.3f, log p(2 | 1) = %.3f\n", lp[0], lp[1]);
  printf("draws at x1 = 1: %.3f %.3f %.3f\n", draws[0], draws[1], draws[2]);

  weir_model_destroy(&model);
  weir_frame_destroy(&frame);
  weir_schema_destroy(&schema);
  weir_table_destroy(&table);
  weir_ctx_destroy(&ctx);
  free(x);
  return lp[0] > lp[1] ? 0 : 1;
}
