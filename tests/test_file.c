/* Whole files: reading, replacing, what is left after a failure; SHA-256. */
#define _GNU_SOURCE
#include "counting.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sha256.h"

static char folder[64];

static int enter(void **state) {
  (void)state;
  strcpy(folder, "/tmp/weir-test-XXXXXX");
  return mkdtemp(folder) == NULL ? -1 : chdir(folder);
}

/* Files in the folder. */
static int entries(void) {
  int n = 0;
  DIR *d = opendir(".");
  assert_non_null(d);
  for (struct dirent *e; (e = readdir(d)) != NULL;) {
    n += e->d_name[0] != '.';
  }
  closedir(d);
  return n;
}

static int leave(void **state) {
  (void)state;
  DIR *d = opendir(".");
  for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
    if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
      (void)remove(e->d_name);
    }
  }
  closedir(d);
  return chdir("/") != 0 ? -1 : rmdir(folder);
}

static void check_holds(
    weir_ctx *ctx, const char *path, const void *data, size_t size) {
  void *got;
  size_t got_size;
  assert_int_equal(weiri_file_read_all(ctx, path, &got, &got_size), WEIR_OK);
  assert_int_equal(got_size, size);
  assert_memory_equal(got, data, size);
  assert_int_equal(((char *)got)[size], 0);
  weiri_free(ctx, got);
}

static void writes_and_reads(void **state) {
  (void)state;
  counting c;
  counting_init(&c, 0);
  assert_int_equal(weiri_file_write_atomic(&c.ctx, "a", "one", 3), WEIR_OK);
  check_holds(&c.ctx, "a", "one", 3);
  assert_int_equal(weiri_file_write_atomic(&c.ctx, "a", NULL, 0), WEIR_OK);
  check_holds(&c.ctx, "a", "", 0);
  assert_int_equal(entries(), 1);
  counting_check(&c);
}

/* Pieces smaller and larger than the buffer. */
static void streams(void **state) {
  (void)state;
  enum { SIZE = 700001 };
  counting c;
  weiri_out *o;
  counting_init(&c, 0);
  unsigned char *data = malloc(SIZE);
  assert_non_null(data);
  for (size_t i = 0; i < SIZE; i++) {
    data[i] = (unsigned char)(i * i >> 7);
  }
  assert_int_equal(weiri_out_open(&o, &c.ctx, "big"), WEIR_OK);
  for (size_t at = 0, step = 1; at < SIZE; at += step) {
    step = at % 2 == 0 ? 3 * step + 1 : step / 2 + 1;
    step = step < SIZE - at ? step : SIZE - at;
    assert_int_equal(weiri_out_write(o, data + at, step), WEIR_OK);
  }
  assert_int_equal(access("big", F_OK), -1);
  assert_int_equal(weiri_out_commit(&o), WEIR_OK);
  assert_null(o);
  check_holds(&c.ctx, "big", data, SIZE);
  free(data);
  counting_check(&c);
}

static void abort_keeps_old(void **state) {
  (void)state;
  counting c;
  weiri_out *o;
  counting_init(&c, 0);
  assert_int_equal(weiri_file_write_atomic(&c.ctx, "a", "old", 3), WEIR_OK);
  assert_int_equal(weiri_out_open(&o, &c.ctx, "a"), WEIR_OK);
  assert_int_equal(weiri_out_write(o, "new", 3), WEIR_OK);
  assert_int_equal(entries(), 2);
  weiri_out_abort(&o);
  assert_null(o);
  weiri_out_abort(&o);
  assert_int_equal(entries(), 1);
  check_holds(&c.ctx, "a", "old", 3);
  counting_check(&c);
}

/* A full disk, played by the limit on file sizes: writes beyond 100 kB fail. */
static void full_disk_keeps_old(void **state) {
  (void)state;
  counting c;
  struct rlimit before;
  counting_init(&c, 0);
  char *data = calloc(1, 300000);
  assert_int_equal(weiri_file_write_atomic(&c.ctx, "a", "old", 3), WEIR_OK);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit limit = {100000, before.rlim_max};
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const weir_status at_once = weiri_file_write_atomic(&c.ctx, "a", data, 300000);
  weiri_out *o;
  weir_status opened = weiri_out_open(&o, &c.ctx, "a");
  weir_status written = WEIR_OK;
  for (int i = 0; i < 300 && written == WEIR_OK; i++) {
    written = weiri_out_write(o, data, 1000);
  }
  char message[200];
  (void)snprintf(message, sizeof message, "%s", weir_error());
  const weir_status committed = weiri_out_commit(&o);
  (void)setrlimit(RLIMIT_FSIZE, &before);
  (void)signal(SIGXFSZ, handler);
  free(data);
  assert_int_equal(at_once, WEIR_E_IO);
  assert_int_equal(opened, WEIR_OK);
  assert_int_equal(written, WEIR_E_IO);
  assert_non_null(strstr(message, "/a: cannot write: File too large"));
  assert_int_equal(committed, WEIR_E_IO);
  assert_null(o);
  assert_int_equal(entries(), 1);
  check_holds(&c.ctx, "a", "old", 3);
  counting_check(&c);
}

/* A folder that appears under the name makes the rename fail. */
static void failed_rename(void **state) {
  (void)state;
  counting c;
  weiri_out *o;
  counting_init(&c, 0);
  assert_int_equal(weiri_out_open(&o, &c.ctx, "a"), WEIR_OK);
  assert_int_equal(mkdir("a", 0700), 0);
  assert_int_equal(weiri_out_commit(&o), WEIR_E_IO);
  assert_string_equal(weir_error(), "a: cannot replace: Is a directory");
  assert_int_equal(entries(), 1);
  counting_check(&c);
}

static void errors(void **state) {
  (void)state;
  counting c;
  void *data;
  size_t size;
  counting_init(&c, 0);
  assert_int_equal(weiri_file_read_all(&c.ctx, "none", &data, &size), WEIR_E_IO);
  assert_string_equal(weir_error(), "none: cannot open: No such file or directory");
  assert_int_equal(weiri_file_read_all(&c.ctx, ".", &data, &size), WEIR_E_IO);
  assert_string_equal(weir_error(), ".: expected a file, found a directory");
  assert_int_equal(weiri_file_write_atomic(&c.ctx, "no/a", "x", 1), WEIR_E_IO);
  assert_string_equal(weir_error(), "no/a: cannot write: No such file or directory");
  assert_int_equal(weiri_file_write_atomic(&c.ctx, folder, "x", 1), WEIR_E_IO);
  assert_non_null(strstr(weir_error(), "expected a file, found a directory"));
  assert_int_equal(entries(), 0);
  counting_check(&c);
}

/* Permissions stay, a link is written through, devices are written directly. */
static void kinds_of_targets(void **state) {
  (void)state;
  counting c;
  struct stat st;
  counting_init(&c, 0);
  assert_int_equal(weiri_file_write_atomic(&c.ctx, "a", "1", 1), WEIR_OK);
  assert_int_equal(chmod("a", 0640), 0);
  assert_int_equal(symlink("a", "link"), 0);
  assert_int_equal(weiri_file_write_atomic(&c.ctx, "link", "22", 2), WEIR_OK);
  assert_int_equal(lstat("link", &st), 0);
  assert_true(S_ISLNK(st.st_mode));
  assert_int_equal(stat("a", &st), 0);
  assert_int_equal(st.st_mode & 0777, 0640);
  check_holds(&c.ctx, "a", "22", 2);
  assert_int_equal(weiri_file_write_atomic(&c.ctx, "/dev/null", "x", 1), WEIR_OK);
  assert_int_equal(stat("/dev/null", &st), 0);
  assert_true(S_ISCHR(st.st_mode));
  assert_int_equal(entries(), 2);
  counting_check(&c);
}

/* A pipe has no size; more comes than any first guess. */
static void reads_a_pipe(void **state) {
  (void)state;
  counting c;
  int ends[2];
  char path[32];
  char text[20000];
  counting_init(&c, 0);
  for (size_t i = 0; i < sizeof text; i++) {
    text[i] = (char)('a' + i % 26);
  }
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(write(ends[1], text, sizeof text), sizeof text);
  close(ends[1]);
  (void)snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
  check_holds(&c.ctx, path, text, sizeof text);
  close(ends[0]);
  counting_check(&c);
}

static weir_status use_files(weir_ctx *ctx) {
  void *data = NULL;
  size_t size;
  WEIR_TRY(weiri_file_write_atomic(ctx, "f", "text", 4));
  const weir_status status = weiri_file_read_all(ctx, "f", &data, &size);
  weiri_free(ctx, data);
  return status;
}

static void failing_allocator(void **state) {
  (void)state;
  counting_fail_each(use_files);
  assert_int_equal(entries(), 1);
}

/* FIPS 180-4 examples, and a million letters fed in pieces. */
static void digests(void **state) {
  (void)state;
  char hex[65];
  weiri_sha256_hex("", 0, hex);
  assert_string_equal(
      hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  weiri_sha256_hex("abc", 3, hex);
  assert_string_equal(
      hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  weiri_sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
  assert_string_equal(
      hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  weiri_sha256 s;
  unsigned char digest[32];
  char letters[977];
  memset(letters, 'a', sizeof letters);
  weiri_sha256_init(&s);
  for (size_t at = 0, n = 1; at < 1000000; at += n) {
    n = n * 7 % sizeof letters;
    n = n < 1000000 - at ? n : 1000000 - at;
    weiri_sha256_update(&s, letters, n);
  }
  weiri_sha256_final(&s, digest);
  weiri_sha256_print(digest, hex);
  assert_string_equal(
      hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(writes_and_reads, enter, leave),
      cmocka_unit_test_setup_teardown(streams, enter, leave),
      cmocka_unit_test_setup_teardown(abort_keeps_old, enter, leave),
      cmocka_unit_test_setup_teardown(full_disk_keeps_old, enter, leave),
      cmocka_unit_test_setup_teardown(failed_rename, enter, leave),
      cmocka_unit_test_setup_teardown(errors, enter, leave),
      cmocka_unit_test_setup_teardown(kinds_of_targets, enter, leave),
      cmocka_unit_test_setup_teardown(reads_a_pipe, enter, leave),
      cmocka_unit_test_setup_teardown(failing_allocator, enter, leave),
      cmocka_unit_test(digests),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
