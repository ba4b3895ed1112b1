/* Categorical columns c beside others x: p(c, x) = p(c) p(x | c), exactly.
 * p(c) = prod_k softmax(logits_k(c_1 .. c_{k-1}, context)) from one masked network over
 * the one-hot columns (Germain et al. 2015); x has its own distribution whose context
 * is the given one and every one-hot. */
#include <string.h>

#include "part/part.h"

typedef struct mixed {
  weir_dist base;
  weir_ints columns, categories;
  const weir_spec *flow_spec, *net_spec;
  weir_net *net;
  weir_dist *flow;       /* of the other columns; NULL when there are none */
  int64_t *rest;         /* [n_rest] their places */
  int64_t *back;         /* [features] place of each column in [categorical, rest] */
  int64_t n_rest, width; /* width: sum of categories */
} mixed;

static const weir_opt opts[] = {
    {"columns", WEIR_OPT_INTS, offsetof(mixed, columns), "[]", 0, 1e9, NULL,
        "categorical columns, which hold indices"},
    {"categories", WEIR_OPT_INTS, offsetof(mixed, categories), "[]", 1, 65536, NULL,
        "number of categories of each"},
    {"flow", WEIR_OPT_SPEC, offsetof(mixed, flow_spec), "\"flow\"", 0, 0, NULL,
        "distribution of the other columns given these"},
    {"net", WEIR_OPT_SPEC, offsetof(mixed, net_spec),
        "{\"name\": \"mlp\", \"hidden\": [64]}", 0, 0, NULL,
        "masked network of the category probabilities"},
    {0}};

static weir_status sort_columns(mixed *m, weir_build *b) {
  weir_dist *d = &m->base;
  const int64_t n = d->event.features, k = m->columns.n;
  m->rest = weiri_calloc(b->ctx, (size_t)n + 1, sizeof *m->rest);
  m->back = weiri_calloc(b->ctx, (size_t)n + 1, sizeof *m->back);
  if (m->rest == NULL || m->back == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t j = 0; j < n; j++) {
    int64_t at = 0;
    while (at < k && m->columns.v[at] != j) {
      at++;
    }
    m->back[j] = at < k ? at : k + m->n_rest;
    if (at == k) {
      m->rest[m->n_rest++] = j;
    }
  }
  return m->n_rest + k == n && m->categories.n == k
             ? WEIR_OK
             : weiri_fail(WEIR_E_CONFIG,
                   "%s: columns must be distinct, below %lld, with a number of "
                   "categories "
                   "each",
                   d->path, (long long)n);
}

static weir_status make_net(mixed *m, weir_build *b) {
  for (int64_t i = 0; i < m->categories.n; i++) {
    m->width += m->categories.v[i];
  }
  int64_t *degree = weiri_alloc(b->ctx, (size_t)(m->width + 1) * sizeof *degree);
  if (degree == NULL) {
    return WEIR_E_MEMORY;
  }
  for (int64_t i = 0, at = 0; i < m->categories.n; i++) {
    for (int64_t j = 0; j < m->categories.v[i]; j++) {
      degree[at++] = i + 1;
    }
  }
  const weir_net_io io = {m->width, m->width, m->base.context, true, degree, degree};
  const weir_status status = weir_net_make(&m->net, b, "net", m->net_spec, &io);
  weiri_free(b->ctx, degree);
  return status;
}

static weir_status make_flow(mixed *m, weir_build *b) {
  if (m->n_rest == 0) {
    return WEIR_OK;
  }
  weir_event event;
  WEIR_TRY(weir_event_create(b->ctx, &event, m->n_rest));
  for (int64_t i = 0; i < m->n_rest; i++) {
    event.support[i] = m->base.event.support[m->rest[i]];
  }
  weir_build child = *b;
  child.context = b->context + m->width;
  const weir_status status =
      weir_dist_make(&m->flow, &child, "flow", m->flow_spec, &event);
  weir_event_destroy(b->ctx, &event);
  return status;
}

static weir_status setup(weir_dist *d, weir_build *b) {
  mixed *m = (mixed *)d;
  WEIR_TRY(sort_columns(m, b));
  WEIR_TRY(make_net(m, b));
  WEIR_TRY(make_flow(m, b));
  d->latent = m->columns.n;
  if (m->flow != NULL) {
    d->exactness = m->flow->exactness;
    d->sample_how = m->flow->sample_how;
    d->log_prob_how = m->flow->log_prob_how;
    d->latent += m->flow->latent;
  }
  return WEIR_OK;
}

static void teardown(weir_dist *d) {
  mixed *m = (mixed *)d;
  weir_net_destroy(&m->net);
  weir_dist_destroy(&m->flow);
  weiri_free(d->ctx, m->rest);
  weiri_free(d->ctx, m->back);
}

/* 1 in the column of the index in c [n, 1], else 0: [n, k]. */
static weir_var one_hot(weir_tape *t, weir_var c, int64_t k) {
  const weir_var ones = weir_fill(t, weir_shape_1(k), 1.0);
  const weir_var ladder = weir_shift(t, weir_cumsum(t, ones, false), -1.0);
  const weir_var half = weir_fill(t, weir_shape_0(), 0.5);
  return weir_less(t, weir_abs(t, weir_sub(t, c, ladder)), half);
}

/* All one-hots side by side [n, width] from indices [n, columns]. */
static weir_var one_hots(const mixed *m, weir_tape *t, weir_var c) {
  weir_var all = weir_var_none();
  for (int64_t i = 0; i < m->columns.n; i++) {
    const weir_var h = one_hot(t, weir_slice(t, c, 1, i, 1), m->categories.v[i]);
    all = i == 0 ? h : weir_concat(t, 2, (const weir_var[]){all, h}, 1);
  }
  return all;
}

/* log p(c) [n] from logits and one-hots [n, width]. */
static weir_var log_mass(const mixed *m, weir_tape *t, weir_var logits, weir_var hot) {
  weir_var total = weir_sum_last(t, weir_mul(t, logits, hot));
  int64_t at = 0;
  for (int64_t i = 0; i < m->columns.n; i++) {
    const weir_var l = weir_slice(t, logits, 1, at, m->categories.v[i]);
    total = weir_sub(t, total, weir_logsumexp(t, l));
    at += m->categories.v[i];
  }
  return total;
}

static weir_var flow_context(weir_tape *t, weir_var context, weir_var hot) {
  return weir_var_ok(context) ? weir_concat(t, 2, (const weir_var[]){context, hot}, 1)
                              : hot;
}

static void log_prob(const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  const mixed *m = (const mixed *)d;
  weir_tape *t = weir_run_tape(run);
  const weir_var c = weir_gather(t, x, m->columns.n, m->columns.v);
  const weir_var hot = one_hots(m, t, c);
  const weir_var logits = weir_net_apply(m->net, run, hot, context);
  weir_run_part(
      run, WEIR_PART_BASE, d->path, log_mass(m, t, logits, hot), weir_var_none());
  if (m->flow != NULL) {
    weir_dist_parts(m->flow, run, weir_gather(t, x, m->n_rest, m->rest),
        flow_context(t, context, hot));
  }
}

/* Index [n, 1] with probabilities p [n, k] from u [n, 1]: how many running sums lie
 * below. */
static weir_var pick(weir_tape *t, weir_var p, weir_var u, int64_t k) {
  const weir_var below = weir_less(t, weir_cumsum(t, p, false), u);
  const int64_t n = weir_var_dim(t, p, 0);
  const weir_var count = weir_reshape(t, weir_sum_last(t, below), weir_shape_2(n, 1));
  return weir_min(t, count, weir_fill(t, weir_shape_0(), (double)(k - 1)));
}

/* Draws the columns one after another; the network sees those drawn so far. */
static weir_var draw_categories(
    const mixed *m, weir_run *run, int64_t n, weir_var context) {
  weir_tape *t = weir_run_tape(run);
  const weir_var u = weir_run_uniform(run, m->base.path, n, m->columns.n);
  weir_var c = weir_fill(t, weir_shape_2(n, m->columns.n), 0.0);
  int64_t at = 0;
  for (int64_t i = 0; i < m->columns.n; i++) {
    const int64_t k = m->categories.v[i];
    const weir_var logits = weir_net_apply(m->net, run, one_hots(m, t, c), context);
    const weir_var p = weir_softmax(t, weir_slice(t, logits, 1, at, k));
    const weir_var index = pick(t, p, weir_slice(t, u, 1, i, 1), k);
    c = weir_add(t, c, weir_embed(t, index, 1, i, m->columns.n));
    at += k;
  }
  return c;
}

/* [categorical, rest] side by side back to the order of the columns. */
static weir_var join(const mixed *m, weir_tape *t, weir_var c, weir_var rest) {
  const weir_var all =
      weir_var_ok(rest) ? weir_concat(t, 2, (const weir_var[]){c, rest}, 1) : c;
  return weir_gather(t, all, m->base.event.features, m->back);
}

static weir_var sample(const weir_dist *d, weir_run *run, int64_t n, weir_var context) {
  const mixed *m = (const mixed *)d;
  weir_tape *t = weir_run_tape(run);
  const weir_var c = draw_categories(m, run, n, context);
  const weir_var hot = one_hots(m, t, c);
  const weir_var logits = weir_net_apply(m->net, run, hot, context);
  weir_run_part(
      run, WEIR_PART_BASE, d->path, log_mass(m, t, logits, hot), weir_var_none());
  weir_var rest = weir_var_none();
  if (m->flow != NULL) {
    weir_var log_rest;
    rest = weir_dist_sample(m->flow, run, n, flow_context(t, context, hot), &log_rest);
    weir_run_part(run, WEIR_PART_BASE, m->flow->path, log_rest, weir_var_none());
  }
  return join(m, t, c, rest);
}

/* The latent is [categorical indices, latent of the rest]. */
static weir_var encode(
    const weir_dist *d, weir_run *run, weir_var x, weir_var context) {
  const mixed *m = (const mixed *)d;
  weir_tape *t = weir_run_tape(run);
  const weir_var c = weir_gather(t, x, m->columns.n, m->columns.v);
  if (m->flow == NULL) {
    return c;
  }
  const weir_var z =
      weir_dist_encode(m->flow, run, weir_gather(t, x, m->n_rest, m->rest),
          flow_context(t, context, one_hots(m, t, c)));
  return weir_concat(t, 2, (const weir_var[]){c, z}, 1);
}

static weir_var decode(
    const weir_dist *d, weir_run *run, weir_var z, weir_var context) {
  const mixed *m = (const mixed *)d;
  weir_tape *t = weir_run_tape(run);
  const int64_t k = m->columns.n;
  const weir_var c = weir_slice(t, z, 1, 0, k);
  if (m->flow == NULL) {
    return join(m, t, c, weir_var_none());
  }
  const weir_var rest =
      weir_dist_decode(m->flow, run, weir_slice(t, z, 1, k, d->latent - k),
          flow_context(t, context, one_hots(m, t, c)));
  return join(m, t, c, rest);
}

const weir_dist_class weir_dist_mixed = {
    .is = {"mixed", "categorical columns, and others given them: p(c) p(x | c)",
        "Germain et al. 2015", sizeof(mixed), opts},
    .setup = setup,
    .teardown = teardown,
    .log_prob = log_prob,
    .sample = sample,
    .encode = encode,
    .decode = decode,
};
