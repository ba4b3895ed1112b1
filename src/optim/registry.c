/* What optims.def and schedules.def list. */
#include "optim/optim.h"

#define WEIR_OPTIM(name) extern const weiri_optim_class weiri_optim_##name;
#include "weir/optims.def"
#undef WEIR_OPTIM
#define WEIR_SCHEDULE(name) extern const weiri_schedule_class weiri_schedule_##name;
#include "weir/schedules.def"
#undef WEIR_SCHEDULE

static const weiri_optim_class *const optims[] = {
#define WEIR_OPTIM(name) &weiri_optim_##name,
#include "weir/optims.def"
#undef WEIR_OPTIM
    NULL};
static const weiri_schedule_class *const schedules[] = {
#define WEIR_SCHEDULE(name) &weiri_schedule_##name,
#include "weir/schedules.def"
#undef WEIR_SCHEDULE
    NULL};

const weiri_optim_class *weiri_optim_at(int i) {
  return optims[i];
}

const weiri_schedule_class *weiri_schedule_at(int i) {
  return schedules[i];
}
