/* Fits a density to an array in memory, with a progress callback, and saves it.
 * Usage: fit MODEL.safetensors */
#include "example.h"

static bool progress(void *user, const weir_progress *p) {
  (void)user;
  if (p->evaluated) {
    printf("step %lld: held-out %.4f nats\n", (long long)p->step, p->valid_log_prob);
  }
  return true; /* false would cancel */
}

static void log_line(void *user, weir_log_level level, const char *line) {
  (void)user;
  fprintf(stderr, "%s%s\n", level == WEIR_LOG_WARN ? "warning: " : "", line);
}

int main(int argc, char **argv) {
  const int n = 4000;
  double *x = crescent(n);
  weir_ctx_opts copts = WEIR_CTX_OPTS_INIT;
  copts.log = log_line;
  weir_ctx *ctx = NULL;
  CHECK(weir_ctx_create(&ctx, &copts));

  const char *names[] = {"x1", "x2"};
  weir_table *table = NULL;
  weir_schema *schema = NULL; /* guessed: two real columns */
  weir_frame *frame = NULL;
  weir_split *split = NULL;
  CHECK(weir_table_from_arrays(&table, ctx, n, 2, x, names, "crescent"));
  CHECK(weir_schema_guess(&schema, ctx, table, NULL));
  CHECK(weir_frame_create(&frame, ctx, schema, table, NULL));
  CHECK(weir_split_fraction(&split, ctx, n, 0.2, 0.0, 1));
  weir_row_set train = {frame, NULL, 0}, valid = {frame, NULL, 0};
  train.rows = weir_split_rows(split, WEIR_SPLIT_TRAIN, &train.n);
  valid.rows = weir_split_rows(split, WEIR_SPLIT_VALID, &valid.n);
  weir_model *model = NULL;
  weir_model_opts mopts = WEIR_MODEL_OPTS_INIT;
  mopts.rows = train.n;
  CHECK(weir_model_create(&model, ctx, schema, &mopts));
  weir_fit_opts fopts = WEIR_FIT_OPTS_INIT;
  fopts.time_limit = 5.0;
  fopts.progress = progress;
  weir_fit_result result;
  CHECK(weir_fit(model, train, valid, &fopts, &result));
  printf("held-out %.4f +- %.4f nats\n", result.valid_log_prob,
      result.valid_standard_error);
  CHECK(weir_model_save(model, argc > 1 ? argv[1] : "crescent.safetensors"));

  weir_model_destroy(&model);
  weir_split_destroy(&split);
  weir_frame_destroy(&frame);
  weir_schema_destroy(&schema);
  weir_table_destroy(&table);
  weir_ctx_destroy(&ctx);
  free(x);
  return 0;
}
