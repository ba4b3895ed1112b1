/* Patches of images: every place and no other, noise within a grey level, mean zero,
 * the same patch for the same seed and number; what is not an image is refused. */
#include "data_help.h"

enum { IMAGES = 3, HEIGHT = 5, WIDTH = 7, PIXELS = HEIGHT * WIDTH };

/* IDX images whose pixel p of image i is 35 i + p: a value says where it stood. */
static weir_table *images_of(weir_ctx *ctx) {
  unsigned char file[16 + IMAGES * PIXELS] = {
      0, 0, 8, 3, 0, 0, 0, IMAGES, 0, 0, 0, HEIGHT, 0, 0, 0, WIDTH};
  weir_table *t = NULL;
  for (int i = 0; i < IMAGES * PIXELS; i++) {
    file[16 + i] = (unsigned char)i;
  }
  assert_ok(read_bytes(&t, ctx, file, sizeof file));
  return t;
}

static weir_patch_opts plain(int64_t n, int64_t size) {
  weir_patch_opts o = WEIR_PATCH_OPTS_INIT;
  o.n = n;
  o.size = size;
  o.levels = 1.0;
  o.noise = false;
  o.centre = false;
  return o;
}

static void places(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_table *images = images_of(&c.ctx), *t = NULL;
  weir_patch_opts o = plain(6000, 3);
  static const int64_t rows[] = {2, 0};
  assert_ok(weir_table_patches(&t, &c.ctx, images, 2, rows, &o));
  assert_int_equal(weir_table_columns(t), 9);
  int seen[IMAGES * PIXELS] = {0};
  for (int64_t i = 0; i < 6000; i++) {
    const int first = (int)at(t, i, 0);
    seen[first]++;
    for (int p = 0; p < 9; p++) {
      assert_true(at(t, i, p) == first + p / 3 * WIDTH + p % 3);
    }
  }
  /* 3 x 5 places in each of images 0 and 2, 200 patches expected at each */
  for (int i = 0; i < IMAGES * PIXELS; i++) {
    const bool inside = i / PIXELS != 1 && i % PIXELS / WIDTH <= HEIGHT - 3 &&
                        i % PIXELS % WIDTH <= WIDTH - 3;
    const double z = (seen[i] - 200.0) / sqrt(200.0);
    assert_true(inside ? fabs(z) < 5.0 : seen[i] == 0);
  }
  weir_table_destroy(&t);
  weir_table_destroy(&images);
  counting_check(&c);
}

/* x + mean = (v + u) / 256 for the patch without noise; u uniform, all patches alike.
 */
static void noise(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_table *images = images_of(&c.ctx), *t = NULL, *clean = NULL, *fewer = NULL;
  weir_patch_opts o = WEIR_PATCH_OPTS_INIT;
  o.n = 4000;
  o.size = 4;
  o.centre = false;
  weir_patch_opts without = o;
  without.noise = false;
  assert_ok(weir_table_patches(&t, &c.ctx, images, 0, NULL, &o));
  assert_ok(weir_table_patches(&clean, &c.ctx, images, 0, NULL, &without));
  double sum = 0.0, squares = 0.0;
  const double n = 4000.0 * 16.0;
  for (int64_t i = 0; i < 4000 * 16; i++) {
    const double u = 256.0 * (weir_table_values(t)[i] - weir_table_values(clean)[i]);
    assert_true(u > 0.0 && u < 1.0);
    sum += u;
    squares += u * u;
  }
  assert_true(fabs(sum / n - 0.5) < 5.0 * sqrt(1.0 / 12.0 / n));
  assert_true(fabs(squares / n - 1.0 / 3.0) < 5.0 * sqrt(4.0 / 45.0 / n));
  /* centred: the same patches less their mean, the last pixel left out */
  o.centre = true;
  o.n = 10;
  assert_ok(weir_table_patches(&fewer, &c.ctx, images, 0, NULL, &o));
  assert_int_equal(weir_table_columns(fewer), 15);
  for (int64_t i = 0; i < 10; i++) {
    double mean = 0.0;
    for (int64_t p = 0; p < 16; p++) {
      mean += at(t, i, p) / 16.0;
    }
    for (int64_t p = 0; p < 15; p++) {
      assert_true(fabs(at(fewer, i, p) - (at(t, i, p) - mean)) < 1e-14);
    }
  }
  weir_table_destroy(&fewer);
  o.seed = 1;
  assert_ok(weir_table_patches(&fewer, &c.ctx, images, 0, NULL, &o));
  assert_true(at(fewer, 0, 0) != at(t, 0, 0));
  weir_table_destroy(&fewer);
  weir_table_destroy(&clean);
  weir_table_destroy(&t);
  weir_table_destroy(&images);
  counting_check(&c);
}

static void refused(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  weir_table *images = images_of(&c.ctx), *table = table_of(&c.ctx, "a,b\n1,2\n3,4\n");
  weir_table *t = NULL;
  weir_patch_opts o = plain(10, 6);
  static const int64_t beyond[] = {3};
  assert_int_equal(weir_table_patches(&t, &c.ctx, images, 0, NULL, &o), WEIR_E_CONFIG);
  assert_words("6 x 6|5 x 7");
  o.size = 1;
  o.centre = true;
  assert_int_equal(weir_table_patches(&t, &c.ctx, images, 0, NULL, &o), WEIR_E_CONFIG);
  assert_words("at least 2");
  o = plain(10, 3);
  assert_int_equal(weir_table_patches(&t, &c.ctx, table, 0, NULL, &o), WEIR_E_DATA);
  assert_words("t.csv|images");
  assert_int_equal(
      weir_table_patches(&t, &c.ctx, images, 1, beyond, &o), WEIR_E_ARGUMENT);
  assert_null(t);
  weir_table_destroy(&table);
  weir_table_destroy(&images);
  counting_check(&c);
}

static weir_status make(weir_ctx *ctx) {
  static const unsigned char file[16 + 9] = {
      0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 3};
  weir_table *images = NULL, *t = NULL;
  const weir_patch_opts o = plain(5, 2);
  weir_status status = read_bytes(&images, ctx, file, sizeof file);
  if (status == WEIR_OK) {
    status = weir_table_patches(&t, ctx, images, 0, NULL, &o);
  }
  weir_table_destroy(&t);
  weir_table_destroy(&images);
  return status;
}

static void memory(void **state) {
  (void)state;
  fail_each(make);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(places), cmocka_unit_test(noise),
      cmocka_unit_test(refused), cmocka_unit_test(memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
