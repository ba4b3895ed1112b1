/* The train section of a configuration. */
#include "base/option.h"
#include "train/train.h"

#define WEIR_OPTIM(name) "|" #name
static const char optims[] =
#include "weir/optims.def"
    ;
#undef WEIR_OPTIM
#define WEIR_SCHEDULE(name) "|" #name
static const char schedules[] =
#include "weir/schedules.def"
    ;
#undef WEIR_SCHEDULE

#define AT(field) offsetof(weiri_fit_config, field)

static const weir_opt opts[] = {
    {"batch_size", WEIR_OPT_INT, AT(batch_size), "0", 0, 1 << 24, NULL,
        "rows per step; 0: 64 to 512 by the number of rows"},
    {"epochs", WEIR_OPT_INT, AT(epochs), "0", 0, 1e9, NULL,
        "passes over the training rows; 0: by the number of rows, or by the time "
        "limit"},
    {"steps", WEIR_OPT_INT, AT(steps), "0", 0, 1e15, NULL,
        "at most this many steps; 0: as many as the epochs have"},
    {"learning_rate", WEIR_OPT_REAL, AT(learning_rate), "0.001", 1e-12, 10, NULL,
        "step size of the optimiser at its largest"},
    {"optimizer", WEIR_OPT_CHOICE, AT(optimizer), "\"adam\"", 0, 0, optims + 1,
        "update rule"},
    {"beta1", WEIR_OPT_REAL, AT(beta1), "0.9", 0, 0.999999, NULL,
        "decay of the first moment per step"},
    {"beta2", WEIR_OPT_REAL, AT(beta2), "0.999", 0, 0.99999999, NULL,
        "decay of the second moment per step"},
    {"epsilon", WEIR_OPT_REAL, AT(epsilon), "1e-8", 1e-16, 1, NULL,
        "added to the root of the second moment"},
    {"weight_decay", WEIR_OPT_REAL, AT(weight_decay), "0", 0, 10, NULL,
        "shrinks the weights by this times the rate per step (adamw)"},
    {"objective", WEIR_OPT_SPEC, AT(objective), "null", 0, 0, NULL,
        "what is maximised: {name: elbo, beta: 4}, see: weir list objectives; null: "
        "elbo, "
        "of a flow its log-likelihood"},
    {"schedule", WEIR_OPT_CHOICE, AT(schedule), "\"cosine\"", 0, 0, schedules + 1,
        "learning rate over time"},
    {"final_rate", WEIR_OPT_REAL, AT(final_rate), "0.0", 0, 1, NULL,
        "least learning rate of a schedule, as a fraction of learning_rate"},
    {"warmup", WEIR_OPT_INT, AT(warmup), "100", 0, 1e9, NULL,
        "steps over which the rate rises from 0, at most a tenth of all"},
    {"plateau_factor", WEIR_OPT_REAL, AT(plateau_factor), "0.5", 1e-3, 0.999, NULL,
        "plateau: factor on the rate"},
    {"plateau_patience", WEIR_OPT_INT, AT(plateau_patience), "5", 1, 1e6, NULL,
        "plateau: evaluations without improvement before the rate falls"},
    {"clip", WEIR_OPT_REAL, AT(clip), "5", 0, 1e9, NULL,
        "largest norm of the gradient, nats; 0: no clipping"},
    {"ema", WEIR_OPT_REAL, AT(ema), "0", 0, 0.99999999, NULL,
        "decay per step of a moving average of the weights, which is then evaluated "
        "and "
        "kept; 0: none"},
    {"patience", WEIR_OPT_INT, AT(patience), "0", -1, 1e9, NULL,
        "epochs without a better held-out likelihood before training stops; 0: a third "
        "of the run, at least 10; -1: never"},
    {"eval_every", WEIR_OPT_INT, AT(eval_every), "0", 0, 1e12, NULL,
        "steps between evaluations; 0: an epoch, or a twentieth of a shorter run"},
    {"plan", WEIR_OPT_INTS, AT(plan), "[]", 0, 1e15, NULL,
        "what was fixed under a time limit, and repeats that run: after which step, "
        "steps in all, steps between evaluations; again for each change"},
    {"checkpoint_seconds", WEIR_OPT_REAL, AT(checkpoint_seconds), "20", 0, 1e9, NULL,
        "seconds between checkpoints; 0: after every step"},
    {0}};

const weir_opt *weir_fit_options(void) {
  return opts;
}

void weiri_fit_config_free(const weir_ctx *ctx, weiri_fit_config *config) {
  weiri_opts_free(ctx, opts, config);
}

static weir_status check_plan(const weiri_fit_config *c) {
  const weir_ints *p = &c->plan;
  bool ok = p->n % 3 == 0 && p->n <= 3 * WEIR_FIT_PLANS;
  for (int64_t i = 0; ok && i < p->n; i += 3) {
    ok = p->v[i] > (i == 0 ? 0 : p->v[i - 3]) && p->v[i + 1] >= p->v[i] &&
         p->v[i + 2] > 0;
  }
  return ok ? WEIR_OK
            : weiri_fail(WEIR_E_CONFIG,
                  "train.plan: expected [step, steps in all, steps between "
                  "evaluations], up to %d times, as a record gives it",
                  WEIR_FIT_PLANS);
}

weir_status weiri_fit_config_read(const weir_ctx *ctx, const weir_spec *spec,
    weiri_fit_config *out, json_t *resolved) {
  *out = (weiri_fit_config){0};
  WEIR_TRY(weiri_opts_read(ctx, opts, out, spec, "train", resolved));
  const weiri_optim_class *cls = weiri_optim_at(out->optimizer);
  if (out->weight_decay > 0.0 && !cls->decays) {
    return weiri_fail(WEIR_E_CONFIG,
        "train.weight_decay: optimizer '%s' has none; take adamw, or set it to 0",
        cls->name);
  }
  return check_plan(out);
}
