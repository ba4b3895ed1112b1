/* The four energies of variational inference with normalizing flows (Rezende and
 * Mohamed 2015, table 1), log p = -U(x) up to a constant:
 *
 *     U1 = 1/2 ((|x| - 2)/0.4)^2 - log(e^(-1/2((x1 - 2)/0.6)^2) + e^(-1/2((x1 +
 * 2)/0.6)^2)) U2 = 1/2 ((x2 - w1)/0.4)^2 U3 = -log(e^(-1/2((x2 - w1)/0.35)^2) +
 * e^(-1/2((x2 - w1 + w2)/0.35)^2)) U4 = -log(e^(-1/2((x2 - w1)/0.4)^2) + e^(-1/2((x2 -
 * w1 + w3)/0.35)^2))
 *
 * w1 = sin(2 pi x1/4), w2 = 3 e^(-1/2((x1 - 1)/0.6)^2), w3 = 3 s((x1 - 1)/0.3). U2 to
 * U4 do not fall off along x1, so they are no densities on the plane: here they have a
 * soft wall, U + 1/2 ((|x1| - 4)/0.25)^2 where |x1| > 4, which leaves the square that
 * the paper shows as it is. */
#include <math.h>

#include "base/rng.h"
#include "part/target.h"

#define PI 3.14159265358979323846
#define BOX 4.0
#define WALL 0.25

typedef struct energy {
  weir_target base;
  int64_t which;
} energy;

static const weir_opt opts[] = {
    {"which", WEIR_OPT_INT, offsetof(energy, which), "1", 1, 4, NULL,
        "number of the energy in the paper's table"},
    {0}};

static weir_status setup(weir_target *t) {
  return weir_target_shape(t, 2, 2);
}

static double sigmoid(double u) {
  return 1.0 / (1.0 + exp(-u));
}

/* Centres of the two bands in x2 and their derivatives by x1; U2 has one. */
typedef struct bands {
  int n;
  double centre[2], slope[2], width[2];
} bands;

static bands bands_at(int64_t which, double x) {
  const double w1 = sin(0.5 * PI * x), d1 = 0.5 * PI * cos(0.5 * PI * x);
  bands b = {1, {w1, w1}, {d1, d1}, {0.4, 0.35}};
  if (which == 3) {
    const double a = (x - 1.0) / 0.6, w2 = 3.0 * exp(-0.5 * a * a);
    b.centre[1] -= w2;
    b.slope[1] += w2 * a / 0.6;
    b.width[0] = 0.35;
  } else if (which == 4) {
    const double s = sigmoid((x - 1.0) / 0.3);
    b.centre[1] -= 3.0 * s;
    b.slope[1] -= 3.0 * s * (1.0 - s) / 0.3;
  }
  b.n = which == 2 ? 1 : 2;
  return b;
}

/* log sum e^e[k] with weights w[k] = e^e[k] / sum */
static double log_sum(int n, const double *e, double *w) {
  double top = e[0], sum = 0.0;
  for (int k = 1; k < n; k++) {
    top = fmax(top, e[k]);
  }
  for (int k = 0; k < n; k++) {
    w[k] = exp(e[k] - top);
    sum += w[k];
  }
  for (int k = 0; k < n; k++) {
    w[k] /= sum;
  }
  return top + log(sum);
}

static double banded(int64_t which, const double *x, double *grad) {
  const bands b = bands_at(which, x[0]);
  const double over = fabs(x[0]) > BOX ? (fabs(x[0]) - BOX) / WALL : 0.0;
  double e[2] = {0.0}, w[2] = {0.0}, u[2] = {0.0};
  for (int k = 0; k < b.n; k++) {
    u[k] = (x[1] - b.centre[k]) / b.width[k];
    e[k] = -0.5 * u[k] * u[k];
  }
  const double value = log_sum(b.n, e, w) - 0.5 * over * over;
  if (grad != NULL) {
    grad[0] = -over / WALL * (x[0] > 0.0 ? 1.0 : -1.0);
    grad[1] = 0.0;
    for (int k = 0; k < b.n; k++) {
      grad[0] += w[k] * u[k] * b.slope[k] / b.width[k];
      grad[1] -= w[k] * u[k] / b.width[k];
    }
  }
  return value;
}

static double ringed(const double *x, double *grad) {
  const double r = hypot(x[0], x[1]), u = (r - 2.0) / 0.4;
  const double a = (x[0] - 2.0) / 0.6, b = (x[0] + 2.0) / 0.6;
  const double e[2] = {-0.5 * a * a, -0.5 * b * b};
  double w[2];
  const double value = log_sum(2, e, w) - 0.5 * u * u;
  if (grad != NULL) {
    const double pull = r > 0.0 ? -u / (0.4 * r) : 0.0;
    grad[0] = pull * x[0] - (w[0] * a + w[1] * b) / 0.6;
    grad[1] = pull * x[1];
  }
  return value;
}

static double one(int64_t which, const double *x, double *grad) {
  return which == 1 ? ringed(x, grad) : banded(which, x, grad);
}

static weir_status log_density(
    const weir_target *t, int64_t n, const double *x, double *value, double *grad) {
  for (int64_t i = 0; i < n; i++) {
    value[i] =
        one(((const energy *)t)->which, x + 2 * i, grad == NULL ? NULL : grad + 2 * i);
  }
  return WEIR_OK;
}

/* ---- exact draws ---- */

/* x1 from the box with its soft walls, then a band by weight, then x2. */
static void draw_banded(int64_t which, weiri_rng uniform, weiri_rng normal, double *x) {
  const double inside = 2.0 * BOX, walls = WALL * sqrt(2.0 * PI);
  const double u = weiri_uniform(uniform, 0) * (inside + walls);
  const double out = WALL * weiri_normal(normal, 0);
  x[0] = u < inside ? u - BOX : out + (out > 0.0 ? BOX : -BOX);
  const bands b = bands_at(which, x[0]);
  const double first = b.n == 1 ? 1.0 : b.width[0] / (b.width[0] + b.width[1]);
  const int k = weiri_uniform(uniform, 1) < first ? 0 : 1;
  x[1] = b.centre[k] + b.width[k] * weiri_normal(normal, 1);
}

/* Radius and angle by rejection: density r e^(-u^2/2) in r below 6 (10 widths), and the
 * two bumps in x1, whose sum is below 1.0001. */
static void draw_ringed(weiri_rng uniform, weiri_rng normal, double *x) {
  for (uint64_t i = 0;; i++) {
    const double r = 2.0 + 0.4 * weiri_normal(normal, i);
    const double angle = 2.0 * PI * weiri_uniform(uniform, 2 * i);
    x[0] = r * cos(angle);
    x[1] = r * sin(angle);
    const double a = (x[0] - 2.0) / 0.6, b = (x[0] + 2.0) / 0.6;
    const double bumps = exp(-0.5 * a * a) + exp(-0.5 * b * b);
    if (r > 0.0 && weiri_uniform(uniform, 2 * i + 1) < r / 6.0 * bumps / 1.0001) {
      return;
    }
  }
}

static weir_status sample(
    const weir_target *t, uint64_t seed, int64_t first, int64_t n, double *x) {
  const int64_t which = ((const energy *)t)->which;
  for (int64_t i = 0; i < n; i++) {
    const uint64_t row = (uint64_t)(first + i);
    const weiri_rng uniform = {seed, weiri_stream("target.energy.uniform", row)};
    const weiri_rng normal = {seed, weiri_stream("target.energy", row)};
    if (which == 1) {
      draw_ringed(uniform, normal, x + 2 * i);
    } else {
      draw_banded(which, uniform, normal, x + 2 * i);
    }
  }
  return WEIR_OK;
}

/* By the trapezoidal rule, which is exact to rounding for what falls off at the ends of
 * the square and nearly so across the corners of the walls. */
static weir_status moments(const weir_target *t, double *mean, double *sd) {
  enum { STEPS = 800 };
  const int64_t which = ((const energy *)t)->which;
  const double h = 16.0 / STEPS;
  double sum[5] = {0.0};
  for (int i = 0; i <= STEPS; i++) {
    for (int j = 0; j <= STEPS; j++) {
      const double x[2] = {-8.0 + h * i, -8.0 + h * j};
      const double p = exp(one(which, x, NULL));
      sum[0] += p;
      for (int k = 0; k < 2; k++) {
        sum[1 + k] += p * x[k];
        sum[3 + k] += p * x[k] * x[k];
      }
    }
  }
  for (int k = 0; k < 2; k++) {
    mean[k] = sum[1 + k] / sum[0];
    sd[k] = sqrt(sum[3 + k] / sum[0] - mean[k] * mean[k]);
  }
  return WEIR_OK;
}

const weir_target_class weiri_target_energy = {
    .is = {"energy",
        "the four energies of variational inference with normalizing flows",
        "Rezende and Mohamed 2015", sizeof(energy), opts},
    .setup = setup,
    .log_density = log_density,
    .sample = sample,
    .moments = moments};
