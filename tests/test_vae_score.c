/* Figures of an autoencoder against NumPy with identical weights (golden/make_vae.py),
 * and its bounds against log p(x) by quadrature. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "model/model.h"
#include "weir/train.h"

#define OK(expr)                                                                       \
  do {                                                                                 \
    if ((expr) != WEIR_OK) {                                                           \
      fail_msg("%s", weir_error());                                                    \
    }                                                                                  \
  } while (0)

typedef struct bench {
  weir_ctx *ctx;
  json_t *golden;
  weir_table *table;
  weir_schema *schema;
  weir_frame *frame;
  weir_model *model;
  weir_row_set rows;
} bench;

static double *numbers(const json_t *list) {
  double *x = malloc((json_array_size(list) + 1) * sizeof *x);
  assert_non_null(x);
  for (size_t i = 0; i < json_array_size(list); i++) {
    x[i] = json_number_value(json_array_get(list, i));
  }
  return x;
}

static void set_weights(bench *b) {
  const json_t *params = json_object_get(b->golden, "params");
  assert_int_equal(weiri_params_count(b->model->params), (int)json_object_size(params));
  for (int32_t i = 0; i < weiri_params_count(b->model->params); i++) {
    const weiri_tensor_info *info = weiri_params_info(b->model->params, i);
    double *v = numbers(json_object_get(params, info->name));
    assert_int_equal(json_array_size(json_object_get(params, info->name)),
        weir_shape_size(&info->shape));
    weiri_params_set(b->model->params, i, v);
    free(v);
  }
}

static void bench_open(bench *b) {
  *b = (bench){0};
  OK(weir_ctx_create(&b->ctx, NULL));
  b->golden = json_load_file(WEIR_SOURCE_DIR "/tests/golden/vae.json", 0, NULL);
  assert_non_null(b->golden);
  const int64_t n = json_integer_value(json_object_get(b->golden, "rows"));
  const int64_t d = json_integer_value(json_object_get(b->golden, "features"));
  double *x = numbers(json_object_get(b->golden, "x"));
  OK(weir_table_from_arrays(&b->table, b->ctx, n, d, x, NULL, NULL));
  const char *const types[] = {"*=ordinal(1,0,2)"};
  weir_schema_opts schema = WEIR_SCHEMA_OPTS_INIT;
  schema.types = types;
  schema.n_types = 1;
  schema.allow_constant = true;
  OK(weir_schema_guess(&b->schema, b->ctx, b->table, &schema));
  OK(weir_frame_create(&b->frame, b->ctx, b->schema, b->table, NULL));
  json_t *config = json_loads("{\"name\": \"vae\", \"latent_dim\": 2, "
                              "\"hidden_features\": 5, \"activation\": \"tanh\"}",
      0, NULL);
  weir_model_opts opts = WEIR_MODEL_OPTS_INIT;
  opts.config = config;
  opts.dtype = WEIR_F64;
  OK(weir_model_create(&b->model, b->ctx, b->schema, &opts));
  json_decref(config);
  set_weights(b);
  b->rows = (weir_row_set){b->frame, NULL, n};
  free(x);
}

static void bench_close(bench *b) {
  weir_model_destroy(&b->model);
  weir_frame_destroy(&b->frame);
  weir_schema_destroy(&b->schema);
  weir_table_destroy(&b->table);
  json_decref(b->golden);
  weir_ctx_destroy(&b->ctx);
}

static void near(double found, double expected, double tolerance, const char *what) {
  if (!(fabs(found - expected) <= tolerance * (1.0 + fabs(expected)))) {
    fail_msg("%s: %.15g, expected %.15g", what, found, expected);
  }
}

static double mean_of(const json_t *list) {
  double *x = numbers(list), sum = 0.0;
  for (size_t i = 0; i < json_array_size(list); i++) {
    sum += x[i] / (double)json_array_size(list);
  }
  free(x);
  return sum;
}

static void figures(void **state) {
  (void)state;
  bench b;
  bench_open(&b);
  weir_vae_score s;
  OK(weir_model_vae_score(b.model, b.rows, 1000, &s));
  double *kl = numbers(json_object_get(b.golden, "kl"));
  double *variance = numbers(json_object_get(b.golden, "variance"));
  assert_true(s.has_kl);
  assert_int_equal(s.latents, 2);
  for (int j = 0; j < 2; j++) {
    near(s.kl[j], kl[j], 1e-12, "KL of a latent");
    near(s.variance[j], variance[j], 1e-12, "variance of a latent");
  }
  near(-s.rate, kl[0] + kl[1], 1e-12, "KL");
  near(s.elbo, s.reconstruction + s.rate, 1e-12, "parts of the ELBO");
  near(s.reconstruction_error,
      json_real_value(json_object_get(b.golden, "reconstruction_error")), 1e-12,
      "reconstruction error");
  near(s.log_likelihood, mean_of(json_object_get(b.golden, "log_p")), 2e-3,
      "log-likelihood by importance");
  assert_true(s.elbo < s.log_likelihood);
  assert_true(s.effective_samples > 100.0 && s.effective_samples < 1000.0);
  assert_true(s.information > 0.0 && s.information < s.information_cap);
  near(s.information_cap, log((double)s.n), 1e-15, "cap");
  assert_int_equal(s.active, 2);
  free(kl);
  free(variance);
  weir_vae_score_free(&s);
  bench_close(&b);
}

/* Encoder and decoder row by row, and labels by the nearest of the encoder's means. */
static void networks(void **state) {
  (void)state;
  bench b;
  bench_open(&b);
  double *x = numbers(json_object_get(b.golden, "x")), z[48 * 2], y[48 * 6];
  double *mean = numbers(json_object_get(b.golden, "mean"));
  double *decoded = numbers(json_object_get(b.golden, "decoded"));
  double *label = numbers(json_object_get(b.golden, "labels"));
  OK(weir_model_encode_mean(b.model, 48, x, 0, NULL, z));
  OK(weir_model_decode_mean(b.model, 48, mean, 0, NULL, y));
  for (int i = 0; i < 48 * 2; i++) {
    near(z[i], mean[i], 1e-12, "mean of the encoder");
  }
  for (int i = 0; i < 48 * 6; i++) {
    near(y[i], decoded[i], 1e-12, "mean of the decoder");
  }
  const json_t *cases = json_object_get(b.golden, "neighbours");
  assert_int_equal(json_array_size(cases), 8);
  for (size_t i = 0; i < 8; i++) {
    const json_t *c = json_array_get(cases, i);
    const weir_points all = {48, mean, label};
    double accuracy;
    OK(weir_neighbour_accuracy(b.ctx, 2, all, NULL,
        json_integer_value(json_array_get(c, 0)), json_is_true(json_array_get(c, 1)),
        &accuracy));
    near(accuracy, json_number_value(json_array_get(c, 2)), 1e-15, "neighbours");
    OK(weir_neighbour_accuracy(b.ctx, 2, all, &all, 1, false, &accuracy));
    assert_true(accuracy == 1.0);
    assert_int_equal(weir_neighbour_accuracy(b.ctx, 2, all, NULL, 48, false, &accuracy),
        WEIR_E_ARGUMENT);
  }
  free(x);
  free(mean);
  free(decoded);
  free(label);
  bench_close(&b);
}

static double z_of(int n, const double *f, double expected) {
  double mean = 0.0, square = 0.0;
  for (int i = 0; i < n; i++) {
    mean += f[i] / n;
  }
  for (int i = 0; i < n; i++) {
    square += (f[i] - mean) * (f[i] - mean) / (n - 1);
  }
  return (mean - expected) / sqrt(square / n);
}

/* Figures that draw, over many seeds, against their expectations by quadrature; and the
 * effective share of many weights against its limit. */
static void drawn_figures(void **state) {
  (void)state;
  enum { SEEDS = 300, DRAWS = 20000 };
  bench b;
  bench_open(&b);
  double elbo[SEEDS], information[SEEDS];
  weir_vae_score s;
  for (int i = 0; i < SEEDS; i++) {
    b.model->seed = (uint64_t)i;
    OK(weir_model_vae_score(b.model, b.rows, 1, &s));
    elbo[i] = s.elbo;
    information[i] = s.information;
    near(s.effective_samples, 1.0, 1e-12, "one draw is one");
    weir_vae_score_free(&s);
  }
  const double expected = mean_of(json_object_get(b.golden, "elbo"));
  assert_true(fabs(z_of(SEEDS, elbo, expected)) < 5.0);
  assert_true(fabs(z_of(SEEDS, information,
                  json_real_value(json_object_get(b.golden, "information")))) < 5.0);
  OK(weir_model_vae_score(b.model, b.rows, DRAWS, &s));
  near(s.effective_samples / DRAWS, mean_of(json_object_get(b.golden, "share")), 0.02,
      "effective share");
  near(s.log_likelihood, mean_of(json_object_get(b.golden, "log_p")), 1e-3,
      "log-likelihood by 20000 draws");
  weir_vae_score_free(&s);
  bench_close(&b);
}

/* Row by row: the draws of K are the first of those of a larger K, more draws come
 * nearer to log p(x), and neither blocks nor neighbours matter. */
static void rising(void **state) {
  (void)state;
  static const int64_t draws[] = {1, 4, 32, 300};
  bench b;
  bench_open(&b);
  double *exact = numbers(json_object_get(b.golden, "log_p")), gap[4] = {0};
  double *x = numbers(json_object_get(b.golden, "x")), found[48], alone[48];
  for (int k = 0; k < 4; k++) {
    OK(weir_model_set_samples(b.model, draws[k]));
    OK(weir_model_log_prob(b.model, 48, x, 0, NULL, found));
    for (int i = 0; i < 48; i++) {
      gap[k] += (exact[i] - found[i]) / 48;
    }
  }
  assert_true(gap[0] > gap[1] && gap[1] > gap[2] && gap[2] > gap[3]);
  assert_true(gap[0] > 0.02 && fabs(gap[3]) < 0.02);
  OK(weir_model_log_prob(b.model, 1, x, 0, NULL, alone));
  assert_true(alone[0] == found[0]);
  free(exact);
  free(x);
  bench_close(&b);
}

/* The gradient of the bound with several draws against differences, in a table model
 * that is smooth in x: here the columns are whole, so the whole bound is compared
 * instead. */
static void with_gradient(void **state) {
  (void)state;
  bench b;
  bench_open(&b);
  double *x = numbers(json_object_get(b.golden, "x")), plain[48], with[48];
  double *grad = malloc(48 * 6 * sizeof *grad);
  OK(weir_model_set_samples(b.model, 7));
  OK(weir_model_log_prob(b.model, 48, x, 0, NULL, plain));
  OK(weir_model_log_prob_grad(b.model, 48, x, 0, NULL, with, grad));
  for (int i = 0; i < 48; i++) {
    near(with[i], plain[i], 1e-12, "bound with a gradient");
  }
  free(x);
  free(grad);
  bench_close(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(figures),
      cmocka_unit_test(networks),
      cmocka_unit_test(drawn_figures),
      cmocka_unit_test(rising),
      cmocka_unit_test(with_gradient),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
