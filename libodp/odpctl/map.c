// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* odpctl map: which pages of a process or a region its devices can reach without a fault. */

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

static int run(const struct args *args)
{
	struct target target;
	int status = target_open(&target, args->what);

	if (status)
		return status;
	status = show(&target, args->what, args->png);
	target_close(&target);
	return status;
}

static const struct argp_option options[] = { OPTION_PNG, {} };

const struct command command_map = {
	"map", "PID | DEV/MRN", "which pages are present, as a picture", options, run,
};
