/* weir eval: the mean log-likelihood of a table under a model. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cli/eval_vae.h"
#include "cli/json.h"
#include "weir/train.h"

static int print(const cli_env *env, const weir_model *model, const weir_score *s) {
  const char *kind = weir_model_kind(model);
  if (env->json) {
    json_t *out = json_pack("{s:o, s:o, s:I, s:s}", "mean_log_prob",
        cli_json_real(s->mean_log_prob), "standard_error",
        cli_json_real(s->standard_error), "n", (json_int_t)s->n, "kind", kind);
    if (isfinite(s->bits_per_dim)) {
      json_object_set_new(out, "bits_per_dim", json_real(s->bits_per_dim));
    }
    return cli_json_print(stdout, out);
  }
  printf("mean log-likelihood  %.6f +- %.6f nats per row (%s)\n", s->mean_log_prob,
      s->standard_error, kind);
  if (isfinite(s->bits_per_dim)) {
    printf("bits per dimension   %.6f\n", s->bits_per_dim);
  }
  printf("rows                 %" PRId64 "\n", s->n);
  printf("measure              %s\n", weir_model_measure(model));
  return 0;
}

static int evaluate_flow(
    const cli_env *env, const weir_model *model, const weir_frame *frame) {
  weir_score score;
  const weir_row_set rows = {frame, NULL, weir_frame_rows(frame)};
  const int code = cli_fail(weir_model_score(model, rows, &score));
  return code != 0 ? code : print(env, model, &score);
}

static int evaluate(cli_env *env, const cli_args *args) {
  weir_model *model = NULL;
  cli_frame data = {NULL, NULL};
  int code = cli_model(&model, env, args, args->words[0]);
  if (code == 0) {
    code = cli_fail(
        cli_frame_read(&data, env, weir_model_schema(model), args->words[1], args));
  }
  if (code == 0 && weir_model_has_posterior(model)) {
    code = cli_eval_vae(env, args, model, &data);
  } else if (code == 0) {
    code = cli_eval_no_vae(args);
    code = code == 0 ? evaluate_flow(env, model, data.frame) : code;
  }
  cli_frame_free(&data);
  weir_model_destroy(&model);
  return code;
}

static int run(const cli_args *args) {
  return cli_env_run(args, evaluate);
}

extern const cli_verb cli_verb_eval;
const cli_verb cli_verb_eval = {
    .name = "eval",
    .summary = "mean log-likelihood of a table, with its standard error",
    .words = "MODEL DATA",
    .min_words = 2,
    .max_words = 2,
    .options = (const cli_opt *const[]){cli_vae_options, cli_read_options,
        cli_compute_options, NULL},
    .text =
        "Nats per row, in the units of the columns: figures compare between models of "
        "the same table only. The kind is exact, bound (a lower bound, where values "
        "are discrete) or estimate. bits_per_dim is given where every column is "
        "discrete. Columns are found by name. Of an autoencoder it prints the ELBO "
        "with "
        "its parts and the KL of each latent, the importance-weighted log-likelihood "
        "with the effective number of draws, active and collapsed latents, the mutual "
        "information of latent and data with the most that it can be as measured, and "
        "the reconstruction error. --ais T adds annealed importance sampling with "
        "Hamiltonian moves, which does not lean on the encoder, and --simulated N "
        "brackets log p(x) of rows drawn from the model from both sides: the gap says "
        "how far annealing with these options is off.",
    .examples =
        (const char *const[]){"weir eval model.safetensors test.csv --json", NULL},
    .run = run,
};
