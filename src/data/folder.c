/* Folders of images: every PNG or JPEG file is a row, in the order of the names. Where
 * the images lie in folders of the folder, the names of these are the labels. The
 * source is a list of file names, made when a folder is opened. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "data/picture.h"
#include "data/reader.h"

#define MAGIC "\x89weir folder\n"
enum { NAMES_BLOCK = 1 << 14, LIST_MAX = 1 << 28 };

/* ---- listing ---- */

typedef struct names {
  weir_ctx *ctx;
  weiri_arena *arena;
  char **name;
  size_t n, room;
} names;

static weir_status add_name(names *l, const char *folder, const char *name) {
  if (l->n == l->room) {
    const size_t room = l->room == 0 ? 256 : 2 * l->room;
    char **more = weiri_realloc(l->ctx, l->name, room * sizeof *more);
    if (more == NULL) {
      return WEIR_E_MEMORY;
    }
    l->name = more;
    l->room = room;
  }
  const size_t size = strlen(folder) + strlen(name) + 2;
  char *copy = weiri_arena_take(l->arena, size);
  if (copy == NULL) {
    return WEIR_E_MEMORY;
  }
  snprintf(copy, size, "%s%s%s", folder, folder[0] == '\0' ? "" : "/", name);
  l->name[l->n++] = copy;
  return WEIR_OK;
}

static bool is_image_name(const char *name) {
  static const char *const ends[] = {".png", ".jpg", ".jpeg"};
  const size_t n = strlen(name);
  bool any = false;
  for (int i = 0; i < 3; i++) {
    const size_t k = strlen(ends[i]);
    any = any || (n > k && strcasecmp(name + n - k, ends[i]) == 0);
  }
  return any;
}

static int compare(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Image files of root/folder, and its folders where folders is given. */
static weir_status list(
    const char *root, const char *folder, names *files, names *folders) {
  char path[4096];
  snprintf(path, sizeof path, "%s%s%s", root, folder[0] == '\0' ? "" : "/", folder);
  DIR *dir = opendir(path);
  if (dir == NULL) {
    return weiri_fail(WEIR_E_IO, "%s: cannot open: %s", path, weiri_strerror(errno));
  }
  weir_status status = WEIR_OK;
  for (const struct dirent *e; status == WEIR_OK && (e = readdir(dir)) != NULL;) {
    char full[4096 + 300];
    struct stat st;
    snprintf(full, sizeof full, "%s/%s", path, e->d_name);
    if (e->d_name[0] == '.' || strchr(e->d_name, '\n') != NULL ||
        stat(full, &st) != 0) {
      continue;
    }
    if (S_ISDIR(st.st_mode) && folders != NULL) {
      status = add_name(folders, "", e->d_name);
    } else if (S_ISREG(st.st_mode) && is_image_name(e->d_name)) {
      status = add_name(files, folder, e->d_name);
    }
  }
  (void)closedir(dir);
  return status;
}

static weir_status list_all(const char *path, names *files, names *folders) {
  WEIR_TRY(list(path, "", files, folders));
  const size_t loose = files->n;
  for (size_t i = 0; i < folders->n; i++) {
    WEIR_TRY(list(path, folders->name[i], files, NULL));
  }
  if (files->n == 0) {
    return weiri_fail(
        WEIR_E_DATA, "%s: is a directory without PNG or JPEG images", path);
  }
  qsort(files->name + loose, files->n - loose, sizeof *files->name, compare);
  if (loose > 0 && files->n > loose) {
    return weiri_fail(WEIR_E_DATA,
        "%s: images lie both in it ('%s') and in its folders ('%s'): is the folder's "
        "name a label or not?",
        path, files->name[0], files->name[loose]);
  }
  qsort(files->name, files->n, sizeof *files->name, compare);
  return WEIR_OK;
}

/* MAGIC, the folder, and the names, a line each. */
static weir_status join(const names *files, const char *path, char **out, size_t *n) {
  size_t size = strlen(MAGIC) + strlen(path) + 2;
  for (size_t i = 0; i < files->n; i++) {
    size += strlen(files->name[i]) + 1;
  }
  *out = weiri_alloc(files->ctx, size);
  if (*out == NULL) {
    return WEIR_E_MEMORY;
  }
  char *at = *out + snprintf(*out, size, MAGIC "%s\n", path);
  for (size_t i = 0; i < files->n; i++) {
    at += snprintf(at, size - (size_t)(at - *out), "%s\n", files->name[i]);
  }
  *n = (size_t)(at - *out);
  return WEIR_OK;
}

weir_status weiri_folder_list(weir_ctx *ctx, const char *path, char **out, size_t *n) {
  *out = NULL;
  weiri_arena *arena = NULL;
  WEIR_TRY(weiri_arena_create(&arena, ctx, NAMES_BLOCK));
  names files = {.ctx = ctx, .arena = arena}, folders = files;
  weir_status status = list_all(path, &files, &folders);
  if (status == WEIR_OK) {
    status = join(&files, path, out, n);
  }
  weiri_free(ctx, files.name);
  weiri_free(ctx, folders.name);
  weiri_arena_destroy(&arena);
  return status;
}

/* ---- reading ---- */

typedef struct folder {
  weir_ctx *ctx;
  const char *name; /* of the source */
  char *text;       /* the list, lines ended by NUL */
  const char *path;
  const char **file;   /* [n] */
  const char **labels; /* [n_labels] sorted */
  char *label_text;
  int64_t n, n_labels, at;
  int64_t h, w, c;
} folder;

static weir_status read_text(folder *f, weir_source *source) {
  size_t room = 1 << 16, n = 0, got = 0;
  for (;; room *= 2) {
    char *more = room > LIST_MAX ? NULL : weiri_realloc(f->ctx, f->text, room + 1);
    if (more == NULL) {
      return weiri_fail(WEIR_E_MEMORY, "%s: its list of files is too long", f->name);
    }
    f->text = more;
    WEIR_TRY(weir_source_read(source, more + n, room - n, &got));
    n += got;
    if (n < room) {
      f->text[n] = '\0';
      return strlen(f->text) == n
                 ? WEIR_OK
                 : weiri_fail(WEIR_E_FORMAT, "%s: malformed list of images", f->name);
    }
  }
}

static weir_status split_lines(folder *f) {
  const size_t skip = strlen(MAGIC);
  int64_t lines = 0;
  if (strncmp(f->text, MAGIC, skip) != 0) {
    return weiri_fail(WEIR_E_FORMAT, "%s: is no list of images", f->name);
  }
  for (const char *s = f->text + skip; *s != '\0'; s++) {
    lines += *s == '\n';
  }
  f->file = weiri_calloc(f->ctx, (size_t)lines + 1, sizeof *f->file);
  if (f->file == NULL) {
    return WEIR_E_MEMORY;
  }
  char *s = f->text + skip;
  for (int64_t i = 0; i < lines; i++) {
    char *end = strchr(s, '\n');
    *end = '\0';
    if (i == 0) {
      f->path = s;
    } else {
      f->file[f->n++] = s;
    }
    s = end + 1;
  }
  return f->n > 0 ? WEIR_OK
                  : weiri_fail(WEIR_E_DATA, "%s: holds no PNG or JPEG images", f->name);
}

/* Label of a file as its length, 0: none. */
static size_t label_length(const char *file) {
  const char *slash = strchr(file, '/');
  return slash == NULL ? 0 : (size_t)(slash - file);
}

/* The names are sorted, so files of a label stand together. */
static weir_status find_labels(folder *f) {
  f->labels = weiri_calloc(f->ctx, (size_t)f->n, sizeof *f->labels);
  size_t room = 1;
  for (int64_t i = 0; i < f->n; i++) {
    room += label_length(f->file[i]) + 1;
  }
  f->label_text = weiri_calloc(f->ctx, room, 1);
  if (f->labels == NULL || f->label_text == NULL) {
    return WEIR_E_MEMORY;
  }
  char *to = f->label_text;
  for (int64_t i = 0; i < f->n; i++) {
    const size_t k = label_length(f->file[i]);
    const char *last = f->n_labels > 0 ? f->labels[f->n_labels - 1] : NULL;
    if (k > 0 &&
        (last == NULL || strlen(last) != k || strncmp(last, f->file[i], k) != 0)) {
      memcpy(to, f->file[i], k);
      f->labels[f->n_labels++] = to;
      to += k + 1;
    }
  }
  return WEIR_OK;
}

static weir_status read_one(const folder *f, int64_t i, weiri_picture *p) {
  char path[4096];
  weir_source *source = NULL;
  snprintf(path, sizeof path, "%s/%s", f->path, f->file[i]);
  WEIR_TRY(weiri_source_open(&source, f->ctx, path, 0));
  const weir_status status = weiri_picture_read(source, p);
  weiri_source_close(&source);
  return status;
}

static weir_status folder_open(
    void **self, weir_source *source, const weir_read_opts *opts, weir_layout *layout) {
  (void)opts;
  weir_ctx *ctx = weir_source_ctx(source);
  folder *f = weiri_calloc(ctx, 1, sizeof *f);
  if (f == NULL) {
    return WEIR_E_MEMORY;
  }
  *self = f;
  f->ctx = ctx;
  f->name = weir_source_name(source);
  WEIR_TRY(read_text(f, source));
  WEIR_TRY(split_lines(f));
  WEIR_TRY(find_labels(f));
  weiri_picture p;
  WEIR_TRY(read_one(f, 0, &p));
  f->h = p.h, f->w = p.w, f->c = p.c;
  weiri_picture_free(ctx, &p);
  *layout = (weir_layout){.columns = f->h * f->w * f->c + (f->n_labels > 0),
      .rows = f->n,
      .counts = true,
      .height = f->h,
      .width = f->w,
      .channels = f->c,
      .labels = f->n_labels,
      .label = f->labels};
  return WEIR_OK;
}

static weir_status check_size(const folder *f, int64_t i, const weiri_picture *p) {
  char found[80], expected[80];
  return p->h == f->h && p->w == f->w && p->c == f->c
             ? WEIR_OK
             : weiri_fail(WEIR_E_DATA,
                   "%s/%s: an image of %s, expected %s as '%s' is: images must have "
                   "one "
                   "size",
                   f->path, f->file[i], weiri_picture_text(p->h, p->w, p->c, found),
                   weiri_picture_text(f->h, f->w, f->c, expected), f->file[0]);
}

/* Index of the label of file i, for files in order. */
static int64_t label_of(const folder *f, int64_t i) {
  const size_t k = label_length(f->file[i]);
  for (int64_t j = 0; j < f->n_labels; j++) {
    if (strlen(f->labels[j]) == k && strncmp(f->labels[j], f->file[i], k) == 0) {
      return j;
    }
  }
  return 0;
}

static weir_status folder_next(void *self, weir_rows *rows) {
  folder *f = self;
  const int64_t pixels = f->h * f->w * f->c, width = pixels + (f->n_labels > 0);
  for (; rows->n < rows->capacity && f->at < f->n; f->at++) {
    weiri_picture p;
    double *row = rows->value + rows->n * width;
    WEIR_TRY(read_one(f, f->at, &p));
    const weir_status status = check_size(f, f->at, &p);
    if (status == WEIR_OK) {
      weiri_picture_row(&p, row);
    }
    weiri_picture_free(f->ctx, &p);
    WEIR_TRY(status);
    if (f->n_labels > 0) {
      row[pixels] = (double)label_of(f, f->at);
    }
    rows->n++;
  }
  return WEIR_OK;
}

static void folder_close(void *self) {
  folder *f = self;
  weiri_free(f->ctx, f->text);
  weiri_free(f->ctx, f->file);
  weiri_free(f->ctx, f->labels);
  weiri_free(f->ctx, f->label_text);
  weiri_free(f->ctx, f);
}

static int folder_sniff(const unsigned char *head, size_t n) {
  return n > strlen(MAGIC) && memcmp(head, MAGIC, strlen(MAGIC)) == 0 ? 100 : 0;
}

const weir_reader_class weiri_reader_folder = {
    .name = "folder",
    .doc = "a folder of PNG and JPEG images, a row each; folders in it are labels",
    .suffixes = NULL,
    .sniff = folder_sniff,
    .open = folder_open,
    .next = folder_next,
    .close = folder_close,
};
