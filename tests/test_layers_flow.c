/* Every elementwise map in every structure, steered by every network: round trips,
 * log-determinants against the Jacobian, gradients, the way without gradients. */
#include <stdio.h>

#include "layer_check.h"

/* ---- what is tried ---- */

typedef struct map_case {
  const char *name, *options; /* options: ", \"bins\": 5" */
  bool steep; /* far out the derivative of the map leaves what a double can hold */
} map_case;

static const map_case maps[] = {
    {"additive", "", false},
    {"affine", ", \"scale\": \"exp\"", false},
    {"affine", ", \"scale\": \"tanh-exp\", \"bound\": 1.5", false},
    {"affine", ", \"scale\": \"sigmoid\"", false},
    {"affine", ", \"scale\": \"softplus\"", false},
    {"gated", ", \"forget_bias\": 0.5", false},
    {"rqs", ", \"bins\": 4", false},
    {"rqs", ", \"bins\": 8, \"tail_bound\": 5", false},
    {"rqs", ", \"bins\": 5, \"tails\": \"none\"", false},
    {"rqs", ", \"bins\": 5, \"tails\": \"circular\"", false},
    {"rqs", ", \"bins\": 6, \"tails\": \"none\", \"lo\": -1, \"hi\": 2.5", false},
    {"rqs", ", \"bins\": 4, \"tails\": \"circular\", \"lo\": 0, \"hi\": 7", false},
    {"rqs", ", \"bins\": 4, \"lo\": -0.5, \"hi\": 2", false},
    {"exp", "", false},
    {"log", "", false},
    {"log", ", \"lo\": -2", true},
    {"logit", ", \"lo\": -1, \"hi\": 3", true},
    {"logit", ", \"eps\": 0.05", true},
    {"sigmoid", ", \"lo\": 2, \"hi\": 2.5", true},
    {"softplus", "", true},
    {"inverse_softplus", ", \"lo\": 1", true},
};
#define MAPS ((int)(sizeof maps / sizeof maps[0]))

/* Smooth ones first: gradients are compared with differences on those only. */
static const char *const nets[] = {
    "{\"name\": \"mlp\", \"hidden\": [7], \"activation\": \"tanh\", \"last_scale\": 1}",
    ("{\"name\": \"resnet\", \"hidden\": 6, \"blocks\": 2, \"activation\": "
     "\"softplus\", "
     "\"last_scale\": 1}"),
    "{\"name\": \"mlp\", \"hidden\": [3, 9], \"activation\": \"sigmoid\"}",
    ("{\"name\": \"resnet\", \"hidden\": 5, \"blocks\": 1, \"activation\": \"tanh\", "
     "\"context_first\": false}"),
    "{\"name\": \"resnet\", \"hidden\": 9, \"blocks\": 0, \"context_gate\": false}",
    "{\"name\": \"mlp\", \"hidden\": [2, 8, 1], \"activation\": \"relu\"}",
    "{\"name\": \"mlp\", \"hidden\": [16], \"activation\": \"elu\", \"last_scale\": 0}",
};
#define NETS ((int)(sizeof nets / sizeof nets[0]))
#define SMOOTH 4

typedef struct structure {
  const char *name, *options;
  bool turned; /* the latent side is the data side of the map */
} structure;

static const structure structures[] = {
    {"coupling", "", false},
    {"coupling", ", \"mask\": \"half-first\"", false},
    {"autoregressive", "", false},
    {"autoregressive", ", \"order\": {\"random\": 3}", false},
    {"inverse_autoregressive", ", \"order\": \"reverse\"", true},
    {"elementwise", "", false},
};
#define STRUCTURES ((int)(sizeof structures / sizeof structures[0]))

static json_t *spec_text(const structure *s, const map_case *m, const char *net) {
  char text[1024];
  const bool free_map = strcmp(s->name, "elementwise") == 0;
  const bool identity = strcmp(s->name, "coupling") == 0 && s->options[0] != '\0';
  int at =
      snprintf(text, sizeof text, "{\"name\": \"%s\"%s, \"map\": {\"name\": \"%s\"%s}",
          s->name, s->options, m->name, m->options);
  if (identity) {
    at += snprintf(text + at, sizeof text - (size_t)at,
        ", \"identity_map\": {\"name\": \"%s\"%s}", m->name, m->options);
  }
  snprintf(text + at, sizeof text - (size_t)at, "%s%s}",
      free_map ? "" : ", \"net\": ", free_map ? "" : net);
  return spec_of(text);
}

/* Where the data of the map live. */
static void supports_of(
    rig *r, const map_case *m, weir_support *data, weir_support *latent) {
  char text[256];
  snprintf(text, sizeof text, "{\"name\": \"%s\"%s}", m->name, m->options);
  json_t *spec = spec_of(text);
  weir_elem *e;
  OK(weir_elem_make(&e, &r->build, "probe", spec, 0));
  *data = e->data;
  *latent = e->latent;
  weir_elem_destroy(&e);
  json_decref(spec);
}

static void open_case(rig *r, const structure *s, const map_case *m, const char *net,
    int64_t d, int64_t context) {
  weir_support data, latent, buf[WIDEST];
  rig_open(r, context);
  supports_of(r, m, &data, &latent);
  const weir_event event = event_of(d, buf, s->turned ? latent : data);
  json_t *spec = spec_text(s, m, net);
  const weir_status status = weir_layer_make(&r->layer, &r->build, "l", spec, &event);
  json_decref(spec);
  OK(status);
  rig_ready(r, 0.2);
}

/* Numbers that lie in the supports of an event, from normal ones; scale spreads those
 * that have room. */
static double *points_of(const weir_event *e, uint64_t seed, double scale) {
  double *x = normals(N * e->features, seed, scale);
  for (int64_t i = 0; i < N * e->features; i++) {
    const weir_support s = e->support[i % e->features];
    const bool ends = s.kind == WEIR_INTERVAL || s.kind == WEIR_CIRCLE;
    x[i] = s.kind == WEIR_POSITIVE ? s.lo + exp(x[i])
           : ends                  ? s.lo + (s.hi - s.lo) / (1.0 + exp(-x[i] / scale))
                                   : x[i];
  }
  return x;
}

typedef void case_fn(rig *r, int64_t d, const double *context, const map_case *m);

static void each_case(case_fn *fn, int first_net, int n_nets, int64_t only_d) {
  static const int64_t sizes[] = {1, 2, 3, 5};
  double *context = normals(N * 2, 17, 1.0);
  for (int m = 0; m < MAPS; m++) {
    for (int s = 0; s < STRUCTURES; s++) {
      for (int k = 0; k < 8; k++) {
        const int64_t d = sizes[k % 4], c = k < 4 ? 0 : 2;
        if (only_d > 0 && d != only_d) {
          continue;
        }
        rig r;
        open_case(
            &r, &structures[s], &maps[m], nets[first_net + (m + s + k) % n_nets], d, c);
        fn(&r, d, c == 0 ? NULL : context, &maps[m]);
        rig_close(&r);
      }
    }
  }
  free(context);
}

/* ---- bijections ---- */

static void registries(void **state) {
  (void)state;
  rig r;
  rig_open(&r, 0);
  const weir_class *c;
  for (int i = 0; (c = weiri_class_at(r.ctx, WEIRI_KIND_ELEM, i)) != NULL; i++) {
    bool found = false;
    for (int m = 0; m < MAPS; m++) {
      found = found || strcmp(maps[m].name, c->name) == 0;
    }
    assert_true(found);
  }
  for (int i = 0; (c = weiri_class_at(r.ctx, WEIRI_KIND_NET, i)) != NULL; i++) {
    bool found = false;
    for (int n = 0; n < NETS; n++) {
      found = found || strstr(nets[n], c->name) != NULL;
    }
    /* those that cannot be masked have tests of their own */
    assert_true(found || ((const weir_net_class *)(const void *)c)->steps == NULL);
  }
  rig_close(&r);
}

static void both_ways_at(rig *r, int64_t d, const double *context, double scale) {
  double *x = points_of(&r->layer->data, 41, scale);
  check_both_ways(r, d, x, context, scale, 1e-9);
  free(x);
}

static void bijection(rig *r, int64_t d, const double *context, const map_case *m) {
  both_ways_at(r, d, context, 1.0);
  if (!m->steep) {
    both_ways_at(r, d, context, 10.0);
  }
}

static void bijections(void **state) {
  (void)state;
  each_case(bijection, 0, NETS, 0);
}

/* At 100 standard deviations, where networks with bounded units stay moderate. */
static void far(rig *r, int64_t d, const double *context, const map_case *m) {
  if (!m->steep) {
    both_ways_at(r, d, context, 100.0);
  }
}

static void far_out(void **state) {
  (void)state;
  each_case(far, 0, 1, 3);
}

/* ---- the way without gradients ---- */

static void quick_way(rig *r, int64_t d, const double *context, const map_case *m) {
  (void)m;
  for (int way = 0; way < 2; way++) {
    double *x = points_of(way == 0 ? &r->layer->data : &r->layer->latent, 42, 1.0);
    passed slow, quick;
    pass(r, d, x, context, way == 1, &slow);
    r->run->no_grad = true;
    pass(r, d, x, context, way == 1, &quick);
    r->run->no_grad = false;
    for (int64_t i = 0; i < N * d; i++) {
      near(quick.y[i], slow.y[i], 1e-12, "without gradients");
    }
    for (int64_t i = 0; i < N; i++) {
      near(quick.log_det[i], slow.log_det[i], 1e-12, "log_det without gradients");
    }
    free(x);
  }
}

static void without_gradients(void **state) {
  (void)state;
  each_case(quick_way, 0, NETS, 0);
}

/* ---- gradients ---- */

static weir_var weighted(rig *r, weir_var y) {
  weir_tape *t = r->run->tape;
  const weir_var log_det = weir_reshape(
      t, weiri_run_total(r->run, 0), weir_shape_2(weir_var_dim(t, y, 0), 1));
  return weir_sum_all(t, weir_add(t, weir_sin(t, y), weir_scale(t, log_det, 0.7)));
}

static weir_var latent_value(rig *r, weir_var x, weir_var context) {
  return weighted(r, weir_layer_to_latent(r->layer, r->run, x, context));
}

static weir_var data_value(rig *r, weir_var z, weir_var context) {
  return weighted(r, weir_layer_to_data(r->layer, r->run, z, context));
}

static void gradient(rig *r, int64_t d, const double *context, const map_case *m) {
  (void)m;
  enum { ROWS = 2 };
  double c[ROWS * 2] = {0};
  if (context != NULL) {
    memcpy(c, context, sizeof c);
  }
  double *x = points_of(&r->layer->data, 46, 1.0);
  double *z = points_of(&r->layer->latent, 47, 1.0);
  const point at_x = {ROWS, d, 2, x, context == NULL ? NULL : c};
  const point at_z = {ROWS, d, 2, z, context == NULL ? NULL : c};
  check_gradients(r, latent_value, &at_x);
  check_gradients(r, data_value, &at_z);
  free(x);
  free(z);
}

static void gradients(void **state) {
  (void)state;
  each_case(gradient, 0, SMOOTH, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(registries),
      cmocka_unit_test(bijections),
      cmocka_unit_test(far_out),
      cmocka_unit_test(without_gradients),
      cmocka_unit_test(gradients),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
