/* Classification of points by their k nearest neighbours: the label that most of the k
 * have, the smallest of those with as many. Distances are Euclidean, or between unit
 * vectors 1 less the cosine of the angle. Points at the same distance come in the order
 * of their rows (Cover & Hart 1967; as scikit-learn's KNeighborsClassifier decides). */
#include <math.h>

#include "dev/threads.h"
#include "train/train.h"

enum { ROWS = 16 }; /* points of a chunk */

typedef struct search {
  const weir_points *of, *among;
  int64_t d, k;
  bool cosine, itself; /* itself: a point is not its own neighbour */
  unsigned char *right;
} search;

/* Larger is farther. */
static double distance(const search *s, const double *a, const double *b) {
  double sum = 0.0, aa = 0.0, bb = 0.0;
  if (!s->cosine) {
    for (int64_t j = 0; j < s->d; j++) {
      sum += (a[j] - b[j]) * (a[j] - b[j]);
    }
    return sum;
  }
  for (int64_t j = 0; j < s->d; j++) {
    sum += a[j] * b[j];
    aa += a[j] * a[j];
    bb += b[j] * b[j];
  }
  return 1.0 - sum / sqrt(aa * bb);
}

/* Puts a neighbour in its place among those so far; far [k] ascends. */
static void keep(
    int64_t k, int64_t *n, double *far, double *label, double d, double l) {
  if (*n == k && !(d < far[k - 1])) {
    return;
  }
  int64_t at = *n < k ? (*n)++ : k - 1;
  for (; at > 0 && far[at - 1] > d; at--) {
    far[at] = far[at - 1];
    label[at] = label[at - 1];
  }
  far[at] = d;
  label[at] = l;
}

static double most_frequent(int64_t n, const double *label) {
  double best = NAN;
  int64_t most = 0;
  for (int64_t i = 0; i < n; i++) {
    int64_t same = 0;
    for (int64_t j = 0; j < n; j++) {
      same += label[j] == label[i];
    }
    if (same > most || (same == most && label[i] < best)) {
      most = same;
      best = label[i];
    }
  }
  return best;
}

static void chunk(void *arg, int64_t index, void *scratch) {
  const search *s = arg;
  double *far = scratch, *label = far + s->k;
  for (int64_t i = index * ROWS; i < s->of->n && i < (index + 1) * ROWS; i++) {
    int64_t n = 0;
    for (int64_t j = 0; j < s->among->n; j++) {
      if (!s->itself || j != i) {
        const double d = distance(s, s->of->x + i * s->d, s->among->x + j * s->d);
        keep(s->k, &n, far, label, d, s->among->label[j]);
      }
    }
    s->right[i] = most_frequent(n, label) == s->of->label[i];
  }
}

weir_status weir_neighbour_accuracy(weir_ctx *ctx, int64_t d, weir_points of,
    const weir_points *among, int64_t k, bool cosine, double *accuracy) {
  search s = {.of = &of,
      .among = among == NULL ? &of : among,
      .d = d,
      .k = k,
      .cosine = cosine,
      .itself = among == NULL};
  if (d < 1 || of.n < 1 || k < 1 || s.among->n < k + (s.itself ? 1 : 0)) {
    return weiri_fail(WEIR_E_ARGUMENT,
        "nearest neighbours: expected more rows than the %lld neighbours, found %lld",
        (long long)k, (long long)s.among->n);
  }
  weiri_team *team = NULL;
  s.right = weiri_calloc(ctx, (size_t)of.n, sizeof *s.right);
  weir_status status = s.right == NULL ? WEIR_E_MEMORY : weiri_team_create(&team, ctx);
  if (status == WEIR_OK) {
    const double work = 3.0 * (double)of.n * (double)s.among->n * (double)d;
    status = weiri_parallel(team, (of.n + ROWS - 1) / ROWS, work,
        2 * (size_t)k * sizeof(double), chunk, &s);
  }
  weiri_team_destroy(&team);
  int64_t right = 0;
  for (int64_t i = 0; i < of.n && status == WEIR_OK; i++) {
    right += s.right[i];
  }
  *accuracy = (double)right / (double)of.n;
  weiri_free(ctx, s.right);
  return status;
}
