// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rows.h"

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

void row_owner(const struct odp_mr_info *mr, char *name, size_t room)
{
	char path[64];
	FILE *file;

	snprintf(name, room, "%.*s", (int)room - 1, *mr->owner ? mr->owner : "?");
	if (!mr->pid)
		return;
	snprintf(path, sizeof(path), "/proc/%u/comm", mr->pid);
	file = fopen(path, "re");
	if (file && fgets(name, room, file))
		name[strcspn(name, "\n")] = 0;
	say_clean(name);
	if (file)
		fclose(file);
}

/* The older region first, where the key is the same. */
static int compare(const void *a, const void *b, void *key)
{
	const struct row *one = a, *other = b;
	const double mine = ((const struct sort_key *)key)->value(one);
	const double theirs = ((const struct sort_key *)key)->value(other);

	if (mine != theirs)
		return mine < theirs ? 1 : -1;
	return (one->mr->mrn > other->mr->mrn) - (one->mr->mrn < other->mr->mrn);
}

static int list(const char *device, struct rows *rows)
{
	ssize_t n, room = 64;

	for (;; room = n + 64) {
		rows->mr = calloc(room, sizeof(*rows->mr));
		if (!rows->mr)
			return -ENOMEM;
		rows->at = now();
		n = odp_list_mrs(device, rows->mr, room);
		if (n >= 0 && n <= room)
			break;
		free(rows->mr);
		rows->mr = NULL;
		if (n < 0)
			return n;
	}
	rows->mrs = n;
	return 0;
}

static bool is_wanted(const struct odp_mr_info *mr, const struct args *args)
{
	return (!args->pid || mr->pid == args->pid) && (args->mrn < 0 || mr->mrn == args->mrn) &&
	       (!args->kind || !strcmp(args->kind, row_kind(mr)));
}

static const struct odp_mr_info *find(const struct rows *rows, const struct odp_mr_info *mr)
{
	size_t i;

	for (i = 0; i < rows->mrs; i++)
		if (rows->mr[i].mrn == mr->mrn && rows->mr[i].pid == mr->pid &&
		    !strcmp(rows->mr[i].device, mr->device))
			return &rows->mr[i];
	return NULL;
}

static struct row make_row(const struct odp_mr_info *mr, const struct rows *then, double seconds)
{
	const struct odp_mr_info *was = find(then, mr);
	struct row row = { .mr = mr };

	if (!was || seconds <= 0)
		return row;
	row.faults = (mr->stats.page_faults - was->stats.page_faults) / seconds;
	row.invalidations = (mr->stats.page_invalidations - was->stats.page_invalidations) /
			    seconds;
	row.prefetched = (mr->stats.page_prefetch - was->stats.page_prefetch) / seconds;
	return row;
}

static int make_rows(struct rows *rows, const struct rows *then, const struct args *args)
{
	size_t i;

	rows->row = calloc(rows->mrs + 1, sizeof(*rows->row));
	if (!rows->row)
		return -ENOMEM;
	for (i = 0; i < rows->mrs; i++)
		if (is_wanted(&rows->mr[i], args))
			rows->row[rows->n++] = make_row(&rows->mr[i], then, rows->at - then->at);
	qsort_r(rows->row, rows->n, sizeof(*rows->row), compare, (void *)args->sort);
	return 0;
}

int rows_look(struct rows *rows, const struct rows *then, const struct args *args)
{
	int err;

	*rows = (struct rows){};
	err = list(args->what, rows);
	if (!err)
		err = make_rows(rows, then, args);
	if (!err)
		return 0;
	return say_error(
		"the kernel does not list the regions%s%s: %s; odpctl doctor says what is missing",
		args->what ? " of " : "", args->what ? args->what : "", strerror(-err));
}

void rows_free(struct rows *rows)
{
	free(rows->mr);
	free(rows->row);
}

static void print_head(void)
{
	printf("%s%-10s %6s %7s %-15s %8s %9s %8s %8s %8s %8s%s", term_colour(BOLD), "DEVICE",
	       "MRN", "PID", "PROGRAM", "KIND", "LENGTH", "RESIDENT", "FAULTS/s", "INVAL/s",
	       "PREFT/s", term_colour(PLAIN));
}

static void print_row(const struct row *row)
{
	const struct odp_mr_info *mr = row->mr;
	const bool busy = row->faults + row->invalidations >= 1;
	char owner[16];

	row_owner(mr, owner, sizeof(owner));
	printf("%-10.10s %6u %7u %-15s %8s %9s ", mr->device, mr->mrn, mr->pid, owner, row_kind(mr),
	       mr->length >= UINT64_MAX / 2 ? "all" : say_bytes(mr->length));
	if (mr->has_stats)
		printf("%8s %s%8s %8s %8s%s", say_bytes(row_resident(mr)),
		       term_colour(busy ? YELLOW : DIM), say_count(row->faults),
		       say_count(row->invalidations), say_count(row->prefetched),
		       term_colour(PLAIN));
	else
		printf("%8s", "-");
}

void rows_print(const struct rows *rows, size_t most, const char *eol)
{
	size_t i;

	print_head();
	puts(eol);
	for (i = 0; i < rows->n && i < most; i++) {
		print_row(&rows->row[i]);
		puts(eol);
	}
}

static struct json_object *row_json(const struct row *row, bool rates)
{
	struct json_object *one = json_object_new_object();
	const struct odp_mr_info *mr = row->mr;
	char owner[16];

	row_owner(mr, owner, sizeof(owner));
	json_add_text(one, "device", mr->device);
	json_add_number(one, "mrn", mr->mrn);
	json_add_number(one, "pid", mr->pid);
	json_add_text(one, "program", owner);
	json_add_text(one, "kind", row_kind(mr));
	json_add_number(one, "length", mr->length);
	if (!mr->has_stats)
		return one;
	json_add_number(one, "resident", row_resident(mr));
	json_add_number(one, "page_faults", mr->stats.page_faults);
	json_add_number(one, "page_faults_handled", mr->stats.page_faults_handled);
	json_add_number(one, "page_invalidations", mr->stats.page_invalidations);
	json_add_number(one, "page_invalidations_handled", mr->stats.page_invalidations_handled);
	json_add_number(one, "page_prefetch", mr->stats.page_prefetch);
	if (!rates)
		return one;
	json_add_real(one, "faults_per_s", row->faults);
	json_add_real(one, "invalidations_per_s", row->invalidations);
	json_add_real(one, "prefetched_per_s", row->prefetched);
	return one;
}

struct json_object *rows_json(const struct rows *rows, bool rates)
{
	struct json_object *all = json_object_new_array();
	size_t i;

	for (i = 0; i < rows->n; i++)
		json_object_array_add(all, row_json(&rows->row[i], rates));
	return all;
}
