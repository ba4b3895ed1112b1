/* The name that a misspelt word probably means: least number of insertions, deletions,
 * substitutions and swaps of neighbours (Damerau 1964, optimal string alignment). */
#include "base/base.h"

#include <string.h>
#include <strings.h>

enum { WORD_MAX = 64 };

static int least(int a, int b) {
  return a < b ? a : b;
}

/* Both words shorter than WORD_MAX. Three rows of the table are enough. */
static int distance(const char *a, const char *b) {
  const int n = (int)strlen(a);
  const int m = (int)strlen(b);
  int rows[3][WORD_MAX];
  for (int j = 0; j <= m; j++) {
    rows[0][j] = j;
  }
  for (int i = 1; i <= n; i++) {
    int *row = rows[i % 3];
    const int *up = rows[(i + 2) % 3];
    const int *up2 = rows[(i + 1) % 3];
    row[0] = i;
    for (int j = 1; j <= m; j++) {
      const int change = up[j - 1] + (a[i - 1] != b[j - 1]);
      row[j] = least(change, least(up[j], row[j - 1]) + 1);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = least(row[j], up2[j - 2] + 1);
      }
    }
  }
  return rows[n % 3][m];
}

/* Near: the same but for capitals, or at most a third of the letters wrong, one at
 * least. */
const char *weiri_nearest(const char *word, const char *const *names) {
  const char *best = NULL;
  int best_d = WORD_MAX;
  const size_t len = strlen(word);
  for (; len < WORD_MAX && *names != NULL; names++) {
    const size_t other = strlen(*names);
    if (other >= WORD_MAX) {
      continue;
    }
    const int longer = (int)(len > other ? len : other);
    const int limit = longer < 6 ? 1 : longer / 3;
    const bool capitals = strcasecmp(word, *names) == 0;
    const int d = capitals ? 0 : distance(word, *names);
    if ((d <= limit && d < longer && d < best_d) || capitals) {
      best = *names;
      best_d = d;
    }
  }
  return best;
}
