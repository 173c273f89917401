// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <stdio.h>

#include <json-c/json.h>

#include "report.h"

static void print_bytes(FILE *out, uint64_t bytes)
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double scaled = bytes;
	int i;

	for (i = 0; scaled >= 1024 && i < 6; i++)
		scaled /= 1024;
	fprintf(out, scaled < 10 && i ? "%.1f %s" : "%.0f %s", scaled, unit[i]);
}

static void print_fate(FILE *out, const struct counts *counts, enum fate fate)
{
	if (!counts->fate[fate].regions)
		return;
	fprintf(out, "  %-9s %6lu regions, ",
		fate == FATE_FAILED    ? "none"
		: fate_is_pinned(fate) ? "pinned"
				       : "on demand",
		(unsigned long)counts->fate[fate].regions);
	print_bytes(out, counts->fate[fate].bytes);
	fprintf(out, ": %s\n", fate_names[fate]);
}

static void print_text(FILE *out, const struct counts *counts, const char *program, int status)
{
	enum fate fate;

	fprintf(out, "odprun: %s: status %d, %lu processes with RDMA memory\n", program, status,
		(unsigned long)counts->processes);
	for (fate = 0; fate < FATES; fate++)
		print_fate(out, counts, fate);
	fprintf(out, "  at most ");
	print_bytes(out, counts->pinned_most);
	fprintf(out, " pinned at a time; it would have been ");
	print_bytes(out, counts->memory_most);
	fprintf(out, "\n");
}

static void add_number(struct json_object *to, const char *name, uint64_t value)
{
	json_object_object_add(to, name, json_object_new_uint64(value));
}

static struct json_object *fates_of(const struct counts *counts)
{
	struct json_object *list = json_object_new_array(), *one;
	enum fate fate;

	for (fate = 0; fate < FATES; fate++) {
		one = json_object_new_object();
		json_object_object_add(one, "fate", json_object_new_string(fate_names[fate]));
		json_object_object_add(one, "pinned",
				       json_object_new_boolean(fate_is_pinned(fate)));
		add_number(one, "regions", counts->fate[fate].regions);
		add_number(one, "bytes", counts->fate[fate].bytes);
		json_object_array_add(list, one);
	}
	return list;
}

static void print_json(FILE *out, const struct counts *counts, const char *program, int status)
{
	struct json_object *all = json_object_new_object();

	json_object_object_add(all, "program", json_object_new_string(program));
	json_object_object_add(all, "status", json_object_new_int(status));
	add_number(all, "processes", counts->processes);
	add_number(all, "pinned_most", counts->pinned_most);
	add_number(all, "would_be_pinned_most", counts->memory_most);
	json_object_object_add(all, "registrations", fates_of(counts));
	fprintf(out, "%s\n",
		json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_SPACED |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
}

int report_write(const struct counts *counts, const char *file, bool json, const char *program,
		 int status)
{
	FILE *out = file ? fopen(file, "we") : stderr;
	bool bad;

	if (!out)
		return 1;
	(json ? print_json : print_text)(out, counts, program, status);
	bad = fflush(out) || ferror(out);
	if (file)
		bad |= fclose(out) != 0;
	return bad;
}
