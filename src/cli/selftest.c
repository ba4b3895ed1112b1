/* weir selftest: does a model keep its word about its own density? */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "weir/selftest.h"

#include "cli/json.h"
#include "cli/rows.h"

static const cli_opt options[] = {
    {"rows", 0, CLI_INT, "N", "rows of DATA looked at, at most (1000)", 1, 1e9, NULL,
        NULL},
    {"points", 0, CLI_INT, "N", "evaluations for an integral, at most (200000)", 1000,
        1e9, NULL, NULL},
    {"jacobian", 0, CLI_INT, "N", "points for the log-determinant (100)", 1, 1e6, NULL,
        NULL},
    {0}};

static json_t *check_json(const weir_check *c) {
  return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s}", "name", c->name, "state",
      weir_check_state_text(c->state), "value", cli_json_real(c->value), "error",
      cli_json_real(c->error), "target", cli_json_real(c->target), "tolerance",
      cli_json_real(c->tolerance), "text", c->text);
}

static int print_json(const weir_selftest_result *result) {
  json_t *list = json_array();
  for (int64_t i = 0; i < weir_selftest_checks(result); i++) {
    const weir_check c = weir_selftest_check(result, i);
    json_array_append_new(list, check_json(&c));
  }
  return cli_json_print(
      stdout, json_pack("{s:b, s:o}", "ok", weir_selftest_ok(result), "checks", list));
}

static void print_human(const weir_selftest_result *result) {
  for (int64_t i = 0; i < weir_selftest_checks(result); i++) {
    const weir_check c = weir_selftest_check(result, i);
    printf("%-12s %-28s %s\n", weir_check_state_text(c.state), c.name, c.text);
  }
  const bool failed = weir_selftest_count(result, WEIR_CHECK_FAILED) > 0;
  printf("%s: %" PRId64 " passed, %" PRId64 " failed, %" PRId64 " not checked\n",
      weir_selftest_ok(result) ? "ok"
      : failed                 ? "not ok"
                               : "nothing that speaks of the density could be checked",
      weir_selftest_count(result, WEIR_CHECK_PASSED),
      weir_selftest_count(result, WEIR_CHECK_FAILED),
      weir_selftest_count(result, WEIR_CHECK_NOT_CHECKED));
}

static int check(cli_env *env, const cli_args *args, const weir_model *model,
    const weir_frame *frame) {
  weir_selftest_opts opts = WEIR_SELFTEST_OPTS_INIT;
  opts.seed = env->seed;
  opts.rows = cli_int(args, "rows", 0);
  opts.points = cli_int(args, "points", 0);
  opts.jacobian = cli_int(args, "jacobian", 0);
  const weir_row_set rows = {frame, NULL, weir_frame_rows(frame)};
  weir_selftest_result *result = NULL;
  int code = cli_fail(weir_selftest(&result, model, rows, &opts));
  if (code != 0) {
    return code;
  }
  if (env->json) {
    code = print_json(result);
  } else {
    print_human(result);
  }
  if (code == 0 && !weir_selftest_ok(result)) {
    code = CLI_DIVERGED;
  }
  weir_selftest_destroy(&result);
  return code;
}

static int selftest(cli_env *env, const cli_args *args) {
  weir_model *model = NULL;
  cli_frame data = {NULL, NULL};
  int code = cli_model(&model, env, args, args->words[0]);
  if (code == 0) {
    code = cli_fail(
        cli_frame_read(&data, env, weir_model_schema(model), args->words[1], args));
  }
  if (code == 0) {
    code = check(env, args, model, data.frame);
  }
  cli_frame_free(&data);
  weir_model_destroy(&model);
  return code;
}

static int run(const cli_args *args) {
  return cli_env_run(args, selftest);
}

extern const cli_verb cli_verb_selftest;
const cli_verb cli_verb_selftest = {
    .name = "selftest",
    .summary = "check the density that a model claims",
    .words = "MODEL DATA",
    .min_words = 2,
    .max_words = 2,
    .options =
        (const cli_opt *const[]){options, cli_read_options, cli_compute_options, NULL},
    .text =
        "Up to 3 columns the density is integrated; above, round trips at the data and "
        "far from it, log-determinants against the Jacobian, supports, and up to 8 "
        "columns an estimate of the integral. What was not checked is named. Exit "
        "code 3 when a check failed or nothing could be checked.",
    .examples = (const char *const[]){"weir selftest model.safetensors test.csv", NULL},
    .run = run,
};
