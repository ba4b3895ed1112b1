/* What is to be believed of a posterior, in numbers and in sentences. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "infer/infer.h"
#include "weir/diagnose.h"

/* Vehtari et al. 2021: R-hat below 1.01, 100 effective draws a chain. Betancourt 2016:
 * E-BFMI of at least 0.3. */
#define RHAT_MAX 1.01
#define ESS_MIN 100.0
#define EBFMI_MIN 0.3

static void say(weir_judgement *j, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void say(weir_judgement *j, const char *fmt, ...) {
  const size_t used = strlen(j->text);
  char *end = j->text + used;
  const size_t room = sizeof j->text - used;
  const int space = used > 0 && room > 2 ? snprintf(end, room, " ") : 0;
  va_list args;
  va_start(args, fmt);
  vsnprintf(end + space, room - (size_t)space, fmt, args);
  va_end(args);
}

/* ---- chains ---- */

static int64_t column(const weir_posterior *p, const char *name) {
  for (int64_t k = 0; k < p->stats; k++) {
    if (strcmp(p->stat_name[k], name) == 0) {
      return k;
    }
  }
  return -1;
}

static void look_at_stats(weir_judgement *j, const weir_posterior *p) {
  const int64_t n = p->chains * p->draws;
  const int64_t energy = column(p, "energy__"), accept = column(p, "accept_stat__");
  const int64_t depth = column(p, "treedepth__");
  j->divergent = p->divergent;
  for (int64_t i = 0; i < n; i++) {
    const double *s = p->stat + i * p->stats;
    j->accept += accept >= 0 ? s[accept] / (double)n : 0.0;
    j->deepest +=
        depth >= 0 && p->depth_limit > 0 && s[depth] >= (double)p->depth_limit;
  }
  for (int64_t k = 0; energy >= 0 && k < p->chains; k++) {
    const double e =
        weir_ebfmi(p->draws, p->stat + k * p->draws * p->stats + energy, p->stats);
    j->ebfmi = isnan(j->ebfmi) ? e : fmin(j->ebfmi, e);
  }
}

static void look_at_summary(
    weir_judgement *j, const weir_posterior *p, const weir_summary *s, int64_t i) {
  const bool first = isnan(j->ess_bulk);
  j->ess_bulk = first ? s->ess_bulk : fmin(j->ess_bulk, s->ess_bulk);
  j->ess_tail = first ? s->ess_tail : fmin(j->ess_tail, s->ess_tail);
  if (s->rhat > j->rhat || (isnan(j->rhat) && !isnan(s->rhat))) {
    j->rhat = s->rhat;
    j->worst = i;
  }
  (void)p;
}

static void judge_chains(weir_judgement *j, const weir_posterior *p) {
  const double n = (double)(p->chains * p->draws);
  if (isnan(j->rhat)) {
    say(j, "Too few draws to say anything of convergence: draw at least 4 a chain.");
  } else if (!(j->rhat <= RHAT_MAX)) {
    say(j,
        "The chains do not agree (R-hat %.3f of %s, should be below %.2f): do not use "
        "these draws; try longer warm-up and more draws, or another parametrisation.",
        j->rhat, p->name[j->worst], RHAT_MAX);
  }
  if (!isnan(j->rhat) &&
      !(fmin(j->ess_bulk, j->ess_tail) >= ESS_MIN * (double)p->chains)) {
    say(j,
        "The draws of the worst parameter are worth only %.0f independent ones (bulk) "
        "and %.0f (tails), should be at least %.0f: draw more.",
        j->ess_bulk, j->ess_tail, ESS_MIN * (double)p->chains);
  }
  if (j->divergent > 0) {
    say(j,
        "%" PRId64
        " transition%s (%.2g %%) diverged: a region of high curvature may be "
        "missing from the draws; raise infer.method.target_accept or reparametrise.",
        j->divergent, j->divergent == 1 ? "" : "s", 100.0 * (double)j->divergent / n);
  }
  if (j->deepest > 0) {
    say(j,
        "%" PRId64 " trajector%s reached the largest tree: slow, not wrong; try "
        "--set infer.method.metric=dense.",
        j->deepest, j->deepest == 1 ? "y" : "ies");
  }
  if (j->ebfmi < EBFMI_MIN) {
    say(j,
        "E-BFMI is %.2f, should be above %.1f: the energies are explored slowly, tails "
        "may be missing.",
        j->ebfmi, EBFMI_MIN);
  }
}

/* ---- weights ---- */

static void judge_weights(weir_judgement *j, const weir_posterior *p) {
  const weir_khat *k = &j->khat;
  const bool again = json_is_true(json_object_get(p->facts, "resampled"));
  if (k->khat <= k->threshold) {
    say(j,
        "Pareto k-hat %.2f of %" PRId64
        " fresh draws is below %.2f: %s can be used where the fit has been; k-hat "
        "cannot see a mode that it never visited.",
        k->khat, k->n, k->threshold,
        again ? "these draws, drawn again by their smoothed weights,"
              : "the draws with their weights");
  } else {
    say(j,
        "Pareto k-hat %.2f of %" PRId64 " fresh draws is above %.2f: the fit is not "
        "close enough to the posterior for its draws, weighted or not; do not use "
        "them.",
        k->khat, k->n, k->threshold);
  }
}

weir_status weir_judge(
    weir_judgement *out, const weir_posterior *p, weir_summary *summary) {
  *out = (weir_judgement){.rhat = NAN, .ess_bulk = NAN, .ess_tail = NAN, .ebfmi = NAN};
  look_at_stats(out, p);
  for (int64_t i = 0; i < p->outputs; i++) {
    weir_summary s;
    WEIR_TRY(
        weir_summarize(&s, p->ctx, p->chains, p->draws, p->values + i, p->outputs));
    look_at_summary(out, p, &s, i);
    if (summary != NULL) {
      summary[i] = s;
    }
  }
  if (p->log_weight != NULL) {
    WEIR_TRY(weir_psis(&out->khat, p->ctx, p->chains * p->draws, p->log_weight, NULL));
    out->good = out->khat.khat <= out->khat.threshold;
    judge_weights(out, p);
  } else {
    judge_chains(out, p);
    out->good = out->text[0] == '\0';
  }
  if (p->failed > 0) {
    say(out,
        "%" PRId64 " of %" PRId64
        " evaluations of the density failed and were rejected%s"
        "%.120s.",
        p->failed, p->gradients, p->failure[0] == '\0' ? "" : ": ", p->failure);
  }
  if (out->good && p->log_weight == NULL) {
    say(out,
        "The chains agree (R-hat at most %.3f) and the draws are worth at least %.0f "
        "independent ones; nothing speaks against them.",
        out->rhat, fmin(out->ess_bulk, out->ess_tail));
  }
  return WEIR_OK;
}
