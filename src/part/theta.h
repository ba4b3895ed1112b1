/* Parameters of a part: free numbers, plus a function of the context when there is one.
 *     theta(c) = free + W c      or      free + net(c) */
#ifndef WEIRI_THETA_H
#define WEIRI_THETA_H

#include "part/part.h"

typedef struct weiri_theta {
  int64_t size;
  weir_slot weight; /* [size, context]; index -1: none */
  weir_net *net;    /* or NULL */
  bool conditional;
  int64_t given; /* of the context's columns: what the network takes as its input, the
                    rest is its context */
} weiri_theta;

/* A network that takes b's context: the columns that are another part's rows as its
 * input (all of them when there are none), the rest as its context. */
weir_status weiri_context_net(weir_net **net, int64_t *given, const weir_build *b,
    const weir_spec *spec, int64_t out);
weir_var weiri_context_net_apply(
    const weir_net *net, int64_t given, weir_run *run, weir_var context);
/* The same, its layers pushed onto pieces (NULL: not wanted). */
weir_var weiri_context_net_pieces(const weir_net *net, int64_t given, weir_run *run,
    weir_var context, weir_pieces *pieces);

/* What a row of options for it reads: `conditional` and `net`. */
typedef struct weiri_theta_opts {
  bool conditional;
  const weir_spec *net;
  double head_scale;
} weiri_theta_opts;

#define WEIRI_OPT_CONDITIONAL(S, what)                                                 \
  {                                                                                    \
    "conditional", WEIR_OPT_BOOL, offsetof(S, theta_opts.conditional), "true", 0, 0,   \
        NULL, "with a context: " what " depend on it"                                  \
  }
#define WEIRI_OPT_CONTEXT_NET(S)                                                       \
  {                                                                                    \
    "net", WEIR_OPT_SPEC, offsetof(S, theta_opts.net), "null", 0, 0, NULL,             \
        "network of the context; null: linear in it"                                   \
  }
#define WEIRI_OPT_HEAD_SCALE(S)                                                        \
  {                                                                                    \
    "head_scale", WEIR_OPT_REAL, offsetof(S, theta_opts.head_scale), "0", 0, 100,      \
        NULL,                                                                          \
        "linear in the context: initial weights, relative to those usual of a layer"   \
  }

/* size numbers that depend on b's context when the options say so: starting at zero
 * when linear, so that the free part alone counts. */
weir_status weiri_theta_setup(
    weiri_theta *theta, weir_build *b, const weiri_theta_opts *opts, int64_t size);
void weiri_theta_teardown(weiri_theta *theta);
/* The part that depends on the context, [n, size]; none when nothing does. Computed
 * once per context and step. */
weir_var weiri_theta_apply(const weiri_theta *theta, weir_run *run, weir_var context);
/* The same value, and the layers of the way to columns first .. first + count - 1. */
weir_var weiri_theta_pieces(const weiri_theta *theta, weir_run *run, weir_var context,
    int64_t first, int64_t count, weir_pieces *pieces);
/* Columns first .. first + count - 1 of theta (none: zeros) added to the parameter in
 * slot [count]: [1, count] or [n, count]. */
weir_var weiri_theta_part(
    weir_run *run, weir_slot slot, weir_var theta, int64_t first, int64_t count);
/* Columns of given [n, d], then those of the context when there is one: what a part
 * conditional on another part's rows sees. */
weir_var weiri_beside(weir_run *run, weir_var given, weir_var context);

#endif
