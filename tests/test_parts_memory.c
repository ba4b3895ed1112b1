/* Every allocation of making and running a part fails in turn: an error, nothing kept.
 */
#include "counting.h"

#include "kern/kern.h"
#include "part/part.h"

static const char *spec_text;
static int64_t width;

static weir_status use(weir_ctx *ctx, weir_params *params, const weir_dist *d) {
  weir_run *run = NULL;
  weir_status status;
  static const double x[6] = {0.1, -0.2, 0.3, 1, 2, -1}, c[4] = {1, 2, 3, 4};
  WEIR_TRY(weiri_params_init(params, 1));
  WEIR_TRY(weiri_run_create(&run, ctx, WEIR_F64, params));
  weiri_run_reset(run);
  weir_var given = weir_var_none(), log_p;
  if (width > 0) {
    given = weir_leaf_f64(run->tape, weir_shape_2(2, width), c);
  }
  const weir_var rows = weir_leaf_f64(run->tape, weir_shape_2(2, 3), x);
  weir_dist_log_prob(d, run, rows, given);
  weir_dist_sample(d, run, 2, given, &log_p);
  status = weir_tape_status(run->tape);
  weiri_run_destroy(&run);
  return status;
}

static weir_status make_and_use(weir_ctx *ctx) {
  weir_params *params = NULL;
  weir_dist *d = NULL;
  weir_event event;
  json_t *spec = json_loads(spec_text, JSON_DECODE_ANY, NULL);
  assert_non_null(spec);
  ctx->kern = weiri_kern_select(NULL);
  weir_status status = weir_event_create(ctx, &event, 3);
  if (status == WEIR_OK) {
    status = weiri_params_create(&params, ctx, WEIR_F64);
  }
  const weir_build b = {.ctx = ctx, .params = params, .path = "m", .context = width};
  if (status == WEIR_OK) {
    status = weir_dist_make(&d, &b, "d", spec, &event);
  }
  if (status == WEIR_OK) {
    status = use(ctx, params, d);
  }
  weir_dist_destroy(&d);
  weiri_params_destroy(&params);
  weir_event_destroy(ctx, &event);
  json_decref(spec);
  return status;
}

static const char *const specs[] = {
    "\"standard\"",
    "{\"name\": \"normal\", \"kind\": \"full\"}",
    "\"logistic\"",
    "{\"name\": \"gmm\", \"components\": 2, \"net\": \"mlp\"}",
    "{\"name\": \"made_mog\", \"components\": 2}",
    ("{\"name\": \"flow\", \"layers\": [\"standardize\", \"whiten\", \"permutation\", "
     "\"reverse\", "
     "\"lu_linear\", \"linear\", \"scaling\", \"actnorm\", \"batch_norm\"]}"),
    ("{\"name\": \"flow\", \"layers\": [\"radial\", \"rotation\", {\"name\": "
     "\"householder\", \"reflections\": 3, \"chained\": true, \"net\": \"mlp\"}]}"),
    ("{\"name\": \"flow\", \"layers\": [{\"name\": \"slice\", \"columns\": [1]}, "
     "{\"name\": \"variational\", \"latent_dim\": 2, \"posterior\": {\"name\": "
     "\"flow\", \"layers\": [\"planar\", \"sylvester\"], \"base\": {\"name\": "
     "\"normal\", \"kind\": "
     "\"diagonal\"}}}]}"),
};

/* The arena may do with a smaller block, so a failed call need not end in an error. */
static void allocations(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
    for (width = 0; width <= 2; width += 2) {
      spec_text = specs[i];
      int errors = 0;
      counting c;
      long n = 0;
      do {
        counting_init(&c, ++n);
        const weir_status status = make_and_use(&c.ctx);
        counting_check(&c);
        assert_true(status == WEIR_OK || status == WEIR_E_MEMORY);
        errors += status == WEIR_E_MEMORY;
      } while (c.calls >= n);
      assert_true(errors > 0 && errors >= n - 4);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
