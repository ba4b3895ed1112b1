/* A fit from the model to its files. */
#define _POSIX_C_SOURCE 200809L
#include "cli/job.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/out.h"
#include "cli/progress.h"

weir_dtype cli_job_dtype(const cli_job *job) {
  return strcmp(cli_key_text(job->config.train, "dtype"), "f64") == 0 ? WEIR_F64
                                                                      : WEIR_F32;
}

int cli_job_model(cli_job *job) {
  weir_model_opts opts = WEIR_MODEL_OPTS_INIT;
  const json_t *section = json_object_get(job->config.root, "model");
  opts.config = json_is_null(section) ? NULL : section;
  opts.dtype = cli_job_dtype(job);
  opts.seed = job->seed;
  opts.rows = job->set[WEIR_SPLIT_TRAIN].n;
  opts.time_limit = job->time_limit;
  return cli_fail(weir_model_create(&job->model, job->env->ctx, job->schema, &opts));
}

static int say_stopped(const cli_job *job, const cli_progress *p) {
  if (cli_signal() == 0) {
    return cli_error("%s", weir_error());
  }
  cli_error("stopped after step %" PRId64 ", saved in %s; go on with: %s", p->last.step,
      job->checkpoint, job->again);
  return cli_signal_code();
}

/* The configuration of a run under a time limit gets what was fixed on the way, in the
 * limit's place, so that it repeats the run. */
static void keep_plan(cli_job *job) {
  if (job->result.plans == 0) {
    return;
  }
  json_t *plan = json_array();
  for (int64_t i = 0; i < 3 * job->result.plans; i++) {
    json_array_append_new(plan, json_integer((json_int_t)job->result.plan[i]));
  }
  json_object_set_new(job->config.train, "plan", plan);
  json_object_set_new(job->config.train, "time_limit", json_real(0.0));
}

static int train(cli_job *job) {
  cli_progress progress;
  cli_progress_begin(&progress, job->env->quiet);
  weir_fit_opts opts = WEIR_FIT_OPTS_INIT;
  opts.config = job->config.fit;
  opts.time_limit = job->time_limit;
  opts.seed = job->seed;
  opts.checkpoint = job->checkpoint;
  opts.resume = job->resume;
  opts.keep_checkpoint = true;
  opts.metrics = job->metrics;
  opts.progress = cli_progress_step;
  opts.user = &progress;
  const weir_status status =
      weir_fit(job->model, job->set[0], job->set[1], &opts, &job->result);
  cli_progress_end(&progress);
  if (status == WEIR_OK) {
    keep_plan(job);
  }
  return status == WEIR_E_CANCELLED ? say_stopped(job, &progress) : cli_fail(status);
}

/* The configuration with every default beside the model. */
static int write_yaml(const cli_job *job) {
  json_t *whole = cli_config_whole(&job->config, weir_model_config(job->model));
  char *text = NULL;
  if (whole == NULL) {
    return cli_no_memory();
  }
  int code = cli_fail(weir_config_yaml(job->env->ctx, whole, &text));
  if (code == 0) {
    code = cli_write_text(job->yaml, text);
  }
  weir_text_free(job->env->ctx, text);
  json_decref(whole);
  return code;
}

static int save(cli_job *job) {
  char *text = json_dumps(job->record, JSON_COMPACT);
  if (text == NULL) {
    return cli_no_memory();
  }
  weir_status status = weir_model_set_record(job->model, text);
  free(text);
  if (status == WEIR_OK) {
    status = weir_model_save(job->model, job->output);
  }
  return cli_fail(status);
}

int cli_job_train(cli_job *job) {
  int code = train(job);
  if (code == 0) {
    code = cli_job_figures(job);
  }
  if (code == 0) {
    code = save(job);
  }
  if (code == 0) {
    code = write_yaml(job);
  }
  if (code == 0) {
    unlink(job->checkpoint);
  }
  return code;
}

int cli_job_configure(cli_job *job, const cli_args *args, const char *file) {
  job->file = file;
  const int code = cli_fail(cli_config_read(&job->config, job->env, args, file));
  if (code == 0) {
    job->seed = (uint64_t)cli_key_real(job->config.train, "seed");
    job->time_limit = cli_key_real(job->config.train, "time_limit");
  }
  return code;
}

int cli_job_run(cli_job *job, bool dry_run) {
  int code = dry_run ? 0 : cli_job_files(job);
  if (code == 0) {
    code = cli_job_data(job);
  }
  if (code == 0) {
    code = cli_job_model(job);
  }
  if (code == 0 && cli_signal() != 0) {
    return cli_signal_code();
  }
  if (code != 0 || dry_run) {
    return code;
  }
  cli_note("%s, %" PRId64 " parameters", weir_model_measure(job->model),
      weir_model_parameters(job->model));
  return cli_job_train(job);
}

void cli_job_free(cli_job *job) {
  for (int i = 0; i < 3; i++) {
    weir_frame_destroy(&job->frame[i]);
    weir_table_destroy(&job->table[i]);
  }
  weir_table_destroy(&job->masks);
  weir_model_destroy(&job->model);
  weir_split_destroy(&job->split);
  weir_schema_destroy(&job->schema);
  json_decref(job->record);
  cli_config_free(&job->config);
  cli_job_files_free(job);
}
