// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* odpctl map: which pages of a process or a region its devices can reach without a fault. */
#include <stdlib.h>
#include <unistd.h>

#include "json.h"
#include "map.h"

/* A digit a page: a mask of enum odp_page, as letters of base 32. */
static void area_json(struct json_object *all, const struct area *area)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	struct json_object *one = json_object_new_object();
	char *pages = malloc(area->pages + 1);
	size_t i;

	json_add_number(one, "first", area->first);
	json_add_number(one, "last", area->last);
	json_add_text(one, "name", area->name);
	for (i = 0; pages && i < area->pages; i++)
		pages[i] = digits[area->page[i] & 31];
	if (pages)
		pages[i] = 0;
	json_add_text(one, "pages", pages ? pages : "");
	json_object_array_add(all, one);
	free(pages);
}

static void print_json(const struct target *target, const struct areas *areas)
{
	struct json_object *all = json_object_new_object(), *list = json_object_new_array();
	size_t i;

	json_add_number(all, "pid", target->pid);
	json_add_number(all, "page_bytes", sysconf(_SC_PAGESIZE));
	for (i = 0; i < areas->n; i++)
		area_json(list, &areas->area[i]);
	json_object_object_add(all, "areas", list);
	json_print(all);
}

static int show(const struct target *target, const struct args *args)
{
	const char *what = args->what, *png = args->png;
	struct areas areas;
	char title[64];
	int status = target_look(target, &areas);

	if (status)
		return status;
	if (args->json) {
		print_json(target, &areas);
	} else if (!areas.n) {
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
	status = show(&target, args);
	target_close(&target);
	return status;
}

static const struct argp_option options[] = { OPTION_PNG, OPTION_JSON, {} };

const struct command command_map = {
	"map", "PID | DEV/MRN", "which pages are present, as a picture", options, run,
};
