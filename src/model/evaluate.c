/* Using a model: rows in blocks on one tape. A row's numbers do not depend on the block
 * it is in: kernels give each element the same bits however many rows there are, and
 * random numbers are functions of the row's index. */
#include <string.h>

#include "ad/tape.h"
#include "base/ctx.h"
#include "model/model.h"

/* Rows per block: enough to fill the cores, little enough to stay in cache. */
#define BLOCK 512

struct weir_evaluator {
  const weir_model *model;
  weir_run *run;
};

weir_status weir_evaluator_create(weir_evaluator **out, const weir_model *model) {
  weir_evaluator *e = weiri_calloc(model->ctx, 1, sizeof *e);
  if (e == NULL) {
    return WEIR_E_MEMORY;
  }
  e->model = model;
  const weir_status status = weiri_run_create(
      &e->run, model->ctx, weiri_params_dtype(model->params), model->params);
  if (status != WEIR_OK) {
    weir_evaluator_destroy(&e);
    return status;
  }
  e->run->seed = model->seed;
  *out = e;
  return WEIR_OK;
}

void weir_evaluator_destroy(weir_evaluator **evaluator) {
  weir_evaluator *e = *evaluator;
  if (e != NULL) {
    weiri_run_destroy(&e->run);
    weiri_free(e->model->ctx, e);
    *evaluator = NULL;
  }
}

/* Sources: float64 rows, less an origin, in the tape's type. */
typedef struct rows_attr {
  const double *x;
  const double *origin; /* [d] or NULL */
} rows_attr;

static void rows_eval(weir_tape *t, const weir_node *y) {
  const rows_attr *a = y->attr;
  const int64_t n = y->shape.dim[0], d = y->shape.dim[1];
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < d; j++) {
      const double v = a->x[i * d + j] - (a->origin == NULL ? 0.0 : a->origin[j]);
      if (weir_tape_dtype(t) == WEIR_F32) {
        ((float *)y->data)[i * d + j] = (float)v;
      } else {
        ((double *)y->data)[i * d + j] = v;
      }
    }
  }
}

static const weir_op_class rows_class = {"rows", rows_eval, NULL, NULL, NULL};

static weir_var rows_of(
    weir_run *run, int64_t n, int64_t d, const double *x, const double *origin) {
  const rows_attr a = {x, origin};
  return weir_op_apply(
      run->tape, &rows_class, weir_shape_2(n, d), 0, NULL, &a, sizeof a);
}

weir_var weiri_model_rows(
    const weir_model *model, weir_run *run, int64_t n, const double *x) {
  return rows_of(run, n, model->dist->event.features, x, model->origin);
}

void weiri_model_set_origin(weir_model *model, int64_t n, const double *x) {
  const weir_event *event = &model->dist->event;
  for (int64_t j = 0; j < event->features; j++) {
    double mean = 0.0;
    for (int64_t i = 0; i < n; i++) {
      mean += (x[i * event->features + j] - mean) / (double)(i + 1);
    }
    model->origin[j] = event->support[j].kind == WEIR_REAL ? mean : 0.0;
  }
}

/* Rows that came out of the model, back to the data's own place. */
static void restore(const weir_model *model, int64_t n, double *x) {
  const int64_t d = model->dist->event.features;
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < d; j++) {
      x[i * d + j] += model->origin[j];
    }
  }
}

weir_var weiri_model_context(const weir_model *model, weir_run *run, int64_t n,
    int64_t contexts, const double *context) {
  const int64_t c = model->dist->context;
  if (c == 0 || context == NULL) {
    return weir_var_none();
  }
  const weir_var given = rows_of(run, contexts, c, context, NULL);
  return contexts == n ? given : weir_broadcast(run->tape, given, weir_shape_2(n, c));
}

/* One call over n rows: which block, and what every block needs. */
typedef struct pass {
  const weir_model *model;
  int64_t n, contexts;
  const double *context;
  const double *in; /* [n, in_width] or NULL */
  int64_t in_width;
  const weir_sample_opts *opts;
  const weir_frame *frame; /* whose rows these are, or NULL */
  int64_t from;            /* number of the first row, without a frame */
  double *out, *extra;     /* meaning is the block function's */
} pass;

typedef weir_status block_fn(
    const pass *p, weir_run *run, int64_t first, int64_t n, weir_var context);

static weir_status check_context(const pass *p) {
  const int64_t c = p->model->dist->context;
  if (c > 0 && (p->context == NULL || (p->contexts != p->n && p->contexts != 1))) {
    return weiri_fail(WEIR_E_SHAPE,
        "the model is conditional: expected a context of width %lld for each of %lld "
        "rows, "
        "or one for all; found %lld",
        (long long)c, (long long)p->n,
        (long long)(p->context == NULL ? 0 : p->contexts));
  }
  return WEIR_OK;
}

/* Which rows of a file these are: what draws depend on. */
static void number_rows(
    const pass *p, weir_run *run, int64_t first, int64_t n, int64_t number[BLOCK]) {
  run->first_row = p->from + first;
  run->rows = p->frame == NULL ? NULL : number;
  for (int64_t i = 0; p->frame != NULL && i < n; i++) {
    number[i] = weir_frame_number(p->frame, first + i);
  }
}

static weir_status run_block(
    const pass *p, weir_run *run, block_fn *fn, int64_t first) {
  int64_t number[BLOCK];
  const int64_t left = p->n - first, n = left < BLOCK ? left : BLOCK;
  const bool shared = p->contexts == 1;
  weiri_run_reset(run);
  run->no_grad = true;
  number_rows(p, run, first, n, number);
  const double *context = p->context == NULL || shared
                              ? p->context
                              : p->context + first * p->model->dist->context;
  const weir_var c = weiri_model_context(p->model, run, n, shared ? 1 : n, context);
  const weir_status status = fn(p, run, first, n, c);
  run->rows = NULL;
  WEIR_TRY(status);
  return weir_tape_status(run->tape);
}

static weir_status run_pass(const pass *p, weir_run *run, block_fn *fn) {
  WEIR_TRY(check_context(p));
  for (int64_t first = 0; first < p->n; first += BLOCK) {
    WEIR_TRY(run_block(p, run, fn, first));
  }
  return WEIR_OK;
}

static weir_status one_pass(const pass *p, block_fn *fn, uint64_t seed) {
  weir_evaluator *e = NULL;
  WEIR_TRY(weir_evaluator_create(&e, p->model));
  e->run->seed = seed;
  e->run->temperature = p->opts == NULL ? 1.0 : p->opts->temperature;
  const weir_status status = run_pass(p, e->run, fn);
  weir_evaluator_destroy(&e);
  return status;
}

static weir_var block_rows(const pass *p, weir_run *run, int64_t first, int64_t n) {
  return weiri_model_rows(p->model, run, n, p->in + first * p->in_width);
}

/* out [n]; extra [n, d]: gradient */
static weir_status log_prob_block(
    const pass *p, weir_run *run, int64_t first, int64_t n, weir_var context) {
  const weir_var x = block_rows(p, run, first, n);
  run->no_grad = p->extra == NULL;
  const weir_var lp = weir_dist_log_prob(p->model->dist, run, x, context);
  WEIR_TRY(weir_tape_status(run->tape));
  WEIR_TRY(weir_var_read(run->tape, lp, p->out + first));
  if (p->extra == NULL) {
    return WEIR_OK;
  }
  weir_var g;
  WEIR_TRY(weir_grad(run->tape, lp, weir_var_none(), 1, &x, &g, false));
  return weir_var_read(run->tape, g, p->extra + first * p->in_width);
}

/* out [n, parts] */
static weir_status parts_block(
    const pass *p, weir_run *run, int64_t first, int64_t n, weir_var context) {
  weir_dist_parts(p->model->dist, run, block_rows(p, run, first, n), context);
  const int64_t k = p->model->n_parts;
  weir_var column[1];
  for (int64_t i = 0; i < k && i < run->n_parts; i++) {
    const weir_shape s = weir_var_shape(run->tape, run->parts[i].value);
    column[0] = s.rank == 2 ? weir_sum_last(run->tape, run->parts[i].value)
                            : run->parts[i].value;
    double buffer[BLOCK];
    WEIR_TRY(weir_var_read(run->tape, column[0], buffer));
    for (int64_t r = 0; r < n; r++) {
      p->out[(first + r) * k + i] = buffer[r];
    }
  }
  return WEIR_OK;
}

/* out [n, d]; extra [n]: log density */
static weir_status sample_block(
    const pass *p, weir_run *run, int64_t first, int64_t n, weir_var context) {
  const weir_dist *d = p->model->dist;
  weir_var lp;
  const weir_var x =
      weir_dist_sample(d, run, n, context, p->extra == NULL ? NULL : &lp);
  WEIR_TRY(weir_tape_status(run->tape));
  WEIR_TRY(weir_var_read(run->tape, x, p->out + first * d->event.features));
  restore(p->model, n, p->out + first * d->event.features);
  return p->extra == NULL ? WEIR_OK : weir_var_read(run->tape, lp, p->extra + first);
}

/* out [n, width]; extra [n]: what the direction contributes */
static weir_status write_direction(
    const pass *p, weir_run *run, int64_t first, weir_var y, int64_t width) {
  WEIR_TRY(weir_tape_status(run->tape));
  WEIR_TRY(weir_var_read(run->tape, y, p->out + first * width));
  const weir_var total = weiri_run_total(run, 0);
  return p->extra == NULL || !weir_var_ok(total)
             ? WEIR_OK
             : weir_var_read(run->tape, total, p->extra + first);
}

static weir_status encode_block(
    const pass *p, weir_run *run, int64_t first, int64_t n, weir_var context) {
  const weir_dist *d = p->model->dist;
  return write_direction(p, run, first,
      weir_dist_encode(d, run, block_rows(p, run, first, n), context), d->latent);
}

static weir_status decode_block(
    const pass *p, weir_run *run, int64_t first, int64_t n, weir_var context) {
  const weir_dist *d = p->model->dist;
  const int64_t features = d->event.features;
  const weir_var z =
      weir_leaf_f64(run->tape, weir_shape_2(n, d->latent), p->in + first * d->latent);
  WEIR_TRY(
      write_direction(p, run, first, weir_dist_decode(d, run, z, context), features));
  restore(p->model, n, p->out + first * features);
  return WEIR_OK;
}

weir_status weir_model_log_prob_grad(const weir_model *model, int64_t n,
    const double *x, int64_t contexts, const double *context, double *out,
    double *grad) {
  const pass p = {.model = model,
      .n = n,
      .contexts = contexts,
      .context = context,
      .in = x,
      .in_width = model->dist->event.features,
      .out = out,
      .extra = grad};
  return one_pass(&p, log_prob_block, model->seed);
}

weir_status weir_model_log_prob(const weir_model *model, int64_t n, const double *x,
    int64_t contexts, const double *context, double *out) {
  return weir_model_log_prob_grad(model, n, x, contexts, context, out, NULL);
}

weir_status weir_evaluator_log_prob(weir_evaluator *e, int64_t n, const double *x,
    const double *context, double *out, double *grad) {
  const pass p = {.model = e->model,
      .n = n,
      .contexts = n,
      .context = context,
      .in = x,
      .in_width = e->model->dist->event.features,
      .out = out,
      .extra = grad};
  return run_pass(&p, e->run, log_prob_block);
}

weir_status weir_model_log_prob_parts(const weir_model *model, int64_t n,
    const double *x, int64_t contexts, const double *context, double *values) {
  const pass p = {.model = model,
      .n = n,
      .contexts = contexts,
      .context = context,
      .in = x,
      .in_width = model->dist->event.features,
      .out = values};
  return one_pass(&p, parts_block, model->seed);
}

/* A pass over the rows of a frame. */
static pass pass_of_frame(
    const weir_model *model, const weir_frame *frame, double *out, double *extra) {
  const int64_t n = weir_frame_rows(frame);
  return (pass){.model = model,
      .n = n,
      .contexts = n,
      .context = weir_frame_context(frame),
      .in = weir_frame_x(frame),
      .in_width = model->dist->event.features,
      .frame = frame,
      .out = out,
      .extra = extra};
}

weir_status weir_model_frame_log_prob(
    const weir_model *model, const weir_frame *frame, double *out, double *values) {
  pass p = pass_of_frame(model, frame, out, NULL);
  WEIR_TRY(one_pass(&p, log_prob_block, model->seed));
  p.out = values;
  return values == NULL ? WEIR_OK : one_pass(&p, parts_block, model->seed);
}

weir_status weir_model_frame_encode(const weir_model *model, const weir_frame *frame,
    uint64_t seed, double *z, double *log_det) {
  const pass p = pass_of_frame(model, frame, z, log_det);
  return one_pass(&p, encode_block, seed);
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
  pass p = {.model = model,
      .n = n,
      .contexts = contexts,
      .context = context,
      .opts = &o,
      .from = o.first,
      .out = x,
      .extra = o.temperature == 1.0 ? log_prob : NULL};
  WEIR_TRY(one_pass(&p, sample_block, o.seed));
  return log_prob == NULL || o.temperature == 1.0
             ? WEIR_OK
             : weir_model_log_prob(model, n, x, contexts, context, log_prob);
}

weir_status weir_model_encode(const weir_model *model, int64_t n, const double *x,
    int64_t contexts, const double *context, uint64_t seed, double *z,
    double *log_det) {
  const pass p = {.model = model,
      .n = n,
      .contexts = contexts,
      .context = context,
      .in = x,
      .in_width = model->dist->event.features,
      .out = z,
      .extra = log_det};
  return one_pass(&p, encode_block, seed);
}

weir_status weir_model_decode(const weir_model *model, int64_t n, const double *z,
    int64_t contexts, const double *context, uint64_t seed, double *x,
    double *log_det) {
  return weir_model_decode_from(model, 0, n, z, contexts, context, seed, x, log_det);
}

weir_status weir_model_decode_from(const weir_model *model, int64_t first, int64_t n,
    const double *z, int64_t contexts, const double *context, uint64_t seed, double *x,
    double *log_det) {
  const pass p = {.model = model,
      .from = first,
      .n = n,
      .contexts = contexts,
      .context = context,
      .in = z,
      .in_width = model->dist->latent,
      .out = x,
      .extra = log_det};
  return one_pass(&p, decode_block, seed);
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
