// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* odpctl: what on-demand paging does on this host. */
#include <locale.h>
#include <string.h>

#include "odpctl.h"

static const struct command *const commands[] = {
	&command_caps,	&command_mr,	 &command_top,	  &command_hist,    &command_map,
	&command_watch, &command_record, &command_report, &command_metrics, &command_doctor,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
	size_t i;

	fprintf(out, "odpctl: on-demand paging of RDMA devices\n\n");
	for (i = 0; i < COMMANDS; i++)
		fprintf(out, "  odpctl %-7s %-13s %s\n", commands[i]->name, commands[i]->takes,
			commands[i]->does);
	fprintf(out,
		"\nDEV is the name of an RDMA device; without it, the first with on-demand paging."
		"\nodpctl COMMAND --help lists the options of a command. See odpctl(1).\n");
}

int main(int argc, char **argv)
{
	size_t i;

	setlocale(LC_CTYPE, "C.UTF-8"); /* what our own pictures are in */
	if (argc < 2) {
		print_help(stderr);
		return 2;
	}
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_help(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts(args_version());
		return 0;
	}
	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i]->name))
			return args_run(commands[i], argc - 1, argv + 1);
	say_error("there is no command '%s'; odpctl help lists them", argv[1]);
	return 2;
}
