/* Configuration trees: reading, refusing, setting, merging, writing. */
#include "counting.h"

#include <stdio.h>

#include "base/config.h"
#include "base/option.h"

static counting room;

static int start(void **state) {
  (void)state;
  counting_init(&room, 0);
  return 0;
}

static int stop(void **state) {
  (void)state;
  counting_check(&room);
  return 0;
}

static json_t *read_text(const char *text) {
  json_t *tree = NULL;
  const weir_status status =
      weiri_config_parse(&room.ctx, text, strlen(text), "r.yaml", &tree);
  if (status != WEIR_OK) {
    fail_msg("%s", weir_error());
  }
  return tree;
}

static void check_reads(const char *text, const char *json) {
  json_t *tree = read_text(text);
  char *got = weiri_config_json(&room.ctx, tree);
  assert_string_equal(got, json);
  weiri_free(&room.ctx, got);
  json_decref(tree);
}

static void check_refuses(const char *text, const char *message) {
  json_t *tree = NULL;
  assert_int_equal(weiri_config_parse(&room.ctx, text, strlen(text), "r.yaml", &tree),
      WEIR_E_CONFIG);
  assert_string_equal(weir_error(), message);
  assert_null(tree);
}

static void need_yaml(void) {
  if (!weiri_config_has_yaml()) {
    skip();
  }
}

static void json_is_read(void **state) {
  (void)state;
  check_reads("{\"a\": [1, 2.5, true, null, \"x\"], \"b\": {}}",
      "{\"a\": [1, 2.5, true, null, \"x\"], \"b\": {}}");
  json_t *tree = NULL;
  const char twice[] = "{\"a\": 1,\n \"a\": 2}";
  assert_int_equal(weiri_config_parse(&room.ctx, twice, strlen(twice), "r.json", &tree),
      WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "r.json: line 2"));
}

static void scalars(void **state) {
  (void)state;
  need_yaml();
  check_reads("[~, null, Null, '', \"null\", true, FALSE, yes, off]",
      "[null, null, null, \"\", \"null\", true, false, \"yes\", \"off\"]");
  check_reads("[7, -7, +7, 007, 0x1F, 0o17, 0xZ, 1_000]",
      "[7, -7, 7, 7, 31, 15, \"0xZ\", \"1_000\"]");
  check_reads("[1.0, .5, 5., 1e3, -1.5E-2, 1e400x, inf, nan, 1.2.3, 12:30]",
      "[1.0, 0.5, 5.0, 1000.0, -0.015, \"1e400x\", \"inf\", \"nan\", \"1.2.3\", "
      "\"12:30\"]");
  check_reads("[9223372036854775807, 9223372036854775808]",
      "[9223372036854775807, 9.223372036854776e+18]");
  check_reads("[!!str 8, ! 9, !!int 5, 'it''s', \"a\\n\\u00e9\"]",
      "[\"8\", \"9\", 5, \"it's\", \"a\\u000a\xc3\xa9\"]");
  check_reads("", "null");
  check_reads("# only a comment\n", "null");
}

static void trees(void **state) {
  (void)state;
  need_yaml();
  check_reads("model:\n  layers:\n  - {name: rqs, bins: 8}\n  - name: lu\ntrain: {}\n",
      "{\"model\": {\"layers\": [{\"name\": \"rqs\", \"bins\": 8}, "
      "{\"name\": \"lu\"}]}, \"train\": {}}");
  check_reads("a: &x {k: [1, 2]}\nb: *x\nc: [*x, &x 5, *x]",
      "{\"a\": {\"k\": [1, 2]}, \"b\": {\"k\": [1, 2]}, "
      "\"c\": [{\"k\": [1, 2]}, 5, 5]}");
}

/* A copy of an alias is its own tree. */
static void aliases_are_apart(void **state) {
  (void)state;
  need_yaml();
  json_t *tree = read_text("a: &x {k: 1}\nb: *x");
  assert_int_equal(weiri_config_set(&room.ctx, tree, "b.k=2"), WEIR_OK);
  char *got = weiri_config_json(&room.ctx, tree);
  assert_string_equal(got, "{\"a\": {\"k\": 1}, \"b\": {\"k\": 2}}");
  weiri_free(&room.ctx, got);
  json_decref(tree);
}

static void refusals(void **state) {
  (void)state;
  need_yaml();
  check_refuses(
      "a: 1\nb:\n  c: 2\n  c: 3\n", "r.yaml: line 4, column 3: key 'c' again");
  check_refuses("a: *nope", "r.yaml: line 1, column 4: no anchor 'nope' is complete "
                            "before this");
  check_refuses("a: &a [*a]", "r.yaml: line 1, column 8: no anchor 'a' is complete "
                              "before this");
  check_refuses("[1]: 2", "r.yaml: line 1, column 1: expected a word as key");
  check_refuses("a: !thing 2", "r.yaml: line 1, column 4: unknown tag '!thing'");
  check_refuses(
      "a: .inf", "r.yaml: line 1, column 4: expected a finite number, found '.inf'");
  check_refuses(
      "a: 1e999", "r.yaml: line 1, column 4: expected a finite number, found '1e999'");
  check_refuses("a: 1\n---\nb: 2", "r.yaml: expected one document, found more");
  check_refuses("a: \"x\\0y\"", "r.yaml: line 1, column 4: a zero byte in text");
  json_t *tree;
  assert_int_equal(
      weiri_config_parse(&room.ctx, "a: [1,\nb", 8, "r.yaml", &tree), WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "r.yaml: line "));
  assert_int_equal(
      weiri_config_parse(&room.ctx, "a: \xff\xfe", 5, "r.yaml", &tree), WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "r.yaml: byte "));
}

/* Nested brackets, and aliases of aliases that would be 10^9 nodes. */
static void bounds(void **state) {
  (void)state;
  need_yaml();
  char deep[200];
  memset(deep, '[', 65);
  memset(deep + 65, ']', 65);
  deep[130] = '\0';
  check_refuses(deep, "r.yaml: line 1, column 65: more than 64 levels deep");
  deep[129] = '\0';
  json_decref(read_text(deep + 1));
  char laughs[2000] = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; i++) {
    char line[200];
    int n = snprintf(line, sizeof line, "a%d: &a%d [", i, i);
    for (int j = 0; j < 10; j++) {
      n += snprintf(
          line + n, sizeof line - (size_t)n, "*a%d%s", i - 1, j < 9 ? ", " : "]\n");
    }
    strcat(laughs, line);
  }
  json_t *tree;
  assert_int_equal(
      weiri_config_parse(&room.ctx, laughs, strlen(laughs), "r.yaml", &tree),
      WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "more than 1000000 nodes, aliases included"));
  char chain[4000] = "a0: &a0 [1]\n";
  for (int i = 1; i < 70; i++) {
    char line[50];
    (void)snprintf(line, sizeof line, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    strcat(chain, line);
  }
  assert_int_equal(weiri_config_parse(&room.ctx, chain, strlen(chain), "r.yaml", &tree),
      WEIR_E_CONFIG);
  assert_non_null(strstr(weir_error(), "more than 64 levels deep"));
}

static void check_round_trip(json_t *tree) {
  char *text = weiri_config_yaml(&room.ctx, tree);
  json_t *back = read_text(text);
  if (!json_equal(tree, back)) {
    fail_msg("%s", text);
  }
  weiri_free(&room.ctx, text);
  json_decref(back);
}

static void long_keys(void **state) {
  (void)state;
  need_yaml();
  char text[200];
  memset(text, 'k', 161);
  strcpy(text + 161, ": 1");
  check_refuses(text, "r.yaml: line 1, column 1: a key of 161 bytes, 160 are allowed");
  char key[161];
  memset(key, 1, 160);
  key[160] = '\0';
  json_t *tree = json_pack("{s:i}", key, 1);
  check_round_trip(tree);
  json_decref(tree);
}

static void check_set(json_t *tree, const char *assignment, const char *json) {
  if (weiri_config_set(&room.ctx, tree, assignment) != WEIR_OK) {
    fail_msg("%s", weir_error());
  }
  char *got = weiri_config_json(&room.ctx, tree);
  assert_string_equal(got, json);
  weiri_free(&room.ctx, got);
}

static void check_no_set(json_t *tree, const char *assignment, const char *message) {
  assert_int_equal(weiri_config_set(&room.ctx, tree, assignment), WEIR_E_CONFIG);
  assert_string_equal(weir_error(), message);
}

static void sets(void **state) {
  (void)state;
  json_t *tree = read_text("{\"l\": [{\"bins\": 4}, {\"bins\": 5}], \"n\": null}");
  check_set(
      tree, "l[1].bins=8", "{\"l\": [{\"bins\": 4}, {\"bins\": 8}], \"n\": null}");
  check_set(tree, "l[0]=rqs", "{\"l\": [\"rqs\", {\"bins\": 8}], \"n\": null}");
  check_set(tree, "n.a.b=[64,64]",
      "{\"l\": [\"rqs\", {\"bins\": 8}], \"n\": {\"a\": {\"b\": [64, 64]}}}");
  check_set(tree, "l=1e-3", "{\"l\": 0.001, \"n\": {\"a\": {\"b\": [64, 64]}}}");
  check_set(tree, "n=", "{\"l\": 0.001, \"n\": null}");
  check_set(tree, "l=\"a=b\"", "{\"l\": \"a=b\", \"n\": null}");
  json_decref(tree);
}

static void refuses_to_set(void **state) {
  (void)state;
  static const char *const malformed[] = {"=1", ".a=1", "a.=1", "a..b=1", "a[=1",
      "a[]=1", "a[x]=1", "a[-1]=1", "a]=1", "[0]=1", "a[0]b=1"};
  json_t *tree = read_text("{\"a\": [1], \"s\": \"text\"}");
  check_no_set(tree, "a", "expected key=value, found 'a'");
  check_no_set(tree, "a[1]=2", "a: no entry [1], the list has 1");
  check_no_set(tree, "a.b=2", "a: expected a mapping, found a list");
  check_no_set(tree, "s.b=2", "s: expected a mapping, found text");
  check_no_set(tree, "s[0]=2", "s: expected a list, found text");
  for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
    assert_int_equal(weiri_config_set(&room.ctx, tree, malformed[i]), WEIR_E_CONFIG);
    assert_non_null(strstr(weir_error(), "is not a key"));
  }
  assert_int_equal(weiri_config_set(&room.ctx, tree, "a={1"), WEIR_E_CONFIG);
  assert_memory_equal(weir_error(), "value of a: line ", 17);
  char *got = weiri_config_json(&room.ctx, tree);
  assert_string_equal(got, "{\"a\": [1], \"s\": \"text\"}");
  weiri_free(&room.ctx, got);
  json_decref(tree);
}

static void puts_values(void **state) {
  (void)state;
  json_t *tree = json_object();
  json_t *value = json_pack("{s:i}", "bins", 8);
  assert_int_equal(weiri_config_put(tree, "flow.layers[1].map", value), WEIR_OK);
  assert_int_equal(weiri_config_put(tree, "flow.layers[0]", value), WEIR_OK);
  char *got = weiri_config_json(&room.ctx, tree);
  assert_string_equal(
      got, "{\"flow\": {\"layers\": [{\"bins\": 8}, {\"map\": {\"bins\": 8}}]}}");
  weiri_free(&room.ctx, got);
  assert_int_equal(weiri_config_put(tree, "flow[0]", value), WEIR_E_CONFIG);
  json_decref(value);
  json_decref(tree);
}

static void merges(void **state) {
  (void)state;
  json_t *base = read_text("{\"a\": {\"x\": 1, \"y\": [1, 2]}, \"b\": 2}");
  json_t *over = read_text("{\"a\": {\"y\": [3], \"z\": {}}, \"b\": {\"c\": 1}}");
  assert_int_equal(weiri_config_merge(base, over), WEIR_OK);
  check_set(
      base, "b.c=2", "{\"a\": {\"x\": 1, \"y\": [3], \"z\": {}}, \"b\": {\"c\": 2}}");
  char *got = weiri_config_json(&room.ctx, over);
  assert_string_equal(got, "{\"a\": {\"y\": [3], \"z\": {}}, \"b\": {\"c\": 1}}");
  weiri_free(&room.ctx, got);
  assert_int_equal(
      weiri_config_merge(base, json_object_get(json_object_get(over, "a"), "y")),
      WEIR_E_CONFIG);
  json_decref(base);
  json_decref(over);
}

static void writes_yaml(void **state) {
  (void)state;
  need_yaml();
  json_t *tree = read_text("{m: {layers: [{name: rqs, h: [64, 64]}, [1, [2]], []]}, "
                           "lr: 5e-4, one: 1.0, 'a b': '8', e: {}}");
  char *text = weiri_config_yaml(&room.ctx, tree);
  assert_string_equal(text, "m:\n  layers:\n    - name: rqs\n      h: [64, 64]\n    -\n"
                            "      - 1\n      - [2]\n    - []\n"
                            "lr: 0.0005\none: 1.0\n\"a b\": \"8\"\ne: {}\n");
  weiri_free(&room.ctx, text);
  check_round_trip(tree);
  json_decref(tree);
}

/* Texts that YAML would take for something else, as values, keys and list entries. */
static void writes_awkward_text(void **state) {
  (void)state;
  static const char *const texts[] = {"", " ", "null", "~", "true", "8", "-8", "1e3",
      "0x1F", ".inf", "-", "- a", "?", "a: b", "a #b", "#", "&a", "*a", "!t", "%", "@",
      "`", "{", "[", "a,b", "'", "\"", "\\", "a\nb", "\t", "---", "...", "yes", "=",
      "<<", "caf\xc3\xa9", "\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf", "\xe2\x80\xa9x",
      "\xef\xbf\xbe", "\xc2\x9f", "\x01\x7f", "\xf0\x9f\x8c\x8a", "path/to-file_1.csv",
      "a b"};
  json_t *object = json_object();
  json_t *list = json_array();
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    json_object_set_new(object, texts[i], json_string(texts[i]));
    json_array_append_new(list, json_string(texts[i]));
    json_t *alone = json_string(texts[i]);
    check_round_trip(alone);
    json_decref(alone);
  }
  json_object_set_new(object, "list", list);
  json_object_set_new(object, "nested", json_pack("[O]", list));
  check_round_trip(object);
  json_decref(object);
}

static void writes_numbers(void **state) {
  (void)state;
  json_t *tree = json_pack("[f, f, f, f, f, I, I]", 0.1 + 0.2, 1e300, -0.0, 5e-324, 3.0,
      (json_int_t)INT64_MIN, (json_int_t)INT64_MAX);
  check_round_trip(tree);
  json_decref(tree);
}

static weir_status use_config(weir_ctx *ctx) {
  const char *text = weiri_config_has_yaml()
                         ? "a: &x [1, 2]\nb: *x\nc: {d: &y 5, e: *y}\n"
                         : "{\"a\": [1, 2]}";
  json_t *tree = NULL;
  char *out = NULL;
  WEIR_TRY(weiri_config_parse(ctx, text, strlen(text), "r.yaml", &tree));
  weir_status status = weiri_config_set(ctx, tree, "c.f.g=[1, 2]");
  if (status == WEIR_OK) {
    out = weiri_config_yaml(ctx, tree);
    status = out == NULL ? WEIR_E_MEMORY : WEIR_OK;
  }
  weiri_free(ctx, out);
  json_decref(tree);
  return status;
}

static void failing_allocator(void **state) {
  (void)state;
  counting_fail_each(use_config);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(json_is_read, start, stop),
      cmocka_unit_test_setup_teardown(scalars, start, stop),
      cmocka_unit_test_setup_teardown(trees, start, stop),
      cmocka_unit_test_setup_teardown(aliases_are_apart, start, stop),
      cmocka_unit_test_setup_teardown(refusals, start, stop),
      cmocka_unit_test_setup_teardown(bounds, start, stop),
      cmocka_unit_test_setup_teardown(long_keys, start, stop),
      cmocka_unit_test_setup_teardown(sets, start, stop),
      cmocka_unit_test_setup_teardown(refuses_to_set, start, stop),
      cmocka_unit_test_setup_teardown(puts_values, start, stop),
      cmocka_unit_test_setup_teardown(merges, start, stop),
      cmocka_unit_test_setup_teardown(writes_yaml, start, stop),
      cmocka_unit_test_setup_teardown(writes_awkward_text, start, stop),
      cmocka_unit_test_setup_teardown(writes_numbers, start, stop),
      cmocka_unit_test(failing_allocator),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
