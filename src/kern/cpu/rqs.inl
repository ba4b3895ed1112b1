/* The rational-quadratic spline, one element at a time; the loops over bins vectorise.
 * Durkan et al. 2019, eqs. 4-8 and the inverse of section 3.2 with the stable root. */

typedef struct NAME(bin) {
  int64_t k;
  T x, w, y, h; /* left knot, width, lower knot, height */
  T d0, d1;     /* slopes at both ends */
  T t;          /* place within the bin, 0 .. 1 */
} NAME(bin);

#define RQS_LEAST ((T)1e-3)

/* Shares of the interval: m + (1 - m k) softmax(scale theta), and the softmax in p. */
static void NAME(rqs_shares)(int64_t k, T scale, const T *theta, T *p, T *share) {
  T best = theta[0];
  for (int64_t j = 1; j < k; j++) {
    best = theta[j] > best ? theta[j] : best;
  }
  T sum = 0;
  for (int64_t j = 0; j < k; j++) {
    p[j] = NAME(vexp)(scale * (theta[j] - best));
  }
  for (int64_t j = 0; j < k; j++) {
    sum += p[j];
  }
  const T factor = 1 / sum, rest = 1 - RQS_LEAST * (T)k;
  for (int64_t j = 0; j < k; j++) {
    p[j] *= factor;
    share[j] = RQS_LEAST + rest * p[j];
  }
}

/* Raw slope parameter of knot j, or -1: fixed to 1. */
static int64_t NAME(rqs_slope)(const weiri_rqs *s, int64_t j) {
  switch (s->tails) {
  case WEIRI_RQS_LINEAR:
    return j == 0 || j == s->bins ? -1 : 2 * s->bins + j - 1;
  case WEIRI_RQS_CIRCULAR:
    return 2 * s->bins + j % s->bins;
  case WEIRI_RQS_BOUNDED:
  default:
    return 2 * s->bins + j;
  }
}

static T NAME(rqs_slope_value)(const weiri_rqs *s, const T *theta, int64_t j) {
  const int64_t at = NAME(rqs_slope)(s, j);
  return at < 0 ? 1 : RQS_LEAST + NAME(vsoftplus)(theta[at]);
}

/* The bin whose widths (or heights, when inverse) hold v. */
static void NAME(rqs_find)(const weiri_rqs *s, const T *theta, T v, const T *wide,
    const T *high, NAME(bin) * b) {
  const T lo = (T)s->lo, size = (T)(s->hi - s->lo);
  const T *along = s->inverse ? high : wide;
  T x = 0, y = 0, at = 0;
  b->k = 0;
  for (int64_t j = 0; j + 1 < s->bins; j++) {
    const T next = at + along[j];
    if (!(v >= lo + size * next)) {
      break;
    }
    at = next;
    x += wide[j];
    y += high[j];
    b->k = j + 1;
  }
  const bool last = b->k == s->bins - 1; /* ends exactly at hi */
  b->x = lo + size * x;
  b->y = lo + size * y;
  b->w = last ? (T)s->hi - b->x : size * wide[b->k];
  b->h = last ? (T)s->hi - b->y : size * high[b->k];
  b->d0 = NAME(rqs_slope_value)(s, theta, b->k);
  b->d1 = NAME(rqs_slope_value)(s, theta, b->k + 1);
}

/* Root of the quadratic in t for the value v of the spline. */
static T NAME(rqs_root)(const NAME(bin) * b, T v) {
  const T s = b->h / b->w, rise = v - b->y, q = b->d0 + b->d1 - 2 * s;
  const T qa = b->h * (s - b->d0) + rise * q;
  const T qb = b->h * b->d0 - rise * q;
  const T qc = -s * rise;
  const T under = qb * qb - 4 * qa * qc;
  const T t = 2 * qc / (-qb - LIBM(sqrt)(under > 0 ? under : 0));
  return t < 0 ? 0 : t > 1 ? 1 : t;
}

/* log of the slope at t. */
static T NAME(rqs_log_slope)(const NAME(bin) * b) {
  const T s = b->h / b->w, t = b->t, u = t * (1 - t);
  const T d = s + (b->d0 + b->d1 - 2 * s) * u;
  const T m = b->d1 * t * t + 2 * s * u + b->d0 * (1 - t) * (1 - t);
  return NAME(vlog)(s * s * m / (d * d));
}

static bool NAME(rqs_inside)(const weiri_rqs *s, T v) {
  return v >= (T)s->lo && v <= (T)s->hi;
}

/* On a circle, a number that lies less than once round outside of [lo, hi). */
static T NAME(rqs_wrap)(const weiri_rqs *s, T v) {
  const T lo = (T)s->lo, hi = (T)s->hi;
  if (s->tails != WEIRI_RQS_CIRCULAR) {
    return v;
  }
  return v < lo ? v + (hi - lo) : v >= hi ? v - (hi - lo) : v;
}

/* p, shares of widths and heights for one element; scratch [4 bins]. */
static void NAME(rqs_prepare)(
    const weiri_rqs *s, const T *theta, T v, T *scratch, NAME(bin) * b) {
  const int64_t k = s->bins;
  NAME(rqs_shares)(k, (T)s->scale, theta, scratch, scratch + k);
  NAME(rqs_shares)(k, (T)s->scale, theta + k, scratch + 2 * k, scratch + 3 * k);
  NAME(rqs_find)(s, theta, v, scratch + k, scratch + 3 * k, b);
  b->t = s->inverse ? NAME(rqs_root)(b, v) : (v - b->x) / b->w;
}

static void NAME(rqs)(const weiri_rqs *s, int64_t n, const void *px, const void *ptheta,
    void *pz, void *plog, void *scratch) {
  const T *x = px, *theta = ptheta;
  T *z = pz, *log_det = plog;
  for (int64_t i = 0; i < n; i++, theta += s->params) {
    const T v = NAME(rqs_wrap)(s, x[i]);
    if (!NAME(rqs_inside)(s, v)) {
      z[i] = v;
      log_det[i] = v != v ? v : 0;
      continue;
    }
    NAME(bin) b;
    NAME(rqs_prepare)(s, theta, v, scratch, &b);
    const T slope = NAME(rqs_log_slope)(&b);
    if (s->inverse) {
      z[i] = b.x + b.t * b.w;
      log_det[i] = -slope;
    } else {
      const T r = b.h / b.w, u = b.t * (1 - b.t);
      z[i] = b.y + b.h * (r * b.t * b.t + b.d0 * u) / (r + (b.d0 + b.d1 - 2 * r) * u);
      log_det[i] = slope;
    }
  }
}

/* What gz and gl send to x, the left knots, the sizes and the slopes of the bin. */
typedef struct NAME(bin_grad) {
  T v, x, w, y, h, d0, d1;
} NAME(bin_grad);

static NAME(bin_grad)
    NAME(rqs_partials)(const weiri_rqs *o, const NAME(bin) * b, T gz, T gl) {
  const T s = b->h / b->w, t = b->t, u = t * (1 - t), du = 1 - 2 * t;
  const T c = b->d0 + b->d1 - 2 * s, r = 1 - t;
  const T d = s + c * u, m = b->d1 * t * t + 2 * s * u + b->d0 * r * r;
  const T q = (s * t * t + b->d0 * u) / d, id = 1 / d, im = 1 / m;
  const T lt = (2 * b->d1 * t + 2 * s * du - 2 * b->d0 * r) * im - 2 * c * du * id;
  const T ls = 2 / s + 2 * u * im - 2 * (1 - 2 * u) * id;
  NAME(bin_grad) g = {0};
  T gv = 0;
  if (o->inverse) {
    /* x(z, p) from z(x, p): dx = (dz - z_p dp) / z_x, and log_det = -log z_x */
    const T slope = s * s * m * id * id;
    const T gx = gz - gl * lt / b->w;
    gv = gx / slope;
    gz = -gv;
    gl = -gl;
  }
  const T at = gz * b->h * (2 * s * t + b->d0 * du - q * c * du) * id + gl * lt;
  const T as = gz * b->h * (t * t - q * (1 - 2 * u)) * id + gl * ls;
  g.v = o->inverse ? gv : at / b->w;
  g.x = -at / b->w;
  g.y = gz;
  g.h = gz * q + as / b->w;
  g.w = -(at * t + as * s) / b->w;
  g.d0 = gz * b->h * (u - q * u) * id + gl * (r * r * im - 2 * u * id);
  g.d1 = gz * b->h * (-q * u) * id + gl * (t * t * im - 2 * u * id);
  return g;
}

/* Gradient of the shares (knot: all before bin k; own: bin k) back to the logits. */
static void NAME(rqs_share_grad)(
    const weiri_rqs *s, int64_t bin, T knot, T own, const T *p, T *g) {
  const int64_t k = s->bins;
  const T size = (T)((s->hi - s->lo) * (1 - 1e-3 * (double)k) * s->scale);
  T dot = p[bin] * own;
  for (int64_t j = 0; j < bin; j++) {
    dot += p[j] * knot;
  }
  for (int64_t j = 0; j < k; j++) {
    const T direct = j < bin ? knot : j == bin ? own : 0;
    g[j] = size * p[j] * (direct - dot);
  }
}

static void NAME(rqs_adjoint)(const weiri_rqs *s, int64_t n, const void *px,
    const void *ptheta, const void *pgz, const void *pgl, void *pgx, void *pgtheta,
    void *pscratch) {
  const T *x = px, *theta = ptheta, *gz = pgz, *gl = pgl;
  T *gx = pgx, *gtheta = pgtheta, *scratch = pscratch;
  const int64_t k = s->bins;
  for (int64_t i = 0; i < n; i++, theta += s->params, gtheta += s->params) {
    for (int64_t j = 0; j < s->params; j++) {
      gtheta[j] = 0;
    }
    const T v = NAME(rqs_wrap)(s, x[i]);
    if (!NAME(rqs_inside)(s, v)) {
      gx[i] = gz[i];
      continue;
    }
    NAME(bin) b;
    NAME(rqs_prepare)(s, theta, v, scratch, &b);
    const NAME(bin_grad) g = NAME(rqs_partials)(s, &b, gz[i], gl[i]);
    gx[i] = g.v;
    /* In the last bin the size is what the others leave: hi - knot. */
    const bool last = b.k == k - 1;
    NAME(rqs_share_grad)
    (s, b.k, last ? g.x - g.w : g.x, last ? 0 : g.w, scratch, gtheta);
    NAME(rqs_share_grad)
    (s, b.k, last ? g.y - g.h : g.y, last ? 0 : g.h, scratch + 2 * k, gtheta + k);
    const int64_t a0 = NAME(rqs_slope)(s, b.k), a1 = NAME(rqs_slope)(s, b.k + 1);
    if (a0 >= 0) {
      gtheta[a0] += g.d0 * NAME(vsigmoid)(theta[a0]);
    }
    if (a1 >= 0) {
      gtheta[a1] += g.d1 * NAME(vsigmoid)(theta[a1]);
    }
  }
}
#undef RQS_LEAST
