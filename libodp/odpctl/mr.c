// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* odpctl mr: everybody's regions, as top(1) shows processes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "odpctl.h"

struct look {
	struct odp_mr_info *mr;
	size_t n;
	double at; /* seconds */
};

struct row {
	const struct odp_mr_info *mr;
	double faults, invalidations, prefetched; /* pages a second */
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static int look(const char *device, struct look *look)
{
	ssize_t n, room = 64;

	for (;; room = n + 64) {
		look->mr = calloc(room, sizeof(*look->mr));
		if (!look->mr)
			return -ENOMEM;
		look->at = now();
		n = odp_list_mrs(device, look->mr, room);
		if (n >= 0 && n <= room)
			break;
		free(look->mr);
		look->mr = NULL;
		if (n < 0)
			return n;
	}
	look->n = n;
	return 0;
}

static const struct odp_mr_info *find(const struct look *look, const struct odp_mr_info *mr)
{
	size_t i;

	for (i = 0; i < look->n; i++)
		if (look->mr[i].mrn == mr->mrn && look->mr[i].pid == mr->pid &&
		    !strcmp(look->mr[i].device, mr->device))
			return &look->mr[i];
	return NULL;
}

static struct row make_row(const struct odp_mr_info *mr, const struct look *then, double seconds)
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

/* The busiest first, then the oldest. */
static int by_activity(const void *a, const void *b)
{
	const struct row *one = a, *other = b;
	const double mine = one->faults + one->invalidations + one->prefetched;
	const double theirs = other->faults + other->invalidations + other->prefetched;

	if (mine != theirs)
		return mine < theirs ? 1 : -1;
	return (one->mr->mrn > other->mr->mrn) - (one->mr->mrn < other->mr->mrn);
}

static struct row *make_rows(const struct look *now, const struct look *then)
{
	struct row *row = calloc(now->n + 1, sizeof(*row));
	size_t i;

	for (i = 0; row && i < now->n; i++)
		row[i] = make_row(&now->mr[i], then, now->at - then->at);
	if (row)
		qsort(row, now->n, sizeof(*row), by_activity);
	return row;
}

static void owner_of(const struct odp_mr_info *mr, char *name, size_t room)
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
	if (file)
		fclose(file);
}

static const char *kind_of(const struct odp_mr_info *mr)
{
	return mr->level == ODP_IMPLICIT   ? "implicit"
	       : mr->level == ODP_EXPLICIT ? "explicit"
					   : "pinned";
}

/* Pages that came and did not go; what was present when the region was made is not among them. */
static uint64_t resident(const struct odp_mr_info *mr)
{
	const uint64_t came = mr->stats.page_faults + mr->stats.page_prefetch;

	return came > mr->stats.page_invalidations
		       ? (came - mr->stats.page_invalidations) * sysconf(_SC_PAGESIZE)
		       : 0;
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

	owner_of(mr, owner, sizeof(owner));
	printf("%-10.10s %6u %7u %-15s %8s %9s ", mr->device, mr->mrn, mr->pid, owner, kind_of(mr),
	       mr->length >= UINT64_MAX / 2 ? "all" : say_bytes(mr->length));
	if (mr->has_stats)
		printf("%8s %s%8s %8s %8s%s", say_bytes(resident(mr)),
		       term_colour(busy ? YELLOW : DIM), say_count(row->faults),
		       say_count(row->invalidations), say_count(row->prefetched),
		       term_colour(PLAIN));
	else
		printf("%8s", "-");
}

static void print_json(const struct look *look)
{
	size_t i;

	printf("[");
	for (i = 0; i < look->n; i++) {
		const struct odp_mr_info *mr = &look->mr[i];

		printf("%s\n  {\"device\": ", i ? "," : "");
		say_json(stdout, mr->device);
		printf(", \"mrn\": %u, \"pid\": %u, \"kind\": \"%s\", \"length\": %lu", mr->mrn,
		       mr->pid, kind_of(mr), (unsigned long)mr->length);
		if (mr->has_stats)
			printf(", \"page_faults\": %lu, \"page_faults_handled\": %lu, \"page_invalidations\": %lu, "
			       "\"page_invalidations_handled\": %lu, \"page_prefetch\": %lu",
			       (unsigned long)mr->stats.page_faults,
			       (unsigned long)mr->stats.page_faults_handled,
			       (unsigned long)mr->stats.page_invalidations,
			       (unsigned long)mr->stats.page_invalidations_handled,
			       (unsigned long)mr->stats.page_prefetch);
		printf("}");
	}
	printf("\n]\n");
}

/* At most `most` rows; lines end with what clears the rest of them on a screen. */
static void print_table(const struct look *now, const struct look *then, size_t most,
			const char *eol)
{
	struct row *row = make_rows(now, then);
	size_t i;

	print_head();
	puts(eol);
	for (i = 0; row && i < now->n && i < most; i++) {
		print_row(&row[i]);
		puts(eol);
	}
	free(row);
}

static int say_why(const char *device, int err)
{
	return say_error(
		"the kernel does not list the regions%s%s: %s; odpctl doctor says what is missing",
		device ? " of " : "", device ? device : "", strerror(-err));
}

static int once(const char *device, bool json)
{
	struct look now = {};
	int err = look(device, &now);

	if (err)
		return say_why(device, err);
	if (json)
		print_json(&now);
	else
		print_table(&now, &now, now.n, "");
	free(now.mr);
	return 0;
}

static int live(const char *device, unsigned int ms)
{
	struct look then = {}, now = {};
	unsigned int columns, rows;
	int err;

	do {
		err = look(device, &now);
		if (err)
			break;
		term_size(&columns, &rows);
		term_home();
		printf("%zu regions, every %.1f s; q ends\033[K\n\033[K\n", now.n, ms / 1000.0);
		print_table(&now, then.mr ? &then : &now, rows > 5 ? rows - 4 : 1, "\033[K");
		term_end();
		free(then.mr);
		then = now;
	} while (term_key(ms) != 'q');
	free(then.mr);
	return err;
}

static int run(const struct args *args)
{
	int err;

	if (args->json || args->once || !term_enter())
		return once(args->what, args->json);
	err = live(args->what, args->interval);
	term_leave();
	return err ? say_why(args->what, err) : 0;
}

static const struct argp_option options[] = { OPTION_ONCE, OPTION_JSON, OPTION_INTERVAL, {} };

const struct command command_mr = {
	"mr", "[DEV]", "everybody's regions, live", options, run,
};
