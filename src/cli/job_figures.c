/* What a fit gave: held-out score, baselines, the record, and their display. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/job.h"
#include "cli/json.h"
#include "weir/about.h"

#define WIDE 64 /* discrete columns, as images have */

/* The rows that the figures are of: held out, else validation, else training. */
static int choose_rows(cli_job *job) {
  static const char *const names[] = {"training", "validation", "test"};
  int part = WEIR_SPLIT_TEST;
  while (part > 0 && job->set[part].n == 0) {
    part--;
  }
  job->scored = names[part];
  return part;
}

static json_t *score_json(const weir_score *s) {
  return json_pack("{s:I, s:o, s:o}", "n", (json_int_t)s->n, "mean_log_prob",
      cli_json_real(s->mean_log_prob), "standard_error",
      cli_json_real(s->standard_error));
}

static json_t *held_out_json(const cli_job *job) {
  json_t *held = score_json(&job->score);
  json_object_set_new(held, "rows", json_string(job->scored));
  json_object_set_new(held, "kind", json_string(weir_model_kind(job->model)));
  if (isfinite(job->score.bits_per_dim)) {
    json_object_set_new(held, "bits_per_dim", json_real(job->score.bits_per_dim));
  }
  return held;
}

static json_t *baselines_json(const cli_job *job) {
  if (!job->has_baselines) {
    return json_null();
  }
  json_t *mixture = score_json(&job->baselines.mixture);
  json_object_set_new(
      mixture, "components", json_integer((json_int_t)job->baselines.components));
  return json_pack("{s:o, s:o}", "gaussian", score_json(&job->baselines.gaussian),
      "mixture", mixture);
}

static json_t *warnings_json(const cli_job *job) {
  json_t *list = json_array();
  for (int64_t i = 0; i < weir_schema_warnings(job->schema); i++) {
    json_array_append_new(list, json_string(weir_schema_warning(job->schema, i).text));
  }
  return list;
}

static json_t *data_json(const cli_job *job) {
  static const char *const names[] = {"train", "valid", "test"};
  json_t *data = json_object(), *rows = json_object();
  for (int i = 0; i < 3; i++) {
    json_object_set_new(rows, names[i], json_integer((json_int_t)job->set[i].n));
    if (job->frame[i] != NULL) {
      char digest[65], key[32];
      weir_frame_digest(job->frame[i], digest);
      snprintf(key, sizeof key, "%s_sha256", names[i]);
      json_object_set_new(data, key, json_string(digest));
    }
  }
  json_object_set_new(data, "rows", rows);
  json_object_set_new(data, "warnings", warnings_json(job));
  return data;
}

/* No wall time and no number of threads: the same run gives the same file. */
static json_t *make_record(const cli_job *job) {
  const weir_about about = weir_about_build();
  json_t *r = cli_json_parse(weir_model_record(job->model));
  json_object_set_new(r, "version", json_string(about.version));
  json_object_set_new(r, "commit", json_string(about.commit));
  json_object_set_new(r, "compiler", json_string(about.compiler));
  json_object_set_new(r, "isa", json_string(weir_ctx_isa(job->env->ctx)));
  json_object_set(r, "dtype", json_object_get(job->config.train, "dtype"));
  json_object_set_new(r, "seed", json_integer((json_int_t)job->seed));
  json_object_set_new(r, "command", json_string(job->command));
  json_object_set_new(r, "steps", json_integer((json_int_t)job->result.steps));
  json_object_set_new(r, "epochs", json_integer((json_int_t)job->result.epochs));
  json_object_set_new(r, "best_step", json_integer((json_int_t)job->result.best_step));
  json_object_set_new(r, "stopped_early", json_boolean(job->result.stopped_early));
  json_object_set_new(r, "data", data_json(job));
  json_object_set_new(r, "held_out", held_out_json(job));
  json_object_set_new(r, "baselines", baselines_json(job));
  json_object_set_new(
      r, "config", cli_config_whole(&job->config, weir_model_config(job->model)));
  return r;
}

int cli_job_figures(cli_job *job) {
  const int part = choose_rows(job);
  const int code = cli_fail(weir_model_score(job->model, job->set[part], &job->score));
  if (code != 0) {
    return code;
  }
  if (weir_model_discrete(job->model) > WIDE) {
    cli_note("no baselines: Gaussians say little of %" PRId64 " discrete columns",
        weir_model_discrete(job->model));
    job->record = make_record(job);
    return job->record != NULL ? 0 : cli_no_memory();
  }
  const weir_status status = weir_baselines_fit(&job->baselines, job->env->ctx,
      job->schema, job->set[0], job->set[1], job->set[part], job->seed);
  job->has_baselines = status == WEIR_OK;
  if (status != WEIR_OK) {
    cli_warn("no baselines: %s", weir_error());
  }
  job->record = make_record(job);
  return job->record != NULL ? 0 : cli_no_memory();
}

static void print_score(const char *name, const weir_score *s) {
  printf("  %-30s %12.4f +- %.4f\n", name, s->mean_log_prob, s->standard_error);
}

/* Whether the figures are of rows that training has not seen. */
static const char *honesty(const cli_job *job) {
  return strcmp(job->scored, "test") == 0 ? ""
         : strcmp(job->scored, "validation") == 0
             ? " (these rows chose when to stop; a test set would be fairer)"
             : " (no rows were held out)";
}

/* A file of the data section, found where the command runs. */
static void print_place(const cli_job *job, const char *before, const char *file) {
  const bool inside = job->root != NULL && file[0] != '/';
  printf("%s%s%s%s", before, inside ? job->root : "", inside ? "/" : "", file);
}

/* The rows to look at, as words of a command: the test rows' file, else the whole. */
static void print_data(const cli_job *job) {
  const json_t *data = job->config.data;
  const char *test = cli_key_text(data, "test"), *image = cli_key_text(data, "image");
  const char *labels = cli_key_text(data, test != NULL ? "test_labels" : "labels");
  print_place(job, " ", test != NULL ? test : cli_key_text(data, "file"));
  if (image != NULL) {
    printf(" --image %s", image);
  }
  if (labels != NULL) {
    print_place(job, " --labels ", labels);
  }
}

void cli_job_print(const cli_job *job) {
  printf("log-likelihood of %" PRId64 " %s rows, nats per row, %s%s\n", job->score.n,
      job->scored, weir_model_kind(job->model), honesty(job));
  print_score("model", &job->score);
  if (job->has_baselines) {
    char name[64];
    snprintf(name, sizeof name, "mixture of %" PRId64 " Gaussians",
        job->baselines.components);
    print_score("Gaussian, full covariance", &job->baselines.gaussian);
    print_score(name, &job->baselines.mixture);
  }
  if (isfinite(job->score.bits_per_dim)) {
    printf("  %-30s %12.4f\n", "bits per dimension", job->score.bits_per_dim);
  }
  if (job->result.stopped_early) {
    printf("stopped early, at step %" PRId64
           ": validation rows were last at their best "
           "after step %" PRId64 ", whose weights are kept\n",
        job->result.steps, job->result.best_step);
  }
  printf("written after %.1f s\n  %s\n  %s\n  %s\nnext\n", job->result.seconds,
      job->output, job->yaml, job->metrics);
  printf("  weir sample %s -n 1000 -o samples.csv\n", job->output);
  printf("  weir report %s", job->output);
  print_data(job);
  printf(" -o report.html\n  weir selftest %s", job->output);
  print_data(job);
  putchar('\n');
}

json_t *cli_job_json(const cli_job *job) {
  json_t *out = held_out_json(job);
  json_object_set_new(out, "baselines", baselines_json(job));
  json_object_set_new(out, "model", json_string(job->output));
  json_object_set_new(out, "config", json_string(job->yaml));
  json_object_set_new(out, "metrics", json_string(job->metrics));
  json_object_set_new(
      out, "parameters", json_integer((json_int_t)weir_model_parameters(job->model)));
  json_object_set_new(out, "steps", json_integer((json_int_t)job->result.steps));
  json_object_set_new(out, "epochs", json_integer((json_int_t)job->result.epochs));
  json_object_set_new(out, "valid_log_prob", cli_json_real(job->result.valid_log_prob));
  json_object_set_new(out, "seconds", cli_json_real(job->result.seconds));
  json_object_set_new(out, "peak_memory_bytes", cli_json_real(cli_peak_memory()));
  json_object_set_new(out, "resumed", json_boolean(job->result.resumed));
  return out;
}
