/* The rational-quadratic spline over blocks of WEIRI_RQS_BLOCK elements. Parameters are
 * transposed, so that one loop over the elements of a block serves every bin; the
 * search for the bin is a chain of selections. A short block is computed whole, so an
 * element has the same bits wherever it stands. Durkan et al. 2019, eqs. 4-8 and the
 * inverse of section 3.2 with the stable root. */

#define B WEIRI_RQS_BLOCK
#define EACH for (int i = 0; i < B; i++)
#define RQS_LEAST ((T)1e-3)

/* The bin of each element. */
typedef struct NAME(bins) {
  T v[B], k[B]; /* the value, inside the interval or not; number of the bin */
  T x[B], w[B], y[B], h[B]; /* left knot, width, lower knot, height */
  T r0[B], r1[B];           /* raw slopes at both ends */
  T d0[B], d1[B];           /* slopes */
  T t[B];                   /* place within the bin, 0 .. 1 */
  T fw[B], fh[B];           /* factors that make exponentials a softmax */
} NAME(bins) __attribute__((aligned(64)));

/* n <= B rows of params numbers as [params, B]; places beyond n are zero. */
static void NAME(rqs_load)(int64_t n, int64_t params, const T *theta, T *p) {
  for (int64_t j = 0; n < B && j < params; j++) {
    memset(p + j * B + n, 0, (size_t)(B - n) * sizeof(T));
  }
  NAME(turn)(theta, params, n, params, p, B);
}

static void NAME(rqs_store)(int64_t n, int64_t params, const T *p, T *theta) {
  NAME(turn)(p, B, params, n / 4 * 4, theta, params);
  for (int64_t i = n / 4 * 4; i < n; i++) {
    for (int64_t j = 0; j < params; j++) {
      theta[i * params + j] = p[j * B + i];
    }
  }
}

/* k logits of each element to exponentials, in place. */
static void NAME(rqs_exponentials)(
    int64_t k, T scale, T *restrict p, T *restrict factor) {
  T best[B], sum[B];
  EACH {
    best[i] = p[i];
    sum[i] = 0;
  }
  for (int64_t j = 1; j < k; j++) {
    const T *row = p + j * B;
    EACH best[i] = row[i] > best[i] ? row[i] : best[i];
  }
  for (int64_t j = 0; j < k; j++) {
    T *row = p + j * B;
    EACH {
      const T e = NAME(vexp)(scale * (row[i] - best[i]));
      row[i] = e;
      sum[i] += e;
    }
  }
  EACH factor[i] = 1 / sum[i];
}

/* Raw slopes of knot j; any row where the slope is fixed. */
static const T *NAME(rqs_slopes)(const weiri_rqs *s, const T *p, int64_t j) {
  const int64_t k = s->bins;
  switch (s->tails) {
  case WEIRI_RQS_LINEAR:
    return j == 0 || j == k ? p : p + (2 * k + j - 1) * B;
  case WEIRI_RQS_CIRCULAR:
    return p + (2 * k + j % k) * B;
  case WEIRI_RQS_BOUNDED:
  default:
    return p + (2 * k + j) * B;
  }
}

/* Passes knot after knot; what has been passed last stays. */
static void NAME(rqs_walk)(const weiri_rqs *s, const T *p, NAME(bins) *restrict b) {
  const int64_t k = s->bins;
  const T lo = (T)s->lo, size = (T)(s->hi - s->lo), rest = 1 - RQS_LEAST * (T)k;
  const T *first = NAME(rqs_slopes)(s, p, 0), *second = NAME(rqs_slopes)(s, p, 1);
  T wide[B], high[B], right[B], top[B]; /* of the bin; sums with it */
  EACH {
    b->k[i] = b->x[i] = b->y[i] = 0;
    b->w[i] = wide[i] = right[i] = RQS_LEAST + rest * (p[i] * b->fw[i]);
    b->h[i] = high[i] = top[i] = RQS_LEAST + rest * (p[k * B + i] * b->fh[i]);
    b->r0[i] = first[i];
    b->r1[i] = second[i];
  }
  const T *along = s->inverse ? top : right;
  for (int64_t j = 1; j < k; j++) {
    const T *pw = p + j * B, *ph = p + (k + j) * B, number = (T)j;
    first = NAME(rqs_slopes)(s, p, j);
    second = NAME(rqs_slopes)(s, p, j + 1);
    EACH {
      const int past = b->v[i] >= lo + size * along[i];
      wide[i] = RQS_LEAST + rest * (pw[i] * b->fw[i]);
      high[i] = RQS_LEAST + rest * (ph[i] * b->fh[i]);
      b->k[i] = past ? number : b->k[i];
      b->x[i] = past ? right[i] : b->x[i];
      b->y[i] = past ? top[i] : b->y[i];
      b->w[i] = past ? wide[i] : b->w[i];
      b->h[i] = past ? high[i] : b->h[i];
      b->r0[i] = past ? first[i] : b->r0[i];
      b->r1[i] = past ? second[i] : b->r1[i];
    }
    EACH {
      right[i] += wide[i];
      top[i] += high[i];
    }
  }
}

/* Sizes in the units of the interval, and slopes. */
static void NAME(rqs_scale)(const weiri_rqs *s, NAME(bins) *restrict b) {
  const T lo = (T)s->lo, hi = (T)s->hi, size = (T)(s->hi - s->lo);
  const T end = (T)(s->bins - 1);
  const int straight = s->tails == WEIRI_RQS_LINEAR;
  EACH {
    const int last = b->k[i] == end; /* ends exactly at hi */
    b->x[i] = lo + size * b->x[i];
    b->y[i] = lo + size * b->y[i];
    b->w[i] = last ? hi - b->x[i] : size * b->w[i];
    b->h[i] = last ? hi - b->y[i] : size * b->h[i];
    const T d0 = RQS_LEAST + NAME(vsoftplus)(b->r0[i]);
    const T d1 = RQS_LEAST + NAME(vsoftplus)(b->r1[i]);
    b->d0[i] = (straight & (b->k[i] == 0)) ? 1 : d0;
    b->d1[i] = (straight & last) ? 1 : d1;
  }
}

/* Places within the bins; inverse: the root of the quadratic for the value. */
static void NAME(rqs_place)(const weiri_rqs *s, NAME(bins) *restrict b) {
  if (!s->inverse) {
    EACH b->t[i] = (b->v[i] - b->x[i]) / b->w[i];
    return;
  }
  EACH {
    const T r = b->h[i] / b->w[i], rise = b->v[i] - b->y[i];
    const T q = b->d0[i] + b->d1[i] - 2 * r;
    const T qa = b->h[i] * (r - b->d0[i]) + rise * q;
    const T qb = b->h[i] * b->d0[i] - rise * q;
    const T qc = -r * rise, under = qb * qb - 4 * qa * qc;
    const T t = 2 * qc / (-qb - LIBM(sqrt)(under > 0 ? under : 0));
    const T least = t < 0 ? 0 : t;
    b->t[i] = least > 1 ? 1 : least;
  }
}

/* On a circle, a number that lies less than once round outside of [lo, hi). */
static void NAME(rqs_take)(const weiri_rqs *s, int64_t n, const T *x, T *restrict v) {
  const T lo = (T)s->lo, hi = (T)s->hi;
  EACH v[i] = lo;
  memcpy(v, x, (size_t)n * sizeof(T));
  if (s->tails == WEIRI_RQS_CIRCULAR) {
    EACH v[i] = v[i] < lo ? v[i] + (hi - lo) : v[i] >= hi ? v[i] - (hi - lo) : v[i];
  }
}

/* n <= B elements: fills b; p [params, B] then holds exponentials and raw slopes. */
static void NAME(rqs_find)(
    const weiri_rqs *s, int64_t n, const T *x, const T *theta, T *p, NAME(bins) * b) {
  const int64_t k = s->bins;
  NAME(rqs_take)(s, n, x, b->v);
  NAME(rqs_load)(n, s->params, theta, p);
  NAME(rqs_exponentials)(k, (T)s->scale, p, b->fw);
  NAME(rqs_exponentials)(k, (T)s->scale, p + k * B, b->fh);
  NAME(rqs_walk)(s, p, b);
  NAME(rqs_scale)(s, b);
  NAME(rqs_place)(s, b);
}

/* Values and log-derivatives, as if all lay inside. */
static void NAME(rqs_values)(
    const weiri_rqs *s, const NAME(bins) * b, T *restrict z, T *restrict log_det) {
  EACH {
    const T r = b->h[i] / b->w[i], t = b->t[i], u = t * (1 - t);
    const T d = r + (b->d0[i] + b->d1[i] - 2 * r) * u;
    const T m = b->d1[i] * t * t + 2 * r * u + b->d0[i] * (1 - t) * (1 - t);
    const T slope = NAME(vlog)(r * r * m / (d * d));
    const T up = b->y[i] + b->h[i] * (r * t * t + b->d0[i] * u) / d;
    const T back = b->x[i] + t * b->w[i];
    z[i] = s->inverse ? back : up;
    log_det[i] = s->inverse ? -slope : slope;
  }
}

static void NAME(rqs)(const weiri_rqs *s, int64_t n, const void *px, const void *ptheta,
    void *pz, void *plog, void *scratch) {
  const T lo = (T)s->lo, hi = (T)s->hi;
  for (int64_t at = 0; at < n; at += B) {
    const int64_t count = n - at < B ? n - at : B;
    NAME(bins) b;
    T z[B], log_det[B];
    NAME(rqs_find)
    (s, count, (const T *)px + at, (const T *)ptheta + at * s->params, scratch, &b);
    NAME(rqs_values)(s, &b, z, log_det);
    EACH {
      const T v = b.v[i];
      const int inside = (v >= lo) & (v <= hi);
      z[i] = inside ? z[i] : v;
      log_det[i] = inside ? log_det[i] : v != v ? v : 0;
    }
    memcpy((T *)pz + at, z, (size_t)count * sizeof(T));
    memcpy((T *)plog + at, log_det, (size_t)count * sizeof(T));
  }
}

/* What gz and gl send to the value, the left knots, the sizes and the slopes. */
typedef struct NAME(bin_grads) {
  T v[B], x[B], w[B], y[B], h[B], d0[B], d1[B];
} NAME(bin_grads) __attribute__((aligned(64)));

static void NAME(rqs_partials)(const weiri_rqs *o, const NAME(bins) * b,
    const T *restrict pgz, const T *restrict pgl, NAME(bin_grads) *restrict g) {
  const int inverse = o->inverse;
  EACH {
    const T h = b->h[i], w = b->w[i], d0 = b->d0[i], d1 = b->d1[i];
    const T s = h / w, t = b->t[i], u = t * (1 - t), du = 1 - 2 * t;
    const T c = d0 + d1 - 2 * s, r = 1 - t;
    const T d = s + c * u, m = d1 * t * t + 2 * s * u + d0 * r * r;
    const T id = 1 / d, im = 1 / m, q = (s * t * t + d0 * u) * id;
    const T lt = (2 * d1 * t + 2 * s * du - 2 * d0 * r) * im - 2 * c * du * id;
    const T ls = 2 / s + 2 * u * im - 2 * (1 - 2 * u) * id;
    /* inverse: x(z, p) from z(x, p): dx = (dz - z_p dp) / z_x, log_det = -log z_x */
    const T slope = s * s * m * id * id;
    const T gv = (pgz[i] - pgl[i] * lt / w) / slope;
    const T gz = inverse ? -gv : pgz[i], gl = inverse ? -pgl[i] : pgl[i];
    const T at = gz * h * (2 * s * t + d0 * du - q * c * du) * id + gl * lt;
    const T as = gz * h * (t * t - q * (1 - 2 * u)) * id + gl * ls;
    g->v[i] = inverse ? gv : at / w;
    g->x[i] = -at / w;
    g->y[i] = gz;
    g->h[i] = gz * q + as / w;
    g->w[i] = -(at * t + as * s) / w;
    g->d0[i] = gz * h * (u - q * u) * id + gl * (r * r * im - 2 * u * id);
    g->d1[i] = gz * h * (-q * u) * id + gl * (t * t * im - 2 * u * id);
  }
}

/* Gradient of the shares (knot: all before the bin; own: the bin) back to the logits,
 * in place of the exponentials; elements outside get zeros. */
static void NAME(rqs_share_grads)(const weiri_rqs *s, const NAME(bins) * b,
    const int *inside, const T *restrict factor, const T *restrict knot,
    const T *restrict own, T *restrict p) {
  const int64_t k = s->bins;
  const T size = (T)((s->hi - s->lo) * (1 - 1e-3 * (double)k) * s->scale);
  const T end = (T)(k - 1);
  T before[B], here[B], dot[B];
  EACH { /* the last bin's size is what the others leave: hi - knot */
    const int last = b->k[i] == end;
    before[i] = last ? knot[i] - own[i] : knot[i];
    here[i] = last ? 0 : own[i];
    dot[i] = 0;
  }
  for (int64_t j = 0; j < k; j++) {
    const T *row = p + j * B, number = (T)j;
    EACH {
      const T direct = number == b->k[i] ? here[i] : 0;
      dot[i] += row[i] * factor[i] * (number < b->k[i] ? before[i] : direct);
    }
  }
  for (int64_t j = 0; j < k; j++) {
    T *row = p + j * B;
    const T number = (T)j;
    EACH {
      const T direct = number == b->k[i] ? here[i] : 0;
      const T sent = number < b->k[i] ? before[i] : direct;
      row[i] = inside[i] ? size * (row[i] * factor[i]) * (sent - dot[i]) : 0;
    }
  }
}

/* Gradients of the raw slopes: knot j belongs to bins j and j - 1. */
static void NAME(rqs_slope_grads)(const weiri_rqs *s, const NAME(bins) * b,
    const int *inside, NAME(bin_grads) *restrict g, T *restrict p) {
  const int64_t k = s->bins, free = s->params - 2 * k;
  const T shift = s->tails == WEIRI_RQS_LINEAR ? 1 : 0, end = (T)(k - 1);
  const int round = s->tails == WEIRI_RQS_CIRCULAR;
  T left[B], right[B];
  EACH {
    g->d0[i] = inside[i] ? g->d0[i] * NAME(vsigmoid)(b->r0[i]) : 0;
    g->d1[i] = inside[i] ? g->d1[i] * NAME(vsigmoid)(b->r1[i]) : 0;
    left[i] = b->k[i] - shift;
    right[i] = (round & (b->k[i] == end)) ? 0 : left[i] + 1;
  }
  for (int64_t j = 0; j < free; j++) {
    T *row = p + (2 * k + j) * B;
    const T number = (T)j;
    EACH row[i] =
        (number == left[i] ? g->d0[i] : 0) + (number == right[i] ? g->d1[i] : 0);
  }
}

static void NAME(rqs_adjoint)(const weiri_rqs *s, int64_t n, const void *px,
    const void *ptheta, const void *pgz, const void *pgl, void *pgx, void *pgtheta,
    void *scratch) {
  const T lo = (T)s->lo, hi = (T)s->hi;
  T *p = scratch;
  for (int64_t at = 0; at < n; at += B) {
    const int64_t count = n - at < B ? n - at : B;
    const size_t bytes = (size_t)count * sizeof(T);
    NAME(bins) b;
    NAME(bin_grads) g;
    T gz[B] = {0}, gl[B] = {0};
    int inside[B];
    memcpy(gz, (const T *)pgz + at, bytes);
    memcpy(gl, (const T *)pgl + at, bytes);
    NAME(rqs_find)
    (s, count, (const T *)px + at, (const T *)ptheta + at * s->params, p, &b);
    NAME(rqs_partials)(s, &b, gz, gl, &g);
    EACH {
      inside[i] = (b.v[i] >= lo) & (b.v[i] <= hi);
      g.v[i] = inside[i] ? g.v[i] : gz[i];
    }
    NAME(rqs_share_grads)(s, &b, inside, b.fw, g.x, g.w, p);
    NAME(rqs_share_grads)(s, &b, inside, b.fh, g.y, g.h, p + s->bins * B);
    NAME(rqs_slope_grads)(s, &b, inside, &g, p);
    memcpy((T *)pgx + at, g.v, bytes);
    NAME(rqs_store)(count, s->params, p, (T *)pgtheta + at * s->params);
  }
}
#undef B
#undef EACH
#undef RQS_LEAST
