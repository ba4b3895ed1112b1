/* Help, manual pages and reference from the tables of a verb. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "cli/args.h"

void cli_print_help(const cli_verb *verb);
void cli_print_man(const cli_verb *verb);
void cli_print_markdown(const cli_verb *verb);
/* The same for the program as a whole. */
void cli_print_overview(void);
void cli_print_overview_man(void);

#endif
