/* weir: densities of tables from the shell. Finds the verb and hands it its options. */
#define _XOPEN_SOURCE 700
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/manual.h"
#include "cli/out.h"
#include "cli/say.h"
#include "weir/ctx.h"

#define WEIR_VERB(name) extern const cli_verb cli_verb_##name;
#include "weir/verbs.def"
#undef WEIR_VERB

static const cli_verb *const verbs[] = {
#define WEIR_VERB(name) &cli_verb_##name,
#include "weir/verbs.def"
#undef WEIR_VERB
    NULL};

const cli_verb *cli_verb_at(int i) {
  return verbs[i];
}

const cli_verb *cli_verb_named(const char *name) {
  for (const cli_verb *const *v = verbs; *v != NULL; v++) {
    if (strcmp((*v)->name, name) == 0) {
      return *v;
    }
  }
  return NULL;
}

int cli_verb_unknown(const char *name) {
  const char *names[64];
  int n = 0;
  for (; n < 64 && verbs[n] != NULL; n++) {
    names[n] = verbs[n]->name;
  }
  const char *near = cli_nearest(name, names, n);
  return near == NULL
             ? cli_usage("no verb is called '%s'", name)
             : cli_usage("no verb is called '%s'; did you mean '%s'?", name, near);
}

static int run_verb(const cli_verb *verb, int argc, char **argv) {
  cli_say_as(verb->name);
  cli_args args;
  int code = cli_args_parse(&args, verb, argc, argv);
  if (code == 0 && args.help) {
    cli_print_help(verb);
  } else if (code == 0) {
    code = cli_output_apart(&args);
    code = code == 0 ? verb->run(&args) : code;
  }
  cli_args_free(&args);
  const int flushed = cli_flush();
  return code != 0 ? code : flushed;
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN); /* writes fail instead: a closed pipe is no error, */
  signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is one */
  if (argc < 2) {
    return cli_usage("expected a verb");
  }
  const char *name = argv[1];
  if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
    printf("weir %s\n", weir_version());
    return cli_flush();
  }
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
    cli_print_overview();
    return cli_flush();
  }
  const cli_verb *verb = cli_verb_named(name);
  return verb == NULL ? cli_verb_unknown(name) : run_verb(verb, argc - 2, argv + 2);
}
