/* A fit from start to end: data, model, training, figures, files. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include "cli/config.h"
#include "weir/train.h"

typedef struct cli_job {
  cli_env *env;
  cli_config config;
  const char *root;    /* folder of relative data files; NULL: where the program runs */
  const char *output;  /* model file */
  const char *file;    /* of the configuration, or NULL */
  const char *command; /* what repeats the run, for the record */
  const char *again;   /* what resumes it, for messages */
  bool resume;
  uint64_t seed;
  double time_limit;
  /* made by cli_job_data: train, valid, test */
  weir_table *table[3];
  bool large[3];     /* the table is a sample, the frame is read from the file */
  weir_table *masks; /* data.mask_file */
  weir_frame *frame[3];
  weir_schema *schema;
  weir_split *split;
  weir_row_set set[3];
  /* made by cli_job_model */
  weir_model *model;
  /* made by cli_job_train */
  weir_fit_result result;
  weir_score score;   /* on the held-out rows */
  const char *scored; /* "test", "validation" or "training" rows */
  weir_baselines baselines;
  bool has_baselines;
  json_t *record;
  /* made by cli_job_files */
  char *yaml, *metrics, *checkpoint; /* files beside the model */
  int claim;                         /* the open metrics file; 0: none */
} cli_job;

/* Each returns 0, or an exit code with the message said. */
/* Reads the configuration (file may be NULL); seed and time limit with it. */
int cli_job_configure(cli_job *job, const cli_args *args, const char *file);
/* All that follows: files, data, model, training, or for a dry run data and model. */
int cli_job_run(cli_job *job, bool dry_run);
weir_dtype cli_job_dtype(const cli_job *job);
int cli_job_data(cli_job *job);
/* Patches of the tables in their place, where data.patches asks: job_patches.c */
int cli_job_patches(cli_job *job);
int cli_job_model(cli_job *job);
int cli_job_train(cli_job *job);
void cli_job_free(cli_job *job);

/* The rows of the parts into PREFIX-train.FORMAT and so on: job_rows.c */
int cli_job_write_rows(const cli_job *job, const char *prefix, const char *format);
/* Names of the files beside the model; whether they can be written there, are none that
 * the run reads, and no other run is writing them: job_files.c */
int cli_job_files(cli_job *job);
void cli_job_files_free(cli_job *job);
/* The path with the root before it, where there is one; buf may hold it. */
const char *cli_job_place(const cli_job *job, const char *path, char *buf, size_t size);
/* Score, baselines and record: job_figures.c */
int cli_job_figures(cli_job *job);
/* What the run gave, for people and for machines. */
void cli_job_print(const cli_job *job);
json_t *cli_job_json(const cli_job *job);

#endif
