/* The name that was probably meant: least edits (Levenshtein distance), at most a third
 * of the longer word. */
#include <string.h>

#include "cli/args.h"

enum { LONGEST = 63 };

static int least(int a, int b, int c) {
  const int m = a < b ? a : b;
  return m < c ? m : c;
}

static int edits(const char *a, const char *b) {
  const int n = (int)strlen(b);
  int row[LONGEST + 1];
  for (int j = 0; j <= n; j++) {
    row[j] = j;
  }
  for (int i = 1; a[i - 1] != '\0'; i++) {
    int diagonal = row[0];
    row[0] = i;
    for (int j = 1; j <= n; j++) {
      const int above = row[j];
      row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
      diagonal = above;
    }
  }
  return row[n];
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
