// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <unistd.h>

#include "row.h"

const char *row_kind(const struct odp_mr_info *mr)
{
	return mr->level == ODP_IMPLICIT   ? "implicit"
	       : mr->level == ODP_EXPLICIT ? "explicit"
					   : "pinned";
}

uint64_t row_resident(const struct odp_mr_info *mr)
{
	const uint64_t came = mr->stats.page_faults + mr->stats.page_prefetch;

	return came > mr->stats.page_invalidations
		       ? (came - mr->stats.page_invalidations) * sysconf(_SC_PAGESIZE)
		       : 0;
}

static double by_activity(const struct row *row)
{
	return row->faults + row->invalidations + row->prefetched;
}

static double by_faults(const struct row *row)
{
	return row->faults;
}

static double by_invalidations(const struct row *row)
{
	return row->invalidations;
}

static double by_prefetched(const struct row *row)
{
	return row->prefetched;
}

static double by_resident(const struct row *row)
{
	return row_resident(row->mr);
}

static double by_length(const struct row *row)
{
	return row->mr->length;
}

static double by_pid(const struct row *row)
{
	return row->mr->pid;
}

const struct sort_key sort_by_pid = { 'o', "pid", by_pid };
const struct sort_key sort_keys[] = {
	{ 'a', "activity", by_activity },
	{ 'f', "faults", by_faults },
	{ 'i', "invalidations", by_invalidations },
	{ 'p', "prefetched", by_prefetched },
	{ 'r', "resident", by_resident },
	{ 'l', "length", by_length },
	{ 'o', "pid", by_pid },
};

const size_t sort_key_count = sizeof(sort_keys) / sizeof(sort_keys[0]);
