// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* odpctl mr: everybody's regions, once. */
#include "rows.h"

static int run(const struct args *args)
{
	const struct rows then = {};
	struct rows rows;
	int status = rows_look(&rows, &then, args);

	if (!status && args->json)
		json_print(rows_json(&rows, false));
	else if (!status)
		rows_print(&rows, rows.n, "");
	rows_free(&rows);
	return status;
}

static const struct argp_option options[] = {
	OPTION_JSON, OPTION_SORT, OPTION_PID, OPTION_MRN, OPTION_KIND, {},
};

const struct command command_mr = {
	"mr", "[DEV]", "everybody's regions", options, run,
};
