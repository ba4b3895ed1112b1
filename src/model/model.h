/* Inside of a model, for training and evaluation. */
#ifndef WEIRI_MODEL_H
#define WEIRI_MODEL_H

#include "part/part.h"
#include "weir/model.h"

struct weir_model {
  weir_ctx *ctx;
  weir_schema *schema;
  weir_params *params;
  weir_dist *dist; /* over frame rows: x [n, d] given context [n, c] */
  weir_site site;  /* its observers take statistics of the training data, in order */
  json_t *config; /* the model section as asked for, defaults of the preset filled in */
  char *config_text, *record;
  uint64_t seed;
  double *origin; /* [d] taken off real columns in float64 before anything is rounded to
                     float32 (a timestamp, a coordinate far from 0); volume unchanged */
  char **part_names; /* [n_parts], learned from one probing run */
  int64_t n_parts;
  int64_t samples; /* draws per row in log_prob */
  bool stochastic; /* has a posterior: a part is a likelihood given a latent */
};

/* A model from its schema and the resolved tree of its distribution (what `resolved` in
 * a file holds); parameters as initialised by seed. Takes nothing. */
weir_status weiri_model_build(weir_model **out, weir_ctx *ctx,
    const weir_schema *schema, const json_t *config, const json_t *dist,
    weir_dtype dtype, uint64_t seed);

/* Every tensor of `from` under its name, in the other's number type; and the origin. */
weir_status weiri_model_take_numbers(weir_model *to, const weir_model *from);

/* The distribution's tree for a schema: columns to the real line, standardisation, then
 * the preset's layers and base. config: the model section; resolved: receives it with
 * every default filled in. */
weir_status weiri_model_plan(weir_ctx *ctx, const weir_schema *schema,
    const json_t *config, int64_t rows, double time_limit, json_t **resolved,
    json_t **dist);

/* Rows [n, d] that lie at *x, less the model's origin, on the run's tape; and their
 * contexts (contexts n or 1; *context NULL gives none). Where the step is replayed they
 * are read from wherever x and context then point to. */
weir_var weiri_model_rows(
    const weir_model *model, weir_run *run, int64_t n, const double *const *x);
weir_var weiri_model_latents(
    weir_run *run, int64_t n, int64_t width, const double *const *z);
weir_var weiri_model_context(const weir_model *model, weir_run *run, int64_t n,
    int64_t contexts, const double *const *context);

/* Sets the origin to the means of the real columns of n rows of a frame: those listed,
 * or the first when rows is NULL. Errors: E_MEMORY. */
weir_status weiri_model_set_origin(
    weir_model *model, int64_t n, const weir_frame *frame, const int64_t *rows);

bool weiri_model_stochastic(const weir_model *model);

/* Rows x [n, d] as draws of the model compare with them, into out [n, d]: themselves,
 * or (true) without what the likelihood is not about, such as grey levels of a model
 * that binarises; random numbers by seed. */
bool weiri_model_coarse(const weir_model *model);
weir_status weiri_model_coarsen(const weir_model *model, int64_t n, const double *x,
    const double *context, uint64_t seed, double *out);

/* Learns the names of the parts from one row. */
weir_status weiri_model_probe(weir_model *model);

/* Event supports of a schema: where each event column lives. */
weir_status weiri_schema_event(
    weir_ctx *ctx, const weir_schema *schema, weir_event *out);

#endif
