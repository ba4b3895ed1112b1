/* Hierarchical logistic regression with crossed random effects, laid out as the survey
 * study of transport score climbing (Zhang, Blei, Naesseth 2022): an intercept, 5 fixed
 * effects and 123 random ones in 7 groups of 50 (state), 6 (age), 4 (ethnicity), 5
 * (education), 8 (sex x ethnicity), 30 (education x age), 20 (education x ethnicity).
 *
 *     P(y = 1) = s(a + x b + sum_g u_g[k_g]),  u_g[k] ~ N(0, sigma_g^2),
 *     a, b_j ~ N(0, 2.5^2),  sigma_g ~ half-normal(1)
 *
 * The paper's data are not here: answers are simulated from the model, at sigma drawn
 * from its prior. centred: coordinates a, b, sigma, u; noncentred: u = sigma eta. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "part/target.h"

enum { GROUPS = 7, EFFECTS = 123, FIXED = 6, DIM = FIXED + GROUPS + EFFECTS };
enum { SIGMA = FIXED, EFFECT = FIXED + GROUPS, CENTRED = 0, NONCENTRED = 1 };
enum { STATES = 50, AGES = 6, ETHNICITIES = 4, EDUCATIONS = 5 };
#define SCALE 2.5

/* First effect of each group. */
static const int first_of[GROUPS + 1] = {0, 50, 56, 60, 65, 73, 103, EFFECTS};

typedef struct person {
  int effect[GROUPS];
  double x[FIXED], y;
} person;

typedef struct survey {
  weir_target base;
  int64_t rows, seed;
  int form;
  person *people; /* [rows] */
} survey;

static const weir_opt opts[] = {{"rows", WEIR_OPT_INT, offsetof(survey, rows), "5000",
                                    1, 10000000, NULL, "people asked"},
    {"seed", WEIR_OPT_INT, offsetof(survey, seed), "1", 0, 9007199254740992.0, NULL,
        "of the people and of their answers"},
    {"form", WEIR_OPT_CHOICE, offsetof(survey, form), "\"noncentred\"", 0, 0,
        "centred|noncentred", "the random effects, or those in units of their sigma"},
    {0}};

/* Who is asked: uniform over states, ages, ...; a vote share for each state, four
 * regions. */
static void ask(person *p, uint64_t seed, int64_t i) {
  const weiri_rng rng = {seed, weiri_stream("target.survey.people", (uint64_t)i)};
  const weiri_rng vote = {seed, weiri_stream("target.survey.vote", 0)};
  const int state = (int)weiri_below(rng, 0, STATES),
            age = (int)weiri_below(rng, 1, AGES);
  const int ethnicity = (int)weiri_below(rng, 2, ETHNICITIES);
  const int education = (int)weiri_below(rng, 3, EDUCATIONS);
  const int sex = (int)weiri_below(rng, 4, 2), region = state % 4;
  const int effect[GROUPS] = {state, age, ethnicity, education,
      sex * ETHNICITIES + ethnicity, education * AGES + age,
      education * ETHNICITIES + ethnicity};
  for (int g = 0; g < GROUPS; g++) {
    p->effect[g] = first_of[g] + effect[g];
  }
  p->x[0] = 1.0;
  p->x[1] = sex - 0.5;
  p->x[2] = weiri_normal(vote, (uint64_t)state);
  for (int r = 0; r < 3; r++) {
    p->x[3 + r] = region == r ? 1.0 : 0.0;
  }
}

static double linear(const person *p, const double *fixed, const double *effects) {
  double e = 0.0;
  for (int j = 0; j < FIXED; j++) {
    e += p->x[j] * fixed[j];
  }
  for (int g = 0; g < GROUPS; g++) {
    e += effects[p->effect[g]];
  }
  return e;
}

/* Coordinates from the prior, and the effects that they mean. */
static void draw_prior(int form, uint64_t seed, double *x, double *effects) {
  const weiri_rng rng = {seed, weiri_stream("target.survey.prior", 0)};
  weiri_fill_normal(rng, 0, DIM, WEIR_F64, x);
  for (int j = 0; j < FIXED; j++) {
    x[j] *= SCALE;
  }
  for (int g = 0; g < GROUPS; g++) {
    x[SIGMA + g] = fabs(x[SIGMA + g]);
    for (int k = first_of[g]; k < first_of[g + 1]; k++) {
      effects[k] = x[SIGMA + g] * x[EFFECT + k];
      x[EFFECT + k] = form == CENTRED ? effects[k] : x[EFFECT + k];
    }
  }
}

static void answer(survey *s, uint64_t seed, const double *x, const double *effects) {
  const weiri_rng rng = {seed, weiri_stream("target.survey.answers", 0)};
  for (int64_t i = 0; i < s->rows; i++) {
    const double p = 1.0 / (1.0 + exp(-linear(&s->people[i], x, effects)));
    s->people[i].y = weiri_uniform(rng, (uint64_t)i) < p ? 1.0 : 0.0;
  }
}

/* A plausible survey: effects of moderate size. */
static void truth(int64_t seed, double *x, double *effects) {
  draw_prior(NONCENTRED, (uint64_t)seed, x, effects);
  for (int j = 0; j < FIXED; j++) {
    x[j] *= 0.2;
  }
  for (int g = 0; g < GROUPS; g++) {
    const double sigma = 0.2 + 0.3 * x[SIGMA + g];
    for (int k = first_of[g]; k < first_of[g + 1]; k++) {
      effects[k] = sigma * x[EFFECT + k];
    }
  }
}

static weir_status describe(weir_target *t, bool centred) {
  WEIR_TRY(weir_target_shape(t, DIM, DIM + (centred ? 0 : EFFECTS)));
  for (int g = 0; g < GROUPS; g++) {
    t->support[SIGMA + g] = (weir_support){WEIR_POSITIVE, 0.0, 0.0};
  }
  WEIR_TRY(weir_target_names(t, 0, 0, "intercept"));
  WEIR_TRY(weir_target_names(t, 1, FIXED - 1, "beta"));
  WEIR_TRY(weir_target_names(t, SIGMA, GROUPS, "sigma"));
  WEIR_TRY(weir_target_names(t, EFFECT, EFFECTS, centred ? "effect" : "eta"));
  return centred ? WEIR_OK : weir_target_names(t, DIM, EFFECTS, "effect");
}

static weir_status setup(weir_target *t) {
  survey *s = (survey *)t;
  double x[DIM], effects[EFFECTS];
  if (s->people == NULL) { /* else: simulated */
    s->people = weiri_alloc(t->ctx, (size_t)s->rows * sizeof *s->people);
    if (s->people == NULL) {
      return WEIR_E_MEMORY;
    }
    for (int64_t i = 0; i < s->rows; i++) {
      ask(&s->people[i], (uint64_t)s->seed, i);
    }
    truth(s->seed, x, effects);
    answer(s, (uint64_t)s->seed, x, effects);
  }
  return describe(t, s->form == CENTRED);
}

static void teardown(weir_target *t) {
  weiri_free(t->ctx, ((survey *)t)->people);
}

/* Log likelihood; pull [EFFECTS] and the first FIXED of grad receive its derivatives.
 */
static double likelihood(const survey *s, const double *x, const double *effects,
    double *grad, double *pull) {
  double sum = 0.0;
  for (int64_t i = 0; i < s->rows; i++) {
    const person *p = &s->people[i];
    const double e = linear(p, x, effects), q = exp(-fabs(e));
    const double r = p->y - (e >= 0.0 ? 1.0 / (1.0 + q) : q / (1.0 + q));
    sum += p->y * e - fmax(e, 0.0) - log1p(q);
    for (int j = 0; grad != NULL && j < FIXED; j++) {
      grad[j] += r * p->x[j];
    }
    for (int g = 0; grad != NULL && g < GROUPS; g++) {
      pull[p->effect[g]] += r;
    }
  }
  return sum;
}

/* Priors of the random effects and the chain rule through them. */
static double effects_prior(
    int form, const double *x, const double *pull, double *grad) {
  double sum = 0.0;
  for (int g = 0; g < GROUPS; g++) {
    const double sigma = x[SIGMA + g];
    double slope = -sigma;
    sum -= 0.5 * sigma * sigma;
    for (int k = first_of[g]; k < first_of[g + 1]; k++) {
      const double v = x[EFFECT + k], z = form == CENTRED ? v / sigma : v;
      sum -= 0.5 * z * z + (form == CENTRED ? log(sigma) : 0.0);
      slope += form == CENTRED ? (z * z - 1.0) / sigma : pull[k] * v;
      if (grad != NULL) {
        grad[EFFECT + k] = form == CENTRED ? pull[k] - z / sigma : pull[k] * sigma - v;
      }
    }
    if (grad != NULL) {
      grad[SIGMA + g] = slope;
    }
  }
  return sum;
}

static void effects_of(int form, const double *x, double *effects) {
  for (int g = 0; g < GROUPS; g++) {
    for (int k = first_of[g]; k < first_of[g + 1]; k++) {
      effects[k] = x[EFFECT + k] * (form == CENTRED ? 1.0 : x[SIGMA + g]);
    }
  }
}

static double one(const survey *s, const double *x, double *grad) {
  double effects[EFFECTS], pull[EFFECTS] = {0.0}, sum = 0.0;
  effects_of(s->form, x, effects);
  for (int j = 0; j < FIXED; j++) {
    sum -= 0.5 * x[j] * x[j] / (SCALE * SCALE);
    if (grad != NULL) {
      grad[j] = -x[j] / (SCALE * SCALE);
    }
  }
  sum += likelihood(s, x, effects, grad, pull);
  return sum + effects_prior(s->form, x, pull, grad);
}

static weir_status log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  for (int64_t i = 0; i < n; i++) {
    value[i] =
        one((const survey *)t, x + i * DIM, grad == NULL ? NULL : grad + i * DIM);
  }
  return WEIR_OK;
}

static weir_status outputs(const weir_target *t, uint64_t seed, int64_t first,
    int64_t n, const double *x, double *out) {
  const survey *s = (const survey *)t;
  (void)seed;
  (void)first;
  for (int64_t i = 0; i < n; i++, x += DIM, out += t->outputs) {
    memcpy(out, x, DIM * sizeof *x);
    if (s->form == NONCENTRED) {
      effects_of(s->form, x, out + DIM);
    }
  }
  return WEIR_OK;
}

extern const weir_target_class weiri_target_survey;

static weir_status simulate(
    const weir_target *t, uint64_t seed, double *x, weir_target **posterior) {
  const survey *s = (const survey *)t;
  double effects[EFFECTS];
  survey *other = weiri_calloc(t->ctx, 1, sizeof *other);
  person *people = weiri_alloc(t->ctx, (size_t)s->rows * sizeof *people);
  if (other == NULL || people == NULL) {
    weiri_free(t->ctx, other);
    weiri_free(t->ctx, people);
    return WEIR_E_MEMORY;
  }
  memcpy(people, s->people, (size_t)s->rows * sizeof *people);
  other->rows = s->rows;
  other->seed = s->seed;
  other->form = s->form;
  other->people = people;
  draw_prior(s->form, seed, x, effects);
  answer(other, seed, x, effects);
  return weiri_target_set_up(posterior, t->ctx, &weiri_target_survey, other, NULL);
}

const weir_target_class weiri_target_survey = {
    .is = {"survey",
        "hierarchical logistic regression with crossed random effects, simulated "
        "answers",
        "layout: Zhang, Blei, Naesseth 2022", sizeof(survey), opts},
    .setup = setup,
    .teardown = teardown,
    .log_density = log_density,
    .outputs = outputs,
    .from_outputs = weiri_outputs_lead,
    .simulate = simulate};
