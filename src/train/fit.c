/* Training by maximum likelihood: begin or resume, loop, end. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "train/train.h"

static bool constant(const weiri_loop *l, int64_t j) {
  const int64_t *rows = l->train.rows;
  const weir_frame *frame = l->train.frame;
  const double first = weir_frame_value(frame, rows == NULL ? 0 : rows[0], j);
  for (int64_t i = 1; i < l->train.n; i++) {
    if (weir_frame_value(frame, rows == NULL ? i : rows[i], j) != first) {
      return false;
    }
  }
  return true;
}

/* Where statistics cannot be had, the column of which all training rows have one value
 * is the reason, and has a name. */
static weir_status blame_constant(const weiri_loop *l, weir_status status) {
  const weir_schema *s = l->model->schema;
  for (int64_t i = 0; status == WEIR_E_DATA && s != NULL && i < weir_schema_events(s);
       i++) {
    if (constant(l, i)) {
      const char *name = weir_schema_column(s, weir_schema_event(s, i)).name;
      return weiri_fail(WEIR_E_DATA,
          "column '%s' has one value in all training rows, and no density: leave it "
          "out with --column %s=ignored",
          name, name);
    }
  }
  return status;
}

static weir_status begin(weiri_loop *l, bool *resumed) {
  *resumed = false;
  if (l->opts.resume) {
    WEIR_TRY(weiri_checkpoint_read(l, resumed));
  }
  if (*resumed) {
    weiri_plan_resume(l);
    l->before = l->state.seconds;
    weiri_log(l->ctx, WEIR_LOG_INFO, "resuming at step %lld from %s",
        (long long)l->state.step, l->opts.checkpoint);
  } else {
    WEIR_TRY(
        weiri_model_set_origin(l->model, l->train.n, l->train.frame, l->train.rows));
    WEIR_TRY(blame_constant(l, weiri_observe(l->model, &l->train, false)));
  }
  l->first_step = l->state.step;
  return l->opts.metrics == NULL ? WEIR_OK
                                 : weiri_metrics_open(&l->metrics, l->ctx,
                                       l->opts.metrics, *resumed ? l->state.step : -1);
}

/* A checkpoint that cannot be written is a warning, but when training stops there. */
static void save(weiri_loop *l) {
  const double start = weiri_clock();
  if (weiri_checkpoint_write(l) != WEIR_OK) {
    weiri_log(l->ctx, WEIR_LOG_WARN, "checkpoint: %s; training goes on", weir_error());
  }
  l->saved = weiri_clock();
  l->measured += l->saved - start;
}

static double train_so_far(const weiri_state *s) {
  return s->train_weight > 0.0 ? s->train_sum / s->train_weight : s->last_train;
}

/* false: stop. */
static bool report(weiri_loop *l, bool evaluated) {
  const weiri_state *s = &l->state;
  if (l->opts.progress == NULL) {
    return true;
  }
  const double here = weiri_clock() - l->begun;
  const double steps = (double)(s->step - l->first_step);
  weir_progress p = {.step = s->step,
      .steps = s->steps,
      .epoch = s->step / l->per_epoch,
      .epochs = (s->steps + l->per_epoch - 1) / l->per_epoch,
      .seconds = l->before + here,
      .rows_per_second = here > 0.0 ? steps * (double)l->batch.n / here : 0.0,
      .seconds_left = NAN,
      .train_log_prob = train_so_far(s),
      .valid_log_prob = s->last_score,
      .best_log_prob = s->best_step < 0 || l->valid.n == 0 ? NAN : s->best_score,
      .learning_rate = l->rate,
      .evaluated = evaluated && l->valid.n > 0};
  if (s->steps > 0 && steps > 0.0) {
    p.seconds_left = here / steps * (double)(s->steps - s->step);
  }
  return l->opts.progress(l->opts.user, &p);
}

static bool over(const weiri_state *s) {
  return s->stopped_early || s->done || (s->steps > 0 && s->step >= s->steps);
}

/* true: the number of steps has just been fixed. */
static bool fix_steps(weiri_loop *l) {
  const bool fixed = weiri_plan_fix(l);
  if (fixed) {
    const weiri_state *s = &l->state;
    char limit[64] = "plan";
    if (l->opts.time_limit > 0.0) {
      snprintf(limit, sizeof limit, "time limit of %g s%s", l->opts.time_limit,
          s->plans > 1 ? ", the pace has changed" : "");
    }
    weiri_log(l->ctx, WEIR_LOG_INFO,
        "%s: %lld steps (%.1f epochs), an evaluation every %lld", limit,
        (long long)s->steps, (double)s->steps / (double)l->per_epoch,
        (long long)s->eval_every);
  }
  return fixed;
}

static bool save_due(const weiri_loop *l) {
  return weiri_clock() - l->saved >= l->config.checkpoint_seconds;
}

static weir_status run(weiri_loop *l) {
  weiri_state *s = &l->state;
  if (s->step == 0 && !over(s)) {
    WEIR_TRY(weiri_loop_evaluate(l));
  }
  while (!over(s)) {
    WEIR_TRY(weiri_loop_step(l));
    const bool fixed = fix_steps(l);
    const bool due = s->step % s->eval_every == 0 || s->step == s->steps;
    if (due) {
      WEIR_TRY(weiri_loop_evaluate(l));
    }
    if (l->opts.checkpoint != NULL && (fixed || save_due(l))) {
      save(l);
    }
    if (!report(l, due)) {
      return weiri_fail(WEIR_E_CANCELLED, "training was cancelled after step %lld",
          (long long)s->step);
    }
  }
  return WEIR_OK;
}

static void fill_result(const weiri_loop *l, bool resumed, weir_fit_result *r) {
  const weiri_state *s = &l->state;
  *r = (weir_fit_result){.steps = s->step,
      .epochs = (s->step + l->per_epoch - 1) / l->per_epoch,
      .best_step = l->valid.n > 0 ? s->best_step : s->step,
      .seconds = weiri_loop_seconds(l),
      .valid_log_prob = l->valid.n > 0 ? s->best_score : NAN,
      .valid_standard_error = s->best_error,
      .resumed = resumed,
      .stopped_early = s->stopped_early != 0,
      .diverged_once = s->skipped > 0,
      .replayed = weiri_replay_count(l->gradient->replay),
      .plans = s->plans};
  memcpy(r->plan, s->plan, sizeof r->plan);
}

/* Files at the end. When interrupted, the checkpoint is what remains of the run. */
static weir_status close_files(weiri_loop *l, weir_status status) {
  if (l->opts.checkpoint == NULL) {
    return status;
  }
  if (status == WEIR_OK && !l->opts.keep_checkpoint) {
    (void)remove(l->opts.checkpoint);
  } else if (status == WEIR_OK && !l->state.done) {
    l->state.done = 1;
    save(l);
  } else if (status == WEIR_E_CANCELLED) {
    WEIR_TRY(weiri_checkpoint_write(l));
  }
  return status;
}

static weir_status fit(weiri_loop *l, weir_fit_result *result) {
  bool resumed = false;
  WEIR_TRY(begin(l, &resumed));
  char message[512];
  weir_status status = close_files(l, run(l));
  snprintf(message, sizeof message, "%s", weir_error());
  const weir_status last = weiri_loop_finish(l, status);
  fill_result(l, resumed, result);
  if (status != WEIR_OK) {
    return weiri_fail(status, "%s", message);
  }
  return last;
}

weir_status weiri_fit_opts_read(weir_fit_opts *out, const weir_fit_opts *opts) {
  *out = (weir_fit_opts)WEIR_FIT_OPTS_INIT;
  if (opts == NULL) {
    return WEIR_OK;
  }
  if (opts->struct_size == 0 || opts->struct_size > sizeof *out) {
    return weiri_fail(WEIR_E_ARGUMENT, "weir_fit_opts: struct_size is %u, expected %zu",
        opts->struct_size, sizeof *out);
  }
  memcpy(out, opts, opts->struct_size);
  return WEIR_OK;
}

weir_status weir_fit(weir_model *model, weir_row_set train, weir_row_set valid,
    const weir_fit_opts *opts, weir_fit_result *result) {
  weir_fit_opts o;
  weir_fit_result unwanted;
  WEIR_TRY(weiri_fit_opts_read(&o, opts));
  weiri_loop l;
  weir_status status = weiri_loop_create(&l, model, train, valid, &o);
  if (status == WEIR_OK) {
    status = fit(&l, result == NULL ? &unwanted : result);
  }
  weiri_loop_destroy(&l);
  return status;
}
