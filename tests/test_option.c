/* Options from trees: values, defaults, the words of every error, ownership. */
#include "counting.h"

#include <math.h>

#include "base/option.h"

typedef struct thing {
  int64_t bins;
  double rate;
  bool residual;
  int act;
  char *file;
  weir_ints hidden;
  weir_reals weights;
  const weir_spec *map;
  int64_t steps;
} thing;

static const weir_opt opts[] = {
    {"bins", WEIR_OPT_INT, offsetof(thing, bins), "8", 2, 1024, NULL, "bins"},
    {"rate", WEIR_OPT_REAL, offsetof(thing, rate), "0.5", 0, 1, NULL, "rate"},
    {"residual", WEIR_OPT_BOOL, offsetof(thing, residual), "true", 0, 0, NULL, "r"},
    {"act", WEIR_OPT_CHOICE, offsetof(thing, act), "\"relu\"", 0, 0, "tanh|relu|elu",
        "activation"},
    {"file", WEIR_OPT_TEXT, offsetof(thing, file), "null", 0, 0, NULL, "file"},
    {"hidden", WEIR_OPT_INTS, offsetof(thing, hidden), "[64, 64]", 1, 4096, NULL, "h"},
    {"weights", WEIR_OPT_REALS, offsetof(thing, weights), "null", 0, 0, NULL, "w"},
    {"map", WEIR_OPT_SPEC, offsetof(thing, map), "{\"name\": \"rqs\"}", 0, 0, NULL,
        "m"},
    {"steps", WEIR_OPT_INT, offsetof(thing, steps), "10", 0, 0, NULL, "steps"},
    {NULL, WEIR_OPT_INT, 0, NULL, 0, 0, NULL, NULL},
};

static const weir_opt required[] = {
    {"size", WEIR_OPT_INT, 0, NULL, 0, 0, NULL, "size"},
    {NULL, WEIR_OPT_INT, 0, NULL, 0, 0, NULL, NULL},
};

static json_t *tree_of(const char *json) {
  json_t *spec = json_loads(json, JSON_DECODE_ANY, NULL);
  assert_non_null(spec);
  return spec;
}

static void defaults(void **state) {
  (void)state;
  counting c;
  thing x = {0};
  counting_init(&c, 0);
  json_t *resolved = json_object();
  assert_int_equal(weiri_opts_read(&c.ctx, opts, &x, NULL, "m", resolved), WEIR_OK);
  assert_int_equal(x.bins, 8);
  assert_true(x.rate == 0.5 && x.residual);
  assert_int_equal(x.act, 1);
  assert_null(x.file);
  assert_int_equal(x.hidden.n, 2);
  assert_int_equal(x.hidden.v[1], 64);
  assert_int_equal(x.weights.n, 0);
  assert_string_equal(json_string_value(json_object_get(x.map, "name")), "rqs");
  json_t *expected =
      tree_of("{\"bins\": 8, \"rate\": 0.5, \"residual\": true, \"act\": "
              "\"relu\", \"file\": null, \"hidden\": [64, 64], \"weights\": "
              "null, \"map\": {\"name\": \"rqs\"}, \"steps\": 10}");
  assert_true(json_equal(resolved, expected));
  weiri_opts_free(&c.ctx, opts, &x);
  assert_null(x.hidden.v);
  assert_null(x.map);
  weiri_opts_free(&c.ctx, opts, &x);
  counting_check(&c);
  json_decref(expected);
  json_decref(resolved);
}

static void values(void **state) {
  (void)state;
  counting c;
  thing x = {0};
  counting_init(&c, 0);
  json_t *spec = tree_of("{\"name\": \"t\", \"id\": 3, \"bins\": 2, \"rate\": 1, "
                         "\"residual\": false, \"act\": \"elu\", \"file\": \"a.csv\", "
                         "\"hidden\": [], \"weights\": [1, -2.5], \"map\": \"affine\", "
                         "\"steps\": 1e6}");
  json_t *resolved = json_object();
  assert_int_equal(weiri_opts_read(&c.ctx, opts, &x, spec, "", resolved), WEIR_OK);
  json_decref(spec); /* what the instance needs it holds */
  assert_int_equal(x.bins, 2);
  assert_true(x.rate == 1.0 && !x.residual && x.act == 2);
  assert_string_equal(x.file, "a.csv");
  assert_int_equal(x.hidden.n, 0);
  assert_true(x.weights.n == 2 && x.weights.v[0] == 1.0 && x.weights.v[1] == -2.5);
  assert_string_equal(json_string_value(x.map), "affine");
  assert_int_equal(x.steps, 1000000);
  assert_true(json_is_integer(json_object_get(resolved, "steps")));
  assert_true(json_is_real(json_object_get(resolved, "rate")));
  assert_null(json_object_get(resolved, "id"));
  weiri_opts_free(&c.ctx, opts, &x);
  counting_check(&c);
  json_decref(resolved);
}

static void check(const weir_opt *table, const char *json, const char *message) {
  counting c;
  thing x = {0};
  const thing zero = {0};
  counting_init(&c, 0);
  json_t *spec = tree_of(json);
  assert_int_equal(
      weiri_opts_read(&c.ctx, table, &x, spec, "model.layers[3]", NULL), WEIR_E_CONFIG);
  assert_string_equal(weir_error(), message);
  assert_ptr_equal(x.file, zero.file);
  assert_ptr_equal(x.hidden.v, zero.hidden.v);
  assert_ptr_equal(x.map, zero.map);
  counting_check(&c);
  json_decref(spec);
}

static void wrong_values(void **state) {
  (void)state;
#define AT "model.layers[3]."
  check(
      opts, "{\"bins\": 1}", AT "bins: expected an integer within [2, 1024], found 1");
  check(opts, "{\"bins\": 2.5}",
      AT "bins: expected an integer within [2, 1024], found 2.5");
  check(opts, "{\"bins\": \"8\"}",
      AT "bins: expected an integer within [2, 1024], found '8'");
  check(opts, "{\"bins\": null}",
      AT "bins: expected an integer within [2, 1024], found null");
  check(opts, "{\"bins\": true}",
      AT "bins: expected an integer within [2, 1024], found true");
  check(
      opts, "{\"rate\": 1.25}", AT "rate: expected a number within [0, 1], found 1.25");
  check(
      opts, "{\"rate\": []}", AT "rate: expected a number within [0, 1], found a list");
  check(opts, "{\"residual\": 1}", AT "residual: expected true or false, found 1");
  check(
      opts, "{\"act\": \"rel\"}", AT "act: expected one of tanh|relu|elu, found 'rel'");
  check(opts, "{\"act\": 1}", AT "act: expected one of tanh|relu|elu, found 1");
  check(opts, "{\"file\": {}}", AT "file: expected text, found a mapping");
  check(opts, "{\"hidden\": 64}",
      AT "hidden: expected a list of integers within [1, 4096], found 64");
  check(opts, "{\"hidden\": null}",
      AT "hidden: expected a list of integers within [1, 4096], found null");
  check(opts, "{\"file\": \"f\", \"hidden\": [64, 0]}",
      AT "hidden: [1]: expected an integer within [1, 4096], found 0");
  check(opts, "{\"weights\": [1, \"b\"]}",
      AT "weights: [1]: expected a number, found 'b'");
  check(opts, "{\"steps\": 1e300}", AT "steps: expected an integer, found 1e+300");
#undef AT
}

static void wrong_keys(void **state) {
  (void)state;
  check(opts, "{\"bin\": 8}",
      "model.layers[3]: unknown option 'bin', did you mean 'bins'?");
  check(opts, "{\"zzz\": 8}",
      "model.layers[3]: unknown option 'zzz', known are bins, rate, residual, act, "
      "file, "
      "hidden, weights, map, steps");
  check(opts + 9, "{\"zzz\": 8}",
      "model.layers[3]: unknown option 'zzz', there are none");
  check(opts, "[1]", "model.layers[3]: expected a mapping, found a list");
  check(required, "{}", "model.layers[3].size: required, and not given");
}

static void wrong_table(void **state) {
  (void)state;
  static const weir_opt broken[] = {
      {"size", WEIR_OPT_INT, 0, "{", 0, 0, NULL, "size"},
      {NULL, WEIR_OPT_INT, 0, NULL, 0, 0, NULL, NULL},
  };
  counting c;
  thing x = {0};
  counting_init(&c, 0);
  assert_int_equal(
      weiri_opts_read(&c.ctx, broken, &x, NULL, NULL, NULL), WEIR_E_INTERNAL);
  assert_non_null(strstr(weir_error(), "size: the default '{' is not JSON"));
}

static weir_status use_options(weir_ctx *ctx) {
  thing x = {0};
  json_t *spec = tree_of("{\"file\": \"a.csv\", \"weights\": [1, 2]}");
  const weir_status status = weiri_opts_read(ctx, opts, &x, spec, "m", NULL);
  if (status == WEIR_OK) {
    weiri_opts_free(ctx, opts, &x);
  }
  json_decref(spec);
  return status;
}

static void failing_allocator(void **state) {
  (void)state;
  counting_fail_each(use_options);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults),
      cmocka_unit_test(values),
      cmocka_unit_test(wrong_values),
      cmocka_unit_test(wrong_keys),
      cmocka_unit_test(wrong_table),
      cmocka_unit_test(failing_allocator),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
