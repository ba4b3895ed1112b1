/* What training will hold in memory: one step and one evaluation are made, and what
 * they hold is measured. Steps are packed into plans, so nothing more comes. */
#include "data/frame.h"
#include "train/train.h"

static int64_t batch_bytes(const weiri_batch *b) {
  return b->room * (b->d + b->c + 2) * (int64_t)sizeof(double);
}

/* The packed block, and what describes the steps in it. */
static int64_t replay_bytes(const weiri_replay *r, const weir_run *run) {
  return (int64_t)(weiri_replay_bytes(r) + weiri_tape_reserved(run->tape));
}

static int64_t frame_bytes(const weir_row_set *set) {
  return set->frame == NULL ? 0 : weiri_frame_bytes(set->frame);
}

/* The gradient of one batch, and one evaluation. */
static weir_status try_out(weiri_loop *l) {
  double sum, weight;
  bool finite;
  WEIR_TRY(weiri_model_set_origin(l->model, l->train.n, l->train.frame, l->train.rows));
  WEIR_TRY(weiri_observe(l->model, &l->train, false));
  WEIR_TRY(weiri_loop_evaluate(l));
  weiri_batch_fill(&l->batch, &l->train, NULL, 0, l->train.n / l->per_epoch);
  return weiri_gradient_take(l->gradient, l->train.frame, 0, &sum, &weight, &finite);
}

static weir_status measure(weiri_loop *l, weir_fit_bytes *out) {
  const weiri_scorer *s = l->scorer;
  const int64_t blocks = l->optim->cls->blocks + 2 + (l->ema != NULL ? 1 : 0);
  WEIR_TRY(try_out(l));
  out->parameters = (int64_t)(l->weights_bytes + l->stats_bytes);
  out->optimizer = blocks * (int64_t)l->weights_bytes + (int64_t)l->stats_bytes;
  out->step =
      replay_bytes(l->gradient->replay, l->gradient->run) + batch_bytes(&l->batch);
  out->evaluation = replay_bytes(s->replay, s->run) + batch_bytes(&s->batch) +
                    2 * s->weights.room * s->weights.chunk * (int64_t)sizeof(double) +
                    l->valid.n * (int64_t)sizeof(double);
  if (l->watching != NULL) {
    out->evaluation += (int64_t)weiri_tape_reserved(l->watching->tape);
  }
  out->data = frame_bytes(&l->train);
  out->data += l->valid.frame == l->train.frame ? 0 : frame_bytes(&l->valid);
  return WEIR_OK;
}

weir_status weir_fit_memory(weir_model *model, weir_row_set train, weir_row_set valid,
    const weir_fit_opts *opts, weir_fit_bytes *out) {
  weir_fit_opts o;
  weiri_loop l;
  *out = (weir_fit_bytes){0};
  WEIR_TRY(weiri_fit_opts_read(&o, opts));
  weir_status status = weiri_loop_create(&l, model, train, valid, &o);
  if (status == WEIR_OK) {
    status = measure(&l, out);
  }
  weiri_loop_destroy(&l);
  return status;
}
