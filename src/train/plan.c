/* How long to train: batch size, number of steps, evaluations. Everything follows from
 * options and rows, but for the rate that a time limit is divided by. That is measured
 * as the median over slices of the first few percent of the time, so that a slow start
 * or a busy moment does not count. Later, where the time left would be missed by far,
 * the number of steps is changed, and the schedule goes on from where it is. What was
 * fixed after which step is the run's plan: it is kept in checkpoints and in the
 * record, and a run that follows it has the same bits. */
#include <math.h>

#include "train/train.h"

#define WARM_STEPS 5    /* first steps allocate; they are not timed */
#define SLICE 0.008     /* of the limit: the least length of a slice */
#define SLICE_STEPS 2   /* in a slice at least */
#define TIMED_MOST 0.2  /* from the start of training */
#define USABLE 0.97     /* of the limit; the rest is for the end */
#define EVALUATIONS 20  /* wanted at least in a run */
#define EVALUATING 0.25 /* fraction of the time left that evaluations may take */
#define STEPS_WANTED 12000
#define WATCHED 0.1 /* of the limit: the least time between looks at the pace */
#define LATE 1.1    /* time wanted over time left from which steps are taken off */
#define EARLY 0.8   /* and below which steps are added */
#define LEAST 0.02  /* of the limit: what is left at least for coming to an end */

static int64_t clamp(int64_t x, int64_t lo, int64_t hi) {
  return x < lo ? lo : x > hi ? hi : x;
}

void weiri_plan_batch(weiri_loop *l) {
  const int64_t n = l->train.n;
  int64_t batch = l->config.batch_size;
  if (batch == 0) {
    batch = n < 4000 ? 64 : n < 10000 ? 128 : n < 100000 ? 256 : 512;
  }
  batch = batch > n ? n : batch;
  l->per_epoch = (n + batch - 1) / batch;
}

/* Steps that the options allow; 0: as many as the time limit gives. */
static int64_t allowed(const weiri_loop *l) {
  const weiri_fit_config *c = &l->config;
  int64_t steps = 0;
  if (c->epochs > 0) {
    const bool huge = c->epochs > INT64_MAX / l->per_epoch;
    steps = huge ? INT64_MAX : c->epochs * l->per_epoch;
  } else if (c->steps == 0 && l->opts.time_limit == 0.0) {
    steps = clamp(STEPS_WANTED / l->per_epoch, 15, 300) * l->per_epoch;
  }
  return c->steps > 0 && (steps == 0 || c->steps < steps) ? c->steps : steps;
}

/* Warm-up and evaluations for the number of steps now known. */
static void follow(weiri_loop *l) {
  const int64_t steps = l->state.steps, tenth = steps / 10;
  l->schedule.steps = steps;
  l->schedule.warmup = steps > 0 && tenth < l->config.warmup ? tenth : l->config.warmup;
}

static int64_t eval_every(const weiri_loop *l) {
  const int64_t steps = l->state.steps, part = steps / EVALUATIONS;
  if (l->config.eval_every > 0) {
    return l->config.eval_every;
  }
  if (steps == 0) {
    return l->per_epoch;
  }
  /* Not more often than every 20 steps, unless the run is short. */
  const int64_t every = l->per_epoch < 20 ? 20 : l->per_epoch;
  return clamp(every, 1, part < 1 ? 1 : part);
}

void weiri_plan_steps(weiri_loop *l) {
  const bool later = l->opts.time_limit > 0.0 || l->config.plan.n > 0;
  l->state.steps = later ? 0 : allowed(l);
  l->state.eval_every = eval_every(l);
  follow(l);
}

/* What plan i says: the first time the schedule begins, later it goes on. */
static void take(weiri_loop *l, int64_t i) {
  const int64_t *p = l->state.plan + 3 * i;
  weiri_schedule *s = &l->schedule;
  l->state.steps = p[1];
  l->state.eval_every = p[2];
  if (s->steps == 0) {
    follow(l);
  } else {
    s->done = weiri_schedule_progress(s, p[0]);
    s->turned = p[0];
    s->steps = p[1];
  }
}

static void turn(weiri_loop *l, int64_t steps, int64_t every) {
  int64_t *p = l->state.plan + 3 * l->state.plans;
  p[0] = l->state.step;
  p[1] = steps;
  p[2] = every;
  take(l, l->state.plans++);
  l->paced = weiri_clock();
  l->paced_step = l->state.step;
}

/* Divides the seconds left between steps and evaluations. */
static void divide(weiri_loop *l, double left, double per_step) {
  const double cost = l->eval_seconds;
  double evaluations = fmax(EVALUATIONS, left / per_step / (double)l->per_epoch);
  if (l->config.eval_every > 0) {
    evaluations = left / (per_step * (double)l->config.eval_every + cost);
  } else if (evaluations * cost > EVALUATING * left) {
    evaluations = fmax(1.0, floor(EVALUATING * left / cost));
  }
  const double more = fmax(1.0, floor((left - evaluations * cost) / per_step));
  const int64_t most = allowed(l);
  int64_t steps = l->state.step + (more < 1e15 ? (int64_t)more : (int64_t)1e15);
  steps = most > 0 && most < steps ? most : steps;
  const double every = ceil((double)steps / evaluations);
  turn(l, steps,
      l->config.eval_every > 0 ? l->config.eval_every
      : every < 1.0            ? 1
                               : (int64_t)every);
}

double weiri_plan_pace(double *slices, int n) {
  for (int i = 1; i < n; i++) {
    const double x = slices[i];
    int j = i;
    for (; j > 0 && slices[j - 1] > x; j--) {
      slices[j] = slices[j - 1];
    }
    slices[j] = x;
  }
  return n == 0 ? 0.0 : 0.5 * (slices[n / 2] + slices[(n - 1) / 2]);
}

static void begin_slice(weiri_loop *l) {
  l->measured = weiri_clock();
  l->measured_step = l->state.step;
}

/* Closes the running slice when it is long enough, or in any case. */
static void end_slice(weiri_loop *l, bool now) {
  const int64_t timed = l->state.step - l->measured_step;
  const double took = weiri_clock() - l->measured;
  const bool whole = timed >= SLICE_STEPS && took >= SLICE * l->opts.time_limit;
  if (l->n_slices < WEIRI_SLICES && timed > 0 && (whole || now)) {
    l->slices[l->n_slices++] = took / (double)timed;
    begin_slice(l);
  }
}

/* At evaluations, not too often: whether the steps left take about the time left. */
static bool change(weiri_loop *l) {
  const weiri_state *s = &l->state;
  const double limit = l->opts.time_limit, now = weiri_clock();
  if (s->step % s->eval_every != 0 || s->step >= s->steps ||
      s->plans >= WEIR_FIT_PLANS) {
    return false;
  }
  if (l->paced_step >= 0 && now - l->paced < WATCHED * limit) {
    return false;
  }
  const int64_t timed = s->step - l->paced_step;
  const double pace = (now - l->paced) / (double)timed;
  const bool known = l->paced_step >= 0;
  l->paced = now;
  l->paced_step = s->step;
  const double left = fmax(USABLE * limit - weiri_loop_seconds(l), LEAST * limit);
  const double wanted = pace * (double)(s->steps - s->step);
  if (!known || (wanted <= LATE * left && wanted >= EARLY * left)) {
    return false;
  }
  const int64_t most = allowed(l);
  int64_t steps = s->step + (int64_t)fmin(fmax(1.0, floor(left / pace)), 1e15);
  steps = most > 0 && most < steps ? most : steps;
  if (steps == s->steps) {
    return false;
  }
  turn(l, steps, s->eval_every);
  return true;
}

/* A plan that is given. */
static bool obey(weiri_loop *l) {
  const weir_ints *p = &l->config.plan;
  const int64_t i = 3 * l->state.plans;
  if (i >= p->n || l->state.step != p->v[i]) {
    return false;
  }
  turn(l, p->v[i + 1], p->v[i + 2]);
  return true;
}

bool weiri_plan_fix(weiri_loop *l) {
  if (l->config.plan.n > 0) {
    return obey(l);
  }
  if (l->state.steps > 0) {
    return l->opts.time_limit > 0.0 && change(l);
  }
  const int64_t done = l->state.step - l->first_step, most = allowed(l);
  const double limit = l->opts.time_limit;
  if (most > 0 && l->state.step >= most) {
    turn(l, l->state.step, l->state.eval_every);
    return true;
  }
  if (done == WARM_STEPS || l->measured_step < 0) {
    begin_slice(l);
    return false;
  }
  const double used = weiri_loop_seconds(l);
  const bool late = used >= TIMED_MOST * limit;
  if (done > WARM_STEPS || late) {
    end_slice(l, late && l->n_slices == 0);
  }
  if (l->n_slices == 0 || (l->n_slices < WEIRI_SLICES && !late)) {
    return false;
  }
  const double pace = weiri_plan_pace(l->slices, l->n_slices);
  divide(l, fmax(0.0, USABLE * limit - used), fmax(pace, 1e-9));
  return true;
}

void weiri_plan_resume(weiri_loop *l) {
  if (l->state.plans == 0) {
    follow(l);
    return;
  }
  l->schedule.steps = 0;
  for (int64_t i = 0; i < l->state.plans; i++) {
    take(l, i);
  }
}

int64_t weiri_plan_patience(const weiri_loop *l) {
  const int64_t patience = l->config.patience;
  if (patience < 0 || l->valid.n == 0 || l->state.steps == 0) {
    return 0;
  }
  if (patience > 0) {
    return patience > INT64_MAX / l->per_epoch ? 0 : patience * l->per_epoch;
  }
  const int64_t third = l->state.steps / 3, least = 10 * l->per_epoch;
  return third > least ? third : least;
}
