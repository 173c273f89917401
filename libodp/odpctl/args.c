// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The arguments of all commands, read by argp(3), which brings --help, --usage and --version. A
 * letter means the same in each command that has it.
 */
#include <stdlib.h>
#include <string.h>

#include "odpctl.h"
#include "row.h"

#define USAGE_STATUS 2

struct reading {
	const struct command *command;
	struct args args;
};

const char *args_version(void)
{
	return "odpctl " ODPCTL_VERSION;
}

static unsigned long args_number(struct argp_state *state, const char *text, unsigned long least)
{
	char *end;
	const unsigned long n = strtoul(text, &end, 10);

	if (end == text || *end || *text == '-' || n < least)
		argp_error(state, "'%s' is not a number of at least %lu", text, least);
	return n;
}

static const struct sort_key *args_sort(struct argp_state *state, const char *text)
{
	size_t i;

	for (i = 0; i < sort_key_count; i++)
		if (!strcmp(sort_keys[i].name, text))
			return &sort_keys[i];
	argp_error(state, "there is no key '%s' to sort by", text);
	return NULL;
}

static const char *args_kind(struct argp_state *state, const char *text)
{
	if (strcmp(text, "implicit") && strcmp(text, "explicit") && strcmp(text, "pinned"))
		argp_error(state, "regions are implicit, explicit or pinned, not '%s'", text);
	return text;
}

/* The name goes to gnuplot within quotes. */
static const char *args_png(struct argp_state *state, const char *name)
{
	if (strpbrk(name, "'\\\n"))
		argp_error(state, "a picture's name may have no ' and no \\ in it");
	return name;
}

static error_t args_argument(const struct command *command, struct args *args, char *text)
{
	if (args->what || !*command->takes)
		return ARGP_ERR_UNKNOWN;
	args->what = text;
	return 0;
}

static error_t args_take(int key, char *text, struct argp_state *state)
{
	struct reading *reading = state->input;
	struct args *args = &reading->args;
	const char *takes = reading->command->takes;

	switch (key) {
	case 'j':
		args->json = true;
		return 0;
	case 'r':
		args->regions = true;
		return 0;
	case 'o':
		args->sort = args_sort(state, text);
		return 0;
	case 'k':
		args->kind = args_kind(state, text);
		return 0;
	case 'O':
		args->output = text;
		return 0;
	case 'f':
		args->perfetto = text;
		return 0;
	case 'b':
		args->buffer = args_number(state, text, 1);
		return 0;
	case 'u':
		args->pid = args_number(state, text, 1);
		return 0;
	case 'm':
		args->mrn = args_number(state, text, 0);
		return 0;
	case 'p':
		args->png = args_png(state, text);
		return 0;
	case 'i':
		args->interval = args_number(state, text, 1);
		return 0;
	case 'c':
		args->count = args_number(state, text, 0);
		return 0;
	case 's':
		args->seconds = args_number(state, text, 1);
		return 0;
	case 'C':
		args->container = text;
		return 0;
	case 'P':
		args->providers = text;
		return 0;
	case ARGP_KEY_ARG:
		return args_argument(reading->command, args, text);
	case ARGP_KEY_NO_ARGS:
		if (*takes && *takes != '[')
			argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int args_run(const struct command *command, int argc, char **argv)
{
	const struct argp argp = {
		.options = command->options,
		.parser = args_take,
		.args_doc = command->takes,
		.doc = command->does,
	};
	struct reading reading = {
		.command = command,
		.args = { .interval = 1000, .mrn = -1, .sort = &sort_keys[0] },
	};
	char name[32];

	snprintf(name, sizeof(name), "odpctl %s", command->name);
	argv[0] = name;
	argp_err_exit_status = USAGE_STATUS;
	argp_program_version = args_version();
	argp_parse(&argp, argc, argv, 0, NULL, &reading);
	return command->run(&reading.args);
}
