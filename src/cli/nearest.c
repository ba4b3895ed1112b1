/* The name that was probably meant: least edits (insertions, deletions, replacements,
 * neighbours exchanged), at most a third of the longer word. */
#include <string.h>

#include "cli/args.h"

enum { LONGEST = 63 };

static int least(int a, int b) {
  return a < b ? a : b;
}

/* Optimal string alignment distance; b no longer than LONGEST. */
static int edits(const char *a, const char *b) {
  const int n = (int)strlen(b);
  int rows[3][LONGEST + 1];
  for (int j = 0; j <= n; j++) {
    rows[0][j] = j;
  }
  int i = 0;
  for (; a[i] != '\0'; i++) {
    int *now = rows[(i + 1) % 3];
    const int *above = rows[i % 3], *before = rows[(i + 2) % 3];
    now[0] = i + 1;
    for (int j = 1; j <= n; j++) {
      const int change = above[j - 1] + (a[i] != b[j - 1]);
      now[j] = least(least(above[j] + 1, now[j - 1] + 1), change);
      if (i > 0 && j > 1 && a[i] == b[j - 2] && a[i - 1] == b[j - 1]) {
        now[j] = least(now[j], before[j - 2] + 1);
      }
    }
  }
  return rows[i % 3][n];
}

const char *cli_nearest(const char *word, const char *const *names, int n) {
  const char *best = NULL;
  int fewest = 1 << 20;
  const int length = (int)strlen(word);
  for (int i = 0; i < n; i++) {
    const int other = (int)strlen(names[i]);
    if (other > LONGEST) {
      continue;
    }
    const int d = edits(word, names[i]);
    if (d < fewest && 3 * d <= (length > other ? length : other) + 1) {
      fewest = d;
      best = names[i];
    }
  }
  return best;
}
