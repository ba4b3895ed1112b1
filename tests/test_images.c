/* Image files: PNG, JPEG, folders of them with labels, NPY and IDX images, label files,
 * sizes that do not fit, ranges, pictures of many images. */
#define _POSIX_C_SOURCE 200809L
#include <sys/stat.h>

#include "data_help.h"
#include "data/frame.h"
#include "data/picture.h"
#include "data/schema.h"

/* Eight by eight pixels, written by Pillow at quality 90: 10 x + 20 y; and red 200,
 * green 30 x, blue 40. */
static const unsigned char GREY[] = {255, 216, 255, 224, 0, 16, 74, 70, 73, 70, 0, 1, 1,
    0, 0, 1, 0, 1, 0, 0, 255, 219, 0, 67, 0, 3, 2, 2, 3, 2, 2, 3, 3, 3, 3, 4, 3, 3, 4,
    5, 8, 5, 5, 4, 4, 5, 10, 7, 7, 6, 8, 12, 10, 12, 12, 11, 10, 11, 11, 13, 14, 18, 16,
    13, 14, 17, 14, 11, 11, 16, 22, 16, 17, 19, 20, 21, 21, 21, 12, 15, 23, 24, 22, 20,
    24, 18, 20, 21, 20, 255, 192, 0, 11, 8, 0, 8, 0, 8, 1, 1, 17, 0, 255, 196, 0, 20, 0,
    1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 255, 196, 0, 26, 16, 0, 0, 7, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 8, 36, 51, 66, 81, 255, 218, 0, 8, 1, 1,
    0, 0, 63, 0, 4, 82, 36, 152, 89, 101, 71, 255, 217};
static const unsigned char COLOUR[] = {255, 216, 255, 224, 0, 16, 74, 70, 73, 70, 0, 1,
    1, 0, 0, 1, 0, 1, 0, 0, 255, 219, 0, 67, 0, 3, 2, 2, 3, 2, 2, 3, 3, 3, 3, 4, 3, 3,
    4, 5, 8, 5, 5, 4, 4, 5, 10, 7, 7, 6, 8, 12, 10, 12, 12, 11, 10, 11, 11, 13, 14, 18,
    16, 13, 14, 17, 14, 11, 11, 16, 22, 16, 17, 19, 20, 21, 21, 21, 12, 15, 23, 24, 22,
    20, 24, 18, 20, 21, 20, 255, 219, 0, 67, 1, 3, 4, 4, 5, 4, 5, 9, 5, 5, 9, 20, 13,
    11, 13, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20,
    20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20,
    20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 255, 192, 0, 17, 8, 0, 8, 0, 8, 3, 1, 17, 0,
    2, 17, 1, 3, 17, 1, 255, 196, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 3, 255, 196, 0, 23, 16, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 68,
    129, 255, 196, 0, 20, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 255,
    196, 0, 22, 17, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 66, 255, 218,
    0, 12, 3, 1, 0, 2, 17, 3, 17, 0, 63, 0, 37, 122, 60, 15, 205, 180, 35, 94, 108, 255,
    217};

static void make_picture(
    weir_ctx *ctx, weiri_picture *p, int64_t h, int64_t w, int64_t c) {
  *p = (weiri_picture){h, w, c, NULL};
  assert_ok(weiri_picture_create(ctx, "test", p));
  for (int64_t i = 0; i < h * w * c; i++) {
    p->pixel[i] = (unsigned char)(i * 37 + 11);
  }
}

#ifdef WEIR_HAVE_PNG
/* What is written is read back, and no shorter file is. */
static void png_round_trip(void **state) {
  (void)state;
  static const int64_t sizes[][3] = {{1, 1, 1}, {7, 5, 1}, {3, 9, 3}, {200, 150, 3}};
  counting c;
  counting_init(&c, 0);
  for (int k = 0; k < 4; k++) {
    weiri_picture p, back;
    unsigned char *png = NULL;
    size_t n = 0;
    make_picture(&c.ctx, &p, sizes[k][0], sizes[k][1], sizes[k][2]);
    assert_ok(weiri_png_encode(&c.ctx, &p, &png, &n));
    assert_ok(weiri_png_decode(&c.ctx, "a.png", png, n, &back));
    assert_true(back.h == p.h && back.w == p.w && back.c == p.c);
    assert_memory_equal(back.pixel, p.pixel, (size_t)(p.h * p.w * p.c));
    weiri_picture_free(&c.ctx, &back);
    for (size_t cut = 0; cut + 12 < n && n < 1000; cut++) {
      assert_int_equal(
          weiri_png_decode(&c.ctx, "a.png", png, cut, &back), WEIR_E_FORMAT);
      assert_words("a.png");
    }
    weiri_picture_free(&c.ctx, &p);
    weiri_free(&c.ctx, png);
  }
  counting_check(&c);
}

/* One file as a table of one row, channel by channel; sizes that lie take no memory. */
static void png_tables(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weiri_picture p;
  unsigned char *png = NULL;
  size_t n = 0;
  weir_table *t = NULL;
  make_picture(&c.ctx, &p, 2, 3, 3);
  assert_ok(weiri_png_encode(&c.ctx, &p, &png, &n));
  assert_ok(read_bytes(&t, &c.ctx, png, n));
  const weir_image image = weir_table_image(t);
  assert_true(image.height == 2 && image.width == 3 && image.channels == 3);
  assert_true(weir_table_rows(t) == 1 && weir_table_columns(t) == 18);
  for (int i = 0; i < 6; i++) {
    for (int k = 0; k < 3; k++) {
      assert_true(at(t, 0, k * 6 + i) == p.pixel[i * 3 + k]);
    }
  }
  weir_table_destroy(&t);
  memset(png + 16, 0x7f, 8); /* sides */
  assert_int_equal(read_bytes(&t, &c.ctx, png, n), WEIR_E_FORMAT);
  weiri_picture_free(&c.ctx, &p);
  weiri_free(&c.ctx, png);
  counting_check(&c);
}
#endif

#ifdef WEIR_HAVE_JPEG
static void jpegs(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_table *t = NULL;
  weiri_picture p;
  assert_ok(read_bytes(&t, &c.ctx, GREY, sizeof GREY));
  assert_true(weir_table_columns(t) == 64 && weir_table_image(t).channels == 1);
  for (int i = 0; i < 64; i++) {
    assert_true(fabs(at(t, 0, i) - 10 * (i % 8) - 20 * (i / 8)) <= 4);
  }
  weir_table_destroy(&t);
  assert_ok(read_bytes(&t, &c.ctx, COLOUR, sizeof COLOUR));
  assert_true(weir_table_columns(t) == 192 && weir_table_image(t).channels == 3);
  for (int i = 0; i < 64; i++) {
    assert_true(fabs(at(t, 0, i) - 200) <= 4);
    assert_true(fabs(at(t, 0, 64 + i) - 30 * (i % 8)) <= 6);
    assert_true(fabs(at(t, 0, 128 + i) - 40) <= 6);
  }
  weir_table_destroy(&t);
  for (size_t cut = 0; cut + 2 < sizeof GREY; cut++) {
    assert_int_equal(weiri_jpeg_decode(&c.ctx, "a.jpg", GREY, cut, &p), WEIR_E_FORMAT);
    assert_words("a.jpg");
  }
  counting_check(&c);
}
#endif

/* ---- folders ---- */

static void put(const char *path, const void *bytes, size_t n) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
}

static void put_png(
    weir_ctx *ctx, const char *path, int64_t side, unsigned char value) {
  weiri_picture p;
  unsigned char *png = NULL;
  size_t n = 0;
  make_picture(ctx, &p, side, side, 1);
  memset(p.pixel, value, (size_t)(side * side));
  assert_ok(weiri_png_encode(ctx, &p, &png, &n));
  put(path, png, n);
  weiri_picture_free(ctx, &p);
  weiri_free(ctx, png);
}

static char folder[64];
static const char *in_folder(const char *name) {
  static char path[2][128];
  static int turn;
  turn = 1 - turn;
  snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
  return path[turn];
}
static void make_folder(void) {
  snprintf(folder, sizeof folder, "images-XXXXXX");
  assert_non_null(mkdtemp(folder));
}
static void remove_folder(const char *const *names) {
  for (; *names != NULL; names++) {
    assert_int_equal(remove(in_folder(*names)), 0);
  }
  assert_int_equal(remove(folder), 0);
}

static weir_status read_folder(weir_table **out, weir_ctx *ctx) {
  *out = NULL;
  return weir_table_read(out, ctx, folder, NULL);
}

#ifdef WEIR_HAVE_PNG
static void labelled_folders(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_table *t = NULL;
  make_folder();
  assert_int_equal(read_folder(&t, &c.ctx), WEIR_E_DATA);
  assert_words("without PNG or JPEG images");
  mkdir(in_folder("dog"), 0700);
  mkdir(in_folder("cat"), 0700);
  put_png(&c.ctx, in_folder("dog/1.png"), 2, 50);
  put_png(&c.ctx, in_folder("cat/b.PNG"), 2, 70);
  put_png(&c.ctx, in_folder("cat/a.png"), 2, 60);
  put(in_folder("cat/notes.txt"), "no image", 8);
  put(in_folder("cat/.hidden.png"), "no image", 8);
  assert_ok(read_folder(&t, &c.ctx));
  assert_true(weir_table_rows(t) == 3 && weir_table_columns(t) == 5);
  assert_true(at(t, 0, 0) == 60 && at(t, 1, 3) == 70 && at(t, 2, 0) == 50);
  assert_string_equal(weir_table_column(t, 4).name, "label");
  assert_string_equal(name_at(t, 0, 4), "cat");
  assert_string_equal(name_at(t, 1, 4), "cat");
  assert_string_equal(name_at(t, 2, 4), "dog");
  weir_schema *s = NULL;
  assert_ok(weir_schema_guess(&s, &c.ctx, t, NULL));
  assert_true(weir_schema_events(s) == 4 && weir_schema_image(s).height == 2);
  assert_true(weir_schema_type(s, 4).role == WEIR_ROLE_IGNORED);
  weir_schema_destroy(&s);
  weir_schema_opts opts = WEIR_SCHEMA_OPTS_INIT;
  opts.context = "label";
  assert_ok(weir_schema_guess(&s, &c.ctx, t, &opts));
  assert_true(weir_schema_events(s) == 4 && weir_schema_context_width(s) == 2);
  weir_schema_destroy(&s);
  weir_table_destroy(&t);
  put_png(&c.ctx, in_folder("loose.png"), 2, 1);
  assert_int_equal(read_folder(&t, &c.ctx), WEIR_E_DATA);
  assert_words("loose.png|cat/a.png|a label or not");
  remove(in_folder("loose.png"));
  put_png(&c.ctx, in_folder("dog/2.png"), 3, 1);
  assert_int_equal(read_folder(&t, &c.ctx), WEIR_E_DATA);
  assert_words("dog/2.png|3 x 3 x 1|2 x 2 x 1|one size");
  put(in_folder("dog/2.png"), "not a PNG", 9);
  assert_int_equal(read_folder(&t, &c.ctx), WEIR_E_FORMAT);
  assert_words("dog/2.png|neither a PNG nor a JPEG");
  static const char *const all[] = {"dog/1.png", "dog/2.png", "cat/a.png", "cat/b.PNG",
      "cat/notes.txt", "cat/.hidden.png", "dog", "cat", NULL};
  remove_folder(all);
  counting_check(&c);
}
#endif

/* ---- arrays ---- */

/* An NPY file of bytes with this shape, counting up. */
static size_t npy(unsigned char *out, const char *shape, size_t numbers) {
  memcpy(out, "\x93NUMPY\x01\x00\x76\x00", 10);
  memset(out + 10, ' ', 118);
  const int n = snprintf((char *)out + 10, 118,
      "{'descr': '|u1', 'fortran_order': False, 'shape': %s, }", shape);
  out[10 + n] = ' ';
  out[127] = '\n';
  for (size_t i = 0; i < numbers; i++) {
    out[128 + i] = (unsigned char)i;
  }
  return 128 + numbers;
}

static void npy_images(void **state) {
  (void)state;
  static const struct {
    const char *shape;
    int64_t rows, h, w, c;
    double second; /* of the first row */
  } cases[] = {{"(2, 3, 4)", 2, 3, 4, 1, 1}, {"(2, 3, 4, 2)", 2, 4, 2, 3, 1},
      {"(1, 4, 2, 3)", 1, 2, 3, 4, 1}, {"(2, 2, 5, 3)", 2, 2, 5, 3, 3},
      {"(2, 12)", 2, 0, 0, 0, 1}};
  counting c;
  counting_init(&c, 0);
  unsigned char file[256];
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    const int64_t d = cases[k].h == 0 ? 12 : cases[k].h * cases[k].w * cases[k].c;
    weir_table *t = NULL;
    assert_ok(read_bytes(
        &t, &c.ctx, file, npy(file, cases[k].shape, (size_t)(cases[k].rows * d))));
    const weir_image m = weir_table_image(t);
    assert_true(m.height == cases[k].h && m.width == cases[k].w);
    assert_true(m.channels == cases[k].c && weir_table_rows(t) == cases[k].rows);
    assert_true(at(t, 0, 1) == cases[k].second);
    weir_table_destroy(&t);
  }
  weir_table *t = NULL;
  assert_int_equal(read_bytes(&t, &c.ctx, file, npy(file, "(1, 1, 1, 1, 1)", 1)),
      WEIR_E_UNSUPPORTED);
  assert_int_equal(read_bytes(&t, &c.ctx, file,
                       npy(file, "(2, 4294967296, 4294967296, 4294967296)", 8)),
      WEIR_E_FORMAT);
  assert_words("overflows");
  counting_check(&c);
}

static void shapes_and_labels(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  make_folder();
  unsigned char file[256];
  static const char *const csv = "0,1,0,1\n1,0,0,1\n0,0,1,1\n";
  put(in_folder("a.npy"), file, npy(file, "(3, 4)", 12));
  put(in_folder("a.csv"), csv, strlen(csv));
  put(in_folder("labels.csv"), "7\n5\n7\n", 6);
  put(in_folder("words.csv"), "kind\nb\na\nb\n", 11);
  put(in_folder("few.csv"), "7\n5\n", 4);
  put(in_folder("two.csv"), "7,1\n5,1\n7,1\n", 12);
  weir_read_opts opts = WEIR_READ_OPTS_INIT;
  weir_table *t = NULL;
  weir_schema *s = NULL;
  opts.height = opts.width = 2;
  char labels[128], data[128];
  snprintf(labels, sizeof labels, "%s", in_folder("labels.csv"));
  snprintf(data, sizeof data, "%s", in_folder("a.npy"));
  opts.labels = labels;
  assert_ok(weir_table_read(&t, &c.ctx, data, &opts));
  assert_true(weir_table_columns(t) == 5 && at(t, 2, 3) == 11);
  assert_string_equal(name_at(t, 0, 4), "7");
  assert_string_equal(name_at(t, 1, 4), "5");
  assert_ok(weir_schema_guess(&s, &c.ctx, t, NULL));
  const weir_image m = weir_schema_image(s);
  assert_true(m.height == 2 && m.width == 2 && m.channels == 1);
  assert_true(m.lo == 0.0 && m.hi == 255.0);
  char *json = NULL;
  weir_schema *back = NULL;
  assert_ok(weir_schema_to_json(s, &json));
  assert_ok(weir_schema_from_json(&back, &c.ctx, json));
  const weir_image m2 = weir_schema_image(back);
  assert_memory_equal(&m, &m2, sizeof m);
  weir_schema_destroy(&back);
  weir_text_free(&c.ctx, json);
  weir_schema_destroy(&s);
  weir_table_destroy(&t);
  snprintf(labels, sizeof labels, "%s", in_folder("words.csv"));
  assert_ok(weir_table_read(&t, &c.ctx, data, &opts));
  assert_string_equal(name_at(t, 0, 4), "b");
  weir_table_destroy(&t);
  static const char *const bad[][2] = {
      {"few.csv", "2 labels for the 3 rows"}, {"two.csv", "2 columns, expected one"}};
  for (int i = 0; i < 2; i++) {
    snprintf(labels, sizeof labels, "%s", in_folder(bad[i][0]));
    assert_int_equal(weir_table_read(&t, &c.ctx, data, &opts), WEIR_E_MISMATCH);
    assert_words(bad[i][1]);
  }
  opts.labels = NULL;
  opts.height = 3;
  assert_int_equal(weir_table_read(&t, &c.ctx, data, &opts), WEIR_E_MISMATCH);
  assert_words("3 x 2 x 1 are 6 numbers|4 columns");
  opts.height = 1;
  assert_ok(weir_table_read(&t, &c.ctx, data, &opts));
  assert_int_equal(weir_schema_guess(&s, &c.ctx, t, NULL), WEIR_E_MISMATCH);
  assert_words("1 x 2 x 1 are 2 columns, but the density is over 4");
  weir_table_destroy(&t);
  /* whole numbers of images are pixels, constant ones too; 0 and 1 stay 0 and 1 */
  opts.height = 2;
  assert_ok(weir_table_read(&t, &c.ctx, in_folder("a.csv"), &opts));
  assert_ok(weir_schema_guess(&s, &c.ctx, t, NULL));
  assert_true(weir_schema_image(s).hi == 1.0);
  for (int j = 0; j < 4; j++) {
    assert_true(weir_schema_type(s, j).kind == WEIR_KIND_ORDINAL);
  }
  weir_table_destroy(&t);
  opts.height = 0;
  assert_ok(weir_table_read(&t, &c.ctx, data, &opts));
  weir_frame *f = NULL;
  assert_int_equal(weir_frame_create(&f, &c.ctx, s, t, NULL), WEIR_E_DATA);
  assert_words("row 1|x3|2, but|[0, 1]|that range");
  weir_table_destroy(&t);
  weir_schema_destroy(&s);
  static const char *const all[] = {
      "a.npy", "a.csv", "labels.csv", "words.csv", "few.csv", "two.csv", NULL};
  remove_folder(all);
  counting_check(&c);
}

/* ---- pictures ---- */

#ifdef WEIR_HAVE_PNG
static void pictures(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  const weir_image m = {2, 3, 1, -1.0, 1.0};
  double x[3 * 6];
  for (int i = 0; i < 18; i++) {
    x[i] = i < 6 ? -1.0 : i < 12 ? 0.0 : 7.0;
  }
  unsigned char *png = NULL;
  size_t n = 0;
  weiri_picture p;
  assert_ok(weir_images_png(&c.ctx, &m, 3, x, 2, &png, &n));
  assert_ok(weiri_png_decode(&c.ctx, "grid", png, n, &p));
  assert_true(p.h == 6 && p.w == 8 && p.c == 1);
  for (int64_t y = 0; y < 6; y++) {
    for (int64_t i = 0; i < 8; i++) {
      const bool above = y < 2, below = y >= 4, left = i < 3, right = i >= 5;
      const int want = above && left    ? 0
                       : above && right ? 128
                       : below && left  ? 255
                                        : 255; /* paper */
      assert_int_equal(p.pixel[y * 8 + i], want);
    }
  }
  weiri_picture_free(&c.ctx, &p);
  weir_bytes_free(&c.ctx, png);
  const weir_image two = {2, 3, 2, 0.0, 1.0}, huge = {60000, 60000, 1, 0.0, 1.0};
  assert_int_equal(weir_images_png(&c.ctx, &two, 1, x, 0, &png, &n), WEIR_E_ARGUMENT);
  assert_int_equal(weir_images_png(&c.ctx, &huge, 1, x, 0, &png, &n), WEIR_E_ARGUMENT);
  assert_words("too large");
  counting_check(&c);
}
#endif

/* Images of bytes stay bytes, with labels and without, in frames too; rows and digest
 * are those of numbers. What is no byte makes numbers of all. */
static void bytes_stay(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  make_folder();
  unsigned char file[256];
  put(in_folder("a.npy"), file, npy(file, "(3, 2, 2)", 12));
  put(in_folder("labels.csv"), "7\n5\n7\n", 6);
  char labels[128], data[128], digest[2][65];
  snprintf(data, sizeof data, "%s", in_folder("a.npy"));
  for (int k = 0; k < 2; k++) {
    weir_read_opts opts = WEIR_READ_OPTS_INIT;
    weir_table *t = NULL, *wide = NULL;
    weir_schema *s = NULL;
    weir_frame *f = NULL, *g = NULL;
    snprintf(labels, sizeof labels, "%s", in_folder("labels.csv"));
    opts.labels = k == 0 ? NULL : labels;
    assert_ok(weir_table_read(&t, &c.ctx, data, &opts));
    assert_true(t->bytes != NULL && t->values == NULL);
    assert_ok(weir_schema_guess(&s, &c.ctx, t, NULL));
    assert_ok(weir_frame_create(&f, &c.ctx, s, t, NULL));
    assert_true(f->bytes == t->bytes && f->x == NULL && f->owned_x == NULL);
    assert_true(weir_table_bytes(t) == 12 + 3 * k && weiri_frame_bytes(f) == 0);
    double row[4];
    for (int i = 0; i < 3; i++) {
      const double *x = weiri_frame_row_x(f, i, row);
      for (int j = 0; j < 4; j++) {
        assert_true(x[j] == 4 * i + j && weir_table_value(t, i, j) == x[j]);
        assert_true(weir_frame_value(f, i, j) == x[j]);
      }
      weir_frame_copy_row(f, i, row);
      assert_true(row[0] == 4 * i && row[3] == 4 * i + 3);
    }
    weir_frame_digest(f, digest[0]);
    assert_ok(weir_table_read(&wide, &c.ctx, data, &opts));
    assert_ok(weiri_table_widen(wide, 3));
    assert_true(wide->bytes == NULL && wide->values != NULL);
    assert_ok(weir_frame_create(&g, &c.ctx, s, wide, NULL));
    assert_true(g->bytes == NULL && weir_frame_value(g, 2, 1) == 9.0);
    weir_frame_copy_row(g, 1, row);
    assert_true(row[0] == 4.0 && f->x == NULL);
    weir_frame_digest(g, digest[1]);
    assert_string_equal(digest[0], digest[1]);
    assert_memory_equal(weir_frame_x(f), weir_frame_x(g), 12 * sizeof(double));
    assert_true(weir_table_values(t)[4 + k] == 4.0); /* made when asked for */
    weir_frame_destroy(&g);
    weir_frame_destroy(&f);
    weir_schema_destroy(&s);
    weir_table_destroy(&wide);
    weir_table_destroy(&t);
  }
  static const char *const all[] = {"a.npy", "labels.csv", NULL};
  remove_folder(all);
  counting_check(&c);
}

/* Whole numbers that are no bytes: the first of them is in a later block. */
static void bytes_end(void **state) {
  (void)state;
  enum { ROWS = 70000, AT = 66000 };
  counting c;
  counting_init(&c, 0);
  unsigned char *file = calloc(16 + 2 * ROWS, 1);
  assert_non_null(file);
  const unsigned char head[8] = {
      0, 0, 0x0b, 1, 0, ROWS >> 16, ROWS >> 8 & 255, ROWS & 255};
  memcpy(file, head, sizeof head);
  for (int i = 0; i < ROWS; i++) {
    file[8 + 2 * i + 1] = (unsigned char)(i % 251);
  }
  file[8 + 2 * AT] = 1; /* 256 more */
  weir_table *t = NULL;
  assert_ok(read_bytes(&t, &c.ctx, file, 8 + 2 * ROWS));
  assert_true(t->bytes == NULL && weir_table_rows(t) == ROWS);
  for (int i = 0; i < ROWS; i++) {
    assert_true(at(t, i, 0) == i % 251 + (i == AT ? 256 : 0));
  }
  weir_table_destroy(&t);
  counting_check(&c);
  free(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#ifdef WEIR_HAVE_PNG
      cmocka_unit_test(png_round_trip),
      cmocka_unit_test(png_tables),
      cmocka_unit_test(labelled_folders),
      cmocka_unit_test(pictures),
#endif
#ifdef WEIR_HAVE_JPEG
      cmocka_unit_test(jpegs),
#endif
      cmocka_unit_test(npy_images),
      cmocka_unit_test(shapes_and_labels),
      cmocka_unit_test(bytes_stay),
      cmocka_unit_test(bytes_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
