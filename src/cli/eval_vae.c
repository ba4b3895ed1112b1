/* Figures of an autoencoder on a table: what `weir eval` prints of one. */
#include "cli/eval_vae.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cli/annealed.h"
#include "cli/json.h"
#include "cli/neighbours.h"

const cli_opt cli_vae_options[] = {
    {"samples", 'k', CLI_INT, "K",
        "autoencoders: draws per row of the importance-weighted log-likelihood (as the "
        "model says)",
        1, 1e9, NULL, NULL},
    {"ais", 0, CLI_INT, "T",
        "autoencoders: annealed importance sampling too, over T temperatures", 1, 1e7,
        NULL, NULL},
    {"ais-rows", 0, CLI_INT, "N", "of the first N rows; 0: of all (100)", 0, 1e12, NULL,
        NULL},
    {"chains", 0, CLI_INT, "C", "annealed chains per row (16)", 1, 1e5, NULL, NULL},
    {"leapfrogs", 0, CLI_INT, "L",
        "steps of a Hamiltonian move between temperatures (10)", 1, 1e5, NULL, NULL},
    {"schedule", 0, CLI_TEXT, "HOW", "spacing of the temperatures (sigmoid)", 0, 0,
        "sigmoid|linear", NULL},
    {"ais-from", 0, CLI_TEXT, "WHAT", "where chains start (prior)", 0, 0,
        "prior|posterior", NULL},
    {"simulated", 0, CLI_INT, "N",
        "bracket log p(x) of N rows drawn from the model, chains run both ways (0)", 0,
        1e9, NULL, NULL},
    {"neighbours", 0, CLI_INT, "K",
        "accuracy of labels by the K nearest latents; needs a column of labels", 1, 1e6,
        NULL, NULL},
    {"label", 0, CLI_TEXT, "COLUMN", "the column of labels (label)", 0, 0, NULL, NULL},
    {"reference", 0, CLI_FILE, "FILE",
        "table in which the neighbours are looked for; else the other rows of DATA", 0,
        0, NULL, NULL},
    {"reference-labels", 0, CLI_FILE, "FILE",
        "labels of its rows, where they are not in it", 0, 0, NULL, NULL},
    {0}};

int cli_eval_no_vae(const cli_args *args) {
  for (const cli_opt *o = cli_vae_options; o->name != NULL; o++) {
    if (cli_has(args, o->name)) {
      return cli_usage("--%s: the model has no posterior to draw from", o->name);
    }
  }
  return 0;
}

/* ---- printing ---- */

static json_t *numbers(int64_t n, const double *x) {
  json_t *list = json_array();
  for (int64_t i = 0; i < n; i++) {
    json_array_append_new(list, cli_json_real(x[i]));
  }
  return list;
}

/* Latents that carry nothing: constant means, and no KL where it is known. */
static bool is_dead(const weir_vae_score *s, int64_t j) {
  return s->variance[j] <= s->active_variance && (!s->has_kl || s->kl[j] < 0.01);
}

static json_t *score_json(const weir_model *model, const weir_vae_score *s) {
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
  json_object_set_new(out, "kl_per_group", numbers(s->groups, s->group_kl));
  json_object_set_new(out, "latent_variance", numbers(s->latents, s->variance));
  json_object_set_new(out, "active_units", json_integer((json_int_t)s->active));
  json_object_set_new(out, "dead_latents", dead);
  json_object_set_new(out, "mutual_information", cli_json_real(s->information));
  json_object_set_new(out, "mutual_information_cap", cli_json_real(s->information_cap));
  json_object_set_new(
      out, "reconstruction_error", cli_json_real(s->reconstruction_error));
  return out;
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

static void print_score(const weir_model *model, const weir_vae_score *s) {
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
}

/* ---- the verb's part ---- */

static int score(const cli_env *env, const cli_args *args, const weir_model *model,
    const weir_frame *frame, json_t **out) {
  weir_vae_score s;
  const weir_row_set rows = {frame, NULL, weir_frame_rows(frame)};
  const int code = cli_fail(weir_model_vae_score(
      model, rows, cli_int(args, "samples", weir_model_samples(model)), &s));
  if (code != 0) {
    return code;
  }
  if (env->json) {
    *out = score_json(model, &s);
  } else {
    print_score(model, &s);
  }
  weir_vae_score_free(&s);
  return 0;
}

int cli_eval_vae(cli_env *env, const cli_args *args, const weir_model *model,
    const cli_frame *data) {
  json_t *out = NULL;
  int code = cli_annealed_check(args, data->frame);
  if (code == 0) {
    code = cli_neighbours_check(args, data);
  }
  if (code == 0) {
    code = score(env, args, model, data->frame, &out);
  }
  if (code == 0 && cli_has(args, "neighbours")) {
    code = cli_neighbours(env, args, model, data, out);
  }
  if (code == 0) {
    code = cli_annealed(env, args, model, data->frame, out);
  }
  /* A run that was stopped has said what it knows. */
  if (out != NULL && (code == 0 || cli_signal() != 0)) {
    const int printed = cli_json_print(stdout, out);
    return code == 0 ? printed : code;
  }
  json_decref(out);
  return code;
}
