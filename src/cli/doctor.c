/* weir doctor: what this build is, what it found, and whether its arithmetic is right.
 */
#include <math.h>
#include <stdio.h>

#include "cli/env.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/recipes.h"
#include "weir/about.h"

static json_t *choices(const cli_env *env) {
  json_t *list = json_array();
  char line[160];
  for (int i = 0; weir_kernel_choice(env->ctx, i, line); i++) {
    json_array_append_new(list, json_string(line));
  }
  return list;
}

static int print_json(
    const cli_env *env, const weir_about *a, const char *check, double worst) {
  const char *folder = cli_recipes_folder();
  return cli_json_print(stdout,
      json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:o, s:o, s:s?}",
          "version", a->version, "commit", a->commit, "compiler", a->compiler, "flags",
          a->flags, "build_type", a->build_type, "features", a->features, "missing",
          a->missing, "isa", weir_ctx_isa(env->ctx), "threads",
          weir_ctx_threads(env->ctx), "kernels", check, "worst_precisions",
          cli_json_real(worst), "products", choices(env), "recipes", folder));
}

static void print_human(
    const cli_env *env, const weir_about *a, const char *check, double worst) {
  const char *folder = cli_recipes_folder();
  printf("weir %s, commit %s\n", a->version, a->commit);
  printf("  compiler     %s\n  flags        %s (%s)\n", a->compiler, a->flags,
      a->build_type);
  printf("  built with   %s\n  left out     %s\n", a->features, a->missing);
  printf("  instructions %s\n  threads      %d\n", weir_ctx_isa(env->ctx),
      weir_ctx_threads(env->ctx));
  printf(
      "  recipes      %s\n", folder == NULL ? "not found; set WEIR_RECIPES" : folder);
  printf(
      "  kernels      %s (largest difference %.1f units of precision)\n", check, worst);
  char line[160];
  for (int i = 0; weir_kernel_choice(env->ctx, i, line); i++) {
    printf("  products     %s\n", line);
  }
}

static int doctor(cli_env *env, const cli_args *args) {
  const weir_about about = weir_about_build();
  double worst = NAN;
  const int bad = cli_fail(weir_kernel_check(env->ctx, &worst));
  const char *check = bad == 0 ? "right" : "WRONG";
  int code = 0;
  (void)args;
  if (env->json) {
    code = print_json(env, &about, check, worst);
  } else {
    print_human(env, &about, check, worst);
  }
  return bad != 0 ? CLI_DIVERGED : code;
}

static int run(const cli_args *args) {
  return cli_env_run(args, doctor);
}

extern const cli_verb cli_verb_doctor;
const cli_verb cli_verb_doctor = {
    .name = "doctor",
    .summary = "what this build is, and whether its arithmetic is right",
    .words = "",
    .options = (const cli_opt *const[]){cli_compute_options, NULL},
    .text = "Version, commit, compiler, instruction set, threads, optional libraries, "
            "where recipes are found; compares the kernels in use with plain "
            "arithmetic, and says which of them "
            "serves which matrix product. "
            "Exit code 3 when they differ.",
    .examples = (const char *const[]){"weir doctor", NULL},
    .run = run,
};
