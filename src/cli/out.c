/* Files that the program writes itself, and texts. */
#define _POSIX_C_SOURCE 200809L
#include "cli/out.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/say.h"

char *cli_format(const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  va_list again;
  va_copy(again, ap);
  const int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  char *text = n < 0 ? NULL : malloc((size_t)n + 1);
  if (text != NULL) {
    vsnprintf(text, (size_t)n + 1, fmt, again);
  }
  va_end(again);
  return text;
}

int cli_stem(const char *path, const char *suffix) {
  const size_t n = strlen(path), m = strlen(suffix);
  return (int)(n > m && strcmp(path + n - m, suffix) == 0 ? n - m : n);
}

char *cli_quote(const char *word) {
  static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789_-+=./:,@%";
  if (*word != '\0' && strspn(word, safe) == strlen(word)) {
    return cli_format("%s", word);
  }
  char *out = malloc(4 * strlen(word) + 3);
  if (out == NULL) {
    return NULL;
  }
  char *p = out;
  *p++ = '\'';
  for (; *word != '\0'; word++) {
    if (*word == '\'') {
      memcpy(p, "'\\''", 4);
      p += 4;
    } else {
      *p++ = *word;
    }
  }
  *p++ = '\'';
  *p = '\0';
  return out;
}

const char *cli_bytes(double n, char *buf) {
  static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  int u = 0;
  while (n >= 1024.0 && u < 4) {
    n /= 1024.0;
    u++;
  }
  snprintf(buf, 32, "%.*f %s", u == 0 || n >= 100.0 ? 0 : 1, n, units[u]);
  return buf;
}

int cli_can_write(const char *path) {
  struct stat st;
  if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
    return cli_error("%s: is a directory, expected the name of a file", path);
  }
  if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
    return cli_error(
        "%s: not a regular file; the output is written under another name and "
        "renamed",
        path);
  }
  char *probe = cli_format("%s.tmp-%ld", path, (long)getpid());
  const int fd = probe == NULL ? -1 : open(probe, O_WRONLY | O_CREAT | O_EXCL, 0600);
  const int reason = errno;
  if (fd >= 0) {
    close(fd);
    unlink(probe);
  }
  free(probe);
  return fd >= 0 ? 0 : cli_error("%s: cannot write there: %s", path, strerror(reason));
}

bool cli_same_file(const char *a, const char *b) {
  struct stat sa, sb;
  return stat(a, &sa) == 0 && stat(b, &sb) == 0 && S_ISREG(sa.st_mode) &&
         sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

int cli_apart(
    const char *written, const char *says, const char *input, const char *what) {
  return input == NULL || !cli_same_file(written, input)
             ? 0
             : cli_usage("%s: is read as %s, and would be overwritten by %s; choose "
                         "another -o",
                   written, what, says);
}

void cli_extension(const char *path, char buf[16]) {
  const char *slash = strrchr(path, '/');
  const char *name = slash == NULL ? path : slash + 1;
  const char *dot = strrchr(name, '.');
  snprintf(buf, 16, "%s",
      dot == NULL || dot == name || isdigit((unsigned char)dot[1]) ? "" : dot + 1);
  for (char *p = buf; *p != '\0'; p++) {
    *p = (char)tolower((unsigned char)*p);
  }
}

int cli_extension_among(const char *path, const char *kinds) {
  char end[16];
  cli_extension(path, end);
  return *end == '\0' || cli_among(kinds, end)
             ? 0
             : cli_usage("-o %s: cannot write '.%s', expected a name that ends in %s%s",
                   path, end, strchr(kinds, '|') == NULL ? "." : "one of ", kinds);
}

int cli_output_named(const cli_args *args) {
  const cli_opt *format = cli_opt_named(args->verb, "format", strlen("format"));
  const char *output = cli_text(args, "output", "-");
  return format == NULL || cli_has(args, "format") || strcmp(output, "-") == 0
             ? 0
             : cli_extension_among(output, format->choices);
}

int cli_output_apart(const cli_args *args) {
  const char *output = cli_text(args, "output", "-");
  for (int i = 0; i < args->n_words; i++) {
    if (cli_same_file(output, args->words[i])) {
      return cli_usage("-o %s: is an input too, and would be overwritten", output);
    }
  }
  for (int i = 0; i < args->n_values; i++) {
    const cli_value *v = &args->values[i];
    if (v->opt->type == CLI_FILE && strcmp(v->opt->name, "output") != 0 &&
        cli_same_file(output, v->text)) {
      return cli_usage("-o %s: is the file of --%s too, and would be overwritten",
          output, v->opt->name);
    }
  }
  return 0;
}

static int write_all(int fd, const char *text) {
  size_t left = strlen(text);
  while (left > 0) {
    const ssize_t n = write(fd, text, left);
    if (n < 0 && errno != EINTR) {
      return -1;
    }
    if (n > 0) {
      text += n;
      left -= (size_t)n;
    }
  }
  return fsync(fd);
}

int cli_write_text(const char *path, const char *text) {
  char *temp = cli_format("%s.tmp-%ld", path, (long)getpid());
  if (temp == NULL) {
    return cli_no_memory();
  }
  const int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  int bad = fd < 0 ? -1 : write_all(fd, text);
  int reason = errno;
  if (fd >= 0 && close(fd) != 0 && bad == 0) {
    bad = -1;
    reason = errno;
  }
  if (bad == 0 && rename(temp, path) != 0) {
    bad = -1;
    reason = errno;
  }
  if (bad != 0 && fd >= 0) {
    unlink(temp);
  }
  free(temp);
  return bad == 0 ? 0 : cli_error("%s: %s", path, strerror(reason));
}
