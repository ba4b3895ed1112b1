/* weir eval: the mean log-likelihood of a table under a model. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cli/json.h"
#include "cli/rows.h"
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

static json_t *numbers(int64_t n, const double *x) {
  json_t *list = json_array();
  for (int64_t i = 0; i < n; i++) {
    json_array_append_new(list, cli_json_real(x[i]));
  }
  return list;
}

/* Latents that carry nothing: constant means, and no KL where it is known. */
static bool is_dead(const weir_vae_score *s, int64_t j) {
  return s->variance[j] <= 0.01 && (!s->has_kl || s->kl[j] < 0.01);
}

static int print_vae_json(const weir_model *model, const weir_vae_score *s) {
  json_t *dead = json_array();
  for (int64_t j = 0; j < s->latents; j++) {
    if (is_dead(s, j)) {
      json_array_append_new(dead, json_integer(j + 1));
    }
  }
  json_t *out = json_pack("{s:o, s:o, s:I, s:s, s:s, s:I, s:o}", "mean_log_prob",
      cli_json_real(s->log_likelihood), "standard_error",
      cli_json_real(s->log_likelihood_error), "n", (json_int_t)s->n, "kind",
      weir_model_kind(model), "measure", weir_model_measure(model), "samples",
      (json_int_t)s->samples, "effective_samples", cli_json_real(s->effective_samples));
  json_object_set_new(out, "elbo", cli_json_real(s->elbo));
  json_object_set_new(out, "elbo_standard_error", cli_json_real(s->elbo_error));
  json_object_set_new(out, "reconstruction", cli_json_real(s->reconstruction));
  json_object_set_new(out, "kl", cli_json_real(-s->rate));
  json_object_set_new(
      out, "kl_per_latent", s->has_kl ? numbers(s->latents, s->kl) : json_null());
  json_object_set_new(out, "latent_variance", numbers(s->latents, s->variance));
  json_object_set_new(out, "active_units", json_integer((json_int_t)s->active));
  json_object_set_new(out, "dead_latents", dead);
  json_object_set_new(out, "mutual_information", cli_json_real(s->information));
  json_object_set_new(out, "mutual_information_cap", cli_json_real(s->information_cap));
  json_object_set_new(
      out, "reconstruction_error", cli_json_real(s->reconstruction_error));
  return cli_json_print(stdout, out);
}

static void print_dead(const weir_vae_score *s) {
  int64_t dead = 0;
  for (int64_t j = 0; j < s->latents; j++) {
    if (is_dead(s, j)) {
      printf(dead++ == 0 ? "collapsed latents        z%" PRId64 : " z%" PRId64, j + 1);
    }
  }
  printf("%s", dead > 0 ? "\n" : "");
}

static void print_kl(const weir_vae_score *s) {
  for (int64_t j = 0; s->has_kl && j < s->latents; j++) {
    printf(j == 0        ? "KL per latent            %.3f"
           : j % 10 == 0 ? "\n                         %.3f"
                         : " %.3f",
        s->kl[j]);
  }
  printf("%s", s->has_kl ? "\n" : "");
}

static int print_vae(
    const cli_env *env, const weir_model *model, const weir_vae_score *s) {
  if (env->json) {
    return print_vae_json(model, s);
  }
  printf("log-likelihood           %.4f +- %.4f nats per row (importance-weighted "
         "bound, %" PRId64 " draws)\n",
      s->log_likelihood, s->log_likelihood_error, s->samples);
  printf("effective draws          %.1f of %" PRId64 "\n", s->effective_samples,
      s->samples);
  printf("ELBO                     %.4f +- %.4f (1 draw)\n", s->elbo, s->elbo_error);
  printf("  reconstruction         %.4f\n", s->reconstruction);
  printf("  KL to the prior        %.4f\n", -s->rate);
  print_kl(s);
  printf(
      "active latents           %" PRId64 " of %" PRId64 "\n", s->active, s->latents);
  print_dead(s);
  if (isfinite(s->information)) {
    printf("mutual information       %.4f nats, at most %.4f as measured\n",
        s->information, s->information_cap);
  }
  printf("reconstruction error     %.6g (root mean square, units of the columns)\n",
      s->reconstruction_error);
  printf("rows                     %" PRId64 "\n", s->n);
  printf("measure                  %s\n", weir_model_measure(model));
  return 0;
}

static int evaluate_vae(const cli_env *env, const cli_args *args,
    const weir_model *model, const weir_frame *frame) {
  weir_vae_score score;
  const weir_row_set rows = {frame, NULL, weir_frame_rows(frame)};
  const int code = cli_fail(weir_model_vae_score(
      model, rows, cli_int(args, "samples", weir_model_samples(model)), &score));
  if (code != 0) {
    return code;
  }
  const int printed = print_vae(env, model, &score);
  weir_vae_score_free(&score);
  return printed;
}

static int evaluate_flow(
    const cli_env *env, const weir_model *model, const weir_frame *frame) {
  weir_score score;
  const weir_row_set rows = {frame, NULL, weir_frame_rows(frame)};
  const int code = cli_fail(weir_model_score(model, rows, &score));
  return code != 0 ? code : print(env, model, &score);
}

static const cli_opt vae_options[] = {
    {"samples", 'k', CLI_INT, "K",
        "autoencoders: draws per row of the importance-weighted log-likelihood (as the "
        "model says)",
        1, 1e9, NULL, NULL},
    {0}};

static int evaluate(cli_env *env, const cli_args *args) {
  weir_model *model = NULL;
  cli_frame data = {NULL, NULL};
  int code = cli_model(&model, env, args, args->words[0]);
  if (code == 0) {
    code = cli_fail(
        cli_frame_read(&data, env, weir_model_schema(model), args->words[1], args));
  }
  if (code == 0 && weir_model_has_posterior(model)) {
    code = evaluate_vae(env, args, model, data.frame);
  } else if (code == 0) {
    code = cli_has(args, "samples")
               ? cli_usage("--samples: the model has no posterior to draw from")
               : evaluate_flow(env, model, data.frame);
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
    .options = (const cli_opt *const[]){vae_options, cli_read_options,
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
        "the reconstruction error.",
    .examples =
        (const char *const[]){"weir eval model.safetensors test.csv --json", NULL},
    .run = run,
};
