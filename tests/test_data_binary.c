/* NPY, IDX and gz: all types and orders, sizes that lie, files cut short. */
#include "data_help.h"

#ifdef WEIR_HAVE_ZLIB
#include <zlib.h>
#endif

/* An NPY file of format 1 from a dictionary and numbers. */
static size_t npy(char *out, const char *dict, const void *data, size_t size) {
  const size_t n = strlen(dict), header = (10 + n + 1 + 63) / 64 * 64;
  memcpy(out, "\x93NUMPY\x01\x00", 8);
  out[8] = (char)((header - 10) & 0xff);
  out[9] = (char)((header - 10) >> 8);
  memset(out + 10, ' ', header - 10);
  memcpy(out + 10, dict, n);
  out[header - 1] = '\n';
  memcpy(out + header, data, size);
  return header + size;
}

static void npy_types(void **state) {
  (void)state;
  static const double f8[] = {1, 2, 3, 4, 5, 6};
  static const float f4[] = {1, 2, 3, 4, 5, 6};
  static const int64_t i8[] = {1, 2, 3, 4, 5, 6};
  static const int32_t i4[] = {1, 2, 3, 4, 5, 6};
  static const uint16_t u2[] = {1, 2, 3, 4, 5, 6};
  static const int8_t i1[] = {1, 2, 3, 4, 5, 6};
  static const unsigned char big[] = {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6};
  const struct {
    const char *descr;
    const void *data;
    size_t size;
  } cases[] = {{"<f8", f8, sizeof f8}, {"<f4", f4, sizeof f4}, {"<i8", i8, sizeof i8},
      {"<u8", i8, sizeof i8}, {"<i4", i4, sizeof i4}, {"<u4", i4, sizeof i4},
      {"<u2", u2, sizeof u2}, {"<i2", u2, sizeof u2}, {"|i1", i1, sizeof i1},
      {"|u1", i1, sizeof i1}, {">i2", big, sizeof big}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (int fortran = 0; fortran < 2; fortran++) {
      _Alignas(64) char file[512];
      char dict[128];
      (void)snprintf(dict, sizeof dict,
          "{'descr': '%s', 'fortran_order': %s, 'shape': (2, 3), }", cases[i].descr,
          fortran ? "True" : "False");
      counting c;
      counting_init(&c, 0);
      weir_table *t = NULL;
      assert_ok(
          read_bytes(&t, &c.ctx, file, npy(file, dict, cases[i].data, cases[i].size)));
      assert_int_equal(weir_table_rows(t), 2);
      assert_int_equal(weir_table_columns(t), 3);
      assert_true(at(t, 0, 1) == (fortran ? 3 : 2));
      assert_true(at(t, 1, 2) == 6);
      assert_string_equal(weir_table_line_word(t), "row");
      weir_table_destroy(&t);
      counting_check(&c);
    }
  }
}

static void npy_mapped(void **state) {
  (void)state;
  static const double x[] = {0.5, -1.5};
  _Alignas(64) char file[256];
  const size_t size =
      npy(file, "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", x, 16);
  counting c;
  counting_init(&c, 0);
  weir_table *t = NULL;
  assert_ok(read_bytes(&t, &c.ctx, file, size));
  assert_int_equal(weir_table_columns(t), 1);
  assert_ptr_equal(weir_table_values(t), file + size - 16); /* in place */
  weir_table_destroy(&t);
  counting_check(&c);
}

static void npy_refused(void **state) {
  (void)state;
  static const struct {
    const char *dict;
    size_t bytes;
    weir_status status;
    const char *words;
  } cases[] = {{"{'descr': '<f8', 'fortran_order': False, 'shape': (4, 3), }", 95,
                   WEIR_E_FORMAT, "t.csv|truncated"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (4, 3), }", 97, WEIR_E_FORMAT,
          "header says 4 rows"},
      {"{'descr': '<f8', 'fortran_order': True, 'shape': (4, 3), }", 80, WEIR_E_FORMAT,
          "truncated"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000000000000, 3), }",
          96, WEIR_E_FORMAT, "truncated, or its header lies"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4000000000000000000), }",
          96, WEIR_E_UNSUPPORTED, "columns"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }", 0, WEIR_E_DATA,
          "no rows"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 0), }", 0,
          WEIR_E_UNSUPPORTED, "0 columns"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2, 3, 1, 1), }", 96,
          WEIR_E_UNSUPPORTED, "5 dimensions"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (), }", 8, WEIR_E_UNSUPPORTED,
          "0 dimensions"},
      {"{'descr': '<c16', 'fortran_order': False, 'shape': (6,), }", 96,
          WEIR_E_UNSUPPORTED, "dtype '<c16'"},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (6,), }", 96,
          WEIR_E_UNSUPPORTED, "dtype '|O'"},
      {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (6,), }", 96,
          WEIR_E_FORMAT, "malformed"},
      {"{'descr': '<f8', 'shape': (6,), }", 48, WEIR_E_FORMAT, "malformed"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (-6,), }", 48, WEIR_E_FORMAT,
          "malformed"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }",
          48, WEIR_E_FORMAT, "malformed"},
      {"nonsense", 48, WEIR_E_FORMAT, "malformed"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char file[512], zeros[128] = {0};
    counting c;
    counting_init(&c, 0);
    weir_table *t = NULL;
    const size_t size = npy(file, cases[i].dict, zeros, cases[i].bytes);
    const weir_status status = read_bytes(&t, &c.ctx, file, size);
    if (i == 11) { /* a record: either word will do */
      assert_true(status == WEIR_E_FORMAT || status == WEIR_E_UNSUPPORTED);
    } else {
      assert_words(cases[i].words);
      assert_int_equal(status, cases[i].status);
    }
    counting_check(&c);
  }
}

/* Every prefix of a good file is refused. */
static void cut_short(void **state) {
  (void)state;
  static const float x[] = {1, 2, 3, 4};
  char file[256];
  const size_t size =
      npy(file, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", x, 16);
  for (size_t n = 6; n < size; n++) {
    counting c;
    counting_init(&c, 0);
    weir_table *t = NULL;
    assert_int_equal(read_bytes(&t, &c.ctx, file, n), WEIR_E_FORMAT);
    assert_words("t.csv");
    counting_check(&c);
  }
}

static void idx_files(void **state) {
  (void)state;
  static const unsigned char bytes[] = {
      0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 255};
  static const unsigned char shorts[] = {
      0, 0, 0x0b, 1, 0, 0, 0, 2, 0xff, 0xfe, 0x01, 0x00};
  static const unsigned char reals[] = {
      0, 0, 0x0e, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0xbf, 0xf8, 0, 0, 0, 0, 0, 0};
  counting c;
  counting_init(&c, 0);
  weir_table *t = NULL;
  assert_ok(read_bytes(&t, &c.ctx, bytes, sizeof bytes));
  assert_int_equal(weir_table_rows(t), 2);
  assert_int_equal(weir_table_columns(t), 2);
  assert_true(at(t, 0, 1) == 20 && at(t, 1, 1) == 255);
  weir_table_destroy(&t);
  assert_ok(read_bytes(&t, &c.ctx, shorts, sizeof shorts));
  assert_true(at(t, 0, 0) == -2 && at(t, 1, 0) == 256);
  weir_table_destroy(&t);
  assert_ok(read_bytes(&t, &c.ctx, reals, sizeof reals));
  assert_true(at(t, 0, 0) == -1.5);
  weir_table_destroy(&t);
  for (size_t n = 4; n < sizeof bytes; n++) {
    assert_int_equal(read_bytes(&t, &c.ctx, bytes, n), WEIR_E_FORMAT);
    assert_words("truncated");
  }
  counting_check(&c);
}

static void idx_lies(void **state) {
  (void)state;
  unsigned char file[64] = {0, 0, 8, 4};
  memset(file + 4, 0xff, 16);
  counting c;
  counting_init(&c, 0);
  weir_table *t = NULL;
  assert_int_equal(read_bytes(&t, &c.ctx, file, sizeof file), WEIR_E_FORMAT);
  assert_words("overflow");
  file[3] = 2;
  assert_int_equal(read_bytes(&t, &c.ctx, file, sizeof file), WEIR_E_UNSUPPORTED);
  assert_words("columns");
  file[3] = 1;
  assert_int_equal(read_bytes(&t, &c.ctx, file, sizeof file), WEIR_E_FORMAT);
  assert_words("header lies");
  counting_check(&c);
}

#ifdef WEIR_HAVE_ZLIB

/* Compresses as gz; returns the size. */
static size_t gz(unsigned char *out, size_t room, const void *data, size_t size) {
  z_stream z = {0};
  assert_int_equal(
      deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  z.next_in = (z_const Bytef *)(uintptr_t)data;
  z.avail_in = (uInt)size;
  z.next_out = out;
  z.avail_out = (uInt)room;
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  const size_t n = room - z.avail_out;
  (void)deflateEnd(&z);
  return n;
}

static void gz_members(void **state) {
  (void)state;
  static const char one[] = "a,b\n1,2\n", two[] = "3,4\n";
  unsigned char file[512];
  size_t n = gz(file, sizeof file, one, strlen(one));
  n += gz(file + n, sizeof file - n, two, strlen(two));
  counting c;
  counting_init(&c, 0);
  weir_table *t = NULL;
  assert_ok(read_bytes(&t, &c.ctx, file, n));
  assert_int_equal(weir_table_rows(t), 2);
  assert_true(at(t, 1, 1) == 4);
  weir_table_destroy(&t);
  memset(file + n, 0, 8); /* padding */
  assert_ok(read_bytes(&t, &c.ctx, file, n + 8));
  weir_table_destroy(&t);
  file[n] = 'x';
  assert_int_equal(read_bytes(&t, &c.ctx, file, n + 1), WEIR_E_FORMAT);
  assert_words("after the end");
  file[15] ^= 0x55;
  assert_int_equal(read_bytes(&t, &c.ctx, file, n), WEIR_E_FORMAT);
  assert_words("damaged gz");
  counting_check(&c);
}

static void gz_cut_short(void **state) {
  (void)state;
  static const char text[] = "a,b\n1,2\n3,4\n";
  unsigned char file[256];
  const size_t size = gz(file, sizeof file, text, strlen(text));
  counting c;
  counting_init(&c, 0);
  for (size_t n = 2; n < size; n++) {
    weir_table *t = NULL;
    assert_int_equal(read_bytes(&t, &c.ctx, file, n), WEIR_E_FORMAT);
    assert_words("truncated");
  }
  counting_check(&c);
}

/* A header in gz that lies is refused by what gz can expand to; a bomb by the limit. */
static void gz_limits(void **state) {
  (void)state;
  unsigned char file[4096];
  char inner[512], zeros[64] = {0};
  counting c;
  counting_init(&c, 0);
  weir_table *t = NULL;
  size_t n = npy(inner,
      "{'descr': '<f8', 'fortran_order': True, 'shape': (1000000000, 3), }", zeros, 64);
  n = gz(file, sizeof file, inner, n);
  assert_int_equal(read_bytes(&t, &c.ctx, file, n), WEIR_E_FORMAT);
  assert_words("header lies");
  char *ones = malloc(1 << 20);
  assert_non_null(ones);
  memset(ones, '1', 1 << 20);
  n = gz(file, sizeof file, ones, 1 << 20);
  free(ones);
  weir_source *source = NULL;
  assert_ok(weiri_source_memory(&source, &c.ctx, "b.gz", file, n, 100000));
  assert_int_equal(weiri_table_read_source(&t, &source, NULL), WEIR_E_FORMAT);
  assert_words("b.gz|100000 bytes after decompression");
  counting_check(&c);
}

static void demo_set(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_table *t = NULL;
  assert_ok(weir_table_read(
      &t, &c.ctx, WEIR_SOURCE_DIR "/data/magic_gamma/test.csv.gz", NULL));
  assert_int_equal(weir_table_rows(t), 3804);
  assert_int_equal(weir_table_columns(t), 11);
  assert_int_equal(weir_table_column(t, 10).categories, 2);
  weir_table_destroy(&t);
  counting_check(&c);
}

static weir_status read_gz(weir_ctx *ctx) {
  static const char text[] = "a,b\n1,2\n3,4\n";
  unsigned char file[256];
  weir_table *t = NULL;
  const weir_status status =
      read_bytes(&t, ctx, file, gz(file, sizeof file, text, strlen(text)));
  if (status == WEIR_OK) {
    assert_true(at(t, 1, 1) == 4);
  }
  weir_table_destroy(&t);
  return status;
}

#endif

static weir_status read_npy(weir_ctx *ctx) {
  static const float x[] = {1, 2, 3, 4};
  char file[256];
  weir_table *t = NULL;
  const size_t size =
      npy(file, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", x, 16);
  const weir_status status = read_bytes(&t, ctx, file, size);
  if (status == WEIR_OK) {
    assert_true(at(t, 1, 1) == 4);
  }
  weir_table_destroy(&t);
  return status;
}

static void memory(void **state) {
  (void)state;
  fail_each(read_npy);
#ifdef WEIR_HAVE_ZLIB
  fail_each(read_gz);
#endif
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(npy_types),
      cmocka_unit_test(npy_mapped), cmocka_unit_test(npy_refused),
      cmocka_unit_test(cut_short), cmocka_unit_test(idx_files),
      cmocka_unit_test(idx_lies),
#ifdef WEIR_HAVE_ZLIB
      cmocka_unit_test(gz_members), cmocka_unit_test(gz_cut_short),
      cmocka_unit_test(gz_limits), cmocka_unit_test(demo_set),
#endif
      cmocka_unit_test(memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
