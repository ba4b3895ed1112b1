/* What steps of Langevin and Hamiltonian flows share: the target they move towards, the
 * power of it between a standard normal and the whole, and a learned step size. */
#ifndef WEIRI_BRIDGE_H
#define WEIRI_BRIDGE_H

#include "part/score.h"

typedef struct weiri_bridge {
  const weir_spec *spec;
  double power, step;
  const weir_target *target;
  weir_target *own; /* made of spec, or NULL */
  weir_slot log_step;
} weiri_bridge;

#define WEIRI_BRIDGE_OPTIONS(S)                                                        \
  {"target", WEIR_OPT_SPEC, offsetof(S, bridge.spec), "null", 0, 0, NULL,              \
      "target: a name of `weir list targets` or {name: ..., options}; null: the one "  \
      "that is inferred"},                                                             \
      {"power", WEIR_OPT_REAL, offsetof(S, bridge.power), "1", 0.0, 1.0, NULL,         \
          "0: a standard normal, 1: the target, between: a geometric mean"},           \
  {                                                                                    \
    "step", WEIR_OPT_REAL, offsetof(S, bridge.step), "0.05", 1e-12, 1e6, NULL,         \
        "step size before training"                                                    \
  }

weir_status weiri_bridge_setup(weiri_bridge *b, weir_layer *l, weir_build *build);
void weiri_bridge_teardown(weiri_bridge *b);
weir_var weiri_bridge_at(const weiri_bridge *b, weir_tape *t, weir_var x);

#endif
