/* Parts sorted by what an objective does with them. In front of the first likelihood
 * stand the layers of the data; of what follows, likelihoods are reconstruction and all
 * else, posterior, prior, the prior flow's volumes, is the rate: minus the KL. */
#include <math.h>

#include "infer/objective.h"

/* Index of the first part of a stochastic layer; n_parts where there is none. */
static int first_stochastic(const weir_run *run) {
  int i = 0;
  while (i < run->n_parts && run->parts[i].kind != WEIR_PART_LIKELIHOOD) {
    i++;
  }
  return i;
}

static weir_var plus(weir_run *run, weir_var sum, weir_var x) {
  if (!weir_var_ok(sum)) {
    return x;
  }
  sum = weiri_run_match(run, sum, weir_var_dim(run->tape, x, 0));
  x = weiri_run_match(run, x, weir_var_dim(run->tape, sum, 0));
  return weir_add(run->tape, sum, x);
}

static bool is_rate(const weir_part *p) {
  return p->kind != WEIR_PART_LIKELIHOOD;
}

/* The rate per group where every part of it has the same groups. */
static weir_var grouped(weir_run *run, int first, weir_var rate) {
  weir_var sum = weir_var_none();
  int64_t groups = -1;
  for (int i = first; i < run->n_parts; i++) {
    if (!is_rate(&run->parts[i])) {
      continue;
    }
    const weir_shape s = weir_var_shape(run->tape, run->parts[i].value);
    const int64_t g = s.rank == 2 ? s.dim[1] : 0;
    if (g == 0 || (groups >= 0 && g != groups)) {
      return rate;
    }
    groups = g;
    sum = plus(run, sum, run->parts[i].value);
  }
  return sum;
}

weiri_terms weiri_terms_of(weir_run *run) {
  const weir_var none = weir_var_none();
  weiri_terms terms = {none, none, none, none};
  const int first = first_stochastic(run);
  for (int i = 0; i < run->n_parts; i++) {
    const weir_var row = weiri_run_row(run, run->parts[i].value);
    weir_var *to = i < first                 ? &terms.data
                   : is_rate(&run->parts[i]) ? &terms.rate
                                             : &terms.likelihood;
    *to = plus(run, *to, row);
  }
  terms.rate_groups = grouped(run, first, terms.rate);
  return terms;
}

weir_var weiri_weighted(weir_run *run, weir_var x, weir_var weight) {
  weir_tape *t = run->tape;
  const int64_t m = weir_var_dim(t, x, 0), n = weir_var_dim(t, weight, 0);
  if (m == n) {
    return weir_sum_all(t, weir_mul(t, x, weight));
  }
  const weir_var each = weir_reshape(t, x, weir_shape_2(n, m / n));
  return weir_scale(t, weir_sum_all(t, weir_mul(t, weir_sum_last(t, each), weight)),
      (double)n / (double)m);
}

/* f stopped, less the mean of the others. The mean of a score is 0 given all other
 * draws, so this changes no expectation and takes off most of the variance: the size of
 * a log-likelihood that all rows share (Mnih & Rezende 2016, section 2.5). */
static weir_var gain(weir_tape *t, weir_var f) {
  const double n = (double)weir_var_dim(t, f, 0);
  const weir_var stopped = weir_stop(t, f);
  return n < 2.0 ? stopped
                 : weir_scale(t, weir_sub(t, stopped, weir_mean_all(t, stopped)),
                       n / (n - 1.0));
}

weir_var weiri_scores(weir_run *run, weir_var rate_weight) {
  weir_tape *t = run->tape;
  weir_var total = weir_var_none(), after = weir_var_none();
  const int first = first_stochastic(run);
  bool scored = false;
  for (int i = 0; i < run->n_parts; i++) {
    scored = scored || weir_var_ok(run->parts[i].score);
  }
  for (int i = run->n_parts; scored && i-- > 0;) {
    weir_var value = weiri_run_row(run, run->parts[i].value);
    if (weir_var_ok(rate_weight) && i >= first && is_rate(&run->parts[i])) {
      value = weir_mul(t, value, rate_weight);
    }
    after = plus(run, after, value);
    if (weir_var_ok(run->parts[i].score)) {
      const weir_var stopped = gain(t, after), score = run->parts[i].score;
      total = plus(run, total,
          weir_mul(t, weiri_run_match(run, score, weir_var_dim(t, after, 0)), stopped));
    }
  }
  return total;
}

weir_var weiri_scores_of_rows(weir_run *run, weir_var value) {
  weir_tape *t = run->tape;
  const int64_t n = weir_var_dim(t, value, 0);
  weir_var total = weir_var_none();
  for (int i = 0; i < run->n_parts; i++) {
    weir_var score = run->parts[i].score;
    if (!weir_var_ok(score)) {
      continue;
    }
    const int64_t m = weir_var_dim(t, score, 0);
    score = m == n ? score
                   : weir_sum_last(t, weir_reshape(t, score, weir_shape_2(n, m / n)));
    total = plus(run, total, weir_mul(t, score, gain(t, value)));
  }
  return total;
}

/* ---- weights that change over training ---- */

double weiri_ramp_at(const weiri_ramp *r, uint64_t step) {
  const uint64_t s = r->cycle > 0 ? step % (uint64_t)r->cycle : step;
  if (r->steps <= 0 || s >= (uint64_t)r->steps) {
    return r->to;
  }
  return r->from + (r->to - r->from) * (double)s / (double)r->steps;
}

static double ramp_number(const void *self, uint64_t step) {
  return weiri_ramp_at(self, step);
}

weir_var weiri_ramp_var(const weiri_ramp *r, weir_run *run) {
  return r->steps > 0 ? weir_run_number(run, ramp_number, r)
                      : weir_fill(run->tape, weir_shape_0(), r->to);
}
