/* The learning rate as it was asked for. */
#include "optim/optim.h"

static double factor(const weiri_schedule *s, int64_t step) {
  (void)s;
  (void)step;
  return 1.0;
}

extern const weiri_schedule_class weiri_schedule_constant;
const weiri_schedule_class weiri_schedule_constant = {
    .name = "constant", .doc = "the same rate throughout", .factor = factor};
