/* Drops columns: z = x kept, with the dropped ones modelled given z (Nielsen et al.
 * 2020, the inference surjection of SurVAE; Klein et al. 2021 call it a funnel): log
 * p(x) = log p(z) + log q(dropped | z), exact. On the way to the data the dropped
 * columns are drawn from q. */
#include "layer/columns.h"
#include "part/theta.h"

typedef struct slice {
  weir_layer base;
  weir_ints columns; /* dropped */
  const weir_spec *given_spec;
  weir_dist *given; /* of the dropped columns given the kept ones */
  int64_t kept_n, *kept;
} slice;

static const weir_opt opts[] = {{"columns", WEIR_OPT_INTS, offsetof(slice, columns),
                                    NULL, 0, 1e9, NULL, "columns to drop, from 0"},
    {"given", WEIR_OPT_SPEC, offsetof(slice, given_spec),
        "{\"name\": \"normal\", \"kind\": \"diagonal\", \"net\": \"mlp\"}", 0, 0, NULL,
        "distribution of the dropped columns given the kept ones"},
    {0}};

/* Kept columns in order, their supports, and the event of the dropped ones. */
static weir_status split(slice *s, weir_ctx *ctx, weir_event *dropped) {
  weir_layer *l = &s->base;
  bool *gone = weiri_calloc(ctx, (size_t)l->data.features + 1, sizeof *gone);
  if (gone == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0; i < s->columns.n; i++) {
    gone[s->columns.v[i]] = true;
    dropped->support[i] = l->data.support[s->columns.v[i]];
  }
  for (int64_t j = 0; j < l->data.features; j++) {
    if (!gone[j]) {
      l->latent.support[s->kept_n] = l->data.support[j];
      s->kept[s->kept_n++] = j;
    }
  }
  weiri_free(ctx, gone);
  return WEIR_OK;
}

static weir_status setup(weir_layer *l, weir_build *b) {
  slice *s = (slice *)l;
  const int64_t d = l->data.features;
  WEIR_TRY(weiri_columns_check(&s->columns, d, l->path));
  if (s->columns.n < 1 || s->columns.n >= d) {
    return weiri_fail(WEIR_E_CONFIG,
        "%s.columns: expected 1 to %lld columns to drop, found %lld", l->path,
        (long long)d - 1, (long long)s->columns.n);
  }
  s->kept = weiri_alloc(b->ctx, (size_t)(d + 1) * sizeof *s->kept);
  if (s->kept == NULL) {
    return WEIR_E_MEMORY;
  }
  weir_event dropped;
  WEIR_TRY(weir_event_create(b->ctx, &l->latent, d - s->columns.n));
  WEIR_TRY(weir_event_create(b->ctx, &dropped, s->columns.n));
  weir_build child = *b;
  child.context = l->latent.features + b->context;
  weir_status status = split(s, b->ctx, &dropped);
  if (status == WEIR_OK) {
    status = weir_dist_make(&s->given, &child, "given", s->given_spec, &dropped);
  }
  weir_event_destroy(b->ctx, &dropped);
  WEIR_TRY(status);
  l->exactness = s->given->exactness;
  l->latent_how = s->given->log_prob_how;
  l->data_how = s->given->sample_how;
  return WEIR_OK;
}

static void teardown(weir_layer *l) {
  weir_dist_destroy(&((slice *)l)->given);
  weiri_free(l->ctx, ((slice *)l)->kept);
}

static weir_var to_latent(
    const weir_layer *l, weir_run *run, weir_var x, weir_var context) {
  const slice *s = (const slice *)l;
  weir_tape *t = run->tape;
  const weir_var kept = weir_gather(t, x, s->kept_n, s->kept);
  const weir_var dropped = weir_gather(t, x, s->columns.n, s->columns.v);
  weir_run_part(run, WEIR_PART_BOUND, s->given->path,
      weir_dist_log_prob(s->given, run, dropped, weiri_beside(run, kept, context)),
      weir_var_none());
  return kept;
}

static weir_var to_data(
    const weir_layer *l, weir_run *run, weir_var z, weir_var context) {
  const slice *s = (const slice *)l;
  weir_tape *t = run->tape;
  const int64_t d = l->data.features;
  weir_var log_q;
  const weir_var dropped = weir_dist_sample(
      s->given, run, weir_var_dim(t, z, 0), weiri_beside(run, z, context), &log_q);
  weir_run_part(
      run, WEIR_PART_BOUND, s->given->path, weir_neg(t, log_q), weir_var_none());
  return weir_add(t, weir_scatter(t, z, s->kept_n, s->kept, d),
      weir_scatter(t, dropped, s->columns.n, s->columns.v, d));
}

const weir_layer_class weir_layer_slice = {
    .is = {"slice", "drops columns, modelled given the others", "Nielsen et al. 2020",
        sizeof(slice), opts},
    .setup = setup,
    .teardown = teardown,
    .to_latent = to_latent,
    .to_data = to_data,
};
