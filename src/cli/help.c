/* weir help: what the program and its verbs do. */
#include <stdio.h>
#include <string.h>

#include "cli/manual.h"
#include "cli/say.h"

static const cli_opt options[] = {
    {"man", 0, CLI_FLAG, NULL, "as a manual page", 0, 0, NULL, NULL},
    {"markdown", 0, CLI_FLAG, NULL, "the reference of all verbs", 0, 0, NULL, NULL},
    {0}};

static void print_reference(void) {
  printf("# The program\n\nMade by `weir help --markdown`.\n\n");
  const cli_verb *v;
  for (int i = 0; (v = cli_verb_at(i)) != NULL; i++) {
    if (!v->hidden) {
      cli_print_markdown(v);
    }
  }
}

static int run(const cli_args *args) {
  const bool man = cli_has(args, "man");
  if (cli_has(args, "markdown")) {
    print_reference();
    return CLI_DONE;
  }
  if (args->n_words == 0) {
    if (man) {
      cli_print_overview_man();
    } else {
      cli_print_overview();
    }
    return CLI_DONE;
  }
  const cli_verb *verb = cli_verb_named(args->words[0]);
  if (verb == NULL) {
    return cli_verb_unknown(args->words[0]);
  }
  if (man) {
    cli_print_man(verb);
  } else {
    cli_print_help(verb);
  }
  return CLI_DONE;
}

extern const cli_verb cli_verb_help;
const cli_verb cli_verb_help = {
    .name = "help",
    .summary = "describe the program or a verb",
    .words = "[VERB]",
    .max_words = 1,
    .options = (const cli_opt *const[]){options, NULL},
    .examples = (const char *const[]){"weir help fit", NULL},
    .run = run,
};
