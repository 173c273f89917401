// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* odpctl map: which pages of a process or a region its devices can reach without a fault. */
#include <getopt.h>
#include <string.h>

#include "map.h"

static int show(const struct target *target, const char *what, const char *png)
{
	struct areas areas;
	char title[64];
	int status = target_look(target, &areas);

	if (status)
		return status;
	if (!areas.n) {
		printf("%s: no page of its memory is present for an RDMA device\n", what);
	} else if (png) {
		snprintf(title, sizeof(title), "%.40s, pid %u", what, target->pid);
		status = picture_png(&areas, title, png);
	} else {
		picture_text(&areas);
	}
	areas_free(&areas);
	return status;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = { { "png", required_argument, NULL, 'p' }, {} };
	const char *png = NULL;
	struct target target;
	int option, status;

	while ((option = getopt_long(argc, argv, "p:", options, NULL)) != -1) {
		/* The name goes to gnuplot within quotes. */
		if (option != 'p' || strpbrk(optarg, "'\\\n"))
			return say_usage(&command_map);
		png = optarg;
	}
	if (argc - optind != 1)
		return say_usage(&command_map);
	status = target_open(&target, argv[optind]);
	if (status)
		return status;
	status = show(&target, argv[optind], png);
	target_close(&target);
	return status;
}

const struct command command_map = {
	"map",
	"[--png FILE] PID | DEV/MRN",
	"which pages are present, as a picture",
	run,
};
