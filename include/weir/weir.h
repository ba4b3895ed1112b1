/** weir: densities made of invertible and variational layers. Includes everything
 * public; weir/sys/ is for those who add parts. */
#ifndef WEIR_H
#define WEIR_H

#include "weir/calibrate.h"
#include "weir/ctx.h"
#include "weir/data.h"
#include "weir/diagnose.h"
#include "weir/dtype.h"
#include "weir/infer.h"
#include "weir/model.h"
#include "weir/ops.h"
#include "weir/report.h"
#include "weir/selftest.h"
#include "weir/status.h"
#include "weir/tape.h"
#include "weir/target.h"
#include "weir/train.h"

#endif
