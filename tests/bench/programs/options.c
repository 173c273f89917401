// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include "options.h"

#include <argp.h>
#include <stdlib.h>

#define BYTES_MIN sizeof(uint64_t)
#define BYTES_MAX (1u << 30)

static const struct argp_option option_list[] = {
	{ "bytes", 's', "N", 0, "the size of a message, 8 to 2^30 (65536)", 0 },
	{ "count", 'n', "N", 0, "messages, or pairs of them (1000)", 0 },
	{ "pingpong", 'l', NULL, 0, "each message is answered before the next", 0 },
	{ "port", 'p', "N", 0, "TCP port (18515)", 0 },
	{},
};

/* A number of [least, most], or the end of the program. */
static uint64_t option_number(const char *text, uint64_t least, uint64_t most,
			      struct argp_state *state)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (end == text || *end || value < least || value > most)
		argp_error(state, "'%s' is no number from %ju to %ju", text, (uintmax_t)least,
			   (uintmax_t)most);
	return value;
}

static error_t option_take(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 's':
		options->bytes = option_number(arg, BYTES_MIN, BYTES_MAX, state);
		return 0;
	case 'n':
		options->count = option_number(arg, 1, UINT32_MAX, state);
		return 0;
	case 'l':
		options->pingpong = true;
		return 0;
	case 'p':
		options->port = option_number(arg, 1, UINT16_MAX, state);
		return 0;
	case ARGP_KEY_ARG:
		if (options->address)
			argp_usage(state);
		options->address = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

struct options options_read(int argc, char **argv, const char *doc)
{
	struct options options = { .bytes = 65536, .count = 1000, .port = 18515 };
	const struct argp argp = {
		.options = option_list,
		.parser = option_take,
		.args_doc = "[SERVER-ADDRESS]",
		.doc = doc,
	};

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	return options;
}
