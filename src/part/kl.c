/* The pairs that kls.def lists. */
#include "part/kl.h"

#include <string.h>

#define WEIR_KL(name) extern const weiri_kl_class weiri_##name;
#include "weir/kls.def"
#undef WEIR_KL

static const weiri_kl_class *const pairs[] = {
#define WEIR_KL(name) &weiri_##name,
#include "weir/kls.def"
#undef WEIR_KL
    NULL};

weir_var weiri_kl(const weir_dist *q, const weir_dist *p, weir_run *run, int64_t n,
    weir_var q_context, weir_var p_context) {
  for (const weiri_kl_class *const *c = pairs; *c != NULL; c++) {
    if (strcmp((*c)->q, q->cls->is.name) == 0 &&
        strcmp((*c)->p, p->cls->is.name) == 0) {
      const weir_var kl = (*c)->kl(q, p, run, n, q_context, p_context);
      return weir_var_ok(kl) && !run->wants.groups ? weiri_run_row(run, kl) : kl;
    }
  }
  return weir_var_none();
}
