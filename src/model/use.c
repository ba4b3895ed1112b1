/* What users ask of a model, as passes of rows (evaluate.c). */
#include <string.h>

#include "base/bulk.h"
#include "data/frame.h"
#include "model/evaluate.h"

weir_status weiri_model_set_origin(
    weir_model *model, int64_t n, const weir_frame *frame, const int64_t *rows) {
  const weir_event *event = &model->dist->event;
  const int64_t d = event->features;
  double *mean = weiri_calloc(model->ctx, (size_t)(2 * d) + 1, sizeof *mean);
  if (mean == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < n; i++) {
    const double *row = weiri_frame_row_x(frame, rows == NULL ? i : rows[i], mean + d);
    weiri_bulk_touch(model->ctx, (d + 1) * (int64_t)sizeof *row);
    for (int64_t j = 0; j < d; j++) {
      mean[j] += (row[j] - mean[j]) / (double)(i + 1);
    }
  }
  for (int64_t j = 0; j < d; j++) {
    model->origin[j] = event->support[j].kind == WEIR_REAL ? mean[j] : 0.0;
  }
  weiri_free(model->ctx, mean);
  return WEIR_OK;
}

/* A pass over rows in [n, width] to out, each with its context or all with one. */
static weiri_pass pass_of_rows(const weir_model *model, int64_t n, const double *in,
    int64_t width, int64_t contexts, const double *context, double *out) {
  return (weiri_pass){.model = model,
      .n = n,
      .contexts = contexts,
      .context = context,
      .in = in,
      .in_width = width,
      .out = out};
}

/* The same over rows of the data, over latents. */
static weiri_pass pass_of_data(const weir_model *model, int64_t n, const double *x,
    int64_t contexts, const double *context, double *out) {
  return pass_of_rows(model, n, x, model->dist->event.features, contexts, context, out);
}

static weiri_pass pass_of_latents(const weir_model *model, int64_t n, const double *z,
    int64_t contexts, const double *context, double *out) {
  return pass_of_rows(model, n, z, model->dist->latent, contexts, context, out);
}

weir_status weir_model_log_prob_grad(const weir_model *model, int64_t n,
    const double *x, int64_t contexts, const double *context, double *out,
    double *grad) {
  weiri_pass p = pass_of_data(model, n, x, contexts, context, out);
  p.extra = grad;
  return weiri_pass_rows(
      &p, grad == NULL ? WEIRI_LOG_PROB : WEIRI_GRADIENT, model->seed);
}

weir_status weir_model_log_prob(const weir_model *model, int64_t n, const double *x,
    int64_t contexts, const double *context, double *out) {
  return weir_model_log_prob_grad(model, n, x, contexts, context, out, NULL);
}

weir_status weir_model_log_prob_parts(const weir_model *model, int64_t n,
    const double *x, int64_t contexts, const double *context, double *values) {
  const weiri_pass p = pass_of_data(model, n, x, contexts, context, values);
  return weiri_pass_rows(&p, WEIRI_PARTS, model->seed);
}

/* A pass over the rows of a frame. */
static weiri_pass pass_of_frame(
    const weir_model *model, const weir_frame *frame, double *out, double *extra) {
  const int64_t n = weir_frame_rows(frame);
  weiri_pass p =
      pass_of_data(model, n, weir_frame_x(frame), n, weir_frame_context(frame), out);
  p.frame = frame;
  p.extra = extra;
  return p;
}

weir_status weir_model_frame_log_prob(
    const weir_model *model, const weir_frame *frame, double *out, double *values) {
  weiri_pass p = pass_of_frame(model, frame, out, NULL);
  WEIR_TRY(weiri_pass_rows(&p, WEIRI_LOG_PROB, model->seed));
  p.out = values;
  return values == NULL ? WEIR_OK : weiri_pass_rows(&p, WEIRI_PARTS, model->seed);
}

weir_status weir_model_frame_encode(const weir_model *model, const weir_frame *frame,
    uint64_t seed, double *z, double *log_det) {
  const weiri_pass p = pass_of_frame(model, frame, z, log_det);
  return weiri_pass_rows(&p, WEIRI_ENCODE, seed);
}

static weir_status check_sample_opts(
    const weir_sample_opts *opts, weir_sample_opts *o) {
  if (opts != NULL) {
    if (opts->struct_size == 0 || opts->struct_size > sizeof *o) {
      return weiri_fail(WEIR_E_ARGUMENT,
          "weir_sample_opts: struct_size is %u, expected %zu", opts->struct_size,
          sizeof *o);
    }
    memcpy(o, opts, opts->struct_size);
  }
  if (!(o->temperature > 0.0 && o->temperature <= 1e6)) {
    return weiri_fail(
        WEIR_E_CONFIG, "temperature: %g is outside (0, 1e6]", o->temperature);
  }
  return WEIR_OK;
}

weir_status weir_model_sample(const weir_model *model, int64_t n, int64_t contexts,
    const double *context, const weir_sample_opts *opts, double *x, double *log_prob) {
  weir_sample_opts o = WEIR_SAMPLE_OPTS_INIT;
  WEIR_TRY(check_sample_opts(opts, &o));
  weiri_pass p = {.model = model,
      .n = n,
      .contexts = contexts,
      .context = context,
      .opts = &o,
      .means = o.mean,
      .from = o.first,
      .out = x,
      .extra = o.temperature == 1.0 ? log_prob : NULL};
  WEIR_TRY(weiri_pass_rows(
      &p, p.extra == NULL ? WEIRI_SAMPLE : WEIRI_SAMPLE_LOG_PROB, o.seed));
  return log_prob == NULL || o.temperature == 1.0
             ? WEIR_OK
             : weir_model_log_prob(model, n, x, contexts, context, log_prob);
}

weir_status weir_model_encode(const weir_model *model, int64_t n, const double *x,
    int64_t contexts, const double *context, uint64_t seed, double *z,
    double *log_det) {
  weiri_pass p = pass_of_data(model, n, x, contexts, context, z);
  p.extra = log_det;
  return weiri_pass_rows(&p, WEIRI_ENCODE, seed);
}

weir_status weir_model_decode(const weir_model *model, int64_t n, const double *z,
    int64_t contexts, const double *context, uint64_t seed, double *x,
    double *log_det) {
  return weir_model_decode_from(model, 0, n, z, contexts, context, seed, x, log_det);
}

weir_status weir_model_decode_from(const weir_model *model, int64_t first, int64_t n,
    const double *z, int64_t contexts, const double *context, uint64_t seed, double *x,
    double *log_det) {
  weiri_pass p = pass_of_latents(model, n, z, contexts, context, x);
  p.extra = log_det;
  p.from = first;
  return weiri_pass_rows(&p, WEIRI_DECODE, seed);
}

weir_status weir_model_encode_mean(const weir_model *model, int64_t n, const double *x,
    int64_t contexts, const double *context, double *z) {
  weiri_pass p = pass_of_data(model, n, x, contexts, context, z);
  p.means = true;
  return weiri_pass_rows(&p, WEIRI_ENCODE, model->seed);
}

weir_status weir_model_decode_mean(const weir_model *model, int64_t n, const double *z,
    int64_t contexts, const double *context, double *x) {
  weiri_pass p = pass_of_latents(model, n, z, contexts, context, x);
  p.means = true;
  return weiri_pass_rows(&p, WEIRI_DECODE, model->seed);
}

bool weiri_model_coarse(const weir_model *model) {
  return weiri_dist_coarse(model->dist);
}

weir_status weiri_model_coarsen(const weir_model *model, int64_t n, const double *x,
    const double *context, uint64_t seed, double *out) {
  const weiri_pass p = pass_of_data(model, n, x, n, context, out);
  if (weiri_model_coarse(model)) {
    return weiri_pass_rows(&p, WEIRI_COARSEN, seed);
  }
  memcpy(out, x, (size_t)(n * p.in_width) * sizeof *out);
  return WEIR_OK;
}

int64_t weir_model_latent_features(const weir_model *model) {
  return model->dist->latent;
}

int64_t weir_model_parts(const weir_model *model) {
  return model->n_parts;
}

const char *weir_model_part_name(const weir_model *model, int64_t i) {
  return i < 0 || i >= model->n_parts ? NULL : model->part_names[i];
}
